//! Which messages of a site link to which, for pages that list who mentions a message.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The positions of the messages that link to each message, oldest first. Nothing is made before a page asks.
#[derive(Default)]
pub(crate) struct Mentions {
    positions: OnceLock<BTreeMap<usize, Vec<usize>>>,
}

impl Mentions {
    /// The positions of the messages that link to the one at this position. `links` gives all links, each from where and to
    /// where, in order; it is asked once.
    pub(crate) fn of<L: IntoIterator<Item = (usize, usize)>>(&self, at: usize, links: impl FnOnce() -> L) -> &[usize] {
        let positions = self.positions.get_or_init(|| by_target(links()));
        positions.get(&at).map(Vec::as_slice).unwrap_or_default()
    }
}

fn by_target(links: impl IntoIterator<Item = (usize, usize)>) -> BTreeMap<usize, Vec<usize>> {
    let mut positions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, to) in links {
        let mentions = positions.entry(to).or_default();
        if from != to && mentions.last() != Some(&from) {
            mentions.push(from);
        }
    }
    positions
}

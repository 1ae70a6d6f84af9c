//! Which messages of a site link to which, for pages that list who mentions a message.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::channel::snapshot::card::Card;
use crate::site::pages::contents::Contents;

/// The positions of the messages that link to each message, oldest first. Nothing is made before a page asks.
#[derive(Default)]
pub(crate) struct Mentions {
    positions: OnceLock<BTreeMap<usize, Vec<usize>>>,
}

impl Mentions {
    /// The positions of the messages that link to this one.
    pub(crate) fn of(&self, contents: &Contents<'_>, card: &Card) -> &[usize] {
        let positions = self.positions.get_or_init(|| positions(contents));
        let at = contents.position(card);
        at.and_then(|at| positions.get(&at)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn positions(contents: &Contents<'_>) -> BTreeMap<usize, Vec<usize>> {
    let mut positions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, card) in contents.cards.iter().enumerate() {
        for link in &card.links {
            let to = contents.message_behind(link, card.side).and_then(|(to, _)| contents.position(to));
            if let Some(to) = to.filter(|to| *to != from) {
                let mentions = positions.entry(to).or_default();
                if mentions.last() != Some(&from) {
                    mentions.push(from);
                }
            }
        }
    }
    positions
}

//! A folder to watch, which paths below it count, and which places make another one needless.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A place to watch: a folder that exists, or may one day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchedPlace {
    /// The folder. A link at its end is not followed; whoever wants what it leads to resolves it first.
    pub path: PathBuf,
    /// How much of it counts.
    pub scope: Scope,
}

/// How much of a place counts, besides the folder itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything below, at any depth.
    Tree,
    /// The direct children of these names: that they appear, change or disappear, and nothing below them.
    Names(&'static [&'static str]),
    /// All direct children: that they appear, change or disappear, and nothing below them.
    Children,
}

impl WatchedPlace {
    /// Whether what lies at `below`, seen from the place, counts. The empty path is the place itself.
    pub(super) fn counts(&self, below: &Path) -> bool {
        match self.scope {
            Scope::Tree => true,
            Scope::Children => below.components().count() <= 1,
            Scope::Names(names) => {
                below == Path::new("") || names.iter().any(|name| below.as_os_str() == OsStr::new(name))
            }
        }
    }
}

/// Leaves out every place that lies in the tree of another: what changes there is told anyway.
pub(super) fn outermost(mut places: Vec<WatchedPlace>) -> Vec<WatchedPlace> {
    let is_tree = |place: &&WatchedPlace| place.scope == Scope::Tree;
    let trees: HashSet<PathBuf> = places.iter().filter(is_tree).map(|place| place.path.clone()).collect();
    let mut kept = HashSet::new();
    // Places may be many, so each is looked for above and not compared with all others.
    places.retain(|place| {
        let own = usize::from(place.scope == Scope::Tree);
        !place.path.ancestors().skip(own).any(|above| trees.contains(above)) && kept.insert(place.clone())
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str) -> WatchedPlace {
        WatchedPlace { path: path.into(), scope: Scope::Tree }
    }

    fn names(path: &str) -> WatchedPlace {
        WatchedPlace { path: path.into(), scope: Scope::Names(&["inbox", "theme"]) }
    }

    fn children(path: &str) -> WatchedPlace {
        WatchedPlace { path: path.into(), scope: Scope::Children }
    }

    #[test]
    fn a_tree_counts_at_every_depth_and_names_only_as_children() {
        for (below, expected) in [
            ("", [true, true, true]),
            ("inbox", [true, true, true]),
            ("inbox/a", [true, false, false]),
            ("site", [true, false, true]),
        ] {
            let below = Path::new(below);
            let counts = [tree("/c"), names("/c"), children("/c")].map(|place| place.counts(below));
            assert_eq!(counts, expected, "{below:?}");
        }
    }

    #[test]
    fn what_lies_in_a_tree_needs_no_watch_of_its_own() {
        let (outer, inner, other) = (tree("/c"), tree("/c/inbox"), tree("/cc"));
        for places in [[&outer, &inner, &other], [&inner, &other, &outer]] {
            let mut kept = outermost(places.into_iter().cloned().collect());
            kept.sort_by(|a, b| a.path.cmp(&b.path));
            assert_eq!(kept, [outer.clone(), other.clone()]);
        }
        assert_eq!(outermost(vec![names("/c"), tree("/c"), names("/c")]), [tree("/c")]);
        assert_eq!(outermost(vec![names("/c"), inner.clone(), inner.clone()]), [names("/c"), inner]);
        let beside = [children("/c"), names("/c"), names("/c/inbox")];
        assert_eq!(outermost(beside.to_vec()), beside, "only a tree covers others");
    }
}

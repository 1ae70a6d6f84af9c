//! What is watched.
//!
//! Owns which paths of a place count, and which place makes another one needless. Touches no disk.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A place to watch: a folder that exists, or may one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder. A link at its end is not followed; whoever wants what it leads to resolves it first.
    pub path: PathBuf,
    /// How much of it counts.
    pub scope: Scope,
}

/// How much of a place counts, besides the folder itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything below, at any depth.
    Tree,
    /// The direct children of these names: that they appear, change or disappear, and nothing below them.
    Names(&'static [&'static str]),
}

impl Place {
    /// Whether what lies at `below`, seen from the place, counts. The empty path is the place itself.
    pub(super) fn counts(&self, below: &Path) -> bool {
        match self.scope {
            Scope::Tree => true,
            Scope::Names(names) => {
                below == Path::new("") || names.iter().any(|name| below.as_os_str() == OsStr::new(name))
            }
        }
    }
}

/// Leaves out every place that lies in the tree of another: what changes there is told anyway.
pub(super) fn outermost(places: Vec<Place>) -> Vec<Place> {
    let mut kept: Vec<Place> = Vec::new();
    for place in places {
        if kept.iter().any(|other| needless(&place, other)) {
            continue;
        }
        kept.retain(|other| !needless(other, &place));
        kept.push(place);
    }
    kept
}

fn needless(place: &Place, beside: &Place) -> bool {
    place == beside || beside.scope == Scope::Tree && place.path.starts_with(&beside.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str) -> Place {
        Place { path: path.into(), scope: Scope::Tree }
    }

    fn names(path: &str) -> Place {
        Place { path: path.into(), scope: Scope::Names(&["inbox", "theme"]) }
    }

    #[test]
    fn a_tree_counts_at_every_depth_and_names_only_as_children() {
        for (below, in_tree, in_names) in
            [("", true, true), ("inbox", true, true), ("inbox/a", true, false), ("site", true, false)]
        {
            let below = Path::new(below);
            assert_eq!((tree("/c").counts(below), names("/c").counts(below)), (in_tree, in_names), "{below:?}");
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
    }
}

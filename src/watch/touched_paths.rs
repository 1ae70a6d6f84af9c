//! Which paths a tick is about: a bounded set, because too many paths say no more than "everything".

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// From here on a list of paths is no shorter way than looking at everything, and memory stays bounded.
const MAX_PATHS: usize = 50_000;

/// What may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Anything: events were lost, or it is time to look at everything.
    Everything,
    /// These entries of places, and whatever is below them, spelled as their place was. One of them is a place itself if
    /// that came, went or got other rights.
    Paths(BTreeSet<PathBuf>),
}

impl Default for Touched {
    /// Nothing.
    fn default() -> Self {
        Self::Paths(BTreeSet::new())
    }
}

impl From<PathBuf> for Touched {
    fn from(path: PathBuf) -> Self {
        Self::Paths(BTreeSet::from([path]))
    }
}

impl fmt::Display for Touched {
    /// As the log names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Paths(paths) => write!(f, "{} paths", paths.len()),
        }
    }
}

impl Touched {
    /// Takes in what another tick is about.
    pub fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Everything, _) => {}
            (_, Self::Everything) => *self = Self::Everything,
            (Self::Paths(paths), Self::Paths(more)) => {
                paths.extend(more);
                if paths.len() > MAX_PATHS {
                    *self = Self::Everything;
                }
            }
        }
    }

    /// Whether it is about nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this very path is among those it is about.
    pub fn names(&self, path: &Path) -> bool {
        matches!(self, Self::Paths(paths) if paths.contains(path))
    }

    /// How many paths it is about.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Everything => usize::MAX,
            Self::Paths(paths) => paths.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: std::ops::Range<usize>) -> Touched {
        Touched::Paths(names.map(|n| PathBuf::from(n.to_string())).collect())
    }

    #[test]
    fn everything_swallows_paths_in_either_order() {
        for (mut one, other) in [(Touched::Everything, paths(0..1)), (paths(0..1), Touched::Everything)] {
            one.merge(other);
            assert_eq!(one, Touched::Everything);
        }
    }

    #[test]
    fn paths_are_told_once_and_are_bounded() {
        let mut touched = paths(0..10);
        touched.merge(paths(5..15));
        assert_eq!(touched, paths(0..15));
        touched.merge(paths(0..MAX_PATHS));
        assert_eq!(touched, paths(0..MAX_PATHS));
        touched.merge(paths(MAX_PATHS..MAX_PATHS + 1));
        assert_eq!(touched, Touched::Everything);
    }
}

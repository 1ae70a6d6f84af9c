//! What of a box is replicated, as it lay on disk when it was listed last.
//!
//! What can't be listed is named, so that nobody takes it for deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt;

use crate::fs::confined::Stat;
use crate::sync::replica::item::Item;

/// The files of a box.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Those that are there.
    pub files: BTreeMap<Item, Stat>,
    /// Paths of folders and files that the system does not let us look at.
    pub unreadable: BTreeSet<Box<[u8]>>,
}

impl Tree {
    /// Forgets what lies at the first name of a path in the box, and below it.
    pub fn forget(&mut self, first: &OsStr) {
        let name = first.as_bytes();
        for item in self.at(first).cloned().collect::<Vec<_>>() {
            self.files.remove(&item);
        }
        self.unreadable.retain(|path| **path != *name && !is_below(path, name));
    }

    /// The files of this first name, or below it.
    pub fn at(&self, first: &OsStr) -> impl Iterator<Item = &Item> {
        let name = first.as_bytes();
        let from = (Bound::Included(name), Bound::Unbounded);
        let near = self.files.range::<[u8], _>(from).map(|(item, _)| item);
        near.take_while(move |item| item.as_bytes().starts_with(name))
            .filter(move |item| item.as_bytes() == name || is_below(item.as_bytes(), name))
    }

    /// Whether an item may be there although it is not among the files.
    pub fn hides(&self, item: &Item) -> bool {
        self.unreadable.iter().any(|path| **path == *item.as_bytes() || is_below(item.as_bytes(), path))
    }
}

/// Whether a path lies below another.
fn is_below(path: &[u8], above: &[u8]) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.first() == Some(&b'/'))
}

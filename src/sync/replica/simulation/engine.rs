//! What the engine keeps on disk for one document: its entries, and contents. What was not flushed is lost in a crash.

use std::collections::BTreeMap;

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::ReceivedEntry;
use crate::sync::replica::signers::Author;

/// Whose entry of which key.
pub(super) type EntryId = (Author, Vec<u8>);

/// Entries that are further in the future are refused, in microseconds.
pub(super) const MAX_FUTURE: u64 = 600_000_000;

/// A document's entries: of each author and key the last one.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    pub(super) all: BTreeMap<EntryId, ReceivedEntry>,
    /// What was there before each entry that is not flushed yet.
    before: Vec<(EntryId, Option<ReceivedEntry>)>,
}

impl Entries {
    /// Takes an entry, unless a later one is there, or the same. An entry without content is no later one for this engine, whenever
    /// it was made (iroh-docs 0.101): whatever else comes takes its place.
    pub(super) fn insert(&mut self, entry: ReceivedEntry) -> bool {
        let id = (entry.author, entry.key.clone());
        let known = self.all.get(&id);
        if known.is_some_and(|known| *known == entry || (known.len > 0 && is_later(known, &entry))) {
            return false;
        }
        let known = self.all.insert(id.clone(), entry);
        self.before.push((id, known));
        true
    }

    /// Writes down what came.
    pub(super) fn flush(&mut self) {
        self.before.clear();
    }

    pub(super) fn unflushed(&self) -> usize {
        self.before.len()
    }

    /// Loses what was not flushed, but for so many entries.
    pub(super) fn lose(&mut self, but: usize) {
        for (id, known) in self.before.drain(but..).rev() {
            match known {
                Some(known) => drop(self.all.insert(id, known)),
                None => drop(self.all.remove(&id)),
            }
        }
        self.before.clear();
    }
}

/// Whether of two entries of one key the first one counts.
pub(super) fn is_later(one: &ReceivedEntry, other: &ReceivedEntry) -> bool {
    (one.time, one.hash) >= (other.time, other.hash)
}

/// Where the store has a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its own files.
    Own,
    /// In a file of the box of the channel's folder that has, or had, this number.
    Box(u32, Item),
}

/// A content in the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) len: u64,
    pub(super) place: Place,
    pub(super) is_flushed: bool,
}

/// The store.
pub(super) type Store = BTreeMap<Hash, Stored>;

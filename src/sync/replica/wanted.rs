//! What is being fetched and what is not: contents that files and notes wait for, contents that are not what their entries say, and
//! files that are refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::Record;

/// What is wanted of a document's contents.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Contents that were asked for, with the files that wait for them.
    pub files: BTreeMap<Hash, BTreeSet<Item>>,
    /// Notes that were asked for.
    pub notes: BTreeSet<Hash>,
    /// Files that are not fetched, and why.
    pub refused: BTreeMap<Item, Refusal>,
    /// Contents with lengths that entries say of them and that are not theirs, and what the store has of them at most, in bytes.
    pub unsound: BTreeMap<(Hash, u64), u64>,
}

impl Wanted {
    /// Notes that a file waits for a content; whether that is to be asked for now.
    pub fn wait_for(&mut self, hash: Hash, item: &Item) -> bool {
        let waiting = self.files.entry(hash).or_default();
        let is_new = waiting.is_empty();
        waiting.insert(item.clone());
        is_new
    }

    /// Whether a file waits for a content.
    pub fn awaits(&self, hash: &Hash, item: &Item) -> bool {
        self.files.get(hash).is_some_and(|items| items.contains(item))
    }

    /// Notes that a content has come; gives the files that waited for it, and whether a note did.
    pub fn arrived(&mut self, hash: &Hash) -> (BTreeSet<Item>, bool) {
        // A content that only a note waited for has no files.
        (self.files.remove(hash).unwrap_or_default(), self.notes.remove(hash))
    }

    /// Whether a content is known not to be what its entry says.
    pub fn is_unsound(&self, hash: Hash, len: u64) -> bool {
        self.unsound.contains_key(&(hash, len))
    }

    /// Notes that a content is not what its entry says, and how many bytes of it the store has at most.
    pub fn set_unsound(&mut self, hash: Hash, len: u64, stored: u64) {
        self.unsound.insert((hash, len), stored);
    }

    /// Whether a record's file waits for it, and is short enough that its text waits too.
    pub fn is_awaited_attachment(&self, item: &Item, record: &Record) -> bool {
        !record.is_deletion() && record.file_len() <= MAX_AWAITED && self.awaits(&record.hash, item)
    }
}

/// A text waits for its attachments up to this length, in bytes; longer ones come after it.
const MAX_AWAITED: u64 = 8 << 20;

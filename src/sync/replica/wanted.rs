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
    /// Contents that have come, with their lengths in bytes and the files that are to be put in place with them.
    pub stored: BTreeMap<Hash, (u64, BTreeSet<Item>)>,
    /// The length of what was asked for since the free space was looked at last, in bytes.
    pub claimed: u64,
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

    /// Notes that a content of this length in bytes has come; gives the files that waited for it.
    pub fn arrived(&mut self, hash: Hash, len: u64) -> BTreeSet<Item> {
        let items = self.files.remove(&hash).unwrap_or_default();
        if !items.is_empty() {
            self.stored.entry(hash).or_insert_with(|| (len, BTreeSet::new())).1.extend(items.iter().cloned());
        }
        items
    }

    /// The length of a content in bytes that has come for a file.
    pub fn stored_len(&self, hash: &Hash, item: &Item) -> Option<u64> {
        self.stored.get(hash).filter(|(_, items)| items.contains(item)).map(|(len, _)| *len)
    }

    /// Notes that a file does not wait to be put in place with a content any more.
    pub fn settled(&mut self, hash: &Hash, item: &Item) {
        if let Some((_, items)) = self.stored.get_mut(hash) {
            items.remove(item);
            if items.is_empty() {
                self.stored.remove(hash);
            }
        }
    }

    /// Notes that a file is to have this content, and does not wait to be put in place with another one any more.
    pub fn drop_others(&mut self, item: &Item, hash: Option<Hash>) {
        if !self.stored.is_empty() {
            self.stored.retain(|stored, (_, items)| {
                if Some(*stored) != hash {
                    items.remove(item);
                }
                !items.is_empty()
            });
        }
    }

    /// All files that wait for a content, or to be put in place with one.
    pub fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.files.values().chain(self.stored.values().map(|(_, items)| items)).flatten()
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
        let is_coming = self.awaits(&record.hash, item) || self.stored_len(&record.hash, item).is_some();
        !record.is_deletion() && record.file_len() <= MAX_AWAITED && is_coming
    }
}

/// A text waits for its attachments up to this length, in bytes; longer ones come after it.
const MAX_AWAITED: u64 = 8 << 20;

//! What is being fetched and what is not: contents that files and notes wait for, contents that are not what their entries say, and
//! files that are refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::{Record, Records};

/// What is wanted of a document's contents.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Contents that were asked for, with the files that wait for them.
    pub files: BTreeMap<Hash, BTreeSet<Item>>,
    /// Contents that have come, with their lengths in bytes and the files that are to be put in place with them.
    stored: BTreeMap<Hash, (u64, BTreeSet<Item>)>,
    /// The content that each file waits for, or waits to be put in place with.
    of: BTreeMap<Item, Hash>,
    /// The length of what was asked for since the free space was looked at last, in bytes.
    pub claimed: u64,
    /// Notes that were asked for.
    pub notes: BTreeSet<Hash>,
    /// Files that are not fetched, and why.
    pub refused: BTreeMap<Item, Refusal>,
    /// Contents with lengths that entries say of them and that are not theirs, and what the store has of them at most, in bytes.
    pub unsound: BTreeMap<(Hash, u64), u64>,
    /// Files whose entries want such a content.
    unsound_files: BTreeMap<Item, (Hash, u64)>,
    /// The lengths of the contents that files wait for, by their entries.
    lens: BTreeMap<Hash, u64>,
    /// The sums of what files wait for: they are not counted through for every report.
    awaited: Awaited,
}

/// How much is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Files.
    pub files: usize,
    /// The length of their contents by their entries, in bytes; of two files with one content it counts once.
    bytes: u128,
}

impl Awaited {
    /// The length of the contents, in bytes.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }
}

impl Wanted {
    /// Notes that a file waits for a content of this length, and for no other; whether that is to be asked for now.
    pub fn wait_for(&mut self, hash: Hash, len: u64, item: &Item) -> bool {
        self.unsound_files.remove(item);
        self.let_go(item, Some(hash));
        // One that nobody waits for any more may be on its way still.
        let is_new = !self.files.contains_key(&hash);
        let waiting = self.files.entry(hash).or_default();
        if waiting.is_empty() {
            self.lens.insert(hash, len);
            self.awaited.bytes += u128::from(len);
        }
        self.awaited.files += usize::from(waiting.insert(item.clone()));
        self.of.insert(item.clone(), hash);
        is_new
    }

    /// Notes that a file waits for nothing but this content any more.
    pub fn let_go(&mut self, item: &Item, except: Option<Hash>) {
        let Some(hash) = self.of.get(item).copied().filter(|hash| Some(*hash) != except) else {
            return;
        };
        self.of.remove(item);
        if let Some(waiting) = self.files.get_mut(&hash) {
            self.awaited.files -= usize::from(waiting.remove(item));
            if waiting.is_empty() {
                self.awaited.bytes -= u128::from(self.lens.remove(&hash).unwrap_or(0));
            }
        }
        if let Some((_, items)) = self.stored.get_mut(&hash) {
            items.remove(item);
            if items.is_empty() {
                self.stored.remove(&hash);
            }
        }
    }

    /// Notes that a file is put in place with something that need not be fetched: it takes its room, and is still to come.
    pub fn takes_room(&mut self, item: &Item, hash: Hash) {
        self.let_go(item, Some(hash));
        self.of.insert(item.clone(), hash);
    }

    /// How many files wait for a content, or to be put in place with one.
    pub fn waiting_count(&self) -> usize {
        self.of.len()
    }

    /// How much is to be fetched still.
    pub fn awaited(&self) -> Awaited {
        self.awaited
    }

    /// Whether a file waits for a content.
    pub fn awaits(&self, hash: &Hash, item: &Item) -> bool {
        self.files.get(hash).is_some_and(|items| items.contains(item))
    }

    /// Notes that a content of this length in bytes has come; gives the files that waited for it, which are to be put in place.
    pub fn arrived(&mut self, hash: Hash, len: u64) -> BTreeSet<Item> {
        let items = self.take(&hash);
        if !items.is_empty() {
            self.stored.entry(hash).or_insert_with(|| (len, BTreeSet::new())).1.extend(items.iter().cloned());
        }
        items
    }

    /// Notes that a content will not come; gives the files that waited for it.
    pub fn failed(&mut self, hash: Hash) -> BTreeSet<Item> {
        let items = self.take(&hash);
        for item in &items {
            self.of.remove(item);
        }
        items
    }

    fn take(&mut self, hash: &Hash) -> BTreeSet<Item> {
        let items = self.files.remove(hash).unwrap_or_default();
        self.awaited.files -= items.len();
        self.awaited.bytes -= u128::from(self.lens.remove(hash).unwrap_or(0));
        items
    }

    /// The length of a content in bytes that has come for a file.
    pub fn stored_len(&self, hash: &Hash, item: &Item) -> Option<u64> {
        self.stored.get(hash).filter(|(_, items)| items.contains(item)).map(|(len, _)| *len)
    }

    /// All files that wait for a content, or to be put in place with one.
    pub fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.of.keys()
    }

    /// Whether a content is known not to be what its entry says.
    pub fn is_unsound(&self, hash: Hash, len: u64) -> bool {
        self.unsound.contains_key(&(hash, len))
    }

    /// Notes that a content is not what its entry says, and how many bytes of it the store has at most.
    pub fn set_unsound(&mut self, hash: Hash, len: u64, stored: u64) {
        self.unsound.insert((hash, len), stored);
    }

    /// Notes that a file's entry wants a content that is not what it says.
    pub fn left_for_unsound(&mut self, item: &Item, record: &Record) {
        self.unsound_files.insert(item.clone(), (record.hash, record.len));
    }

    /// Files that can't come, because their entries want what no content is. An entry that came later may want another one.
    pub fn damaged<'a>(&'a self, records: &'a Records) -> impl Iterator<Item = &'a Item> {
        self.unsound_files.iter().filter_map(|(item, wanted)| {
            let latest = records.latest(item).filter(|record| (record.hash, record.len) == *wanted);
            latest.map(|_| item)
        })
    }

    /// Whether a record's file waits for it, and is short enough that its text waits too.
    pub fn is_awaited_attachment(&self, item: &Item, record: &Record) -> bool {
        !record.is_deletion() && record.file_len() <= MAX_AWAITED && self.of.get(item) == Some(&record.hash)
    }
}

/// A text waits for its attachments up to this length, in bytes; longer ones come after it.
const MAX_AWAITED: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn item(path: &str) -> Item {
        Item::parse(path.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_waited_for_is_counted_as_it_comes_and_goes() {
        let (one, other) = (item("2013-08-11T14-34-37Z.txt"), item("2013-08-11T14-34-38Z.txt"));
        let mut wanted = Wanted::default();
        assert!(wanted.wait_for([1; 32], 7, &one) && !wanted.wait_for([1; 32], 7, &one));
        assert!(!wanted.wait_for([1; 32], 9, &other), "one content is fetched once");
        assert!(wanted.wait_for([2; 32], u64::MAX, &item("2013-08-11T14-34-39Z.txt")));
        let awaited = wanted.awaited();
        assert_eq!((awaited.files, awaited.bytes()), (3, u64::MAX));
        wanted.arrived([2; 32], 7);
        let awaited = wanted.awaited();
        assert_eq!((awaited.files, awaited.bytes()), (2, 7));
        wanted.arrived([1; 32], 7);
        wanted.failed([3; 32]);
        assert_eq!(wanted.awaited(), Awaited::default());
        assert!(
            wanted.wait_for([4; 32], 7, &one) && wanted.stored_len(&[1; 32], &one).is_none(),
            "it has a newer content"
        );
        wanted.let_go(&one, None);
        assert_eq!(wanted.awaited(), Awaited::default());
        assert!(!wanted.wait_for([4; 32], 7, &one), "it is on its way still");
    }

    #[test]
    fn a_file_is_damaged_until_its_author_signs_another_content() {
        let text = item("2013-08-11T14-34-37Z.txt");
        let record = Record { author: [1; 32], hash: [2; 32], len: 3, time: 4, empty: false };
        let (mut wanted, mut records) = (Wanted::default(), Records::default());
        records.put_own(&text, record);
        wanted.left_for_unsound(&text, &record);
        assert_eq!(wanted.damaged(&records).collect::<Vec<_>>(), [&text]);
        records.put_own(&text, Record { hash: [3; 32], time: 5, ..record });
        assert_eq!(wanted.damaged(&records).count(), 0);
    }
}

//! A document's entries, read into records of files and notes, and which of several authors' records counts.
//!
//! Entries come from the network. What means nothing is counted and left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::sync::replica::deletion;
use crate::sync::replica::few::Few;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::merge::{Hash, Remote};
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::packed::packed;
use crate::sync::replica::signers::Author;
use crate::sync::replica::totals::Totals;

/// An entry of a document, as the network brought it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Who signed it.
    pub author: Author,
    /// Its key.
    pub key: &'a [u8],
    /// Its content's hash.
    pub hash: Hash,
    /// Its content's length in bytes; nothing for a deletion.
    pub len: u64,
    /// When it was made by its author's clock, in microseconds since 1970.
    pub time: u64,
}

/// An entry that came into the document, as an event brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEntry {
    /// Who signed it.
    pub author: Author,
    /// Its key.
    pub key: Vec<u8>,
    /// Its content's hash.
    pub hash: Hash,
    /// Its content's length in bytes; nothing for a deletion.
    pub len: u64,
    /// When it was made by its author's clock, in microseconds since 1970.
    pub time: u64,
    /// Whether a peer sent it.
    pub is_remote: bool,
}

impl ReceivedEntry {
    /// The entry.
    pub fn entry(&self) -> Entry<'_> {
        let Self { author, hash, len, time, .. } = *self;
        Entry { author, key: &self.key, hash, len, time }
    }
}

/// One author's entry for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who signed it.
    pub author: Author,
    /// The entry's content.
    pub hash: Hash,
    /// The length of the entry's content, in bytes.
    pub len: u64,
    /// When it was made by its author's clock, in microseconds since 1970.
    pub time: u64,
    /// Whether its key says that the file is empty.
    pub empty: bool,
}

impl Record {
    /// Whether it says that the file was deleted.
    pub fn is_deletion(&self) -> bool {
        deletion::is_deletion(&self.hash, self.len)
    }

    /// Which of two counts: the later one, and of two in the same microsecond a content before a deletion. What was taken back counts
    /// where nobody says anything else.
    fn order(&self) -> (bool, u64, bool, Author) {
        (!deletion::is_withdrawn(&self.hash, self.len), self.time, !self.is_deletion(), self.author)
    }

    /// Whether this entry of an author and a file says what another one of them says, or is not older, so that it may have taken its
    /// place.
    pub fn is_at_least(&self, other: &Self) -> bool {
        self.empty == other.empty && (self.time >= other.time || (self.hash == other.hash && self.len == other.len))
    }

    /// The entry, as if a peer had sent it.
    pub fn received(&self, item: &Item) -> ReceivedEntry {
        let Self { author, hash, len, time, empty } = *self;
        ReceivedEntry { author, key: item.key(empty), hash, len, time, is_remote: true }
    }

    /// The length of the file.
    pub fn file_len(&self) -> u64 {
        if self.empty || self.is_deletion() { 0 } else { self.len }
    }
}

/// What a document's authors say of themselves and of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note {
    /// Who signed it.
    pub author: Author,
    /// Its content.
    pub hash: Hash,
    /// Its length in bytes.
    pub len: u64,
    /// When it was made by its author's clock, in microseconds since 1970.
    pub time: u64,
}

/// Sums that are kept as entries come, so that a document is not counted through for every report.
#[derive(Debug, Default)]
struct Sums {
    /// Of the files that are not hidden.
    totals: Totals,
    /// Of all entries' fingerprints.
    version: u128,
}

/// Keys that mean nothing: only their hashes, since the keys themselves may have any length.
#[derive(Debug, Default)]
struct RefusedKeys {
    told_apart: BTreeSet<Hash>,
    more: usize,
}

impl RefusedKeys {
    fn put(&mut self, key: &[u8]) {
        let key = *blake3::hash(key).as_bytes();
        if self.told_apart.len() < MAX_REFUSED_KEYS {
            self.told_apart.insert(key);
        } else if !self.told_apart.contains(&key) {
            self.more += 1;
        }
    }

    /// Takes in what others know of them.
    fn merge(&mut self, other: Self) {
        let room = MAX_REFUSED_KEYS.saturating_sub(self.told_apart.len());
        self.told_apart.extend(other.told_apart.into_iter().take(room));
        self.more = self.more.max(other.more);
    }
}

/// All entries of a document.
#[derive(Debug, Default)]
pub struct Records {
    files: BTreeMap<Item, Few<Record>>,
    sums: Sums,
    /// Whose the document is: nobody else's entries count for its hidden files.
    pub owner: Option<Author>,
    /// Each author's note about itself.
    pub authors: BTreeMap<Author, Note>,
    /// Each author's note about where the document has moved.
    pub moved: BTreeMap<Author, Note>,
    /// Each author's note about the names of all.
    pub names: BTreeMap<Author, Note>,
    refused: RefusedKeys,
    /// Entries of files.
    count: usize,
    /// Everybody who signed an entry of a file, with how many there are.
    pub signers: BTreeMap<Author, usize>,
    /// The latest time of any entry, in microseconds since 1970.
    pub newest: u64,
}

/// So many keys that mean nothing are told apart; more are only counted.
const MAX_REFUSED_KEYS: usize = 1000;

/// What an entry was about.
#[derive(Debug)]
pub enum About {
    /// This file.
    File(Item),
    /// Its author, or the document.
    Note,
    /// Nothing that is known here.
    Nothing,
}

impl Records {
    /// Those of a document of this owner, of which nothing is known yet.
    pub fn new(owner: Option<Author>) -> Self {
        Self { owner, ..Self::default() }
    }

    /// Takes in an entry, unless its author's later one is known.
    pub fn put(&mut self, entry: &Entry) -> About {
        let Entry { author, hash, len, time, key } = *entry;
        self.newest = self.newest.max(time);
        let note = Note { author, hash, len, time };
        match Key::parse(key) {
            Some(Key::File { item, empty }) => {
                self.put_file(&item, Record { author, hash, len, time, empty });
                About::File(item)
            }
            Some(Key::Author) => {
                put_note(&mut self.authors, note);
                About::Note
            }
            Some(Key::Moved) => {
                put_note(&mut self.moved, note);
                About::Note
            }
            Some(Key::Names) => {
                put_note(&mut self.names, note);
                About::Note
            }
            None => {
                self.refused.put(key);
                About::Nothing
            }
        }
    }

    fn put_file(&mut self, item: &Item, record: Record) {
        let (is_text, is_hidden, print) = (item.is_text(), item.is_hidden(), fingerprint(item, &record));
        let records = self.files.entry(item.clone()).or_default();
        let before = counted_len(records.as_slice());
        let mut known = records.as_mut_slice().iter_mut();
        match known.find(|known| known.author == record.author && known.empty == record.empty) {
            Some(known) if known.time <= record.time => {
                let version = self.sums.version.wrapping_sub(fingerprint(item, known));
                self.sums.version = version.wrapping_add(print);
                *known = record;
            }
            Some(_) => return,
            None => {
                records.push(record);
                self.sums.version = self.sums.version.wrapping_add(print);
                self.count += 1;
                *self.signers.entry(record.author).or_default() += 1;
            }
        }
        // Which entry of a hidden file counts depends on the owner, who may be found out later: those few are counted when asked for.
        if !is_hidden {
            self.sums.totals.remove(is_text, before);
            self.sums.totals.add(is_text, counted_len(records.as_slice()));
        }
    }

    /// How much the document holds.
    pub fn totals(&self) -> Totals {
        let mut totals = self.sums.totals;
        self.hidden().for_each(|item| totals.add(false, self.latest(item).and_then(len)));
        totals
    }

    /// A fingerprint of all entries of files: whoever has the same one knows of the same entries.
    pub fn version(&self) -> u128 {
        self.sums.version
    }

    /// How many entries there are.
    pub fn entry_count(&self) -> usize {
        self.count + self.authors.len() + self.moved.len() + self.names.len() + self.refused()
    }

    /// How many of them others have made than this author.
    pub fn of_others(&self, author: &Author) -> usize {
        self.entry_count().saturating_sub(self.signers.get(author).copied().unwrap_or(0))
    }

    /// Takes in what this side has told the document, ahead of the engine's event about it.
    pub fn put_own(&mut self, item: &Item, record: Record) {
        self.put_file(item, record);
    }

    /// Takes in a note that this side has written.
    pub fn put_own_note(&mut self, kind: NoteKind, note: Note) {
        let notes = match kind {
            NoteKind::Author => &mut self.authors,
            NoteKind::Names => &mut self.names,
            NoteKind::Moved => &mut self.moved,
        };
        put_note(notes, note);
    }

    /// Takes in all that others know, but for what is left out: what came here while the document was read may be missing there.
    pub fn merge(&mut self, mut other: Self, is_left_out: impl Fn(&Item, &Record) -> bool) {
        if self.count == 0
            && !other
                .files
                .iter()
                .any(|(item, records)| records.as_slice().iter().any(|record| is_left_out(item, record)))
        {
            self.take_files(&mut other);
        }
        for (item, records) in other.files {
            let taken = records.as_slice().iter().filter(|record| !is_left_out(&item, record));
            taken.for_each(|record| self.put_file(&item, *record));
        }
        for (own, others) in
            [(&mut self.authors, other.authors), (&mut self.moved, other.moved), (&mut self.names, other.names)]
        {
            for note in others.into_values() {
                put_note(own, note);
            }
        }
        self.refused.merge(other.refused);
        self.newest = self.newest.max(other.newest);
    }

    /// Takes over the files of others' records, where nothing is known of any.
    fn take_files(&mut self, other: &mut Self) {
        self.files = packed(std::mem::take(&mut other.files));
        (self.sums, self.count) = (std::mem::take(&mut other.sums), other.count);
        self.signers = std::mem::take(&mut other.signers);
    }

    /// How many entries mean nothing.
    pub fn refused(&self) -> usize {
        self.refused.told_apart.len() + self.refused.more
    }

    /// All files that the document speaks of, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.files.keys()
    }

    /// Those of one message, and its text.
    pub fn of_message<'a>(&'a self, text: &'a Item) -> impl Iterator<Item = &'a Item> {
        let stem = text.as_bytes().strip_suffix(b".txt").unwrap_or_default();
        let from = (Bound::Included(stem), Bound::Unbounded);
        self.files
            .range::<[u8], _>(from)
            .map(|(item, _)| item)
            .take_while(move |item| item.as_bytes().starts_with(stem))
    }

    /// The hidden files of which it speaks.
    pub fn hidden(&self) -> impl Iterator<Item = &Item> {
        let from = (Bound::Included(b".".as_slice()), Bound::Unbounded);
        self.files.range::<[u8], _>(from).map(|(item, _)| item).take_while(|item| item.is_hidden())
    }

    /// All entries of a file, those that do not count too.
    pub fn all(&self, item: &Item) -> &[Record] {
        self.files.get(item).map(Few::as_slice).unwrap_or_default()
    }

    /// Those of a file's entries of which one counts: of a hidden file only the owner's.
    fn counting<'a>(&'a self, item: &Item, records: &'a [Record]) -> impl Iterator<Item = &'a Record> {
        let is_free = !item.is_hidden();
        records.iter().filter(move |record| is_free || self.owner == Some(record.author))
    }

    /// The entry that counts for a file.
    pub fn latest(&self, item: &Item) -> Option<&Record> {
        self.counting(item, self.files.get(item)?.as_slice()).max_by_key(|record| record.order())
    }

    /// The contents that the document wants, each with the entry that counts.
    pub fn contents(&self) -> impl Iterator<Item = (&Item, &Record)> {
        self.files.iter().filter_map(|(item, records)| {
            let record = self.counting(item, records.as_slice()).max_by_key(|record| record.order())?;
            (!record.is_deletion()).then_some((item, record))
        })
    }

    /// What the document says of a file.
    pub fn remote(&self, item: &Item) -> Remote {
        match self.latest(item) {
            None => Remote::Unknown,
            Some(record) if record.is_deletion() => Remote::Deleted,
            Some(record) => Remote::Content(content(record)),
        }
    }

    /// The contents that a file has by what its authors say now, with who says so.
    pub fn signatures(&self, item: &Item) -> Vec<(Hash, Author)> {
        let signed = self.all(item).iter().filter(|record| !record.is_deletion());
        signed.map(|record| (content(record), record.author)).collect()
    }

    /// Another author's content for a file that this author made too, and made later.
    pub fn earlier(&self, item: &Item, author: &Author) -> Option<&Record> {
        let records = self.files.get(item)?.as_slice();
        let own = records
            .iter()
            .filter(|record| record.author == *author && !record.is_deletion())
            .max_by_key(|r| r.order())?;
        let others = records.iter().filter(|record| record.author != *author && !record.is_deletion());
        others.filter(|other| other.order() < own.order() && content(other) != content(own)).min_by_key(|r| r.order())
    }

    /// Files whose entry that counts is this author's deletion without content: of the kind that the engine does not keep.
    pub fn fragile_deletions<'a>(&'a self, author: &'a Author) -> impl Iterator<Item = (&'a Item, &'a Record)> {
        let latest = self.files.keys().filter_map(|item| Some((item, self.latest(item)?)));
        latest.filter(move |(_, record)| record.author == *author && record.len == 0)
    }

    /// An author's entries for a file.
    pub fn of(&self, item: &Item, author: Author) -> impl Iterator<Item = &Record> {
        self.all(item).iter().filter(move |record| record.author == author)
    }

    /// An author's entries for a file that are no deletions.
    pub fn own(&self, item: &Item, author: &Author) -> impl Iterator<Item = &Record> {
        self.of(item, *author).filter(|record| !record.is_deletion())
    }
}

/// The length of a file of which this entry counts, in bytes, unless it was deleted.
fn len(record: &Record) -> Option<u64> {
    (!record.is_deletion()).then(|| record.file_len())
}

/// The length of a file with these entries, in bytes, unless it was deleted.
fn counted_len(records: &[Record]) -> Option<u64> {
    records.iter().max_by_key(|record| record.order()).and_then(len)
}

/// What an entry adds to the sum of all. Its time is left out: this device notes its own entries before the engine has dated them.
fn fingerprint(item: &Item, record: &Record) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&record.author).update(&record.hash).update(&record.len.to_be_bytes());
    hasher.update(&item.key(record.empty));
    hasher.finalize().as_bytes().first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
}

/// What a file has for its content; an entry's own content says nothing where its key says that the file is empty.
pub fn content(record: &Record) -> Hash {
    if record.empty { *blake3::hash(b"").as_bytes() } else { record.hash }
}

fn put_note(notes: &mut BTreeMap<Author, Note>, note: Note) {
    let known = notes.entry(note.author).or_insert(note);
    if known.time <= note.time {
        *known = note;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 5] = [
        "2013-08-11T14-34-37Z.txt",
        "2013-08-11T14-34-37Z/photo.jpg",
        "2013-08-11T14-34-38Z.txt",
        ".channel.toml",
        ".icon.png",
    ];

    fn entry() -> impl Strategy<Value = (usize, Record)> {
        let record =
            (0_u8..3, 0_u8..4, 0_u64..4, 0_u64..6, any::<bool>()).prop_map(|(author, hash, len, time, empty)| {
                let len = if empty { len.min(1) } else { [0, 7, 1 << 20, u64::MAX][usize::try_from(len).unwrap()] };
                Record { author: [author; 32], hash: [hash; 32], len, time, empty }
            });
        (0..NAMES.len(), record)
    }

    fn records(entries: &[(usize, Record)]) -> Records {
        let mut records = Records::new(Some([0; 32]));
        for (name, record) in entries {
            records.put_own(&Item::parse(NAMES[*name].as_bytes()).unwrap(), *record);
        }
        records
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_counting_everything(entries in proptest::collection::vec(entry(), 0..40), owner in 0_u8..4) {
            let mut records = records(&entries);
            records.owner = (owner < 3).then_some([owner; 32]);
            let mut counted = Totals::default();
            for item in records.items() {
                counted.add(item.is_text(), records.latest(item).and_then(len));
            }
            prop_assert_eq!(records.totals(), counted);
        }

        #[test]
        fn the_version_does_not_depend_on_the_order_of_arrival(
            entries in proptest::collection::vec(entry(), 0..20),
            seed in any::<u64>(),
        ) {
            // An author makes one entry of a file at a time.
            let mut last = BTreeMap::new();
            for (name, record) in entries {
                last.insert((name, record.author, record.empty, record.time), (name, record));
            }
            let mut entries: Vec<_> = last.into_values().collect();
            let version = records(&entries).version();
            entries.sort_by_key(|(name, record)| {
                blake3::hash(format!("{seed} {name} {record:?}").as_bytes()).to_string()
            });
            let doubled: Vec<_> = entries.iter().chain(&entries).copied().collect();
            prop_assert_eq!(records(&doubled).version(), version);
        }
    }

    #[test]
    fn the_version_tells_what_another_knows() {
        let record = Record { author: [1; 32], hash: [2; 32], len: 3, time: 4, empty: false };
        let (one, both) = (records(&[(0, record)]), records(&[(0, record), (2, record)]));
        assert_ne!(one.version(), both.version());
        assert_eq!(records(&[]).version(), 0);
        let later = Record { time: 5, ..record };
        assert_eq!(records(&[(0, later)]).version(), one.version(), "when it was made says nothing of what it is");
        let deleted = Record { len: 0, time: 6, ..record };
        assert_ne!(records(&[(0, record), (0, deleted)]).version(), one.version());
    }
}

//! A computer with one data folder, in which one box is replicated; the program on it runs or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::channel::protocol::entry::Side;
use crate::sync::keys::document::{AuthorKey, Document, Secret};
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::event::Log;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::item_log::ItemLog;
use crate::sync::replica::limits::Limits;
use crate::sync::replica::machine::{Memory, Replica};
use crate::sync::replica::merge::{Hash, Role};
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::peers::Peers;
use crate::sync::replica::records::{ReceivedEntry, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::signers::Author;
use crate::sync::replica::simulation::content::Content;
use crate::sync::replica::simulation::engine::{Entries, Place, Store};
use crate::sync::replica::simulation::folder::Folder;
use crate::sync::replica::simulation::log_file::LogFile;
use crate::sync::replica::simulation::world::SECOND;

/// What somebody is to the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Made it.
    Owner,
    /// Writes it with the owner.
    Writer,
    /// Reads it.
    Reader,
    /// Has its key for writing, and another program.
    Stranger,
}

/// What the program keeps.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) logs: [LogFile; 3],
    pub(super) entries: Entries,
    pub(super) store: Store,
    pub(super) book: Document,
    pub(super) me: Author,
    pub(super) device: [u8; 32],
}

impl State {
    pub(super) fn log(&mut self, log: Log) -> &mut LogFile {
        &mut self.logs[log as usize]
    }
}

/// A content that is to be fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) len: u64,
    /// Whether a file waits for it.
    pub(super) is_file: bool,
    /// Whether it is a note's.
    pub(super) note: Option<NoteKind>,
}

/// A backup, or what was one.
#[derive(Clone, Debug)]
pub(super) struct Backup {
    pub(super) folder: Folder,
    pub(super) state: State,
}

/// What this computer's document saw of who signed what.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    /// Who signed a content first, and when that was seen last of any of them, in microseconds of the world.
    pub(super) first: BTreeMap<(Item, Hash), (BTreeSet<Author>, u64)>,
    /// All entries of contents that ever came.
    pub(super) signed: BTreeSet<(Item, Hash, Author)>,
    /// All deletions that ever came.
    pub(super) deleted: BTreeSet<(Item, Author)>,
}

/// A computer.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that can be wrong with it")]
pub(super) struct Computer {
    pub(super) part: Part,
    pub(super) folder: Folder,
    pub(super) state: State,
    pub(super) replica: Option<Box<Replica>>,
    /// How often the program was started and ended: what was under way before is not any more.
    pub(super) epoch: u32,
    /// By how much its clock is wrong, in microseconds.
    pub(super) offset: i64,
    /// Whether its clock was ever set back: what it entered before may look as if it had been made since.
    pub(super) was_set_back: bool,
    /// Whom it asks for contents.
    pub(super) asks: Vec<[u8; 32]>,
    pub(super) wishes: BTreeMap<Hash, Wish>,
    pub(super) backup: Option<Box<Backup>>,
    pub(super) is_disk_full: bool,
    /// After so many more steps the program is killed, or the power fails.
    pub(super) doom: Option<(u8, bool)>,
    /// Whether it has begun to listen to the document.
    pub(super) has_joined: bool,
    /// Whether it listens to the document no more.
    pub(super) has_left: bool,
    /// Whether entries came a moment ago.
    pub(super) came: u64,
    /// Files about which something is being done.
    pub(super) busy: BTreeSet<Item>,
    pub(super) witness: Witness,
    /// The keys and times of all entries that were made here.
    pub(super) made: BTreeSet<(Vec<u8>, u64)>,
    /// The keys and contents of all entries that were made here, and when they were last, in microseconds of the world.
    pub(super) said: BTreeMap<(Vec<u8>, Hash), u64>,
    /// Entries of files that came since the program was started, have its key and were not made here: key, content, and when they came.
    pub(super) own_of_others: Vec<(Vec<u8>, Hash, u64)>,
    /// Whether documents were compared since the program was started.
    pub(super) is_compared: bool,
    /// When documents were last still being compared, in microseconds of the world.
    pub(super) was_open: u64,
    /// Whether the program's folder was restored: of what a person changed meanwhile it may only know what the box says of it.
    pub(super) has_old_memory: bool,
    /// Whether its power failed: it may not know any more whose a file of its box is.
    pub(super) has_lost_power: bool,
    /// Items that a person touched here: an inbox may differ in them.
    pub(super) touched: BTreeSet<Item>,
    /// Items that a person deleted, moved or restored here, or said may be deleted.
    pub(super) taken: BTreeSet<Item>,
    /// Items that the program took away here because an author deleted them: a program that is killed then may not know why.
    pub(super) removed: BTreeSet<Item>,
    /// When contents are asked for again.
    pub(super) retry: u64,
    /// What of others is taken in.
    pub(super) limits: Limits,
}

impl Computer {
    pub(super) fn new(part: Part, number: u8, channel: &ChannelKeys) -> Self {
        let (me, device) = ([0xa0 + number; 32], device(number));
        let is_own_box = !matches!(part, Part::Reader);
        let side = if is_own_box { Side::Outbox } else { Side::Inbox };
        let mut book = Document::new("channel".parse().unwrap(), side, channel.id);
        book.secret = is_own_box.then_some(Secret([7; 32]));
        book.owner = channel.is_owner_known.then_some(AuthorKey(channel.owner));
        if part != Part::Owner {
            book.peers = vec![peer(channel.owner_device)];
            book.author = is_own_box.then(|| format!("writer {number}"));
        }
        let state = State {
            logs: [LogFile::default(), LogFile::default(), LogFile::default()],
            entries: Entries::default(),
            store: Store::new(),
            book,
            me,
            device,
        };
        Self {
            part,
            folder: Folder::new(u32::from(number) * 1000),
            state,
            replica: None,
            epoch: 0,
            offset: 0,
            was_set_back: false,
            asks: Vec::new(),
            wishes: BTreeMap::new(),
            backup: None,
            is_disk_full: false,
            doom: None,
            has_joined: part == Part::Stranger,
            has_left: false,
            came: 0,
            busy: BTreeSet::new(),
            witness: Witness::default(),
            made: BTreeSet::new(),
            said: BTreeMap::new(),
            own_of_others: Vec::new(),
            is_compared: false,
            was_open: 0,
            has_old_memory: false,
            has_lost_power: false,
            touched: BTreeSet::new(),
            taken: BTreeSet::new(),
            removed: BTreeSet::new(),
            retry: 0,
            limits: Limits::default(),
        }
    }

    /// Whether the program runs, or somebody else's does.
    pub(super) fn is_running(&self) -> bool {
        self.replica.is_some() || self.part == Part::Stranger
    }

    pub(super) fn is_writer(&self) -> bool {
        self.part != Part::Reader
    }

    /// What the program remembers when it starts.
    pub(super) fn memory(&mut self) -> Memory {
        let device = self.state.device;
        Memory {
            baseline: ItemLog::decode(&self.state.log(Log::Baseline).bytes()),
            signers: ItemLog::decode(&self.state.log(Log::Signers).bytes()),
            peers: Peers::from_json(&self.state.log(Log::Peers).bytes(), device),
            authors: self.folder.authors.clone(),
        }
    }

    /// The box and its document.
    pub(super) fn shared(&self) -> SharedBox {
        let channel = PathBuf::from(format!("/{}", self.folder.root));
        SharedBox {
            folder: channel.join(self.state.book.side.name()),
            channel,
            role: if self.state.book.secret.is_some() { Role::Writer } else { Role::Reader },
            me: self.state.me,
            device: self.state.device,
            document: self.state.book.clone(),
            limits: self.limits,
        }
    }

    /// The length of a content that the store can read.
    pub(super) fn stored(&self, hash: &Hash) -> Option<u64> {
        let stored = self.state.store.get(hash)?;
        let is_readable = match &stored.place {
            Place::Own => true,
            Place::Box(root, item) => {
                let file = self.folder.files.get(item);
                *root == self.folder.root
                    && self.folder.is_there
                    && !self.folder.is_blank
                    && file.is_some_and(|file| file.content.hash == *hash)
            }
        };
        is_readable.then_some(stored.len)
    }

    /// Whether the box has what an entry says, so that this computer may say the same, perhaps later.
    pub(super) fn may_say(&self, entry: &ReceivedEntry) -> bool {
        let Some(Key::File { empty, .. }) = Key::parse(&entry.key) else {
            return false;
        };
        let said = super::records_of(entry, empty);
        !said.is_deletion() && self.folder.files.values().any(|file| file.content.hash == content(&said))
    }

    /// Whether it is known who signed a content of a file first when this author signs it: it lies in the box, or others sign it. A
    /// content that was replaced everywhere is forgotten, and new when somebody brings it back.
    pub(super) fn remembers(&self, item: &Item, hash: &Hash, author: &Author) -> bool {
        let is_signed = |empty: bool| {
            let key = item.key(empty);
            let others = self.state.entries.all.values().filter(|entry| entry.key == key && entry.author != *author);
            let mut signed = others.map(|entry| super::records_of(entry, empty)).filter(|record| !record.is_deletion());
            signed.any(|record| content(&record) == *hash)
        };
        self.content(item).is_some_and(|content| content.hash == *hash) || is_signed(false) || is_signed(true)
    }

    /// Whether entries came, since the program was started, that have its key and say what it has not said itself at that time.
    pub(super) fn got_own(&self) -> bool {
        let is_unsaid = |(key, hash, came): &(Vec<u8>, Hash, u64)| {
            let said = self.said.get(&(key.clone(), *hash));
            said.is_none_or(|said| said.abs_diff(*came) > 5 * SECOND)
        };
        self.own_of_others.iter().any(is_unsaid)
    }

    /// What the disk has free, in bytes.
    pub(super) fn free(&self) -> u64 {
        if self.is_disk_full { 0 } else { 1 << 40 }
    }

    /// The files that a person may do something to.
    pub(super) fn nth(&self, nth: usize) -> Option<Item> {
        let count = self.folder.files.len();
        (count > 0).then(|| self.folder.files.keys().nth(nth % count).cloned()).flatten()
    }

    /// The file of a content.
    pub(super) fn content(&self, item: &Item) -> Option<Content> {
        self.folder.files.get(item).map(|file| file.content)
    }
}

/// The keys of the one channel of this world.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelKeys {
    pub(super) id: [u8; 32],
    pub(super) owner: Author,
    pub(super) owner_device: [u8; 32],
    /// Whether the keys that people were given say who the owner is.
    pub(super) is_owner_known: bool,
}

/// A device's key.
pub(super) fn device(number: u8) -> [u8; 32] {
    [0xd0 + number; 32]
}

/// A device, and where it is.
pub(super) fn peer(device: [u8; 32]) -> Peer {
    Peer { device, addresses: vec![([127, 0, 0, 1], u16::from(device[0])).into()], relay: None }
}

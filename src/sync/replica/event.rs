//! What a replica is told: by the disk, the network, the book of keys, and by whoever carried out one of its actions.
//!
//! Each action of [`Action`](super::action::Action) that names a file is answered by exactly one event about that file. Until then
//! nothing else is decided about it. A crash may come instead of the answer.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Stat;
use crate::sync::keys::document::Document;
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::deletion::Retraction;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::records::{ReceivedEntry, Records};
use crate::sync::replica::tree::Tree;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The disk says that something changed.
    Touched(Touched),
    /// The box was listed.
    Listed(Result<Listing, String>),
    /// A file of the box was read.
    Read(Item, Result<FileRead, NotRead>),
    /// The contents of these files, of those that were asked about, are not in the store, or can't be read there.
    NotStored(Vec<Item>),
    /// A file of the box was brought into the store. It has this content now.
    Kept(Item, Result<FileRead, NotRead>),
    /// Entries came into the document.
    Entries(Vec<ReceivedEntry>),
    /// All entries of the document were read.
    Loaded(Box<Records>),
    /// A comparison of documents with a peer ended.
    Compared(Comparison),
    /// A peer is there.
    Met {
        /// Who, and where.
        peer: Peer,
        /// Whether it listens to this document: the engine then compares documents with it.
        is_neighbour: bool,
    },
    /// A peer is gone.
    Lost([u8; 32]),
    /// A content is in the store, with this length; or what came is not what its entry says, and the store has so many bytes of it.
    Fetched(Hash, Result<u64, Unsound>),
    /// A note's content was read.
    Note(NoteKind, Hash, Result<Vec<u8>, Unsound>),
    /// A note of this device was written into the document.
    Said(NoteKind, Result<Published, String>),
    /// A file's entry was made.
    Published(Item, Result<Published, NotPublished>),
    /// That a file was deleted was entered, at this time.
    Retracted(Retraction, Result<u64, NotRetracted>),
    /// A file was put in place.
    Placed(Item, Result<Stat, NotPlaced>),
    /// A file was moved to the trash.
    Removed(Item, Result<(), NotMoved>),
    /// What a person made of a file was put aside.
    PutAside(Item, Result<(), String>),
    /// A message of one's own was given the next free second, which is this one.
    GaveWay(Stamp, Result<Stamp, String>),
    /// `.authors.toml` was written.
    AuthorsWritten(Result<(), String>),
    /// Something that is remembered could not be saved.
    NotSaved(Log, String),
    /// The trash was tidied.
    TrashTidied(Result<(), String>),
    /// Something could not be noted in the book of keys.
    NotNoted(String),
    /// The book of keys says this of the document.
    Book(Box<Document>),
    /// A second has passed.
    Tick(Surroundings),
}

/// What the disk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Anything may have changed.
    Everything,
    /// Something at these first names of paths in the box, or below them.
    Names(BTreeSet<OsString>),
}

/// What lies in a box.
#[derive(Debug)]
pub struct Listing {
    /// Which first names were listed; `None` is all.
    pub names: Option<BTreeSet<OsString>>,
    /// What lies there.
    pub tree: Tree,
    /// What the profiles say.
    pub profiles: Profiles,
}

/// What the profiles of a channel say: that of the box and that of the outbox beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    /// The title, by the box's.
    pub title: Option<String>,
    /// The author, by the box's.
    pub author: Option<String>,
    /// The name that whoever reads here has given, by the outbox's, where the box is an inbox.
    pub my_name: Option<String>,
}

/// A file as it was read.
#[derive(Clone, Copy, Debug)]
pub struct FileRead {
    /// How it looks.
    pub stat: Stat,
    /// What it holds.
    pub hash: Hash,
    /// Whether the store has this content.
    pub is_stored: bool,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// It is not there any more.
    Gone,
    /// For this reason.
    Failed(String),
}

/// A comparison of documents that ended.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// With whom, and where it is.
    pub peer: Peer,
    /// How it ended.
    pub outcome: ComparisonOutcome,
}

/// How a comparison of documents ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOutcome {
    /// Both have the same entries; so many came.
    Same {
        /// How many entries came.
        received: usize,
    },
    /// Both may have the same entries, unless the peer had no time.
    Unsure,
    /// It failed.
    Failed,
}

/// What came is not what its entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// So many bytes of it the store has, at most.
    pub stored: u64,
}

/// An entry as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// How the file looks that was read for it; nothing for a note.
    pub stat: Option<Stat>,
    /// The entry's content.
    pub hash: Hash,
    /// The length of the entry's content, in bytes; never nothing.
    pub len: u64,
    /// Whether its key says that the file is empty.
    pub empty: bool,
    /// The entry's time, exactly, in microseconds since 1970: what is known here and what the document says must not differ in which of
    /// two entries is the later one.
    pub time: u64,
}

/// Why no entry was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPublished {
    /// The file is not there any more.
    Gone,
    /// It can't be read, or changes all the time.
    Unread(String),
    /// The document does not take it.
    Refused(String),
}

/// Why a deletion was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRetracted {
    /// The file is there again.
    Back,
    /// What lay beside it is gone too.
    AllGone,
    /// The document does not take it.
    Refused(String),
}

/// Why a file was not put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPlaced {
    /// Something else is there than what may be replaced.
    Changed,
    /// The disk is full.
    Full,
    /// The store does not have the content any more.
    NotStored,
    /// It is the channel's profile, and can't be read.
    Unreadable(String),
    /// For this reason.
    Failed(String),
}

/// Why a file was not moved to the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMoved {
    /// Something else is there than what may be moved.
    Changed,
    /// For this reason.
    Failed(String),
}

/// What is remembered on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    /// On which contents box and document agreed.
    Baseline,
    /// Who signed which content first.
    Signers,
    /// Where the peers are.
    Peers,
}

/// How it looks around a replica.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// What of the disks of box and store is free, and not spoken for by whatever is on its way for any document, in bytes.
    pub free: u64,
    /// Whether entries are coming in, for any document: the engine may not be told to dial then.
    pub is_incoming: bool,
}

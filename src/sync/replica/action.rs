//! What a replica wants done. It is carried out over disk and network by `sync/node`, and over memory in the simulation.
//!
//! Actions are carried out in any order and side by side, unless a line below says otherwise. Each may be cut off by a crash at any
//! point, and whatever it had done until then stays or, if it was not flushed, is gone.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::deletion::Retraction;
use crate::sync::replica::event::Log;
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::item::Item;
use crate::sync::replica::item_log::Write;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::providers::Provider;
use crate::sync::replica::signers::Author;
use crate::sync::replica::trash::DeletedBy;

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// List the box, whole or at these first names, and read the profiles: `Listed`. Never while a file of the box is being changed.
    List(Option<BTreeSet<OsString>>),
    /// Read a file of the box to its end: `Read`.
    Read(Item),
    /// Look whether the store has the contents of these files, and can read them where it only refers to them: `NotStored` names
    /// those of which it can't, if there are any.
    CheckStore(Vec<(Item, Hash)>),
    /// Bring a file of the box that has this content into the store, without an entry: `Kept`. If it has another one by now it is only
    /// read: what a person made of an author's file must not be taken for the author's because the store has it.
    Keep(Item, Hash),
    /// Read all entries of the document: `Loaded`.
    Reload,
    /// Bring files of the box into the store and make their entries, in this order as far as it goes from attachments to texts:
    /// `Published` for each.
    Publish(Vec<Publication>),
    /// Enter that a file was deleted, unless it is there after all, or what lay beside it is gone too: `Retracted`.
    Retract(Retraction),
    /// Make sure that a content is in the store: `Fetched`, at once if it is there already. It is tried again until then.
    Fetch {
        /// Which content.
        hash: Hash,
        /// Its length in bytes, by its entry.
        len: u64,
        /// Its place in the order.
        rank: Rank,
    },
    /// Make sure that a note's content is in the store, and read it: `Note`.
    ReadNote {
        /// What the note is about.
        kind: NoteKind,
        /// Its content.
        hash: Hash,
        /// Its length in bytes, by its entry.
        len: u64,
    },
    /// Write a note of this device into the document: `Said`.
    Say(NoteKind, Vec<u8>),
    /// Put contents of the store in place, attachments before texts: `Placed` for each.
    Place(Vec<Placement>),
    /// Move a file to the trash: `Removed`.
    Remove {
        /// Which file.
        item: Item,
        /// How it looks; another one is left alone.
        stat: StatFingerprint,
        /// Who deleted it.
        by: DeletedBy,
    },
    /// Put what a person made of a file aside, under another name: `PutAside`.
    PutAside(Item),
    /// Give a message of one's own the next free second: `GaveWay`.
    GiveWay(Stamp),
    /// Write `.authors.toml`: `AuthorsWritten`.
    WriteAuthors(Box<Authors>),
    /// Save what is remembered: `NotSaved` if that fails. Actions for one log are carried out one after the other.
    Save(Log, Write),
    /// Tidy the trash until so many bytes are left in it of what these deleted: `TrashTidied`.
    TidyTrash {
        /// Whose deletions.
        by: DeletedBy,
        /// The bytes that may stay.
        most: u64,
    },
    /// Note in the book of keys: `NotNoted` if that fails.
    Note(BookChange),
    /// Dial these peers, and compare documents with whoever is there.
    Dial(Vec<Peer>),
    /// Ask these for contents of the document; `providers.rs` tells in which order.
    Ask(Vec<Provider>),
    /// Listen no more to the document's peers.
    Leave,
}

/// A file that is to be published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Which.
    pub item: Item,
    /// Whether this device has an entry of it that says that it has a content.
    pub has_content_entry: bool,
    /// Whether this device has an entry of it that says that it is empty.
    pub has_empty_entry: bool,
}

/// A file that is to be put in place.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Which.
    pub item: Item,
    /// Its content; of no meaning for an empty file.
    pub hash: Hash,
    /// Its length in bytes.
    pub len: u64,
    /// How what may be replaced looks; anything else in its place is in the way.
    pub replaces: Option<StatFingerprint>,
    /// Whose deletion of what is replaced it is, where a copy of that goes to the trash before.
    pub keep: Option<DeletedBy>,
}

/// What is to be noted in the book of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookChange {
    /// Whose the document is. Whoever is noted already stays.
    Owner(Author),
    /// By which key the document was replaced.
    Moved(String),
    /// The leave to delete everything is used up.
    DeletedAll,
    /// The answer about files that came back is used up.
    ReturnAnswered,
}

//! What is under way: actions that were asked for and are not answered yet. Nothing else is decided about a file meanwhile, and the
//! box is not listed while a file of it is being changed: a list that is older than a change would be taken for another change.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::action::Action;
use crate::sync::replica::event::Log;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::records::Record;

/// What is being done about a file.
#[derive(Clone, Copy, Debug, Default)]
struct Doing {
    /// The entry that is being put in place.
    record: Option<Record>,
    /// Whether the file is being published.
    is_published: bool,
    /// Whether the file is to be looked at again after that.
    is_stale: bool,
}

/// Notes of this device.
#[derive(Debug, Default)]
pub struct OwnNotes {
    /// Those that are being written.
    pub saying: BTreeSet<NoteKind>,
    /// What was written last of each kind. Another computer with this one's keys may write something else over it: it is not written
    /// again then, or the two would go on for ever.
    pub said: BTreeMap<NoteKind, Hash>,
}

/// Messages of this device that give way to others'.
#[derive(Debug, Default)]
pub struct GivingWay {
    /// Those that are given another second, with their files.
    pub messages: BTreeMap<Stamp, BTreeSet<Item>>,
    /// Files whose entries of this device still say what lies under another name now.
    pub owed: BTreeSet<Item>,
}

/// What is under way.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that is under way")]
pub struct Work {
    files: BTreeMap<Item, Doing>,
    /// The box is being listed.
    pub is_listing: bool,
    /// The document's entries are being read.
    pub is_loading: bool,
    /// `.authors.toml` is being written.
    pub is_writing_authors: bool,
    /// The trash is being tidied.
    pub is_tidying: bool,
    /// This device's own notes.
    pub notes: OwnNotes,
    /// Messages that give way.
    pub giving_way: GivingWay,
    /// What could not be saved a moment ago.
    pub not_saved: BTreeSet<Log>,
    /// What a person answered, about files that came back or an empty box, is being carried out.
    pub is_answering: bool,
    /// What is to be done now.
    pub asked: Vec<Action>,
}

impl Work {
    /// Notes that something is done about a file now, perhaps that this entry is put in place.
    pub fn begin(&mut self, item: &Item, record: Option<Record>) {
        self.files.insert(item.clone(), Doing { record, is_published: false, is_stale: false });
    }

    /// Notes that a file is being published now.
    pub fn begin_publishing(&mut self, item: &Item) {
        self.files.insert(item.clone(), Doing { record: None, is_published: true, is_stale: false });
    }

    /// Whether a file is being published.
    pub fn is_publishing(&self, item: &Item) -> bool {
        self.files.get(item).is_some_and(|doing| doing.is_published)
    }

    /// Notes that it is done; gives the entry that was put in place, and whether the file is to be looked at again.
    pub fn end(&mut self, item: &Item) -> (Option<Record>, bool) {
        let doing = self.files.remove(item).unwrap_or_default();
        (doing.record, doing.is_stale)
    }

    /// Whether something is done about a file; if so it is looked at again after that.
    pub fn must_wait(&mut self, item: &Item) -> bool {
        self.files.get_mut(item).map(|doing| doing.is_stale = true).is_some()
    }

    /// Whether something is done about a file.
    pub fn is_busy_with(&self, item: &Item) -> bool {
        self.files.contains_key(item)
    }

    /// Whether nothing is done about any file.
    pub fn is_idle(&self) -> bool {
        self.files.is_empty()
    }
}

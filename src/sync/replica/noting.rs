//! What the document's authors say beside the files: their names, whose is what several signed, and where the channel has moved; and
//! saying it where this is their author. All that others say is strangers' text.

use std::collections::BTreeSet;

use crate::sync::hex;
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::replica::action::{Action, BookChange};
use crate::sync::replica::author_names::{self, OwnerNames, claims, decide};
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::event::{Published, Unsound};
use crate::sync::replica::item::Item;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::{Hash, Role};
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::now::Now;
use crate::sync::replica::records::Note;

/// The longest note of an author, in bytes.
const MAX_NOTE: u64 = 4096;

/// So many authors' notes are read.
const MAX_AUTHORS: usize = 1000;

/// Remembers who signed these files first. Whoever signs what is being published here has seen this device's entry, of which it has not
/// heard yet itself: the file is looked at again then.
pub fn note_signers(replica: &mut Replica, items: &BTreeSet<Item>, now: Now) {
    let is_open = replica.is_open(now);
    let Replica { shared, records, local, authorship, work, .. } = replica;
    let view = crate::sync::replica::authorship::View::new(shared, records, local);
    let items = items.iter().filter(|item| !work.is_publishing(item));
    authorship.note_signers(items, view, is_open);
}

/// Asks for the notes that are not read yet.
pub fn learn(replica: &mut Replica) {
    let owner = replica.shared.owner();
    let authors = replica.records.authors.values().take(MAX_AUTHORS);
    let authors: Vec<Note> =
        authors.filter(|note| replica.authorship.read.authors.get(&note.author) != Some(&note.hash)).copied().collect();
    for note in authors {
        ask(replica, NoteKind::Author, note, MAX_NOTE);
    }
    let names = owner.and_then(|owner| replica.records.names.get(&owner)).copied();
    if let Some(note) = names.filter(|note| replica.authorship.read.names != Some(note.hash)) {
        ask(replica, NoteKind::Names, note, author_names::MAX_NOTE);
    }
    // Only the owner moves a channel: `ownership.rs` tells who else has tried.
    let moved = owner.and_then(|owner| replica.records.moved.get(&owner)).copied();
    if let Some(note) = moved.filter(|note| replica.authorship.read.moved != Some(note.hash)) {
        ask(replica, NoteKind::Moved, note, MAX_NOTE);
    }
}

fn ask(replica: &mut Replica, kind: NoteKind, note: Note, most: u64) {
    let Note { hash, len, .. } = note;
    if len == 0 || len > most || replica.wanted.is_unsound(hash, len) || !replica.wanted.notes.insert(hash) {
        return;
    }
    replica.ask(Action::ReadNote { kind, hash, len });
}

/// A note was read.
pub fn read(replica: &mut Replica, kind: NoteKind, hash: Hash, bytes: Result<Vec<u8>, Unsound>) {
    replica.wanted.notes.remove(&hash);
    (replica.todo.notes, replica.todo.authors) = (true, true);
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(Unsound { stored }) => {
            let all = [&replica.records.authors, &replica.records.names, &replica.records.moved];
            let lengths = all.into_iter().flat_map(|notes| notes.values()).filter(|note| note.hash == hash);
            for len in lengths.map(|note| note.len).collect::<Vec<_>>() {
                replica.wanted.set_unsound(hash, len, stored);
            }
            return;
        }
    };
    match kind {
        NoteKind::Author => {
            // A note that makes no sense says nothing.
            let note: AuthorNote =
                String::from_utf8(bytes).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
            let authors = replica.records.authors.values().filter(|note| note.hash == hash);
            for author in authors.map(|note| note.author).collect::<Vec<_>>() {
                replica.authorship.read.authors.insert(author, hash);
                replica.authorship.notes.insert(author, note.clone());
            }
        }
        NoteKind::Names => {
            replica.authorship.read.names = Some(hash);
            // What can't be read was never said.
            if let Ok(names) = postcard::from_bytes(&bytes) {
                replica.authorship.names = names;
            }
        }
        NoteKind::Moved => {
            replica.authorship.read.moved = Some(hash);
            follow(replica, &bytes);
        }
    }
}

/// Notes by which key the owner has replaced the document.
fn follow(replica: &mut Replica, bytes: &[u8]) {
    let Some(ticket) = std::str::from_utf8(bytes).ok().and_then(|text| Ticket::parse(text).ok()) else {
        return;
    };
    if !matches!(ticket.opens, Opens::Read(id) if id != replica.shared.document.id) {
        return;
    }
    // Written anew: what stood around the key is a stranger's.
    let key = ticket.to_string();
    if replica.shared.document.moved.as_ref() != Some(&key) {
        replica.shared.document.moved = Some(key.clone());
        replica.ask(Action::Note(BookChange::Moved(key)));
    }
}

/// Says what this side has to say, if the document does not say so already.
pub fn speak(replica: &mut Replica) {
    if replica.shared.role == Role::Writer {
        introduce(replica);
        name_authors(replica);
    }
}

/// Says who signs here, and on which device.
fn introduce(replica: &mut Replica) {
    // Whoever has no name says which device it is.
    let name = own_name(replica).unwrap_or_default();
    let note = AuthorNote { name, device: hex::encode(&replica.shared.device) };
    let text = match toml::to_string(&note) {
        Ok(text) => text,
        Err(error) => return replica.condition.problem(error.to_string()),
    };
    let known = replica.records.authors.get(&replica.shared.me).map(|note| note.hash);
    say(replica, NoteKind::Author, known, text.into_bytes());
}

/// Writes a note, unless the document has it with this hash already; whether it does.
fn say(replica: &mut Replica, kind: NoteKind, known: Option<Hash>, bytes: Vec<u8>) -> bool {
    let hash = *blake3::hash(&bytes).as_bytes();
    let is_said = known == Some(hash) || replica.work.notes.said.get(&kind) == Some(&hash);
    if is_said || !replica.work.notes.saying.insert(kind) {
        return false;
    }
    replica.work.notes.said.insert(kind, hash);
    replica.ask(Action::Say(kind, bytes));
    true
}

/// The name by which this side signs: what was said when it joined, else the one in the profile of a channel of its own.
fn own_name(replica: &Replica) -> Option<String> {
    let said = replica.shared.document.author.clone();
    said.or_else(|| replica.local.profiles.author.clone().filter(|_| replica.shared.is_owner()))
}

/// Says who the authors are, if this is the owner and there is something else to say than before.
fn name_authors(replica: &mut Replica) {
    let owner = replica.shared.owner();
    let known = owner.and_then(|owner| replica.records.names.get(&owner)).map(|note| note.hash);
    let Some(names) = new_names(replica, known) else {
        return;
    };
    if let Some(bytes) = names.to_bytes()
        && say(replica, NoteKind::Names, known, bytes)
    {
        replica.authorship.said_names = Some(names);
    }
}

/// What the owner has to say of the authors now, if this is the owner and that is not what its note with this hash says already.
fn new_names(replica: &Replica, note: Option<Hash>) -> Option<OwnerNames> {
    let (shared, records, known) = (&replica.shared, &replica.records, &replica.authorship);
    // Somebody may have the note that this device wrote before, and it says who came first.
    let is_known = replica.exchange.compared.is_some() && known.read.names == note;
    let is_alone = records.signers.len() < 2 && !known.knows_others_than(shared.me);
    if !is_known || !shared.is_owner() || is_alone {
        return None;
    }
    let mut names = known.names.clone();
    if note.is_none() {
        names.bound = known.bound_before();
        names.bound.remove(&shared.me);
    }
    names.bind(own_name(replica).as_deref(), &claims(&known.notes, records, shared.me));
    decide(&mut names, records, |item, content| known.only_author(item, content));
    let is_old = names == known.names && note.is_some() || names == OwnerNames::default();
    (!is_old).then_some(names)
}

/// A note of this device was to be written.
pub fn said(replica: &mut Replica, kind: NoteKind, said: Result<Published, String>) {
    replica.work.notes.saying.remove(&kind);
    match said {
        Ok(Published { hash, len, time, .. }) => {
            replica.records.put_own_note(kind, Note { author: replica.shared.me, hash, len, time });
            replica.exchange.announcements.changed();
            if kind == NoteKind::Names
                && let Some(names) = replica.authorship.said_names.take()
            {
                replica.authorship.names = names;
                replica.authorship.read.names = Some(hash);
            }
            (replica.todo.notes, replica.todo.authors) = (true, true);
        }
        Err(error) => {
            replica.work.notes.said.remove(&kind);
            let what = match kind {
                NoteKind::Author => "the name that you sign with can't be published",
                NoteKind::Names => "the authors' names can't be published",
                NoteKind::Moved => "readers can't be told by which key the channel was replaced",
            };
            replica.condition.problem(format!("{what}: {error}"));
        }
    }
}

/// Writes down who wrote what, where that is not all one's own or all the owner's. In an inbox nothing is one's own, whatever is
/// written down.
pub fn write_authors(replica: &mut Replica) {
    if replica.work.is_writing_authors || !std::mem::take(&mut replica.todo.authors) {
        return;
    }
    if !replica.authorship.has_several_authors(replica.view()) && replica.authorship.written.is_none() {
        return;
    }
    let my_name = replica.local.profiles.my_name.as_deref();
    let authors = replica.authorship.authors_file(replica.view(), my_name);
    if replica.authorship.is_written && replica.authorship.written.as_ref() == Some(&authors) {
        return;
    }
    replica.work.is_writing_authors = true;
    replica.authorship.written = Some(authors.clone());
    replica.ask(Action::WriteAuthors(Box::new(authors)));
}

/// `.authors.toml` was to be written.
pub fn authors_written(replica: &mut Replica, done: Result<(), String>) {
    replica.work.is_writing_authors = false;
    // It is tried again when everything is looked at.
    replica.authorship.is_written = done.is_ok() || !replica.shared.is_own_box();
    match done {
        Ok(()) => replica.todo.release(),
        Err(error) => {
            replica.condition.problem(format!(
                "the file `.authors.toml` can't be written, so no messages of others are put into the outbox: {error}"
            ));
            if replica.shared.is_own_box() {
                let held = std::mem::take(&mut replica.todo.held);
                replica.todo.later.extend(held);
            } else {
                replica.todo.release();
            }
        }
    }
}

/// Whether files of others may be put into the box now, by what is written down of their authors.
pub fn may_place(replica: &mut Replica) -> bool {
    let is_told = replica.authorship.is_written
        || !replica.shared.is_own_box()
        || !(replica.authorship.has_several_authors(replica.view()) || replica.authorship.written.is_some());
    // It could not be written a moment ago, and is tried again.
    replica.todo.authors |= !is_told;
    is_told && !replica.work.is_writing_authors
}

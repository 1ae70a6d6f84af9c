//! What a replica asked for and is being done, one step after the other: between any two of them the power may fail.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::action::{Action, Placement, Publication};
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::deletion::Retraction;
use crate::sync::replica::event::{Event, Published};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::simulation::computer::Wish;
use crate::sync::replica::simulation::folder::File;
use crate::sync::replica::simulation::ledger::Rule;
use crate::sync::replica::simulation::world::{Task, World};
use crate::sync::replica::trash::DeletedBy;

/// One step of something, and what comes after it.
#[derive(Debug)]
pub(super) enum Job {
    List(Option<BTreeSet<OsString>>),
    Read(Item),
    CheckStore(Vec<(Item, Hash)>),
    Keep(Item, Hash),
    Reload,
    Publish(VecDeque<Publication>),
    /// The file was read.
    PublishStore(VecDeque<Publication>, File),
    PublishEnter(VecDeque<Publication>, File),
    Retract(Retraction),
    Say(NoteKind, Vec<u8>),
    SayEnter(NoteKind, Published),
    Place(VecDeque<Placement>),
    /// What is replaced was copied to the trash.
    PlaceWrite(VecDeque<Placement>, Option<StatFingerprint>),
    Remove(Item, StatFingerprint, DeletedBy),
    PutAside(Item),
    GiveWay(Stamp),
    /// The folder of the attachments has its new name, the text not yet.
    GiveWayText(Stamp, Stamp),
    WriteAuthors(Box<Authors>),
    TidyTrash(DeletedBy, u64),
}

impl World {
    /// A replica hears the answer about a file: nothing is being done about it from then on.
    pub(super) fn hears(&mut self, at: usize, event: &Event) {
        if let Some(item) = item_of(event) {
            self.computers[at].busy.remove(&item);
        }
    }

    /// Begins what a replica wants done.
    pub(super) fn carry_out(&mut self, at: usize, action: Action) {
        if is_loud(&action) {
            self.loud += u64::from(self.is_healed);
        }
        self.check_rules(at, &action);
        let job = match action {
            Action::List(names) => Job::List(names),
            Action::Read(item) => Job::Read(item),
            Action::CheckStore(of) => Job::CheckStore(of),
            Action::Keep(item, hash) => Job::Keep(item, hash),
            Action::Reload => Job::Reload,
            Action::Publish(publications) => Job::Publish(attachments_first(publications, |one| &one.item)),
            Action::Retract(deleted) => {
                let computer = &mut self.computers[at];
                if computer.state.book.delete_all {
                    computer.taken.insert(deleted.item.clone());
                }
                Job::Retract(deleted)
            }
            Action::Say(kind, bytes) => Job::Say(kind, bytes),
            Action::Place(placements) => Job::Place(attachments_first(placements, |one| &one.item)),
            Action::Remove { item, stat, by } => Job::Remove(item, stat, by),
            Action::PutAside(item) => Job::PutAside(item),
            Action::GiveWay(stamp) => Job::GiveWay(stamp),
            Action::WriteAuthors(authors) => Job::WriteAuthors(authors),
            Action::TidyTrash { by, most } => Job::TidyTrash(by, most),
            Action::Fetch { hash, len, .. } => {
                return self.wish(at, hash, Wish { len, is_file: true, note: None });
            }
            Action::ReadNote { kind, hash, len } => {
                return self.wish(at, hash, Wish { len, is_file: false, note: Some(kind) });
            }
            Action::Save(log, write) => return self.save(at, log, write),
            Action::Note(change) => return self.note_in_book(at, &change),
            Action::Dial(peers) => return self.dial(at, &peers),
            Action::Ask(peers) => {
                self.computers[at].asks = peers.iter().map(|provider| provider.peer.device).collect();
                return self.fetch_soon(at);
            }
            Action::Leave => return self.leave(at),
        };
        self.go_on(at, job);
    }

    /// The next step comes after a moment.
    pub(super) fn go_on(&mut self, at: usize, job: Job) {
        let (pause, epoch) = (self.moment(), self.computers[at].epoch);
        self.after(pause, Task::Work(at, epoch, job));
    }

    /// The answer comes after a moment.
    pub(super) fn answer(&mut self, at: usize, event: Event) {
        let (pause, epoch) = (self.moment(), self.computers[at].epoch);
        self.after(pause, Task::Tell(at, epoch, event));
    }

    /// Each file has one action at most, and the box is not listed meanwhile.
    fn check_rules(&mut self, at: usize, action: &Action) {
        let items: Vec<Item> = match action {
            Action::Read(item)
            | Action::Keep(item, _)
            | Action::PutAside(item)
            | Action::Retract(Retraction { item, .. })
            | Action::Remove { item, .. } => vec![item.clone()],
            Action::Publish(publications) => publications.iter().map(|one| one.item.clone()).collect(),
            Action::Place(placements) => placements.iter().map(|one| one.item.clone()).collect(),
            Action::GiveWay(stamp) => vec![Item::text(*stamp)],
            Action::List(_) => {
                if let Some(item) = self.computers[at].busy.first().cloned() {
                    self.violated(Rule::Protocol, at, format!("it lists the box while something is done about {item}"));
                }
                return;
            }
            _ => return,
        };
        if let Action::Place(placements) = action {
            self.check_order(at, placements);
        }
        for item in items {
            if !self.computers[at].busy.insert(item.clone()) {
                self.violated(Rule::Protocol, at, format!("two things are done about {item} at once: {action:?}"));
            }
        }
    }

    pub(super) fn do_step(&mut self, at: usize, job: Job) {
        match job {
            Job::List(names) => self.list(at, names),
            Job::Read(item) => self.read(at, item),
            Job::CheckStore(of) => self.check_store(at, of),
            Job::Keep(item, hash) => self.keep(at, item, &hash),
            Job::Reload => self.reload(at),
            Job::Publish(rest) => self.publish_read(at, rest),
            Job::PublishStore(rest, file) => self.publish_store(at, rest, file),
            Job::PublishEnter(rest, file) => self.publish_enter(at, rest, file),
            Job::Retract(deleted) => self.retract(at, deleted),
            Job::Say(kind, bytes) => self.say_store(at, kind, &bytes),
            Job::SayEnter(kind, published) => self.say_enter(at, kind, published),
            Job::Place(rest) => self.place_copy(at, rest),
            Job::PlaceWrite(rest, replaces) => self.place_write(at, rest, replaces),
            Job::Remove(item, stat, by) => self.remove(at, item, stat, by),
            Job::PutAside(item) => self.put_aside(at, item),
            Job::GiveWay(stamp) => self.give_way(at, stamp),
            Job::GiveWayText(from, to) => self.give_way_text(at, from, to),
            Job::WriteAuthors(authors) => self.write_authors(at, *authors),
            Job::TidyTrash(by, most) => self.tidy_trash(at, by, most),
        }
    }
}

/// The file that an answer is about.
fn item_of(event: &Event) -> Option<Item> {
    match event {
        Event::Read(item, _)
        | Event::Kept(item, _)
        | Event::Published(item, _)
        | Event::Placed(item, _)
        | Event::Removed(item, _)
        | Event::PutAside(item, _)
        | Event::Retracted(Retraction { item, .. }, _) => Some(item.clone()),
        Event::GaveWay(stamp, _) => Some(Item::text(*stamp)),
        _ => None,
    }
}

/// Attachments before texts.
fn attachments_first<T>(mut all: Vec<T>, item: impl Fn(&T) -> &Item) -> VecDeque<T> {
    all.sort_by_key(|one| item(one).is_text());
    all.into()
}

/// Whether a quiet world does not do this.
fn is_loud(action: &Action) -> bool {
    !matches!(
        action,
        Action::Save(..)
            | Action::Dial(_)
            | Action::Ask(_)
            | Action::List(_)
            | Action::CheckStore(_)
            | Action::Reload
            | Action::TidyTrash { .. }
    )
}

//! The hands over a document in memory: entries, contents in the store, logs, the book of keys.

use std::collections::VecDeque;

use crate::sync::keys::document::AuthorKey;
use crate::sync::replica::action::{BookChange, Publication};
use crate::sync::replica::deletion::{Deletion, Retraction};
use crate::sync::replica::event::{Event, Log, NotPublished, NotRetracted, Published};
use crate::sync::replica::item::Item;
use crate::sync::replica::item_log::Write;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::records::{ReceivedEntry, Records};
use crate::sync::replica::simulation::content::{Content, EMPTY_MARK};
use crate::sync::replica::simulation::engine::{Place, Stored};
use crate::sync::replica::simulation::folder::File;
use crate::sync::replica::simulation::hands_box::LARGE;
use crate::sync::replica::simulation::work::Job;
use crate::sync::replica::simulation::world::{Task, World};

impl World {
    pub(super) fn check_store(&mut self, at: usize, of: Vec<(Item, Hash)>) {
        let computer = &self.computers[at];
        let missing = of.into_iter().filter(|(_, hash)| computer.stored(hash).is_none()).map(|(item, _)| item);
        let missing: Vec<Item> = missing.collect();
        if !missing.is_empty() {
            self.answer(at, Event::NotStored(missing));
        }
    }

    pub(super) fn reload(&mut self, at: usize) {
        let state = &self.computers[at].state;
        let mut records = Records::new(state.book.owner.map(|owner| owner.0));
        for entry in state.entries.all.values() {
            records.put(&entry.entry());
        }
        self.answer(at, Event::Loaded(Box::new(records)));
    }

    /// Brings a file's content into the store: a copy of what is small, a reference to what is large.
    pub(super) fn store_file(&mut self, at: usize, item: &Item, content: Content) {
        if content.len == 0 {
            return;
        }
        let computer = &mut self.computers[at];
        let is_own = computer.state.store.get(&content.hash).is_some_and(|stored| stored.place == Place::Own);
        let place =
            if content.len > LARGE && !is_own { Place::Box(computer.folder.root, item.clone()) } else { Place::Own };
        computer.state.store.insert(content.hash, Stored { len: content.len, place, is_flushed: false });
    }

    fn store_bytes(&mut self, at: usize, bytes: &[u8]) -> Content {
        let content = self.catalog.of_bytes(bytes);
        let stored = Stored { len: content.len, place: Place::Own, is_flushed: false };
        self.computers[at].state.store.insert(content.hash, stored);
        content
    }

    /// The store gets a copy of its own.
    pub(super) fn own_file(&mut self, at: usize, content: Content) {
        let stored = Stored { len: content.len, place: Place::Own, is_flushed: false };
        self.computers[at].state.store.insert(content.hash, stored);
    }

    pub(super) fn publish_read(&mut self, at: usize, mut rest: VecDeque<Publication>) {
        let Some(publication) = rest.front().cloned() else {
            return;
        };
        let file = self.computers[at].folder.seen(&publication.item).copied();
        let is_there = self.computers[at].folder.is_there;
        let not = match file {
            Some(file) if is_there && !self.random.percent(2) => {
                return self.go_on(at, Job::PublishStore(rest, file));
            }
            Some(_) if is_there => NotPublished::Unread("it keeps changing while it is read".to_owned()),
            _ => NotPublished::Gone,
        };
        rest.pop_front();
        self.answer(at, Event::Published(publication.item, Err(not)));
        self.go_on(at, Job::Publish(rest));
    }

    pub(super) fn publish_store(&mut self, at: usize, mut rest: VecDeque<Publication>, file: File) {
        let item = rest.front().unwrap().item.clone();
        // What is referred to and changes while it is read is no content of anything.
        let has_changed = file.content.len > LARGE && self.computers[at].content(&item) != Some(file.content);
        if self.computers[at].is_disk_full || has_changed {
            rest.pop_front();
            let why = if has_changed { "it keeps changing while it is read" } else { "the disk is full" };
            self.answer(at, Event::Published(item, Err(NotPublished::Unread(why.to_owned()))));
            return self.go_on(at, Job::Publish(rest));
        }
        if file.content.len == 0 {
            self.store_bytes(at, EMPTY_MARK);
        } else {
            self.store_file(at, &item, file.content);
        }
        self.go_on(at, Job::PublishEnter(rest, file));
    }

    pub(super) fn publish_enter(&mut self, at: usize, mut rest: VecDeque<Publication>, file: File) {
        let publication = rest.pop_front().unwrap();
        let item = publication.item.clone();
        let is_empty = file.content.len == 0;
        let has_other = if is_empty { publication.has_content_entry } else { publication.has_empty_entry };
        let is_deleted = !has_other || self.enter(at, item.key(!is_empty), gone(Deletion::Deleted)).is_ok();
        let mark = self.catalog.of_bytes(EMPTY_MARK);
        let content = if is_empty { mark } else { file.content };
        let entered = if is_deleted { self.enter(at, item.key(is_empty), content) } else { Err("late".to_owned()) };
        let published = match entered {
            Ok(time) => {
                let Content { hash, len } = content;
                Ok(Published { stat: Some(file.stat), hash, len, empty: is_empty, time })
            }
            Err(why) => Err(NotPublished::Refused(why)),
        };
        self.answer(at, Event::Published(item, published));
        self.go_on(at, Job::Publish(rest));
    }

    pub(super) fn retract(&mut self, at: usize, retraction: Retraction) {
        let Retraction { item, says, empty, both_keys, beside } = &retraction;
        let folder = &self.computers[at].folder;
        let retracted = if folder.seen(item).is_some() || !folder.is_there {
            Err(NotRetracted::Back)
        } else if beside.as_ref().is_some_and(|beside| folder.seen(beside).is_none()) {
            Err(NotRetracted::AllGone)
        } else {
            self.check_retracted(at, item, *says);
            let other = if *both_keys { self.enter(at, item.key(!empty), gone(*says)).map(drop) } else { Ok(()) };
            let entered = other.and_then(|()| self.enter(at, item.key(*empty), gone(*says)));
            entered.map_err(NotRetracted::Refused)
        };
        self.answer(at, Event::Retracted(retraction, retracted));
    }

    pub(super) fn say_store(&mut self, at: usize, kind: NoteKind, bytes: &[u8]) {
        if self.computers[at].is_disk_full {
            return self.answer(at, Event::Said(kind, Err("the disk is full".to_owned())));
        }
        let content = self.store_bytes(at, bytes);
        let time = self.wall(at);
        let published = Published { stat: None, hash: content.hash, len: content.len, empty: false, time };
        self.go_on(at, Job::SayEnter(kind, published));
    }

    pub(super) fn say_enter(&mut self, at: usize, kind: NoteKind, published: Published) {
        let content = Content { hash: published.hash, len: published.len };
        let entered = self.enter(at, kind.key().bytes(), content);
        self.answer(at, Event::Said(kind, entered.map(|time| Published { time, ..published })));
    }

    /// Makes an entry of this device, and tells all neighbours; gives its time.
    pub(super) fn enter(&mut self, at: usize, key: Vec<u8>, content: Content) -> Result<u64, String> {
        let time = self.wall(at);
        let computer = &mut self.computers[at];
        if computer.is_disk_full {
            return Err("the disk is full".to_owned());
        }
        let Content { hash, len } = content;
        let entry = ReceivedEntry { author: computer.state.me, key, hash, len, time, is_remote: true };
        if !computer.state.entries.insert(entry.clone()) {
            return Err("a newer entry is there".to_owned());
        }
        computer.made.insert((entry.key.clone(), entry.time));
        computer.said.insert((entry.key.clone(), hash), self.time);
        self.ledger.entered += 1;
        self.stir();
        self.witness(at, &entry);
        self.broadcast(at, &entry);
        Ok(time)
    }

    pub(super) fn save(&mut self, at: usize, log: Log, write: Write) {
        if self.computers[at].is_disk_full {
            return self.answer(at, Event::NotSaved(log, "the disk is full".to_owned()));
        }
        self.computers[at].state.log(log).write(write);
    }

    pub(super) fn note_in_book(&mut self, at: usize, change: &BookChange) {
        if self.computers[at].is_disk_full {
            return self.answer(at, Event::NotNoted("the disk is full".to_owned()));
        }
        let book = &mut self.computers[at].state.book;
        match change {
            BookChange::Owner(owner) => book.owner = book.owner.or(Some(AuthorKey(*owner))),
            BookChange::Moved(key) => book.moved = Some(key.clone()),
            BookChange::DeletedAll => book.delete_all = false,
            BookChange::ReturnAnswered => book.returned = None,
        }
        self.read_book(at);
    }

    /// The program notices that the book of keys was changed.
    pub(super) fn read_book(&mut self, at: usize) {
        let (pause, epoch) = (self.moment(), self.computers[at].epoch);
        let book = Box::new(self.computers[at].state.book.clone());
        self.after(pause, Task::Tell(at, epoch, Event::Book(book)));
    }
}

/// What the entry of a deletion has for its content.
pub(super) fn gone(says: Deletion) -> Content {
    Content { hash: says.hash(), len: says.mark().len() as u64 }
}

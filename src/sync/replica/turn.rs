//! One turn of a replica: something happened, and what is to be done now follows from it and from what was known before.
//!
//! An event only changes what is known and what is to be looked at. Then everything that is to be looked at is: the box is listed
//! (and nothing in it changed meanwhile), then each file decided about (`deciding.rs`), towards the document (`publishing.rs`) and
//! towards the box (`placing.rs`).

use std::collections::{BTreeMap, BTreeSet};

use crate::sync::replica::action::{Action, BookChange};
use crate::sync::replica::deciding;
use crate::sync::replica::event::{Event, Listing, NotRead};
use crate::sync::replica::exchange::Stage;
use crate::sync::replica::item::Item;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Step;
use crate::sync::replica::now::Now;
use crate::sync::replica::records::{About, ReceivedEntry, Records};
use crate::sync::replica::trash::{DeletedBy, max_bytes};
use crate::sync::replica::{lasting, meeting, noting, ownership, placing, publishing};

impl Replica {
    /// What is to be done first.
    pub fn start(&mut self, now: Now) -> Vec<Action> {
        self.todo.reload = true;
        self.advance(now);
        std::mem::take(&mut self.work.asked)
    }

    /// Something happened; gives what is to be done now.
    pub fn on(&mut self, event: Event, now: Now) -> Vec<Action> {
        self.on_all([event], now)
    }

    /// All this happened; gives what is to be done now.
    pub fn on_all(&mut self, events: impl IntoIterator<Item = Event>, now: Now) -> Vec<Action> {
        for event in events {
            self.take_in(event, now);
        }
        self.advance(now);
        lasting::save(self);
        std::mem::take(&mut self.work.asked)
    }

    fn take_in(&mut self, event: Event, now: Now) {
        self.condition.is_reported &= matches!(event, Event::Tick(_)) && self.wanted.files.is_empty();
        match event {
            Event::Touched(touched) => self.todo.touched(touched),
            Event::Listed(listed) => self.listed(listed),
            Event::Read(item, read) => match read {
                Ok(read) => {
                    self.work.end(&item);
                    self.local.note_read(&item, read);
                    self.todo.again(item);
                }
                Err(why) => self.not_read(item, why),
            },
            Event::Kept(item, kept) => match kept {
                Ok(read) => {
                    self.end(&item);
                    // It may hold something else by now.
                    self.local.note_read(&item, read);
                    self.todo.again(item);
                }
                Err(why) => self.not_read(item, why),
            },
            Event::NotStored(items) => self.todo.lost.extend(items),
            Event::Entries(entries) => entries.iter().for_each(|entry| self.entry_came(entry)),
            Event::Loaded(records) => self.loaded(*records, now),
            Event::Compared(comparison) => meeting::compared(self, comparison, now),
            Event::Met { peer, is_neighbour } => meeting::met(self, peer, is_neighbour, now),
            Event::Lost(device) => meeting::lost(self, device),
            Event::Fetched(hash, fetched) => placing::fetched(self, hash, fetched),
            Event::Note(kind, hash, bytes) => noting::read(self, kind, hash, bytes),
            Event::Said(kind, said) => noting::said(self, kind, said),
            Event::Published(item, done) => publishing::published(self, &item, done, now),
            Event::Retracted(item, done) => publishing::retracted(self, &item, done),
            Event::Restated(item, done) => publishing::restated(self, &item, done),
            Event::GaveWay(stamp, done) => publishing::gave_way(self, stamp, done),
            Event::Placed(item, done) => placing::placed(self, &item, done),
            Event::Removed(item, done) => placing::removed(self, &item, done),
            Event::PutAside(item, done) => placing::was_put_aside(self, &item, done),
            Event::AuthorsWritten(done) => noting::authors_written(self, done),
            Event::NotSaved(log, why) => lasting::not_saved(self, log, why),
            Event::TrashTidied(done) => {
                self.work.is_tidying = false;
                if let Err(error) = done {
                    self.condition.problem(format!("old files can't be removed from the trash: {error}"));
                }
            }
            Event::NotNoted(why) => self.condition.problem(why),
            Event::Book(document) => {
                document.peers.iter().cloned().for_each(|peer| self.exchange.peers.add(peer));
                self.shared.document = *document;
                self.records.owner = self.shared.owner();
                self.todo.everything = true;
            }
            Event::Tick(surroundings) => {
                self.exchange.surroundings = surroundings;
                self.tick(now);
            }
        }
    }

    fn tick(&mut self, now: Now) {
        self.work.not_saved.clear();
        self.wanted.claimed = 0;
        meeting::tick(self, now);
        self.todo.wake();
        let calmed = self.condition.flips.expire(now.monotonic);
        let with_room = placing::with_room(self);
        self.todo.items.extend(calmed.into_iter().chain(with_room));
        self.tidy_trash(now);
    }

    fn tidy_trash(&mut self, now: Now) {
        let most = max_bytes(self.shared.limits.channel);
        if self.work.is_tidying || !self.trash.is_due(now.monotonic, most) {
            return;
        }
        self.trash.tidied(now.monotonic);
        self.work.is_tidying = true;
        let by = if self.shared.is_own_box() { DeletedBy::Others } else { DeletedBy::Inbox };
        self.ask(Action::TidyTrash { by, most });
    }

    fn not_read(&mut self, item: Item, why: NotRead) {
        self.end(&item);
        match why {
            NotRead::Gone => self.todo.list_again(&item),
            NotRead::Failed(error) => self.condition.problem(format!("{item} can't be read: {error}")),
        }
    }

    fn listed(&mut self, listed: Result<Listing, String>) {
        self.work.is_listing = false;
        match listed {
            Ok(listing) => {
                let is_whole = listing.names.is_none();
                let touched = self.local.list(listing);
                self.todo.items.extend(touched);
                self.todo.notes = true;
                self.condition.unlisted = None;
                if is_whole {
                    self.look_at_everything();
                }
            }
            // The watch over the box, or the next look at everything, tells when that is over.
            Err(why) => {
                self.todo.items.clear();
                self.condition.unlisted = Some(why);
            }
        }
    }

    fn look_at_everything(&mut self) {
        self.condition.clear_problems();
        self.wanted.refused.clear();
        self.authorship.is_written = false;
        self.todo.authors = true;
        self.work.is_answering = self.shared.document.returned.is_some();
        let baseline = self.local.baseline.files().keys();
        let all = self.local.tree.files.keys().chain(self.records.items()).chain(baseline);
        self.todo.items.extend(all.cloned());
    }

    fn entry_came(&mut self, received: &ReceivedEntry) {
        if self.has_too_many_entries() {
            return;
        }
        if received.is_remote {
            self.exchange.own_key.notice(received, &self.shared, &self.records);
        }
        match self.records.put(&received.entry()) {
            About::File(item) => {
                self.wanted.let_go(&item, self.records.latest(&item).map(|record| record.hash));
                self.todo.again(item);
            }
            About::Note => self.todo.notes = true,
            About::Nothing => {}
        }
        self.todo.authors = true;
    }

    fn loaded(&mut self, records: Records, now: Now) {
        self.work.is_loading = false;
        let is_first = self.exchange.stage == Stage::Unread;
        if is_first {
            self.exchange.stage = Stage::Read;
        }
        self.records.merge(records);
        if !is_first && self.exchange.compared.is_none() && self.records.newest > 0 {
            self.exchange.compared = Some(now.seconds());
        }
        self.todo.items.extend(self.records.items().cloned());
        (self.todo.notes, self.todo.authors) = (true, true);
        meeting::begin(self, now);
    }

    /// Sees to what is to be looked at.
    fn advance(&mut self, now: Now) {
        if self.todo.reload && !self.work.is_loading {
            self.todo.reload = false;
            self.work.is_loading = true;
            self.ask(Action::Reload);
        }
        if self.todo.wants_listing() {
            // What is older than a change of the box would be taken for another change.
            if self.work.is_idle() && !self.work.is_listing {
                self.work.is_listing = true;
                let names = self.todo.take_listing();
                self.ask(Action::List(names));
            }
            return;
        }
        if self.work.is_listing || !self.is_known() || self.has_too_many_entries() || self.condition.unlisted.is_some()
        {
            return;
        }
        if publishing::points_on(self) {
            return;
        }
        self.look(now);
        self.use_up_answer();
    }

    /// Looks at files, and decides about each of them.
    fn look(&mut self, now: Now) {
        self.check_store();
        let items: BTreeSet<Item> = std::mem::take(&mut self.todo.items);
        if !items.is_empty() {
            noting::note_signers(self, &items, now);
            let mut items = items;
            if self.pin_owner() {
                items.extend(self.records.hidden().cloned());
            }
            self.condition.question = publishing::question(&self.shared, &self.local);
            items.retain(|item| !self.work.must_wait(item));
            publishing::give_way(self, &mut items, now);
            let steps: BTreeMap<Item, Step> = items
                .into_iter()
                .filter_map(|item| deciding::decide(self, &item, now).map(|step| (item, step)))
                .collect();
            publishing::publish(self, &steps);
            noting::write_authors(self);
            placing::bring(self, steps, now);
            self.condition.asked = deciding::question(self);
        }
        self.keep_lost();
        if std::mem::take(&mut self.todo.notes) {
            noting::learn(self);
            noting::speak(self);
        }
        noting::write_authors(self);
    }

    /// Asks once whether the store has what box and document agree on.
    fn check_store(&mut self) {
        if std::mem::replace(&mut self.local.is_store_checked, true) {
            return;
        }
        publishing::confirm_deletions(self);
        let has = |item: &Item| self.local.tree.files.contains_key(item);
        let files = self.local.baseline.files().iter().filter(|(item, file)| has(item) && !file.stat.is_empty());
        let files: Vec<(Item, [u8; 32])> = files.map(|(item, file)| (item.clone(), file.hash)).collect();
        if !files.is_empty() {
            self.ask(Action::CheckStore(files));
        }
    }

    /// Brings into the store again what it has lost and the box still has.
    fn keep_lost(&mut self) {
        for item in std::mem::take(&mut self.todo.lost) {
            if self.work.is_busy_with(&item) {
                self.todo.lost.insert(item);
            } else if self.local.tree.files.contains_key(&item) {
                self.work.begin(&item, None);
                self.ask(Action::Keep(item));
            }
        }
    }

    /// Finds out whose the document is, where nobody has said so; whether that is known now and was not before.
    fn pin_owner(&mut self) -> bool {
        if self.shared.document.owner.is_some() {
            return false;
        }
        let is_compared = self.exchange.compared.is_some();
        let Some(owner) = ownership::first_owner(&self.shared, &self.records, &self.local.baseline, is_compared) else {
            return false;
        };
        self.records.owner = Some(owner);
        self.shared.pin_owner(owner);
        self.ask(Action::Note(BookChange::Owner(owner)));
        true
    }

    /// The answer about files that came back counts for all that are there, and for no others.
    fn use_up_answer(&mut self) {
        if self.work.is_answering && self.work.is_idle() && self.todo.items.is_empty() && self.todo.held.is_empty() {
            self.work.is_answering = false;
            self.shared.document.returned = None;
            self.ask(Action::Note(BookChange::ReturnAnswered));
        }
    }
}

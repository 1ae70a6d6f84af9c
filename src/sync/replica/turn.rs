//! One turn of a replica: something happened, and what is to be done now follows from it and from what was known before.
//!
//! An event only changes what is known and what is to be looked at. Then everything that is to be looked at is: the box is listed
//! (and nothing in it changed meanwhile), then each file decided about (`deciding.rs`), towards the document (`publishing.rs`) and
//! towards the box (`placing.rs`).

use std::collections::{BTreeMap, BTreeSet};

use crate::sync::replica::action::{Action, BookChange};
use crate::sync::replica::deciding;
use crate::sync::replica::event::{Event, FileRead, Listing, NotRead};
use crate::sync::replica::exchange::Stage;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::local::Checked;
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
        self.notice_unsure();
        if !self.is_open(now) {
            self.todo.notes |= self.authorship.settle();
        }
        if self.exchange.take_settled(now.monotonic) && self.shared.document.owner.is_none() {
            self.todo.items.insert(Item::profile());
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
                Err(why) => self.not_read(&item, why),
            },
            Event::Kept(item, kept) => match kept {
                Ok(read) => self.kept(item, read),
                Err(NotRead::Failed(error)) => {
                    self.end(&item);
                    self.condition.problem(format!("{item} can't be sent to new readers: {error}"));
                    self.todo.unkept.insert(item);
                }
                Err(why) => self.not_read(&item, why),
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
            Event::Retracted(retraction, done) => publishing::retracted(self, &retraction, done),
            Event::GaveWay(stamp, done) => publishing::gave_way(self, stamp, done),
            Event::Placed(item, done) => placing::placed(self, &item, done),
            Event::Removed(item, done) => placing::removed(self, &item, done),
            Event::PutAside(item, done) => placing::was_put_aside(self, &item, done),
            Event::AuthorsWritten(done) => noting::authors_written(self, done),
            Event::NotSaved(log, why) => lasting::not_saved(self, log, why),
            Event::TrashTidied(done) => {
                self.work.is_tidying = false;
                if let Err(error) = done {
                    self.condition.remark(format!("old files can't be removed from the trash: {error}"));
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

    /// A file was brought into the store.
    fn kept(&mut self, item: Item, read: FileRead) {
        self.end(&item);
        match self.local.baseline.get(&item).copied() {
            // One more name of a file is a change of the file, though not of its content.
            Some(agreed) if agreed.hash == read.hash => self.agree(&item, read.hash, &read.stat, agreed.ours),
            // It holds something else by now.
            _ => {
                self.local.note_read(&item, read);
                self.todo.again(item);
            }
        }
    }

    fn not_read(&mut self, item: &Item, why: NotRead) {
        self.end(item);
        match why {
            NotRead::Gone => self.todo.list_again(item),
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
                // What was to be looked at while the box could not be listed was left to this.
                let was_unlisted = self.condition.unlisted.take().is_some();
                if is_whole {
                    self.look_at_everything();
                } else {
                    self.todo.everything |= was_unlisted;
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
        if self.local.checked == Checked::All {
            self.local.checked = Checked::AllBefore;
        }
        self.wanted.refused.clear();
        self.todo.lost.append(&mut self.todo.unkept);
        self.authorship.is_written = false;
        self.todo.authors = true;
        self.work.is_answering = self.shared.document.returned.is_some() || self.shared.document.delete_all;
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
        // On which device somebody writes may be known from their note already.
        self.todo.notes |= !self.records.signers.contains_key(&received.author);
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
        let is_unsure = self.notice_read(&records, is_first);
        self.records.merge(records, |item, record| {
            is_unsure.contains(&item.key(record.empty)) && record.author == self.shared.me
        });
        if !is_first && self.exchange.compared.is_none() && self.records.newest > 0 {
            self.exchange.compared = Some(now.seconds());
        }
        self.todo.items.extend(self.records.items().cloned());
        (self.todo.notes, self.todo.authors) = (true, true);
        meeting::begin(self, now);
    }

    /// Looks at this device's entries of all that were read; gives the keys of those that something may be entered for just now, which
    /// may be this.
    fn notice_read(&mut self, read: &Records, is_first: bool) -> BTreeSet<Vec<u8>> {
        let mut unsure = BTreeSet::new();
        let me = self.shared.me;
        for item in read.items().filter(|_| !is_first) {
            for record in
                read.of(item, me).filter(|record| !self.records.of(item, me).any(|own| own.is_at_least(record)))
            {
                let entry = record.received(item);
                if self.work.is_busy_with(item) {
                    unsure.insert(entry.key.clone());
                    self.exchange.own_key.unsure.push(entry);
                } else {
                    self.exchange.own_key.notice(&entry, &self.shared, &self.records);
                }
            }
        }
        unsure
    }

    /// Looks at entries that were read while something was entered for their files, where that is over.
    fn notice_unsure(&mut self) {
        if self.exchange.own_key.unsure.is_empty() {
            return;
        }
        let is_busy = |entry: &ReceivedEntry| matches!(Key::parse(&entry.key), Some(Key::File { item, .. }) if self.work.is_busy_with(&item));
        let (busy, over): (Vec<_>, Vec<_>) = self.exchange.own_key.unsure.drain(..).partition(is_busy);
        self.exchange.own_key.unsure = busy;
        for entry in over {
            self.exchange.own_key.notice(&entry, &self.shared, &self.records);
            if let About::File(item) = self.records.put(&entry.entry()) {
                self.todo.again(item);
            }
        }
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
        self.use_up_answers();
    }

    /// Looks at files, and decides about each of them.
    fn look(&mut self, now: Now) {
        self.check_store();
        let items: BTreeSet<Item> = std::mem::take(&mut self.todo.items);
        if !items.is_empty() {
            noting::note_signers(self, &items, now);
            let mut items = items;
            if self.pin_owner(now) {
                items.extend(self.records.hidden().cloned());
            }
            self.condition.question = publishing::question(&self.shared, &self.local);
            items.retain(|item| !self.work.must_wait(item));
            publishing::give_way(self, &mut items, now);
            let steps: BTreeMap<Item, Step> = items
                .into_iter()
                .filter_map(|item| deciding::decide(self, &item, now).map(|step| (item, step)))
                .collect();
            publishing::publish(self, &steps, now);
            noting::write_authors(self);
            placing::bring(self, steps, now);
            self.condition.asked = deciding::question(self);
        }
        self.keep_lost();
        if std::mem::take(&mut self.todo.notes) {
            noting::learn(self);
            meeting::authors_known(self);
            noting::speak(self);
        }
        noting::write_authors(self);
    }

    /// Asks whether the store has what box and document agree on: of everything once, and of what is large, which the store may only
    /// refer to, whenever everything is looked at.
    fn check_store(&mut self) {
        let least = match self.local.checked {
            Checked::Nothing => 1,
            Checked::All => return,
            Checked::AllBefore => placing::LARGE + 1,
        };
        if self.local.checked == Checked::Nothing {
            publishing::confirm_deletions(self);
        }
        self.local.checked = Checked::All;
        let has = |item: &Item| self.local.tree.files.contains_key(item);
        let files = self.local.baseline.files().iter().filter(|(item, file)| file.stat.len() >= least && has(item));
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
            } else if self.local.tree.files.contains_key(&item)
                && let Some(hash) = self.local.baseline.get(&item).map(|agreed| agreed.hash)
            {
                self.work.begin(&item, None);
                self.ask(Action::Keep(item, hash));
            }
        }
    }

    /// Finds out whose the document is, where nobody has said so; whether that is known now and was not before.
    fn pin_owner(&mut self, now: Now) -> bool {
        if self.shared.document.owner.is_some() {
            return false;
        }
        // The entries of others may still be on their way.
        let is_compared = self.exchange.compared.is_some() && !self.is_open(now);
        let Some(owner) = ownership::first_owner(&self.shared, &self.records, &self.local.baseline, is_compared) else {
            return false;
        };
        self.records.owner = Some(owner);
        self.shared.pin_owner(owner);
        self.ask(Action::Note(BookChange::Owner(owner)));
        true
    }

    /// The answer about files that came back counts for all that are there, and the leave to delete everything for all that are not:
    /// a disk that vanishes later is another question.
    fn use_up_answers(&mut self) {
        let is_done = self.work.is_idle() && self.todo.items.is_empty() && self.todo.held.is_empty();
        if !self.work.is_answering || !is_done {
            return;
        }
        self.work.is_answering = false;
        if self.shared.document.returned.take().is_some() {
            self.ask(Action::Note(BookChange::ReturnAnswered));
        }
        if std::mem::take(&mut self.shared.document.delete_all) {
            self.ask(Action::Note(BookChange::DeletedAll));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::channel::protocol::name::ChannelName;
    use crate::fs::confined::{Kind, Stat};
    use crate::sync::keys::document::{AuthorKey, Document, Returned};
    use crate::sync::replica::baseline::Baseline;
    use crate::sync::replica::deletion::Retraction;
    use crate::sync::replica::event::{Profiles, Published, Surroundings, Touched};
    use crate::sync::replica::limits::Limits;
    use crate::sync::replica::machine::Memory;
    use crate::sync::replica::merge::{Hash, Role};
    use crate::sync::replica::peers::Peers;
    use crate::sync::replica::shared_box::SharedBox;
    use crate::sync::replica::signers::FirstSigners;
    use crate::sync::replica::tree::Tree;

    const ME: [u8; 32] = [7; 32];
    const OTHER: [u8; 32] = [9; 32];
    const TEXT: &str = "2013-08-11T14-34-37Z.txt";
    const PICTURE: &str = "2013-08-11T14-34-37Z/a.jpg";

    /// A replica whose actions are looked at, and answered by hand.
    struct Scene {
        replica: Replica,
        start: Instant,
        seconds: u64,
    }

    fn item(path: &str) -> Item {
        Item::parse(path.as_bytes()).unwrap()
    }

    /// What is said of the text, of which nothing but that is to be done.
    fn retraction(actions: Vec<Action>) -> Retraction {
        let words = format!("{actions:?}");
        match actions.into_iter().next() {
            Some(Action::Retract(gone)) if gone.item == item(TEXT) => gone,
            _ => panic!("{words}"),
        }
    }

    /// How a file looks that was modified in this second.
    fn stat(second: i64) -> Stat {
        let time = second * 1_000_000_000;
        Stat { kind: Kind::File, len: 5, modified: time, changed: time, inode: 1 }
    }

    fn entry(author: [u8; 32], path: &str, hash: Hash, second: u64) -> ReceivedEntry {
        let key = item(path).key(false);
        ReceivedEntry { author, key, hash, len: 5, time: second * 1_000_000, is_remote: true }
    }

    impl Scene {
        /// One whose box has these files and whose document is empty, after both were read.
        fn new(role: Role, files: &[(&str, i64)]) -> Self {
            let mut document = Document::new(ChannelName::parse("c".as_ref()).unwrap(), Side::Outbox, [1; 32]);
            document.owner = Some(AuthorKey(if role == Role::Writer { ME } else { OTHER }));
            if role == Role::Reader {
                document.side = Side::Inbox;
            }
            let shared = SharedBox {
                channel: "c".into(),
                folder: "c/box".into(),
                role,
                me: ME,
                device: [8; 32],
                limits: Limits::default(),
                document,
            };
            let memory = Memory {
                baseline: Baseline::decode(b""),
                signers: FirstSigners::decode(b""),
                peers: Peers::from_json(b"[]", [8; 32]),
                authors: None,
            };
            let start = Instant::now();
            let now = Now { monotonic: start, wall: 0 };
            let mut scene = Self { replica: Replica::new(shared, memory, now), start, seconds: 1000 };
            assert!(matches!(scene.replica.start(now)[..], [Action::Reload, Action::List(None)]));
            scene.on(Event::Tick(Surroundings { free: u64::MAX, is_incoming: false }));
            scene.on(Event::Loaded(Box::new(Records::new(scene.replica.shared.owner()))));
            scene.listed(None, files);
            scene
        }

        fn now(&self) -> Now {
            let since = Duration::from_secs(self.seconds);
            Now { monotonic: self.start + since, wall: self.seconds * 1_000_000 }
        }

        fn on(&mut self, event: Event) -> Vec<Action> {
            let mut actions = self.replica.on(event, self.now());
            actions.retain(|action| {
                !matches!(action, Action::Save(..) | Action::Dial(_) | Action::TidyTrash { .. } | Action::Say(..))
            });
            actions
        }

        fn listed(&mut self, names: Option<BTreeSet<std::ffi::OsString>>, files: &[(&str, i64)]) -> Vec<Action> {
            let files = files.iter().map(|(path, second)| (item(path), stat(*second))).collect();
            let tree = Tree { files, ..Tree::default() };
            self.on(Event::Listed(Ok(Listing { names, tree, profiles: Profiles::default() })))
        }

        /// The box is looked at anew, and has these files.
        fn looks(&mut self, files: &[(&str, i64)]) -> Vec<Action> {
            assert!(matches!(self.on(Event::Touched(Touched::Everything))[..], [Action::List(None)]));
            self.listed(None, files)
        }

        fn published(&mut self, path: &str, hash: Hash, second: i64) -> Vec<Action> {
            let time = self.now().wall;
            let published = Published { stat: Some(stat(second)), hash, len: 5, empty: false, time };
            self.on(Event::Published(item(path), Ok(published)))
        }

        /// A message of one's own was published, and deleted ten seconds later.
        fn deleted() -> Self {
            let mut scene = Self::new(Role::Writer, &[(TEXT, 900), ("2014-08-11T14-34-37Z.txt", 900)]);
            scene.published(TEXT, [1; 32], 900);
            scene.published("2014-08-11T14-34-37Z.txt", [2; 32], 900);
            scene.seconds += 10;
            let actions = scene.looks(&[("2014-08-11T14-34-37Z.txt", 900)]);
            let time = scene.now().wall;
            scene.on(Event::Retracted(retraction(actions), Ok(time)));
            scene.seconds += 10;
            scene
        }

        fn reads(&mut self, path: &str, hash: Hash, second: i64) -> Vec<Action> {
            self.on(Event::Read(
                item(path),
                Ok(crate::sync::replica::event::FileRead { stat: stat(second), hash, is_stored: true }),
            ))
        }
    }

    #[test]
    fn a_file_that_comes_back_older_than_its_deletion_is_a_question() {
        let files = [(TEXT, 900), ("2014-08-11T14-34-37Z.txt", 900)];
        for (answer, wanted) in [(Returned::Publish, "Publish"), (Returned::Discard, "Remove")] {
            let mut scene = Scene::deleted();
            assert!(matches!(&scene.looks(&files)[..], [Action::Read(_)]));
            assert!(scene.reads(TEXT, [1; 32], 900).is_empty(), "nothing is done");
            let question = scene.replica.condition.asks().unwrap().clone();
            assert!(question.contains(TEXT) && question.contains("--yes-discard-returned c"), "{question}");
            assert!(
                scene.on(Event::Tick(Surroundings { free: u64::MAX, is_incoming: false })).is_empty(),
                "and nothing follows"
            );
            let mut document = scene.replica.shared.document.clone();
            document.returned = Some(answer);
            assert!(matches!(scene.on(Event::Book(Box::new(document)))[..], [Action::List(None)]));
            let actions = scene.listed(None, &files);
            assert!(format!("{actions:?}").starts_with(&format!("[{wanted}")), "{actions:?}");
            let ended = match answer {
                Returned::Publish => scene.published(TEXT, [1; 32], 900),
                Returned::Discard => scene.on(Event::Removed(item(TEXT), Ok(()))),
            };
            assert!(ended.iter().any(|action| matches!(action, Action::Note(BookChange::ReturnAnswered))), "{ended:?}");
            assert_eq!(scene.replica.condition.asks(), None);
        }
    }

    #[test]
    fn the_leave_to_delete_everything_is_no_leave_for_a_disk_that_vanishes_later() {
        let files = [(TEXT, 900), ("2014-08-11T14-34-37Z.txt", 900)];
        let mut scene = Scene::new(Role::Writer, &files);
        scene.published(TEXT, [1; 32], 900);
        scene.published("2014-08-11T14-34-37Z.txt", [2; 32], 900);
        let mut document = scene.replica.shared.document.clone();
        document.delete_all = true;
        assert!(matches!(scene.on(Event::Book(Box::new(document)))[..], [Action::List(None)]));
        let used = scene.listed(None, &files);
        assert!(used.iter().any(|action| matches!(action, Action::Note(BookChange::DeletedAll))), "{used:?}");
        assert!(scene.looks(&[]).is_empty() && scene.replica.condition.asks().is_some());
    }

    #[test]
    fn what_was_written_after_the_deletion_is_published() {
        let mut scene = Scene::deleted();
        let files = [(TEXT, 1015), ("2014-08-11T14-34-37Z.txt", 900)];
        assert!(matches!(&scene.looks(&files)[..], [Action::Read(_)]));
        assert!(matches!(&scene.reads(TEXT, [1; 32], 1015)[..], [Action::Publish(_)]));
    }

    #[test]
    fn a_text_appears_after_its_attachments() {
        let mut scene = Scene::new(Role::Reader, &[]);
        let entries = vec![entry(OTHER, TEXT, [1; 32], 5), entry(OTHER, PICTURE, [2; 32], 5)];
        scene.replica.exchange.compared = Some(1);
        let asked = scene.on(Event::Entries(entries));
        assert!(matches!(&asked[..], [Action::Fetch { .. }, Action::Fetch { .. }]), "{asked:?}");
        assert!(scene.on(Event::Fetched([1; 32], Ok(5))).is_empty(), "the text waits");
        let placed = scene.on(Event::Fetched([2; 32], Ok(5)));
        assert!(
            matches!(&placed[..], [Action::Place(files)] if files.len() == 1 && files[0].item == item(PICTURE)),
            "{placed:?}"
        );
        let placed = scene.on(Event::Placed(item(PICTURE), Ok(stat(1000))));
        assert!(matches!(&placed[..], [Action::Place(files)] if files[0].item == item(TEXT)), "{placed:?}");
        assert!(scene.on(Event::Placed(item(TEXT), Ok(stat(1000)))).is_empty());
    }

    #[test]
    fn the_box_is_not_listed_while_a_file_of_it_is_changed() {
        let mut scene = Scene::new(Role::Writer, &[(TEXT, 900)]);
        assert!(scene.on(Event::Touched(Touched::Everything)).is_empty(), "it is being published");
        assert!(matches!(scene.published(TEXT, [1; 32], 900)[..], [Action::List(None)]));
        assert!(scene.listed(None, &[(TEXT, 900)]).iter().all(|action| matches!(action, Action::CheckStore(_))));
    }

    #[test]
    fn a_file_that_changes_its_mind_is_left_alone() {
        let mut scene = Scene::deleted();
        let other = ("2014-08-11T14-34-37Z.txt", 900);
        let mut turns = 0;
        for second in 1020.. {
            scene.seconds = u64::try_from(second).unwrap();
            scene.looks(&[(TEXT, second), other]);
            if scene.reads(TEXT, [1; 32], second).is_empty() {
                break;
            }
            scene.published(TEXT, [1; 32], second);
            let actions = scene.looks(&[other]);
            if actions.is_empty() {
                break;
            }
            let (gone, time) = (retraction(actions), scene.now().wall + 1);
            scene.on(Event::Retracted(gone, Ok(time)));
            turns += 1;
            assert!(turns < 5);
        }
        assert!(scene.replica.condition.restless().unwrap().contains(TEXT));
    }

    /// A reader whose box has a message that it and the document agree on, after documents were compared.
    fn agreed() -> Scene {
        let mut scene = Scene::new(Role::Reader, &[(TEXT, 900)]);
        let peer = crate::sync::keys::ticket::Peer { device: OTHER, addresses: Vec::new(), relay: None };
        let outcome = crate::sync::replica::event::ComparisonOutcome::Same { received: 0 };
        scene.on(Event::Compared(crate::sync::replica::event::Comparison { peer, outcome }));
        scene.on(Event::Entries(vec![entry(OTHER, TEXT, [1; 32], 900)]));
        scene.reads(TEXT, [1; 32], 900);
        // What a comparison brought may come a moment after it.
        scene.seconds += 1;
        scene
    }

    #[test]
    fn a_file_that_is_looked_at_again_and_again_while_its_content_is_on_its_way_has_not_changed_its_mind() {
        let mut scene = agreed();
        let asked = scene.on(Event::Entries(vec![entry(OTHER, TEXT, [2; 32], 950)]));
        assert!(matches!(asked[..], [Action::Fetch { .. }]), "{asked:?}");
        for _ in 0..10 {
            let more = scene.looks(&[(TEXT, 900)]);
            assert!(more.is_empty() && scene.replica.condition.restless().is_none(), "{more:?}");
        }
        let come = scene.on(Event::Fetched([2; 32], Ok(5)));
        assert!(matches!(come[..], [Action::Place(_)]), "{come:?}");
    }

    #[test]
    fn an_empty_file_takes_its_room_while_it_is_put_in_place_and_is_still_to_come() {
        let mut scene = agreed();
        scene.replica.shared.limits.files = 2;
        let empty = |path: &str| {
            let entry = entry(OTHER, path, [3; 32], 950);
            Event::Entries(vec![ReceivedEntry { key: item(path).key(true), len: 1, ..entry }])
        };
        let first = scene.on(empty("2014-08-11T14-34-37Z.txt"));
        assert!(matches!(first[..], [Action::Place(_)]), "{first:?}");
        let report = scene.replica.report(crate::sync::replica::report::Fetched::default()).unwrap();
        assert_eq!(report.arriving, 1);
        let second = scene.on(empty("2015-08-11T14-34-37Z.txt"));
        assert!(second.is_empty(), "{second:?}");
        assert_eq!(scene.replica.wanted.refused.len(), 1);
    }

    #[test]
    fn nothing_is_said_while_it_is_about_to_be_seen_what_is_to_be_done() {
        let mut scene = agreed();
        let fetched = crate::sync::replica::report::Fetched::default();
        assert!(scene.replica.report(fetched).is_some());
        scene.on(Event::Touched(Touched::Everything));
        assert!(scene.replica.report(fetched).is_none());
        scene.listed(None, &[(TEXT, 900)]);
        assert!(scene.replica.report(fetched).is_some());
    }
}

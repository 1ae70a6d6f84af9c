//! The hands over a box in memory: listing, reading, putting in place, taking away.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::action::Placement;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::event::{Event, FileRead, Listing, NotMoved, NotPlaced, NotRead, Profiles, Touched};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::simulation::computer::Part;
use crate::sync::replica::simulation::content::{Content, empty};
use crate::sync::replica::simulation::work::Job;
use crate::sync::replica::simulation::world::{SECOND, Task, World};
use crate::sync::replica::trash::{DeletedBy, disk_use, expired};

/// What is longer lies in the store by reference, in bytes.
pub(super) const LARGE: u64 = 1 << 20;

impl World {
    pub(super) fn list(&mut self, at: usize, names: Option<BTreeSet<OsString>>) {
        let computer = &self.computers[at];
        let listed = if computer.folder.is_there {
            let profile = computer.content(&Item::profile());
            let title = profile.map(|content| format!("title {:02x}", content.hash[7]));
            let author = profile.filter(|_| computer.part == Part::Owner).map(|_| "owner".to_owned());
            let profiles = Profiles { title, author, my_name: None };
            Ok(Listing { tree: computer.folder.tree(names.as_ref()), names, profiles })
        } else {
            Err("it is not there".to_owned())
        };
        self.answer(at, Event::Listed(listed));
    }

    pub(super) fn read(&mut self, at: usize, item: Item) {
        let read = self.read_now(at, &item);
        self.answer(at, Event::Read(item, read));
    }

    fn read_now(&mut self, at: usize, item: &Item) -> Result<FileRead, NotRead> {
        if self.random.percent(2) {
            return Err(NotRead::Failed("it keeps changing while it is read".to_owned()));
        }
        let computer = &self.computers[at];
        if !computer.folder.is_there {
            return Err(NotRead::Gone);
        }
        let file = computer.folder.seen(item).ok_or(NotRead::Gone)?;
        let is_stored = computer.stored(&file.content.hash).is_some();
        Ok(FileRead { stat: file.stat, hash: file.content.hash, is_stored })
    }

    pub(super) fn keep(&mut self, at: usize, item: Item, wanted: &Hash) {
        let read = self.read_now(at, &item);
        let kept = read.and_then(|read| {
            if read.hash != *wanted {
                return Ok(read);
            }
            if self.computers[at].is_disk_full {
                return Err(NotRead::Failed("the disk is full".to_owned()));
            }
            let content = Content { hash: read.hash, len: read.stat.len };
            self.own_file(at, content);
            Ok(FileRead { is_stored: true, ..read })
        });
        self.answer(at, Event::Kept(item, kept));
    }

    /// Copies what is about to be replaced to the trash.
    pub(super) fn place_copy(&mut self, at: usize, mut rest: VecDeque<Placement>) {
        let Some(placement) = rest.pop_front() else {
            return;
        };
        let stamp = self.stamp(at);
        let now = self.file_time(at);
        let computer = &mut self.computers[at];
        let file = computer.folder.seen(&placement.item).copied();
        let mut replaces = placement.replaces;
        if let (Some(then), Some(by)) = (placement.replaces, placement.keep) {
            let is_same = file.is_some_and(|file| StatFingerprint::from(&file.stat).is_same_file(&then));
            let Some(file) = file.filter(|_| is_same) else {
                let is_gone = file.is_none();
                let item = placement.item.clone();
                if !is_gone {
                    self.answer(at, Event::Placed(item, Err(NotPlaced::Changed)));
                    return self.go_on(at, Job::Place(rest));
                }
                rest.push_front(placement);
                return self.go_on(at, Job::PlaceWrite(rest, None));
            };
            computer.folder.discard(by.folder_name(stamp), &placement.item, file.content);
            // One more name of a file is a change of the file, though not of its content.
            if self.random.percent(80)
                && let Some(there) = self.computers[at].folder.files.get_mut(&placement.item)
            {
                there.stat.changed = now;
                replaces = Some(StatFingerprint::from(&there.stat));
            }
        }
        rest.push_front(placement);
        self.go_on(at, Job::PlaceWrite(rest, replaces));
    }

    pub(super) fn place_write(&mut self, at: usize, mut rest: VecDeque<Placement>, replaces: Option<StatFingerprint>) {
        let Some(placement) = rest.pop_front() else {
            return;
        };
        let item = placement.item.clone();
        let placed = self.place_now(at, &placement, replaces);
        if placed.is_ok() {
            self.notify(at, &item);
        }
        self.answer(at, Event::Placed(item, placed));
        self.go_on(at, Job::Place(rest));
    }

    fn place_now(
        &mut self,
        at: usize,
        placement: &Placement,
        replaces: Option<StatFingerprint>,
    ) -> Result<crate::fs::confined::Stat, NotPlaced> {
        let Placement { item, hash, len, .. } = placement;
        let now = self.file_time(at);
        let computer = &self.computers[at];
        if !computer.folder.is_there || computer.folder.is_blank {
            return Err(NotPlaced::Failed("the box is not there".to_owned()));
        }
        let there = computer.folder.fingerprint(item);
        if there.is_some() && there != replaces {
            return Err(NotPlaced::Changed);
        }
        if computer.is_disk_full {
            return Err(NotPlaced::Full);
        }
        let content = if *len == 0 { empty() } else { Content { hash: *hash, len: *len } };
        if *len > 0 && computer.stored(hash).is_none() {
            return Err(NotPlaced::NotStored);
        }
        if *item == Item::profile() && self.ledger.bad_profiles.contains(hash) {
            return Err(NotPlaced::Unreadable("it is no profile".to_owned()));
        }
        self.check_placed(at, item, content);
        let computer = &mut self.computers[at];
        let before = computer.folder.files.get(item).map(|file| file.content);
        let stat = computer.folder.put(item.clone(), content, now);
        computer.removed.remove(item);
        self.stir();
        if let Some(before) = before {
            self.check_not_lost(at, item, before, "put another content in its place");
        }
        Ok(stat)
    }

    pub(super) fn remove(&mut self, at: usize, item: Item, stat: StatFingerprint, by: DeletedBy) {
        let stamp = self.stamp(at);
        let removed = match self.computers[at].folder.fingerprint(&item) {
            _ if !self.computers[at].folder.is_there || self.computers[at].folder.is_blank => {
                Err(NotMoved::Failed("the box is not there".to_owned()))
            }
            Some(there) if there == stat => {
                self.check_removed(at, &item);
                let folder = &mut self.computers[at].folder;
                let file = folder.files.remove(&item).unwrap();
                folder.discard(by.folder_name(stamp), &item, file.content);
                self.computers[at].removed.insert(item.clone());
                self.stir();
                self.notify(at, &item);
                Ok(())
            }
            _ => Err(NotMoved::Changed),
        };
        self.answer(at, Event::Removed(item, removed));
    }

    pub(super) fn put_aside(&mut self, at: usize, item: Item) {
        let folder = &mut self.computers[at].folder;
        let done = match folder.files.remove(&item) {
            Some(file) if folder.is_blank => {
                folder.files.insert(item.clone(), file);
                Err("it is not there".to_owned())
            }
            Some(file) => {
                folder.aside.push((item.clone(), file.content));
                self.stir();
                self.notify(at, &item);
                Ok(())
            }
            None => Err("it is not there".to_owned()),
        };
        self.answer(at, Event::PutAside(item, done));
    }

    pub(super) fn give_way(&mut self, at: usize, stamp: Stamp) {
        let folder = &self.computers[at].folder;
        if folder.seen(&Item::text(stamp)).is_none() {
            return self.answer(at, Event::GaveWay(stamp, Err("it is not there".to_owned())));
        }
        let mut next = stamp.next().unwrap();
        while !folder.of_message(next).is_empty() {
            next = next.next().unwrap();
        }
        let attachments = folder.of_message(stamp).into_iter().filter(|item| !item.is_text());
        for item in attachments.collect::<Vec<_>>() {
            self.rename(at, &item, stamp, next);
        }
        self.go_on(at, Job::GiveWayText(stamp, next));
    }

    pub(super) fn give_way_text(&mut self, at: usize, stamp: Stamp, next: Stamp) {
        let folder = &self.computers[at].folder;
        let (from, to) = (Item::text(stamp), Item::text(next));
        let gave = if folder.files.contains_key(&to) || !folder.files.contains_key(&from) {
            for item in folder.of_message(next).into_iter().filter(|item| !item.is_text()) {
                self.rename(at, &item, next, stamp);
            }
            Err("it can't be renamed".to_owned())
        } else {
            self.rename(at, &from, stamp, next);
            Ok(next)
        };
        self.answer(at, Event::GaveWay(stamp, gave));
    }

    /// A file gets the name of another message.
    fn rename(&mut self, at: usize, item: &Item, from: Stamp, to: Stamp) {
        let path = String::from_utf8(item.as_bytes().to_vec()).unwrap().replacen(&from.to_string(), &to.to_string(), 1);
        let target = Item::parse(path.as_bytes()).unwrap();
        let now = self.file_time(at);
        let folder = &mut self.computers[at].folder;
        if folder.files.contains_key(&target) {
            return;
        }
        if let Some(mut file) = folder.files.remove(item) {
            if item.is_text() {
                file.stat.changed = now;
            }
            folder.files.insert(target.clone(), file);
            self.ledger.rename(&target);
            self.computers[at].taken.insert(item.clone());
            self.stir();
            self.notify(at, item);
            self.notify(at, &target);
        }
    }

    pub(super) fn write_authors(&mut self, at: usize, authors: Authors) {
        let written = if self.computers[at].is_disk_full {
            Err("the disk is full".to_owned())
        } else if !self.computers[at].folder.is_there || self.computers[at].folder.is_blank {
            Err("the box is not there".to_owned())
        } else {
            self.check_authors(at, &authors);
            if self.computers[at].folder.authors.as_ref() != Some(&authors) {
                self.stir();
            }
            self.computers[at].folder.authors = Some(authors);
            Ok(())
        };
        self.answer(at, Event::AuthorsWritten(written));
    }

    pub(super) fn tidy_trash(&mut self, at: usize, by: DeletedBy, most: u64) {
        let now = self.stamp(at);
        let trash = &mut self.computers[at].folder.trash;
        if by != DeletedBy::Own {
            let made = |name: &String| by.made(name).map(|made| (made, name.clone()));
            let mut folders: Vec<(Stamp, String)> = trash.keys().filter_map(made).collect();
            folders.sort();
            let len = |name: &String| trash[name].iter().map(|(_, content)| disk_use(content.len)).sum();
            let lens: Vec<(Stamp, u64)> = folders.iter().map(|(made, name)| (*made, len(name))).collect();
            for ((_, name), is_expired) in folders.iter().zip(expired(&lens, now, most)) {
                if is_expired {
                    trash.remove(name);
                }
            }
        }
        self.answer(at, Event::TrashTidied(Ok(())));
    }

    /// The disk tells that something changed, most of the time, and late.
    pub(super) fn notify(&mut self, at: usize, item: &Item) {
        if self.random.percent(15) {
            return;
        }
        let first = item.path().iter().next().unwrap().to_owned();
        let epoch = self.computers[at].epoch;
        let pause = if self.random.percent(80) { self.moment() } else { self.random.between(0, 5 * SECOND) };
        let touched = Touched::Names(BTreeSet::from([first]));
        self.after(pause, Task::Tell(at, epoch, Event::Touched(touched)));
    }
}

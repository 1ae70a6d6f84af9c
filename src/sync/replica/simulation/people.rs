//! What people do, and accidents: each happening changes the world.

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::event::{Event, Touched};
use crate::sync::replica::item::Item;
use crate::sync::replica::simulation::computer::{Backup, Part};
use crate::sync::replica::simulation::happening::{Happening, What};
use crate::sync::replica::simulation::world::{Carrying, DAWN, MS, SECOND, Task, World};

/// No more computers than this.
const MAX_COMPUTERS: usize = 8;

impl World {
    pub(super) fn happen(&mut self, happening: &Happening) {
        let count = self.computers.len();
        self.say(|| happening.to_string());
        let within = |at: usize| at % count;
        match happening {
            Happening::Write { at, second, attachments } => self.write_message(within(*at), *second, *attachments),
            Happening::Attach { at, nth } => self.attach(within(*at), *nth),
            Happening::Profile { at } => {
                let content = self.catalog.fresh(100);
                self.person_writes(within(*at), &Item::profile(), content);
            }
            Happening::Edit { at, nth } => self.edit(within(*at), *nth, 30),
            Happening::Empty { at, nth } => self.edit(within(*at), *nth, 0),
            Happening::Delete { at, nth } => {
                if let Some(item) = self.computers[within(*at)].nth(*nth) {
                    self.person_deletes(within(*at), &item);
                }
            }
            Happening::DeleteAll { at } => {
                let items: Vec<Item> = self.computers[within(*at)].folder.files.keys().cloned().collect();
                for item in &items {
                    self.person_deletes(within(*at), item);
                }
            }
            Happening::AllowDeleteAll { at } => {
                self.computers[within(*at)].state.book.delete_all = true;
                self.read_book(within(*at));
            }
            Happening::Answer { at, returned } => {
                self.computers[within(*at)].state.book.returned = Some(*returned);
                self.read_book(within(*at));
            }
            Happening::TakeAway { at, nth } => self.take_away(within(*at), *nth),
            Happening::BringBack { at } => self.bring_back(within(*at)),
            Happening::BackUp { at } => {
                let computer = &self.computers[within(*at)];
                let backup = Backup { folder: computer.folder.clone(), state: computer.state.clone() };
                self.computers[within(*at)].backup = Some(Box::new(backup));
            }
            Happening::Restore { at, what } => self.restore(within(*at), *what),
            Happening::Unmount { at, is_blank } => {
                let folder = &mut self.computers[within(*at)].folder;
                (folder.is_there, folder.is_blank) = (*is_blank, *is_blank);
            }
            Happening::Mount { at } => {
                let folder = &mut self.computers[within(*at)].folder;
                (folder.is_there, folder.is_blank) = (true, false);
            }
            Happening::RenameDataFolder { at } | Happening::RenameChannel { at } => self.rename_folder(within(*at)),
            Happening::Clone { at } => self.clone_computer(within(*at)),
            Happening::Crash { at, after, power } => self.computers[within(*at)].doom = Some((*after, *power)),
            Happening::Start { at } => self.start(within(*at)),
            Happening::Cut { groups } => self.cut(groups.clone()),
            Happening::Join => self.network.groups.clear(),
            Happening::FillDisk { at } => self.computers[within(*at)].is_disk_full = true,
            Happening::FreeDisk { at } => self.computers[within(*at)].is_disk_full = false,
            Happening::SetClock { at, minutes } => {
                let computer = &mut self.computers[within(*at)];
                let offset = i64::from(*minutes) * 60_000_000;
                computer.was_set_back |= offset < computer.offset;
                computer.offset = offset;
            }
            Happening::Carry { from, to } => self.begin_carrying(within(*from), within(*to)),
            Happening::EndCarrying => self.carrying = None,
            Happening::Harm { by, how, nth } => self.harm(within(*by), *how, *nth),
        }
    }

    /// Whether a person can do something to the files of this computer.
    fn has_hands(&self, at: usize) -> bool {
        let computer = &self.computers[at];
        computer.part != Part::Stranger
            && computer.folder.is_there
            && !computer.folder.is_blank
            && !computer.is_disk_full
    }

    fn write_message(&mut self, at: usize, second: Option<u8>, attachments: u8) {
        if !self.has_hands(at) || !self.computers[at].is_writer() {
            return;
        }
        let mut stamp = match second {
            None => self.stamp(at),
            Some(second) => Stamp::from_seconds(i64::try_from(DAWN).unwrap() + i64::from(second)).unwrap(),
        };
        while self.computers[at].folder.files.contains_key(&Item::text(stamp)) {
            stamp = stamp.next().unwrap();
        }
        for attachment in 0..attachments {
            let item = Item::parse(format!("{stamp}/{attachment}.jpg").as_bytes()).unwrap();
            let len = self.random.pick(&[0, 500, 5000]);
            let content = self.catalog.fresh(len);
            self.person_writes(at, &item, content);
        }
        let content = self.catalog.fresh(40);
        self.person_writes(at, &Item::text(stamp), content);
    }

    fn attach(&mut self, at: usize, nth: usize) {
        if !self.has_hands(at) || !self.computers[at].is_writer() {
            return;
        }
        let Some(stamp) = self.computers[at].nth(nth).and_then(|item| item.stamp()) else {
            return;
        };
        let item = Item::parse(format!("{stamp}/film.mp4").as_bytes()).unwrap();
        let content = self.catalog.fresh(2 << 20);
        self.person_writes(at, &item, content);
    }

    fn edit(&mut self, at: usize, nth: usize, len: u64) {
        if !self.has_hands(at) {
            return;
        }
        if let Some(item) = self.computers[at].nth(nth) {
            let large = self.computers[at].content(&item).is_some_and(|content| content.len > 1 << 20);
            let content = self.catalog.fresh(if large && len > 0 { 2 << 20 } else { len });
            self.person_writes(at, &item, content);
        }
    }

    /// A person writes a file, over what may be there.
    pub(super) fn person_writes(
        &mut self,
        at: usize,
        item: &Item,
        content: crate::sync::replica::simulation::content::Content,
    ) {
        if !self.has_hands(at) {
            return;
        }
        let now = self.file_time(at);
        let me = self.computers[at].state.me;
        let folder = &mut self.computers[at].folder;
        if let Some(before) = folder.files.get(item) {
            self.ledger.excused.insert(before.content.hash);
        }
        folder.put(item.clone(), content, now);
        self.ledger.write(item, content, me);
        self.computers[at].touched.insert(item.clone());
        self.notify(at, item);
    }

    pub(super) fn person_deletes(&mut self, at: usize, item: &Item) {
        if !self.has_hands(at) {
            return;
        }
        if let Some(file) = self.computers[at].folder.files.remove(item) {
            self.ledger.excused.insert(file.content.hash);
            self.take(at, item);
            self.notify(at, item);
        }
    }

    /// A person, or another program, takes a file away or puts an old one back.
    fn take(&mut self, at: usize, item: &Item) {
        self.computers[at].touched.insert(item.clone());
        self.computers[at].taken.insert(item.clone());
    }

    fn take_away(&mut self, at: usize, nth: usize) {
        if !self.has_hands(at) {
            return;
        }
        if let Some(item) = self.computers[at].nth(nth) {
            let folder = &mut self.computers[at].folder;
            let file = folder.files.remove(&item).unwrap();
            folder.pocket.push((item.clone(), file));
            self.take(at, &item);
            self.notify(at, &item);
        }
    }

    fn bring_back(&mut self, at: usize) {
        if !self.has_hands(at) {
            return;
        }
        let now = self.file_time(at);
        for (item, mut file) in std::mem::take(&mut self.computers[at].folder.pocket) {
            file.stat.changed = now;
            let over = self.computers[at].folder.files.insert(item.clone(), file);
            self.ledger.excused.extend(over.map(|over| over.content.hash));
            self.computers[at].touched.insert(item.clone());
            self.notify(at, &item);
        }
    }

    fn restore(&mut self, at: usize, what: What) {
        let Some(backup) = self.computers[at].backup.clone() else {
            return;
        };
        let was_running = self.computers[at].replica.is_some();
        if what != What::Box {
            self.stop(at);
        }
        if what != What::State {
            self.restore_box(at, &backup);
        }
        if what != What::Box {
            let computer = &mut self.computers[at];
            computer.state = backup.state;
            computer.has_old_memory = true;
            // All that is known now was not known then, and the other way round.
            computer.touched.extend(self.ledger.items.iter().cloned());
            computer.taken.extend(self.ledger.items.iter().cloned());
            computer.witness.first.clear();
            self.forget_witness(at);
        }
        if was_running && what != What::Box {
            let pause = self.random.between(0, 3 * SECOND);
            self.after(pause, Task::Start(at));
        }
    }

    fn restore_box(&mut self, at: usize, backup: &Backup) {
        let now = self.file_time(at);
        let folder = &mut self.computers[at].folder;
        let before = std::mem::take(&mut folder.files);
        for (item, file) in &backup.folder.files {
            match before.get(item) {
                // What is the same already is left as it is.
                Some(there) if there.content == file.content && there.stat.modified == file.stat.modified => {
                    folder.files.insert(item.clone(), *there);
                }
                _ => folder.put_back(item.clone(), *file, now),
            }
        }
        folder.authors.clone_from(&backup.folder.authors);
        let items: Vec<Item> = before.keys().chain(backup.folder.files.keys()).cloned().collect();
        for (item, file) in before {
            if self.computers[at].content(&item) != Some(file.content) {
                self.ledger.excused.insert(file.content.hash);
            }
        }
        for item in items {
            self.take(at, &item);
            self.notify(at, &item);
        }
    }

    fn rename_folder(&mut self, at: usize) {
        let root = self.new_root();
        if self.computers[at].replica.is_none() {
            self.computers[at].folder.root = root;
            return;
        }
        let mut pause = 0;
        if self.random.percent(50) {
            // The program sees for a while that the box is gone.
            self.computers[at].folder.is_there = false;
            let epoch = self.computers[at].epoch;
            self.after(MS, Task::Tell(at, epoch, Event::Touched(Touched::Everything)));
            pause = self.random.between(0, 3 * SECOND);
        }
        self.after(pause, Task::Renamed(at, root));
    }

    /// The program goes on where the folder is now.
    pub(super) fn renamed(&mut self, at: usize, root: u32) {
        let was_running = self.computers[at].replica.is_some();
        if was_running {
            self.stop(at);
            self.after(300 * MS, Task::Start(at));
        }
        let folder = &mut self.computers[at].folder;
        (folder.is_there, folder.is_blank) = (true, false);
        folder.root = root;
    }

    fn clone_computer(&mut self, at: usize) {
        if self.computers.len() >= MAX_COMPUTERS || self.computers[at].part == Part::Stranger {
            return;
        }
        let number = u8::try_from(self.computers.len()).unwrap();
        let part = self.computers[at].part;
        let mut copy = super::computer::Computer::new(part, number, &self.channel);
        copy.folder = self.computers[at].folder.clone();
        copy.folder.root = self.new_root();
        copy.state = self.computers[at].state.clone();
        copy.witness = self.computers[at].witness.clone();
        copy.touched.clone_from(&self.computers[at].touched);
        copy.taken.clone_from(&self.computers[at].taken);
        copy.removed.clone_from(&self.computers[at].removed);
        copy.limits = self.computers[at].limits;
        let now = self.file_time(at);
        for (item, file) in std::mem::take(&mut copy.folder.files) {
            copy.folder.put_back(item, file, now);
        }
        self.computers.push(copy);
        self.ledger.cloned.insert(self.computers[at].state.device);
        let new = usize::from(number);
        self.forget_witness(new);
        self.after(300 * MS, Task::Start(new));
    }

    fn cut(&mut self, groups: Vec<u8>) {
        self.network.groups = groups;
        for (one, other) in self.network.neighbours.clone() {
            if !self.reaches(one, other) {
                self.part(one, other);
            }
        }
    }

    fn begin_carrying(&mut self, from: usize, to: usize) {
        let is_possible = from != to && [from, to].iter().all(|at| self.computers[*at].part != Part::Stranger);
        if is_possible {
            let known = super::world::Known::new();
            if self.carrying.replace(Carrying { from, to, known }).is_none() {
                self.after(SECOND, Task::Carry);
            }
        }
    }

    /// The other program copies what changed since it looked last, in one box or the other.
    pub(super) fn carry(&mut self) {
        let Some(mut carrying) = self.carrying.take() else {
            return;
        };
        let (from, to) = (carrying.from, carrying.to);
        if self.has_hands(from) && self.has_hands(to) {
            let all = self.computers[from].folder.files.keys().chain(self.computers[to].folder.files.keys());
            for item in all.cloned().collect::<std::collections::BTreeSet<_>>() {
                self.carry_file(&mut carrying, &item);
            }
            for item in carrying.known.keys().cloned().collect::<Vec<_>>() {
                self.carry_file(&mut carrying, &item);
            }
        }
        self.carrying = Some(carrying);
        let pause = self.random.between(SECOND, 5 * SECOND);
        self.after(pause, Task::Carry);
    }

    fn carry_file(&mut self, carrying: &mut Carrying, item: &Item) {
        let (from, to) = (carrying.from, carrying.to);
        let [here, there] = [from, to].map(|at| self.computers[at].folder.files.get(item).copied());
        let known = carrying.known.get(item).copied();
        let [a, b] = [here, there].map(|file| file.map(|file| file.content.hash));
        if a == b {
            match a {
                Some(hash) => drop(carrying.known.insert(item.clone(), hash)),
                None => drop(carrying.known.remove(item)),
            }
            return;
        }
        // Who changed it since then; of two the one that wrote last.
        let is_newer = |one: Option<super::folder::File>, other: Option<super::folder::File>| {
            one.map(|file| file.stat.modified) >= other.map(|file| file.stat.modified)
        };
        let from_first = a != known && (b == known || is_newer(here, there));
        let (file, target) = if from_first { (here, to) } else { (there, from) };
        self.copy_over(target, item, file);
        match file {
            Some(file) => drop(carrying.known.insert(item.clone(), file.content.hash)),
            None => drop(carrying.known.remove(item)),
        }
    }

    fn copy_over(&mut self, at: usize, item: &Item, file: Option<super::folder::File>) {
        let now = self.file_time(at);
        let folder = &mut self.computers[at].folder;
        let before = folder.files.remove(item);
        if let Some(file) = file {
            folder.put_back(item.clone(), file, now);
            self.ledger.carried.insert(file.content.hash);
        }
        self.ledger.excused.extend(before.map(|before| before.content.hash));
        self.take(at, item);
        self.notify(at, item);
    }
}

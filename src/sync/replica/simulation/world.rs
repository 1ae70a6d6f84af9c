//! The world: computers, a network, the time, and what is to happen next. One thread, one seed, no real clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::action::Action;
use crate::sync::replica::event::{ComparisonOutcome, Event, Surroundings, Touched};
use crate::sync::replica::item::Item;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::now::Now;
use crate::sync::replica::records::ReceivedEntry;
use crate::sync::replica::simulation::computer::{ChannelKeys, Computer, Part, device};
use crate::sync::replica::simulation::content::Catalog;
use crate::sync::replica::simulation::folder::File;
use crate::sync::replica::simulation::ledger::{Ledger, Rule};
use crate::sync::replica::simulation::network::{Network, Session};
use crate::sync::replica::simulation::random::Random;
use crate::sync::replica::simulation::story::Story;
use crate::sync::replica::simulation::work::Job;

/// When the world begins, in seconds since 1970.
pub(super) const DAWN: u64 = 1_767_225_600;

/// A millisecond and a second, in microseconds.
pub(super) const MS: u64 = 1000;
pub(super) const SECOND: u64 = 1_000_000;

/// Something that is to happen.
#[derive(Debug)]
pub(super) enum Task {
    /// What happens from outside: the place in the story.
    Outside(usize),
    /// The outside leaves the world alone from now on, and all heals.
    Heal,
    /// A step of something that a replica asked for.
    Work(usize, u32, Job),
    /// A replica is told something.
    Tell(usize, u32, Event),
    Tick(usize, u32),
    /// Everything is flushed.
    Flush(usize, u32),
    /// The whole box is looked at, whatever the disk said.
    Rescan(usize, u32),
    Start(usize),
    Session(Session),
    Deliver(usize, ReceivedEntry),
    /// Contents are asked for.
    Fetch(usize, u32),
    Carry,
    /// A folder has its new name, and the program is told.
    Renamed(usize, u32),
}

/// The world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) story: Story,
    pub(super) computers: Vec<Computer>,
    pub(super) random: Random,
    pub(super) catalog: Catalog,
    pub(super) network: Network,
    pub(super) ledger: Ledger,
    pub(super) channel: ChannelKeys,
    /// Microseconds since the world began.
    pub(super) time: u64,
    pub(super) is_healed: bool,
    pub(super) carrying: Option<Carrying>,
    pub(super) log: Vec<String>,
    /// In boxes: tasks are large, and each one that comes moves others.
    queue: BTreeMap<(u64, u64), Box<Task>>,
    count: u64,
    began: Instant,
    pub(super) steps: u64,
    /// When something in a box or a document changed last.
    pub(super) stirred: u64,
    /// Things that were tried since the world healed.
    pub(super) loud: u64,
    pub(super) is_verbose: bool,
    roots: u32,
}

/// Another program copies between two boxes.
#[derive(Debug)]
pub(super) struct Carrying {
    pub(super) from: usize,
    pub(super) to: usize,
    /// What both had.
    pub(super) known: Known,
}

/// What two boxes had in common.
pub(super) type Known = BTreeMap<Item, Hash>;

impl World {
    pub(super) fn new(story: &Story, is_verbose: bool) -> Self {
        let mut random = Random::new(story.seed);
        let channel = ChannelKeys {
            id: [0x1d; 32],
            owner: [0xa0; 32],
            owner_device: device(0),
            is_owner_known: random.percent(70),
        };
        let numbered = (0..).zip(&story.parts);
        let computers: Vec<Computer> = numbered.map(|(number, part)| Computer::new(*part, number, &channel)).collect();
        let mut world = Self {
            network: Network::default(),
            story: story.clone(),
            computers,
            random,
            catalog: Catalog::default(),
            ledger: Ledger::default(),
            channel,
            time: 0,
            is_healed: false,
            carrying: None,
            log: Vec::new(),
            queue: BTreeMap::new(),
            count: 0,
            began: Instant::now(),
            steps: 0,
            stirred: 0,
            loud: 0,
            is_verbose,
            roots: 1,
        };
        for (at, (after, _)) in story.happenings.iter().enumerate() {
            world.at(u64::from(*after) * MS, Task::Outside(at));
        }
        for at in 0..world.computers.len() {
            let after = world.random.between(0, 500 * MS);
            world.after(after, Task::Start(at));
        }
        let last = story.happenings.iter().map(|(after, _)| *after).max().unwrap_or(0);
        world.at(u64::from(last) * MS + 2 * SECOND, Task::Heal);
        world
    }

    /// Puts something on the list for a time.
    pub(super) fn at(&mut self, time: u64, task: Task) {
        // What is due in the same microsecond comes in the order in which it was put there.
        self.count += 1;
        self.queue.insert((time, self.count), Box::new(task));
    }

    pub(super) fn after(&mut self, pause: u64, task: Task) {
        self.at(self.time + pause, task);
    }

    /// A short while, in microseconds.
    pub(super) fn moment(&mut self) -> u64 {
        match self.random.below(10) {
            0 => self.random.between(0, 2 * SECOND),
            1..4 => self.random.between(0, 200 * MS),
            _ => self.random.between(0, 20 * MS),
        }
    }

    /// The time by the clock of a computer, in microseconds since 1970.
    pub(super) fn wall(&self, at: usize) -> u64 {
        (DAWN * SECOND + self.time).saturating_add_signed(self.computers[at].offset)
    }

    /// The time for files, in nanoseconds since 1970.
    pub(super) fn file_time(&self, at: usize) -> i64 {
        i64::try_from(self.wall(at) * 1000).unwrap()
    }

    pub(super) fn stamp(&self, at: usize) -> Stamp {
        Stamp::from_seconds(i64::try_from(self.wall(at) / SECOND).unwrap()).unwrap()
    }

    pub(super) fn now(&self, at: usize) -> Now {
        Now { monotonic: self.began + Duration::from_micros(self.time), wall: self.wall(at) }
    }

    /// A place where a channel's folder was never before.
    pub(super) fn new_root(&mut self) -> u32 {
        self.roots += 1;
        self.roots
    }

    /// Notes what happens, for people.
    pub(super) fn say(&mut self, words: impl FnOnce() -> String) {
        if self.is_verbose {
            let (seconds, millis) = (self.time / SECOND, self.time % SECOND / MS);
            let line = format!("{seconds:5}.{millis:03} s  {}", words());
            self.log.push(line);
        }
    }

    /// Does what is next; whether there was something.
    pub(super) fn step(&mut self) -> bool {
        let Some(((time, _), task)) = self.queue.pop_first() else {
            return false;
        };
        self.time = self.time.max(time);
        self.steps += 1;
        match *task {
            Task::Outside(place) => {
                let happening = self.story.happenings[place].1.clone();
                self.happen(&happening);
            }
            Task::Heal => self.heal(),
            Task::Work(at, epoch, job) => {
                if self.is_current(at, epoch) {
                    self.do_step(at, job);
                    self.doom(at);
                }
            }
            Task::Tell(at, epoch, event) => {
                if self.is_current(at, epoch) {
                    self.tell(at, event);
                    self.doom(at);
                }
            }
            Task::Tick(at, epoch) => {
                if self.is_current(at, epoch) {
                    self.tick(at);
                }
            }
            Task::Flush(at, epoch) => {
                if self.is_current(at, epoch) {
                    self.flush(at);
                    let pause = self.random.between(200 * MS, 1500 * MS);
                    let is_idle = self.is_healed && self.time - self.stirred > 5 * SECOND;
                    self.after(if is_idle { 60 * SECOND } else { pause }, Task::Flush(at, epoch));
                }
            }
            Task::Rescan(at, epoch) => {
                if self.is_current(at, epoch) {
                    self.tell(at, Event::Touched(Touched::Everything));
                    // Once is enough in a world that rests.
                    let is_idle = self.is_healed && self.time - self.stirred > 15 * SECOND;
                    let longer = if is_idle { 60 * SECOND } else { 0 };
                    let pause = longer + self.random.between(40 * SECOND, 80 * SECOND);
                    self.after(pause, Task::Rescan(at, epoch));
                }
            }
            Task::Start(at) => self.start(at),
            Task::Session(session) => self.session(session),
            Task::Deliver(at, entry) => self.deliver(at, entry),
            Task::Fetch(at, epoch) => {
                if self.is_current(at, epoch) {
                    self.fetch(at);
                }
            }
            Task::Carry => self.carry(),
            Task::Renamed(at, root) => self.renamed(at, root),
        }
        true
    }

    pub(super) fn is_current(&self, at: usize, epoch: u32) -> bool {
        self.computers[at].epoch == epoch && self.computers[at].is_running()
    }

    /// Something in a box or a document changes.
    pub(super) fn stir(&mut self) {
        self.stirred = self.time;
    }

    /// Tells a replica something, and has done what it wants done.
    pub(super) fn tell(&mut self, at: usize, event: Event) {
        let now = self.now(at);
        self.say(|| format!("    {at} hears {}", brief(&format!("{event:?}"))));
        let Some(mut replica) = self.computers[at].replica.take() else {
            return;
        };
        self.hears(at, &event);
        self.computers[at].is_compared |=
            matches!(&event, Event::Compared(comparison) if comparison.outcome != ComparisonOutcome::Failed);
        let actions = replica.on(event, now);
        let is_said = replica.exchange.compared.is_some();
        if replica.exchange.is_open(now.monotonic) {
            self.computers[at].was_open = self.time;
        }
        self.computers[at].replica = Some(replica);
        if is_said && !self.computers[at].is_compared {
            self.violated(Rule::Told, at, "it is said that documents were compared, and none were".to_owned());
        }
        self.carry_out_all(at, actions);
    }

    fn carry_out_all(&mut self, at: usize, actions: Vec<Action>) {
        for action in actions {
            self.say(|| format!("    {at} wants {}", brief(&format!("{action:?}"))));
            self.carry_out(at, action);
        }
    }

    fn tick(&mut self, at: usize) {
        let epoch = self.computers[at].epoch;
        let is_incoming = self.time < self.computers[at].came + 2 * SECOND;
        let surroundings = Surroundings { free: self.computers[at].free(), is_incoming };
        self.tell(at, Event::Tick(surroundings));
        let is_idle = self.is_healed && self.time - self.stirred > 15 * SECOND;
        self.after(if is_idle { 10 * SECOND } else { SECOND }, Task::Tick(at, epoch));
    }

    /// Starts the program on a computer, unless it runs.
    pub(super) fn start(&mut self, at: usize) {
        if self.computers[at].is_running() {
            return;
        }
        self.say(|| format!("{at} starts"));
        let now = self.now(at);
        let computer = &mut self.computers[at];
        computer.epoch += 1;
        (computer.has_joined, computer.has_left) = (false, false);
        computer.asks.clear();
        computer.own_of_others.clear();
        computer.is_compared = false;
        computer.wishes.clear();
        computer.retry = 0;
        computer.busy.clear();
        let (epoch, memory) = (computer.epoch, computer.memory());
        let mut replica = Box::new(Replica::new(computer.shared(), memory, now));
        let actions = replica.start(now);
        computer.replica = Some(replica);
        self.carry_out_all(at, actions);
        let pause = self.random.between(100 * MS, SECOND);
        self.after(pause, Task::Tick(at, epoch));
        self.after(pause, Task::Flush(at, epoch));
        let pause = self.random.between(40 * SECOND, 80 * SECOND);
        self.after(pause, Task::Rescan(at, epoch));
    }

    /// Ends the program on a computer: all that was under way is not any more. What was not flushed may be gone; of the logs only
    /// if the power fails.
    pub(super) fn kill(&mut self, at: usize, power: bool) {
        if self.computers[at].replica.is_none() {
            return;
        }
        self.say(|| format!("{at}'s {}", if power { "power fails" } else { "program is killed" }));
        let computer = &mut self.computers[at];
        computer.replica = None;
        computer.epoch += 1;
        computer.doom = None;
        computer.has_lost_power |= power;
        let state = &mut computer.state;
        let keep = self.random.below(state.entries.unflushed() + 1);
        state.entries.lose(keep);
        let random = &mut self.random;
        state.store.retain(|_, stored| stored.is_flushed || random.percent(50));
        // Of a file that was put in place with what the store has lost nobody knows any more whose it is.
        let is_lost = |file: &File| !state.store.contains_key(&file.content.hash);
        let lost = computer.folder.files.iter().filter(|(_, file)| is_lost(file)).map(|(item, _)| item.clone());
        computer.touched.extend(lost);
        for log in &mut state.logs {
            if power {
                log.crash(random);
            } else {
                log.flush();
            }
        }
        self.forget_witness(at);
        self.leave_network(at);
    }

    /// Ends the program in good order.
    pub(super) fn stop(&mut self, at: usize) {
        self.flush(at);
        let computer = &mut self.computers[at];
        computer.replica = None;
        computer.epoch += 1;
        self.leave_network(at);
    }

    fn flush(&mut self, at: usize) {
        let state = &mut self.computers[at].state;
        state.entries.flush();
        state.store.values_mut().for_each(|stored| stored.is_flushed = true);
        state.logs.iter_mut().for_each(super::log_file::LogFile::flush);
    }

    /// The program is killed when its time has come.
    fn doom(&mut self, at: usize) {
        if let Some((left, power)) = self.computers[at].doom {
            if left == 0 {
                self.kill(at, power);
            } else {
                self.computers[at].doom = Some((left - 1, power));
            }
        }
    }

    /// The outside has come to its end: everything that is broken is mended, and only time goes on.
    fn heal(&mut self) {
        self.say(|| "all heals".to_owned());
        self.is_healed = true;
        self.stirred = self.time;
        self.carrying = None;
        self.network.groups.clear();
        for at in 0..self.computers.len() {
            let computer = &mut self.computers[at];
            computer.is_disk_full = false;
            (computer.folder.is_there, computer.folder.is_blank) = (true, false);
            computer.doom = None;
            if computer.part == Part::Stranger {
                continue;
            }
            let epoch = computer.epoch;
            if computer.is_running() {
                let pause = self.random.between(0, 5 * SECOND);
                self.after(pause, Task::Rescan(at, epoch));
            } else {
                self.after(SECOND, Task::Start(at));
            }
        }
    }
}

/// The beginning of something long.
fn brief(words: &str) -> String {
    let mut short = String::new();
    let mut numbers = 0;
    for word in words.split_inclusive(' ') {
        numbers =
            if word.trim_end_matches([',', ' ']).bytes().all(|byte| byte.is_ascii_digit()) { numbers + 1 } else { 0 };
        if numbers < 3 {
            short.push_str(word);
        }
    }
    short.chars().take(400).collect()
}

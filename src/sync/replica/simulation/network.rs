//! The network: who reaches whom, comparisons of documents, entries that are told live, contents that are fetched.
//!
//! Whatever can go wrong with a message does: it comes late, twice, in another order, or not at all.

use std::collections::BTreeSet;

use crate::sync::keys::ticket::Peer;
use crate::sync::replica::event::{Comparison, ComparisonOutcome, Event, Unsound};
use crate::sync::replica::item::Key;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::ReceivedEntry;
use crate::sync::replica::simulation::computer::{Wish, peer};
use crate::sync::replica::simulation::engine::{EntryId, MAX_FUTURE, Place, Stored, is_later};
use crate::sync::replica::simulation::world::{MS, SECOND, Task, World};

/// Who is connected.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// The group of each computer: those of different ones do not reach each other.
    pub(super) groups: Vec<u8>,
    /// Pairs who listen to each other.
    pub(super) neighbours: BTreeSet<(usize, usize)>,
}

/// Two computers that compare documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    from: usize,
    to: usize,
    /// Whether they are connected already.
    is_open: bool,
}

/// A peer may send so many bytes more than it said.
const SLACK: u64 = 32 << 10;

impl World {
    /// Whether two computers reach each other, and both programs run and listen.
    pub(super) fn reaches(&self, one: usize, other: usize) -> bool {
        let group = |at: usize| self.network.groups.get(at).copied().unwrap_or(0);
        let (a, b) = (&self.computers[one], &self.computers[other]);
        one != other
            && group(one) == group(other)
            && a.state.device != b.state.device
            && a.is_running()
            && b.is_running()
            && [a, b].iter().all(|computer| computer.has_joined && !computer.has_left)
    }

    pub(super) fn dial(&mut self, at: usize, peers: &[Peer]) {
        // The first call is how a document begins, perhaps with nobody to dial.
        self.computers[at].has_joined = true;
        for peer in peers {
            let with = |other: &usize| self.computers[*other].state.device == peer.device && self.reaches(at, *other);
            let there: Vec<usize> = (0..self.computers.len()).filter(with).collect();
            if there.is_empty() {
                continue;
            }
            let to = self.random.pick(&there);
            let pause = self.moment();
            self.after(pause, Task::Session(Session { from: at, to, is_open: false }));
        }
    }

    pub(super) fn session(&mut self, session: Session) {
        let Session { from, to, is_open } = session;
        if !self.reaches(from, to) {
            self.say(|| format!("{from} does not reach {to}"));
            if is_open {
                self.compared(from, to, ComparisonOutcome::Failed);
            }
            return;
        }
        if !is_open {
            self.meet(from, to);
            // Neighbours of neighbours are neighbours, more often than not.
            for third in 0..self.computers.len() {
                let is_near = self.network.neighbours.contains(&pair(to, third)) && self.reaches(from, third);
                if is_near && !self.network.neighbours.contains(&pair(from, third)) && self.random.percent(70) {
                    self.meet(from, third);
                    let pause = self.moment();
                    self.after(pause, Task::Session(Session { from, to: third, is_open: true }));
                }
            }
            let pause = self.moment();
            return self.after(pause, Task::Session(Session { is_open: true, ..session }));
        }
        self.compare(from, to);
    }

    pub(super) fn meet(&mut self, one: usize, other: usize) {
        if !self.network.neighbours.insert(pair(one, other)) {
            return;
        }
        for (at, whom) in [(one, other), (other, one)] {
            let device = self.computers[whom].state.device;
            self.answer(at, Event::Met { peer: peer(device), is_neighbour: true });
        }
    }

    /// What one has and the other lacks is exchanged.
    pub(super) fn compare(&mut self, from: usize, to: usize) {
        let outcome = if self.is_healed { 99 } else { self.random.below(100) };
        let (breaks, is_unsure) = (outcome < 8, (8..16).contains(&outcome));
        self.say(|| format!("{from} and {to} compare documents{}", if breaks { ", and it breaks off" } else { "" }));
        let here = self.differing(to, from, true);
        let there = self.differing(from, to, false);
        let (mut there, mut here) = (there, here);
        if breaks {
            there.truncate(self.random.below(there.len() + 1));
            here.truncate(self.random.below(here.len() + 1));
        }
        let counts = [self.take_in(from, here, true), self.take_in(to, there, true)];
        let [to_from, to_to] = counts.map(|received| match (breaks, is_unsure) {
            (true, _) => ComparisonOutcome::Failed,
            (_, true) => ComparisonOutcome::Unsure,
            _ => ComparisonOutcome::Same { received },
        });
        self.compared(from, to, to_from);
        self.compared(to, from, to_to);
    }

    /// The entries that one has and the other has not, or others in their place. Who answers sends only what is later; who begins
    /// sends all.
    fn differing(&self, one: usize, other: usize, only_later: bool) -> Vec<ReceivedEntry> {
        let known = &self.computers[other].state.entries.all;
        let differs = |(id, entry): &(&EntryId, &ReceivedEntry)| match known.get(*id) {
            Some(known) => known != *entry && (!only_later || is_later(entry, known)),
            None => true,
        };
        self.computers[one].state.entries.all.iter().filter(differs).map(|(_, entry)| entry.clone()).collect()
    }

    fn compared(&mut self, at: usize, with: usize, outcome: ComparisonOutcome) {
        let peer = peer(self.computers[with].state.device);
        self.answer(at, Event::Compared(Comparison { peer, outcome }));
    }

    /// Takes entries of others into the document, and tells the replica in one event or several; gives how many were news.
    pub(super) fn take_in(&mut self, at: usize, entries: Vec<ReceivedEntry>, is_together: bool) -> usize {
        let wall = self.wall(at);
        if self.computers[at].is_disk_full {
            return 0;
        }
        let mut news: Vec<ReceivedEntry> = Vec::new();
        for entry in entries {
            if entry.time > wall + MAX_FUTURE {
                continue;
            }
            let computer = &mut self.computers[at];
            let id = (entry.author, entry.key.clone());
            // Both may have published the same file, or be about to.
            let is_known = computer.state.entries.all.get(&id).is_some_and(|known| known.hash == entry.hash);
            let is_same = is_known || computer.stored(&entry.hash).is_some() || computer.may_say(&entry);
            if computer.state.entries.insert(entry.clone()) {
                let is_file = matches!(Key::parse(&entry.key), Some(Key::File { .. }));
                let is_own = entry.author == computer.state.me && computer.is_writer() && is_file;
                if is_own && !is_same && !computer.made.contains(&(entry.key.clone(), entry.time)) {
                    computer.own_of_others.push((entry.key.clone(), entry.hash, self.time));
                }
                self.witness(at, &entry);
                news.push(entry);
            }
        }
        let count = news.len();
        if count > 0 {
            self.computers[at].came = self.time;
            self.stir();
        }
        while !news.is_empty() {
            let some = if is_together { 1 + self.random.below(news.len()) } else { news.len() };
            let part = news.drain(..some).collect();
            self.answer(at, Event::Entries(part));
        }
        count
    }

    /// Tells an entry to all who are connected, directly or by way of others.
    pub(super) fn broadcast(&mut self, at: usize, entry: &ReceivedEntry) {
        let mut reached = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(one) = open.pop() {
            for other in 0..self.computers.len() {
                let is_near = self.network.neighbours.contains(&pair(one, other)) && self.reaches(one, other);
                if is_near && reached.insert(other) {
                    open.push(other);
                }
            }
        }
        for other in reached.into_iter().filter(|other| *other != at) {
            let times = match self.random.below(10) {
                0 => 0,
                1 => 2,
                _ => 1,
            };
            for _ in 0..times {
                let pause = self.moment();
                self.after(pause, Task::Deliver(other, entry.clone()));
            }
        }
    }

    pub(super) fn deliver(&mut self, at: usize, entry: ReceivedEntry) {
        if self.computers[at].is_running() && !self.computers[at].has_left && self.computers[at].has_joined {
            self.take_in(at, vec![entry], false);
        }
    }

    /// A computer is not reached any more: who listened to it notices, after a while.
    pub(super) fn leave_network(&mut self, at: usize) {
        for other in 0..self.computers.len() {
            self.part(at, other);
        }
    }

    pub(super) fn part(&mut self, one: usize, other: usize) {
        if !self.network.neighbours.remove(&pair(one, other)) {
            return;
        }
        for (at, whom) in [(one, other), (other, one)] {
            let (device, epoch) = (self.computers[whom].state.device, self.computers[at].epoch);
            let pause = self.random.between(0, 3 * SECOND);
            self.after(pause, Task::Tell(at, epoch, Event::Lost(device)));
        }
    }

    pub(super) fn leave(&mut self, at: usize) {
        self.leave_network(at);
        self.computers[at].has_left = true;
    }

    /// A content is wanted.
    pub(super) fn wish(&mut self, at: usize, hash: Hash, wish: Wish) {
        if let Some(len) = self.computers[at].stored(&hash) {
            return self.fetched(at, hash, wish, Ok(len));
        }
        let known = self.computers[at].wishes.get(&hash).copied();
        let is_file = wish.is_file || known.is_some_and(|known| known.is_file);
        let note = wish.note.or(known.and_then(|known| known.note));
        let len = if wish.is_file { wish.len } else { known.map_or(wish.len, |known| known.len) };
        self.computers[at].wishes.insert(hash, Wish { len, is_file, note });
        self.fetch_soon(at);
    }

    pub(super) fn fetch_soon(&mut self, at: usize) {
        if self.computers[at].wishes.is_empty() {
            return;
        }
        let (pause, epoch) = (self.moment() + MS, self.computers[at].epoch);
        self.after(pause, Task::Fetch(at, epoch));
    }

    /// Asks for all that is wanted.
    pub(super) fn fetch(&mut self, at: usize) {
        let wishes: Vec<(Hash, Wish)> = self.computers[at].wishes.iter().map(|(hash, wish)| (*hash, *wish)).collect();
        let mut is_any_left = false;
        for (hash, wish) in wishes {
            let is_meant = |other: &usize| {
                self.reaches(at, *other) && self.computers[at].asks.contains(&self.computers[*other].state.device)
            };
            let has = |other: usize| self.computers[other].stored(&hash);
            let source =
                (0..self.computers.len()).filter(is_meant).find_map(|other| has(other).map(|len| (other, len)));
            let is_lost = !self.is_healed && self.random.percent(10);
            let Some((_, len)) = source.filter(|_| !self.computers[at].is_disk_full && !is_lost) else {
                is_any_left = true;
                continue;
            };
            self.computers[at].wishes.remove(&hash);
            if len <= wish.len + SLACK {
                let stored = Stored { len, place: Place::Own, is_flushed: false };
                self.computers[at].state.store.insert(hash, stored);
                self.stir();
                self.fetched(at, hash, wish, Ok(len));
            } else {
                self.fetched(at, hash, wish, Err(Unsound { stored: wish.len + SLACK }));
            }
        }
        // One retry at a time is enough.
        if is_any_left && self.computers[at].retry <= self.time {
            let is_idle = self.is_healed && self.time > self.stirred + 20 * SECOND;
            let pause = if is_idle { 15 * SECOND } else { self.random.between(2 * SECOND, 5 * SECOND) };
            self.computers[at].retry = self.time + pause;
            let epoch = self.computers[at].epoch;
            self.after(pause, Task::Fetch(at, epoch));
        }
    }

    fn fetched(&mut self, at: usize, hash: Hash, wish: Wish, fetched: Result<u64, Unsound>) {
        if wish.is_file {
            self.answer(at, Event::Fetched(hash, fetched));
        }
        if let Some(kind) = wish.note {
            let note = match fetched {
                Ok(len) if len == wish.len => {
                    Ok(self.catalog.bytes(&hash).cloned().unwrap_or_else(|| b"\xff not a note".to_vec()))
                }
                Ok(stored) => Err(Unsound { stored }),
                Err(unsound) => Err(unsound),
            };
            self.answer(at, Event::Note(kind, hash, note));
        }
    }
}

pub(super) fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

//! How replication grows: a model of a swarm of up to 10,000 readers, which prints the table of `sync/mod.rs`.
//!
//! The rules are the real ones (`Peers`, `Standings`, `Copies`); the swarm is a random graph in which everybody has as many neighbours
//! as the engine's gossip gives it, each way takes as long, and each upload its share of the uplink. Same numbers each time:
//! `cargo test --lib sync::replica::scale -- --ignored --nocapture`

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::sync::keys::ticket::Peer;
use crate::sync::replica::copies::{Copies, MIN_PASSED_ON};
use crate::sync::replica::peers::Peers;
use crate::sync::replica::providers::{Asked, Attempts, Provider, Standings};

/// How many neighbours the engine's gossip gives each peer (iroh-gossip's `active_view_capacity`).
const NEIGHBOURS: usize = 5;

/// One way from one peer to another.
const STEP: Duration = Duration::from_millis(50);

/// What each peer can send, in bytes a second.
const UPLINK: u64 = 1 << 20;

/// The pauses of `node/fetch.rs`, in steps.
const FIRST_PAUSE: u32 = 5;
const LAST_PAUSE: u32 = 600;
const ASK_AROUND_PAUSE: u32 = 20;

/// So many steps a model goes on at most: one hour.
const MAX_STEPS: u32 = 60 * 60 * 20;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

fn device(node: usize) -> [u8; 32] {
    *blake3::hash(&node.to_be_bytes()).as_bytes()
}

/// A swarm; the author is number 0.
struct Swarm {
    neighbours: Vec<Vec<usize>>,
}

impl Swarm {
    fn new(count: usize) -> Self {
        let (mut dice, most) = (Dice(7), NEIGHBOURS.min(count - 1));
        let mut neighbours = vec![Vec::new(); count];
        // Everybody comes through somebody who is there, and then takes as many more as there is room for.
        for node in 1..count {
            let open: Vec<usize> =
                (0..node.min(50)).map(|_| dice.below(node)).filter(|&other| neighbours[other].len() < most).collect();
            let other = open
                .first()
                .copied()
                .unwrap_or_else(|| (0..node).find(|&other| neighbours[other].len() < most).unwrap_or(0));
            neighbours[node].push(other);
            neighbours[other].push(node);
        }
        for node in 0..count {
            for _ in 0..50 {
                let other = dice.below(count);
                let has_room = neighbours[node].len() < most && neighbours[other].len() < most;
                if has_room && other != node && !neighbours[node].contains(&other) {
                    neighbours[node].push(other);
                    neighbours[other].push(node);
                }
            }
        }
        Self { neighbours }
    }

    /// In how many steps news of the author reaches everybody.
    fn hops(&self) -> Vec<u32> {
        let mut hops = vec![u32::MAX; self.neighbours.len()];
        hops[0] = 0;
        let mut waiting = VecDeque::from([0]);
        while let Some(node) = waiting.pop_front() {
            for &other in &self.neighbours[node] {
                if hops[other] == u32::MAX {
                    hops[other] = hops[node] + 1;
                    waiting.push_back(other);
                }
            }
        }
        hops
    }

    /// Whom a node may ask: its neighbours, and the author, from whom the key came.
    fn providers(&self, node: usize) -> (Vec<usize>, Vec<Provider>) {
        let mut who = self.neighbours[node].clone();
        if !who.contains(&0) {
            who.push(0);
        }
        let providers = who.iter().map(|&other| Provider {
            peer: Peer { device: device(other), addresses: Vec::new(), relay: None },
            is_connected: self.neighbours[node].contains(&other),
            is_author: other == 0,
        });
        let providers = providers.collect();
        (who, providers)
    }
}

/// What a reader does at the moment.
enum Doing {
    /// It waits until this step.
    Waits(u32),
    /// It asks these in turn; the answer of the first comes at this step.
    Asks(VecDeque<usize>, u32, bool),
    /// It gets what this one has and it has not.
    Gets(usize),
    Has,
}

struct Reader {
    doing: Doing,
    /// So many bytes of the content are here.
    bytes: u64,
    standings: Standings,
    attempts: Attempts,
    pause: u32,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    /// When half of the readers, and all of them, had it, in seconds.
    half: f64,
    all: f64,
    /// How often the author gave it, and how often it was asked.
    copies: f64,
    asked: usize,
    /// The most that one reader gave.
    most_given: f64,
}

struct Model<'a> {
    swarm: &'a Swarm,
    len: u64,
    readers: Vec<Reader>,
    copies: Copies,
    /// How many bytes each has given.
    given: Vec<u64>,
    /// How many uploads each has.
    uploads: Vec<u64>,
    asked: usize,
    start: Instant,
    /// Whether everybody asks the author, as before.
    is_plain: bool,
}

impl<'a> Model<'a> {
    fn new(swarm: &'a Swarm, len: u64, is_plain: bool) -> Self {
        let count = swarm.neighbours.len();
        let reader = |(node, hops): (usize, u32)| Reader {
            doing: if node == 0 { Doing::Has } else { Doing::Waits(hops) },
            bytes: if node == 0 { len } else { 0 },
            standings: Standings::new(device(node)),
            attempts: Attempts::default(),
            pause: FIRST_PAUSE,
        };
        let readers = swarm.hops().into_iter().enumerate().map(reader).collect();
        let (given, uploads) = (vec![0; count], vec![0; count]);
        Self {
            swarm,
            len,
            readers,
            copies: Copies::default(),
            given,
            uploads,
            asked: 0,
            start: Instant::now(),
            is_plain,
        }
    }

    fn now(&self, step: u32) -> Instant {
        self.start + STEP * step
    }

    /// Whether one gives to another who has asked; nothing is said by who has no more than the other.
    fn gives(&mut self, from: usize, to: usize, step: u32) -> Option<bool> {
        if self.readers[from].bytes <= self.readers[to].bytes {
            return None;
        }
        let now = self.now(step);
        self.asked += usize::from(from == 0);
        let is_free = from != 0 || self.is_plain || self.len < MIN_PASSED_ON;
        Some(is_free || self.copies.gives([1; 32], device(to), now))
    }

    /// What a reader does next who has waited.
    fn begin(&mut self, node: usize, step: u32) -> Doing {
        if self.is_plain {
            return Doing::Asks(VecDeque::from([0]), step + 2, false);
        }
        let (who, providers) = self.swarm.providers(node);
        let now = self.now(step);
        let reader = &mut self.readers[node];
        let round = reader.standings.round(&providers, &[1; 32], reader.attempts, now);
        reader.attempts.count += 1;
        let place = |provider: &Provider| who[providers.iter().position(|known| known.peer == provider.peer).unwrap()];
        let asked: VecDeque<usize> = round.providers.iter().map(place).collect();
        Doing::Asks(asked, step + 2, round.asks_around)
    }

    /// What a reader does next who has an answer.
    fn answered(&mut self, node: usize, mut asked: VecDeque<usize>, asks_around: bool, step: u32) -> Doing {
        let Some(from) = asked.pop_front() else {
            let reader = &mut self.readers[node];
            if asks_around {
                return Doing::Waits(step + ASK_AROUND_PAUSE);
            }
            let until = step + reader.pause;
            reader.pause = (reader.pause * 2).min(LAST_PAUSE);
            return Doing::Waits(until);
        };
        let now = self.now(step);
        match self.gives(from, node, step) {
            Some(true) => {
                self.readers[node].standings.note(device(from), Asked::Gave, now);
                self.uploads[from] += 1;
                Doing::Gets(from)
            }
            Some(false) => {
                self.readers[node].attempts.told = Some(now);
                Doing::Asks(asked, step + 2, true)
            }
            None => {
                self.readers[node].standings.note(device(from), Asked::Lacks, now);
                Doing::Asks(asked, step + 2, asks_around)
            }
        }
    }

    fn step(&mut self, node: usize, step: u32) -> Doing {
        match std::mem::replace(&mut self.readers[node].doing, Doing::Has) {
            Doing::Waits(until) if until <= step => self.begin(node, step),
            Doing::Asks(asked, at, asks_around) if at <= step => self.answered(node, asked, asks_around, step),
            Doing::Gets(from) => self.get(node, from, step),
            other => other,
        }
    }

    /// Gets its share of what another one sends.
    fn get(&mut self, node: usize, from: usize, step: u32) -> Doing {
        let share = UPLINK * u64::try_from(STEP.as_millis()).unwrap() / 1000 / self.uploads[from].max(1);
        let there = self.readers[from].bytes;
        let reader = &mut self.readers[node];
        let got = share.min(there - reader.bytes);
        reader.bytes += got;
        self.given[from] += got;
        if reader.bytes < there {
            return Doing::Gets(from);
        }
        self.uploads[from] -= 1;
        if from == 0 {
            let now = self.now(step);
            self.copies.ended(&[1; 32], now);
        }
        if self.readers[node].bytes == self.len {
            return Doing::Has;
        }
        // It has got all that the other one had.
        self.readers[node].attempts.told = Some(self.now(step));
        Doing::Waits(step + FIRST_PAUSE)
    }

    fn run(mut self) -> Outcome {
        let (mut outcome, readers) = (Outcome::default(), self.readers.len() - 1);
        let mut waiting: Vec<usize> = (1..=readers).collect();
        for step in 0..MAX_STEPS {
            waiting.retain(|&node| {
                let doing = self.step(node, step);
                let stays = !matches!(doing, Doing::Has);
                self.readers[node].doing = doing;
                stays
            });
            let seconds = (STEP * step).as_secs_f64();
            if waiting.len() * 2 > readers {
                outcome.half = seconds;
            }
            if waiting.is_empty() {
                outcome.all = seconds;
                break;
            }
        }
        let copies = |bytes: u64| {
            f64::from(u32::try_from(bytes / 1024).unwrap()) / f64::from(u32::try_from(self.len / 1024).unwrap())
        };
        outcome.copies = copies(self.given[0]);
        outcome.asked = self.asked;
        outcome.most_given = copies(self.given[1..].iter().copied().max().unwrap_or(0));
        outcome
    }
}

/// How often a minute a peer that knows so many others, of whom so many are its neighbours, dials somebody.
fn dials(known: usize, neighbours: usize) -> f64 {
    let (mut peers, start) = (Peers::from_json(b"[]", device(0)), Instant::now());
    for other in 1..=known {
        peers.add(Peer { device: device(other), addresses: Vec::new(), relay: None });
        peers.set_connected(&device(other), other <= neighbours);
    }
    let minutes = 20_u32;
    let dialled = |second: u32| peers.due(start + Duration::from_secs(1) * second, false).len();
    let all: usize = (0..minutes * 60).map(dialled).sum();
    f64::from(u32::try_from(all).unwrap()) / f64::from(minutes)
}

#[test]
fn the_author_gives_a_large_content_once_or_twice() {
    for count in [11, 51, 201] {
        let outcome = Model::new(&Swarm::new(count), 8 << 20, false).run();
        assert!(outcome.all > 0.0 && outcome.copies <= 2.0, "{} copies for {count}", outcome.copies);
    }
}

#[test]
fn a_swarm_dials_hardly_more_when_it_grows() {
    assert!(dials(200, 5) <= 1.5 && dials(10, 5) <= 1.5);
}

#[test]
#[ignore = "prints the table of sync/mod.rs, in a minute"]
#[expect(clippy::print_stdout, reason = "the table is read")]
fn table() {
    println!(
        "readers | news has come to all | dials a minute | content | author gives | author is asked | half, all have it | most by a reader | all by the author alone"
    );
    for readers in [10, 50, 1000, 10_000] {
        let swarm = Swarm::new(readers + 1);
        let hops = swarm.hops().into_iter().max().unwrap();
        let news = (STEP * hops).as_secs_f64();
        let dials = dials(readers.min(200), NEIGHBOURS.min(readers));
        for (len, what) in [(2_000, "text of 2 kB"), (1 << 20, "picture of 1 MB"), (100 << 20, "film of 100 MB")] {
            let outcome = Model::new(&swarm, len, false).run();
            let alone = f64::from(u32::try_from(readers).unwrap()) * f64::from(u32::try_from(len).unwrap())
                / f64::from(u32::try_from(UPLINK).unwrap());
            println!(
                "{readers} | {hops} hops, {news:.2} s | {dials:.1} | {what} | {:.1} times | {} times | {:.1} s, {:.1} s | {:.1} | {alone:.0} s",
                outcome.copies, outcome.asked, outcome.half, outcome.all, outcome.most_given
            );
        }
    }
}

//! A story: who takes part, and what happens when. The same story, with the same seed, goes the same way each time.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::sync::replica::simulation::computer::Part;
use crate::sync::replica::simulation::happening::Happening;
use crate::sync::replica::simulation::ledger::{Rule, Violation};
use crate::sync::replica::simulation::world::World;

/// A story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) seed: u64,
    pub(super) parts: Vec<Part>,
    /// Each with its time, in milliseconds.
    pub(super) happenings: Vec<(u32, Happening)>,
}

/// How a story ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending {
    /// Steps until all was quiet.
    pub(super) steps: u64,
    /// How long that took since the outside left the world alone, in microseconds.
    pub(super) quiet_after: u64,
    /// Actions that a quiet world does not do, since then.
    pub(super) loud: u64,
}

impl Ending {
    /// Both together: steps and actions add up, the longest time counts.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            quiet_after: self.quiet_after.max(other.quiet_after),
            loud: self.loud + other.loud,
        }
    }
}

impl Story {
    pub(super) fn new(parts: &[Part]) -> Self {
        Self { seed: 1, parts: parts.to_vec(), happenings: Vec::new() }
    }

    /// Something happens so many milliseconds after what happened last.
    pub(super) fn then(mut self, pause: u32, happening: Happening) -> Self {
        let last = self.happenings.last().map_or(0, |(at, _)| *at);
        self.happenings.push((last + pause, happening));
        self
    }

    /// Plays it to its end.
    pub(super) fn play(&self) -> Result<Ending, Violation> {
        self.run(false).0
    }

    /// Plays it, and tells all that happens in it.
    pub(super) fn run(&self, is_verbose: bool) -> (Result<Ending, Violation>, Vec<String>) {
        let mut world = World::new(self, is_verbose);
        let played = catch_unwind(AssertUnwindSafe(|| world.live()));
        let ended = played.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            Err(Violation { rule: Rule::Panic, words: words.unwrap_or_default() })
        });
        (ended, world.log)
    }

    /// Plays it with this many seeds; none of them may violate anything.
    pub(super) fn must_end_well(&self, seeds: u64) {
        for seed in 0..seeds {
            let story = Self { seed: self.seed + seed, ..self.clone() };
            if let Err(violation) = story.play() {
                // `TELL=1` tells all that happened.
                let log = if std::env::var_os("TELL").is_some() { story.run(true).1 } else { Vec::new() };
                panic!("{}\n{violation}\n{story}", log.join("\n"));
            }
        }
    }
}

impl fmt::Display for Story {
    /// In numbered lines, and as it is written in a test.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().enumerate().map(|(at, part)| format!("{at} is {part:?}")).collect();
        writeln!(f, "with seed {}, {}:", self.seed, parts.join(", "))?;
        for (number, (time, happening)) in (1..).zip(&self.happenings) {
            writeln!(f, "{number:3}. after {:6.2} s: {happening}", f64::from(*time) / 1000.0)?;
        }
        writeln!(f, "\nStory {{ seed: {}, ..Story::new(&{:?}) }}", self.seed, self.parts)?;
        let mut last = 0;
        for (time, happening) in &self.happenings {
            writeln!(f, "    .then({}, {happening:?})", time - last)?;
            last = *time;
        }
        Ok(())
    }
}

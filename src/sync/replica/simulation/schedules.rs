//! Ten thousand schedules in each run of the tests: `SCHEDULES=1000000` plays more, `SEED=7` plays one and tells all of it,
//! `FROM=7` begins there, and `SHRINK=0` leaves what is found as it is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::sync::replica::simulation::ledger::Violation;
use crate::sync::replica::simulation::schedule::schedule;
use crate::sync::replica::simulation::shrink::shrink;
use crate::sync::replica::simulation::story::{Ending, Story};

/// So many schedules are played in each run.
const SCHEDULES: u64 = 10_000;

/// They are played on so many threads.
const THREADS: u64 = 2;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|words| words.parse().expect(name))
}

/// Plays the schedules of these seeds; gives the first that violates something, and how all ended together.
pub(super) fn play(seeds: std::ops::Range<u64>) -> (Option<(Story, Violation)>, Ending) {
    let is_over = AtomicBool::new(false);
    let next = AtomicU64::new(seeds.start);
    let run = || {
        let (mut found, mut total) = (Vec::new(), Ending::default());
        while !is_over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let story = schedule(seed);
            match story.play() {
                Ok(ending) => total = total.and(ending),
                Err(violation) => {
                    is_over.store(true, Ordering::Relaxed);
                    found.push((story, violation));
                }
            }
        }
        (found, total)
    };
    let ended: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let total = ended.iter().fold(Ending::default(), |sum, (_, total)| sum.and(*total));
    // Of two the smaller seed, so that each run finds the same.
    let found = ended.into_iter().flat_map(|(found, _)| found).min_by_key(|(story, _)| story.seed);
    (found, total)
}

#[test]
#[expect(clippy::print_stdout, reason = "its figures are read")]
fn whatever_happens_nothing_is_lost_and_all_become_equal_and_quiet() {
    if let Some(seed) = number("SEED") {
        let story = schedule(seed);
        let (ended, log) = story.run(true);
        println!("{}\n{story}", log.join("\n"));
        match ended {
            Ok(ending) => println!("{ending:?}"),
            Err(violation) => panic!("{violation}"),
        }
        return;
    }
    let from = number("FROM").unwrap_or(0);
    let count = number("SCHEDULES").unwrap_or(SCHEDULES);
    let began = std::time::Instant::now();
    let (found, total) = play(from..from + count);
    let is_shrunk = number("SHRINK") != Some(0);
    let shorter = |(story, violation): &(Story, Violation)| {
        if is_shrunk { shrink(story, violation) } else { (story.clone(), violation.clone()) }
    };
    let shrunk = found.as_ref().map(shorter);
    println!("{count} schedules in {:?}: {total:?}", began.elapsed());
    if let (Some((story, violation)), Some((short, again))) = (found, shrunk) {
        panic!(
            "{violation}\nThe seed is {}; SEED={} tells all of it. Shrunk: {again}\n{short}",
            story.seed, story.seed
        );
    }
}

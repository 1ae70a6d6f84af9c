//! Changes that were noticed and not reported yet.
//!
//! The threads that notice changes and the one that waits for them meet here. Changes that come in quick succession are a burst,
//! which is reported as a whole once it pauses.

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::lock::{lock, wait, wait_at_most};
use crate::watch::native_error::NativeError;
use crate::watch::touched_paths::Touched;

/// However long a burst goes on, its beginning is reported after this.
const MAX_BURST: Duration = Duration::from_secs(1);

/// Why the system may not have reported every change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WatchProblem {
    /// A place may be another folder than it was.
    Look,
    /// The watch of this place is gone, whatever its folder looks like.
    Broken(PathBuf),
    /// Events were lost.
    Lost,
}

/// What ends a wait.
#[derive(Debug)]
pub(super) enum WaitOutcome {
    Stop,
    Called,
    Problems(BTreeSet<WatchProblem>),
    /// The system does not report changes any more, for this reason.
    Failed(NativeError),
    Touched(Touched),
    /// The wait took as long as it may.
    TimedOut,
}

#[derive(Debug, Default)]
struct Pending {
    touched: Touched,
    /// When the burst began, and when the last change was added to it.
    burst: Option<(Instant, Instant)>,
    problems: BTreeSet<WatchProblem>,
    failed: Option<NativeError>,
    called: bool,
    stopped: bool,
}

/// Where threads leave the changes that they noticed.
#[derive(Debug, Default)]
pub(super) struct PendingChanges {
    noticed: Mutex<Pending>,
    changed: Condvar,
}

impl PendingChanges {
    /// Adds to the burst. Wakes the waiting thread for its beginning only: how it goes on is looked at when it is ripe.
    pub(super) fn touch(&self, touched: Touched) {
        if touched.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut noticed = self.lock();
        noticed.touched.merge(touched);
        let first = noticed.burst.map_or(now, |(first, _)| first);
        if noticed.burst.replace((first, now)).is_none() {
            self.changed.notify_all();
        }
    }

    /// Notes a problem, which is dealt with at once.
    pub(super) fn note_problem(&self, problem: WatchProblem) {
        self.lock().problems.insert(problem);
        self.changed.notify_all();
    }

    /// Notes that the system does not report changes any more. The first reason counts.
    pub(super) fn fail(&self, error: NativeError) {
        self.lock().failed.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Ends one wait.
    pub(super) fn call(&self) {
        self.lock().called = true;
        self.changed.notify_all();
    }

    /// Ends every wait from now on.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Whether every wait ends at once.
    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits until there is something to do, at most until the given time.
    pub(super) fn next(&self, until: Option<Instant>) -> WaitOutcome {
        let mut noticed = self.lock();
        loop {
            let now = Instant::now();
            if let Some(outcome) = noticed.outcome(now) {
                return outcome;
            }
            if until.is_some_and(|until| until <= now) {
                return WaitOutcome::TimedOut;
            }
            noticed = match [noticed.ripe(), until].into_iter().flatten().min() {
                None => wait(&self.changed, noticed),
                Some(alarm) => {
                    let left = alarm.saturating_duration_since(now);
                    wait_at_most(&self.changed, noticed, left)
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        lock(&self.noticed)
    }
}

impl Pending {
    fn outcome(&mut self, now: Instant) -> Option<WaitOutcome> {
        if self.stopped {
            return Some(WaitOutcome::Stop);
        }
        if mem::take(&mut self.called) {
            return Some(WaitOutcome::Called);
        }
        if let Some(error) = self.failed.take() {
            return Some(WaitOutcome::Failed(error));
        }
        if !self.problems.is_empty() {
            return Some(WaitOutcome::Problems(mem::take(&mut self.problems)));
        }
        if self.ripe()? > now {
            return None;
        }
        self.burst = None;
        Some(WaitOutcome::Touched(mem::take(&mut self.touched)))
    }

    fn ripe(&self) -> Option<Instant> {
        self.burst.map(|(first, last)| (last + quiet(self.touched.len())).min(first + MAX_BURST))
    }
}

/// How long nothing must have happened before a burst of so many paths is taken to be over.
///
/// One message is told at once; a tool that drops thousands of files is left to finish, or each of its pauses would
/// cost a build.
fn quiet(paths: usize) -> Duration {
    const LEAST: Duration = Duration::from_millis(15);
    const MOST: Duration = Duration::from_millis(150);
    const PER_PATH: Duration = Duration::from_micros(50);
    let paths = u32::try_from(paths).unwrap_or(u32::MAX);
    LEAST.saturating_add(PER_PATH.saturating_mul(paths)).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_time_grows_with_the_burst() {
        let millis = |paths| quiet(paths).as_millis();
        assert_eq!([0, 1, 20, 200, 2_000].map(millis), [15, 15, 16, 25, 115]);
        assert_eq!([2_700, 50_000, usize::MAX].map(millis), [150, 150, 150]);
    }

    #[test]
    fn a_burst_is_ripe_after_its_quiet_time_and_never_later_than_a_second() {
        let first = Instant::now();
        let ripe = |last: u64| {
            let burst = Some((first, first + Duration::from_millis(last)));
            let touched = Touched::from(PathBuf::from("a"));
            Pending { touched, burst, ..Pending::default() }.ripe().unwrap() - first
        };
        assert_eq!(ripe(0), quiet(1));
        assert_eq!(ripe(500), Duration::from_millis(500) + quiet(1));
        assert_eq!(ripe(999), MAX_BURST);
    }

    #[test]
    fn stop_comes_before_a_call_then_trouble_and_then_what_was_touched() {
        let pending = PendingChanges::default();
        pending.touch(Touched::Everything);
        pending.note_problem(WatchProblem::Look);
        pending.call();
        pending.call();
        assert!(matches!(pending.next(None), WaitOutcome::Called));
        assert!(matches!(pending.next(None), WaitOutcome::Problems(_)));
        assert!(matches!(pending.next(None), WaitOutcome::Touched(Touched::Everything)));
        pending.touch(Touched::Everything);
        pending.note_problem(WatchProblem::Look);
        pending.call();
        pending.stop();
        assert!(matches!(pending.next(None), WaitOutcome::Stop));
        assert!(matches!(pending.next(Some(Instant::now())), WaitOutcome::Stop));
    }
}

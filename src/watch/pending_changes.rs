//! What has been noticed and not been told yet.
//!
//! Owns the one meeting point of the threads that notice and the one that waits, and the moment at which a burst is
//! ripe. Refuses to know how anything is noticed.

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::lock::{lock, wait, wait_at_most};
use crate::watch::touched_paths::Touched;

/// However long a burst goes on, its beginning is told after this.
const LONGEST: Duration = Duration::from_secs(1);

/// Why what was told may not be all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// A place may be another folder than it was.
    Look,
    /// The watch of this place is gone, whatever its folder looks like.
    Broken(PathBuf),
    /// Events were lost.
    Lost,
    /// The system does not tell any more, for this reason.
    Failed(String),
}

/// What ends a wait.
#[derive(Debug)]
pub(super) enum News {
    Stop,
    Called,
    Troubles(BTreeSet<Trouble>),
    Touched(Touched),
    /// The time has come that was waited for at most.
    Late,
}

#[derive(Debug, Default)]
struct Noticed {
    touched: Touched,
    /// When the burst began and when it was last added to.
    burst: Option<(Instant, Instant)>,
    troubles: BTreeSet<Trouble>,
    called: bool,
    stopped: bool,
}

/// Where threads leave what they noticed.
#[derive(Debug, Default)]
pub(super) struct Slate {
    noticed: Mutex<Noticed>,
    changed: Condvar,
}

impl Slate {
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

    /// Leaves a trouble, which is dealt with at once.
    pub(super) fn trouble(&self, trouble: Trouble) {
        self.lock().troubles.insert(trouble);
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

    /// Whether the bell rang.
    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for news, at most until the given time.
    pub(super) fn next(&self, until: Option<Instant>) -> News {
        let mut noticed = self.lock();
        loop {
            let now = Instant::now();
            if let Some(news) = noticed.news(now) {
                return news;
            }
            if until.is_some_and(|until| until <= now) {
                return News::Late;
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

    /// A panic elsewhere leaves nothing half done here, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Noticed> {
        lock(&self.noticed)
    }
}

impl Noticed {
    fn news(&mut self, now: Instant) -> Option<News> {
        if self.stopped {
            return Some(News::Stop);
        }
        if mem::take(&mut self.called) {
            return Some(News::Called);
        }
        if !self.troubles.is_empty() {
            return Some(News::Troubles(mem::take(&mut self.troubles)));
        }
        if self.ripe()? > now {
            return None;
        }
        self.burst = None;
        Some(News::Touched(mem::take(&mut self.touched)))
    }

    fn ripe(&self) -> Option<Instant> {
        self.burst.map(|(first, last)| (last + quiet(self.touched.len())).min(first + LONGEST))
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
            Noticed { touched, burst, ..Noticed::default() }.ripe().unwrap() - first
        };
        assert_eq!(ripe(0), quiet(1));
        assert_eq!(ripe(500), Duration::from_millis(500) + quiet(1));
        assert_eq!(ripe(999), LONGEST);
    }

    #[test]
    fn stop_comes_before_a_call_then_trouble_and_then_what_was_touched() {
        let slate = Slate::default();
        slate.touch(Touched::Everything);
        slate.trouble(Trouble::Look);
        slate.call();
        slate.call();
        assert!(matches!(slate.next(None), News::Called));
        assert!(matches!(slate.next(None), News::Troubles(_)));
        assert!(matches!(slate.next(None), News::Touched(Touched::Everything)));
        slate.touch(Touched::Everything);
        slate.trouble(Trouble::Look);
        slate.call();
        slate.stop();
        assert!(matches!(slate.next(None), News::Stop));
        assert!(matches!(slate.next(Some(Instant::now())), News::Stop));
    }
}

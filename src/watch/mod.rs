//! Watching folders: something below these places changed, look again.
//!
//! The system reports changes where it can; elsewhere the places are scanned at intervals and compared. In both cases everything
//! is scanned from time to time. A tick carries no meaning: its paths only say which entries to look at.

mod folder_identity;
#[cfg(target_os = "linux")]
mod mount_table;
mod native_error;
mod native_watcher;
mod pending_changes;
mod polling_watcher;
#[cfg(test)]
mod tests;
mod touched_paths;
#[cfg(target_os = "linux")]
mod unreliable_file_systems;
mod watched_place;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use crate::watch::touched_paths::Touched;
pub use crate::watch::watched_place::{Scope, WatchedPlace};

use crate::watch::native_error::NativeError;
use crate::watch::native_watcher::NativeWatcher;
use crate::watch::pending_changes::{PendingChanges, WaitOutcome, WatchProblem};
use crate::watch::polling_watcher::PollingWatcher;

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// By the system's reports, where it reports all changes; else by polling.
    Auto,
    /// By scanning everything again and again and comparing.
    Polling,
}

/// Why a wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// Something changed, or may have.
    Tick(Touched),
    /// The time that was given has passed.
    Due,
    /// [`Waker::call`] was called: another thread left a request elsewhere.
    Called,
    /// [`Waker::stop`] was called.
    Stop,
}

/// Reaches a watch from another thread.
#[derive(Clone, Debug)]
pub struct Waker {
    pending: Arc<PendingChanges>,
}

impl Waker {
    /// Makes every wait give [`WakeReason::Stop`], now and ever after.
    pub fn stop(&self) {
        self.pending.stop();
    }

    /// Whether [`Waker::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.pending.is_stopped()
    }

    /// Makes one wait give [`WakeReason::Called`], at once. Several calls before that wait count as one.
    pub fn call(&self) {
        self.pending.call();
    }

    /// Reports a change that the caller knows of, as if the watch had noticed it.
    pub fn touch(&self, touched: Touched) {
        self.pending.touch(touched);
    }
}

/// What notices the changes at the moment.
#[derive(Debug)]
enum Detector {
    /// No places were given yet.
    None,
    Native(NativeWatcher),
    Polling(PollingWatcher),
}

/// Watches places and tells when to look at them again.
#[derive(Debug)]
pub struct Watch {
    detection: Detection,
    rescan: Duration,
    pending: Arc<PendingChanges>,
    detector: Detector,
    places: Vec<WatchedPlace>,
    everything_at: Instant,
    /// Why it polls although it was not asked to, until somebody takes note.
    fallback: Option<String>,
}

impl Watch {
    /// Makes a watch over nothing yet.
    ///
    /// After each `rescan` without a tick for everything there is one, because no system reports all that happens (a folder
    /// above a place that is renamed, a disk that others write to); zero is never.
    pub fn new(detection: Detection, rescan: Duration) -> Self {
        let (pending, everything_at) = (Arc::default(), Instant::now());
        Self { detection, rescan, pending, detector: Detector::None, places: Vec::new(), everything_at, fallback: None }
    }

    /// Gives what ends the waits of this watch.
    pub fn waker(&self) -> Waker {
        Waker { pending: Arc::clone(&self.pending) }
    }

    /// Sets the places; those that were there already stay watched without a gap, and setting the same costs nothing.
    ///
    /// What changes from here on is reported, so a caller sets the places first and looks at them then.
    pub fn set_places(&mut self, places: Vec<WatchedPlace>) {
        let first = matches!(self.detector, Detector::None);
        let before = std::mem::replace(&mut self.places, crate::watch::watched_place::outermost(places));
        if !first && before == self.places {
            return;
        }
        tracing::debug!(places = self.places.len(), "watched places changed");
        if let Err(error) = self.apply_places() {
            self.fall_back(&error);
            if !first {
                self.pending.touch(Touched::Everything);
            }
        }
    }

    /// Waits for a tick, for `due` from now to pass, or for the waker. What is not reported yet stays for the next wait.
    pub fn wait(&mut self, due: Option<Duration>) -> WakeReason {
        let due = due.and_then(|due| Instant::now().checked_add(due));
        loop {
            let until = [due, self.rescan_at(), self.look_at()].into_iter().flatten().min();
            match self.pending.next(until) {
                WaitOutcome::Stop => return WakeReason::Stop,
                WaitOutcome::Called => return WakeReason::Called,
                WaitOutcome::Problems(problems) => self.repair(&problems),
                WaitOutcome::Failed(error) => self.give_up(&error),
                WaitOutcome::Touched(touched) => return self.tick(touched),
                WaitOutcome::TimedOut => {
                    let now = Instant::now();
                    if !self.look_again(now) && due.is_some_and(|due| due <= now) {
                        return WakeReason::Due;
                    }
                }
            }
        }
    }

    /// Takes note that the caller is about to look at all of a place although it was not told to.
    pub fn will_scan(&mut self, place: &WatchedPlace) {
        if let Detector::Polling(polling) = &mut self.detector {
            polling.tell(&Touched::from(place.path.clone()));
        }
    }

    /// Gives, once, why it is polling although it was not asked to.
    pub fn take_fallback(&mut self) -> Option<String> {
        self.fallback.take()
    }

    fn apply_places(&mut self) -> Result<(), NativeError> {
        if let Detector::None = self.detector {
            tracing::info!(detection = ?self.detection, places = self.places.len(), "watching for changes");
            self.detector = match self.detection {
                Detection::Auto => Detector::Native(NativeWatcher::new(&self.pending)?),
                Detection::Polling => Detector::Polling(PollingWatcher::default()),
            };
        }
        match &mut self.detector {
            Detector::None => Ok(()),
            Detector::Native(native) => native.set_places(&self.places),
            Detector::Polling(polling) => {
                polling.set_places(&self.places, &|| self.pending.is_stopped());
                Ok(())
            }
        }
    }

    /// Polls from now on, because the system does not report changes.
    fn fall_back(&mut self, error: &NativeError) {
        tracing::warn!(%error, "polling for changes, because the system does not report all of them");
        self.fallback = Some(format!("changes are found by scanning at intervals, because {error}"));
        let mut polling = PollingWatcher::default();
        polling.set_places(&self.places, &|| self.pending.is_stopped());
        self.detector = Detector::Polling(polling);
    }

    /// Watches again what is not watched any more; what may have been missed meanwhile counts as touched.
    fn repair(&mut self, problems: &BTreeSet<WatchProblem>) {
        let Detector::Native(native) = &mut self.detector else {
            return;
        };
        if problems.contains(&WatchProblem::Lost) {
            tracing::info!("the system lost reports of changes: everything is watched and scanned again");
        }
        match native.repair(problems) {
            Ok(missed) => self.pending.touch(missed),
            Err(error) => self.give_up(&error),
        }
    }

    /// Polls from now on, and counts everything as touched.
    fn give_up(&mut self, error: &NativeError) {
        if let Detector::Native(_) = self.detector {
            self.fall_back(error);
            self.pending.touch(Touched::Everything);
        }
    }

    /// Does the looks whose time has come; whether there was one.
    fn look_again(&mut self, now: Instant) -> bool {
        let rescan = self.rescan_at().is_some_and(|at| at <= now);
        let look = self.look_at().is_some_and(|at| at <= now);
        if rescan {
            tracing::debug!("everything is scanned again: it is time to");
            self.everything_at = now;
            self.pending.touch(Touched::Everything);
        }
        if rescan || look {
            self.repair(&BTreeSet::new());
        }
        if look && let Detector::Polling(polling) = &mut self.detector {
            self.pending.touch(polling.look(&|| self.pending.is_stopped()));
        }
        rescan || look
    }

    fn look_at(&self) -> Option<Instant> {
        match &self.detector {
            Detector::None => None,
            Detector::Native(native) => native.look_at(),
            Detector::Polling(polling) => polling.look_at(),
        }
    }

    fn rescan_at(&self) -> Option<Instant> {
        if self.rescan.is_zero() { None } else { self.everything_at.checked_add(self.rescan) }
    }

    fn tick(&mut self, touched: Touched) -> WakeReason {
        match &mut self.detector {
            Detector::None => {}
            Detector::Native(native) => native.catch_up(),
            Detector::Polling(polling) => polling.tell(&touched),
        }
        if touched == Touched::Everything {
            self.everything_at = Instant::now();
        }
        WakeReason::Tick(touched)
    }
}

//! Ticks without meaning: something below these places changed.
//!
//! Owns when to look again: told by the system where it tells, else by comparing, and in every case from time to time.
//! Refuses to know what lies in the places and what a change means; the paths of a tick only say which entries to stat.

mod identity;
#[cfg(target_os = "linux")]
mod mounts;
mod native;
mod pending_changes;
mod polling;
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
pub use crate::watch::watched_place::{Place, Scope};

use crate::watch::pending_changes::{News, Slate, Trouble};
use native::Native;
use polling::Polling;

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By being told, where the system tells of all changes; else by polling.
    Auto,
    /// By looking at everything again and again and comparing.
    Polling,
}

/// Why a wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something changed, or may have.
    Tick(Touched),
    /// The time that was given has passed.
    Due,
    /// Somebody called, who left elsewhere what they want.
    Called,
    /// The bell rang.
    Stop,
}

/// Reaches a watch from another thread.
#[derive(Clone, Debug)]
pub struct Bell {
    slate: Arc<Slate>,
}

impl Bell {
    /// Makes every wait give [`Woken::Stop`], now and ever after.
    pub fn stop(&self) {
        self.slate.stop();
    }

    /// Whether it was rung.
    pub fn is_rung(&self) -> bool {
        self.slate.is_stopped()
    }

    /// Makes one wait give [`Woken::Called`], at once. Calls that nobody has answered yet are one.
    pub fn call(&self) {
        self.slate.call();
    }

    /// Tells of a change that the caller knows of, as if it had been noticed.
    pub fn touch(&self, touched: Touched) {
        self.slate.touch(touched);
    }
}

/// What notices the changes at the moment.
#[derive(Debug)]
enum Eye {
    /// No places were given yet.
    Closed,
    Native(Native),
    Polling(Polling),
}

/// Watches places and tells when to look at them again.
#[derive(Debug)]
pub struct Watch {
    means: Means,
    rescan: Duration,
    slate: Arc<Slate>,
    eye: Eye,
    places: Vec<Place>,
    everything_at: Instant,
    remark: Option<String>,
}

impl Watch {
    /// Makes a watch over nothing yet.
    ///
    /// Every `rescan` without a tick for everything there is one, because no system tells of all that happens (a folder
    /// above a place that is renamed, a disk that others write to); zero is never.
    pub fn new(means: Means, rescan: Duration) -> Self {
        let (slate, everything_at) = (Arc::default(), Instant::now());
        Self { means, rescan, slate, eye: Eye::Closed, places: Vec::new(), everything_at, remark: None }
    }

    /// Gives what ends the waits of this watch.
    pub fn bell(&self) -> Bell {
        Bell { slate: Arc::clone(&self.slate) }
    }

    /// Sets the places; those that were there already stay watched without a gap, and setting the same costs nothing.
    ///
    /// What changes from here on is told, so a caller sets the places first and looks at them then.
    pub fn over(&mut self, places: Vec<Place>) {
        let first = matches!(self.eye, Eye::Closed);
        let before = std::mem::replace(&mut self.places, crate::watch::watched_place::outermost(places));
        if !first && before == self.places {
            return;
        }
        if let Err(reason) = self.point() {
            self.poll(&reason);
            if !first {
                self.slate.touch(Touched::Everything);
            }
        }
    }

    /// Waits for a tick, for `due` from now to pass, or for the bell. What is not told yet stays for the next wait.
    pub fn wait(&mut self, due: Option<Duration>) -> Woken {
        let due = due.and_then(|due| Instant::now().checked_add(due));
        loop {
            let until = [due, self.rescan_at(), self.look_at()].into_iter().flatten().min();
            match self.slate.next(until) {
                News::Stop => return Woken::Stop,
                News::Called => return Woken::Called,
                News::Troubles(troubles) => self.mend(&troubles),
                News::Touched(touched) => return self.tick(touched),
                News::Late => {
                    let now = Instant::now();
                    if !self.look_again(now) && due.is_some_and(|due| due <= now) {
                        return Woken::Due;
                    }
                }
            }
        }
    }

    /// Takes note that the caller is about to look at all of a place although it was not told to.
    pub fn looks_at(&mut self, place: &Place) {
        if let Eye::Polling(polling) = &mut self.eye {
            polling.tell(&Touched::from(place.path.clone()));
        }
    }

    /// Gives, once, why it is polling although it was not asked to.
    pub fn remark(&mut self) -> Option<String> {
        self.remark.take()
    }

    /// Whether changes are looked for instead of being told.
    pub fn is_polling(&self) -> bool {
        match self.eye {
            Eye::Closed => self.means == Means::Polling,
            Eye::Native(_) => false,
            Eye::Polling(_) => true,
        }
    }

    fn point(&mut self) -> Result<(), String> {
        if let Eye::Closed = self.eye {
            self.eye = match self.means {
                Means::Auto => Eye::Native(Native::new(&self.slate)?),
                Means::Polling => Eye::Polling(Polling::default()),
            };
        }
        match &mut self.eye {
            Eye::Closed => Ok(()),
            Eye::Native(native) => native.over(&self.places),
            Eye::Polling(polling) => {
                polling.over(&self.places, &|| self.slate.is_stopped());
                Ok(())
            }
        }
    }

    fn poll(&mut self, reason: &str) {
        self.remark = Some(format!("changes are looked for at intervals: {reason}"));
        let mut polling = Polling::default();
        polling.over(&self.places, &|| self.slate.is_stopped());
        self.eye = Eye::Polling(polling);
    }

    fn mend(&mut self, troubles: &BTreeSet<Trouble>) {
        let Eye::Native(native) = &mut self.eye else {
            return;
        };
        match native.mend(troubles) {
            Ok(amiss) => self.slate.touch(amiss),
            Err(reason) => {
                self.poll(&reason);
                self.slate.touch(Touched::Everything);
            }
        }
    }

    /// Does the looks whose time has come; whether there was one.
    fn look_again(&mut self, now: Instant) -> bool {
        let rescan = self.rescan_at().is_some_and(|at| at <= now);
        let look = self.look_at().is_some_and(|at| at <= now);
        if rescan {
            self.everything_at = now;
            self.slate.touch(Touched::Everything);
        }
        if rescan || look {
            self.mend(&BTreeSet::new());
        }
        if look && let Eye::Polling(polling) = &mut self.eye {
            self.slate.touch(polling.look(&|| self.slate.is_stopped()));
        }
        rescan || look
    }

    fn look_at(&self) -> Option<Instant> {
        match &self.eye {
            Eye::Closed => None,
            Eye::Native(native) => native.look_at(),
            Eye::Polling(polling) => polling.look_at(),
        }
    }

    fn rescan_at(&self) -> Option<Instant> {
        if self.rescan.is_zero() { None } else { self.everything_at.checked_add(self.rescan) }
    }

    fn tick(&mut self, touched: Touched) -> Woken {
        match &mut self.eye {
            Eye::Closed => {}
            Eye::Native(native) => native.catch_up(),
            Eye::Polling(polling) => polling.tell(&touched),
        }
        if touched == Touched::Everything {
            self.everything_at = Instant::now();
        }
        Woken::Tick(touched)
    }
}

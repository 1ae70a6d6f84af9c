//! Waiting for a node: until something is so, nothing moves any more, or the waker rings.

use std::time::{Duration, Instant};

use crate::commands::{Clock, Failure, Surroundings};
use crate::console::Console;
use crate::daemon::session::Session;
use crate::sync::options::Options;
use crate::sync::status::NodeState;
use crate::watch::{Detection, WakeReason, Waker, Watch};

/// How often a node is asked: at first, and when nothing has changed for long.
const OFTEN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What is said at once when a node is asked to stop.
pub(super) const STOPPING: &str = "Stopping … finishing what is being written, and closing connections";

/// Whether what is waited for is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    Done,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// What was waited for is so.
    Done,
    /// Nothing has changed for as long as was given.
    Still,
    /// The waker rang.
    Stopped,
}

/// Whoever waits: begun before anything is done, so that the waker is heard from the beginning.
pub(super) struct Waiting {
    watch: Watch,
    waker: Waker,
}

impl Waiting {
    /// Hands the waker to `with_waker`.
    ///
    /// # Errors
    /// What `with_waker` says.
    pub(super) fn begin(with_waker: impl FnOnce(Waker) -> Result<(), Failure>) -> Result<Self, Failure> {
        let watch = Watch::new(Detection::Polling, Duration::ZERO);
        let waker = watch.waker();
        with_waker(waker.clone())?;
        Ok(Self { watch, waker })
    }

    /// Starts a node, or finds the one that runs.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(super) fn open(&self, around: &Surroundings, options: Options, clock: Clock) -> Result<Session, Failure> {
        Session::open(around, options, clock, &|| self.waker.is_stopped())
    }

    /// Waits, asking `judge` again and again.
    ///
    /// # Errors
    /// [`Failure`] when the node ended.
    pub(super) fn until(
        &mut self,
        session: &Session,
        around: &Surroundings,
        patience: Duration,
        mut judge: impl FnMut(&NodeState) -> Verdict,
    ) -> Result<Ended, Failure> {
        let (mut last, mut changed) = (None, Instant::now());
        loop {
            let Some(state) = session.state(around, &|| self.waker.is_stopped()) else {
                if self.waker.is_stopped() {
                    return Ok(Ended::Stopped);
                }
                return Err(Failure::new("the program that syncs this data folder has stopped", "try again"));
            };
            if judge(&state) == Verdict::Done {
                return Ok(Ended::Done);
            }
            if last.as_ref() != Some(&state) {
                (last, changed) = (Some(state), Instant::now());
            } else if changed.elapsed() > patience {
                return Ok(Ended::Still);
            }
            let pause = (changed.elapsed() / 10).clamp(OFTEN.0, OFTEN.1);
            if self.watch.wait(Some(pause)) == WakeReason::Stop {
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Ends the node, if it is this program's own. Where a person asked for the end, it is said what is waited for.
    ///
    /// # Errors
    /// What the node ended with.
    pub(super) fn end(&self, session: Session, console: Console) -> Result<(), Failure> {
        if session.is_own() && self.waker.is_stopped() {
            console.say(STOPPING);
        }
        session.end()
    }
}

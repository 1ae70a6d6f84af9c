//! Waits for sync: until what a command wants is there, until nothing has changed for a while, or until the user stops it.

use std::time::{Duration, Instant};

use crate::commands::{Environment, Failure};
use crate::daemon::node_handle::NodeHandle;
use crate::sync::options::Options;
use crate::sync::status::NodeState;
use crate::watch::{Detection, WakeReason, Waker, Watch};

/// How often the node is asked: at first, and when nothing has changed for long.
const ASK_INTERVAL: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Whether what is waited for is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    Done,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitEnd {
    /// What was waited for is so.
    Done,
    /// Nothing has changed for as long as was given.
    Still,
    /// The waker rang.
    Stopped,
}

/// A wait: begun before anything is done, so that a stop is heard from the beginning.
pub(super) struct SyncWait {
    watch: Watch,
    waker: Waker,
}

impl SyncWait {
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
    /// As [`NodeHandle::open`].
    pub(super) fn open(&self, environment: &Environment, options: Options) -> Result<NodeHandle, Failure> {
        let is_over = || self.waker.is_stopped();
        Ok(NodeHandle::open(&environment.folders.data, options, environment.clock, &is_over)?)
    }

    /// Waits, asking `judge` again and again.
    ///
    /// # Errors
    /// [`Failure`] when the node ended.
    pub(super) fn until(
        &mut self,
        session: &NodeHandle,
        environment: &Environment,
        patience: Duration,
        mut judge: impl FnMut(&NodeState) -> Verdict,
    ) -> Result<WaitEnd, Failure> {
        let (mut last, mut changed) = (None, Instant::now());
        loop {
            let Some(state) = session.state(&environment.folders.data, &|| self.waker.is_stopped()) else {
                if self.waker.is_stopped() {
                    return Ok(WaitEnd::Stopped);
                }
                return Err(Failure::new("the program that syncs this data folder has stopped", "try again"));
            };
            if judge(&state) == Verdict::Done {
                return Ok(WaitEnd::Done);
            }
            if last.as_ref() != Some(&state) {
                (last, changed) = (Some(state), Instant::now());
            } else if changed.elapsed() > patience {
                return Ok(WaitEnd::Still);
            }
            let pause = (changed.elapsed() / 10).clamp(ASK_INTERVAL.0, ASK_INTERVAL.1);
            if self.watch.wait(Some(pause)) == WakeReason::Stop {
                return Ok(WaitEnd::Stopped);
            }
        }
    }
}

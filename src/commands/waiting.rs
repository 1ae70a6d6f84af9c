//! Waiting for a node: until something is so, nothing moves any more, or the bell rings.

use std::time::{Duration, Instant};

use super::session::Session;
use super::{Failure, Surroundings};
use crate::sync::state::State;
use crate::watch::{Bell, Means, Watch, Woken};

/// How often a node is asked: at first, and when nothing has changed for long.
const OFTEN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

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
    /// The bell rang.
    Stopped,
}

/// Waits, asking `judge` again and again; the bell is handed to `with_bell`.
///
/// # Errors
/// [`Failure`] when the node ended, or what `with_bell` says.
pub(super) fn until(
    session: &Session,
    around: &Surroundings,
    patience: Duration,
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
    mut judge: impl FnMut(&State) -> Verdict,
) -> Result<Ended, Failure> {
    let mut watch = Watch::new(Means::Polling, Duration::ZERO);
    with_bell(watch.bell())?;
    let (mut last, mut changed) = (None, Instant::now());
    loop {
        let Some(state) = session.state(around) else {
            return Err(Failure::new("the node that synchronises this data folder has ended", "try again"));
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
        if watch.wait(Some(pause)) == Woken::Stop {
            return Ok(Ended::Stopped);
        }
    }
}

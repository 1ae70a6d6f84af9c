//! Whether others' entries are coming in, for any document: the engine may not be told to dial then.
//!
//! Its parts wait for each other for ever if it is told to while one of them takes in more entries than the queue between the two
//! holds, and one of each serves all documents.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;

/// So long nothing came in when nothing is coming in any more.
const QUIET_AFTER: Duration = Duration::from_secs(2);

/// So long it is waited for that.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// When an entry came in last.
#[derive(Clone, Debug, Default)]
pub(super) struct IncomingEntries(Arc<Mutex<Option<Instant>>>);

impl IncomingEntries {
    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        lock(&self.0)
    }

    /// Notes that an entry came in.
    pub(super) fn note(&self) {
        *self.last() = Some(Instant::now());
    }

    /// Whether entries are coming in.
    pub(super) fn is_on(&self) -> bool {
        self.last().is_some_and(|at| at.elapsed() < QUIET_AFTER)
    }

    /// Waits until none are, or for so long that it is somebody's flood.
    pub(super) async fn wait_until_quiet(&self) {
        let flood = Instant::now() + MAX_WAIT;
        loop {
            // More may come in until it would be quiet.
            let quiet = self.last().map(|at| at + QUIET_AFTER).filter(|quiet| *quiet > Instant::now());
            match quiet {
                Some(quiet) if flood > Instant::now() => tokio::time::sleep_until(quiet.min(flood)).await,
                _ => return,
            }
        }
    }
}

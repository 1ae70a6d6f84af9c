//! Whether others' entries are coming in, for any document.
//!
//! Owns the moment when the engine may be told to dial. Its parts wait for each other for ever if it is told while one of them takes
//! in more entries than the queue between the two holds, and one of each serves all documents.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So long nothing came in when nothing is coming in any more.
const QUIET: Duration = Duration::from_secs(2);

/// So long it is waited for that.
const PATIENCE: Duration = Duration::from_mins(1);

/// When an entry came in last.
#[derive(Clone, Debug, Default)]
pub(super) struct Inflow(Arc<Mutex<Option<Instant>>>);

impl Inflow {
    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an entry came in.
    pub(super) fn came(&self) {
        *self.last() = Some(Instant::now());
    }

    /// Whether entries are coming in.
    pub(super) fn is_on(&self) -> bool {
        self.last().is_some_and(|at| at.elapsed() < QUIET)
    }

    /// Waits until none are, or for so long that it is somebody's flood.
    pub(super) async fn is_over(&self) {
        let begun = Instant::now();
        while self.is_on() && begun.elapsed() < PATIENCE {
            tokio::time::sleep(QUIET / 4).await;
        }
    }
}

//! What a replica reports: `sync/replica/report.rs` makes it, with the figures that the fetcher counts.

use std::sync::atomic::Ordering;

use crate::sync::node::replica::Replica;
use crate::sync::replica::report::{Fetched, Parts, report};
use crate::sync::status::DocumentState;

impl Replica {
    /// How it stands.
    pub(super) fn status(&self) -> DocumentState {
        let progress = &self.hands.progress;
        let parts = Parts {
            shared: &self.shared,
            records: &self.records,
            wanted: &self.wanted,
            exchange: &self.exchange,
            todo: &self.todo,
            condition: &self.condition,
            authorship: &self.authorship,
        };
        let total = progress.fetched.load(Ordering::Relaxed);
        let partial = progress.partial.load(Ordering::Relaxed);
        report(&parts, Fetched { total, partial })
    }
}

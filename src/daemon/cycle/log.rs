//! What a turn logs.

use std::time::Duration;

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::site::OutputReport;

/// Logs what a scan found. A box that can't be read is worth a line whenever something changed.
pub(super) fn scan(snapshot: &Snapshot, same: bool) {
    let channel = &snapshot.channel.name;
    tracing::debug!(%channel, messages = snapshot.cards.len(), warnings = snapshot.warnings(), same, "channel scanned");
    for side in Side::BOTH {
        if let BoxState::Unreadable(reason) = &snapshot.seen_box(side).state
            && !same
        {
            tracing::warn!(%channel, folder = side.name(), %reason, "box can't be read");
        }
    }
}

/// Logs what a build wrote.
pub(super) fn build(channel: &Channel, output: &OutputReport, took: Duration) {
    let (written, removed, ms) = (output.written.len(), output.removed.len(), took.as_millis());
    if written + removed > 0 {
        tracing::info!(channel = %channel.name, written, removed, ms, "site built");
    } else {
        tracing::debug!(channel = %channel.name, ms, "site is up to date");
    }
}

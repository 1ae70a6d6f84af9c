//! Dialling: whom a document's replica dials, and when; and leaving a document that has too many entries.

use std::time::Instant;

use iroh::EndpointAddr;
use tracing::{debug, warn};

use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::node::network::endpoint_addr;
use crate::sync::node::replica::Replica;
use crate::sync::redacted::redacted;
use crate::sync::replica::merge::Role;
use crate::text::shell;

/// Where peers are dialled now.
pub(super) fn addresses(due: &[Peer]) -> Vec<EndpointAddr> {
    for peer in due {
        debug!(peer = %hex::short(&peer.device), addresses = peer.addresses.len(), "dialling");
    }
    // A key that is no point of the curve is nobody's.
    due.iter().filter_map(endpoint_addr).collect()
}

impl Replica {
    /// Dials whom it is time to dial, or leaves a document that has too many entries.
    pub(super) async fn dial_or_leave(&mut self) {
        let now = Instant::now();
        // The engine may not be told to dial while entries come in, or are about to.
        let is_comparing = self.hands.engine.incoming.is_on() || self.exchange.awaits_comparison(now);
        if self.has_too_many_entries() {
            if self.condition.question.is_none() {
                self.leave_flooded(now).await;
            }
        } else if !is_comparing || self.exchange.is_flood(now) {
            self.dial(now).await;
        }
    }

    /// Dials whom it is time to dial; that goes on in the background, and who does not answer is dialled again.
    async fn dial(&mut self, now: Instant) {
        let addresses = addresses(&self.exchange.take_due(now));
        if addresses.is_empty() {
            return;
        }
        self.condition.is_reported = false;
        if let Err(error) = self.hands.doc.start_sync(addresses).await {
            // They are dialled again; an engine that fails at more than this is noticed by its watchdog.
            debug!(error = %redacted(&error), "the engine could not be told to dial");
        }
    }

    /// Listens no more to a document that has too many entries. The engine is told so when nothing comes in, or when that takes too
    /// long: if it hangs on that it is started anew, without this document.
    async fn leave_flooded(&mut self, now: Instant) {
        if self.hands.engine.incoming.is_on() && !self.exchange.is_flood(now) {
            return;
        }
        let most = self.max_entries();
        warn!(limit = most, "the document has too many entries and is left");
        let question = if self.shared.role == Role::Reader {
            format!("its author has put more than {most} entries into it, so missive has stopped syncing it")
        } else {
            let who = format!("others have put more than {most} entries into it, so missive has stopped syncing it");
            let rotate = shell::missive("keys rotate", &[&self.shared.document.channel]);
            if self.shared.is_owner() { format!("{who}; `{rotate}` gives it new keys") } else { who }
        };
        self.condition.question = Some(question);
        self.condition.is_reported = false;
        self.hands.leave().await;
    }
}

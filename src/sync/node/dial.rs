//! Telling the engine whom to dial and when to leave, and the fetcher whom to ask.

use std::sync::Arc;

use iroh::EndpointAddr;
use tracing::debug;

use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::node::hands::Hands;
use crate::sync::node::network::{endpoint_addr, failed};
use crate::sync::redacted::redacted;
use crate::sync::replica::providers::Provider;

/// Something that the engine is told.
pub(super) enum Call {
    /// Listen to the document's peers, for the first time, and dial these.
    Begin(Vec<Peer>),
    /// Dial these.
    Dial(Vec<Peer>),
    /// Listen no more.
    Leave,
}

/// Where peers are dialled.
fn addresses(peers: &[Peer]) -> Vec<EndpointAddr> {
    for peer in peers {
        debug!(peer = %hex::short(&peer.device), addresses = peer.addresses.len(), "dialling");
    }
    // A key that is no point of the curve is nobody's.
    peers.iter().filter_map(endpoint_addr).collect()
}

/// Tells the engine all this. Dialling goes on in the background, and who does not answer is dialled again.
pub(super) async fn call(hands: Arc<Hands>, calls: Vec<Call>) {
    for call in calls {
        match call {
            Call::Begin(peers) => {
                hands.engine.incoming.wait_until_quiet().await;
                if let Err(error) = hands.doc.start_sync(addresses(&peers)).await {
                    return hands.fail(failed(error));
                }
            }
            Call::Dial(peers) => {
                if let Err(error) = hands.doc.start_sync(addresses(&peers)).await {
                    // An engine that fails at more than this is noticed by its watchdog.
                    debug!(error = %redacted(&error), "the engine could not be told to dial");
                }
            }
            Call::Leave => {
                // An engine that can't be told so any more has ended.
                if let Err(error) = hands.doc.leave().await {
                    debug!(error = %redacted(&error), "the document could not be left");
                }
            }
        }
    }
}

/// Tells the fetcher whom to ask for the document's contents.
pub(super) fn ask(hands: &Hands, providers: Vec<Provider>) {
    hands.fetcher.peers(hands.place.document, providers);
}

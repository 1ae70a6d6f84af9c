//! What the engine says of a document, as events: entries, peers that come and go, comparisons.
//!
//! Nothing is decided about a file here.

use iroh::endpoint::{RemoteInfo, TransportAddrInfo};
use iroh::{EndpointAddr, EndpointId};
use iroh_docs::Entry;
use iroh_docs::api::Doc;
use iroh_docs::engine::{LiveEvent, SyncEvent};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use tracing::{Instrument, debug, info, trace};

use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::node::comparison_failure::is_only_unclosed;
use crate::sync::node::engine::entry_of;
use crate::sync::node::hands::Hands;
use crate::sync::node::incoming_entries::IncomingEntries;
use crate::sync::node::network::{failed, peer};
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Comparison, ComparisonOutcome, Event};
use crate::sync::replica::records::{self, ReceivedEntry};

/// Listens to what the engine says of a document. The channel ends when the engine says nothing more.
///
/// # Errors
/// When the engine does not let anybody listen.
pub(super) async fn listen(doc: &Doc, incoming: IncomingEntries) -> Result<mpsc::UnboundedReceiver<LiveEvent>, Error> {
    let events = doc.subscribe().await.map_err(failed)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(pass_on(events, incoming, sender).in_current_span());
    Ok(receiver)
}

/// Takes events as they come: the engine's queue of them is short, and waits for nobody.
async fn pass_on(
    mut events: impl Stream<Item = Result<LiveEvent, impl Send + 'static>> + Send + Unpin + 'static,
    incoming: IncomingEntries,
    sender: mpsc::UnboundedSender<LiveEvent>,
) {
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = sender.closed() => return,
        };
        match event {
            None => return,
            // An entry of which the engine can't say who sent it is found with the next comparison.
            Some(Err(_)) => {}
            Some(Ok(event)) => {
                if let LiveEvent::InsertRemote { .. } = &event {
                    incoming.note();
                }
                if sender.send(event).is_err() {
                    return;
                }
            }
        }
    }
}

/// What the engine said, in its order; entries that came together are one event.
pub(super) async fn events(hands: &Hands, said: Vec<LiveEvent>) -> Vec<Event> {
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    for event in said {
        if let LiveEvent::InsertRemote { entry, .. } = &event {
            entries.push(received(entry));
            continue;
        }
        let Some(event) = event_of(hands, event).await else {
            continue;
        };
        if !entries.is_empty() {
            events.push(Event::Entries(std::mem::take(&mut entries)));
        }
        events.push(event);
    }
    if !entries.is_empty() {
        events.push(Event::Entries(entries));
    }
    events
}

fn received(entry: &Entry) -> ReceivedEntry {
    let records::Entry { author, key, hash, len, time } = entry_of(entry);
    trace!(len, "an entry came");
    ReceivedEntry { author, key: key.to_vec(), hash, len, time, is_remote: true }
}

/// What became of what this side tells the document is known already, and contents are fetched by nobody else.
async fn event_of(hands: &Hands, event: LiveEvent) -> Option<Event> {
    match event {
        LiveEvent::NeighborUp(device) => {
            info!(peer = %hex::short(device.as_bytes()), "connected");
            Some(Event::Met { peer: met(hands, device).await, is_neighbour: true })
        }
        LiveEvent::NeighborDown(device) => {
            info!(peer = %hex::short(device.as_bytes()), "disconnected");
            Some(Event::Lost(*device.as_bytes()))
        }
        LiveEvent::SyncFinished(event) => Some(Event::Compared(compared(hands, &event).await)),
        LiveEvent::InsertLocal { .. }
        | LiveEvent::InsertRemote { .. }
        | LiveEvent::ContentReady { .. }
        | LiveEvent::PendingContentReady => None,
    }
}

async fn compared(hands: &Hands, event: &SyncEvent) -> Comparison {
    let device = event.peer;
    let peer = hex::short(device.as_bytes());
    let outcome = match &event.result {
        Ok(details) => {
            debug!(%peer, received = details.entries_received, sent = details.entries_sent, "documents compared");
            ComparisonOutcome::Same { received: details.entries_received }
        }
        Err(reason) if is_only_unclosed(reason) => {
            debug!(%peer, reason = %redacted(reason), "documents compared, unless the peer had no time");
            ComparisonOutcome::Unsure
        }
        Err(reason) => {
            debug!(%peer, reason = %redacted(reason), "documents not compared");
            let peer = Peer { device: *device.as_bytes(), addresses: Vec::new(), relay: None };
            return Comparison { peer, outcome: ComparisonOutcome::Failed };
        }
    };
    Comparison { peer: met(hands, device).await, outcome }
}

/// Where a device is that is there; it is asked now and then what time it is.
async fn met(hands: &Hands, device: EndpointId) -> Peer {
    let addresses = hands.engine.endpoint.remote_info(device).await;
    let addresses = addresses.into_iter().flat_map(RemoteInfo::into_addrs).map(TransportAddrInfo::into_addr);
    let address = EndpointAddr::from_parts(device, addresses);
    let peer = peer(&address);
    hands.engine.clocks.ask(&hands.home, &hands.engine.endpoint, address);
    peer
}

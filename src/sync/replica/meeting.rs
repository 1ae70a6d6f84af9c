//! Peers that come and go, comparisons of documents with theirs, whom to dial, and leaving a document that has too many entries.

use std::collections::BTreeSet;

use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::action::Action;
use crate::sync::replica::event::{Comparison, ComparisonOutcome};
use crate::sync::replica::exchange::Stage;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Role;
use crate::sync::replica::now::Now;
use crate::sync::replica::providers::Provider;
use crate::text::shell;

/// So many peers are asked for a document's contents.
const MAX_PROVIDERS: usize = 16;

/// So many devices of authors are looked for.
const MAX_AUTHORS: usize = 16;

/// Begins to listen to the document's peers, once the document was read.
pub fn begin(replica: &mut Replica, now: Now) {
    let exchange = &mut replica.exchange;
    let is_quiet = !exchange.surroundings.is_incoming || exchange.is_flood(now.monotonic);
    if exchange.stage != Stage::Read || !is_quiet || replica.has_too_many_entries() {
        return;
    }
    replica.exchange.stage = Stage::Listening;
    // The engine remembers peers without their addresses, and fails to dial them unless it is told all at once.
    let known = replica.exchange.peers.due(now.monotonic, true);
    replica.ask(Action::Dial(known));
}

/// A comparison of documents is over.
pub fn compared(replica: &mut Replica, Comparison { peer, outcome }: Comparison, now: Now) {
    replica.exchange.comparison_ended(now.monotonic);
    let (is_sure, brought_something) = match outcome {
        ComparisonOutcome::Same { received } => (true, received > 0),
        ComparisonOutcome::Unsure => (false, true),
        ComparisonOutcome::Failed => return,
    };
    // The event that it is over may overtake those about what it brought.
    let is_known = replica.exchange.compared.is_some();
    let reload = brought_something && (!is_known || replica.exchange.surroundings.is_incoming);
    replica.todo.reload |= reload;
    replica.todo.everything |= reload;
    let is_document_known = replica.records.newest > 0;
    replica.exchange.compared(is_sure, is_document_known, now.seconds());
    replica.todo.notes |= replica.authorship.awaits_comparison(replica.view());
    if !is_known {
        // Who the owner is may be known now, and what had to wait until all was known has its room.
        replica.todo.wake();
        replica.todo.items.extend(replica.records.hidden().cloned());
    }
    met(replica, peer, false, now);
}

/// A device is there.
pub fn met(replica: &mut Replica, peer: Peer, is_neighbour: bool, now: Now) {
    let device = peer.device;
    replica.exchange.peers.add(peer);
    replica.exchange.peers.seen(&device, now.seconds());
    if is_neighbour {
        replica.exchange.met(now.monotonic);
        replica.exchange.peers.set_connected(&device, true);
    }
    ask_peers(replica);
}

/// A device is gone.
pub fn lost(replica: &mut Replica, device: [u8; 32]) {
    replica.exchange.peers.set_connected(&device, false);
    ask_peers(replica);
}

/// Tells whom to ask for contents: those who are connected, and those who were there lately.
fn ask_peers(replica: &mut Replica) {
    let authors = author_devices(replica);
    let all = replica.exchange.peers.all();
    let mut peers: Vec<_> = all.filter(|(_, connected, seen)| *connected || seen.is_some()).collect();
    peers.sort_by_key(|(_, connected, seen)| (!connected, seen.map(|seen| -seen)));
    let providers = peers.iter().take(MAX_PROVIDERS).map(|(peer, is_connected, _)| Provider {
        peer: (*peer).clone(),
        is_connected: *is_connected,
        is_author: authors.contains(&peer.device),
    });
    let providers: Vec<Provider> = providers.collect();
    if replica.exchange.asked != providers {
        replica.exchange.asked.clone_from(&providers);
        replica.ask(Action::Ask(providers));
    }
}

/// The devices of those who write the document, by what they say of themselves.
fn author_devices(replica: &Replica) -> BTreeSet<[u8; 32]> {
    let notes = replica.authorship.notes.iter().filter(|(author, _)| replica.records.signers.contains_key(*author));
    notes.filter_map(|(_, note)| hex::decode(&note.device)).take(MAX_AUTHORS).collect()
}

/// Those who write the document have said on which devices. Whoever writes with others finds them by that, although the one from
/// whom the key came is away: a look-up by the device's name tells where it is.
pub fn authors_known(replica: &mut Replica) {
    for device in author_devices(replica) {
        replica.exchange.peers.add(Peer { device, addresses: Vec::new(), relay: None });
    }
    ask_peers(replica);
}

/// Dials whom it is time to dial, or leaves a document that has too many entries.
pub fn tick(replica: &mut Replica, now: Now) {
    begin(replica, now);
    // The engine may not be told to dial while entries come in, or are about to.
    let exchange = &replica.exchange;
    let is_comparing = exchange.surroundings.is_incoming || exchange.awaits_comparison(now.monotonic);
    let is_flood = exchange.is_flood(now.monotonic);
    if replica.has_too_many_entries() {
        if replica.exchange.stage != Stage::Left && (!replica.exchange.surroundings.is_incoming || is_flood) {
            leave(replica);
        }
    } else if replica.exchange.stage == Stage::Listening && (!is_comparing || is_flood) {
        let due = replica.exchange.take_due(now.monotonic);
        if !due.is_empty() {
            replica.condition.is_reported = false;
            replica.ask(Action::Dial(due));
        }
    }
}

/// Listens no more to a document that has too many entries. The engine is told so when nothing comes in, or when that takes too
/// long: if it hangs on that it is started anew, without this document.
fn leave(replica: &mut Replica) {
    replica.exchange.stage = Stage::Left;
    let most = replica.shared.limits.entries();
    let question = if replica.shared.role == Role::Reader {
        format!("its author has put more than {most} entries into it, so missive has stopped syncing it")
    } else {
        let who = format!("others have put more than {most} entries into it, so missive has stopped syncing it");
        let rotate = shell::missive("keys rotate", &[&replica.shared.document.channel]);
        if replica.shared.is_owner() { format!("{who}; `{rotate}` gives it new keys") } else { who }
    };
    replica.condition.question = Some(question);
    replica.condition.is_reported = false;
    replica.ask(Action::Leave);
}

//! Events in: what disk, book, engine and fetcher say becomes what is to be looked at, and who is known to be there.
//!
//! Nothing is decided about a file here.

use std::time::Instant;

use iroh::endpoint::{RemoteInfo, TransportAddrInfo};
use iroh::{EndpointAddr, EndpointId};
use iroh_docs::Entry;
use iroh_docs::engine::{LiveEvent, SyncEvent};
use tracing::{debug, info, trace};

use crate::sync::hex;
use crate::sync::node::comparison_failure::is_only_unclosed;
use crate::sync::node::engine::entry_of;
use crate::sync::node::fetch::{Done, SLACK};
use crate::sync::node::network::{endpoint_addr, peer};
use crate::sync::node::replica::{Command, Replica};
use crate::sync::redacted::redacted;
use crate::sync::replica::authorship::View;
use crate::sync::replica::records::About;
use crate::watch::Touched;

/// So many peers are asked for a document's contents.
const MAX_PROVIDERS: usize = 16;

impl Replica {
    /// The disk or the book says that something changed.
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Touched(Touched::Everything) => self.todo.everything = true,
            Command::Touched(Touched::Paths(paths)) => {
                let folder = &self.shared.folder;
                for path in paths {
                    match path.strip_prefix(folder) {
                        Ok(below) if below.as_os_str().is_empty() => self.todo.everything = true,
                        Ok(below) => drop(self.todo.paths.insert(below.to_owned())),
                        // The channel or a folder above it.
                        Err(_) => self.todo.everything |= folder.starts_with(&path),
                    }
                }
            }
            Command::Book(document) => {
                debug!("the book of keys says something else of the document");
                document.peers.iter().cloned().for_each(|peer| self.exchange.peers.add(peer));
                self.shared.document = *document;
                self.records.owner = self.shared.owner();
                self.todo.everything = true;
            }
            Command::Stop => {}
        }
    }

    /// The engine says that something happened.
    pub(super) async fn on_engine_event(&mut self, event: LiveEvent) {
        self.condition.is_reported = false;
        match event {
            LiveEvent::InsertLocal { entry } | LiveEvent::InsertRemote { entry, .. } => self.on_entry(&entry),
            LiveEvent::NeighborUp(device) => {
                info!(peer = %hex::short(device.as_bytes()), "connected");
                self.on_met(device, true).await;
            }
            LiveEvent::NeighborDown(device) => {
                info!(peer = %hex::short(device.as_bytes()), "disconnected");
                self.exchange.peers.set_connected(device.as_bytes(), false);
                self.share_providers();
            }
            LiveEvent::SyncFinished(event) => self.on_comparison(event).await,
            LiveEvent::ContentReady { .. } | LiveEvent::PendingContentReady => {}
        }
    }

    fn on_entry(&mut self, entry: &Entry) {
        if self.has_too_many_entries() {
            return;
        }
        match self.records.put(&entry_of(entry)) {
            About::File(item) => {
                trace!(?item, len = entry.content_len(), "an entry came");
                self.todo.again(item);
            }
            About::Note => self.todo.notes = true,
            About::Nothing => trace!(refused = self.records.refused(), "an entry came that means nothing"),
        }
    }

    /// A comparison of documents is over.
    async fn on_comparison(&mut self, event: SyncEvent) {
        self.exchange.comparison_ended();
        let peer = hex::short(event.peer.as_bytes());
        match &event.result {
            Ok(details) => {
                debug!(%peer, received = details.entries_received, sent = details.entries_sent, "documents compared");
            }
            Err(reason) if is_only_unclosed(reason) => {
                debug!(%peer, reason = %redacted(reason), "documents compared, unless the peer had no time");
            }
            Err(reason) => {
                debug!(%peer, reason = %redacted(reason), "documents not compared");
                return;
            }
        }
        // The event that it is over may overtake those about what it brought.
        let brought_something = event.result.as_ref().map_or(true, |details| details.entries_received > 0);
        let is_known = self.exchange.compared.is_some();
        let reload = brought_something && (!is_known || self.hands.engine.incoming.is_on());
        self.todo.reload |= reload;
        self.todo.everything |= reload;
        let is_document_known = self.records.newest > 0;
        self.exchange.compared(event.result.is_ok(), is_document_known, self.hands.home.seconds());
        let view = View::new(&self.shared, &self.records, &self.local);
        self.todo.notes |= self.authorship.awaits_comparison(view);
        self.on_met(event.peer, false).await;
    }

    /// Notes that a device is there, and where.
    async fn on_met(&mut self, device: EndpointId, is_neighbour: bool) {
        let addresses = self.hands.engine.endpoint.remote_info(device).await;
        let addresses = addresses.into_iter().flat_map(RemoteInfo::into_addrs).map(TransportAddrInfo::into_addr);
        let address = EndpointAddr::from_parts(device, addresses);
        self.exchange.peers.add(peer(&address));
        self.hands.engine.clocks.ask(&self.hands.home, &self.hands.engine.endpoint, address);
        self.exchange.peers.seen(device.as_bytes(), self.hands.home.seconds());
        if is_neighbour {
            self.exchange.met(Instant::now());
            self.exchange.peers.set_connected(device.as_bytes(), true);
        }
        self.share_providers();
    }

    /// Tells the fetcher whom to ask: those who are connected first.
    fn share_providers(&self) {
        let all = self.exchange.peers.all();
        let mut peers: Vec<_> = all.filter(|(_, connected, seen)| *connected || seen.is_some()).collect();
        peers.sort_by_key(|(_, connected, seen)| (!connected, seen.map(|seen| -seen)));
        let addresses = peers.iter().filter_map(|(peer, ..)| endpoint_addr(peer)).take(MAX_PROVIDERS).collect();
        self.hands.fetcher.peers(self.shared.document.id, addresses);
    }

    /// A content has come, or is not what its entry says.
    pub(super) fn on_fetched(&mut self, done: &Done) {
        self.condition.is_reported = false;
        if done.sound {
            self.hands.engine.large.came(done.hash);
        } else {
            self.wanted.set_unsound(done.hash, done.len, done.len.saturating_add(SLACK));
        }
        let (items, is_note) = self.wanted.arrived(&done.hash);
        debug!(content = %hex::short(&done.hash), sound = done.sound, files = ?items, "a content has come");
        self.todo.notes |= is_note;
        self.todo.items.extend(items);
    }
}

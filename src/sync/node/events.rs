//! What a keeper hears, from the disk, the book, the engine and the scheduler.
//!
//! Owns the turn from an event into what is to be looked at, and who is known to be there. Refuses to decide anything about a file.

use iroh::endpoint::{RemoteInfo, TransportAddrInfo};
use iroh::{EndpointAddr, EndpointId};
use iroh_docs::Entry;
use iroh_docs::engine::LiveEvent;
use tokio::time::Instant;

use crate::sync::node::fetch::{Done, SLACK};
use crate::sync::node::network::{endpoint_addr, peer};
use crate::sync::node::records::About;
use crate::sync::node::replica::{Keeper, Word};
use crate::watch::Touched;

impl Keeper {
    /// The disk or the book says that something changed.
    pub(super) fn hear(&mut self, word: Word) {
        match word {
            Word::Touched(Touched::Everything) => self.todo.everything = true,
            Word::Touched(Touched::Paths(paths)) => {
                let folder = &self.folder;
                for path in paths {
                    match path.strip_prefix(folder) {
                        Ok(below) if below.as_os_str().is_empty() => self.todo.everything = true,
                        Ok(below) => drop(self.todo.paths.insert(below.to_owned())),
                        // The channel or a folder above it.
                        Err(_) => self.todo.everything |= folder.starts_with(&path),
                    }
                }
            }
            Word::Book(document) => {
                document.peers.iter().cloned().for_each(|peer| self.peers.add(peer));
                self.document = *document;
                self.records.owner = self.owner();
                self.todo.everything = true;
            }
            Word::Stop => {}
        }
    }

    /// The engine says that something happened.
    pub(super) async fn event(&mut self, event: LiveEvent) {
        self.is_told = false;
        match event {
            LiveEvent::InsertLocal { entry } | LiveEvent::InsertRemote { entry, .. } => self.entry(&entry),
            LiveEvent::NeighborUp(device) => self.meet(device, true).await,
            LiveEvent::NeighborDown(device) => {
                self.peers.connected(device.as_bytes(), false);
                self.share_peers();
            }
            LiveEvent::SyncFinished(event) => {
                self.met = None;
                if is_compared(&event.result) {
                    // The word that it is over may overtake the words about what it brought.
                    let brought_something = event.result.as_ref().map_or(true, |details| details.entries_received > 0);
                    let doubt = brought_something && (self.compared.is_none() || self.engine.inflow.is_on());
                    self.todo.doubt |= doubt;
                    self.todo.everything |= doubt;
                    self.compared_with_peer(event.result.is_ok());
                    self.meet(event.peer, false).await;
                }
            }
            LiveEvent::ContentReady { .. } | LiveEvent::PendingContentReady => {}
        }
    }

    fn entry(&mut self, entry: &Entry) {
        if self.has_too_many() {
            return;
        }
        match self.records.put(entry) {
            About::File(item) => drop(self.todo.items.insert(item)),
            About::Note => self.todo.notes = true,
            About::Nothing => {}
        }
    }

    /// Notes that documents were compared; where that is not sure it counts only if something is known of the document.
    fn compared_with_peer(&mut self, is_sure: bool) {
        if is_sure || self.records.newest > 0 {
            self.compared = Some(self.home.seconds());
        } else {
            self.is_unsure = true;
        }
        self.news.compared(is_sure);
        self.todo.notes |= self.awaits_comparison();
    }

    /// Notes that a device is there, and where.
    async fn meet(&mut self, device: EndpointId, is_neighbour: bool) {
        let addresses = self.engine.endpoint.remote_info(device).await;
        let addresses = addresses.into_iter().flat_map(RemoteInfo::into_addrs).map(TransportAddrInfo::into_addr);
        let address = EndpointAddr::from_parts(device, addresses);
        self.peers.add(peer(&address));
        self.engine.clocks.ask(&self.home, &self.engine.endpoint, address);
        self.peers.seen(device.as_bytes(), self.home.seconds());
        if is_neighbour {
            // The engine compares documents with whoever is new.
            self.met = Some(Instant::now());
            self.peers.connected(device.as_bytes(), true);
        }
        self.share_peers();
    }

    /// Tells the scheduler whom to ask: those who are connected first.
    fn share_peers(&self) {
        let mut peers: Vec<_> = self.peers.all().filter(|(_, connected, seen)| *connected || seen.is_some()).collect();
        peers.sort_by_key(|(_, connected, seen)| (!connected, seen.map(|seen| -seen)));
        let addresses = peers.iter().filter_map(|(peer, ..)| endpoint_addr(peer)).take(16).collect();
        self.fetcher.peers(self.document.id, addresses);
    }

    /// A content has come, or is not what its entry says.
    pub(super) fn fetched(&mut self, done: &Done) {
        self.is_told = false;
        let items = self.wanted.remove(&done.hash).unwrap_or_default();
        if !done.sound {
            self.unsound.insert((done.hash, done.len), done.len.saturating_add(SLACK));
        }
        self.todo.notes |= self.asked.remove(&done.hash);
        self.todo.items.extend(items);
    }
}

/// Whether documents were compared: a connection that could not be closed in good order was good until then.
fn is_compared<T>(result: &Result<T, String>) -> bool {
    result.as_ref().err().is_none_or(|error| error.starts_with("Failed to close"))
}

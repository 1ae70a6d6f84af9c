//! What a node reports of itself, for those who ask from any thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tracing::{debug, info};

use crate::channel::protocol::name::ChannelName;
use crate::lock::lock;
use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::reader_questions::Reader;
use crate::sync::status::{DocumentState, NodeState, PeerHas, PeerState};
use crate::sync::sync_state::SyncState;

/// So many readers of a document are asked what they have.
const MAX_READERS: usize = 16;

/// What a node tells those who ask, from any thread.
#[derive(Clone, Default)]
pub(super) struct SharedStatus {
    reported: Arc<Mutex<Reported>>,
    /// Rings when readers may have to be asked what they have.
    readers: Arc<Notify>,
}

#[derive(Default)]
struct Reported {
    me: Option<Peer>,
    documents: BTreeMap<[u8; 32], DocumentState>,
    /// How documents stood when a node ran last.
    last: Vec<DocumentState>,
    accepting: Vec<ChannelName>,
    warnings: Vec<String>,
    clock: Option<i64>,
}

/// What is here of a document.
pub(super) struct Holdings {
    /// Its id.
    pub(super) document: [u8; 32],
    /// The fingerprint of what is known of it.
    pub(super) version: String,
    /// How many files of that are missing.
    pub(super) missing_files: u64,
    /// How many bytes they have.
    pub(super) missing_bytes: u64,
}

impl SharedStatus {
    /// Nothing is known but how a node stood that ran before.
    pub(super) fn new(last: Option<NodeState>) -> Self {
        let last = last.map(|state| state.documents).unwrap_or_default();
        let reported = Reported { last, ..Reported::default() };
        Self { reported: Arc::new(Mutex::new(reported)), readers: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Reported> {
        lock(&self.reported)
    }

    /// Begins with a document, where the last run has ended.
    pub(super) fn add(&self, id: [u8; 32], mut state: DocumentState) {
        let mut reported = self.lock();
        let is_it = |last: &&DocumentState| last.channel == state.channel && last.side == state.side;
        if let Some(last) = reported.documents.get(&id).or_else(|| reported.last.iter().find(is_it)) {
            state.resume(last);
        }
        reported.documents.insert(id, state);
    }

    /// How a document stands at this time, in seconds since 1970, unless it was forgotten meanwhile: whoever reports it may not have
    /// heard of that yet.
    pub(super) fn report(&self, id: &[u8; 32], mut state: DocumentState, now: i64) {
        let mut reported = self.lock();
        let Some(known) = reported.documents.get_mut(id) else {
            return;
        };
        state.follow(known, now);
        log_change(known, &state);
        let is_first = state.compared.is_some() && known.compared.is_none();
        let is_other = state.writes && (is_first || state.version != known.version || is_met(&state, known));
        *known = state;
        if is_other {
            self.readers.notify_one();
        }
    }

    /// The connected readers of which it is not known that they have everything that was written here.
    pub(super) fn open_readers(&self) -> Vec<Reader> {
        let reported = self.lock();
        let written = reported.documents.iter().filter(|(_, state)| state.writes && state.compared.is_some());
        written.flat_map(|(id, state)| open_readers(id, state)).collect()
    }

    /// Waits until readers may have to be asked.
    pub(super) async fn readers_changed(&self) {
        self.readers.notified().await;
    }

    /// Notes what a reader says that it has.
    pub(super) fn note_reader(&self, document: &[u8; 32], device: &[u8; 32], has: PeerHas) {
        if let Some(state) = self.lock().documents.get_mut(document) {
            state.note_reader(&hex::encode(device), has);
        }
    }

    /// What is here of the first document for which this holds.
    pub(super) fn holdings(&self, is_meant: impl Fn(&[u8; 32]) -> bool) -> Option<Holdings> {
        let reported = self.lock();
        let (document, state) = reported.documents.iter().find(|(id, _)| is_meant(id))?;
        let (missing_files, missing_bytes) = state.missing();
        Some(Holdings { document: *document, version: state.version.clone(), missing_files, missing_bytes })
    }

    /// Ends with a document.
    pub(super) fn forget(&self, id: &[u8; 32]) {
        self.lock().documents.remove(id);
    }

    pub(super) fn set_warnings(&self, warnings: Vec<String>) {
        self.lock().warnings = warnings;
    }

    /// Notes that the engine broke: nobody is here until there is a new one.
    pub(super) fn set_broken(&self, why: &str) {
        let mut reported = self.lock();
        reported.warnings = vec![format!("sync failed and is starting again: {why}")];
        for document in reported.documents.values_mut() {
            document.peers.iter_mut().for_each(|peer| peer.connected = false);
            // Whatever was arriving waits from now on.
            document.state = document.facts().state(i64::MAX);
        }
    }

    pub(super) fn set_clock(&self, ahead: Option<i64>) {
        self.lock().clock = ahead;
    }

    pub(super) fn set_accepting(&self, channels: Vec<ChannelName>) {
        self.lock().accepting = channels;
    }

    /// Notes where this device is now; whether that is new.
    pub(super) fn set_address(&self, me: &Peer) -> bool {
        let mut reported = self.lock();
        let is_new = reported.me.as_ref() != Some(me);
        reported.me = Some(me.clone());
        is_new
    }

    /// This device, as a key names it.
    pub(super) fn own_address(&self) -> Vec<Peer> {
        self.lock().me.clone().into_iter().collect()
    }

    pub(super) fn node_state(&self) -> NodeState {
        let reported = self.lock();
        let addresses = |me: &Peer| me.addresses.iter().map(ToString::to_string).chain(me.relay.clone()).collect();
        NodeState {
            device: reported.me.as_ref().map(|me| hex::encode(&me.device)).unwrap_or_default(),
            addresses: reported.me.as_ref().map(addresses).unwrap_or_default(),
            documents: reported.documents.values().cloned().collect(),
            accepting: reported.accepting.clone(),
            warnings: reported.warnings.clone(),
            clock: reported.clock,
        }
    }
}

/// Logs that a document's state is another one. What comes and goes with each message is of less interest.
fn log_change(before: &DocumentState, now: &DocumentState) {
    let (was, state) = (before.state, now.state);
    let (files, peers) = (now.arriving, now.connected());
    if state == was {
        return;
    }
    if state.is_passing() || (was.is_passing() && state == SyncState::UpToDate) {
        debug!(%state, %was, files, peers, "the channel's state has changed");
    } else {
        info!(%state, %was, files, peers, "the channel's state has changed");
    }
}

/// Whether a peer is connected that was not before.
fn is_met(now: &DocumentState, before: &DocumentState) -> bool {
    let was_there = |device: &str| before.peers.iter().any(|peer| peer.connected && peer.device == device);
    now.peers.iter().any(|peer| peer.connected && !was_there(&peer.device))
}

/// The connected readers of a document who do not say that they have everything.
fn open_readers(id: &[u8; 32], state: &DocumentState) -> Vec<Reader> {
    let has_everything = |peer: &PeerState| peer.has.as_ref().is_some_and(|has| has.everything);
    let open = state.peers.iter().filter(|peer| peer.connected && !has_everything(peer));
    let readers = open.filter_map(|peer| {
        Some(Reader { document: *id, device: hex::decode(&peer.device)?, version: state.version.clone() })
    });
    readers.take(MAX_READERS).collect()
}

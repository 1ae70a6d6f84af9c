//! What a node reports of itself, for those who ask from any thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::channel::protocol::name::ChannelName;
use crate::lock::lock;
use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::status::{DocumentState, NodeState};

/// What a node tells those who ask, from any thread.
#[derive(Clone, Default)]
pub(super) struct SharedStatus(Arc<Mutex<Reported>>);

#[derive(Default)]
struct Reported {
    me: Option<Peer>,
    documents: BTreeMap<[u8; 32], DocumentState>,
    accepting: Vec<ChannelName>,
    warnings: Vec<String>,
    clock: Option<i64>,
}

impl SharedStatus {
    fn lock(&self) -> MutexGuard<'_, Reported> {
        lock(&self.0)
    }

    /// Begins with a document.
    pub(super) fn add(&self, id: [u8; 32], state: DocumentState) {
        self.lock().documents.insert(id, state);
    }

    /// How a document stands now, unless it was forgotten meanwhile: whoever reports it may not have heard of that yet.
    pub(super) fn report(&self, id: &[u8; 32], state: DocumentState) {
        if let Some(known) = self.lock().documents.get_mut(id) {
            *known = state;
        }
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
        for peer in reported.documents.values_mut().flat_map(|document| &mut document.peers) {
            peer.connected = false;
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

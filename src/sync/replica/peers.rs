//! Who has a document, where they were last, and when each of them is dialled again.
//!
//! The address book outlives the node: the engine remembers peers without addresses, and a key that was handed out names the place
//! where somebody was then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::sync::keys::ticket::Peer;

/// How soon a peer is dialled again, at first and at last.
const REDIAL_PAUSES: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(30));

/// So many addresses are remembered of one peer.
const MAX_ADDRESSES: usize = 8;

/// So many peers are remembered of one document.
const MAX_PEERS: usize = 200;

/// How often documents are compared with a peer who is connected, although nothing is known to have changed.
const COMPARE_INTERVAL: Duration = Duration::from_mins(2);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    peer: Peer,
    /// In seconds since 1970.
    seen: Option<i64>,
    #[serde(skip)]
    dialling: Dialling,
}

#[derive(Clone, Debug, Default)]
struct Dialling {
    connected: bool,
    last: Option<Instant>,
    pause: Option<Duration>,
}

/// The peers of one document.
#[derive(Debug)]
pub struct Peers {
    known: BTreeMap<[u8; 32], Known>,
    is_saved: bool,
    me: [u8; 32],
}

impl Peers {
    /// Reads them from bytes that [`Peers::to_json`] made; others hold none.
    pub fn from_json(bytes: &[u8], me: [u8; 32]) -> Self {
        // Peers can be met again, so damage costs no more than time.
        let known: Vec<Known> = serde_json::from_slice(bytes).unwrap_or_default();
        let known = known.into_iter().map(|known| (known.peer.device, known)).collect();
        Self { known, is_saved: true, me }
    }

    /// Adds a peer and its addresses, the new ones first.
    pub fn add(&mut self, peer: Peer) {
        if peer.device == self.me || (self.known.len() >= MAX_PEERS && !self.known.contains_key(&peer.device)) {
            return;
        }
        let new = || Known {
            peer: Peer { addresses: Vec::new(), ..peer.clone() },
            seen: None,
            dialling: Dialling::default(),
        };
        let known = self.known.entry(peer.device).or_insert_with(new);
        let mut addresses = peer.addresses;
        addresses.extend(known.peer.addresses.iter().copied());
        let mut once = Vec::new();
        for address in addresses {
            if !once.contains(&address) {
                once.push(address);
            }
        }
        once.truncate(MAX_ADDRESSES);
        let next =
            Peer { device: peer.device, addresses: once, relay: peer.relay.or_else(|| known.peer.relay.clone()) };
        if next != known.peer {
            known.peer = next;
            self.is_saved = false;
        }
    }

    /// Notes that a peer was here.
    pub fn seen(&mut self, device: &[u8; 32], now: i64) {
        if let Some(known) = self.known.get_mut(device) {
            // A minute more or less is not worth a write.
            self.is_saved &= known.seen.is_some_and(|seen| now - seen < 60);
            known.seen = Some(now);
            known.dialling.pause = None;
        }
    }

    /// Notes whether a peer is connected.
    pub fn set_connected(&mut self, device: &[u8; 32], connected: bool) {
        if let Some(known) = self.known.get_mut(device) {
            known.dialling.connected = connected;
            known.dialling.pause = None;
        }
    }

    /// Whom to dial now; with `again` those who are connected too, at once.
    pub fn due(&mut self, now: Instant, again: bool) -> Vec<Peer> {
        let mut due = Vec::new();
        for known in self.known.values_mut() {
            let dialling = &mut known.dialling;
            let pause = match (dialling.connected, again) {
                (true, false) => COMPARE_INTERVAL,
                (true, true) => Duration::ZERO,
                (false, _) => dialling.pause.unwrap_or(REDIAL_PAUSES.0),
            };
            if dialling.last.is_none_or(|last| now >= last + pause) {
                dialling.last = Some(now);
                dialling.pause = Some(dialling.pause.map_or(REDIAL_PAUSES.0, |pause| (pause * 2).min(REDIAL_PAUSES.1)));
                due.push(known.peer.clone());
            }
        }
        due
    }

    /// Each peer, whether it is connected, and when it was seen last.
    pub fn all(&self) -> impl Iterator<Item = (&Peer, bool, Option<i64>)> {
        self.known.values().map(|known| (&known.peer, known.dialling.connected, known.seen))
    }

    /// Whether nothing changed since they were saved.
    pub fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// Notes whether they are saved as they are now.
    pub fn set_saved(&mut self, is_saved: bool) {
        self.is_saved = is_saved;
    }

    /// Their form on disk.
    ///
    /// # Errors
    /// When they have no form as JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.known.values().collect::<Vec<_>>())
    }
}

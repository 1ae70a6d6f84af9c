//! Who has a document, and where they were last.
//!
//! Owns the address book, which outlives the node: the engine remembers peers without addresses, and a key that was handed out
//! names the place where somebody was then. Owns also when a peer is dialled again. Refuses to know what is exchanged.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::fs::{atomic_write, private};
use crate::sync::keys::ticket::Peer;

/// How soon a peer is dialled again, at first and at last.
const AGAIN: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(30));

/// So many peers are remembered of one document.
const MOST: usize = 200;

/// How often documents are compared with a peer who is connected, although nothing is known to have changed.
const COMPARE: Duration = Duration::from_mins(2);

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
pub(super) struct Peers {
    path: PathBuf,
    known: BTreeMap<[u8; 32], Known>,
    is_saved: bool,
    me: [u8; 32],
}

impl Peers {
    /// Reads them from a file; without one there are none.
    pub(super) fn read(path: PathBuf, me: [u8; 32]) -> Self {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let known: Vec<Known> = serde_json::from_slice(&bytes).unwrap_or_default();
        let known = known.into_iter().map(|known| (known.peer.device, known)).collect();
        Self { path, known, is_saved: true, me }
    }

    /// Takes in a peer and its addresses, the new ones first.
    pub(super) fn add(&mut self, peer: Peer) {
        if peer.device == self.me || (self.known.len() >= MOST && !self.known.contains_key(&peer.device)) {
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
        once.truncate(8);
        let next =
            Peer { device: peer.device, addresses: once, relay: peer.relay.or_else(|| known.peer.relay.clone()) };
        if next != known.peer {
            known.peer = next;
            self.is_saved = false;
        }
    }

    /// Notes that a peer was here.
    pub(super) fn seen(&mut self, device: &[u8; 32], now: i64) {
        if let Some(known) = self.known.get_mut(device) {
            // A minute more or less is not worth a write.
            self.is_saved &= known.seen.is_some_and(|seen| now - seen < 60);
            known.seen = Some(now);
            known.dialling.pause = None;
        }
    }

    /// Notes whether a peer is connected.
    pub(super) fn connected(&mut self, device: &[u8; 32], connected: bool) {
        if let Some(known) = self.known.get_mut(device) {
            known.dialling.connected = connected;
            known.dialling.pause = None;
        }
    }

    /// Whom to dial now; with `again` those who are connected too, at once.
    pub(super) fn due(&mut self, now: Instant, again: bool) -> Vec<Peer> {
        let mut due = Vec::new();
        for known in self.known.values_mut() {
            let dialling = &mut known.dialling;
            let pause = match (dialling.connected, again) {
                (true, false) => COMPARE,
                (true, true) => Duration::ZERO,
                (false, _) => dialling.pause.unwrap_or(AGAIN.0),
            };
            if dialling.last.is_none_or(|last| now >= last + pause) {
                dialling.last = Some(now);
                dialling.pause = Some(dialling.pause.map_or(AGAIN.0, |pause| (pause * 2).min(AGAIN.1)));
                due.push(known.peer.clone());
            }
        }
        due
    }

    /// Each peer, whether it is connected, and when it was seen last.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Peer, bool, Option<i64>)> {
        self.known.values().map(|known| (&known.peer, known.dialling.connected, known.seen))
    }

    /// Writes them down, if something changed.
    pub(super) fn save(&mut self) {
        if self.is_saved {
            return;
        }
        let known: Vec<&Known> = self.known.values().collect();
        let folder = self.path.parent().map_or(Ok(()), private::folder);
        let bytes = serde_json::to_vec(&known).map_err(std::io::Error::other);
        // They can be met again.
        self.is_saved = folder.and(bytes).and_then(|bytes| atomic_write::replace(&self.path, &bytes)).is_ok();
    }
}

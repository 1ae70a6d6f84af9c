//! Who has a document, where they were last, and when each of them is dialled again.
//!
//! The address book outlives the node: the engine remembers peers without addresses, and a key that was handed out names the place
//! where somebody was then.

use std::cmp::Reverse;
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

/// How often documents are compared with one of those who are connected, although nothing is known to have changed.
const COMPARE_INTERVAL: Duration = Duration::from_mins(2);

/// With so many who are connected a peer hears of everything. The engine connects nobody with more than five, and whoever it is told to
/// dial takes the place of another one: in a larger swarm each dial moves many peers about, who all compare documents then.
const ENOUGH_CONNECTED: usize = 4;

/// How often one of the others is dialled all the same, so that swarms that came apart find one another.
const REUNION_INTERVAL: Duration = Duration::from_mins(2);

/// So many are dialled at once, of those who are not connected.
const MAX_DIALS: usize = 16;

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

impl Dialling {
    /// Whether the pause since it was dialled last is over.
    fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now >= last + self.pause.unwrap_or(REDIAL_PAUSES.0))
    }
}

impl Known {
    /// Notes that it is dialled; gives whom to dial.
    fn dial(&mut self, now: Instant) -> Peer {
        let dialling = &mut self.dialling;
        dialling.last = Some(now);
        dialling.pause = Some(dialling.pause.map_or(REDIAL_PAUSES.0, |pause| (pause * 2).min(REDIAL_PAUSES.1)));
        self.peer.clone()
    }
}

/// The peers of one document.
#[derive(Debug)]
pub struct Peers {
    known: BTreeMap<[u8; 32], Known>,
    is_saved: bool,
    me: [u8; 32],
    /// When one of those who are connected was asked last to compare documents.
    compared: Option<Instant>,
    /// When somebody was dialled last although enough were connected.
    reunited: Option<Instant>,
}

impl Peers {
    /// Reads them from bytes that [`Peers::to_json`] made; others hold none.
    pub fn from_json(bytes: &[u8], me: [u8; 32]) -> Self {
        // Peers can be met again, so damage costs no more than time.
        let known: Vec<Known> = serde_json::from_slice(bytes).unwrap_or_default();
        let known = known.into_iter().map(|known| (known.peer.device, known)).collect();
        Self { known, is_saved: true, me, compared: None, reunited: None }
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

    /// Whom to dial now; with `again` all who are connected too, at once. They count as dialled.
    pub fn due(&mut self, now: Instant, again: bool) -> Vec<Peer> {
        let connected = self.known.values().filter(|known| known.dialling.connected).count();
        let mut due = self.due_to_compare(now, again);
        due.extend(self.due_to_connect(now, connected >= ENOUGH_CONNECTED));
        due
    }

    /// Of those who are connected all, or now and then the one who was dialled longest ago.
    fn due_to_compare(&mut self, now: Instant, again: bool) -> Vec<Peer> {
        // The engine compares documents with whoever has just been connected.
        let is_over = now >= *self.compared.get_or_insert(now) + COMPARE_INTERVAL;
        if !again && !is_over {
            return Vec::new();
        }
        self.compared = Some(now);
        let mut connected: Vec<&mut Known> = self.known.values_mut().filter(|known| known.dialling.connected).collect();
        connected.sort_by_key(|known| known.dialling.last);
        let most = if again { connected.len() } else { 1 };
        connected.into_iter().take(most).map(|known| known.dial(now)).collect()
    }

    /// Of those who are not connected whoever it is time for, or one now and then if enough are.
    fn due_to_connect(&mut self, now: Instant, is_enough: bool) -> Vec<Peer> {
        let is_over = now >= *self.reunited.get_or_insert(now) + REUNION_INTERVAL;
        if is_enough && !is_over {
            return Vec::new();
        }
        self.reunited = Some(now);
        let away = self.known.values_mut().filter(|known| !known.dialling.connected && known.dialling.is_due(now));
        let mut away: Vec<&mut Known> = away.collect();
        // Who was not dialled for long has its turn, and who was there lately is likely to be there.
        away.sort_by_key(|known| (known.dialling.last, Reverse(known.seen)));
        let most = if is_enough { 1 } else { MAX_DIALS };
        away.into_iter().take(most).map(|known| known.dial(now)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Whom this many peers, of whom so many are connected, are told to dial in so many seconds: how often each.
    fn dialled(count: u8, connected: u8, seconds: u32) -> Vec<usize> {
        let (mut peers, start) = (Peers::from_json(b"[]", [0; 32]), Instant::now());
        for device in 1..=count {
            peers.add(Peer { device: [device; 32], addresses: Vec::new(), relay: None });
            peers.set_connected(&[device; 32], device <= connected);
        }
        let mut times = vec![0; usize::from(count)];
        for second in 0..seconds {
            for peer in peers.due(start + SECOND * second, false) {
                times[usize::from(peer.device[0]) - 1] += 1;
            }
        }
        times
    }

    #[test]
    fn who_is_away_is_dialled_again_and_again() {
        assert_eq!(dialled(2, 1, 120), [0, 7], "after 0, 3, 9, 21, 45, 75 and 105 seconds");
    }

    #[test]
    fn those_who_are_connected_are_asked_in_turn_to_compare() {
        assert_eq!(dialled(2, 2, 481), [2, 2]);
    }

    #[test]
    fn in_a_swarm_hardly_anybody_is_dialled() {
        let times = dialled(100, 5, 600);
        assert_eq!(times[..5].iter().sum::<usize>(), 4, "to compare");
        assert_eq!(times[5..].iter().sum::<usize>(), 4, "to find those whom nobody here is connected with");
    }

    #[test]
    fn not_everybody_is_dialled_at_once() {
        let (mut peers, start) = (Peers::from_json(b"[]", [0; 32]), Instant::now());
        for device in 1..=100 {
            peers.add(Peer { device: [device; 32], addresses: Vec::new(), relay: None });
            peers.seen(&[device; 32], i64::from(device));
        }
        let first: Vec<u8> = peers.due(start, true).iter().map(|peer| peer.device[0]).collect();
        assert_eq!(first, (85..=100).rev().collect::<Vec<u8>>(), "those who were seen last");
        let next: Vec<u8> = peers.due(start + SECOND, false).iter().map(|peer| peer.device[0]).collect();
        assert_eq!(next, (69..=84).rev().collect::<Vec<u8>>(), "and then the others");
    }
}

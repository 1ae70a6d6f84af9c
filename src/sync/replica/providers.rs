//! Of whom contents are asked, and in which order: of those who are connected before those who are not, and of readers before authors.
//!
//! An author is connected to everybody, and would give every content to every reader. So readers ask one another first, and learn by
//! being told: who has just given something is likely to have more, and who has just had nothing is left alone for a moment.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::sync::keys::ticket::Peer;
use crate::sync::replica::merge::Hash;

/// So long a peer is passed over that did not have a content, at first and at most: it may be about to get them itself.
const LACK_PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// So long somebody asks around in vain before an author is asked again.
const PATIENCE: Duration = Duration::from_secs(10);

/// So often the neighbours are asked before anybody is who is not connected: what is new spreads among them within seconds.
const NEAR_ATTEMPTS: u32 = 4;

/// Somebody who may be asked for a document's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Who, and where.
    pub peer: Peer,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Whether it is the device of somebody who writes the document.
    pub is_author: bool,
}

impl Provider {
    /// Whether this is the other one, and as near.
    pub fn is_at_least(&self, other: &Self) -> bool {
        self.peer == other.peer && self.is_connected >= other.is_connected
    }
}

/// What came of asking a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It gave the content.
    Gave,
    /// It does not have it.
    Lacks,
    /// It does not answer.
    Silent,
}

/// How a peer has answered lately.
#[derive(Clone, Copy, Debug)]
struct Standing {
    asked: Asked,
    /// How often it has answered so, one time after the other.
    times: u32,
    last: Instant,
}

/// How peers have answered this device lately.
#[derive(Debug)]
pub struct Standings {
    me: [u8; 32],
    of: HashMap<[u8; 32], Standing>,
}

/// What came of the attempts to get one content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    /// How many there were.
    pub count: u32,
    /// When an author said that somebody else was given it a moment ago, or when others gave some of it since.
    pub told: Option<Instant>,
}

/// Whom to ask for one content now.
#[derive(Debug)]
pub struct Round {
    /// These, in this order.
    pub providers: Vec<Provider>,
    /// Whether there is anybody but authors to ask.
    pub has_others: bool,
    /// Whether authors were left out, because others may have it by now.
    pub asks_around: bool,
}

impl Standings {
    /// Nobody has answered this device yet.
    pub fn new(me: [u8; 32]) -> Self {
        Self { me, of: HashMap::new() }
    }

    /// Notes what came of asking a peer.
    pub fn note(&mut self, device: [u8; 32], asked: Asked, now: Instant) {
        let before = self.of.get(&device).filter(|before| before.asked == asked);
        let times = before.map_or(1, |before| before.times.saturating_add(1));
        self.of.insert(device, Standing { asked, times, last: now });
    }

    /// Whom to ask now for a content, after these attempts.
    pub fn round(&self, providers: &[Provider], hash: &Hash, attempts: Attempts, now: Instant) -> Round {
        let mut providers = providers.to_vec();
        self.order(&mut providers, hash, now);
        let has_others = self.has_others(&providers);
        // The neighbours are getting it too: a connection to somebody who is far away is not worth it yet.
        if attempts.count < NEAR_ATTEMPTS && providers.iter().any(|provider| provider.is_connected) {
            providers.retain(|provider| provider.is_connected);
        }
        let waits = has_others && attempts.told.is_some_and(|told| !is_patience_over(told, &self.me, now));
        let count = providers.len();
        providers.retain(|provider| !(waits && provider.is_author));
        Round { has_others, asks_around: providers.len() < count, providers }
    }

    /// Puts those who may be asked in the order in which a content is asked for. Each device has an order of its own, so that what all
    /// want is asked of all.
    fn order(&self, providers: &mut [Provider], hash: &Hash, now: Instant) {
        providers.sort_by_cached_key(|provider| {
            let standing = self.of.get(&provider.peer.device);
            let silent =
                standing.filter(|standing| standing.asked == Asked::Silent).map_or(0, |standing| standing.times);
            let lacks = standing.is_some_and(|standing| standing.lacks(now));
            // Before those who lacked something a moment ago the author is asked, who has everything.
            let rank: u8 = match (provider.is_author, lacks) {
                (false, false) => 0,
                (true, false) => 1,
                (_, true) => 2,
            };
            (!provider.is_connected, silent, rank, lot(hash, &provider.peer.device, &self.me))
        });
    }

    /// Whether anybody but authors is connected and answers.
    fn has_others(&self, providers: &[Provider]) -> bool {
        let is_silent = |peer: &Peer| self.of.get(&peer.device).is_some_and(|standing| standing.asked == Asked::Silent);
        providers.iter().any(|provider| provider.is_connected && !provider.is_author && !is_silent(&provider.peer))
    }
}

impl Standing {
    /// Whether it is passed over for now.
    fn lacks(&self, now: Instant) -> bool {
        let (first, most) = LACK_PAUSES;
        let pause = first.saturating_mul(1 << self.times.saturating_sub(1).min(6)).min(most);
        self.asked == Asked::Lacks && now.saturating_duration_since(self.last) < pause
    }
}

/// Whether an author may be asked again for what others were getting at that time. Not all come back at once.
fn is_patience_over(told: Instant, me: &[u8; 32], now: Instant) -> bool {
    let part = u32::from(me.first().copied().unwrap_or(0));
    now.saturating_duration_since(told) >= PATIENCE + PATIENCE * part / 512
}

/// Where a content's lot puts a peer.
fn lot(hash: &Hash, device: &[u8; 32], me: &[u8; 32]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(hash).update(device).update(me);
    hasher.finalize().as_bytes().first_chunk().map_or(0, |eight| u64::from_be_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: [u8; 32] = [0; 32];

    fn provider(device: u8, is_connected: bool, is_author: bool) -> Provider {
        let peer = Peer { device: [device; 32], addresses: Vec::new(), relay: None };
        Provider { peer, is_connected, is_author }
    }

    fn ordered(standings: &Standings, providers: &[Provider], hash: u8, now: Instant) -> Vec<u8> {
        let mut providers = providers.to_vec();
        standings.order(&mut providers, &[hash; 32], now);
        providers.iter().map(|provider| provider.peer.device[0]).collect()
    }

    #[test]
    fn readers_are_asked_before_the_author_and_who_is_away_last() {
        let providers =
            [provider(1, true, true), provider(2, true, false), provider(3, false, false), provider(4, true, false)];
        let now = Instant::now();
        let orders: Vec<_> = (0..50).map(|hash| ordered(&Standings::new(ME), &providers, hash, now)).collect();
        for order in &orders {
            assert!(order[2..] == [1, 3] && order[..2].contains(&2) && order[..2].contains(&4), "{order:?}");
        }
        let first = orders.iter().filter(|order| order[0] == 2).count();
        assert!((10..=40).contains(&first), "both are asked first as often: {first} of 50");
    }

    #[test]
    fn who_had_nothing_is_passed_over_for_a_moment() {
        let (providers, start) = ([provider(1, true, true), provider(2, true, false)], Instant::now());
        let mut standings = Standings::new(ME);
        standings.note([2; 32], Asked::Lacks, start);
        assert_eq!(ordered(&standings, &providers, 1, start), [1, 2]);
        assert_eq!(ordered(&standings, &providers, 1, start + LACK_PAUSES.0), [2, 1]);
        for _ in 0..20 {
            standings.note([2; 32], Asked::Lacks, start);
        }
        assert_eq!(
            ordered(&standings, &providers, 1, start + LACK_PAUSES.1 / 2),
            [1, 2],
            "again and again: for longer"
        );
        assert_eq!(ordered(&standings, &providers, 1, start + LACK_PAUSES.1), [2, 1]);
        standings.note([2; 32], Asked::Gave, start);
        assert_eq!(ordered(&standings, &providers, 1, start), [2, 1], "until it gives something");
    }

    #[test]
    fn who_does_not_answer_is_asked_after_the_others() {
        let (providers, start) =
            ([provider(1, true, true), provider(2, true, false), provider(3, false, false)], Instant::now());
        let mut standings = Standings::new(ME);
        standings.note([2; 32], Asked::Silent, start);
        assert_eq!(ordered(&standings, &providers, 1, start), [1, 2, 3]);
        standings.note([1; 32], Asked::Silent, start);
        standings.note([1; 32], Asked::Silent, start);
        assert_eq!(ordered(&standings, &providers, 1, start + Duration::from_mins(10)), [2, 1, 3]);
    }

    #[test]
    fn who_is_far_away_is_asked_when_no_neighbour_has_it() {
        let now = Instant::now();
        let providers = [provider(1, false, true), provider(2, true, false)];
        let devices = |providers: &[Provider], count| {
            let attempts = Attempts { count, told: None };
            let round = Standings::new(ME).round(providers, &[1; 32], attempts, now);
            round.providers.iter().map(|provider| provider.peer.device[0]).collect::<Vec<_>>()
        };
        assert_eq!(devices(&providers, 0), [2]);
        assert_eq!(devices(&providers, NEAR_ATTEMPTS), [2, 1]);
        assert_eq!(devices(&providers[..1], 0), [1], "there is no neighbour");
    }

    #[test]
    fn an_author_who_gave_it_a_moment_ago_is_left_out_for_a_while() {
        let told = Instant::now();
        let providers = [provider(1, true, true), provider(2, true, false)];
        let standings = Standings::new(ME);
        let round = |providers: &[Provider], now| {
            standings.round(providers, &[1; 32], Attempts { count: 1, told: Some(told) }, now)
        };
        let others = round(&providers, told + PATIENCE / 2);
        assert!(others.asks_around && others.has_others && others.providers == providers[1..]);
        let again = round(&providers, told + PATIENCE);
        assert!(!again.asks_around && again.providers.len() == 2, "nobody else had it");
        let alone = round(&providers[..1], told);
        assert!(!alone.asks_around && !alone.has_others && alone.providers == providers[..1], "there is nobody else");
    }
}

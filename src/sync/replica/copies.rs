//! How many copies of its own large contents a device gives away, so that readers pass them on: whoever asks for a content that was
//! given a moment ago, or is being given, is told once to ask around. Whoever asks again has found nobody, and is given it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::sync::replica::merge::Hash;

/// From this length on readers are told to ask around, in bytes: below it, asking takes as long as giving.
pub const MIN_PASSED_ON: u64 = 64 << 10;

/// So long after a copy was given others are told to ask around.
const RECENT: Duration = Duration::from_mins(1);

/// So many contents and askers are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// What is known of the copies of one content.
#[derive(Debug, Default)]
struct Given {
    /// How many are being given.
    running: u32,
    /// When the last one was begun or ended.
    last: Option<Instant>,
    /// Who was told to ask around, or given it.
    told: BTreeSet<[u8; 32]>,
}

/// The copies that were given.
#[derive(Debug, Default)]
pub struct Copies {
    of: BTreeMap<Hash, Given>,
    /// When those were forgotten last that were given long ago.
    swept: Option<Instant>,
}

impl Copies {
    /// Whether a content was given to somebody a moment ago, or is being given.
    pub fn is_recent(&self, hash: &Hash, now: Instant) -> bool {
        self.of.get(hash).is_some_and(|given| given.is_recent(now))
    }

    /// Whether a peer is given a content now. If so, [`Copies::ended`] is told when that is over.
    pub fn gives(&mut self, hash: Hash, to: [u8; 32], now: Instant) -> bool {
        self.sweep(now);
        if self.of.len() >= MAX_REMEMBERED && !self.of.contains_key(&hash) {
            return true;
        }
        let given = self.of.entry(hash).or_default();
        // Whoever was given it, or was told, has asked around, or goes on where the connection broke.
        let is_new = given.told.len() < MAX_REMEMBERED && given.told.insert(to);
        if is_new && given.is_recent(now) {
            return false;
        }
        given.running += 1;
        given.last = Some(now);
        true
    }

    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= RECENT) {
            self.swept = Some(now);
            self.of.retain(|_, given| given.is_recent(now));
        }
    }

    /// Notes that a copy was given, or was not after all.
    pub fn ended(&mut self, hash: &Hash, now: Instant) {
        if let Some(given) = self.of.get_mut(hash) {
            given.running = given.running.saturating_sub(1);
            given.last = Some(now);
        }
    }
}

impl Given {
    fn is_recent(&self, now: Instant) -> bool {
        self.running > 0 || self.last.is_some_and(|last| now.saturating_duration_since(last) < RECENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Hash = [7; 32];
    const AZUREEN: [u8; 32] = [1; 32];
    const BRANDO: [u8; 32] = [2; 32];

    #[test]
    fn who_comes_second_is_told_to_ask_around_once() {
        let (mut copies, start) = (Copies::default(), Instant::now());
        assert!(copies.gives(CONTENT, AZUREEN, start));
        assert!(!copies.gives(CONTENT, BRANDO, start), "Azureen is getting it");
        assert!(copies.gives(CONTENT, BRANDO, start), "and can't be reached");
        assert!(copies.gives(CONTENT, AZUREEN, start), "whose connection broke");
        assert!(copies.gives([8; 32], BRANDO, start), "another content");
    }

    #[test]
    fn a_content_that_nobody_asked_for_lately_is_given_at_once() {
        let (mut copies, start) = (Copies::default(), Instant::now());
        assert!(copies.gives(CONTENT, AZUREEN, start));
        assert!(!copies.gives(CONTENT, BRANDO, start + 2 * RECENT), "it takes that long");
        copies.ended(&CONTENT, start + 2 * RECENT);
        assert!(copies.gives(CONTENT, [3; 32], start + 3 * RECENT));
    }
}

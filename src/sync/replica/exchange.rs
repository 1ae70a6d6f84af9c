//! The exchange of a document with its peers: when it was compared with theirs, whether that goes on, and whom to dial.

use std::time::{Duration, Instant};

use crate::sync::keys::ticket::Peer;
use crate::sync::replica::announcements::Announcements;
use crate::sync::replica::event::Surroundings;
use crate::sync::replica::now::Now;
use crate::sync::replica::own_key::OwnKey;
use crate::sync::replica::peers::Peers;
use crate::sync::replica::providers::Provider;

/// Events about what a comparison brought come this long after the one that it is over, at most.
const MAX_OVERTAKEN: Duration = Duration::from_millis(500);

/// So long a comparison may take before somebody is dialled all the same.
const MAX_COMPARISON: Duration = Duration::from_secs(20);

/// So long entries may come in before somebody is dialled all the same.
const MAX_FLOOD: Duration = Duration::from_mins(2);

/// How far a replica has come in listening to the document's peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The document was not read yet.
    Unread,
    /// It was, and nobody is listened to yet.
    Read,
    /// The peers are listened to.
    Listening,
    /// The document has too many entries, and its peers are not listened to any more.
    Left,
}

/// Whether the last comparison may have been none: its connection failed to close, and perhaps the peer had no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// It was one.
    None,
    /// It is to be made again.
    Open,
    /// It is being made again. Of two in a row that end so one is believed: many end so.
    Asked,
}

/// When documents are compared.
#[derive(Clone, Copy, Debug, Default)]
struct Comparing {
    /// When a peer was met with whom that is still to be done.
    met: Option<Instant>,
    /// When the last comparison ended.
    ended: Option<Instant>,
    /// Whether it was seen that all it brought has come.
    is_settled: bool,
}

/// What is known of a document's peers and of the comparisons with them.
#[derive(Debug)]
pub struct Exchange {
    /// Who has the document.
    pub peers: Peers,
    /// What was changed here and not announced yet.
    pub announcements: Announcements,
    /// When document and peer were last found the same, in seconds since 1970.
    pub compared: Option<i64>,
    /// Whether the last comparison may have been none.
    doubt: Doubt,
    /// When it is compared.
    comparing: Comparing,
    /// When somebody was dialled last.
    dialled: Instant,
    /// How far it has come.
    pub stage: Stage,
    /// How it looked around last.
    pub surroundings: Surroundings,
    /// Whom contents are asked of.
    pub asked: Vec<Provider>,
    /// Entries with this device's own key.
    pub own_key: OwnKey,
}

impl Exchange {
    /// Nothing was compared yet.
    pub fn new(peers: Peers, now: Now) -> Self {
        Self {
            peers,
            announcements: Announcements::default(),
            compared: None,
            doubt: Doubt::None,
            comparing: Comparing::default(),
            dialled: now.monotonic,
            stage: Stage::Unread,
            surroundings: Surroundings::default(),
            asked: Vec::new(),
            own_key: OwnKey::new(now.wall),
        }
    }

    /// Whether it is not known yet what there is: a comparison goes on, or none has been made.
    pub fn is_open(&self, now: Instant) -> bool {
        let has_just_ended = self.comparing.ended.is_some_and(|at| now.saturating_duration_since(at) < MAX_OVERTAKEN);
        self.awaits_comparison(now) || has_just_ended || (self.compared.is_none() && !self.is_flood(now))
    }

    /// Whether a peer was met a moment ago, and documents are not compared yet.
    pub fn awaits_comparison(&self, now: Instant) -> bool {
        self.comparing.met.is_some_and(|at| now.saturating_duration_since(at) < MAX_COMPARISON)
    }

    /// Whether nobody was dialled for so long that whatever still comes in is a flood.
    pub fn is_flood(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.dialled) >= MAX_FLOOD
    }

    /// Notes that a neighbour is there: the engine compares documents with whoever is new.
    pub fn met(&mut self, now: Instant) {
        self.comparing.met = Some(now);
    }

    /// Notes that a comparison is over, however it ended.
    pub fn comparison_ended(&mut self, now: Instant) {
        self.comparing.met = None;
        self.comparing.ended = Some(now);
        self.comparing.is_settled = false;
    }

    /// Whether all that the last comparison brought has come, and that was not seen before.
    pub fn take_settled(&mut self, now: Instant) -> bool {
        let is_news = self.comparing.ended.is_some() && !self.comparing.is_settled && !self.is_open(now);
        self.comparing.is_settled |= is_news;
        is_news
    }

    /// Notes that documents were compared at this time, in seconds since 1970. A comparison that is not sure counts only if something is
    /// known of the document, and if it is the second one in a row.
    pub fn compared(&mut self, is_sure: bool, is_document_known: bool, seconds: i64) {
        let is_believed = is_sure || (is_document_known && self.doubt != Doubt::None);
        if is_believed {
            self.compared = Some(seconds);
        }
        self.doubt = if is_believed { Doubt::None } else { Doubt::Open };
        self.announcements.compared(is_sure);
    }

    /// Whether a comparison is to be made again. It counts as asked for from then on.
    fn take_doubt(&mut self) -> bool {
        let is_open = self.doubt == Doubt::Open;
        if is_open {
            self.doubt = Doubt::Asked;
        }
        is_open
    }

    /// Whom to dial now; they count as dialled from then on.
    pub fn take_due(&mut self, now: Instant) -> Vec<Peer> {
        let again = self.announcements.take_request() || self.take_doubt();
        let due = self.peers.due(now, again);
        if !due.is_empty() {
            self.dialled = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_until_documents_are_compared() {
        let start = Instant::now();
        let mut exchange = Exchange::new(Peers::from_json(b"[]", [0; 32]), Now { monotonic: start, wall: 0 });
        assert!(exchange.is_open(start) && !exchange.is_open(start + MAX_FLOOD));
        exchange.compared(false, false, 7);
        assert_eq!(exchange.compared, None, "nothing is known of the document, and the peer may not have had the time");
        exchange.compared(false, true, 8);
        assert_eq!(exchange.compared, Some(8), "of two in a row one is believed");
        exchange.compared(false, true, 9);
        assert_eq!(exchange.compared, Some(8), "the next one may be none again");
        exchange.compared(true, false, 8);
        assert!(exchange.compared == Some(8) && !exchange.is_open(start));
        exchange.met(start);
        assert!(exchange.is_open(start) && !exchange.is_open(start + MAX_COMPARISON));
        exchange.comparison_ended(start);
        assert!(exchange.is_open(start), "what it brought may still be on its way");
        assert!(!exchange.is_open(start + MAX_OVERTAKEN));
        assert!(!exchange.take_settled(start) && exchange.take_settled(start + MAX_OVERTAKEN));
        assert!(!exchange.take_settled(start + MAX_OVERTAKEN), "that was seen");
    }
}

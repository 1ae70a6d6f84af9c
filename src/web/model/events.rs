//! The events that open pages and programs listen to: messages that appear, channels that change, sites that were built.
//!
//! Each event has a number. The last ones are kept for those who were away for a moment; who was away too long is told to load
//! everything again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use serde::Serialize;
use tokio::sync::broadcast;

use crate::lock::lock;

/// How many events are kept.
const KEPT: usize = 512;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum EventKind {
    /// A message appeared.
    Message(MessageArrived),
    /// Something of a channel is other than before.
    Channel(String),
    /// A site was built, or could not be.
    Site(Arc<SiteBuilt>),
}

/// A message that appeared.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageArrived {
    pub(crate) channel: String,
    pub(crate) r#box: &'static str,
    pub(crate) message_id: String,
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) label: String,
    pub(crate) author: String,
    pub(crate) title: String,
}

/// What became of a site.
#[derive(Debug, Default)]
pub(crate) struct SiteBuilt {
    pub(crate) channel: String,
    /// The paths, relative to its root, of the files that are other than before.
    pub(crate) paths: HashSet<String>,
}

/// An event with its number.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) number: u64,
    pub(crate) what: EventKind,
}

/// The line of events.
#[derive(Debug)]
pub(crate) struct Events {
    sender: broadcast::Sender<Event>,
    /// The number of the first event, which no earlier run of the server has given.
    first: u64,
    kept: Mutex<VecDeque<Event>>,
}

/// A place in the line.
#[derive(Debug)]
pub(crate) struct Listener {
    /// What was missed, oldest first; `None` when it is not known any more.
    pub(crate) missed: Option<Vec<Event>>,
    /// The number of the last event so far.
    pub(crate) last: u64,
    pub(crate) receiver: broadcast::Receiver<Event>,
}

impl Events {
    /// A line that begins with this number.
    pub(crate) fn new(first: u64) -> Self {
        Self { sender: broadcast::channel(KEPT).0, first, kept: Mutex::default() }
    }

    /// Tells what happened.
    pub(crate) fn tell(&self, what: EventKind) {
        let mut kept = lock(&self.kept);
        let number = kept.back().map_or(self.first, |last| last.number + 1);
        let event = Event { number, what };
        kept.push_back(event.clone());
        if kept.len() > KEPT {
            kept.pop_front();
        }
        // That nobody listens is no failure.
        let _ = self.sender.send(event);
    }

    /// The number of the last event so far.
    pub(crate) fn last(&self) -> u64 {
        let kept = lock(&self.kept);
        kept.back().map_or(self.first - 1, |last| last.number)
    }

    /// Listens from now on, and to what happened since an event of this number.
    pub(crate) fn listen(&self, after: Option<u64>) -> Listener {
        let kept = lock(&self.kept);
        let last = kept.back().map_or(self.first - 1, |last| last.number);
        let first = kept.front().map_or(self.first, |first| first.number);
        let missed = match after {
            None => Some(Vec::new()),
            // A number from another run of the server, or one too old.
            Some(after) if after > last || after + 1 < first => None,
            Some(after) => Some(kept.iter().filter(|event| event.number > after).cloned().collect()),
        };
        Listener { missed, last, receiver: self.sender.subscribe() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(number: usize) -> EventKind {
        EventKind::Channel(number.to_string())
    }

    #[test]
    fn who_was_away_for_a_moment_misses_nothing() {
        let events = Events::new(100);
        for number in 0..10 {
            events.tell(channel(number));
        }
        let listener = events.listen(Some(106));
        let missed: Vec<u64> = listener.missed.unwrap().iter().map(|event| event.number).collect();
        assert_eq!((missed, listener.last), (vec![107, 108, 109], 109));
        assert_eq!(events.listen(Some(109)).missed.map(|missed| missed.len()), Some(0));
        assert_eq!(events.listen(None).missed.map(|missed| missed.len()), Some(0));
    }

    #[test]
    fn who_was_away_too_long_is_told_so() {
        let events = Events::new(100);
        assert!(events.listen(Some(3)).missed.is_none(), "a number of another run");
        for number in 0..2 * KEPT {
            events.tell(channel(number));
        }
        assert!(events.listen(Some(101)).missed.is_none());
        assert!(events.listen(Some(u64::try_from(KEPT).unwrap() + 100)).missed.is_some());
    }
}

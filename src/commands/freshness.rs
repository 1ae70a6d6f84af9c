//! How fresh a channel is, in words: `up to date 4 s ago · 3 peers`.
//!
//! It is a function of the state and of the clock that is passed in.

use super::count;
use crate::article::readable_size;
use crate::commands::relative_time::length;
use crate::sync::status::{DocumentState, NodeState};

/// How a document stands, for a person.
pub(super) fn words(document: &DocumentState, now: i64) -> String {
    if let Some(question) = &document.question {
        return question.clone();
    }
    let peers = count(document.connected(), "peer");
    let mut parts = Vec::new();
    if document.arriving > 0 {
        parts.push(format!(
            "{} still arriving ({})",
            count(document.arriving, "file"),
            readable_size(document.arriving_bytes)
        ));
    }
    parts.push(match (document.compared, document.connected()) {
        (None, _) if document.peers.is_empty() => "no one has connected yet".to_owned(),
        (None, _) => "no one has connected yet".to_owned(),
        (Some(_), 0) if document.arriving > 0 => "no one is connected".to_owned(),
        (Some(_), _) if document.arriving > 0 => format!("{peers} connected"),
        (Some(then), 0) => format!("up to date {} ago · no one is connected", since(then, now)),
        (Some(then), _) => format!("up to date {} ago · {peers}", since(then, now)),
    });
    parts.extend(author(document, now));
    parts.join(" · ")
}

/// That the clock here differs from those of others; which of them is right nobody can tell.
pub(super) fn clock(state: &NodeState) -> Option<String> {
    let ahead = state.clock?;
    // A question and its answer take a moment.
    let by = length((ahead.unsigned_abs() + 30) / 60 * 60);
    let (this, late) = if ahead > 0 {
        ("behind", "messages from others arrive late")
    } else {
        ("ahead of", "your messages arrive late")
    };
    Some(format!("this computer's clock is {by} {this} the others': one of them is wrong, and {late}"))
}

/// How long the author has not been seen, if that is worth a word.
fn author(document: &DocumentState, now: i64) -> Option<String> {
    let mut authors = document.peers.iter().filter(|peer| peer.author).peekable();
    if document.writes || authors.peek().is_none() || authors.clone().any(|peer| peer.connected) {
        return None;
    }
    let seen = authors.filter_map(|peer| peer.seen).max();
    Some(match seen {
        Some(seen) => format!("author not seen for {}", since(seen, now)),
        None => "author never seen".to_owned(),
    })
}

fn since(then: i64, now: i64) -> String {
    // A clock that was set back makes nothing fresher than now.
    length(u64::try_from(now.saturating_sub(then)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::sync::status::PeerState;

    #[test]
    fn a_wrong_clock_is_named() {
        let words = |ahead| clock(&NodeState { clock: ahead, ..NodeState::default() }).unwrap_or_default();
        assert_eq!(words(None), "");
        assert!(words(Some(3599)).starts_with("this computer's clock is 1 h behind the others'"));
        assert!(words(Some(-7200)).starts_with("this computer's clock is 2 h ahead of the others'"));
    }

    #[test]
    fn it_speaks_in_human_terms() {
        let now = 1_000_000;
        let mut document = DocumentState::new("blog".parse().unwrap(), Side::Inbox, false);
        assert_eq!(words(&document, now), "no one has connected yet");
        let peer = |author: bool, connected: bool, seen: i64| PeerState {
            device: String::new(),
            connected,
            author,
            seen: Some(seen),
        };
        document.peers = vec![peer(true, true, now), peer(false, true, now), peer(false, true, now)];
        document.compared = Some(now - 4);
        assert_eq!(words(&document, now), "up to date 4 s ago · 3 peers");
        document.peers = vec![peer(true, false, now - 2 * 86_400), peer(false, true, now)];
        assert_eq!(words(&document, now), "up to date 4 s ago · 1 peer · author not seen for 2 days");
        (document.arriving, document.arriving_bytes) = (12, 3_400_000);
        assert_eq!(
            words(&document, now),
            "12 files still arriving (3.4 MB) · 1 peer connected · author not seen for 2 days"
        );
        document.question = Some("is it meant?".into());
        assert_eq!(words(&document, now), "is it meant?");
    }
}

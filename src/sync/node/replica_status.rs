//! The status of a box and its document, for those who ask: sums, and bounds on what is listed.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::sync::hex;
use crate::sync::node::replica::Replica;
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::authorship::Authorship;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::exchange::Exchange;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::merge::Role;
use crate::sync::replica::ownership;
use crate::sync::replica::records::{Records, content};
use crate::sync::status::{DocumentState, NotFetched, PeerState};

/// So many files of one kind are named; the rest is only counted.
const MAX_NAMED: usize = 100;

impl Replica {
    /// How it stands.
    pub(super) fn status(&self) -> DocumentState {
        let document = &self.shared.document;
        let mut state = DocumentState::new(document.channel.clone(), document.side, self.shared.role == Role::Writer);
        let totals = self.records.totals();
        (state.messages, state.bytes) = (totals.messages, totals.bytes());
        self.count_arriving(&mut state);
        state.not_fetched = self
            .wanted
            .refused
            .iter()
            .take(MAX_NAMED)
            .map(|(item, why)| NotFetched { path: item.to_string(), why: why.clone() })
            .collect();
        state.changed_here = self.condition.changed_here.iter().take(MAX_NAMED).map(ToString::to_string).collect();
        state.refused = self.records.refused() + self.wanted.unsound.len();
        state.question.clone_from(&self.condition.question);
        let unreadable = unreadable_profile(&self.condition, &self.records);
        let attempts = ownership::attempts(self.shared.owner(), &self.records, self.exchange.compared.is_some());
        state.problems = unreadable.into_iter().chain(attempts).chain(self.condition.problems().cloned()).collect();
        state.telling = self.exchange.announcements.are_pending();
        state.compared = self.exchange.compared;
        state.phrase.clone_from(&document.phrase);
        // Whoever has moved it knows.
        state.moved = document.moved.clone().filter(|_| !self.shared.is_owner());
        state.peers = peers(&self.exchange, &self.authorship);
        state.title.clone_from(&self.condition.title);
        state
    }

    /// Counts what is still to come, and what has come.
    fn count_arriving(&self, state: &mut DocumentState) {
        let awaited = self.wanted.awaited();
        (state.arriving, state.arriving_bytes) = (awaited.files, awaited.bytes());
        if self.shared.role == Role::Reader {
            state.arriving += self.todo.later.len();
        }
        // They come as soon as there is room.
        for why in self.wanted.refused.values() {
            if let Refusal::Disk { bytes, .. } = why {
                state.arriving += 1;
                state.arriving_bytes = state.arriving_bytes.saturating_add(*bytes);
            }
        }
        let progress = &self.hands.progress;
        state.arriving_bytes = state.arriving_bytes.saturating_sub(progress.partial.load(Ordering::Relaxed));
        state.fetched = progress.fetched.load(Ordering::Relaxed);
    }
}

/// That the owner's profile can't be read, if so.
fn unreadable_profile(condition: &Condition, records: &Records) -> Option<String> {
    let (hash, why) = condition.unreadable_profile.as_ref()?;
    let profile = Item::profile();
    let wanted = records.latest(&profile).map(content);
    (wanted == Some(*hash)).then(|| {
        format!("the channel's owner has changed `{profile}`, and it can't be read ({why}); the previous version stays")
    })
}

fn peers(exchange: &Exchange, authorship: &Authorship) -> Vec<PeerState> {
    let device = |note: &AuthorNote| -> Option<[u8; 32]> { hex::decode(&note.device) };
    // The devices whose authors have something in the document.
    let authors: BTreeSet<[u8; 32]> = authorship.notes.values().filter_map(device).collect();
    let state = |(peer, connected, seen): (&crate::sync::keys::ticket::Peer, bool, Option<i64>)| PeerState {
        device: hex::encode(&peer.device),
        connected,
        author: authors.contains(&peer.device),
        seen,
    };
    exchange.peers.all().map(state).collect()
}

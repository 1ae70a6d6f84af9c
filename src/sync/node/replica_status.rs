//! How a box and its document stand, for those who ask.
//!
//! Owns the sums and the bounds on what is listed. Refuses to change anything.

use std::sync::atomic::Ordering;

use crate::sync::hex;
use crate::sync::node::notes;
use crate::sync::node::replica::Keeper;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::merge::Role;
use crate::sync::status::{DocumentState, NotFetched, PeerState};

/// So many files of one kind are named; the rest is only counted.
const MOST: usize = 100;

impl Keeper {
    /// How it stands.
    pub(super) fn state(&self) -> DocumentState {
        let mut state =
            DocumentState::new(self.document.channel.clone(), self.document.side, self.role == Role::Writer);
        for (item, record) in self.records.contents() {
            state.messages += usize::from(item.is_text());
            state.bytes = state.bytes.saturating_add(record.file_len());
        }
        for items in self.wanted.values() {
            state.arriving += items.len();
            let len = items.iter().next().and_then(|item| self.records.latest(item)).map_or(0, |record| record.len);
            state.arriving_bytes = state.arriving_bytes.saturating_add(len);
        }
        if self.role == Role::Reader {
            state.arriving += self.todo.later.len();
        }
        // They come as soon as there is room.
        for why in self.refused.values() {
            if let Refusal::Disk { bytes, .. } = why {
                state.arriving += 1;
                state.arriving_bytes = state.arriving_bytes.saturating_add(*bytes);
            }
        }
        state.arriving_bytes = state.arriving_bytes.saturating_sub(self.progress.partial.load(Ordering::Relaxed));
        state.fetched = self.progress.fetched.load(Ordering::Relaxed);
        state.not_fetched = self
            .refused
            .iter()
            .take(MOST)
            .map(|(item, why)| NotFetched { path: item.to_string(), why: why.clone() })
            .collect();
        state.changed_here = self.left.iter().take(MOST).map(ToString::to_string).collect();
        state.refused = self.records.refused() + self.unsound.len();
        state.question.clone_from(&self.question);
        state.problems =
            self.unreadable_profile().into_iter().chain(self.attempts()).chain(self.problems.iter().cloned()).collect();
        state.telling = self.news.is_some();
        state.compared = self.compared;
        state.phrase.clone_from(&self.document.phrase);
        // Whoever has moved it knows.
        state.moved = self.document.moved.clone().filter(|_| !self.is_owner());
        let authors = notes::author_devices(self);
        state.peers = self
            .peers
            .all()
            .map(|(peer, connected, seen)| PeerState {
                device: hex::encode(&peer.device),
                connected,
                author: authors.contains(&peer.device),
                seen,
            })
            .collect();
        state.title.clone_from(&self.title);
        state
    }
}

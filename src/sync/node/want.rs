//! Contents that are wanted: what the store has is told at once, everything else is fetched.

use std::cmp::Reverse;
use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::{Instrument, debug};

use crate::sync::hex;
use crate::sync::node::fetch_job::{Done, Want};
use crate::sync::node::hands::Hands;
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Event, Unsound};
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::note_kind::NoteKind;

/// A content that is wanted.
pub(super) struct Content {
    pub(super) hash: Hash,
    /// Its length in bytes, by its entry.
    pub(super) len: u64,
    pub(super) rank: Rank,
}

/// A note that is wanted.
pub(super) struct WantedNote {
    pub(super) kind: NoteKind,
    pub(super) hash: Hash,
    /// Its length in bytes, by its entry.
    pub(super) len: u64,
}

/// Makes sure that the store has all these, by and by.
pub(super) async fn fetch(hands: Arc<Hands>, contents: Vec<Content>) {
    for Content { hash, len, rank } in contents {
        match hands.stored_len(hash).await {
            Some(len) => hands.answer(Event::Fetched(hash, Ok(len))),
            None => want(&hands, Content { hash, len, rank }, hands.done.clone()),
        }
    }
}

fn want(hands: &Hands, Content { hash, len, rank }: Content, done: mpsc::UnboundedSender<Done>) {
    debug!(content = %hex::short(&hash), len, "asked for");
    let (document, progress) = (hands.place.document, Arc::clone(&hands.progress));
    hands.fetcher.want(Want { document, hash, len, rank, done, progress });
}

/// Reads all these notes, by and by.
pub(super) async fn read_notes(hands: Arc<Hands>, notes: Vec<WantedNote>) {
    for note in notes {
        if hands.stored_len(note.hash).await.is_some() {
            read_note(&hands, &note).await;
        } else {
            let hands = Arc::clone(&hands);
            tokio::spawn(fetch_note(hands, note).in_current_span());
        }
    }
}

async fn fetch_note(hands: Arc<Hands>, note: WantedNote) {
    let (done, mut dones) = mpsc::unbounded_channel();
    let rank = Rank { large: false, newest: Reverse(i64::MAX), text: false };
    want(&hands, Content { hash: note.hash, len: note.len, rank }, done);
    tokio::select! {
        () = hands.ended() => {}
        done = dones.recv() => match done {
            Some(Done { fetched: Ok(_), .. }) => read_note(&hands, &note).await,
            Some(Done { fetched: Err(unsound), .. }) => hands.answer(Event::Note(note.kind, note.hash, Err(unsound))),
            None => {}
        },
    }
}

/// Reads a note that the store has. What is longer than its entry says is not read.
async fn read_note(hands: &Hands, WantedNote { kind, hash, len }: &WantedNote) {
    let bytes = match hands.stored_len(*hash).await {
        Some(stored) if stored != *len => Err(Unsound { stored }),
        _ => match hands.engine.store.blobs().get_bytes(*hash).await {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => {
                debug!(error = %redacted(&error), "a note can't be read from the store");
                Err(Unsound { stored: *len })
            }
        },
    };
    hands.answer(Event::Note(*kind, *hash, bytes));
}

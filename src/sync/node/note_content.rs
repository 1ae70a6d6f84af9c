//! Reading a note's content from the store, or asking for it.

use std::cmp::Reverse;

use crate::sync::node::hands::Hands;
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::records::Note;
use crate::sync::replica::wanted::Wanted;

/// What a note of a document holds, if it is here and not longer than `most` bytes; else it is asked for.
pub(super) async fn read(
    hands: &Hands,
    wanted: &mut Wanted,
    document: [u8; 32],
    note: &Note,
    most: u64,
) -> Option<Vec<u8>> {
    if note.len == 0 || note.len > most || wanted.is_unsound(note.hash, note.len) {
        return None;
    }
    if let Some(len) = hands.stored_len(note.hash).await {
        wanted.notes.remove(&note.hash);
        if len != note.len {
            wanted.set_unsound(note.hash, note.len, len);
            return None;
        }
        let bytes = hands.engine.store.blobs().get_bytes(note.hash).await.ok()?;
        return Some(bytes.into());
    }
    if wanted.notes.insert(note.hash) {
        let rank = Rank { large: false, newest: Reverse(i64::MAX), text: false };
        hands.fetch(document, note.hash, note.len, rank);
    }
    None
}

//! What a document's authors say of themselves and of it.
//!
//! Owns reading their notes, and where a channel has moved. All of it is strangers' text.
//! Refuses to write notes: `publish.rs` does, and `names.rs` the owner's about the others.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use iroh_blobs::api::blobs::BlobStatus;
use serde::{Deserialize, Serialize};

use crate::channel::protocol::profile;
use crate::fs::confined::Folder;
use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::book::Book;
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::node::apply::ask;
use crate::sync::node::author_names;
use crate::sync::node::fetch::Rank;
use crate::sync::node::records::Note;
use crate::sync::node::replica::Keeper;
use crate::sync::replica::item::Item;

/// The longest note of an author, in bytes.
const NOTE: u64 = 4096;

/// So many authors' notes are read.
const MOST_AUTHORS: usize = 1000;

/// What an author says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AuthorNote {
    pub(super) name: String,
    /// The device's public key, 64 hexadecimal digits.
    pub(super) device: String,
}

/// Reads what the document's authors say of themselves, and the owner of them, as far as it is here, and asks for the rest.
pub(super) async fn learn(keeper: &mut Keeper) {
    let authors: Vec<Note> = keeper.records.authors.values().take(MOST_AUTHORS).copied().collect();
    for note in authors {
        if let Some(text) = text_of(keeper, &note).await {
            keeper.names.insert(note.author, toml::from_str(&text).unwrap_or_default());
        }
    }
    author_names::learn(keeper).await;
}

/// Reads where the channel has moved, and what it is called; the owner names the authors.
pub(super) async fn read(keeper: &mut Keeper) {
    author_names::write(keeper).await;
    // Only the owner moves a channel: `owner.rs` tells who else has tried.
    let moved = keeper.owner().and_then(|owner| keeper.records.moved.get(&owner)).copied();
    if let Some(note) = moved
        && let Some(text) = text_of(keeper, &note).await
        && let Ok(ticket) = Ticket::parse(&text)
        && matches!(ticket.opens, Opens::Read(id) if id != keeper.document.id)
    {
        // Written anew: what stood around the key is a stranger's.
        follow(keeper, &ticket.to_string());
    }
    let profile = keeper.agreed.get(&Item::profile()).map(|agreed| agreed.hash);
    if keeper.profile != profile {
        keeper.profile = profile;
        let read = Folder::open(&keeper.folder).ok().and_then(|folder| profile::read(&folder).ok());
        keeper.title = read.and_then(|profile| profile.title);
    }
    keeper.write_authors().await;
}

async fn text_of(keeper: &mut Keeper, note: &Note) -> Option<String> {
    String::from_utf8(content_of(keeper, note, NOTE).await?).ok()
}

/// What a note holds, if it is here and not longer than that; else it is asked for.
pub(super) async fn content_of(keeper: &mut Keeper, note: &Note, most: u64) -> Option<Vec<u8>> {
    if note.len == 0 || note.len > most || keeper.unsound.contains_key(&(note.hash, note.len)) {
        return None;
    }
    if let Ok(BlobStatus::Complete { size }) = keeper.engine.store.blobs().status(note.hash).await {
        keeper.asked.remove(&note.hash);
        if size != note.len {
            keeper.unsound.insert((note.hash, note.len), size);
            return None;
        }
        let bytes = keeper.engine.store.blobs().get_bytes(note.hash).await.ok()?;
        return Some(bytes.into());
    }
    if keeper.asked.insert(note.hash) {
        ask(keeper, note.hash, note.len, Rank { large: false, newest: Reverse(i64::MAX), text: false });
    }
    None
}

fn follow(keeper: &mut Keeper, key: &str) {
    if keeper.document.moved.as_deref() == Some(key) {
        return;
    }
    keeper.document.moved = Some(key.to_owned());
    let id = keeper.document.id;
    let noted = Book::change(&keeper.home.data, |book| {
        if let Some(document) = book.documents.iter_mut().find(|document| document.id == id) {
            document.moved = Some(key.to_owned());
        }
        Ok::<_, Error>(())
    });
    if let Err(error) = noted {
        keeper.problem(error.to_string());
    }
}

/// The devices whose authors have something in the document.
pub(super) fn author_devices(keeper: &Keeper) -> BTreeSet<[u8; 32]> {
    let of = |note: &AuthorNote| -> Option<[u8; 32]> { hex::decode(&note.device) };
    keeper.names.values().filter_map(of).collect()
}

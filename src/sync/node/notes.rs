//! Reading what a document's authors say of themselves, where a channel has moved, and what it is called.
//!
//! All of it is strangers' text.

use tracing::info;

use crate::channel::protocol::profile;
use crate::fs::confined::Folder;
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::node::replica::Replica;
use crate::sync::node::{author_names, authorship, book_changes, note_content};
use crate::sync::replica::item::Item;
use crate::sync::replica::records::Note;

/// The longest note of an author, in bytes.
const MAX_NOTE: u64 = 4096;

/// So many authors' notes are read.
const MAX_AUTHORS: usize = 1000;

/// Reads what the document's authors say of themselves, and the owner of them, as far as it is here, and asks for the rest.
pub(super) async fn learn(replica: &mut Replica) {
    let authors: Vec<Note> = replica.records.authors.values().take(MAX_AUTHORS).copied().collect();
    for note in authors {
        if let Some(text) = text_of(replica, &note).await {
            // A note that makes no sense says nothing.
            replica.authorship.notes.insert(note.author, toml::from_str(&text).unwrap_or_default());
        }
    }
    author_names::learn(replica).await;
}

/// Reads where the channel has moved, and what it is called; the owner names the authors.
pub(super) async fn read(replica: &mut Replica) {
    author_names::write(replica).await;
    // Only the owner moves a channel: `sync/replica/ownership.rs` tells who else has tried.
    let moved = replica.shared.owner().and_then(|owner| replica.records.moved.get(&owner)).copied();
    if let Some(note) = moved
        && let Some(text) = text_of(replica, &note).await
        && let Ok(ticket) = Ticket::parse(&text)
        && matches!(ticket.opens, Opens::Read(id) if id != replica.shared.document.id)
    {
        // Written anew: what stood around the key is a stranger's.
        follow(replica, &ticket.to_string());
    }
    let profile = replica.local.baseline.get(&Item::profile()).map(|agreed| agreed.hash);
    if replica.condition.profile != profile {
        replica.condition.profile = profile;
        // A profile that can't be read has no title.
        let read = Folder::open(&replica.shared.folder).ok().and_then(|folder| profile::read(&folder).ok());
        replica.condition.title = read.and_then(|profile| profile.title);
    }
    authorship::write_authors(replica).await;
}

async fn text_of(replica: &mut Replica, note: &Note) -> Option<String> {
    let document = replica.shared.document.id;
    let bytes = note_content::read(&replica.hands, &mut replica.wanted, document, note, MAX_NOTE).await?;
    String::from_utf8(bytes).ok()
}

/// Notes by which key the owner has replaced the document.
fn follow(replica: &mut Replica, key: &str) {
    if replica.shared.document.moved.as_deref() == Some(key) {
        return;
    }
    info!("the channel has moved to another key");
    if let Err(error) = book_changes::follow(&replica.hands.home, &mut replica.shared.document, key) {
        replica.condition.problem(error.to_string());
    }
}

//! What a document's authors say of themselves and of it.
//!
//! Owns reading their notes, who is named for which message in the box, and where a channel has moved. All of it is strangers' text.
//! Refuses to write notes: `publish.rs` does.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use iroh_blobs::api::blobs::BlobStatus;
use serde::{Deserialize, Serialize};

use super::fetch::Rank;
use super::keeper::Keeper;
use super::records::Note;
use super::take::ask;
use crate::channel::authors::{Authors, Key};
use crate::channel::profile;
use crate::disk::beneath::Folder;
use crate::sync::book::Book;
use crate::sync::item::Item;
use crate::sync::ticket::{Opens, Ticket};
use crate::sync::{Error, hex};

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

/// Reads what the document's authors say of themselves and of it, as far as it is here, and asks for the rest.
pub(super) async fn read(keeper: &mut Keeper) {
    let authors: Vec<Note> = keeper.records.authors.values().take(MOST_AUTHORS).copied().collect();
    let mut changed = false;
    for note in authors {
        if let Some(text) = text_of(keeper, &note).await {
            let said: AuthorNote = toml::from_str(&text).unwrap_or_default();
            changed |= keeper.names.insert(note.author, said.clone()) != Some(said);
        }
    }
    if changed {
        bylines(keeper).await;
    }
    let moved: Vec<Note> = keeper.records.moved.values().take(MOST_AUTHORS).copied().collect();
    for note in moved {
        if is_trusted(keeper, &note.author)
            && let Some(text) = text_of(keeper, &note).await
            && let Ok(ticket) = Ticket::parse(&text)
            && matches!(ticket.opens, Opens::Read(id) if id != keeper.document.id)
        {
            // Written anew: what stood around the key is a stranger's.
            follow(keeper, &ticket.to_string());
        }
    }
    let profile = Item::parse(profile::FILE_NAME.as_bytes());
    let profile = profile.and_then(|item| keeper.agreed.get(&item)).map(|agreed| agreed.hash);
    if keeper.profile != profile {
        keeper.profile = profile;
        let read = Folder::open(&keeper.folder).ok().and_then(|folder| profile::read(&folder).ok());
        keeper.title = read.and_then(|profile| profile.title);
    }
}

async fn text_of(keeper: &mut Keeper, note: &Note) -> Option<String> {
    if note.len == 0 || note.len > NOTE || keeper.unsound.contains_key(&(note.hash, note.len)) {
        return None;
    }
    if let Ok(BlobStatus::Complete { size }) = keeper.engine.store.blobs().status(note.hash).await {
        keeper.asked.remove(&note.hash);
        if size != note.len {
            keeper.unsound.insert((note.hash, note.len), size);
            return None;
        }
        let bytes = keeper.engine.store.blobs().get_bytes(note.hash).await.ok()?;
        return String::from_utf8(bytes.into()).ok();
    }
    if keeper.asked.insert(note.hash) {
        ask(keeper, note.hash, note.len, Rank { large: false, newest: Reverse(i64::MAX), text: false });
    }
    None
}

/// Writes down who signed which message, where several do: whoever shows the box shows it.
pub(super) async fn bylines(keeper: &mut Keeper) {
    if keeper.records.signers.len() < 2 && keeper.names.len() < 2 {
        return;
    }
    let mut authors = Authors::default();
    for item in keeper.records.items().filter(|item| item.is_text()) {
        if let (Some(stamp), Some(author)) = (item.stamp(), keeper.records.author(item)) {
            authors.messages.insert(stamp, Key::new(author).into());
        }
    }
    let signers = authors.signers();
    let named =
        keeper.names.iter().filter(|(author, note)| !note.name.is_empty() && signers.contains(&Key::new(**author)));
    authors.claimed = named.map(|(author, note)| (Key::new(*author), note.name.clone())).collect();
    let profile = Item::parse(profile::FILE_NAME.as_bytes());
    authors.owner = profile.and_then(|item| keeper.records.author(&item)).map(Key::new);
    let folder = keeper.folder.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || authors.write(&folder)).await {
        keeper.problem(format!("the authors of the messages can't be noted: {error}"));
    }
}

/// Whether an author may tell where the channel has moved: only who made its profile.
fn is_trusted(keeper: &Keeper, author: &[u8; 32]) -> bool {
    let profile = Item::parse(profile::FILE_NAME.as_bytes());
    profile.is_some_and(|item| keeper.records.author(&item) == Some(*author))
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
    let of = |note: &AuthorNote| -> Option<[u8; 32]> { hex::parse(&note.device) };
    keeper.names.values().filter_map(of).collect()
}

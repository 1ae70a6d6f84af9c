//! What a replica notes in the book of keys: whose its document is, where the channel has moved, and that a leave was used up.

use std::sync::Arc;

use tracing::info;

use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::book::{AuthorKey, Book};
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::replica::action::BookChange;
use crate::sync::replica::event::Event;

/// Notes all this.
pub(super) async fn note(hands: Arc<Hands>, changes: Vec<BookChange>) {
    blocking(move || {
        for change in changes {
            if let Err(error) = note_one(&hands, change) {
                hands.answer(Event::NotNoted(error.to_string()));
            }
        }
    })
    .await;
}

fn note_one(hands: &Hands, change: BookChange) -> Result<(), Error> {
    match &change {
        BookChange::Owner(owner) => info!(owner = %hex::short(owner), "the channel's owner is known now"),
        BookChange::Moved(_) => info!("the channel has moved to another key"),
        BookChange::DeletedAll | BookChange::ReturnAnswered => {}
    }
    let id = &hands.place.document;
    Book::change(&hands.home.data, |book| {
        let document = match change {
            // One that was given up here points on by itself.
            BookChange::Moved(_) => book.documents.iter_mut().find(|document| document.id == *id),
            _ => book.by_id_mut(id),
        };
        // A key that was forgotten meanwhile says nothing more.
        let Some(document) = document else {
            return Ok(());
        };
        match change {
            BookChange::Owner(owner) => drop(document.owner.get_or_insert(AuthorKey(owner))),
            BookChange::Moved(key) => document.moved = Some(key),
            BookChange::DeletedAll => document.delete_all = false,
            BookChange::ReturnAnswered => document.returned = None,
        }
        Ok(())
    })
}

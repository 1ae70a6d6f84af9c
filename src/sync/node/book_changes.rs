//! What a replica notes in the book of keys: whose its document is, where the channel has moved, and that a leave was used up.

use crate::sync::error::Error;
use crate::sync::keys::book::{AuthorKey, Book, Document};
use crate::sync::node::home::Home;
use crate::sync::replica::signers::Author;

/// Notes whose a document is. Whoever is noted already stays.
pub(super) fn pin_owner(home: &Home, document: &mut Document, owner: Author) -> Result<(), Error> {
    let owner = AuthorKey(owner);
    document.owner = Some(owner);
    change(home, document.id, |document| {
        document.owner.get_or_insert(owner);
    })
}

/// Notes by which key a document was replaced.
pub(super) fn follow(home: &Home, document: &mut Document, key: &str) -> Result<(), Error> {
    document.moved = Some(key.to_owned());
    let id = document.id;
    Book::change(&home.data, |book| {
        // One that was given up here points on by itself.
        if let Some(document) = book.documents.iter_mut().find(|document| document.id == id) {
            document.moved = Some(key.to_owned());
        }
        Ok(())
    })
}

/// Uses up the leave to delete everything.
pub(super) fn use_up_delete_all(home: &Home, document: &mut Document) -> Result<(), Error> {
    document.delete_all = false;
    change(home, document.id, |document| document.delete_all = false)
}

fn change(home: &Home, id: [u8; 32], change: impl FnOnce(&mut Document)) -> Result<(), Error> {
    Book::change(&home.data, |book| {
        if let Some(document) = book.by_id_mut(&id) {
            change(document);
        }
        Ok(())
    })
}

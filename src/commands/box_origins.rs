//! Where the boxes of channels come from, by the book of keys.
//!
//! Owns turning documents into what other rooms may know of them: an order and a name that tells nothing of the key.

use crate::channel::Channel;
use crate::channel::feed_ids::{Origin, Origins};
use crate::channel::protocol::entry::Side;
use crate::commands::{Surroundings, documents};
use crate::sync::keys::book::Book;

/// Where the boxes of this data folder's channels come from.
#[derive(Debug)]
pub(super) struct KnownOrigins<'a> {
    around: &'a Surroundings,
    book: Book,
}

impl<'a> KnownOrigins<'a> {
    /// Reads the book.
    pub(super) fn read(around: &'a Surroundings) -> Self {
        // A damaged book is told by every command that needs a key; a site only gives out ids in another order without it.
        Self { around, book: Book::read(&around.data).unwrap_or_else(|_| Book::default()) }
    }

    /// Where a channel's boxes come from.
    pub(super) fn of(&self, channel: &Channel) -> Origins {
        let Ok(name) = documents::name(self.around, channel) else {
            return [None, None];
        };
        Side::BOTH.map(|side| {
            let documents = self.book.documents.iter().enumerate();
            let mut own = documents.filter(|(_, document)| document.channel == name && document.side == side);
            // The document's id is the key for reading it.
            own.next().map(|(order, document)| Origin { order, name: blake3::hash(&document.id).to_hex().to_string() })
        })
    }
}

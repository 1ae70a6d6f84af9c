//! Where the boxes of channels come from, by the file of keys.
//!
//! A document becomes what other rooms may know of it: an order, and a name that tells nothing of the key.

use std::path::PathBuf;

use crate::channel::Channel;
use crate::channel::feed_ids::{Origin, Origins};
use crate::channel::protocol::entry::Side;
use crate::daemon::documents;
use crate::sync::keys::book::Book;

/// Where the boxes of a data folder's channels come from.
#[derive(Debug)]
pub(crate) struct BoxOrigins {
    data: PathBuf,
    book: Book,
}

impl BoxOrigins {
    /// Reads the file of keys.
    pub(crate) fn read(data: PathBuf) -> Self {
        // A damaged file is told by every command that needs a key; a site only gives out ids in another order without it.
        Self { book: Book::read(&data).unwrap_or_else(|_| Book::default()), data }
    }

    /// Where a channel's boxes come from.
    pub(crate) fn for_channel(&self, channel: &Channel) -> Origins {
        let Ok(name) = documents::name(&self.data, channel) else {
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

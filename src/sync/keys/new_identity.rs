//! A new device key and a new author key for a data folder, because another computer uses the old ones.
//!
//! Two computers with the same keys are one device for everybody else: whoever dials it reaches one of the two, and what the other
//! writes arrives by luck or never. So one of them becomes a second author of the same person.
//!
//! What was written so far stays right: the old author is trusted in every box of one's own, so its messages count as one's own.
//! It stays the owner of its channels, for readers believe only the key that they know. The old secrets are kept in the book: whoever
//! changed the wrong computer changes it back, and no channel ever loses its owner for good.

use crate::channel::protocol::entry::Side;
use crate::sync::keys::book::{AuthorKey, Book, Document, Identity};
use crate::sync::keys::ticket::Peer;

/// By what others know an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicIdentity {
    /// The device's key.
    pub device: [u8; 32],
    /// The author's key.
    pub author: AuthorKey,
}

/// An identity with what others know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The secret keys.
    pub secret: Identity,
    /// Their public halves.
    pub public: PublicIdentity,
}

/// Goes over from one identity to another, which may be a former one.
pub fn change(book: &mut Book, from: &Known, to: &Known) {
    // Who goes back leaves an identity that no other computer has.
    let is_shared = !book.former.contains(&to.secret);
    for document in book.documents.iter_mut().chain(&mut book.retired) {
        change_document(document, from.public, to.public);
        if is_shared {
            meet(document, from.public.device);
        }
    }
    book.former.retain(|former| ![from.secret, to.secret].contains(former));
    book.former.push(from.secret);
    (book.device, book.author) = (Some(to.secret.device), Some(to.secret.author));
}

fn change_document(document: &mut Document, from: PublicIdentity, to: PublicIdentity) {
    // A book that names no owner yet would take the new author for it.
    if document.owner.is_none() && document.is_made_here() {
        document.owner = Some(from.author);
    }
    if document.side == Side::Outbox {
        document.trusted.retain(|author| ![from.author, to.author].contains(author));
        document.trusted.push(from.author);
    }
    document.peers.retain(|peer| peer.device != to.device);
}

/// Notes that the other computer has a document: it has all that this one has, and is another device from now on.
fn meet(document: &mut Document, device: [u8; 32]) {
    if document.peers.iter().all(|peer| peer.device != device) {
        document.peers.push(Peer { device, addresses: Vec::new(), relay: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::keys::book::Secret;

    fn identity(number: u8) -> Known {
        Known {
            secret: Identity { device: Secret([number; 32]), author: Secret([number + 1; 32]) },
            public: PublicIdentity { device: [number + 2; 32], author: AuthorKey([number + 3; 32]) },
        }
    }

    fn document(side: Side) -> Document {
        Document { secret: Some(Secret([9; 32])), ..Document::new("talk".parse().unwrap(), side, [8; 32]) }
    }

    /// A book of the first identity, with a channel of one's own, somebody's channel, and a channel that was joined.
    fn book(first: &Known) -> Book {
        let theirs = Document { secret: None, ..document(Side::Inbox) };
        let friend = Peer { device: [7; 32], addresses: Vec::new(), relay: None };
        let joined = Document { peers: vec![friend], trusted: vec![AuthorKey([6; 32])], ..document(Side::Outbox) };
        Book {
            device: Some(first.secret.device),
            author: Some(first.secret.author),
            documents: vec![document(Side::Outbox), theirs, joined],
            retired: vec![document(Side::Outbox)],
            ..Book::default()
        }
    }

    #[test]
    fn what_the_old_author_wrote_stays_ones_own() {
        let (first, second) = (identity(10), identity(20));
        let mut book = book(&first);
        change(&mut book, &first, &second);
        assert_eq!((book.device, book.author), (Some(second.secret.device), Some(second.secret.author)));
        let [own, theirs, joined] = &book.documents[..] else { panic!("no document is lost") };
        assert_eq!((own.owner, &own.trusted), (Some(first.public.author), &vec![first.public.author]));
        assert_eq!((theirs.owner, &theirs.trusted), (None, &vec![]));
        assert_eq!((joined.owner, &joined.trusted), (None, &vec![AuthorKey([6; 32]), first.public.author]));
        for document in book.all() {
            assert_eq!(document.peers.last().unwrap().device, first.public.device, "the other computer is met");
        }
        assert_eq!(book.retired[0].owner, Some(first.public.author));
        assert_eq!(book.former, [first.secret]);
    }

    #[test]
    fn back_and_forth_loses_nothing() {
        let (first, second) = (identity(10), identity(20));
        let mut book = book(&first);
        change(&mut book, &first, &second);
        change(&mut book, &second, &first);
        assert_eq!((book.device, book.author), (Some(first.secret.device), Some(first.secret.author)));
        assert_eq!(book.former, [second.secret]);
        let own = &book.documents[0];
        assert_eq!((own.owner, &own.trusted), (Some(first.public.author), &vec![second.public.author]));
        assert!(own.peers.is_empty(), "nobody else has the keys of the one that was left");
        let text = book.to_text().unwrap();
        assert_eq!(Book::parse(&text).unwrap(), book);
        assert!(!format!("{book:?}").contains("secret: \""), "no secret is shown");
    }
}

//! One box, the document that it is shared by, and this device's part in it.

use std::path::PathBuf;

use crate::channel::protocol::entry::Side;
use crate::sync::keys::book::{AuthorKey, Document};
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Limits;
use crate::sync::replica::merge::Role;
use crate::sync::replica::signers::Author;
use crate::sync::replica::trash::DeletedBy;

/// One box and its document.
#[derive(Debug)]
pub struct SharedBox {
    /// The document, as the book of keys has it.
    pub document: Document,
    /// The channel's folder.
    pub channel: PathBuf,
    /// The box.
    pub folder: PathBuf,
    /// Whether this side writes.
    pub role: Role,
    /// The author as whom this device signs.
    pub me: Author,
    /// The device.
    pub device: [u8; 32],
    /// What of others is taken in.
    pub limits: Limits,
}

impl SharedBox {
    /// Whose the document is.
    pub fn owner(&self) -> Option<Author> {
        self.document.owner.map(|owner| owner.0)
    }

    /// Notes whose the document is.
    pub fn pin_owner(&mut self, owner: Author) {
        self.document.owner = Some(AuthorKey(owner));
    }

    /// Whether it is this device's own.
    pub fn is_owner(&self) -> bool {
        self.owner() == Some(self.me)
    }

    /// Whether the box is one's own: an outbox.
    pub fn is_own_box(&self) -> bool {
        self.document.side == Side::Outbox
    }

    /// Whether this side writes, and this author is this device's.
    pub fn is_mine(&self, author: Author) -> bool {
        self.role == Role::Writer && author == self.me
    }

    /// What this side may do about a file: who writes with others only reads what is the owner's.
    pub fn role_for(&self, item: &Item) -> Role {
        if item.is_hidden() && !self.is_owner() { Role::Reader } else { self.role }
    }

    /// Who deletes or replaces a file, when this author's entry does.
    pub fn deleted_by(&self, author: Author) -> DeletedBy {
        match (self.is_own_box(), author == self.me) {
            (false, _) => DeletedBy::Inbox,
            (true, false) => DeletedBy::Others,
            (true, true) => DeletedBy::Own,
        }
    }

    /// Whether somebody asked for a file in spite of the limits.
    pub fn is_asked_for(&self, item: &Item) -> bool {
        self.document.fetch.iter().any(|path| path.as_bytes() == item.as_bytes())
    }
}

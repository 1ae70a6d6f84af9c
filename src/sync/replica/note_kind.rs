//! The kinds of notes that a document's authors write beside the files.

use crate::sync::replica::item::Key;

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// Its author: the name and the device.
    Author,
    /// The names that the owner has bound to authors, and who wrote what several signed.
    Names,
    /// Where the document's writers have gone.
    Moved,
}

impl NoteKind {
    /// The note's key in a document.
    pub fn key(self) -> Key {
        match self {
            Self::Author => Key::Author,
            Self::Names => Key::Names,
            Self::Moved => Key::Moved,
        }
    }
}

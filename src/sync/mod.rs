//! Moving whole files between one outbox and many inboxes.
//!
//! Owns keys, what is replicated of a box, the comparison of a box with a shared document, and what does the moving: an
//! engine of our own (`iroh`, with the feature `sync`) or a Syncthing that runs beside. The folder is all that other rooms
//! see of it. Refuses to know Markdown and HTML, and never prints.

pub mod box_files;
pub mod hex;
pub mod keys;
#[cfg(feature = "sync")]
pub mod node;
pub mod options;
pub mod own_addresses;
pub mod replica;
pub mod socket;
pub mod status;
pub mod syncthing;

use std::path::PathBuf;

use crate::fs::private::Exposed;

/// What can go wrong with replication as a whole. What goes wrong with one file or one peer is a line in the [`state`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The book of keys is damaged.
    #[error("{}: {what}", path.display())]
    Book {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Others may write where the keys are kept.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// Another program is the node of this data folder.
    #[error("another missive is synchronising {} already", data.display())]
    Busy {
        /// The data folder.
        data: PathBuf,
    },
    /// The engine could not be started.
    #[error("the node could not start: {what}")]
    Engine {
        /// What it said.
        what: String,
    },
    /// The text is no key.
    #[error(transparent)]
    Ticket(#[from] crate::sync::keys::ticket::NotATicket),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

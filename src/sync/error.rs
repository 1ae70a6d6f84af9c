//! What can go wrong with replication as a whole.

use std::io;
use std::path::PathBuf;

use crate::fs::private::Exposed;
use crate::sync::keys::ticket::NotATicket;

/// An error of somebody else's code, with its own causes.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong with replication as a whole. What goes wrong with one file or one peer is a line in the [`status`](crate::sync::status).
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
    #[error("another missive is already syncing {}", data.display())]
    Busy {
        /// The data folder.
        data: PathBuf,
    },
    /// The engine could not be started, or failed.
    #[error("the sync engine failed: {what}")]
    Engine {
        /// What it said.
        what: String,
        /// Its error, where there is one.
        source: Option<Cause>,
    },
    /// The text is no key.
    #[error(transparent)]
    Ticket(#[from] NotATicket),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether it comes from a disk without room.
    pub fn is_full_disk(&self) -> bool {
        let causes = std::iter::successors(Some(self as &dyn std::error::Error), |error| error.source());
        let mut kinds = causes.filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
        kinds.any(|kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

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
        let own = if let Self::Io(error) = self { Some(error) } else { None };
        let causes = std::iter::successors(std::error::Error::source(self), |error| error.source());
        let all = own.into_iter().chain(causes.filter_map(|cause| cause.downcast_ref()));
        let mut kinds = all.map(io::Error::kind);
        kinds.any(|kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        assert!(Error::from(full()).is_full_disk());
        let engine = |source: Option<Cause>| Error::Engine { what: "it failed".into(), source };
        assert!(engine(Some(full().into())).is_full_disk());
        assert!(!engine(None).is_full_disk() && !Error::from(io::Error::other("no")).is_full_disk());
    }
}

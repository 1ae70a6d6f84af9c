//! A content that is wanted: of which document, for whom, and what came of it so far.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::sync::replica::event::Unsound;
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::providers::Attempts;

/// What was fetched for a document, in bytes.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// All of it.
    pub(super) fetched: AtomicU64,
    /// What is here of contents that are on their way.
    pub(super) partial: AtomicU64,
}

/// A content that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Want {
    /// Whose peers may have it.
    pub(super) document: [u8; 32],
    pub(super) hash: Hash,
    pub(super) len: u64,
    pub(super) rank: Rank,
    /// Who is told.
    pub(super) done: mpsc::UnboundedSender<Done>,
    /// Where it is counted.
    pub(super) progress: Arc<Progress>,
}

/// What became of a content that was wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) hash: Hash,
    /// Its length, if it is here, or what is here of something that is not what its entry says.
    pub(super) fetched: Result<u64, Unsound>,
}

/// A content that is wanted, and what came of it so far.
pub(super) struct Job {
    pub(super) want: Want,
    /// The wait after nobody can give it next time.
    pub(super) pause: Duration,
    pub(super) attempts: Attempts,
}

//! What a replica acts with: the engine, the fetcher, the document's handle, and the data folder.

use std::path::PathBuf;
use std::sync::Arc;

use iroh_blobs::api::blobs::BlobStatus;
use iroh_docs::api::Doc;
use tokio::sync::mpsc;

use crate::channel::protocol::stamp::Stamp;
use crate::sync::hex;
use crate::sync::node::engine::Engine;
use crate::sync::node::fetch::{Done, Fetcher, Progress, Want};
use crate::sync::node::home::Home;
use crate::sync::node::references::References;
use crate::sync::redacted::redacted;
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::merge::Hash;

/// What a replica acts with.
pub(super) struct Hands {
    pub(super) home: Home,
    pub(super) engine: Arc<Engine>,
    pub(super) fetcher: Fetcher,
    pub(super) doc: Doc,
    /// Where the fetcher says what has come.
    pub(super) done: mpsc::UnboundedSender<Done>,
    pub(super) progress: Arc<Progress>,
    pub(super) references: References,
}

impl Hands {
    /// The file of a document's baseline.
    pub(super) fn baseline_file(&self, document: &[u8; 32]) -> PathBuf {
        self.home.folder().join("agreed").join(hex::encode(document))
    }

    /// The file of a document's peers.
    pub(super) fn peer_file(&self, document: &[u8; 32]) -> PathBuf {
        self.home.folder().join("peers").join(hex::encode(document))
    }

    /// The length of a content that is here whole.
    pub(super) async fn stored_len(&self, hash: Hash) -> Option<u64> {
        match self.engine.store.blobs().status(hash).await {
            Ok(BlobStatus::Complete { size }) => Some(size),
            // A content that the store can't say anything of is fetched again.
            _ => None,
        }
    }

    /// Asks for a content.
    pub(super) fn fetch(&self, document: [u8; 32], hash: Hash, len: u64, rank: Rank) {
        tracing::debug!(content = %hex::short(&hash), len, "asked for");
        let (done, progress) = (self.done.clone(), Arc::clone(&self.progress));
        self.fetcher.want(Want { document, hash, len, rank, done, progress });
    }

    /// The second that it is now; `None` for a clock that is beyond the year 9999.
    pub(super) fn now(&self) -> Option<Stamp> {
        Stamp::from_seconds(self.home.seconds())
    }

    /// Listens to the document's peers no more.
    pub(super) async fn leave(&self) {
        // An engine that can't be told so any more has ended.
        if let Err(error) = self.doc.leave().await {
            tracing::debug!(error = %redacted(&error), "the document could not be left");
        }
    }
}

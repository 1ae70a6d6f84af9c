//! What a replica acts with: the engine, the fetcher, the document's handle and the box; and where it is told what became of that.

use std::path::PathBuf;
use std::sync::Arc;

use iroh_blobs::api::blobs::BlobStatus;
use iroh_docs::api::Doc;
use tokio::sync::{mpsc, watch};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::error::Error;
use crate::sync::node::engine::Engine;
use crate::sync::node::fetch::Fetcher;
use crate::sync::node::fetch_job::{Done, Progress};
use crate::sync::node::home::Home;
use crate::sync::replica::event::Event;
use crate::sync::replica::merge::Hash;

/// What the replica is told of what became of an action; or how the engine failed: it is over for the replica then.
pub(super) type Answer = Result<Event, Error>;

/// A box and its document, as far as that never changes while it is replicated.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The document's id.
    pub(super) document: [u8; 32],
    /// The channel's folder.
    pub(super) channel: PathBuf,
    /// The box.
    pub(super) folder: PathBuf,
    /// Which box it is.
    pub(super) side: Side,
}

/// What a replica acts with.
pub(super) struct Hands {
    pub(super) home: Home,
    pub(super) engine: Arc<Engine>,
    pub(super) fetcher: Fetcher,
    pub(super) doc: Doc,
    pub(super) place: Place,
    /// Where the fetcher says what has come.
    pub(super) done: mpsc::UnboundedSender<Done>,
    pub(super) progress: Arc<Progress>,
    /// Where the replica is told what became of its actions. It ends with the last who acts.
    pub(super) answers: mpsc::UnboundedSender<Answer>,
    /// Whether it is over: what is under way is finished, and nothing else begun.
    pub(super) ending: watch::Receiver<bool>,
}

impl Hands {
    /// Tells the replica what became of an action. One that has ended does not wait for it.
    pub(super) fn answer(&self, event: Event) {
        drop(self.answers.send(Ok(event)));
    }

    /// Tells that the engine failed.
    pub(super) fn fail(&self, error: Error) {
        drop(self.answers.send(Err(error)));
    }

    /// Whether it is over.
    pub(super) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    /// Waits until it is over.
    pub(super) async fn ended(&self) {
        let mut ending = self.ending.clone();
        // A replica that does not even say that it ends has ended.
        drop(ending.wait_for(|is_ending| *is_ending).await);
    }

    /// The length of a content that is here whole.
    pub(super) async fn stored_len(&self, hash: Hash) -> Option<u64> {
        match self.engine.store.blobs().status(hash).await {
            Ok(BlobStatus::Complete { size }) => Some(size),
            // A content that the store can't say anything of is fetched again.
            _ => None,
        }
    }

    /// The second that it is now; `None` for a clock that is beyond the year 9999.
    pub(super) fn now(&self) -> Option<Stamp> {
        Stamp::from_seconds(self.home.seconds())
    }
}

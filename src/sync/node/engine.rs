//! The engine's parts, put together: endpoint, contents, gossip, documents.
//!
//! Owns their order of starting and ending, and that nothing is collected as garbage which a document speaks of. Refuses to
//! know channels.

use std::time::Duration;

use iroh::Endpoint;
use iroh::protocol::{ProtocolHandler, Router};
use iroh_blobs::BlobsProtocol;
use iroh_blobs::store::GcConfig;
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::store::fs::options::Options as StoreOptions;
use iroh_docs::engine::ProtectCallbackHandler;
use iroh_docs::protocol::Docs;
use iroh_docs::{Author, AuthorId};
use iroh_gossip::net::Gossip;

use crate::sync::error::Error;
use crate::sync::keys::book;
use crate::sync::keys::book::Book;
use crate::sync::node::Home;
use crate::sync::node::clocks;
use crate::sync::node::clocks::{Clocks, Time};
use crate::sync::node::identity::new_secret;
use crate::sync::node::incoming::Inflow;
use crate::sync::node::network;
use crate::sync::node::network::failed;

/// How often contents are let go of that no document speaks of any more.
const COLLECT: Duration = Duration::from_mins(5);

/// How long others may take to hear that this device goes.
const FAREWELL: Duration = Duration::from_millis(500);

/// The running parts.
pub(super) struct Engine {
    pub(super) endpoint: Endpoint,
    pub(super) store: FsStore,
    pub(super) docs: Docs,
    pub(super) author: AuthorId,
    pub(super) inflow: Inflow,
    pub(super) clocks: Clocks,
    router: Router,
}

impl Engine {
    /// Starts everything.
    pub(super) async fn start(home: &Home, meet: impl ProtocolHandler) -> Result<Self, Error> {
        let (device, author) = identity(home)?;
        let folder = book::private(&home.data, "sync/store")?;
        let endpoint = network::bind(device, &home.options, &home.folder()).await?;
        let (protect, protected) = ProtectCallbackHandler::new();
        let mut options = StoreOptions::new(&folder.join("contents"));
        options.gc = Some(GcConfig { interval: COLLECT, add_protected: Some(protected) });
        let store = FsStore::load_with_opts(folder.join("contents.db"), options).await.map_err(failed)?;
        let gossip = Gossip::builder().spawn(endpoint.clone());
        let docs = Docs::persistent(folder)
            .protect_handler(protect)
            .spawn(endpoint.clone(), (*store).clone(), gossip.clone())
            .await
            .map_err(failed)?;
        let author = Author::from_bytes(&author);
        let id = author.id();
        docs.author_import(author).await.map_err(failed)?;
        let router = Router::builder(endpoint.clone())
            .accept(iroh_blobs::ALPN, BlobsProtocol::new(&store, None))
            .accept(iroh_gossip::ALPN, gossip)
            .accept(iroh_docs::ALPN, docs.clone())
            .accept(crate::sync::node::invitation::ALPN, meet)
            .accept(clocks::ALPN, Time { home: home.clone() })
            .spawn();
        Ok(Self { endpoint, store, docs, author: id, inflow: Inflow::default(), clocks: Clocks::default(), router })
    }

    /// Ends everything, documents and contents flushed.
    pub(super) async fn stop(self) {
        // What was written reaches the disk before others are told good-bye.
        self.docs.shutdown().await;
        let _ = self.store.shutdown().await;
        // Who is there hears it at once; who was dialled and does not answer would keep us for three seconds.
        let _ = tokio::time::timeout(FAREWELL, self.router.shutdown()).await;
    }
}

/// The device's and the author's secret keys, made when first asked for.
fn identity(home: &Home) -> Result<([u8; 32], [u8; 32]), Error> {
    Book::change(&home.data, |book| {
        let device = book.device.get_or_insert_with(new_secret).0;
        Ok((device, book.author.get_or_insert_with(new_secret).0))
    })
}

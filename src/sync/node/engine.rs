//! The engine's parts, put together: endpoint, contents, gossip, documents.
//!
//! They start and end in this order, and nothing is collected as garbage which a document speaks of.

use std::path::Path;
use std::time::Duration;

use iroh::Endpoint;
use iroh::protocol::{ProtocolHandler, Router};
use iroh_blobs::BlobsProtocol;
use iroh_blobs::store::GcConfig;
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::store::fs::options::Options as StoreOptions;
use iroh_docs::engine::ProtectCallbackHandler;
use iroh_docs::protocol::Docs;
use iroh_docs::{Author, AuthorId, Entry};
use iroh_gossip::net::Gossip;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::book;
use crate::sync::keys::book::Book;
use crate::sync::node::blocking::blocking;
use crate::sync::node::clocks;
use crate::sync::node::clocks::{ClockProtocol, Clocks};
use crate::sync::node::home::Home;
use crate::sync::node::identity::new_secret;
use crate::sync::node::incoming_entries::IncomingEntries;
use crate::sync::node::invitation;
use crate::sync::node::large_contents::{LargeContents, Marks};
use crate::sync::node::network;
use crate::sync::node::network::failed;
use crate::sync::node::offers::Offers;
use crate::sync::node::reader_reports;
use crate::sync::node::reader_reports::ReaderProtocol;
use crate::sync::node::serving::{Giving, Serving};
use crate::sync::redacted::redacted;
use crate::sync::replica::records;

/// How often contents are let go of that no document speaks of any more.
const COLLECT_INTERVAL: Duration = Duration::from_mins(5);

/// How long others may take to hear that this device goes.
const MAX_FAREWELL: Duration = Duration::from_millis(500);

/// The running parts.
pub(super) struct Engine {
    pub(super) endpoint: Endpoint,
    pub(super) store: FsStore,
    pub(super) large: LargeContents,
    pub(super) docs: Docs,
    pub(super) gossip: Gossip,
    pub(super) giving: Giving,
    pub(super) author: AuthorId,
    pub(super) incoming: IncomingEntries,
    pub(super) clocks: Clocks,
    protocols: Protocols,
}

/// What is answered, and what is asked.
struct Protocols {
    /// Answers others.
    router: Router,
    /// Asks readers what they have.
    asking: JoinHandle<()>,
}

impl Engine {
    /// Starts everything.
    pub(super) async fn start(home: &Home, invitations: impl ProtocolHandler) -> Result<Self, Error> {
        let data = home.data.clone();
        let kept = blocking(move || Ok::<_, Error>((identity(&data)?, book::private(&data, "sync/store")?)));
        let ((device, author), folder) = kept.await.ok_or_else(|| failed("its keys could not be read"))??;
        let endpoint = network::bind(device, &home.options, &home.folder()).await?;
        let (protect, protected) = ProtectCallbackHandler::new();
        let mut options = StoreOptions::new(&folder.join("contents"));
        let marks = Marks::default();
        let protected = marks.without_given_up(protected);
        options.gc = Some(GcConfig { interval: COLLECT_INTERVAL, add_protected: Some(protected) });
        let store = FsStore::load_with_opts(folder.join("contents.db"), options).await.map_err(failed)?;
        let large = LargeContents::new((*store).clone(), &folder.join("contents"), marks);
        large.tidy().await;
        let gossip = Gossip::builder().spawn(endpoint.clone());
        let docs = Docs::persistent(folder)
            .protect_handler(protect)
            .spawn(endpoint.clone(), (*store).clone(), gossip.clone())
            .await
            .map_err(failed)?;
        let author = Author::from_bytes(&author);
        let id = author.id();
        docs.author_import(author).await.map_err(failed)?;
        let (serving, questions) = Serving::begin(&store);
        let contents = BlobsProtocol::new(&store, Some(questions));
        let offers = Offers::default();
        let readers = ReaderProtocol { home: home.clone(), me: endpoint.id(), offers: offers.clone() };
        let router = Router::builder(endpoint.clone())
            .accept(iroh_blobs::ALPN, contents.clone())
            .accept(iroh_gossip::ALPN, gossip.clone())
            .accept(iroh_docs::ALPN, docs.clone())
            .accept(invitation::ALPN, invitations)
            .accept(clocks::ALPN, ClockProtocol { home: home.clone() })
            .accept(reader_reports::ALPN, readers)
            .spawn();
        info!(device = %hex::short(endpoint.id().as_bytes()), "the engine runs");
        let asking = tokio::spawn(reader_reports::ask_readers(home.clone(), endpoint.clone(), contents));
        Ok(Self {
            endpoint,
            store,
            large,
            docs,
            gossip,
            giving: Giving { serving, offers },
            author: id,
            incoming: IncomingEntries::default(),
            clocks: Clocks::default(),
            protocols: Protocols { router, asking },
        })
    }

    /// Ends everything, documents and contents flushed.
    pub(super) async fn stop(self) {
        self.protocols.asking.abort();
        // What was written reaches the disk before others are told good-bye.
        self.docs.shutdown().await;
        if let Err(error) = self.store.shutdown().await {
            warn!(error = %redacted(&error), "the store of contents did not end well");
        }
        // Who is there hears it at once; who was dialled and does not answer would keep us for three seconds.
        if tokio::time::timeout(MAX_FAREWELL, self.protocols.router.shutdown()).await.is_err() {
            debug!("peers that do not answer were not told good-bye");
        }
    }
}

/// An entry as the replica reads it.
pub(super) fn entry_of(entry: &Entry) -> records::Entry<'_> {
    records::Entry {
        author: *entry.author().as_bytes(),
        key: entry.key(),
        hash: *entry.content_hash().as_bytes(),
        len: entry.content_len(),
        time: entry.timestamp(),
    }
}

/// The device's and the author's secret keys, made when first asked for.
fn identity(data: &Path) -> Result<([u8; 32], [u8; 32]), Error> {
    Book::change(data, |book| {
        let device = book.device.get_or_insert_with(new_secret).0;
        Ok((device, book.author.get_or_insert_with(new_secret).0))
    })
}

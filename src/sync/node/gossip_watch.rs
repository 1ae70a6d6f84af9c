//! Watching over what the peers of a document tell each other: a message that makes no sense ends the engine's hearing of them.
//!
//! iroh-docs 0.101 leaves its loop at the first message that it can't read (`engine/gossip.rs`, `receive_loop`), says so in its log only,
//! and hears nothing of the document's neighbours until it is told to sync again. Anybody who may read a document may send such a message.
//! So the messages are read here a second time, and after one that can't be read the engine is told to listen again.

use std::time::Duration;

use iroh_blobs::Hash;
use iroh_docs::api::Doc;
use iroh_docs::{NamespaceId, SignedEntry};
use iroh_gossip::api::{Event, GossipTopic};
use iroh_gossip::net::Gossip;
use serde::Deserialize;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tracing::{Instrument, debug, warn};

use crate::sync::node::incoming_entries::IncomingEntries;
use crate::sync::redacted::redacted;

/// How soon the engine is told to listen again, at first and when it has to be again and again. It takes the engine a moment to notice
/// that it does not hear.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// What iroh-docs 0.101 says over gossip (`engine/live.rs`, `Op`).
#[derive(Deserialize)]
enum Said {
    #[expect(dead_code, reason = "it is only known whether it can be read")]
    Put(SignedEntry),
    #[expect(dead_code, reason = "it is only known whether it can be read")]
    ContentReady(Hash),
    #[expect(dead_code, reason = "it is only known whether it can be read")]
    SyncReport { namespace: NamespaceId, heads: Vec<u8> },
}

/// The watch over one document; it ends when this is dropped.
pub(super) struct GossipWatch(JoinHandle<()>);

impl GossipWatch {
    /// Begins to watch over a document that the engine listens to already.
    pub(super) fn begin(gossip: Gossip, doc: Doc, incoming: IncomingEntries) -> Self {
        Self(tokio::spawn(watch(gossip, doc, incoming).in_current_span()))
    }
}

impl Drop for GossipWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(gossip: Gossip, doc: Doc, incoming: IncomingEntries) {
    match gossip.subscribe(doc.id().into(), Vec::new()).await {
        Ok(topic) => watch_messages(topic, doc, incoming).await,
        Err(error) => debug!(error = %redacted(&error), "what peers tell each other can't be watched"),
    }
}

async fn watch_messages(mut messages: GossipTopic, doc: Doc, incoming: IncomingEntries) {
    let mut pause = PAUSES.0;
    while deafened(&mut messages).await {
        warn!("a peer has sent something that makes no sense: the engine is told to listen again");
        let again = Instant::now() + pause;
        // More of the kind changes nothing until then.
        while let Ok(more) = tokio::time::timeout_at(again, deafened(&mut messages)).await {
            if !more {
                return;
            }
        }
        // It may not be told so while entries come in.
        incoming.wait_until_quiet().await;
        if let Err(error) = doc.start_sync(Vec::new()).await {
            debug!(error = %redacted(&error), "the engine could not be told to listen again");
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Waits until the engine may hear nothing any more; `false` when nothing can come any more.
async fn deafened(messages: &mut GossipTopic) -> bool {
    while let Some(event) = messages.next().await {
        match event {
            Ok(Event::Received(message)) if postcard::from_bytes::<Said>(&message.content).is_err() => return true,
            // One of those that were missed may have been of the kind.
            Ok(Event::Lagged) => return true,
            Ok(Event::Received(_) | Event::NeighborUp(_) | Event::NeighborDown(_)) => {}
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use iroh::endpoint::presets;
    use iroh::protocol::Router;
    use iroh::{Endpoint, RelayMode};
    use iroh_blobs::store::mem::MemStore;
    use iroh_docs::Capability;
    use iroh_docs::engine::LiveEvent;
    use iroh_docs::protocol::Docs;
    use iroh_docs::store::DownloadPolicy;

    use super::*;

    struct Peer {
        endpoint: Endpoint,
        gossip: Gossip,
        docs: Docs,
        _router: Router,
        _store: MemStore,
    }

    async fn peer() -> Peer {
        let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
        let endpoint = builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap();
        let (store, gossip) = (MemStore::new(), Gossip::builder().spawn(endpoint.clone()));
        let docs = Docs::memory().spawn(endpoint.clone(), (*store).clone(), gossip.clone()).await.unwrap();
        let router = Router::builder(endpoint.clone())
            .accept(iroh_docs::ALPN, docs.clone())
            .accept(iroh_gossip::ALPN, gossip.clone())
            .spawn();
        Peer { endpoint, gossip, docs, _router: router, _store: store }
    }

    /// The key of an entry that the reader hears of although somebody has sent something that makes no sense before.
    async fn heard_after_nonsense() -> Vec<u8> {
        let (author, reader) = (peer().await, peer().await);
        let written = author.docs.create().await.unwrap();
        let name = author.docs.author_create().await.unwrap();
        written.start_sync(Vec::new()).await.unwrap();
        let read = reader.docs.import_namespace(Capability::Read(written.id())).await.unwrap();
        read.set_download_policy(DownloadPolicy::NothingExcept(Vec::new())).await.unwrap();
        let mut events = read.subscribe().await.unwrap();
        read.start_sync(vec![author.endpoint.addr()]).await.unwrap();
        let (mut is_near, mut is_compared) = (false, false);
        while !is_near || !is_compared {
            match events.next().await.unwrap().unwrap() {
                LiveEvent::NeighborUp(_) => is_near = true,
                LiveEvent::SyncFinished(_) => is_compared = true,
                _ => {}
            }
        }
        let topic = reader.gossip.subscribe(read.id().into(), Vec::new()).await.unwrap();
        tokio::spawn(watch_messages(topic, read.clone(), IncomingEntries::default()));
        let nonsense = author.gossip.subscribe(written.id().into(), Vec::new()).await.unwrap();
        let (sender, _messages) = nonsense.split();
        sender.broadcast(vec![0xff; 100].into()).await.unwrap();
        written.set_bytes(name, "key", "content").await.unwrap();
        loop {
            if let LiveEvent::InsertRemote { entry, .. } = events.next().await.unwrap().unwrap() {
                return entry.key().to_vec();
            }
        }
    }

    #[test]
    fn a_message_that_makes_no_sense_deafens_nobody_for_long() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let heard = async { tokio::time::timeout(Duration::from_secs(40), heard_after_nonsense()).await };
        assert_eq!(runtime.block_on(heard).expect("it was heard"), b"key");
    }
}

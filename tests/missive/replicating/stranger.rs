//! A peer that keeps to no rule: the engine's own parts, with entries and contents made by hand.
//!
//! It has a document of its own, whose entries say whatever a test wants, and gives contents the way a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use iroh::endpoint::{Connection, RecvStream, SendStream, presets};
use iroh::protocol::{AcceptError, ProtocolHandler, Router};
use iroh::{Endpoint, RelayMode};
use iroh_blobs::Hash;
use iroh_blobs::store::mem::MemStore;
use iroh_docs::actor::SyncHandle;
use iroh_docs::api::Doc;
use iroh_docs::engine::{DefaultAuthorStorage, Engine};
use iroh_docs::protocol::Docs;
use iroh_docs::store::{Query, Store};
use iroh_docs::{Author, Capability, ContentStatus, NamespaceSecret, Record, SignedEntry};
use iroh_gossip::api::GossipTopic;
use iroh_gossip::net::Gossip;
use missive::sync::keys::ticket::{Opens, Peer, Ticket};
use tokio::runtime::Runtime;
use tokio_stream::StreamExt;

use super::people::{Person, until};

/// How a content is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As it is.
    Well,
    /// So many bytes of the answer the first time; then well.
    CutOnce(usize),
    /// So many bytes of the answer the first time, and the whole connection ends; then well.
    HangsUpOnce(usize),
    /// Others' bytes for it, without an end.
    Pours,
    /// Nothing, and the connection stays.
    Stalls,
    /// "I have no such thing."
    Lacks,
}

#[derive(Clone, Debug)]
struct Content {
    bytes: Vec<u8>,
    manner: Manner,
    /// How often it was asked for.
    asked: usize,
}

/// Contents by their hashes.
#[derive(Clone, Debug, Default)]
struct Contents(Arc<Mutex<BTreeMap<[u8; 32], Content>>>);

impl ProtocolHandler for Contents {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        while let Ok((answer, question)) = connection.accept_bi().await {
            tokio::spawn(self.clone().answers(connection.clone(), answer, question));
        }
        Ok(())
    }
}

impl Contents {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Content>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, bytes: &[u8], manner: Manner) -> [u8; 32] {
        let hash = *blake3::hash(bytes).as_bytes();
        self.lock().insert(hash, Content { bytes: bytes.to_vec(), manner, asked: 0 });
        hash
    }

    /// What a question is about: it holds the hash.
    fn find(&self, question: &[u8]) -> Option<Content> {
        let mut contents = self.lock();
        let content = contents.iter_mut().find(|(hash, _)| question.windows(32).any(|bytes| bytes == *hash))?.1;
        content.asked += 1;
        Some(content.clone())
    }

    async fn answers(self, connection: Connection, mut answer: SendStream, mut question: RecvStream) {
        let Ok(question) = question.read_to_end(1 << 16).await else {
            return;
        };
        let Some(Content { bytes, manner, asked }) = self.find(&question) else {
            let _ = answer.reset(3_u8.into());
            return;
        };
        // A short content's answer is its length and its bytes.
        let whole = [&u64::try_from(bytes.len()).unwrap().to_le_bytes()[..], &bytes].concat();
        match manner {
            Manner::CutOnce(at) | Manner::HangsUpOnce(at) if asked == 1 => {
                let _ = answer.write_all(&whole[..at.min(whole.len())]).await;
                let _ = answer.finish();
                if matches!(manner, Manner::HangsUpOnce(_)) {
                    let _ = answer.stopped().await;
                    connection.close(7_u8.into(), b"enough");
                }
            }
            Manner::Well | Manner::CutOnce(_) | Manner::HangsUpOnce(_) => {
                let _ = answer.write_all(&whole).await;
                let _ = answer.finish();
                let _ = answer.stopped().await;
            }
            Manner::Pours => {
                let _ = answer.write_all(&u64::MAX.to_le_bytes()).await;
                while answer.write_all(&[0x55; 1 << 12]).await.is_ok() {}
            }
            Manner::Stalls => std::future::pending().await,
            Manner::Lacks => drop(answer.reset(3_u8.into())),
        }
    }
}

/// The peer.
pub(super) struct Stranger {
    runtime: Runtime,
    endpoint: Endpoint,
    _router: Router,
    sync: SyncHandle,
    doc: Doc,
    topic: GossipTopic,
    contents: Contents,
    document: NamespaceSecret,
    author: Author,
    peers: Vec<Peer>,
}

impl Stranger {
    /// Starts one with a document that says nothing yet.
    pub(super) fn new() -> Self {
        let document = NamespaceSecret::from_bytes(&std::array::from_fn(dice));
        Self::with(&document, Capability::Write(document.clone()), &[])
    }

    /// Starts one that has another's key for reading, and a secret that is not the document's.
    pub(super) fn reading(key: &str) -> Self {
        let ticket = Ticket::parse(key).unwrap();
        let Opens::Read(id) = ticket.opens else { panic!("no key for reading") };
        let forged = NamespaceSecret::from_bytes(&[7; 32]);
        Self::with(&forged, Capability::Read(id.into()), &ticket.peers)
    }

    /// Starts one that was given the key for writing another's document, and signs with a key of its own.
    pub(super) fn writing(key: &str) -> Self {
        let ticket = Ticket::parse(key).unwrap();
        let Opens::Write(secret) = ticket.opens else { panic!("no key for writing") };
        let document = NamespaceSecret::from_bytes(&secret);
        Self::with(&document, Capability::Write(document.clone()), &ticket.peers)
    }

    fn with(document: &NamespaceSecret, capability: Capability, peers: &[Peer]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let contents = Contents::default();
        let author = Author::from_bytes(&std::array::from_fn(|at| dice(at + 100)));
        let known = contents.clone();
        let (endpoint, router, sync, doc, topic) = runtime.block_on(async move {
            let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
            let endpoint = builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap();
            let store = MemStore::new();
            let gossip = Gossip::builder().spawn(endpoint.clone());
            let engine = Engine::spawn(
                endpoint.clone(),
                gossip.clone(),
                Store::memory(),
                (*store).clone(),
                store.downloader(&endpoint),
                DefaultAuthorStorage::Mem,
                None,
            );
            let engine = engine.await.unwrap();
            let sync = engine.sync.clone();
            let docs = Docs::new(engine);
            let id = capability.id();
            let doc = docs.import_namespace(capability).await.unwrap();
            let router = Router::builder(endpoint.clone())
                .accept(iroh_blobs::ALPN, known)
                .accept(iroh_gossip::ALPN, gossip.clone())
                .accept(iroh_docs::ALPN, docs)
                .spawn();
            let addresses: Vec<iroh::EndpointAddr> = peers.iter().map(address).collect();
            let bootstrap = addresses.iter().map(|address| address.id).collect();
            doc.start_sync(addresses).await.unwrap();
            let topic = gossip.subscribe(id.to_bytes().into(), bootstrap).await.unwrap();
            (endpoint, router, sync, doc, topic)
        });
        let (document, peers) = (document.clone(), peers.to_vec());
        Self { runtime, endpoint, _router: router, sync, doc, topic, contents, document, author, peers }
    }

    /// The key that it signs with, in hexadecimal digits.
    pub(super) fn signs_with(&self) -> String {
        missive::sync::hex::encode(self.author.id().as_bytes())
    }

    /// Compares its document with its peers' once more.
    pub(super) fn compares(&self) {
        self.runtime.block_on(self.doc.start_sync(self.peers.iter().map(address).collect())).unwrap();
    }

    /// The key for reading its document.
    pub(super) fn key(&self) -> String {
        let opens = Opens::Read(self.document.id().to_bytes());
        Ticket { opens, peers: vec![self.peer()], name: "Strange".to_owned(), owner: None }.to_string()
    }

    /// Itself, as a key names it.
    pub(super) fn peer(&self) -> Peer {
        Peer { device: *self.endpoint.id().as_bytes(), addresses: self.endpoint.bound_sockets(), relay: None }
    }

    /// Has a content to give.
    pub(super) fn gives(&self, bytes: &[u8], manner: Manner) -> [u8; 32] {
        self.contents.put(bytes, manner)
    }

    /// Waits until its document has so many entries.
    pub(super) fn has(&self, others: &[&Person], count: usize) {
        let entries =
            || async { self.doc.get_many(Query::all().build()).await.unwrap().fold(0, |count, _| count + 1).await };
        until(others, "the stranger has all entries", || self.runtime.block_on(entries()) >= count);
    }

    /// How often a content was asked for.
    pub(super) fn asked(&self, hash: [u8; 32]) -> usize {
        self.contents.lock().get(&hash).map_or(0, |content| content.asked)
    }

    /// Says in the document that a file has a content.
    pub(super) fn says(&self, path: &[u8], hash: [u8; 32], len: u64) {
        self.enters(&[path, b"\0f"].concat(), hash, len);
    }

    /// Puts any entry into the document, by any key.
    pub(super) fn enters(&self, key: &[u8], hash: [u8; 32], len: u64) {
        self.entered(key, hash, len, now());
    }

    /// Signs a file's content, as if that had been so many seconds ago.
    pub(super) fn signs(&self, path: &str, bytes: &[u8], seconds: u64) {
        let hash = self.gives(bytes, Manner::Well);
        self.entered(&[path.as_bytes(), b"\0f"].concat(), hash, bytes.len() as u64, now() - seconds * 1_000_000);
    }

    /// Says something in a note of this kind.
    pub(super) fn notes(&self, kind: u8, text: &str) {
        let hash = self.gives(text.as_bytes(), Manner::Well);
        self.enters(&[0, kind], hash, text.len() as u64);
    }

    fn entered(&self, key: &[u8], hash: [u8; 32], len: u64, time: u64) {
        let signed = self.signed(key, hash, len, time);
        let sync = self.sync.clone();
        let done = sync.insert_remote(self.doc.id(), signed, [9; 32], ContentStatus::Complete);
        self.runtime.block_on(done).unwrap();
    }

    /// Writes a message as anybody does.
    pub(super) fn writes(&self, stem: &str, text: &str) {
        let hash = self.gives(text.as_bytes(), Manner::Well);
        self.says(format!("{stem}.txt").as_bytes(), hash, text.len() as u64);
    }

    /// Announces an entry to all who listen, made so many seconds from now, without having it itself.
    pub(super) fn announces(&mut self, path: &str, text: &str, seconds: i64) {
        let hash = self.gives(text.as_bytes(), Manner::Well);
        let time = now().saturating_add_signed(seconds * 1_000_000);
        let signed = self.signed(format!("{path}\0f").as_bytes(), hash, text.len() as u64, time);
        let mut message = vec![0];
        message.extend(postcard::to_allocvec(&signed).unwrap());
        self.shouts(message);
    }

    /// Sends any bytes to all who listen.
    pub(super) fn shouts(&mut self, bytes: Vec<u8>) {
        self.runtime.block_on(self.topic.broadcast(bytes.into())).unwrap();
    }

    /// Waits until somebody listens.
    pub(super) fn is_heard(&mut self) {
        self.runtime.block_on(self.topic.joined()).unwrap();
    }

    fn signed(&self, key: &[u8], hash: [u8; 32], len: u64, time: u64) -> SignedEntry {
        SignedEntry::from_parts(&self.document, &self.author, key, Record::new(Hash::from(hash), len, time))
    }
}

/// A peer as the engine takes it.
fn address(peer: &Peer) -> iroh::EndpointAddr {
    let id = iroh::EndpointId::from_bytes(&peer.device).unwrap();
    iroh::EndpointAddr::from_parts(id, peer.addresses.iter().copied().map(iroh::TransportAddr::Ip))
}

/// Microseconds since 1970.
fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// A byte that differs from run to run.
fn dice(at: usize) -> u8 {
    blake3::hash(format!("{at} {} {:?}", std::process::id(), SystemTime::now()).as_bytes()).as_bytes()[0]
}

//! The one scheduler of all that is fetched.
//!
//! Owns the order (newest messages first, what is small before what is large), how much goes on at once, which peer is asked
//! next, and giving up on one that stalls. What was fetched in part is gone on with. Refuses to know what contents are for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use iroh::endpoint::Connection;
use iroh::{Endpoint, EndpointAddr, EndpointId};
use iroh_blobs::HashAndFormat;
use iroh_blobs::api::Store;
use iroh_blobs::api::blobs::BlobStatus;
use iroh_blobs::api::remote::GetProgressItem;
use iroh_blobs::get::GetError;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::StreamExt;

use crate::sync::replica::merge::Hash;

/// So many contents are fetched at once.
const PARALLEL: usize = 32;

/// So many of them may be large: what is small never waits for them.
const PARALLEL_LARGE: usize = 4;

/// From here on a content is large, in bytes.
pub(super) const LARGE: u64 = 1 << 20;

/// What may come of a content beyond its length before it is taken for another one, in bytes: contents come in pieces.
pub(super) const SLACK: u64 = 32 << 10;

/// So long a peer may send nothing.
const STALL: Duration = Duration::from_secs(4);

/// So long connections are kept open that nothing is fetched over.
const UNUSED: Duration = Duration::from_secs(20);

/// The first wait after nobody could give a content, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The place in the order: smaller comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) large: bool,
    pub(super) newest: Reverse<i64>,
    pub(super) text: bool,
}

/// What was fetched for a document, in bytes.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// All of it.
    pub(super) fetched: AtomicU64,
    /// What is here of contents that are on their way.
    pub(super) partial: AtomicU64,
}

/// What is here of one content that is on its way.
struct Part<'a> {
    progress: &'a Progress,
    bytes: u64,
}

impl<'a> Part<'a> {
    fn of(progress: &'a Progress, bytes: u64) -> Self {
        progress.partial.fetch_add(bytes, Ordering::Relaxed);
        Self { progress, bytes }
    }

    fn grow(&mut self, bytes: u64) {
        self.progress.fetched.fetch_add(bytes, Ordering::Relaxed);
        self.progress.partial.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.progress.partial.fetch_sub(self.bytes, Ordering::Relaxed);
    }
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

/// A content is here, or is not what its entry says.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) hash: Hash,
    /// The length that was expected.
    pub(super) len: u64,
    pub(super) sound: bool,
}

enum Word {
    Want(Want),
    Peers([u8; 32], Vec<EndpointAddr>),
    Forget([u8; 32]),
}

/// Where wants are left.
#[derive(Clone)]
pub(super) struct Fetcher {
    words: mpsc::UnboundedSender<Word>,
    /// Why the store takes nothing any more.
    broken: Arc<OnceLock<String>>,
    /// The length of all that is on its way, in bytes.
    awaited: Arc<AtomicU64>,
}

impl Fetcher {
    /// Starts the scheduler.
    pub(super) fn start(endpoint: Endpoint, store: Store) -> Self {
        let (words, hears) = mpsc::unbounded_channel();
        let broken = Arc::<OnceLock<String>>::default();
        let awaited = Arc::<AtomicU64>::default();
        let pool = Arc::new(Pool { endpoint, connections: Mutex::default(), failed: Mutex::default() });
        tokio::spawn(
            Scheduler {
                store,
                pool,
                ready: BTreeMap::new(),
                later: BTreeMap::new(),
                peers: HashMap::new(),
                running: JoinSet::new(),
                large: 0,
                count: 0,
                broken: Arc::clone(&broken),
                awaited: Arc::clone(&awaited),
            }
            .run(hears),
        );
        Self { words, broken, awaited }
    }

    /// The length of all that is on its way for any document, in bytes.
    pub(super) fn awaited(&self) -> u64 {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Why the store takes nothing any more, if so. It stays so until the engine is started anew.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.get().cloned()
    }

    /// Wants a content.
    pub(super) fn want(&self, want: Want) {
        self.awaited.fetch_add(want.len, Ordering::Relaxed);
        let _ = self.words.send(Word::Want(want));
    }

    /// Tells who has a document; what waits for it is tried again at once.
    pub(super) fn peers(&self, document: [u8; 32], peers: Vec<EndpointAddr>) {
        let _ = self.words.send(Word::Peers(document, peers));
    }

    /// Wants nothing more of a document.
    pub(super) fn forget(&self, document: [u8; 32]) {
        let _ = self.words.send(Word::Forget(document));
    }
}

struct Job {
    want: Want,
    pause: Duration,
    /// Peers that failed, as often as they did.
    failed: HashMap<EndpointId, u32>,
}

struct Scheduler {
    store: Store,
    pool: Arc<Pool>,
    ready: BTreeMap<(Rank, u64), Job>,
    later: BTreeMap<(Instant, u64), Job>,
    peers: HashMap<[u8; 32], Vec<EndpointAddr>>,
    running: JoinSet<(Job, Tried)>,
    large: usize,
    count: u64,
    broken: Arc<OnceLock<String>>,
    awaited: Arc<AtomicU64>,
}

/// How an attempt ended.
enum Tried {
    Here,
    Unsound,
    Nobody,
    /// Nobody either, and the last who was asked sent nothing.
    Stalled,
    /// It was sent, and the store did not take it.
    Broken(String),
}

impl Scheduler {
    async fn run(mut self, mut hears: mpsc::UnboundedReceiver<Word>) {
        let mut is_connected = false;
        loop {
            self.wake();
            self.launch();
            let due = self.later.keys().next().map(|(due, _)| *due);
            let is_used = !self.running.is_empty();
            let pause = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                word = hears.recv() => match word {
                    Some(word) => self.hear(word),
                    None => return,
                },
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => {
                    if let Ok((job, tried)) = ended {
                        self.ended(job, &tried);
                    }
                }
                () = pause => {}
                () = tokio::time::sleep(UNUSED), if !is_used && is_connected => {
                    self.pool.connections.lock().await.clear();
                    is_connected = false;
                }
            }
            is_connected |= is_used;
        }
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Want(want) => self.queue(Job { want, pause: PAUSES.0, failed: HashMap::new() }),
            Word::Peers(document, peers) => {
                let known = self.peers.insert(document, peers.clone()).unwrap_or_default();
                if peers.iter().any(|peer| !known.contains(peer)) {
                    let waits = |(_, job): &((Instant, u64), Job)| job.want.document == document;
                    let (now, later): (BTreeMap<_, _>, _) =
                        std::mem::take(&mut self.later).into_iter().partition(waits);
                    self.later = later;
                    for job in now.into_values() {
                        self.queue(job);
                    }
                }
            }
            Word::Forget(document) => {
                self.peers.remove(&document);
                let awaited = Arc::clone(&self.awaited);
                let stays = |job: &Job| {
                    let stays = job.want.document != document;
                    if !stays {
                        awaited.fetch_sub(job.want.len, Ordering::Relaxed);
                    }
                    stays
                };
                self.ready.retain(|_, job| stays(job));
                self.later.retain(|_, job| stays(job));
            }
        }
    }

    fn queue(&mut self, job: Job) {
        self.count += 1;
        self.ready.insert((job.want.rank, self.count), job);
    }

    /// Queues what has waited long enough.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let job = first.remove();
            self.queue(job);
        }
    }

    /// Starts as much as may go on at once.
    fn launch(&mut self) {
        while self.running.len() < PARALLEL {
            let Some(first) = self.ready.first_entry() else {
                return;
            };
            // What is large comes last in the order, so nothing small waits behind it.
            if first.key().0.large && self.large >= PARALLEL_LARGE {
                return;
            }
            let job = first.remove();
            self.large += usize::from(job.want.rank.large);
            let peers = self.peers.get(&job.want.document).cloned().unwrap_or_default();
            self.running.spawn(attempt(self.store.clone(), Arc::clone(&self.pool), job, peers));
        }
    }

    fn ended(&mut self, mut job: Job, tried: &Tried) {
        self.large -= usize::from(job.want.rank.large);
        let len = job.want.len;
        let done = |sound| Done { hash: job.want.hash, len: job.want.len, sound };
        match tried {
            Tried::Here => drop(job.want.done.send(done(true))),
            Tried::Unsound => drop(job.want.done.send(done(false))),
            Tried::Broken(why) => drop(self.broken.set(why.clone())),
            Tried::Nobody | Tried::Stalled if job.want.done.is_closed() => {}
            Tried::Nobody | Tried::Stalled => {
                let due = Instant::now() + job.pause;
                job.pause = (job.pause * 2).min(PAUSES.1);
                self.count += 1;
                self.later.insert((due, self.count), job);
                return;
            }
        }
        self.awaited.fetch_sub(len, Ordering::Relaxed);
    }
}

/// Asks one peer after the other, those first that failed least.
async fn attempt(store: Store, pool: Arc<Pool>, mut job: Job, mut peers: Vec<EndpointAddr>) -> (Job, Tried) {
    // Contents are spread over those who have them.
    let turn = usize::from(job.want.hash.first().copied().unwrap_or(0));
    let count = peers.len().max(1);
    peers.rotate_left(turn % count);
    let shaky = pool.failed.lock().await.clone();
    let times = |failed: &HashMap<EndpointId, u32>, peer: &EndpointAddr| failed.get(&peer.id).copied().unwrap_or(0);
    peers.sort_by_key(|peer| (times(&job.failed, peer), times(&shaky, peer)));
    for peer in peers {
        let id = peer.id;
        let tried = match timeout(STALL, pool.connection(peer)).await {
            Ok(Some(connection)) => pull(&store, connection, &job.want).await,
            _ => Tried::Nobody,
        };
        match tried {
            Tried::Nobody | Tried::Stalled => {
                *job.failed.entry(id).or_default() += 1;
                *pool.failed.lock().await.entry(id).or_default() += 1;
                if matches!(tried, Tried::Stalled) {
                    pool.forget(id).await;
                }
            }
            tried => {
                pool.failed.lock().await.remove(&id);
                return (job, tried);
            }
        }
        if job.want.done.is_closed() {
            break;
        }
    }
    (job, Tried::Nobody)
}

/// Fetches what is missing of a content from one peer.
async fn pull(store: &Store, connection: Connection, want: &Want) -> Tried {
    let content = HashAndFormat::raw(want.hash.into());
    let local = match store.remote().local(content).await {
        Ok(local) => local,
        Err(error) => return Tried::Broken(error.to_string()),
    };
    if !local.is_complete() {
        let mut part = Part::of(&want.progress, local.local_bytes());
        let progress = store.remote().execute_get(connection.clone(), local.missing()).stream();
        tokio::pin!(progress);
        let mut so_far = 0;
        loop {
            match timeout(STALL, progress.next()).await {
                Ok(Some(GetProgressItem::Progress(bytes))) => {
                    part.grow(bytes.saturating_sub(so_far));
                    so_far = so_far.max(bytes);
                    if part.bytes > want.len.saturating_add(SLACK) {
                        return Tried::Unsound;
                    }
                }
                Ok(Some(GetProgressItem::Done(_))) => break,
                // A peer that went away looks like a failure of one's own.
                Ok(Some(GetProgressItem::Error(error))) if is_ours(&error) && connection.close_reason().is_none() => {
                    return Tried::Broken(told(&error));
                }
                Ok(Some(GetProgressItem::Error(_)) | None) => return Tried::Nobody,
                Err(_) => return Tried::Stalled,
            }
        }
    }
    match store.blobs().status(want.hash).await {
        Ok(BlobStatus::Complete { size }) if size == want.len => Tried::Here,
        Ok(BlobStatus::Complete { .. }) => Tried::Unsound,
        _ => Tried::Nobody,
    }
}

/// Whether it is the store here that failed, and not the peer.
fn is_ours(error: &GetError) -> bool {
    matches!(error, GetError::LocalFailure { .. } | GetError::IrpcSend { .. })
}

/// An error with its cause.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

/// Connections that are used again.
struct Pool {
    endpoint: Endpoint,
    connections: Mutex<HashMap<EndpointId, Arc<Mutex<Option<Connection>>>>>,
    /// How often a peer has failed since it last gave something: one that stalls is not waited for again with every content.
    failed: Mutex<HashMap<EndpointId, u32>>,
}

impl Pool {
    async fn connection(&self, peer: EndpointAddr) -> Option<Connection> {
        let place = Arc::clone(self.connections.lock().await.entry(peer.id).or_default());
        let mut place = place.lock().await;
        if let Some(connection) = place.as_ref().filter(|connection| connection.close_reason().is_none()) {
            return Some(connection.clone());
        }
        *place = None;
        let connection = self.endpoint.connect(peer, iroh_blobs::ALPN).await.ok()?;
        *place = Some(connection.clone());
        Some(connection)
    }

    /// Connects anew to a peer next time: who sends nothing may be gone, or be somewhere else.
    async fn forget(&self, peer: EndpointId) {
        self.connections.lock().await.remove(&peer);
    }
}

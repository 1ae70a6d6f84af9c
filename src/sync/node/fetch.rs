//! The one scheduler of all that is fetched: how much goes on at once, which peer is asked next, and giving up on one that stalls.
//!
//! What was fetched in part is gone on with. The order is `sync/replica/fetch_queue.rs`'s. iroh-blobs has a downloader too; it has no
//! order, no bound on how much goes on, no time limit for a peer that is silent, and does not say that it was the store that failed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use iroh::endpoint::Connection;
use iroh::{Endpoint, EndpointAddr, EndpointId};
use iroh_blobs::HashAndFormat;
use iroh_blobs::api::Store;
use iroh_blobs::api::blobs::BlobStatus;
use iroh_blobs::api::remote::GetProgressItem;
use iroh_blobs::get::GetError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tracing::{debug, trace, warn};

use crate::sync::hex;
use crate::sync::node::connection_pool::ConnectionPool;
use crate::sync::redacted::redacted;
use crate::sync::replica::event::Unsound;
use crate::sync::replica::fetch_queue::{FetchQueue, Rank};
use crate::sync::replica::merge::Hash;

/// So many contents are fetched at once.
const MAX_PARALLEL: usize = 32;

/// So many of them may be large: what is small never waits for them.
const MAX_PARALLEL_LARGE: usize = 4;

/// From here on a content is large, in bytes.
pub(super) const LARGE: u64 = 1 << 20;

/// What may come of a content beyond its length before it is taken for another one, in bytes: contents come in pieces.
const SLACK: u64 = 32 << 10;

/// So long a peer may send nothing.
const MAX_STALL: Duration = Duration::from_secs(4);

/// So long connections are kept open that nothing is fetched over.
const MAX_UNUSED: Duration = Duration::from_secs(20);

/// The first wait after nobody could give a content, and the longest.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

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
    fn begin(progress: &'a Progress, bytes: u64) -> Self {
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

/// What became of a content that was wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) hash: Hash,
    /// Its length, if it is here, or what is here of something that is not what its entry says.
    pub(super) fetched: Result<u64, Unsound>,
}

enum Request {
    Want(Want),
    Peers([u8; 32], Vec<EndpointAddr>),
    Forget([u8; 32]),
}

/// Where wants are left.
#[derive(Clone)]
pub(super) struct Fetcher {
    requests: mpsc::UnboundedSender<Request>,
    /// Why the store takes nothing any more.
    broken: Arc<OnceLock<String>>,
    /// The length of all that is on its way, in bytes.
    awaited: Arc<AtomicU64>,
}

impl Fetcher {
    /// Starts the scheduler.
    pub(super) fn start(endpoint: Endpoint, store: Store) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        let broken = Arc::<OnceLock<String>>::default();
        let awaited = Arc::<AtomicU64>::default();
        let pool = Arc::new(ConnectionPool::new(endpoint));
        tokio::spawn(
            Scheduler {
                store,
                pool,
                queue: FetchQueue::default(),
                peers: HashMap::new(),
                running: JoinSet::new(),
                large: 0,
                broken: Arc::clone(&broken),
                awaited: Arc::clone(&awaited),
            }
            .run(received),
        );
        Self { requests, broken, awaited }
    }

    /// The length of all that is on its way for any document, in bytes.
    pub(super) fn awaited(&self) -> u64 {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Why the store takes nothing any more, if so. It stays so until the engine is started anew.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.get().cloned()
    }

    /// The scheduler ends only with the engine, and whatever is asked of it then is asked of the next one.
    fn send(&self, request: Request) {
        drop(self.requests.send(request));
    }

    /// Wants a content.
    pub(super) fn want(&self, want: Want) {
        self.awaited.fetch_add(want.len, Ordering::Relaxed);
        self.send(Request::Want(want));
    }

    /// Tells who has a document; what waits for it is tried again at once.
    pub(super) fn peers(&self, document: [u8; 32], peers: Vec<EndpointAddr>) {
        self.send(Request::Peers(document, peers));
    }

    /// Wants nothing more of a document.
    pub(super) fn forget(&self, document: [u8; 32]) {
        self.send(Request::Forget(document));
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
    pool: Arc<ConnectionPool>,
    queue: FetchQueue<Job>,
    peers: HashMap<[u8; 32], Vec<EndpointAddr>>,
    running: JoinSet<(Job, Tried)>,
    /// How many of them are large.
    large: usize,
    broken: Arc<OnceLock<String>>,
    awaited: Arc<AtomicU64>,
}

/// How an attempt ended.
enum Tried {
    /// It is here, and has this length.
    Here(u64),
    Unsound,
    Nobody,
    /// Nobody either, and the last who was asked sent nothing.
    Stalled,
    /// It was sent, and the store did not take it.
    Broken(String),
}

impl Scheduler {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let mut is_connected = false;
        loop {
            self.queue.wake(Instant::now());
            self.launch();
            let due = self.queue.next_due();
            let is_used = !self.running.is_empty();
            let pause = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.on_request(request),
                    None => return,
                },
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => {
                    if let Ok((job, tried)) = ended {
                        self.ended(job, &tried);
                    }
                }
                () = pause => {}
                () = tokio::time::sleep(MAX_UNUSED), if !is_used && is_connected => {
                    self.pool.clear().await;
                    is_connected = false;
                }
            }
            is_connected |= is_used;
        }
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Want(want) => {
                let job = Job { want, pause: RETRY_PAUSES.0, failed: HashMap::new() };
                self.queue.push(job.want.rank, job);
            }
            Request::Peers(document, peers) => {
                // Without peers nobody was known before.
                let known = self.peers.insert(document, peers.clone()).unwrap_or_default();
                if peers.iter().any(|peer| !known.contains(peer)) {
                    self.queue.wake_those(|job| job.want.document == document);
                }
            }
            Request::Forget(document) => {
                self.peers.remove(&document);
                let awaited = &self.awaited;
                self.queue.retain(|job| {
                    let stays = job.want.document != document;
                    if !stays {
                        awaited.fetch_sub(job.want.len, Ordering::Relaxed);
                    }
                    stays
                });
            }
        }
    }

    /// Starts as much as may go on at once.
    fn launch(&mut self) {
        while self.running.len() < MAX_PARALLEL
            && let Some((rank, job)) = self.queue.pop(self.large < MAX_PARALLEL_LARGE)
        {
            self.large += usize::from(rank.large);
            // Nobody is known yet: it is tried again when somebody is.
            let peers = self.peers.get(&job.want.document).cloned().unwrap_or_default();
            trace!(content = %hex::short(&job.want.hash), len = job.want.len, peers = peers.len(), "fetching");
            self.running.spawn(attempt(self.store.clone(), Arc::clone(&self.pool), job, peers));
        }
    }

    fn ended(&mut self, mut job: Job, tried: &Tried) {
        let Want { hash, len, rank, .. } = job.want;
        self.large -= usize::from(rank.large);
        let content = hex::short(&hash);
        let done = |fetched| {
            // A replica that has ended does not wait for it any more.
            let _ = job.want.done.send(Done { hash, fetched });
        };
        match tried {
            Tried::Here(len) => {
                debug!(%content, len, "fetched");
                done(Ok(*len));
            }
            Tried::Unsound => {
                debug!(%content, len, "not fetched: it is not what its entry says");
                done(Err(Unsound { stored: len.saturating_add(SLACK) }));
            }
            Tried::Broken(reason) => {
                warn!(%content, reason = %redacted(&reason), "not fetched: the store does not take it");
                // The first reason stays.
                drop(self.broken.set(reason.clone()));
            }
            Tried::Nobody | Tried::Stalled if job.want.done.is_closed() => {}
            Tried::Nobody | Tried::Stalled => {
                debug!(%content, len, pause = ?job.pause, "not fetched: no peer has sent it");
                let due = Instant::now() + job.pause;
                job.pause = (job.pause * 2).min(RETRY_PAUSES.1);
                self.queue.push_later(due, rank, job);
                return;
            }
        }
        self.awaited.fetch_sub(len, Ordering::Relaxed);
    }
}

/// Asks one peer after the other, those first that failed least.
async fn attempt(store: Store, pool: Arc<ConnectionPool>, mut job: Job, mut peers: Vec<EndpointAddr>) -> (Job, Tried) {
    // Contents are spread over those who have them.
    let turn = usize::from(job.want.hash.first().copied().unwrap_or(0));
    let count = peers.len().max(1);
    peers.rotate_left(turn % count);
    let failures = pool.failures().await;
    let times = |failed: &HashMap<EndpointId, u32>, peer: &EndpointAddr| failed.get(&peer.id).copied().unwrap_or(0);
    peers.sort_by_key(|peer| (times(&job.failed, peer), times(&failures, peer)));
    for peer in peers {
        let id = peer.id;
        let tried = match timeout(MAX_STALL, pool.connection(peer)).await {
            Ok(Some(connection)) => pull(&store, connection, &job.want).await,
            _ => Tried::Nobody,
        };
        match tried {
            Tried::Nobody | Tried::Stalled => {
                *job.failed.entry(id).or_default() += 1;
                pool.failed(id).await;
                if matches!(tried, Tried::Stalled) {
                    debug!(peer = %hex::short(id.as_bytes()), "the peer has sent nothing for too long");
                    pool.forget(id).await;
                }
            }
            tried => {
                pool.gave(id).await;
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
    let peer = hex::short(connection.remote_id().as_bytes());
    let content = HashAndFormat::raw(want.hash.into());
    let local = match store.remote().local(content).await {
        Ok(local) => local,
        Err(error) => return Tried::Broken(error.to_string()),
    };
    if !local.is_complete() {
        let mut part = Part::begin(&want.progress, local.local_bytes());
        let progress = store.remote().execute_get(connection.clone(), local.missing()).stream();
        tokio::pin!(progress);
        let mut so_far = 0;
        loop {
            match timeout(MAX_STALL, progress.next()).await {
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
                    return Tried::Broken(last_cause(&error));
                }
                Ok(Some(GetProgressItem::Error(error))) => {
                    debug!(%peer, content = %hex::short(&want.hash), error = %redacted(&error), "the peer has not sent it");
                    return Tried::Nobody;
                }
                Ok(None) => return Tried::Nobody,
                Err(_) => return Tried::Stalled,
            }
        }
    }
    match store.blobs().status(want.hash).await {
        Ok(BlobStatus::Complete { size }) => Tried::Here(size),
        _ => Tried::Nobody,
    }
}

/// Whether it is the store here that failed, and not the peer.
fn is_ours(error: &GetError) -> bool {
    matches!(error, GetError::LocalFailure { .. } | GetError::IrpcSend { .. })
}

/// What an error comes from: the last of its causes.
fn last_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().unwrap_or(error).to_string()
}

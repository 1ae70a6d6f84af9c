//! The one scheduler of all that is fetched: how much goes on at once, and when what nobody gave is tried again.
//!
//! What was fetched in part is gone on with. The order is `sync/replica/fetch_queue.rs`'s; `ask_peers.rs` asks for one content.
//! iroh-blobs has a downloader too; it has no order, no bound on how much goes on, no time limit for a peer that is silent, and does not
//! say that it was the store that failed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use iroh::Endpoint;
use iroh_blobs::api::Store;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{debug, trace, warn};

use crate::sync::hex;
use crate::sync::node::ask_peers::{SLACK, Tried, attempt};
use crate::sync::node::connection_pool::ConnectionPool;
use crate::sync::node::fetch_job::{Done, Job, Want};
use crate::sync::node::offers::Offers;
use crate::sync::node::serving::{Giving, Serving};
use crate::sync::redacted::redacted;
use crate::sync::replica::event::Unsound;
use crate::sync::replica::fetch_queue::FetchQueue;
use crate::sync::replica::providers::{Attempts, Provider};

/// So many contents are fetched at once.
const MAX_PARALLEL: usize = 32;

/// So many of them may be large: what is small never waits for them.
const MAX_PARALLEL_LARGE: usize = 4;

/// From here on a content is large, in bytes.
pub(super) const LARGE: u64 = 1 << 20;

/// So long connections are kept open that nothing is fetched over.
const MAX_UNUSED: Duration = Duration::from_secs(20);

/// The first wait after nobody could give a content, and the longest.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// The wait of who asks around for what a neighbour is being given.
const ASK_AROUND_PAUSE: Duration = Duration::from_secs(1);

enum Request {
    Want(Want),
    Peers([u8; 32], Vec<Provider>),
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
    pub(super) fn start(endpoint: Endpoint, store: Store, Giving { serving, offers }: &Giving) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        let broken = Arc::<OnceLock<String>>::default();
        let awaited = Arc::<AtomicU64>::default();
        let pool = Arc::new(ConnectionPool::new(endpoint));
        tokio::spawn(
            Scheduler {
                store,
                pool,
                queue: FetchQueue::default(),
                serving: serving.clone(),
                offers: offers.clone(),
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
    pub(super) fn peers(&self, document: [u8; 32], peers: Vec<Provider>) {
        self.send(Request::Peers(document, peers));
    }

    /// Wants nothing more of a document.
    pub(super) fn forget(&self, document: [u8; 32]) {
        self.send(Request::Forget(document));
    }
}

struct Scheduler {
    store: Store,
    pool: Arc<ConnectionPool>,
    queue: FetchQueue<Job>,
    serving: Serving,
    offers: Offers,
    peers: HashMap<[u8; 32], Vec<Provider>>,
    running: JoinSet<(Job, Tried)>,
    /// How many of them are large.
    large: usize,
    broken: Arc<OnceLock<String>>,
    awaited: Arc<AtomicU64>,
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
                () = self.offers.made() => self.queue.wake_those(|job| !self.offers.of(&job.want.document).is_empty()),
                () = tokio::time::sleep(MAX_UNUSED), if !is_used && is_connected => {
                    self.pool.clear().await;
                    self.offers.clear();
                    is_connected = false;
                }
            }
            is_connected |= is_used;
        }
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Want(want) => {
                let job = Job { want, pause: RETRY_PAUSES.0, attempts: Attempts::default() };
                self.queue.push(job.want.rank, job);
            }
            Request::Peers(document, peers) => {
                // Without peers nobody was known before.
                let known = self.peers.insert(document, peers.clone()).unwrap_or_default();
                if !peers.iter().all(|peer| known.iter().any(|known| known.is_at_least(peer))) {
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
            let offers = self.offers.of(&job.want.document);
            self.running.spawn(attempt(self.store.clone(), Arc::clone(&self.pool), job, peers, offers));
        }
    }

    fn ended(&mut self, mut job: Job, tried: &Tried) {
        let Want { hash, len, rank, .. } = job.want;
        self.large -= usize::from(rank.large);
        let content = hex::short(&hash);
        // A replica that has ended does not wait for it any more.
        let done = |fetched| _ = job.want.done.send(Done { hash, fetched });
        match tried {
            Tried::Here(len) => {
                debug!(%content, len, "fetched");
                self.serving.fetched(hash, *len);
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
            Tried::Nobody | Tried::Stalled | Tried::AskAround | Tried::Partly if job.want.done.is_closed() => {}
            Tried::Partly => {
                self.queue.push_later(Instant::now() + RETRY_PAUSES.0, rank, job);
                return;
            }
            Tried::AskAround => {
                debug!(%content, len, "not fetched: somebody else was given it a moment ago, and no peer has it yet");
                self.queue.push_later(Instant::now() + ASK_AROUND_PAUSE, rank, job);
                return;
            }
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

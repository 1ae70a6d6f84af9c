//! The engine of our own: documents, contents and peers over iroh.
//!
//! Owns the node, which is one per data folder and runs on threads of its own. The engine's documents reconcile sets of
//! signed entries; everything else that makes it dependable is done here: dialling again, fetching, comparing with the
//! folders, remembering addresses. Refuses to know who asked for it.

mod apply;
mod author_names;
mod authorship;
mod clocks;
mod dial;
mod engine;
mod events;
mod fetch;
mod identity;
mod incoming;
mod invitation;
mod network;
mod notes;
mod owner;
mod panics;
mod peers;
mod publish;
mod records;
mod replica;
mod replica_status;
mod run;
mod scan;
mod unannounced;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::channel::protocol::name::ChannelName;
use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::node::run::Ended;
use crate::sync::options::Options;
use crate::sync::socket;
use crate::sync::socket::Lock;
use crate::sync::status::{DocumentState, NodeState};

pub use identity::{author_id, device_id, document_id, new_secret};

/// The time now, in nanoseconds since 1970.
pub type Clock = fn() -> i64;

/// A running node. Dropping it stops it, and waits until it has.
pub struct Node {
    shared: Shared,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

/// What a node tells those who ask, from any thread.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    me: Option<Peer>,
    documents: BTreeMap<[u8; 32], DocumentState>,
    accepting: Vec<ChannelName>,
    warnings: Vec<String>,
    clock: Option<i64>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, id: [u8; 32], state: DocumentState) {
        self.lock().documents.insert(id, state);
    }

    /// How a document stands now, unless it was forgotten meanwhile: whoever tells it may not have heard of that yet.
    fn tell(&self, id: &[u8; 32], state: DocumentState) {
        if let Some(known) = self.lock().documents.get_mut(id) {
            *known = state;
        }
    }

    fn forget(&self, id: &[u8; 32]) {
        self.lock().documents.remove(id);
    }

    fn warn(&self, warnings: Vec<String>) {
        self.lock().warnings = warnings;
    }

    /// Notes that the engine broke: nobody is here until there is a new one.
    fn broke(&self, why: &str) {
        let mut told = self.lock();
        told.warnings = vec![format!("the engine broke, and is started anew: {why}")];
        for peer in told.documents.values_mut().flat_map(|document| &mut document.peers) {
            peer.connected = false;
        }
    }

    fn clock(&self, ahead: Option<i64>) {
        self.lock().clock = ahead;
    }

    fn accepting(&self, channels: Vec<ChannelName>) {
        self.lock().accepting = channels;
    }

    /// Notes where this device is now; whether that is news.
    fn at(&self, me: &Peer) -> bool {
        let mut told = self.lock();
        let is_news = told.me.as_ref() != Some(me);
        told.me = Some(me.clone());
        is_news
    }

    /// This device, as a key names it.
    fn me(&self) -> Vec<Peer> {
        self.lock().me.clone().into_iter().collect()
    }

    fn state(&self) -> NodeState {
        let told = self.lock();
        let addresses = |me: &Peer| me.addresses.iter().map(ToString::to_string).chain(me.relay.clone()).collect();
        NodeState {
            device: told.me.as_ref().map(|me| hex::encode(&me.device)).unwrap_or_default(),
            addresses: told.me.as_ref().map(addresses).unwrap_or_default(),
            documents: told.documents.values().cloned().collect(),
            accepting: told.accepting.clone(),
            warnings: told.warnings.clone(),
            clock: told.clock,
        }
    }
}

impl Node {
    /// Starts the node of a data folder. One that `is_over` before it has started is stopped again, and given as it is then.
    ///
    /// # Errors
    /// [`Error::Busy`] when another program runs it; [`Error::Engine`] and [`Error::Io`] when it cannot start.
    pub fn start(data: &Path, options: Options, clock: Clock, is_over: &dyn Fn() -> bool) -> Result<Self, Error> {
        let lock = Lock::take(data)?;
        let shared = Shared::default();
        let (stop, stopped) = watch::channel(false);
        let (started, starts) = std::sync::mpsc::channel();
        let home = Home { data: data.to_owned(), options, clock, shared: shared.clone() };
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || {
            let done = again_and_again(&home, &stopped, &started);
            let _ = socket::save_last_state(&home.data, &home.shared.state());
            drop(lock);
            done
        })?;
        let mut node = Self { shared, stop, thread: Some(thread) };
        loop {
            match starts.recv_timeout(OFTEN) {
                Ok(()) => return Ok(node),
                Err(RecvTimeoutError::Timeout) if is_over() => {
                    node.join()?;
                    return Ok(node);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    node.join()?;
                    return Err(Error::Engine { what: "it ended at once".to_owned() });
                }
            }
        }
    }

    /// How it stands.
    pub fn state(&self) -> NodeState {
        self.shared.state()
    }

    /// Stops it.
    ///
    /// # Errors
    /// What it ended with.
    pub fn stop(mut self) -> Result<(), Error> {
        self.join()
    }

    fn join(&mut self) -> Result<(), Error> {
        let _ = self.stop.send(true);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Error::Engine { what: "it broke down".to_owned() }),
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.join();
    }
}

/// Where a node lives, and what it was told.
#[derive(Clone)]
struct Home {
    data: PathBuf,
    options: Options,
    clock: Clock,
    shared: Shared,
}

impl Home {
    /// The node's folder.
    fn folder(&self) -> PathBuf {
        self.data.join(crate::sync::keys::book::PRIVATE).join(socket::FOLDER)
    }

    /// The time now, in seconds since 1970.
    fn seconds(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000_000)
    }
}

/// How often it is looked whether a node that is starting is to stop.
const OFTEN: Duration = Duration::from_millis(20);

/// How soon an engine that broke is started anew, at first and when it breaks again and again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Runs engines one after the other until the node is stopped: one that broke is followed by a new one.
///
/// # Errors
/// When the first one cannot start.
fn again_and_again(home: &Home, stopped: &watch::Receiver<bool>, started: &Sender<()>) -> Result<(), Error> {
    let (mut pause, mut is_first) = (PAUSES.0, true);
    loop {
        let began = Instant::now();
        let runtime = runtime()?;
        let ended = runtime.block_on(run::run(home, stopped.clone(), started));
        // Whatever an engine leaves behind that hangs ends with its runtime, and lets go of files and ports. What is blocked in
        // the system is not waited for: nothing half-done is visible.
        runtime.shutdown_timeout(Duration::from_secs(2));
        let why = match ended {
            Ok(Ended::Stopped) => return Ok(()),
            Ok(Ended::Broken(why)) => why,
            Err(error) if is_first => return Err(error),
            Err(error) => error.to_string(),
        };
        is_first = false;
        home.shared.broke(&why);
        if began.elapsed() > PAUSES.1 {
            pause = PAUSES.0;
        }
        let until = Instant::now() + pause;
        pause = (pause * 2).min(PAUSES.1);
        while Instant::now() < until {
            if *stopped.borrow() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    panics::listen();
    // What the engine before this one left behind says nothing of the new one.
    drop(panics::take());
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(panics::THREAD)
        .enable_all()
        .build()?)
}

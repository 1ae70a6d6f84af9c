//! How many connections there may be, and who makes room for whom.
//!
//! One rule keeps the door open for everybody: when there are as many connections as there may be, the peer that has most of
//! them gives up the one that has been silent longest. And what may last (streams of events, requests that bring a body)
//! has places of its own for each peer, so that it cannot use up what ordinary requests need.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use crate::lock::lock;
use crate::web::http::peer::Peer;
use crate::web::http::refusal::Refusal;

/// How many connections there may be at once: half of the files that a program may have open on most systems.
const MAX_CONNECTIONS: usize = 512;
/// How many streams of events a peer may have at once: each tab may need one, and half of the connections stay free.
const MAX_STREAMS: usize = 256;
/// How many requests of a peer may bring a body at once.
const MAX_BODIES: usize = 64;
/// How long a request waits for a place for its body.
const BODY_PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// All connections.
#[derive(Debug)]
pub(crate) struct Connections {
    begun: Instant,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    last: u64,
    open: BTreeMap<u64, Open>,
    places: HashMap<Peer, Weak<PeerPermits>>,
}

/// A connection, as it is judged when there are too many.
#[derive(Debug)]
struct Open {
    peer: Peer,
    active: Arc<AtomicU64>,
    /// Dropped, it ends the connection.
    _keep: oneshot::Sender<()>,
}

/// What of a peer may last.
#[derive(Debug)]
struct PeerPermits {
    streams: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

/// A connection that was taken in. It is one less when this is dropped.
#[derive(Debug)]
pub(crate) struct AdmittedConnection {
    connections: Arc<Connections>,
    number: u64,
    active: Arc<AtomicU64>,
    client: Client,
}

/// Who asks, for whoever answers.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) peer: Peer,
    places: Arc<PeerPermits>,
}

/// A permit for a stream or a body, given back when it is dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

impl Connections {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), known: Mutex::default() })
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.known().open.len()
    }

    /// Takes a connection in, if need be in the place of another one; the second value ends when it is to make room itself.
    pub(crate) fn admit(self: &Arc<Self>, peer: Peer) -> (AdmittedConnection, oneshot::Receiver<()>) {
        let (keep, ended) = oneshot::channel();
        let active = Arc::new(AtomicU64::new(self.now()));
        let mut known = self.known();
        if known.open.len() >= MAX_CONNECTIONS {
            known.make_room();
        }
        known.last += 1;
        let number = known.last;
        known.open.insert(number, Open { peer, active: Arc::clone(&active), _keep: keep });
        let client = Client { peer, places: known.places(peer) };
        drop(known);
        (AdmittedConnection { connections: Arc::clone(self), number, active, client }, ended)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// Milliseconds since there are connections.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Known {
    /// Ends the most silent connection of the peer that has most.
    fn make_room(&mut self) {
        let mut counts: BTreeMap<Peer, usize> = BTreeMap::new();
        for open in self.open.values() {
            *counts.entry(open.peer).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(peer, _)| peer);
        let of_most = self.open.iter().filter(|(_, open)| Some(open.peer) == most);
        let silent = of_most.min_by_key(|(_, open)| open.active.load(Ordering::Relaxed)).map(|(number, _)| *number);
        if let Some(shed) = silent.and_then(|silent| self.open.remove(&silent)) {
            let connections = self.open.len();
            tracing::info!(peer = %shed.peer, connections, "connection closed to make room for another one");
        }
    }

    fn places(&mut self, peer: Peer) -> Arc<PeerPermits> {
        if let Some(places) = self.places.get(&peer).and_then(Weak::upgrade) {
            return places;
        }
        self.places.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(PeerPermits {
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            bodies: Arc::new(Semaphore::new(MAX_BODIES)),
        });
        self.places.insert(peer, Arc::downgrade(&places));
        places
    }
}

impl AdmittedConnection {
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The connection's stream, whose bytes count as life.
    pub(crate) fn watched<S>(&self, stream: S) -> ActivityStream<S> {
        ActivityStream { stream, connections: Arc::clone(&self.connections), active: Arc::clone(&self.active) }
    }
}

impl Drop for AdmittedConnection {
    fn drop(&mut self) {
        self.connections.known().open.remove(&self.number);
    }
}

impl Client {
    /// A place for a stream of events.
    ///
    /// # Errors
    /// When this peer has as many as it may.
    pub(crate) fn stream(&self) -> Result<Permit, Refusal> {
        Arc::clone(&self.places.streams)
            .try_acquire_owned()
            .map_err(|_| Refusal::busy(format!("{MAX_STREAMS} pages of this user listen for events already")))
    }

    /// A place for a request with a body, waited for if need be.
    ///
    /// # Errors
    /// When none gets free.
    pub(crate) async fn body(&self) -> Result<Permit, Refusal> {
        let place = timeout(BODY_PERMIT_TIMEOUT, Arc::clone(&self.places.bodies).acquire_owned()).await;
        let place = place.ok().and_then(Result::ok);
        place.ok_or_else(|| Refusal::busy(format!("{MAX_BODIES} requests of this user are being received already")))
    }
}

/// A stream that tells when bytes move.
#[derive(Debug)]
pub(crate) struct ActivityStream<S> {
    stream: S,
    connections: Arc<Connections>,
    active: Arc<AtomicU64>,
}

impl<S> ActivityStream<S> {
    fn moved(&self) {
        self.active.store(self.connections.now(), Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ActivityStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.moved();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ActivityStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.moved();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.moved();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(admitted: &AdmittedConnection, active: u64) {
        admitted.active.store(active, Ordering::Relaxed);
    }

    #[test]
    fn who_has_most_makes_room_with_what_is_most_silent() {
        let connections = Connections::new();
        let mut crowd: Vec<_> = (0..MAX_CONNECTIONS - 1).map(|_| connections.admit(Peer::User(33))).collect();
        for (at, (admitted, _)) in crowd.iter().enumerate() {
            set(admitted, if at == 7 { 1 } else { 100 });
        }
        let (own, mut own_ended) = connections.admit(Peer::Own);
        set(&own, 0);
        let newcomer = connections.admit(Peer::Own);
        assert!(crowd[7].1.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
        let is_open = |ended: &mut oneshot::Receiver<()>| ended.try_recv() == Err(oneshot::error::TryRecvError::Empty);
        assert!(is_open(&mut own_ended), "who has few keeps them, silent or not");
        assert_eq!(crowd.iter_mut().filter_map(|(_, ended)| is_open(ended).then_some(())).count(), crowd.len() - 1);
        assert_eq!(connections.known().open.len(), MAX_CONNECTIONS);
        drop((crowd, own, newcomer));
        assert_eq!(connections.known().open.len(), 0);
    }

    #[test]
    fn a_peer_alone_makes_room_for_itself() {
        let connections = Connections::new();
        let mut all: Vec<_> = (0..2 * MAX_CONNECTIONS).map(|_| connections.admit(Peer::Own)).collect();
        assert_eq!(connections.known().open.len(), MAX_CONNECTIONS);
        let newest = all.last_mut().map(|(_, ended)| ended.try_recv());
        assert_eq!(newest, Some(Err(oneshot::error::TryRecvError::Empty)));
    }

    #[test]
    fn what_lasts_has_places_of_its_own_for_each_peer() {
        let connections = Connections::new();
        let admitted: Vec<_> = (0..3).map(|_| connections.admit(Peer::Own).0).collect();
        let streams: Vec<_> = (0..MAX_STREAMS).map(|at| admitted[at % 3].client().stream().unwrap()).collect();
        assert_eq!(admitted[0].client().stream().map_err(|refusal| refusal.status.as_u16()).err(), Some(503));
        assert!(connections.admit(Peer::User(33)).0.client().stream().is_ok(), "another peer's are its own");
        drop(streams);
        assert!(admitted[1].client().stream().is_ok());
        drop(admitted);
        let _other = connections.admit(Peer::Unknown);
        assert_eq!(connections.known().places.len(), 1, "who is gone is forgotten");
    }
}

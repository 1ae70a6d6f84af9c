//! Connections over which contents are fetched, used again as long as they are open; and how each peer has answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use iroh::endpoint::Connection;
use iroh::{Endpoint, EndpointAddr, EndpointId};
use tokio::sync::Mutex;
use tracing::{debug, trace};

use crate::sync::hex;
use crate::sync::redacted::redacted;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::providers::{Asked, Attempts, Provider, Round, Standings};

/// Connections that are used again.
pub(super) struct ConnectionPool {
    endpoint: Endpoint,
    connections: Mutex<HashMap<EndpointId, Arc<Mutex<Option<Connection>>>>>,
    /// How peers have answered: one that stalls is not waited for again with every content.
    standings: Mutex<Standings>,
}

impl ConnectionPool {
    /// Nobody is connected yet.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let standings = Mutex::new(Standings::new(*endpoint.id().as_bytes()));
        Self { endpoint, connections: Mutex::default(), standings }
    }

    /// A connection to a peer: the open one, or a new one.
    pub(super) async fn connection(&self, peer: EndpointAddr) -> Option<Connection> {
        let id = peer.id;
        let place = Arc::clone(self.connections.lock().await.entry(id).or_default());
        let mut place = place.lock().await;
        if let Some(connection) = place.as_ref().filter(|connection| connection.close_reason().is_none()) {
            return Some(connection.clone());
        }
        *place = None;
        match self.endpoint.connect(peer, iroh_blobs::ALPN).await {
            Ok(connection) => {
                trace!(peer = %hex::short(id.as_bytes()), "connected for contents");
                *place = Some(connection.clone());
                Some(connection)
            }
            Err(error) => {
                debug!(peer = %hex::short(id.as_bytes()), error = %redacted(&error), "not connected for contents");
                None
            }
        }
    }

    /// Connects anew to a peer next time: who sends nothing may be gone, or be somewhere else.
    pub(super) async fn forget(&self, peer: EndpointId) {
        self.connections.lock().await.remove(&peer);
    }

    /// Closes all that is not in use.
    pub(super) async fn clear(&self) {
        self.connections.lock().await.clear();
    }

    /// Whom to ask now for a content, after these attempts.
    pub(super) async fn round(&self, providers: &[Provider], hash: &Hash, attempts: Attempts) -> Round {
        self.standings.lock().await.round(providers, hash, attempts, Instant::now())
    }

    /// Notes what came of asking a peer.
    pub(super) async fn note(&self, peer: EndpointId, asked: Asked) {
        self.standings.lock().await.note(*peer.as_bytes(), asked, Instant::now());
    }
}

//! Connections over which contents are fetched, used again as long as they are open; and how often each peer has failed.

use std::collections::HashMap;
use std::sync::Arc;

use iroh::endpoint::Connection;
use iroh::{Endpoint, EndpointAddr, EndpointId};
use tokio::sync::Mutex;
use tracing::{debug, trace};

use crate::sync::hex;
use crate::sync::redacted::redacted;

/// Connections that are used again.
pub(super) struct ConnectionPool {
    endpoint: Endpoint,
    connections: Mutex<HashMap<EndpointId, Arc<Mutex<Option<Connection>>>>>,
    /// How often a peer has failed since it last gave something: one that stalls is not waited for again with every content.
    failures: Mutex<HashMap<EndpointId, u32>>,
}

impl ConnectionPool {
    /// Nobody is connected yet.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, connections: Mutex::default(), failures: Mutex::default() }
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

    /// How often each peer has failed since it last gave something.
    pub(super) async fn failures(&self) -> HashMap<EndpointId, u32> {
        self.failures.lock().await.clone()
    }

    /// Notes that a peer has failed.
    pub(super) async fn failed(&self, peer: EndpointId) {
        *self.failures.lock().await.entry(peer).or_default() += 1;
    }

    /// Notes that a peer has given something.
    pub(super) async fn gave(&self, peer: EndpointId) {
        self.failures.lock().await.remove(&peer);
    }
}

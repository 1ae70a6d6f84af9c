//! Connections over which contents are offered: whoever hears from a reader that something is missing gives it over the connection
//! that it asked on. That helps where the reader can't dial whoever has it: of two computers with one device's keys everybody reaches
//! one, and who lets nobody in can't be reached at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use iroh::endpoint::Connection;
use tokio::sync::Notify;

use crate::lock::lock;

/// So many are kept for one document: the last ones.
const MAX_OFFERS: usize = 4;

/// The open offers, by document.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    of: Arc<Mutex<HashMap<[u8; 32], Vec<Connection>>>>,
    made: Arc<Notify>,
}

impl Offers {
    /// Notes that contents of a document are offered over this connection.
    pub(super) fn make(&self, document: [u8; 32], connection: Connection) {
        let mut all = lock(&self.of);
        let offers = all.entry(document).or_default();
        offers.retain(|offer| offer.close_reason().is_none());
        offers.insert(0, connection);
        offers.truncate(MAX_OFFERS);
        self.made.notify_one();
    }

    /// Waits until one is made.
    pub(super) async fn made(&self) {
        self.made.notified().await;
    }

    /// Those of a document, the last one first.
    pub(super) fn of(&self, document: &[u8; 32]) -> Vec<Connection> {
        let all = lock(&self.of);
        let offers = all.get(document).into_iter().flatten();
        offers.filter(|offer| offer.close_reason().is_none()).cloned().collect()
    }

    /// Takes up none of them.
    pub(super) fn clear(&self) {
        lock(&self.of).clear();
    }
}

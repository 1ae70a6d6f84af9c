//! Giving contents to others: one who asks for a large content of this device's own that another was given a moment ago is told to ask
//! around first (`sync/replica/copies.rs`). What was fetched from others is given to everybody.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use iroh_blobs::api::Store;
use iroh_blobs::api::blobs::BlobStatus;
use iroh_blobs::provider::events::{AbortReason, ConnectMode, EventMask, EventSender, ProviderMessage, RequestMode};
use tokio::sync::mpsc;
use tracing::{debug, trace};

use crate::lock::lock;
use crate::sync::hex;
use crate::sync::node::offers::Offers;
use crate::sync::replica::copies::{Copies, MIN_PASSED_ON};
use crate::sync::replica::merge::Hash;

/// So many questions of the engine may wait.
const MAX_WAITING: usize = 256;

/// What is known of what was given away, and what is offered here.
pub(super) struct Giving {
    pub(super) serving: Serving,
    pub(super) offers: Offers,
}

/// What is known of what was given away.
#[derive(Clone, Debug, Default)]
pub(super) struct Serving(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    copies: Copies,
    /// Large contents that came from others.
    fetched: HashSet<Hash>,
}

impl Serving {
    /// Begins to answer what the engine asks before it gives a content away.
    pub(super) fn begin(store: &Store) -> (Self, EventSender) {
        let mask = EventMask { connected: ConnectMode::Notify, get: RequestMode::Intercept, ..EventMask::DEFAULT };
        let (sender, questions) = EventSender::channel(MAX_WAITING, mask);
        let serving = Self::default();
        tokio::spawn(serving.clone().answer(store.clone(), questions));
        (serving, sender)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut lock(&self.0))
    }

    /// Notes that a content came from others.
    pub(super) fn fetched(&self, hash: Hash, len: u64) {
        if len >= MIN_PASSED_ON {
            self.with(|known| known.fetched.insert(hash));
        }
    }

    async fn answer(self, store: Store, mut questions: mpsc::Receiver<ProviderMessage>) {
        let mut connected = HashMap::new();
        while let Some(question) = questions.recv().await {
            match question {
                ProviderMessage::ClientConnectedNotify(told) => {
                    if let Some(peer) = told.inner.endpoint_id {
                        connected.insert(told.inner.connection_id, *peer.as_bytes());
                    }
                }
                ProviderMessage::ConnectionClosed(told) => drop(connected.remove(&told.inner.connection_id)),
                ProviderMessage::GetRequestReceived(asked) => {
                    let hash = *asked.inner.request.hash.as_bytes();
                    let peer = connected.get(&asked.inner.connection_id).copied().unwrap_or_default();
                    let (serving, store, mut goes_on) = (self.clone(), store.clone(), asked.rx);
                    tokio::spawn(async move {
                        let gives = serving.gives(&store, hash, peer).await;
                        let answer = if gives { Ok(()) } else { Err(AbortReason::RateLimited) };
                        // Who asked may be gone.
                        drop(asked.tx.send(answer).await);
                        if gives {
                            while let Ok(Some(_)) = goes_on.recv().await {}
                            serving.with(|known| known.copies.ended(&hash, Instant::now()));
                        }
                    });
                }
                // Nothing else is asked for.
                other => trace!(?other, "the engine tells something of what it gives away"),
            }
        }
    }

    /// Whether a peer is given a content now.
    async fn gives(&self, store: &Store, hash: Hash, peer: [u8; 32]) -> bool {
        let is_first = self.with(|known| !known.copies.is_recent(&hash, Instant::now()));
        if !is_first {
            let is_large =
                matches!(store.blobs().status(hash).await, Ok(BlobStatus::Complete { size }) if size >= MIN_PASSED_ON);
            if !is_large || self.with(|known| known.fetched.contains(&hash)) {
                return true;
            }
        }
        let gives = self.with(|known| known.copies.gives(hash, peer, Instant::now()));
        if !gives {
            debug!(peer = %hex::short(&peer), content = %hex::short(&hash), "told to ask others first");
        }
        gives
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use iroh::endpoint::presets;
    use iroh::protocol::Router;
    use iroh::{Endpoint, RelayMode};
    use iroh_blobs::BlobsProtocol;
    use iroh_blobs::protocol::ERR_LIMIT;
    use iroh_blobs::store::mem::MemStore;

    use super::*;

    async fn endpoint() -> Endpoint {
        let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
        builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap()
    }

    /// Whether each of three attempts gets a content of this length: of one reader, of another one, and of that again.
    async fn given(len: usize, fetched: bool) -> [bool; 3] {
        let (author, store) = (endpoint().await, MemStore::new());
        let hash = store.add_bytes(vec![7; len]).await.unwrap().hash;
        let (serving, questions) = Serving::begin(&store);
        if fetched {
            serving.fetched(*hash.as_bytes(), u64::try_from(len).unwrap());
        }
        let protocol = BlobsProtocol::new(&store, Some(questions));
        let _router = Router::builder(author.clone()).accept(iroh_blobs::ALPN, protocol).spawn();
        let (brando, cooper) = (endpoint().await, endpoint().await);
        let mut given = [false; 3];
        for (reader, given) in [&brando, &cooper, &cooper].into_iter().zip(&mut given) {
            let connection = reader.connect(author.addr(), iroh_blobs::ALPN).await.unwrap();
            let fetched = MemStore::new().remote().fetch(connection, hash).await;
            *given = fetched.is_ok();
            if let Err(error) = fetched {
                assert_eq!(error.iroh_error_code(), Some(ERR_LIMIT));
            }
        }
        given
    }

    #[test]
    fn a_large_content_of_its_own_is_given_to_one_and_to_who_asks_again() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let all = async { [given(200_000, false).await, given(200_000, true).await, given(2000, false).await] };
        let [own, fetched, small] =
            runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), all).await.unwrap() });
        assert_eq!(own, [true, false, true]);
        assert_eq!(
            (fetched, small),
            ([true; 3], [true; 3]),
            "what others gave, and what is small, is given to everybody"
        );
    }
}

//! Asking peers for one content: one after the other, in the order of `sync/replica/providers.rs`, each for as long as it sends something.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use iroh::endpoint::Connection;
use iroh_blobs::HashAndFormat;
use iroh_blobs::api::Store;
use iroh_blobs::api::blobs::BlobStatus;
use iroh_blobs::api::remote::GetProgressItem;
use iroh_blobs::get::GetError;
use iroh_blobs::protocol::ERR_LIMIT;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tracing::debug;

use crate::sync::hex;
use crate::sync::node::connection_pool::ConnectionPool;
use crate::sync::node::fetch_job::{Job, Progress, Want};
use crate::sync::node::network::endpoint_addr;
use crate::sync::redacted::redacted;
use crate::sync::replica::providers::{Asked, Provider, Round};

/// What may come of a content beyond its length before it is taken for another one, in bytes: contents come in pieces.
pub(super) const SLACK: u64 = 32 << 10;

/// So long a peer may send nothing.
const MAX_STALL: Duration = Duration::from_secs(4);

/// So long a peer may take to begin, while others were not asked yet: one that is gone without a farewell counts as connected for
/// half a minute.
const MAX_HESITATION: Duration = Duration::from_secs(2);

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

/// How an attempt ended.
pub(super) enum Tried {
    /// It is here, and has this length.
    Here(u64),
    Unsound,
    Nobody,
    /// Nobody either, and the last who was asked sent nothing.
    Stalled,
    /// Somebody gave what it had of it.
    Partly,
    /// An author gave it to somebody else a moment ago, who may be asked.
    AskAround,
    /// It was sent, and the store did not take it.
    Broken(String),
}

/// Asks one peer after the other; who hesitates is asked once more when nobody else gave it, and then whoever offers contents.
pub(super) async fn attempt(
    store: Store,
    pool: Arc<ConnectionPool>,
    mut job: Job,
    known: Vec<Provider>,
    offers: Vec<Connection>,
) -> (Job, Tried) {
    let round = pool.round(&known, &job.want.hash, job.attempts).await;
    job.attempts.count = job.attempts.count.saturating_add(1);
    let Round { providers, has_others, mut asks_around } = round;
    let (mut hesitant, mut has_more, last) = (Vec::new(), false, providers.len().saturating_sub(1));
    for (at, provider) in providers.into_iter().enumerate() {
        let patience = if at == last { MAX_STALL } else { MAX_HESITATION };
        match ask(&store, &pool, &mut job, &provider, patience).await {
            Tried::Nobody => {}
            Tried::Stalled => hesitant.extend((at != last).then_some(provider)),
            // Who has nobody else to ask is given it when asking again.
            Tried::AskAround if !has_others => hesitant.push(provider),
            Tried::AskAround => asks_around = true,
            Tried::Partly => has_more = true,
            tried => return (job, tried),
        }
        if job.want.done.is_closed() {
            return (job, Tried::Nobody);
        }
    }
    for provider in hesitant {
        match ask(&store, &pool, &mut job, &provider, MAX_STALL).await {
            Tried::Nobody | Tried::Stalled => {}
            Tried::AskAround => asks_around = true,
            Tried::Partly => has_more = true,
            tried => return (job, tried),
        }
    }
    for offer in offers {
        match pull(&store, offer, &job.want, MAX_STALL).await {
            Tried::Nobody | Tried::Stalled | Tried::AskAround => {}
            Tried::Partly => has_more = true,
            tried => return (job, tried),
        }
    }
    let tried = match (has_more, asks_around) {
        (true, _) => Tried::Partly,
        (false, true) => Tried::AskAround,
        (false, false) => Tried::Nobody,
    };
    (job, tried)
}

/// Asks one peer, which may take so long to begin, and notes how it answers.
async fn ask(store: &Store, pool: &ConnectionPool, job: &mut Job, provider: &Provider, patience: Duration) -> Tried {
    // A key that is no point of the curve is nobody's.
    let Some(peer) = endpoint_addr(&provider.peer) else {
        return Tried::Nobody;
    };
    let id = peer.id;
    let tried = match timeout(patience, pool.connection(peer)).await {
        Ok(Some(connection)) => pull(store, connection, &job.want, patience).await,
        Ok(None) => Tried::Stalled,
        Err(_) => {
            debug!(peer = %hex::short(id.as_bytes()), "the peer can't be connected to");
            Tried::Stalled
        }
    };
    match tried {
        Tried::Nobody => pool.note(id, Asked::Lacks).await,
        Tried::Stalled => {
            debug!(peer = %hex::short(id.as_bytes()), "the peer has sent nothing for too long");
            pool.note(id, Asked::Silent).await;
            if patience == MAX_STALL {
                pool.forget(id).await;
            }
        }
        Tried::Partly => {
            pool.note(id, Asked::Gave).await;
            job.attempts.told = job.attempts.told.map(|_| Instant::now());
        }
        Tried::AskAround => job.attempts.told = Some(Instant::now()),
        Tried::Here(_) | Tried::Unsound | Tried::Broken(_) => pool.note(id, Asked::Gave).await,
    }
    tried
}

/// Fetches what is missing of a content from one peer.
async fn pull(store: &Store, connection: Connection, want: &Want, patience: Duration) -> Tried {
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
            let patience = if so_far == 0 { patience } else { MAX_STALL };
            match timeout(patience, progress.next()).await {
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
                Ok(Some(GetProgressItem::Error(error))) if error.iroh_error_code() == Some(ERR_LIMIT) => {
                    debug!(%peer, content = %hex::short(&want.hash), "the peer gave it to somebody else a moment ago");
                    return Tried::AskAround;
                }
                Ok(Some(GetProgressItem::Error(error))) => {
                    debug!(%peer, content = %hex::short(&want.hash), error = %redacted(&error), "the peer has not sent it");
                    return if so_far == 0 { Tried::Nobody } else { Tried::Partly };
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

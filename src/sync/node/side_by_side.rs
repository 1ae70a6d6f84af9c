//! Work of one kind that goes on side by side, so many pieces at once.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument;

use crate::sync::node::hands::Hands;

/// Does all of this, `most` pieces at once, until it is over for the replica.
pub(super) async fn side_by_side<W, F>(hands: &Arc<Hands>, work: Vec<W>, most: usize, run: impl Fn(Arc<Hands>, W) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut waiting = work.into_iter();
    loop {
        while running.len() < most
            && !hands.is_ending()
            && let Some(piece) = waiting.next()
        {
            running.spawn(run(Arc::clone(hands), piece).in_current_span());
        }
        if running.join_next().await.is_none() {
            return;
        }
    }
}

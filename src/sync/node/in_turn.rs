//! Work of one kind that is done one after the other: what comes together meanwhile is done together. While there is none nothing waits.

use std::sync::{Arc, Mutex};

use tracing::Instrument;

use crate::lock::lock;
use crate::sync::node::hands::Hands;

/// Work of one kind.
pub(super) struct InTurn<W>(Arc<Mutex<Line<W>>>);

struct Line<W> {
    waiting: Vec<W>,
    /// Whether somebody sees to what waits.
    is_busy: bool,
}

impl<W> Default for InTurn<W> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Line { waiting: Vec::new(), is_busy: false })))
    }
}

impl<W: Send + 'static> InTurn<W> {
    /// Has this work done by `run`, when what was there before is done.
    pub(super) fn push<F>(
        &self,
        hands: &Arc<Hands>,
        work: impl IntoIterator<Item = W>,
        run: impl Fn(Arc<Hands>, Vec<W>) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut line = lock(&self.0);
        line.waiting.extend(work);
        if line.waiting.is_empty() || std::mem::replace(&mut line.is_busy, true) {
            return;
        }
        drop(line);
        let (line, hands) = (Arc::clone(&self.0), Arc::clone(hands));
        let all = async move {
            while let Some(work) = take(&line) {
                run(Arc::clone(&hands), work).await;
            }
        };
        tokio::spawn(all.in_current_span());
    }
}

/// All that waits; without any nobody sees to it any more.
fn take<W>(line: &Mutex<Line<W>>) -> Option<Vec<W>> {
    let mut line = lock(line);
    line.is_busy = !line.waiting.is_empty();
    line.is_busy.then(|| std::mem::take(&mut line.waiting))
}

//! What waits for the disk, done where nothing else waits for it: the runtime has two threads, and both serve the network.

use std::io;

use tracing::Span;

/// Does something that may wait for the disk. `None` when the runtime ends, or when it panicked, upon which the engine is started anew:
/// whoever waits for the result is over then.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.ok()
}

/// What is given where the runtime ends before the work does.
pub(super) fn ended() -> io::Error {
    io::Error::other("missive is stopping")
}

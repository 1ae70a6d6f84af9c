//! What other threads ask of the schedule: a look at a channel, or its site.

use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::channel::protocol::name::ChannelName;
use crate::daemon::cycle::Answer;
use crate::lock::lock;
use crate::watch::{Touched, Waker};

/// What is wanted.
#[derive(Debug)]
pub(super) enum RequestKind {
    /// A look at this, now.
    Look(Touched),
    /// A site, and from then on one that is kept up to date.
    Site,
}

/// One request.
#[derive(Debug)]
pub(super) struct QueuedRequest {
    pub(super) name: ChannelName,
    pub(super) kind: RequestKind,
    pub(super) answer: Sender<Answer>,
}

/// The requests that were not taken yet; `None` once nobody takes them any more.
#[derive(Clone, Debug)]
pub(super) struct PendingRequests(Arc<Mutex<Option<Vec<QueuedRequest>>>>);

impl Default for PendingRequests {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }
}

impl PendingRequests {
    /// Takes the requests, oldest first.
    pub(super) fn take(&self) -> Vec<QueuedRequest> {
        self.lock().as_mut().map(mem::take).unwrap_or_default()
    }

    /// Drops all requests, and every one that comes.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn push(&self, request: QueuedRequest) {
        if let Some(requests) = self.lock().as_mut() {
            requests.push(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<QueuedRequest>>> {
        lock(&self.0)
    }
}

/// Where other threads ask. Each answer comes once; whoever waits when the channel goes or the schedule ends gets none.
#[derive(Clone, Debug)]
pub(crate) struct RequestQueue {
    waker: Waker,
    requests: PendingRequests,
}

impl RequestQueue {
    pub(super) fn new(waker: Waker, requests: &PendingRequests) -> Self {
        Self { waker, requests: requests.clone() }
    }

    /// Asks for a channel's site. The answer comes when there is one, or when it could not be built.
    pub(crate) fn site(&self, name: ChannelName) -> Receiver<Answer> {
        self.ask(name, RequestKind::Site)
    }

    /// Asks for a look at what the caller has just changed in a channel, at paths as its folder spells them. The answer
    /// comes when the look is done and the observer knows of it.
    pub(crate) fn look(&self, name: ChannelName, touched: Touched) -> Receiver<Answer> {
        self.ask(name, RequestKind::Look(touched))
    }

    fn ask(&self, name: ChannelName, kind: RequestKind) -> Receiver<Answer> {
        let (answer, receiver) = channel();
        self.requests.push(QueuedRequest { name, kind, answer });
        self.waker.call();
        receiver
    }
}

//! What other threads want of the rounds.
//!
//! Owns the queue of their calls. Refuses to know how a call is answered.

use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::channel::protocol::name::ChannelName;
use crate::daemon::cycle::Answer;
use crate::lock::lock;
use crate::watch::{Touched, Waker};

/// What is wanted.
#[derive(Debug)]
pub(super) enum Want {
    /// A look at this, now.
    Look(Touched),
    /// A site, and from then on one that is kept up to date.
    Site,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: ChannelName,
    pub(super) want: Want,
    pub(super) answer: Sender<Answer>,
}

/// The calls that were not heard yet; `None` once nobody hears them any more.
#[derive(Clone, Debug)]
pub(super) struct Calls(Arc<Mutex<Option<Vec<Call>>>>);

impl Default for Calls {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }
}

impl Calls {
    /// Takes the calls, oldest first.
    pub(super) fn take(&self) -> Vec<Call> {
        self.lock().as_mut().map(mem::take).unwrap_or_default()
    }

    /// Lets go of all calls, and of every one that comes.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn push(&self, call: Call) {
        if let Some(calls) = self.lock().as_mut() {
            calls.push(call);
        }
    }

    /// A panic elsewhere leaves nothing half done here, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Call>>> {
        lock(&self.0)
    }
}

/// Where other threads say what they want. Each answer comes once; whoever waits when the channel goes or the rounds end
/// is let go without one.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    waker: Waker,
    calls: Calls,
}

impl Desk {
    pub(super) fn new(waker: Waker, calls: &Calls) -> Self {
        Self { waker, calls: calls.clone() }
    }

    /// Asks for a channel's site. The answer comes when there is one, or when it could not be built.
    pub(crate) fn site(&self, name: ChannelName) -> Receiver<Answer> {
        self.call(name, Want::Site)
    }

    /// Asks for a look at what the caller has just changed in a channel, at paths as its folder spells them. The answer
    /// comes when the look is done and the observer knows of it.
    pub(crate) fn look(&self, name: ChannelName, touched: Touched) -> Receiver<Answer> {
        self.call(name, Want::Look(touched))
    }

    fn call(&self, name: ChannelName, want: Want) -> Receiver<Answer> {
        let (answer, receiver) = channel();
        self.calls.push(Call { name, want, answer });
        self.waker.call();
        receiver
    }
}

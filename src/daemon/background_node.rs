//! The node beside another command: `serve` and `watch` replicate the channels while they run.
//!
//! It starts as soon as there is a key and no other program is the node already: the file of keys and the other node's socket tell
//! when that is. It never keeps the command from its own work; what goes wrong is said once.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::daemon::engine::IS_BUILT_IN;
use crate::daemon::node_handle::NodeHandle;
use crate::daemon::{Clock, Error};
use crate::sync::keys::book::{Book, FILE_NAME};
use crate::sync::options::Options;
use crate::sync::socket::Presence;
use crate::watch::{Detection, Scope, WakeReason, Waker, Watch, WatchedPlace};

/// A node beside a command; it ends when this is dropped.
pub(crate) struct BackgroundNode {
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// How soon it is tried again after the node could not start, or another one could not be asked to tell of its end.
const RETRY: Duration = Duration::from_secs(1);

/// How often it is looked for a key, whatever the system tells of changes.
const RESCAN: Duration = Duration::from_mins(3);

/// The node that is to run, and who is told why it does not.
struct Work<F> {
    data: PathBuf,
    options: Options,
    clock: Clock,
    complain: F,
}

/// What is waited for.
enum Awaited {
    /// Nothing but the end: the node runs.
    End,
    /// That there is a key.
    Key,
    /// That the other program which is the node ends.
    OtherNode { _presence: Presence },
    /// A moment.
    Retry,
}

impl BackgroundNode {
    /// Starts it for this data folder. `complain` is told why it cannot start, once for each reason. `None` if this program was built
    /// without replication, or the system allows no thread.
    pub(crate) fn start(
        data: PathBuf,
        options: Options,
        clock: Clock,
        complain: impl Fn(Error) + Send + 'static,
    ) -> Option<Self> {
        if !IS_BUILT_IN {
            return None;
        }
        let watch = Watch::new(Detection::Auto, RESCAN);
        let waker = watch.waker();
        let work = Work { data, options, clock, complain };
        let thread = std::thread::Builder::new().name("background-sync".into()).spawn(move || work.run(watch)).ok()?;
        Some(Self { waker, thread: Some(thread) })
    }
}

impl<F: Fn(Error)> Work<F> {
    fn run(&self, mut watch: Watch) {
        let keys = WatchedPlace { path: self.data.join(STATE_FOLDER), scope: Scope::Names(&[FILE_NAME]) };
        watch.set_places(vec![keys]);
        let waker = watch.waker();
        let (mut node, mut said) = (None, String::new());
        loop {
            let awaited = self.look(&mut node, &mut said, &waker);
            let due = match &awaited {
                Awaited::End | Awaited::Key | Awaited::OtherNode { .. } => None,
                Awaited::Retry => Some(RETRY),
            };
            if let Awaited::End = awaited {
                // Its own watch sees to what changes.
                watch.set_places(Vec::new());
            }
            if let WakeReason::Stop = watch.wait(due) {
                return;
            }
        }
    }

    /// Starts the node if it may run now and does not; gives what is to be waited for.
    fn look(&self, node: &mut Option<NodeHandle>, said: &mut String, waker: &Waker) -> Awaited {
        if node.as_ref().is_some_and(NodeHandle::is_own) {
            return Awaited::End;
        }
        match Book::read(&self.data) {
            Ok(book) if !book.is_empty() => {}
            // Whoever uses the keys says what is wrong with them, and a change of the file is seen.
            Ok(_) | Err(_) => return Awaited::Key,
        }
        match NodeHandle::open(&self.data, self.options.clone(), self.clock, &|| waker.is_stopped()) {
            Ok(opened) if opened.is_own() => {
                *node = Some(opened);
                Awaited::End
            }
            Ok(_) => self.await_other(waker),
            Err(error) => {
                let words = error.to_string();
                if words != *said {
                    (self.complain)(error);
                    *said = words;
                }
                Awaited::Retry
            }
        }
    }

    /// Waits for the end of the other program that is the node.
    fn await_other(&self, waker: &Waker) -> Awaited {
        let Some(presence) = Presence::of(&self.data) else {
            return Awaited::Retry;
        };
        let waker = waker.clone();
        match presence.when_over(move || waker.call()) {
            Ok(()) => Awaited::OtherNode { _presence: presence },
            Err(_) => Awaited::Retry,
        }
    }
}

impl Drop for BackgroundNode {
    fn drop(&mut self) {
        self.waker.stop();
        // A node that panicked has said so itself.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

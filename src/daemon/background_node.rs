//! The node beside another command: `serve` and `watch` replicate the channels while they run.
//!
//! It starts as soon as there is a key and no other program is the node already. It never keeps the command from its own work; what
//! goes wrong is said once.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::daemon::engine::IS_BUILT_IN;
use crate::daemon::node_handle::NodeHandle;
use crate::daemon::{Clock, Error};
use crate::sync::keys::book::Book;
use crate::sync::options::Options;

/// A node beside a command; it ends when this is dropped.
pub(crate) struct BackgroundNode {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How often it is looked whether there is a key by now, or no other node any more.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The node that is to run, and who is told why it does not.
struct Work<F> {
    data: PathBuf,
    options: Options,
    clock: Clock,
    complain: F,
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
        let (stop, stopped) = channel();
        let work = Work { data, options, clock, complain };
        let thread =
            std::thread::Builder::new().name("background-sync".into()).spawn(move || work.run(&stopped)).ok()?;
        Some(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl<F: Fn(Error)> Work<F> {
    fn run(&self, stopped: &Receiver<()>) {
        let mut node: Option<NodeHandle> = None;
        let mut said = String::new();
        loop {
            if node.as_ref().is_none_or(|node| !node.is_own())
                && Book::read(&self.data).is_ok_and(|book| !book.is_empty())
            {
                // Where another program is the node this one waits for its turn.
                match NodeHandle::open(&self.data, self.options.clone(), self.clock, &|| is_over(stopped)) {
                    Ok(opened) => node = Some(opened),
                    Err(error) => {
                        let words = error.to_string();
                        if words != said {
                            (self.complain)(error);
                            said = words;
                        }
                    }
                }
            }
            if stopped.recv_timeout(CHECK_INTERVAL) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}

/// Whether the command has ended.
fn is_over(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() != Err(TryRecvError::Empty)
}

impl Drop for BackgroundNode {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A node that panicked has said so itself.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

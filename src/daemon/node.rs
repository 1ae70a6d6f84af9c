//! The node beside another command: `serve` and `watch` keep the channels in step while they run.
//!
//! Owns when it starts: as soon as there is a key and no other program does it already. It never keeps the command from its own
//! work; what goes wrong is said once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Args;

use crate::commands::network_options::Network;
use crate::commands::{Clock, Surroundings};
use crate::console::Console;
use crate::daemon::session::Session;
use crate::sync::keys::book::Book;
use crate::sync::options::Options;

/// Whether and how channels are kept in step meanwhile.
#[derive(Debug, Args)]
pub struct Beside {
    /// Do not sync while it runs
    #[arg(long, help_heading = "Network")]
    no_sync: bool,
    #[command(flatten)]
    network: Network,
}

/// A node beside a command; it ends when this is dropped.
pub(crate) struct Node {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How often it is looked whether there is something to do.
const OFTEN: Duration = Duration::from_secs(1);

impl Beside {
    /// Starts it, unless it was asked not to.
    pub(crate) fn start(&self, around: &Surroundings, console: Console, clock: Clock) -> Option<Node> {
        if self.no_sync || cfg!(not(feature = "sync")) {
            return None;
        }
        let (stop, stopped) = channel();
        let (around, options) = (around.clone(), self.network.options(around));
        let work = move || keep(&around, &options, console, clock, &stopped);
        let thread = std::thread::Builder::new().name("beside".into()).spawn(work).ok()?;
        Some(Node { stop: Some(stop), thread: Some(thread) })
    }
}

fn keep(around: &Surroundings, options: &Options, console: Console, clock: Clock, stopped: &Receiver<()>) {
    let mut session: Option<Session> = None;
    let mut said = String::new();
    loop {
        if session.as_ref().is_none_or(|session| !session.is_own())
            && Book::read(&around.data).is_ok_and(|book| !book.is_empty())
        {
            // Where another program is the node this one waits for its turn.
            match Session::open(around, options.clone(), clock, &|| is_over(stopped)) {
                Ok(opened) => session = Some(opened),
                Err(failure) if failure.message != said => {
                    console.say(&format!("note: not syncing: {}", failure.words()));
                    said = failure.message;
                }
                Err(_) => {}
            }
        }
        if stopped.recv_timeout(OFTEN) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// Whether the command has ended.
fn is_over(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() != Err(TryRecvError::Empty)
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

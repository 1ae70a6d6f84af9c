//! The life of a node: one per data folder, on a thread of its own. An engine that breaks is followed by a new one.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{debug, info, warn};

use crate::sync::error::Error;
use crate::sync::node::home::{Clock, Home};
use crate::sync::node::shared_status::SharedStatus;
use crate::sync::node::supervisor::Ended;
use crate::sync::node::{engine_panics, status_socket, supervisor};
use crate::sync::options::Options;
use crate::sync::redacted::redacted;
use crate::sync::socket;
use crate::sync::socket::Lock;
use crate::sync::status::NodeState;

/// A running node. Dropping it stops it, and waits until it has.
pub struct Node {
    status: SharedStatus,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Node {
    /// Starts the node of a data folder. One that `is_over` before it has started is stopped again, and given as it is then.
    ///
    /// # Errors
    /// [`Error::Busy`] when another program runs it; [`Error::Engine`] and [`Error::Io`] when it cannot start.
    pub fn start(data: &Path, options: Options, clock: Clock, is_over: &dyn Fn() -> bool) -> Result<Self, Error> {
        let lock = Lock::take(data)?;
        let status = SharedStatus::new(socket::last_state(data));
        let (stop, stopped) = watch::channel(false);
        let (started, starts) = std::sync::mpsc::channel();
        let real_data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let home = Home { data: data.to_owned(), real_data, options, clock, status: status.clone() };
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || {
            let done = run_engines(&home, &stopped, &started);
            if let Err(error) = socket::save_last_state(&home.data, &home.status.node_state()) {
                debug!(error = %redacted(&error), "the last state could not be saved");
            }
            drop(lock);
            done
        })?;
        let mut node = Self { status, stop, thread: Some(thread) };
        loop {
            match starts.recv_timeout(START_POLL) {
                Ok(()) => return Ok(node),
                Err(RecvTimeoutError::Timeout) if is_over() => {
                    node.join()?;
                    return Ok(node);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    node.join()?;
                    return Err(Error::Engine { what: "it ended at once".to_owned(), source: None });
                }
            }
        }
    }

    /// How it stands.
    pub fn state(&self) -> NodeState {
        self.status.node_state()
    }

    /// Stops it.
    ///
    /// # Errors
    /// What it ended with.
    pub fn stop(mut self) -> Result<(), Error> {
        self.join()
    }

    fn join(&mut self) -> Result<(), Error> {
        self.stop.send_replace(true);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Error::Engine { what: "it broke down".to_owned(), source: None }),
            None => Ok(()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.join() {
            warn!(error = %redacted(&error), "the node ended with an error");
        }
    }
}

/// How often it is looked whether a node that is starting is to stop.
const START_POLL: Duration = Duration::from_millis(20);

/// How soon an engine that broke is started anew, at first and when it breaks again and again.
const RESTART_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// The longest pause where the disk was full: there may be room at any moment.
const MAX_FULL_DISK_PAUSE: Duration = Duration::from_secs(5);

/// Runs engines one after the other until the node is stopped: one that broke is followed by a new one.
///
/// # Errors
/// When the first one cannot start.
fn run_engines(home: &Home, stopped: &watch::Receiver<bool>, started: &Sender<()>) -> Result<(), Error> {
    let (mut pause, mut is_first) = (RESTART_PAUSES.0, true);
    loop {
        let began = Instant::now();
        let runtime = runtime()?;
        let ended = runtime.block_on(supervisor::run(home, stopped.clone(), started));
        // Whatever an engine leaves behind that hangs ends with its runtime, and lets go of files and ports. What is blocked in
        // the system is not waited for: nothing half-done is visible.
        runtime.shutdown_timeout(Duration::from_secs(2));
        let (why, longest) = match ended {
            Ok(Ended::Stopped) => {
                info!("the node has stopped");
                return Ok(());
            }
            Ok(Ended::Broken(why)) => (why, RESTART_PAUSES.1),
            Err(error) if is_first => return Err(error),
            Err(error) if error.is_full_disk() => (error.to_string(), MAX_FULL_DISK_PAUSE),
            Err(error) => (error.to_string(), RESTART_PAUSES.1),
        };
        warn!(reason = %redacted(&why), "the engine broke, and is started anew");
        is_first = false;
        home.status.set_broken(&why);
        if began.elapsed() > RESTART_PAUSES.1 {
            pause = RESTART_PAUSES.0;
        }
        pause = pause.min(longest);
        if is_stopped_within(home, pause, &mut stopped.clone())? {
            return Ok(());
        }
        pause *= 2;
    }
}

/// Waits for so long, and answers meanwhile how it stands; whether the node is to stop.
fn is_stopped_within(home: &Home, pause: Duration, stopped: &mut watch::Receiver<bool>) -> Result<bool, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        tokio::select! {
            // Whoever does not say that it is to stop, and never can any more, has gone without it.
            _ = stopped.wait_for(|is_stopped| *is_stopped) => true,
            () = answer(home) => false,
            () = tokio::time::sleep(pause) => false,
        }
    }))
}

/// Answers how the node stands, without an end.
async fn answer(home: &Home) {
    match status_socket::bind(home).await {
        Ok(listener) => status_socket::serve(listener, home.status.clone()).await,
        Err(error) => {
            debug!(error = %redacted(&error), "nobody can ask for the status at the moment");
            std::future::pending::<()>().await;
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    engine_panics::listen();
    // What the engine before this one left behind says nothing of the new one.
    drop(engine_panics::take());
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(engine_panics::THREAD)
        .enable_all()
        .build()?)
}

//! The running node's socket, in the data folder's private folder: asking how the node stands.
//!
//! The lock beside it makes a node the only one. Everything else is told by changing the book of keys, which the node watches. The
//! answer is one line of JSON, and no runtime is needed to ask.

use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::fs::atomic_write;
use crate::sync::error::Error;
use crate::sync::keys::book;
use crate::sync::keys::book::NODE_FOLDER;
use crate::sync::status::NodeState;

/// How long an answer is waited for.
const MAX_ANSWER_TIME: Duration = Duration::from_secs(5);

/// How long somebody may look whether a node runs.
const MAX_LOOK: Duration = Duration::from_millis(200);

/// What fits into a socket's address on every system, in bytes.
const MAX_ADDRESS_LEN: usize = 100;

/// The lock of the one node of a data folder.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`Error::Busy`] when another program has it; [`Error::Io`].
    pub fn take(data: &Path) -> Result<Self, Error> {
        let path = book::private(data, NODE_FOLDER)?.join("lock");
        let file = fs_err::File::options().create(true).truncate(false).write(true).open(path)?.into_parts().0;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                // Whoever only looks whether a node runs has it for a moment.
                Err(TryLockError::WouldBlock) if begun.elapsed() < MAX_LOOK => std::thread::sleep(MAX_LOOK / 20),
                Err(TryLockError::WouldBlock) => return Err(Error::Busy { data: data.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }

    /// Whether a node is running.
    pub fn is_taken(data: &Path) -> bool {
        if book::check_private(data).is_err() {
            return false;
        }
        let path = data.join(STATE_FOLDER).join(NODE_FOLDER).join("lock");
        std::fs::File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
    }
}

/// Where the socket is, for as long as the folder is held open: the path of a deep data folder is too long for an address.
#[derive(Debug)]
pub struct Address {
    /// The path to bind or to connect to.
    pub path: PathBuf,
    _folder: Option<File>,
}

impl Address {
    /// The address of a data folder's socket.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn in_data_folder(data: &Path) -> std::io::Result<Self> {
        let folder = data.join(STATE_FOLDER).join(NODE_FOLDER);
        let path = folder.join("socket");
        if path.as_os_str().len() <= MAX_ADDRESS_LEN {
            return Ok(Self { path, _folder: None });
        }
        let folder = File::open(folder)?;
        let path = format!("/proc/self/fd/{}/socket", folder.as_raw_fd()).into();
        Ok(Self { path, _folder: Some(folder) })
    }
}

/// Where a node leaves word of how it stood, for when none runs.
fn last_path(data: &Path) -> PathBuf {
    data.join(STATE_FOLDER).join(NODE_FOLDER).join("last.json")
}

/// How the node stood that ran last.
pub fn last_state(data: &Path) -> Option<NodeState> {
    book::check_private(data).ok()?;
    serde_json::from_slice(&std::fs::read(last_path(data)).ok()?).ok()
}

/// When the node ran last, in seconds since 1970; `None` when it never did.
pub fn last_ran(data: &Path) -> Option<i64> {
    let written = last_path(data).metadata().ok()?.modified().ok()?;
    i64::try_from(written.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Leaves word of how the node stands.
///
/// # Errors
/// [`Error::Io`].
pub fn save_last_state(data: &Path, state: &NodeState) -> Result<(), Error> {
    let mut state = state.clone();
    for document in &mut state.documents {
        document.peers.iter_mut().for_each(|peer| peer.connected = false);
        // Whatever was arriving waits from now on.
        document.state = document.facts().state(i64::MAX);
    }
    let bytes = serde_json::to_vec(&state).map_err(std::io::Error::other)?;
    Ok(atomic_write::replace(&last_path(data), &bytes)?)
}

/// Asks the running node how it stands; `None` when there is none. One that is just starting is waited for.
pub fn ask(data: &Path) -> Option<NodeState> {
    ask_until(data, &|| false)
}

/// Asks as [`ask`] does, and gives up when `is_over`.
pub fn ask_until(data: &Path, is_over: &dyn Fn() -> bool) -> Option<NodeState> {
    let begun = Instant::now();
    loop {
        let asked = ask_once(data);
        if asked.is_some() || begun.elapsed() > MAX_ANSWER_TIME || is_over() || !Lock::is_taken(data) {
            return asked;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A connection to the running node, which ends with it.
#[derive(Debug)]
pub struct Presence(UnixStream);

impl Presence {
    /// Connects to the running node; `None` when there is none, or when it does not listen yet.
    pub fn of(data: &Path) -> Option<Self> {
        book::check_private(data).ok()?;
        let address = Address::in_data_folder(data).ok()?;
        UnixStream::connect(&address.path).ok().map(Self)
    }

    /// Calls `ended` from another thread when the node has ended, or this was dropped.
    ///
    /// # Errors
    /// When the system allows no thread.
    pub fn when_over(&self, ended: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut stream = self.0.try_clone()?;
        let wait = move || {
            // The node says nothing that it was not asked.
            while matches!(stream.read(&mut [0]), Ok(1..)) {}
            ended();
        };
        std::thread::Builder::new().name("other node".into()).spawn(wait).map(drop)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // A connection that has ended already can't be ended.
        drop(self.0.shutdown(Shutdown::Both));
    }
}

fn ask_once(data: &Path) -> Option<NodeState> {
    book::check_private(data).ok()?;
    let address = Address::in_data_folder(data).ok()?;
    let mut stream = UnixStream::connect(&address.path).ok()?;
    stream.set_read_timeout(Some(MAX_ANSWER_TIME)).ok()?;
    stream.set_write_timeout(Some(MAX_ANSWER_TIME)).ok()?;
    stream.write_all(b"state\n").ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_whether_a_node_runs_keeps_none_from_starting() {
        let dir = tempfile::tempdir().unwrap();
        drop(Lock::take(dir.path()).unwrap());
        let path = dir.path().join(STATE_FOLDER).join(NODE_FOLDER).join("lock");
        let looking = File::open(path).unwrap();
        looking.lock_shared().unwrap();
        let ends = std::thread::spawn(move || {
            std::thread::sleep(MAX_LOOK / 4);
            drop(looking);
        });
        let lock = Lock::take(dir.path()).unwrap();
        ends.join().unwrap();
        assert!(Lock::is_taken(dir.path()) && matches!(Lock::take(dir.path()), Err(Error::Busy { .. })));
        drop(lock);
        assert!(!Lock::is_taken(dir.path()));
    }
}

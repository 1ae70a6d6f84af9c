//! When file systems come and go: a thread that the kernel wakes when its table of mounts changes.
//!
//! The system reports neither that a watched folder is unmounted nor that something is mounted over it.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Listens for as long as it lives.
#[derive(Debug)]
pub(super) struct Mounts {
    /// The thread holds the other end and goes when this one is closed.
    _end: PipeWriter,
}

impl Mounts {
    /// Calls `changed` after every change to the table of mounts.
    ///
    /// # Errors
    /// As the system says, such as where there is no `/proc`.
    pub(super) fn listen(changed: impl Fn() + Send + 'static) -> io::Result<Self> {
        let table = File::open("/proc/self/mountinfo")?;
        let (ended, end) = io::pipe()?;
        thread::Builder::new().name("mounts".to_owned()).spawn(move || attend(&table, &ended, &changed))?;
        Ok(Self { _end: end })
    }
}

/// The table needs no reading: a poll that reports a change also takes note of it (see `proc_pid_mountinfo(5)`).
fn attend(table: &File, ended: &PipeReader, changed: &impl Fn()) {
    loop {
        let mut awaited = [PollFd::new(table, PollFlags::PRI), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut awaited, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        let [table, ended] = &awaited;
        if !ended.revents().is_empty() {
            return;
        }
        if !table.revents().is_empty() {
            changed();
        }
    }
}

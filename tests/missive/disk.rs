//! A small disk in memory, which can be full. Only root mounts one, so tests that need it are ignored and asked for by name.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk that is mounted on a folder for as long as this lives.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts a disk of this size, such as `48m`.
    #[track_caller]
    pub(crate) fn on(folder: &Path, size: &str) -> Self {
        mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"], folder);
        Self(folder.to_owned())
    }

    /// Makes it larger.
    #[cfg(feature = "sync")]
    #[track_caller]
    pub(crate) fn grow(&self, size: &str) {
        mount(&["-o", &format!("remount,size={size}")], &self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

#[track_caller]
fn mount(args: &[&str], folder: &Path) {
    let done = Command::new("mount").args(args).arg(folder).output().unwrap();
    assert!(done.status.success(), "mount {args:?}: {done:?}");
}

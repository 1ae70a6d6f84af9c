//! Writes files whole or not at all: a temporary name, a flush, a rename.
//!
//! A reader of the folder sees the old file or the new one, never a part.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use fs_err as fs;
use rustix::fs::{RenameFlags, renameat_with};

use crate::fs::named_error::failed_to;
use crate::lock::lock;

/// The beginning of every temporary file's name; hidden, so that no sync tool and no reader takes it for content.
pub const TEMPORARY_PREFIX: &str = ".missive-tmp-";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A name in the folder of `target` that nobody else uses.
pub fn temporary_beside(target: &Path) -> PathBuf {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!("{TEMPORARY_PREFIX}{}-{count}", std::process::id()))
}

/// Replaces `target` by `bytes` in one step.
///
/// The file gets the mode that the user's umask gives to new files. Not flushed to the disk: what can be made again
/// need not survive a power failure.
///
/// # Errors
/// The failing operation with its path; the temporary file is removed and `target` is as it was.
pub fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    through_temporary(target, |temporary| fs::write(temporary, bytes))
}

/// Replaces `target` by whatever `fill` writes to the temporary path it is given.
///
/// # Errors
/// As [`replace`], and whatever `fill` says.
pub fn through_temporary(target: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let temporary = temporary_beside(target);
    let done = fill(&temporary).and_then(|()| fs::rename(&temporary, target));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// Removes the temporary files and folders that programs which were cut off have left in a folder: those whose program is
/// not running any more. A number may have been given to another program since, so after an hour without a change every one
/// goes, but for those that this very program has in hand.
pub fn sweep(folder: &Path) {
    const HOUR: Duration = Duration::from_hours(1);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Some(owner) = owner(&entry.file_name()) else {
            continue;
        };
        let path = entry.path();
        if !is_running(owner) || !in_hand().contains(&path) && age(&path).is_some_and(|age| age > HOUR) {
            remove(&path);
        }
    }
}

/// How long nothing was changed of a file, or of a folder and what lies in it.
fn age(path: &Path) -> Option<Duration> {
    let of = |path: &Path| path.symlink_metadata().ok()?.modified().ok()?.elapsed().ok();
    let inside = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| of(&entry.path()));
    inside.chain(of(path)).min()
}

/// The hidden files and folders that this program has in hand.
fn in_hand() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    static IN_HAND: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    lock(&IN_HAND)
}

/// Removes a file, or a folder with all that is in it. What cannot be removed now is swept later.
fn remove(path: &Path) {
    if fs::remove_file(path).is_err() {
        let _ = fs::remove_dir_all(path);
    }
}

/// The number of the program that a temporary file belongs to.
fn owner(name: &OsStr) -> Option<i32> {
    name.to_str()?.strip_prefix(TEMPORARY_PREFIX)?.split('-').next()?.parse().ok()
}

fn is_running(number: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(number);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Creates `target` with `bytes`, flushed to the disk, and fails if the name is taken.
///
/// # Errors
/// `AlreadyExists` when the name is taken; else the failing operation with its path.
pub fn create(target: &Path, bytes: &[u8]) -> io::Result<()> {
    Temporary::file(target, bytes)?.settle(target)
}

/// A file or folder under a temporary name beside its later place. It is removed unless it is given its name.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    is_settled: bool,
}

impl Temporary {
    /// A file with these bytes, flushed to the disk, in the folder of `target`.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn file(target: &Path, bytes: &[u8]) -> io::Result<Self> {
        let (hidden, mut file) = Self::unused(target, |path| fs::File::create_new(path))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(hidden)
    }

    /// An empty folder in the folder of `target`.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn folder(target: &Path) -> io::Result<Self> {
        Ok(Self::unused(target, |path| fs::create_dir(path))?.0)
    }

    /// What a program of the same number has left is in nobody's way.
    fn unused<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(Self, T)> {
        loop {
            let path = temporary_beside(target);
            match make(&path) {
                Ok(opened) => {
                    in_hand().insert(path.clone());
                    return Ok((Self { path, is_settled: false }, opened));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, if that is not taken.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; else the failing operation with its path.
    pub fn settle(&mut self, target: &Path) -> io::Result<()> {
        rename_new(&self.path, target)?;
        self.settled(target);
        Ok(())
    }

    /// Gives it its name in place of whatever file bears it.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn replace(&mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.settled(target);
        flush_above(target);
        Ok(())
    }

    fn settled(&mut self, target: &Path) {
        in_hand().remove(&self.path);
        (self.path, self.is_settled) = (target.to_owned(), true);
    }

    /// Takes its name away from it again.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn withdraw(&mut self) -> io::Result<()> {
        let hidden = temporary_beside(&self.path);
        rename_new(&self.path, &hidden)?;
        in_hand().insert(hidden.clone());
        (self.path, self.is_settled) = (hidden, false);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_settled {
            remove(&self.path);
            in_hand().remove(&self.path);
        }
    }
}

/// Renames without replacing, and flushes both folders; where the file system cannot, a hard link does the same for a file.
///
/// # Errors
/// `AlreadyExists` when the name is taken, `CrossesDevices` between disks; else the failing operation with its path.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    name_new(from, to)?;
    flush_above(to);
    if from.parent() != to.parent() {
        flush_above(from);
    }
    Ok(())
}

fn rename_by_hand(from: &Path, to: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(from)?.is_dir() {
        fs::hard_link(from, to)?;
        return fs::remove_file(from);
    }
    if to.symlink_metadata().is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} already exists", to.display())));
    }
    fs::rename(from, to)
}

/// Flushes the names in the folder of `path` to the disk.
fn flush_above(path: &Path) {
    if let Some(folder) = path.parent() {
        flush_names(folder);
    }
}

/// Gives a file or folder a name without replacing what bears it, and flushes nothing: for many that are flushed together.
///
/// # Errors
/// As [`rename_new`].
pub fn name_new(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            rename_by_hand(from, to)
        }
        Err(error) => Err(failed_to(format_args!("rename `{}` to `{}`", from.display(), to.display()), error.into())),
    }
}

/// Brings everything that was written to the disk of a folder; whether the system can do that at once.
pub fn flush_disk(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        fs::File::open(folder).is_ok_and(|folder| rustix::fs::syncfs(&folder).is_ok())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

/// Flushes the names in a folder to the disk, as far as its file system can.
pub fn flush_names(folder: &Path) {
    // What was named is there for everybody already: that it might not outlive a power failure is no failure of the naming.
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_never_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        create(&path, b"first").unwrap();
        let error = create(&path, b"second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_a_program_left_that_runs_no_more_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let own = std::process::id();
        let folder = dir.path().join(".missive-tmp-1073741824-1");
        std::fs::create_dir_all(folder.join("below")).unwrap();
        let names = [
            ".missive-tmp-1073741824-0".into(),
            format!(".missive-tmp-{own}-0"),
            format!(".missive-tmp-{own}-1"),
            "a.txt".into(),
        ];
        let [dead, old, new, other] = names.map(|name: String| dir.path().join(name));
        for path in [&dead, &old, &new, &other] {
            std::fs::write(path, "").unwrap();
        }
        std::fs::File::open(&old).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        sweep(dir.path());
        assert!(!folder.exists() && !dead.exists() && !old.exists() && new.exists() && other.exists());
    }

    #[test]
    fn what_is_hidden_goes_unless_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("folder");
        drop(Temporary::folder(&target).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let mut hidden = Temporary::folder(&target).unwrap();
        std::fs::write(hidden.path().join("a"), "a").unwrap();
        hidden.settle(&target).unwrap();
        assert!(target.join("a").exists());
        let mut second = Temporary::folder(&target).unwrap();
        assert_eq!(second.settle(&target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        hidden.withdraw().unwrap();
        second.settle(&target).unwrap();
        drop((hidden, second));
        assert!(target.is_dir() && !target.join("a").exists());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn replace_leaves_the_old_file_when_it_fails() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        replace(&path, b"old").unwrap();
        let failed = through_temporary(&path, |temporary| {
            std::fs::write(temporary, b"ha")?;
            Err(io::Error::other("no room"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

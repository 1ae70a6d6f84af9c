//! Writing files whole or not at all.
//!
//! Owns the temporary name, the rename and the mode of new files. A reader of the folder sees the old file or the new
//! one, never a part. Refuses to decide what is written where.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fs_err as fs;
use rustix::fs::{RenameFlags, renameat_with};

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

/// Removes the temporary files that programs which were cut off have left in a folder: those whose program is not running
/// any more. A number may have been given to another program since, so after an hour every one goes.
pub fn sweep(folder: &Path) {
    const HOUR: Duration = Duration::from_hours(1);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if let Some(owner) = owner(&entry.file_name())
            && (!is_running(owner) || age().is_some_and(|age| age > HOUR))
        {
            let _ = fs::remove_file(entry.path());
        }
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
    let temporary = temporary_beside(target);
    let done = write_flushed(&temporary, bytes).and_then(|()| rename_new(&temporary, target));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

fn write_flushed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames a file or folder without replacing anything; where the file system cannot, a hard link does the same for a file.
///
/// # Errors
/// `AlreadyExists` when the name is taken; else as the system says.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            if fs::symlink_metadata(from)?.is_dir() {
                // A folder never replaces one that holds anything.
                return if fs::symlink_metadata(to).is_ok() {
                    Err(io::ErrorKind::AlreadyExists.into())
                } else {
                    fs::rename(from, to)
                };
            }
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        Err(error) => Err(error.into()),
    }
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
        assert!(!dead.exists() && !old.exists() && new.exists() && other.exists());
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

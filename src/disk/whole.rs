//! Writing files whole or not at all.
//!
//! Owns the temporary name, the rename and the mode of new files. A reader of the folder sees the old file or the new
//! one, never a part. Refuses to decide what is written where.

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

/// Removes the temporary files that programs which were cut off have left in a folder: those of an hour ago and before.
pub fn sweep(folder: &Path) {
    const HOUR: Duration = Duration::from_hours(1);
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if ours && age().is_some_and(|age| age > HOUR) {
            let _ = fs::remove_file(entry.path());
        }
    }
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

/// Renames without replacing; where the file system cannot, a hard link does the same.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
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
    fn what_was_left_an_hour_ago_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let [old, new, other] = [".missive-tmp-1-0", ".missive-tmp-2-0", "a.txt"].map(|name| dir.path().join(name));
        for path in [&old, &new, &other] {
            let file = std::fs::File::create(path).unwrap();
            if path != &new {
                file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        sweep(dir.path());
        assert!(!old.exists() && new.exists() && other.exists());
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

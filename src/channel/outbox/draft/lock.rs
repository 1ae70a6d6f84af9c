//! The lock beside each draft: a draft that is open in one editor is sent by nobody else.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::channel::error::Error;
use crate::channel::outbox::draft::name::DraftName;

/// Keeps others off a draft, until it is dropped or the program ends, however it does.
#[derive(Debug)]
pub(super) struct DraftLock {
    path: PathBuf,
    _lock: File,
}

impl DraftLock {
    /// Locks a draft of this name, whether it is there or not; `None` when it is open elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`] when its lock cannot be made.
    pub(super) fn take(folder: &Path, name: DraftName) -> Result<Option<Self>, Error> {
        let path = folder.join(format!(".{name}.lock"));
        loop {
            let lock = File::options().create(true).append(true).open(&path)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                // Where nothing can be locked, one draft is one person's.
                Err(TryLockError::Error(_)) => return Ok(Some(Self { path, _lock: lock })),
            }
            // Whoever had it may have removed the file before it was locked here.
            let is_this = |there: std::fs::Metadata, this: std::fs::Metadata| there.ino() == this.ino();
            if let (Ok(there), Ok(this)) = (std::fs::symlink_metadata(&path), lock.metadata())
                && is_this(there, this)
            {
                return Ok(Some(Self { path, _lock: lock }));
            }
        }
    }
}

/// Whether any draft in this folder is open.
pub(super) fn is_any_taken(folder: &Path) -> bool {
    // Where the folder is not there, or nobody may list it, nobody writes.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_lock =
        |name: &OsStr| name.as_encoded_bytes().starts_with(b".") && name.as_encoded_bytes().ends_with(b".lock");
    entries
        .filter(|entry| is_lock(&entry.file_name()))
        .filter_map(|entry| File::open(entry.path()).ok())
        .any(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

impl Drop for DraftLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

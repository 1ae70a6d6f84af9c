//! Why the system cannot be relied on to report changes, and what would help.

use std::io;
use std::path::PathBuf;

use notify::ErrorKind;
use rustix::io::Errno;

/// Why the system cannot be relied on to report changes, and what would help.
#[derive(Debug, thiserror::Error)]
pub(super) enum NativeError {
    #[error("the system's limit of watched folders is reached (fs.inotify.max_user_watches)")]
    TooManyFolders(#[source] notify::Error),
    #[error("the system's limit of watchers is reached (fs.inotify.max_user_instances)")]
    TooManyPrograms(#[source] notify::Error),
    #[error("{} is on {kind}, which does not report changes made elsewhere", path.display())]
    Unreliable { path: PathBuf, kind: &'static str },
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Other(notify::Error),
}

impl From<notify::Error> for NativeError {
    fn from(error: notify::Error) -> Self {
        match (error.kind, error.paths.into_iter().next()) {
            (kind @ ErrorKind::MaxFilesWatch, _) => Self::TooManyFolders(notify::Error::new(kind)),
            (ErrorKind::Io(io), _) if io.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
                Self::TooManyPrograms(notify::Error::io(io))
            }
            (ErrorKind::Io(source), Some(path)) => Self::Folder { path, source },
            (kind, _) => Self::Other(notify::Error::new(kind)),
        }
    }
}

//! Files and folders that nobody else may write.
//!
//! Whoever can write where keys are kept can put other keys there. So what others may write is not read at all.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::fs::atomic_write;
use crate::fs::named_error::failed_to;
use crate::text::shell::quoted;

/// Why a file or a folder is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exposed {
    /// Its group or everybody may write it.
    #[error("other users of this machine may write to {}, so missive does not use it", path.display())]
    Writable {
        /// What it is about.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("{} belongs to another user (id {owner}), so missive does not use it", path.display())]
    Foreign {
        /// What it is about.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        user: u32,
    },
}

impl Exposed {
    /// What it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Writable { path } | Self::Foreign { path, .. } => path,
        }
    }

    /// The command that closes it.
    pub fn command(&self) -> String {
        let path = quoted(self.path());
        match self {
            Self::Writable { .. } => format!("chmod go-w {path}"),
            Self::Foreign { user, .. } => format!("sudo chown -R {user} {path}"),
        }
    }
}

/// Checks that only this user, or the superuser, may write what lies at a path. Nothing there is fine.
///
/// # Errors
/// [`Exposed`], with the reason.
pub fn check(path: &Path) -> Result<(), Exposed> {
    // What cannot be looked at cannot be read either, and is refused by whoever tries.
    let Ok(meta) = path.metadata() else {
        return Ok(());
    };
    judge(path, meta.uid(), meta.mode(), rustix::process::geteuid().as_raw())
}

fn judge(path: &Path, owner: u32, mode: u32, user: u32) -> Result<(), Exposed> {
    let path = path.to_owned();
    if owner != user && owner != 0 {
        return Err(Exposed::Foreign { path, owner, user });
    }
    if mode & 0o022 != 0 { Err(Exposed::Writable { path }) } else { Ok(()) }
}

/// Makes a folder that is closed to others below one that is there; one that is there already stays as it is.
///
/// # Errors
/// `NotFound` when the folder above is not there; else as the system says.
pub fn folder(path: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(failed_to(format_args!("make `{}`", path.display()), error)),
        Ok(()) => Ok(()),
    }
}

/// Replaces a file by one that only its owner may read, whole and flushed.
///
/// # Errors
/// As the system says; the file is as it was then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    atomic_write::through_temporary(path, |temporary| write_new(temporary, bytes))
}

/// Creates a file that only its owner may read, whole and flushed, and fails if the name is taken.
///
/// # Errors
/// `AlreadyExists` when the name is taken; else as the system says.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = atomic_write::temporary_beside(path);
    let done = write_new(&temporary, bytes).and_then(|()| atomic_write::rename_new(&temporary, path));
    // Nothing is left of what was not named.
    done.inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn what_others_may_write_is_not_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("private keys");
        assert_eq!(check(&path), Ok(()), "nothing is there yet");
        folder(&path).unwrap();
        assert_eq!((check(&path), mode(&path)), (Ok(()), 0o700));
        for (mode, is_closed) in [(0o755, true), (0o750, true), (0o770, false), (0o702, false), (0o1777, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check(&path).is_ok(), is_closed, "{mode:o}");
        }
        let exposed = check(&path).unwrap_err();
        assert_eq!(exposed.command(), format!("chmod go-w '{}'", path.display()));
    }

    #[test]
    fn only_ones_own_and_the_superusers_is_trusted() {
        let path = Path::new("/private");
        for (owner, user, is_trusted) in
            [(1000, 1000, true), (0, 1000, true), (0, 0, true), (1001, 1000, false), (1000, 0, false)]
        {
            assert_eq!(judge(path, owner, 0o40_700, user).is_ok(), is_trusted, "{owner} {user}");
        }
        let foreign = judge(path, 1001, 0o40_777, 1000).unwrap_err();
        assert_eq!(foreign.command(), "sudo chown -R 1000 /private");
    }

    #[test]
    fn what_is_written_is_closed_from_the_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"one".to_vec(), 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        replace(&path, b"three").unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"three".to_vec(), 0o600));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

//! Whether the folder at a path is still the one that it was: it may be removed and made again, exchanged, unmounted, or mounted
//! over.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// What a folder has that no other folder has had at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    /// Some file systems give the inode of a removed folder to the next one that is made.
    born: Option<SystemTime>,
    /// A disk that was taken out and put back has the device and inodes that it had.
    mount: Option<u64>,
}

/// Gives the identity of the folder at `path`; `None` where there is none, or a link or something else.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    let metadata = path.symlink_metadata().ok().filter(std::fs::Metadata::is_dir)?;
    let born = metadata.created().ok();
    Some(Identity { device: metadata.dev(), inode: metadata.ino(), born, mount: mount(path) })
}

#[cfg(target_os = "linux")]
fn mount(path: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

    /// `STATX_MNT_ID_UNIQUE`, of Linux 6.8. Older systems leave it unread and give a number that may be used again.
    const UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);
    let asked = StatxFlags::MNT_ID.union(UNIQUE);
    let told = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, asked).ok()?;
    let given = StatxFlags::from_bits_retain(told.stx_mask).intersects(asked);
    given.then_some(told.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount(_path: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_made_again_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("box");
        assert_eq!(identity(&path), None);
        std::fs::create_dir(&path).unwrap();
        let before = identity(&path);
        std::fs::write(path.join("a"), "a").unwrap();
        assert_eq!(identity(&path), before);
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(before.is_some() && identity(&path) != before);
    }

    #[test]
    fn links_and_files_are_no_folders() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("link")).unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(identity(&dir.path().join("link")), None);
        assert_eq!(identity(&dir.path().join("file")), None);
    }
}

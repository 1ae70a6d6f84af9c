//! The key of whoever is not known to be the user who runs `serve`.
//!
//! It is made once and kept in the data folder's private folder, so that a link or a proxy's settings stay good. Whoever
//! deletes the file gets a new one.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::channel::protocol::layout;
use crate::fs::private;
use crate::sync::keys::book;

/// The file's name in the private folder.
const FILE_NAME: &str = "serve.key";
/// How long a key is, in hexadecimal digits.
const LENGTH: usize = 32;

/// The key of a data folder, made if there is none, and why it is good for this run only, if that is so. One that others could
/// have read or written is replaced.
pub(super) fn read_or_make(data: &Path) -> (String, Option<io::Error>) {
    let path = file(data);
    if let Some(key) = kept(&path) {
        return (key, None);
    }
    let key = crate::commands::serve::random_name::make();
    // For a key no data folder is made.
    if !data.is_dir() {
        return (key, None);
    }
    let kept = book::private(data, "").map_err(io::Error::other).and_then(|_| private::replace(&path, key.as_bytes()));
    (key, kept.err())
}

/// Where a data folder's key is kept.
pub(super) fn file(data: &Path) -> PathBuf {
    data.join(layout::STATE_FOLDER).join(FILE_NAME)
}

fn kept(path: &Path) -> Option<String> {
    let about = path.symlink_metadata().ok()?;
    let others = about.mode() & 0o077;
    let is_private = about.is_file() && others == 0 && private::check(path).is_ok();
    if !is_private || about.len() > 2 * LENGTH as u64 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let key = text.trim_end();
    (key.len() == LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn key_of(data: &Path) -> String {
        read_or_make(data).0
    }

    #[test]
    fn it_is_made_once_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let key = key_of(dir.path());
        assert_eq!((key.len(), key_of(dir.path())), (LENGTH, key.clone()));
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!((mode(&file(dir.path())), mode(&dir.path().join(".missive"))), (0o600, 0o700));
        let readable = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(file(dir.path()), readable).unwrap();
        let other = key_of(dir.path());
        assert!(other != key && mode(&file(dir.path())) == 0o600, "one that others could read is replaced");
    }

    #[test]
    fn what_is_no_key_is_replaced_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        key_of(dir.path());
        let path = file(dir.path());
        for odd in ["", "short", &"z".repeat(LENGTH), &"a".repeat(1 << 20)] {
            std::fs::write(&path, odd).unwrap();
            assert_eq!(key_of(dir.path()).len(), LENGTH);
        }
        let aside = dir.path().join("aside");
        private::replace(&aside, &[b'a'; LENGTH]).unwrap();
        std::fs::remove_file(&path).unwrap();
        symlink(&aside, &path).unwrap();
        assert_ne!(key_of(dir.path()), "a".repeat(LENGTH));
        assert_eq!(std::fs::read(&aside).unwrap(), [b'a'; LENGTH]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        assert_ne!(key_of(&data), key_of(&data));
        assert!(!data.exists());
    }
}

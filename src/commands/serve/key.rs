//! The key of whoever is not known to be the user who runs `serve`.
//!
//! It is made once and kept in the data folder's private folder, so that a link or a proxy's settings stay good. Whoever
//! deletes the file gets a new one.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::disk::whole;
use crate::sync::book;

/// The file's name in the private folder.
const FILE_NAME: &str = "serve.key";
/// How long a key is, in hexadecimal digits.
const LENGTH: usize = 32;

/// The key of a data folder, made if there is none. One that others could have read is replaced.
pub(super) fn of(data: &Path) -> String {
    let path = file(data);
    if let Some(key) = kept(&path) {
        return key;
    }
    let key = super::random();
    // A data folder that is not there yet, or can't be written, has a key for this run only.
    if data.is_dir() && book::private(data, "").is_ok() {
        let _ = write_private(&path, key.as_bytes());
    }
    key
}

/// Where a data folder's key is kept.
pub(super) fn file(data: &Path) -> PathBuf {
    data.join(book::PRIVATE).join(FILE_NAME)
}

fn kept(path: &Path) -> Option<String> {
    let about = path.symlink_metadata().ok()?;
    let others = about.mode() & 0o077;
    let is_private = about.is_file() && others == 0;
    if !is_private || about.len() > 2 * LENGTH as u64 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let key = text.trim_end();
    (key.len() == LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| key.to_owned())
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    whole::through_temporary(path, |temporary| {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(bytes)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn it_is_made_once_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let key = of(dir.path());
        assert_eq!((key.len(), of(dir.path())), (LENGTH, key.clone()));
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!((mode(&file(dir.path())), mode(&dir.path().join(".missive"))), (0o600, 0o700));
        let readable = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(file(dir.path()), readable).unwrap();
        let other = of(dir.path());
        assert!(other != key && mode(&file(dir.path())) == 0o600, "one that others could read is replaced");
    }

    #[test]
    fn what_is_no_key_is_replaced_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        of(dir.path());
        let path = file(dir.path());
        for odd in ["", "short", &"z".repeat(LENGTH), &"a".repeat(1 << 20)] {
            std::fs::write(&path, odd).unwrap();
            assert_eq!(of(dir.path()).len(), LENGTH);
        }
        let aside = dir.path().join("aside");
        write_private(&aside, &[b'a'; LENGTH]).unwrap();
        std::fs::remove_file(&path).unwrap();
        symlink(&aside, &path).unwrap();
        assert_ne!(of(dir.path()), "a".repeat(LENGTH));
        assert_eq!(std::fs::read(&aside).unwrap(), [b'a'; LENGTH]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        assert_ne!(of(&data), of(&data));
        assert!(!data.exists());
    }
}

//! Folders below a folder that is there.
//!
//! They are made one by one: what vanished (a channel that was moved away, a disk that was taken out) is never made anew, so it can
//! come back to its place.

use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

/// Makes the folders of `relative` below `folder`, as far as they are not there, and gives the path of the deepest.
///
/// # Errors
/// `NotFound` when `folder` is not there; `InvalidInput` when `relative` is not a plain downward path; `AlreadyExists` when
/// something else than a folder is in the way.
pub fn folders_below(folder: &Path, relative: &Path) -> io::Result<PathBuf> {
    let mut path = folder.to_owned();
    for part in relative.components() {
        let Component::Normal(name) = part else {
            let what = format!("{} is not inside {}", relative.display(), folder.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        };
        path.push(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            done => done?,
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let deep = folders_below(dir.path(), Path::new("a/b")).unwrap();
        assert!(deep.is_dir() && deep == dir.path().join("a/b"));
        assert_eq!(folders_below(dir.path(), Path::new("a/b")).unwrap(), deep, "what is there stays");
        let kind = |folder: &str, relative: &str| {
            folders_below(&dir.path().join(folder), Path::new(relative)).unwrap_err().kind()
        };
        assert_eq!(kind("gone", "a/b"), io::ErrorKind::NotFound);
        assert!(!dir.path().join("gone").exists());
        for relative in ["..", "a/../c", "/tmp/x"] {
            assert_eq!(kind("", relative), io::ErrorKind::InvalidInput, "{relative}");
        }
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(kind("", "file"), io::ErrorKind::AlreadyExists);
    }
}

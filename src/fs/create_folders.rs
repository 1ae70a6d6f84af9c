//! Makes folders below a folder that is there, one by one.
//!
//! What vanished (a channel that was moved away, a disk that was taken out) is never made anew, so that it can come back to
//! its place.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Makes the folders of `relative` below `folder`, as far as they are not there, and gives the path of the deepest. A link
/// to a folder is one: people keep parts of a channel elsewhere.
///
/// # Errors
/// `NotFound` when `folder` is not there; `InvalidInput` when `relative` is not a plain downward path; `NotADirectory` when
/// something else than a folder is in the way.
pub fn folders_below(folder: &Path, relative: &Path) -> io::Result<PathBuf> {
    make(folder, relative, Path::metadata)
}

/// The same where a link is in the way as any file is: nothing that somebody else puts there leads out of the folder.
///
/// # Errors
/// As [`folders_below`].
pub fn real_folders_below(folder: &Path, relative: &Path) -> io::Result<PathBuf> {
    make(folder, relative, Path::symlink_metadata)
}

fn make(folder: &Path, relative: &Path, look: impl Fn(&Path) -> io::Result<fs::Metadata>) -> io::Result<PathBuf> {
    let mut path = folder.to_owned();
    for part in relative.components() {
        let Component::Normal(name) = part else {
            let what = format!("{} is not inside {}", relative.display(), folder.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        };
        path.push(name);
        match fs_err::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !look(&path)?.is_dir() {
                    let what = format!("{} is not a folder", path.display());
                    return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
                }
            }
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
        assert_eq!(kind("", "file"), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn a_link_is_a_folder_only_where_nobody_else_could_have_put_it() {
        let dir = tempfile::tempdir().unwrap();
        let (channel, elsewhere) = (dir.path().join("channel"), dir.path().join("elsewhere"));
        fs::create_dir(&channel).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, channel.join("link")).unwrap();
        let refused = real_folders_below(&channel, Path::new("link/deep")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotADirectory);
        assert!(!elsewhere.join("deep").exists());
        folders_below(&channel, Path::new("link/deep")).unwrap();
        assert!(elsewhere.join("deep").is_dir());
        assert_eq!(real_folders_below(&channel, Path::new("a/b")).unwrap(), channel.join("a/b"));
    }
}

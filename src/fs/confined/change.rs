//! Changing what lies beneath a folder and nowhere else.
//!
//! Each new file, folder, rename and removal is done to a name in an open folder, and every step down to that folder refuses
//! symbolic links. A link in the place of a file is replaced or removed itself: what it points to is never touched.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, Mode, OFlags, Timespec, Timestamps, UTIME_NOW};

use crate::fs::atomic_write::TEMPORARY_PREFIX;
use crate::fs::confined::{Folder, Kind, Stat, not_a};

/// The mode that new files get, less what the user's umask takes away.
const NEW_FILE: Mode = Mode::from_raw_mode(0o666);
/// The mode that new folders get, likewise.
const NEW_FOLDER: Mode = Mode::from_raw_mode(0o777);

impl Folder {
    /// Makes a folder below this one, and those above it that are missing. One that is there is kept.
    ///
    /// # Errors
    /// As the system says; `AlreadyExists` when something that is no folder lies there or on the way there.
    pub fn make(&self, relative: &Path) -> io::Result<()> {
        let made = self.above(relative).and_then(|(above, name)| Ok(fs::mkdirat(above.fd(), name, NEW_FOLDER)?));
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self.stat(relative)?.kind {
                Kind::Folder => Ok(()),
                kind => Err(not_a(Kind::Folder, kind, error.kind())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => match relative.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => {
                    self.make(parent)?;
                    let (above, name) = self.above(relative)?;
                    Ok(fs::mkdirat(above.fd(), name, NEW_FOLDER)?)
                }
                _ => Err(error),
            },
            made => made,
        }
    }

    /// Makes a folder that is not there yet, and opens it.
    ///
    /// # Errors
    /// As the system says; `AlreadyExists` when the name is taken.
    pub fn make_new(&self, relative: &Path) -> io::Result<Self> {
        let (above, name) = self.above(relative)?;
        fs::mkdirat(above.fd(), name, NEW_FOLDER)?;
        self.child(relative)
    }

    /// Creates a file that is not there yet.
    ///
    /// # Errors
    /// As the system says; `AlreadyExists` when the name is taken, by a link too.
    pub fn create(&self, relative: &Path) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(self.descend(relative, flags, NEW_FILE)?.into())
    }

    /// Appends to a regular file, which is created if it is not there. One that has a second name elsewhere is copied
    /// first, so that nothing is appended to what bears that name.
    ///
    /// # Errors
    /// As the system says; an error that says what lies there when it is not a regular file.
    pub fn append(&self, name: &Path, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY.union(OFlags::APPEND).union(OFlags::CREATE);
        let flags = flags.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
        let opened = self.descend(name, flags, NEW_FILE).map_err(|error| {
            let kind = self.stat(name).ok().map(|stat| stat.kind);
            crate::fs::confined::explained(error, kind, Kind::File)
        })?;
        let there = fs::fstat(&opened)?;
        let kind = Stat::from(&there).kind;
        if kind != Kind::File {
            return Err(not_a(Kind::File, kind, io::ErrorKind::InvalidInput));
        }
        if there.st_nlink > 1 {
            let (mut whole, _) = self.read(name, u64::MAX)?;
            whole.extend_from_slice(bytes);
            return self.replace(name, &whole);
        }
        File::from(opened).write_all(bytes)
    }

    /// Replaces a file of this folder by these bytes in one step.
    ///
    /// # Errors
    /// As the system says; the file is as it was then.
    fn replace(&self, name: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = PathBuf::from(format!("{TEMPORARY_PREFIX}{}-copy", std::process::id()));
        let done = self
            .create(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| self.rename(&temporary, self, name));
        if done.is_err() {
            // What is said is why it could not be replaced; what is left here is hidden, and swept later.
            let _ = self.remove_file(&temporary);
        }
        done
    }

    /// Gives a file or folder of this folder a name below another one, in place of whatever file bears that name.
    ///
    /// # Errors
    /// As the system says.
    pub fn rename(&self, from: &Path, into: &Self, to: &Path) -> io::Result<()> {
        let ((from, old), (into, new)) = (self.above(from)?, into.above(to)?);
        Ok(fs::renameat(from.fd(), old, into.fd(), new)?)
    }

    /// Sets a file's time of modification to now.
    ///
    /// # Errors
    /// As the system says.
    pub fn touch(&self, relative: &Path) -> io::Result<()> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        let (above, name) = self.above(relative)?;
        Ok(fs::utimensat(above.fd(), name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Removes what is no folder.
    ///
    /// # Errors
    /// As the system says.
    pub fn remove_file(&self, relative: &Path) -> io::Result<()> {
        let (above, name) = self.above(relative)?;
        Ok(fs::unlinkat(above.fd(), name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// As the system says; `DirectoryNotEmpty` when something is in it.
    pub fn remove_folder(&self, relative: &Path) -> io::Result<()> {
        let (above, name) = self.above(relative)?;
        Ok(fs::unlinkat(above.fd(), name, AtFlags::REMOVEDIR)?)
    }

    /// Removes whatever lies there, a folder with all that is in it. What is not there is no error.
    ///
    /// # Errors
    /// As the system says.
    pub fn remove_tree(&self, relative: &Path) -> io::Result<()> {
        let kind = match self.stat(relative) {
            Ok(stat) => stat.kind,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if kind != Kind::Folder {
            return self.remove_file(relative);
        }
        let inside = self.child(relative)?;
        for (name, kind) in inside.list()? {
            match kind {
                Kind::Folder => inside.remove_tree(Path::new(&name))?,
                _ => inside.remove_file(Path::new(&name))?,
            }
        }
        self.remove_folder(relative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::FileType;
    use std::os::unix::fs::symlink;

    /// A folder `out` with a file and a folder in it, and `precious` beside it.
    fn scene() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("out/deep")).unwrap();
        std::fs::create_dir_all(dir.path().join("precious/deep")).unwrap();
        for file in ["out/a", "out/deep/b", "precious/a", "precious/deep/b"] {
            std::fs::write(dir.path().join(file), "old").unwrap();
        }
        let folder = Folder::open(&dir.path().join("out")).unwrap();
        (dir, folder)
    }

    fn pipe(path: &Path) {
        fs::mknodat(fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }

    fn precious(dir: &Path) -> [String; 2] {
        ["precious/a", "precious/deep/b"].map(|file| std::fs::read_to_string(dir.join(file)).unwrap())
    }

    #[test]
    fn files_and_folders_are_made_renamed_and_removed() {
        let (dir, folder) = scene();
        folder.make(Path::new("x/y/z")).unwrap();
        folder.make(Path::new("x/y/z")).unwrap();
        folder.create(Path::new("x/y/z/new")).unwrap().write_all(b"new").unwrap();
        assert_eq!(folder.create(Path::new("x/y/z/new")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.rename(Path::new("x/y/z/new"), &folder, Path::new("deep/b")).unwrap();
        assert_eq!(std::fs::read(dir.path().join("out/deep/b")).unwrap(), b"new");
        assert_eq!(folder.remove_folder(Path::new("x")).unwrap_err().kind(), io::ErrorKind::DirectoryNotEmpty);
        folder.remove_tree(Path::new("x")).unwrap();
        folder.remove_tree(Path::new("x")).unwrap();
        folder.remove_file(Path::new("deep/b")).unwrap();
        folder.remove_folder(Path::new("deep")).unwrap();
        folder.append(Path::new("a"), b" and new").unwrap();
        folder.append(Path::new("c"), b"c").unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).unwrap();
        assert_eq!([read("a"), read("c")], ["old and new", "c"]);
        assert_eq!(folder.list().unwrap().len(), 2);
    }

    #[test]
    fn no_link_on_the_way_is_followed() {
        let (dir, folder) = scene();
        symlink(dir.path().join("precious"), dir.path().join("out/way")).unwrap();
        symlink(dir.path().join("precious/a"), dir.path().join("out/file")).unwrap();
        let way = Path::new("way/a");
        assert!(folder.make(Path::new("way")).is_err() && folder.make(Path::new("way/new")).is_err());
        assert!(folder.create(way).is_err() && folder.create(Path::new("file")).is_err());
        assert!(folder.append(Path::new("file"), b"x").unwrap_err().to_string().contains("a symbolic link"));
        assert!(
            folder.rename(Path::new("a"), &folder, way).is_err()
                && folder.rename(way, &folder, Path::new("c")).is_err()
        );
        assert!(folder.stat(way).is_err() && folder.remove_file(way).is_err());
        assert!(
            folder.remove_folder(Path::new("way/deep")).is_err() && folder.remove_tree(Path::new("way/deep")).is_err()
        );
        folder.rename(Path::new("a"), &folder, Path::new("file")).unwrap();
        folder.remove_tree(Path::new("way")).unwrap();
        assert_eq!(precious(dir.path()), ["old", "old"]);
        assert_eq!(std::fs::read_dir(dir.path().join("precious")).unwrap().count(), 2);
    }

    #[test]
    fn a_tree_is_removed_without_what_its_links_point_to() {
        let (dir, folder) = scene();
        symlink(dir.path().join("precious"), dir.path().join("out/deep/link")).unwrap();
        pipe(&dir.path().join("out/deep/pipe"));
        folder.remove_tree(Path::new("deep")).unwrap();
        assert!(!dir.path().join("out/deep").exists());
        assert_eq!(precious(dir.path()), ["old", "old"]);
    }

    #[test]
    fn nothing_is_appended_to_what_has_a_second_name_or_is_no_file() {
        let (dir, folder) = scene();
        std::fs::remove_file(dir.path().join("out/a")).unwrap();
        std::fs::hard_link(dir.path().join("precious/a"), dir.path().join("out/a")).unwrap();
        folder.append(Path::new("a"), b" and new").unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("out/a")).unwrap(), "old and new");
        assert_eq!(precious(dir.path()), ["old", "old"]);
        pipe(&dir.path().join("out/pipe"));
        for (name, what) in [("pipe", "a pipe, socket or device"), ("deep", "a folder, not a file")] {
            assert_eq!(folder.append(Path::new(name), b"x").unwrap_err().to_string(), what);
        }
        assert_eq!(folder.list().unwrap().len(), 3);
    }
}

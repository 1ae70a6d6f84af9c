//! Reading beneath a folder and nowhere else.
//!
//! An open folder and the ways down from it: listing, `stat`, opening regular files. Every step refuses symbolic links, and
//! opening never blocks on a pipe or device. `confined/change.rs` changes files.

mod change;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// What a directory entry is, before anything is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, wherever it points.
    Link,
    /// A pipe, socket or device.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link, which is never followed",
            Self::Other => "a pipe, socket or device",
        })
    }
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

impl From<std::fs::FileType> for Kind {
    fn from(kind: std::fs::FileType) -> Self {
        match () {
            () if kind.is_symlink() => Self::Link,
            () if kind.is_dir() => Self::Folder,
            () if kind.is_file() => Self::File,
            () => Self::Other,
        }
    }
}

/// What `lstat` says of a file, as far as it is needed to notice a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub len: u64,
    /// Its time of modification, in nanoseconds since 1970.
    pub modified: i64,
    /// The time of the last change of anything about it, its name included, in nanoseconds since 1970: when a file
    /// arrived here, where `modified` is kept by whoever copied it.
    pub changed: i64,
    /// Its inode, which tells a replaced file from an edited one.
    pub inode: u64,
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

impl Folder {
    /// Opens the folder at `path`; its last component must not be a link.
    ///
    /// # Errors
    /// Whatever the system says: not found, not a folder, no permission.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::open(path, FOLDER, Mode::empty()).map_err(|error| {
            let kind = path.symlink_metadata().ok().map(|there| Kind::from(there.file_type()));
            explained(error.into(), kind, Kind::Folder)
        })?;
        Ok(Self { fd })
    }

    /// Opens a folder below this one, link-free at every step.
    ///
    /// # Errors
    /// As the system says; `InvalidInput` when `relative` is not a plain downward path.
    pub fn child(&self, relative: &Path) -> io::Result<Self> {
        let fd = self.reach(relative, FOLDER, Kind::Folder)?;
        Ok(Self { fd })
    }

    /// Lists the entries in the system's order, without `.` and `..`.
    ///
    /// # Errors
    /// As the system says; a folder that cannot be listed to its end is an error, not a short list.
    pub fn list(&self) -> io::Result<Vec<(OsString, Kind)>> {
        entries(fs::Dir::read_from(&self.fd)?)
    }

    /// Lists a folder below this one, likewise: in fewer steps than opening it first.
    ///
    /// # Errors
    /// As [`Folder::child`] and [`Folder::list`].
    pub fn list_child(&self, relative: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        entries(fs::Dir::new(self.reach(relative, FOLDER, Kind::Folder)?)?)
    }

    /// Tells what lies at `relative`, without following a link there or on the way there.
    ///
    /// # Errors
    /// As the system says; `InvalidInput` when `relative` is not a plain downward path.
    pub fn stat(&self, relative: &Path) -> io::Result<Stat> {
        let (above, name) = self.above(relative)?;
        let stat = fs::statat(above.fd(), name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Stat::from(&stat))
    }

    /// Opens a regular file below this folder, link-free at every step and without waiting for anybody.
    ///
    /// # Errors
    /// As the system says; `InvalidInput` when it is not a regular file or `relative` is not a plain downward path.
    pub fn file(&self, relative: &Path) -> io::Result<(File, Stat)> {
        let fd = self.reach(relative, FILE, Kind::File)?;
        let stat = Stat::from(&fs::fstat(&fd)?);
        if stat.kind != Kind::File {
            return Err(not_a(Kind::File, stat.kind, io::ErrorKind::InvalidInput));
        }
        Ok((File::from(fd), stat))
    }

    /// Reads a regular file whole, or its first `limit` bytes.
    ///
    /// Gives the bytes with the `stat` of the very file that was read; a file that changed while it was read is read
    /// once more, and a second change is an error.
    ///
    /// # Errors
    /// As [`Folder::file`]; `Interrupted` when the file does not hold still.
    pub fn read(&self, relative: &Path, limit: u64) -> io::Result<(Vec<u8>, Stat)> {
        for _ in 0..2 {
            let (file, before) = self.file(relative)?;
            let expected = before.len.min(limit);
            let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
            (&file).take(expected).read_to_end(&mut bytes)?;
            let after = Stat::from(&fs::fstat(&file)?);
            if before == after && bytes.len() as u64 == expected {
                return Ok((bytes, after));
            }
        }
        Err(io::Error::new(io::ErrorKind::Interrupted, "it keeps changing while missive reads it"))
    }

    /// Opens what lies at `relative`; where that fails because something else lies there than is `wanted`, the error says
    /// what it is.
    fn reach(&self, relative: &Path, flags: OFlags, wanted: Kind) -> io::Result<OwnedFd> {
        self.descend(relative, flags, Mode::empty()).map_err(|error| {
            let kind = self.stat(relative).ok().map(|stat| stat.kind);
            explained(error, kind, wanted)
        })
    }

    /// Opens or creates what lies at `relative`, link-free at every step.
    fn descend(&self, relative: &Path, last: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        if is_name(relative) {
            return fs::openat(&self.fd, relative, last, mode).map_err(told);
        }
        plain_components(relative)?;
        #[cfg(target_os = "linux")]
        if let Some(opened) = at_once(&self.fd, relative, last, mode) {
            return opened;
        }
        let (above, name) = self.above(relative)?;
        fs::openat(above.fd(), name, last, mode).map_err(told)
    }

    /// The folder in which `relative` lies, and its name there.
    fn above<'p>(&self, relative: &'p Path) -> io::Result<(Above<'_>, &'p OsStr)> {
        if is_name(relative) {
            return Ok((Above::Here(&self.fd), relative.as_os_str()));
        }
        let mut names = plain_components(relative)?;
        let (Some(name), Some(above)) = (names.pop(), relative.parent()) else {
            return Err(not_downward());
        };
        #[cfg(target_os = "linux")]
        if let Some(opened) = at_once(&self.fd, above, FOLDER, Mode::empty()) {
            return Ok((Above::Below(opened?), name));
        }
        let mut reached = Above::Here(&self.fd);
        for step in names {
            reached = Above::Below(fs::openat(reached.fd(), step, FOLDER, Mode::empty()).map_err(told)?);
        }
        Ok((reached, name))
    }
}

fn entries(mut folder: fs::Dir) -> io::Result<Vec<(OsString, Kind)>> {
    let mut entries = Vec::new();
    while let Some(entry) = folder.read() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not tell.
            FileType::Unknown => Stat::from(&fs::statat(folder.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?).kind,
            kind => kind.into(),
        };
        entries.push((OsStr::from_bytes(name.to_bytes()).to_owned(), kind));
    }
    Ok(entries)
}

/// A folder on the way down.
enum Above<'f> {
    Here(&'f OwnedFd),
    Below(OwnedFd),
}

impl Above<'_> {
    fn fd(&self) -> &OwnedFd {
        match self {
            Self::Here(fd) => fd,
            Self::Below(fd) => fd,
        }
    }
}

/// Opens in one step what else takes one for each folder (`openat2`, Linux 5.6); `None` where the system cannot do that, or
/// was disturbed: `EAGAIN` says that something was renamed meanwhile, and `EPERM` is what some sandboxes answer.
#[cfg(target_os = "linux")]
fn at_once(folder: &OwnedFd, relative: &Path, flags: OFlags, mode: Mode) -> Option<io::Result<OwnedFd>> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match fs::openat2(folder, relative, flags, mode, resolve) {
        Ok(opened) => Some(Ok(opened)),
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => None,
        Err(error) => Some(Err(told(error))),
    }
}

/// Tells of a link as of anything else that is no folder: a system says either.
fn told(error: Errno) -> io::Error {
    match error {
        Errno::LOOP => io::Error::new(io::ErrorKind::NotADirectory, Kind::Link.to_string()),
        error => error.into(),
    }
}

/// An error with what lies in the place, where it is something else than is wanted.
fn explained(error: io::Error, there: Option<Kind>, wanted: Kind) -> io::Error {
    match there {
        Some(kind) if kind != wanted => not_a(wanted, kind, error.kind()),
        _ => error,
    }
}

fn not_a(wanted: Kind, there: Kind, kind: io::ErrorKind) -> io::Error {
    let words = match there {
        // That it is no file is said by what it is.
        Kind::Link | Kind::Other => there.to_string(),
        Kind::File | Kind::Folder => format!("{there}, not {wanted}"),
    };
    io::Error::new(kind, words)
}

/// Whether a path is one name.
fn is_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.len() == path.as_os_str().len())
}

impl From<&fs::Stat> for Stat {
    fn from(stat: &fs::Stat) -> Self {
        // The field types differ between systems, so each conversion goes through the widest one.
        #[allow(
            clippy::unnecessary_cast,
            clippy::cast_lossless,
            clippy::cast_possible_wrap,
            reason = "the widths of these fields differ between Unix systems"
        )]
        let (modified, changed, mode) = (
            (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            stat.st_mode as u32,
        );
        let nanoseconds = |(seconds, rest): (i64, i64)| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            kind: FileType::from_raw_mode(mode).into(),
            len: u64::try_from(stat.st_size).unwrap_or(0),
            modified: nanoseconds(modified),
            changed: nanoseconds(changed),
            inode: stat.st_ino,
        }
    }
}

fn plain_components(path: &Path) -> io::Result<Vec<&OsStr>> {
    path.components()
        .map(|component| match component {
            Component::Normal(name) => Ok(name),
            _ => Err(not_downward()),
        })
        .collect()
}

fn not_downward() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a path below the folder")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn scene() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("in/side")).unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        std::fs::write(dir.path().join("in/side/plain"), "hello").unwrap();
        let folder = Folder::open(&dir.path().join("in")).unwrap();
        (dir, folder)
    }

    #[test]
    fn reads_a_plain_file_below() {
        let (_dir, folder) = scene();
        let (bytes, stat) = folder.read(Path::new("side/plain"), 1 << 20).unwrap();
        assert_eq!((bytes.as_slice(), stat.len), (b"hello".as_slice(), 5));
    }

    #[test]
    fn never_follows_a_link_at_any_step() {
        let (dir, folder) = scene();
        symlink(dir.path().join("secret"), dir.path().join("in/link")).unwrap();
        symlink(dir.path(), dir.path().join("in/up")).unwrap();
        assert!(folder.read(Path::new("link"), 10).is_err());
        assert!(folder.read(Path::new("up/secret"), 10).is_err());
        assert!(folder.child(Path::new("up")).is_err());
        assert_eq!(folder.stat(Path::new("link")).unwrap().kind, Kind::Link);
    }

    #[test]
    fn never_climbs() {
        let (_dir, folder) = scene();
        for path in ["../secret", "/etc/passwd", "side/../../secret", "."] {
            assert!(folder.read(Path::new(path), 10).is_err(), "{path}");
        }
    }

    #[test]
    fn never_waits_for_a_pipe() {
        let (dir, folder) = scene();
        let pipe = dir.path().join("in/pipe");
        fs::mknodat(fs::CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(folder.read(Path::new("pipe"), 10).is_err());
    }
}

//! Putting files in place.
//!
//! Owns the order of disk operations: everything is staged beside its place first, so that an error up to then changes
//! nothing; then each file is renamed into place, what is linked before what links to it; then what is no longer wanted
//! goes; then the manifest is saved. Cut off anywhere, each file is its old or its new self and the next build mends
//! the rest. Refuses to know what the files say.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};

use super::manifest::{self, Manifest};
use super::out_path::OutPath;
use crate::disk::make::folders_below;

/// The stage within an output that is being changed.
const STAGE: &str = ".missive-stage";

/// Asked before each disk operation; an error stops the build there, as if the machine had.
pub(super) type Gate<'a> = &'a (dyn Fn() -> io::Result<()> + Sync);

/// A place where files are made ready.
pub(super) struct Stage<'a> {
    output: &'a Path,
    place: PathBuf,
    folder: OwnedFd,
    fresh: bool,
    gate: Gate<'a>,
}

/// What becomes of a site.
pub(super) struct Change<'a> {
    /// The staged files, in the order in which they appear.
    pub(super) written: Vec<&'a OutPath>,
    /// The files to remove.
    pub(super) removed: &'a [OutPath],
    /// What the site holds afterwards.
    pub(super) manifest: &'a Manifest,
}

impl<'a> Change<'a> {
    /// What must go before anything can be put in place (a file where a folder will be, or the other way round), and what
    /// goes when everything is.
    fn removals(&self) -> (Vec<&'a OutPath>, Vec<&'a OutPath>) {
        let files: HashSet<&Path> = self.written.iter().map(|path| path.as_path()).collect();
        let folders: HashSet<&Path> = files.iter().flat_map(|path| path.ancestors().skip(1)).collect();
        let blocks =
            |path: &Path| folders.contains(path) || path.ancestors().skip(1).any(|above| files.contains(above));
        self.removed.iter().partition(|path| blocks(path.as_path()))
    }
}

impl<'a> Stage<'a> {
    /// Makes a stage: beside an output that is not there yet, else within it. What an earlier build left is removed.
    pub(super) fn open(output: &'a Path, fresh: bool, gate: Gate<'a>) -> io::Result<Self> {
        if fresh && let Some(place) = beside(output) {
            let made = remove_tree(&place).and_then(|()| {
                gate()?;
                // The folder above was made with the lock.
                fs::create_dir(&place)
            });
            if made.is_ok() {
                let folder = fs::File::open(&place)?.into_parts().0.into();
                return Ok(Self { output, place, folder, fresh, gate });
            }
        }
        if let Some(place) = beside(output).filter(|place| place.exists()) {
            // A first build was cut off, and somebody else has made the output since.
            let _ = remove_tree(&place);
        }
        // The folder above may be closed to us while the output itself is open.
        let place = output.join(STAGE);
        remove_tree(&place)?;
        gate()?;
        // What is above the output was there a moment ago: if it vanished it is not made anew.
        let above = output.parent().unwrap_or(output);
        folders_below(above, place.strip_prefix(above).unwrap_or(&place))?;
        let folder = fs::File::open(&place)?.into_parts().0.into();
        Ok(Self { output, place, folder, fresh: false, gate })
    }

    /// Makes the folders of these files on the stage.
    pub(super) fn folders<'b>(&self, paths: impl Iterator<Item = &'b OutPath>) -> io::Result<()> {
        make_folders(&self.place, paths, self.gate)
    }

    /// Whether the output has this file already.
    pub(super) fn is_there(&self, path: &OutPath) -> bool {
        !self.fresh && self.output.join(path.as_path()).exists()
    }

    /// Stages a file; `false` when the file in place says the same already.
    pub(super) fn put(&self, path: &OutPath, bytes: &[u8]) -> io::Result<bool> {
        if !self.fresh && is_same(&self.output.join(path.as_path()), bytes) {
            return Ok(false);
        }
        (self.gate)()?;
        self.create(path)?.write_all(bytes).map_err(|error| self.named(path, &error))?;
        Ok(true)
    }

    /// Stages a copy of an open file, sharing its blocks where the file system can; `false` as for [`Stage::put`].
    pub(super) fn copy(&self, path: &OutPath, file: &File) -> io::Result<bool> {
        if !self.fresh && is_same_file(&self.output.join(path.as_path()), file) {
            return Ok(false);
        }
        (self.gate)()?;
        let mut copy = self.create(path)?;
        if !clone(file, &copy) {
            io::copy(&mut &*file, &mut copy).map_err(|error| self.named(path, &error))?;
        }
        Ok(true)
    }

    /// Creates a file relative to the open stage: a build makes thousands, and the way down to the stage is long.
    fn create(&self, path: &OutPath) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let file = rustix::fs::openat(&self.folder, path.as_path(), flags, mode);
        Ok(file.map_err(|error| self.named(path, &error.into()))?.into())
    }

    /// An error with the file that it is about.
    fn named(&self, path: &OutPath, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.place.join(path.as_path()).display()))
    }

    /// Puts what is staged in place, removes what is not wanted, and remembers what is there.
    pub(super) fn commit(&self, change: &Change<'_>) -> io::Result<()> {
        if self.fresh {
            (self.gate)()?;
            change.manifest.save(&self.place)?;
            (self.gate)()?;
            return fs::rename(&self.place, self.output);
        }
        if !change.written.is_empty() || !change.removed.is_empty() {
            self.change_in_place(change)?;
        }
        (self.gate)()?;
        change.manifest.save(&self.place)?;
        (self.gate)()?;
        fs::rename(self.place.join(manifest::FILE_NAME), self.output.join(manifest::FILE_NAME))?;
        (self.gate)()?;
        remove_tree(&self.place)
    }

    fn change_in_place(&self, change: &Change<'_>) -> io::Result<()> {
        let at_stake: Vec<&OutPath> = change.written.iter().copied().chain(change.removed).collect();
        (self.gate)()?;
        Manifest::intend(self.output, &at_stake)?;
        let (first, last) = change.removals();
        self.remove(&first)?;
        make_folders(self.output, change.written.iter().copied(), self.gate)?;
        for path in &change.written {
            (self.gate)()?;
            fs::rename(self.place.join(path.as_path()), self.output.join(path.as_path()))?;
        }
        self.remove(&last)
    }

    fn remove(&self, paths: &[&OutPath]) -> io::Result<()> {
        for path in paths {
            (self.gate)()?;
            remove_file(&self.output.join(path.as_path()))?;
        }
        remove_empty_folders(self.output, paths.iter().copied());
        Ok(())
    }

    /// Takes the stage down without having changed anything.
    pub(super) fn abandon(self) {
        let _ = remove_tree(&self.place);
    }
}

/// Where a new site grows: a hidden folder beside its place.
fn beside(output: &Path) -> Option<PathBuf> {
    let name = output.file_name()?.to_string_lossy();
    Some(output.with_file_name(format!(".{name}.missive-new")))
}

fn make_folders<'b>(root: &Path, paths: impl Iterator<Item = &'b OutPath>, gate: Gate<'_>) -> io::Result<()> {
    let folders: BTreeSet<&Path> =
        paths.filter_map(|path| path.as_path().parent()).filter(|path| !path.as_os_str().is_empty()).collect();
    for folder in folders {
        gate()?;
        folders_below(root, folder)?;
    }
    Ok(())
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders that became empty, from the deepest; one that still holds something stays.
fn remove_empty_folders<'b>(output: &Path, removed: impl Iterator<Item = &'b OutPath>) {
    let folders: BTreeSet<&Path> = removed
        .flat_map(|path| path.as_path().ancestors().skip(1))
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    for folder in folders.into_iter().rev() {
        let _ = std::fs::remove_dir(output.join(folder));
    }
}

/// Whether the file at `path` holds exactly these bytes.
pub(super) fn is_same(path: &Path, bytes: &[u8]) -> bool {
    let Ok(meta) = std::fs::symlink_metadata(path) else {
        return false;
    };
    meta.is_file() && meta.len() == bytes.len() as u64 && std::fs::read(path).is_ok_and(|there| there == bytes)
}

fn is_same_file(path: &Path, file: &File) -> bool {
    let same = || -> io::Result<bool> {
        let meta = std::fs::symlink_metadata(path)?;
        if !meta.is_file() || meta.len() != file.metadata()?.len() {
            return Ok(false);
        }
        let mut there = std::fs::File::open(path)?;
        let mut here = file.try_clone()?;
        let same = streams_equal(&mut there, &mut here);
        io::Seek::rewind(&mut here)?;
        same
    };
    same().unwrap_or(false)
}

fn streams_equal(a: &mut impl Read, b: &mut impl Read) -> io::Result<bool> {
    const CHUNK: u64 = 256 << 10;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        a.take(CHUNK).read_to_end(&mut left)?;
        b.take(CHUNK).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(target_os = "linux")]
fn clone(from: &File, to: &File) -> bool {
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone(_from: &File, _to: &File) -> bool {
    false
}

//! Pages are written here: staged, then committed.
//!
//! Everything is written beside its place first, so that an error up to then changes nothing. Then each file is renamed
//! into place, what is linked before what links to it; then what is no longer wanted goes; then the manifest is saved.
//! Cut off anywhere, each file is its old or its new self, and the next build mends the rest.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fs::confined::{Folder, Kind};
use crate::fs::named_error::named;
use crate::fs::reflink;
use crate::media::Erasures;
use crate::site::engine::manifest;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;

/// The stage within an output that is being changed.
const STAGE: &str = ".missive-stage";

/// So long a tick of the disk's clock is waited for. Most have one of 4 ms; some have one of two seconds, and nobody waits
/// for that.
const MAX_TICK_MILLISECONDS: u32 = 12;

/// Asked before each disk operation; an error stops the build there, as if the machine had.
pub(crate) type Gate<'a> = &'a (dyn Fn() -> io::Result<()> + Sync);

/// A place where files are made ready.
pub(crate) struct Stage<'a> {
    output: &'a Path,
    /// The folder in which the stage lies: the output, or the one above an output that is not there yet.
    home: Folder,
    /// The stage's name there.
    name: PathBuf,
    folder: Folder,
    /// Whether the output is not there yet, and grows beside its place.
    is_fresh: bool,
    gate: Gate<'a>,
}

/// What becomes of a site.
pub(crate) struct Change<'a> {
    /// The staged files, in the order in which they appear.
    pub(crate) written: Vec<&'a OutPath>,
    /// The files to remove.
    pub(crate) removed: &'a [OutPath],
    /// What the site holds afterwards.
    pub(crate) manifest: &'a Manifest,
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
    pub(crate) fn open(folder: OutputFolder<'a>, is_fresh: bool, gate: Gate<'a>) -> io::Result<Self> {
        let output = folder.path();
        if is_fresh && let Some(stage) = Self::beside(output, gate) {
            return Ok(stage);
        }
        if let Some(beside) = Beside::open(output).filter(|beside| beside.home.stat(&beside.name).is_ok()) {
            // A first build was cut off, and somebody else has made the output since. What stays is hidden.
            drop(beside.home.remove_tree(&beside.name));
        }
        // The folder above may be closed to us while the output itself is open.
        let home = if let Some(folder) = folder.into_folder() {
            folder
        } else {
            // What is above it was there a moment ago, when the lock was taken: if it vanished it is not made anew.
            match fs_err::create_dir(output) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => Folder::open(output).map_err(|error| named(output, error))?,
            }
        };
        let name = PathBuf::from(STAGE);
        let at = |error: io::Error| named(&output.join(STAGE), error);
        home.remove_tree(&name).map_err(at)?;
        gate()?;
        let folder = home.make_new(&name).map_err(at)?;
        Ok(Self { output, home, name, folder, is_fresh: false, gate })
    }

    /// A stage beside an output that is not there yet, if the folder above is open to us.
    fn beside(output: &'a Path, gate: Gate<'a>) -> Option<Self> {
        let Beside { home, name } = Beside::open(output)?;
        home.remove_tree(&name).ok()?;
        gate().ok()?;
        // The folder above was made with the lock.
        let folder = home.make_new(&name).ok()?;
        Some(Self { output, home, name, folder, is_fresh: true, gate })
    }

    /// The output, if it is there.
    fn there(&self) -> Option<&Folder> {
        (!self.is_fresh).then_some(&self.home)
    }

    /// Makes the folders of these files on the stage.
    pub(crate) fn folders<'b>(&self, paths: impl Iterator<Item = &'b OutPath>) -> io::Result<()> {
        self.make_folders(&self.folder, paths)
    }

    /// Whether the output has this file already.
    pub(crate) fn is_there(&self, path: &OutPath) -> bool {
        let stat = self.there().and_then(|output| output.stat(path.as_path()).ok());
        stat.is_some_and(|stat| stat.kind == Kind::File)
    }

    /// Stages a file; `false` when the file in place says the same already.
    pub(crate) fn put(&self, path: &OutPath, bytes: &[u8]) -> io::Result<bool> {
        if self.there().is_some_and(|output| is_same(output, path.as_path(), bytes)) {
            return Ok(false);
        }
        (self.gate)()?;
        self.create(path)?.write_all(bytes).map_err(|error| self.staged(path.as_path(), error))?;
        Ok(true)
    }

    /// Stages a copy of an open file, sharing its blocks where the file system can; `false` as for [`Stage::put`].
    pub(crate) fn copy(&self, path: &OutPath, file: &File) -> io::Result<bool> {
        self.copy_erased(path, file, &Erasures::default())
    }

    /// Stages a copy in which this is overwritten, likewise; only the blocks that differ are written.
    pub(crate) fn copy_erased(&self, path: &OutPath, file: &File, erasures: &Erasures) -> io::Result<bool> {
        if self.there().is_some_and(|output| is_same_file(output, path.as_path(), file, erasures)) {
            return Ok(false);
        }
        (self.gate)()?;
        let copy = self.create(path)?;
        let copied = rewound(file).and_then(|()| reflink::copy(file, &copy));
        copied.and_then(|()| erasures.apply_to(&copy)).map_err(|error| self.staged(path.as_path(), error))?;
        Ok(true)
    }

    fn create(&self, path: &OutPath) -> io::Result<File> {
        self.folder.create(path.as_path()).map_err(|error| self.staged(path.as_path(), error))
    }

    /// An error with the staged file that it is about.
    fn staged(&self, path: &Path, error: io::Error) -> io::Error {
        let place = if self.is_fresh { self.output.with_file_name(&self.name) } else { self.output.join(&self.name) };
        named(&place.join(path), error)
    }

    /// An error with the file of the output that it is about.
    fn in_place(&self, path: &Path, error: io::Error) -> io::Error {
        named(&self.output.join(path), error)
    }

    /// Puts what is staged in place, removes what is not wanted, and remembers what is there.
    pub(crate) fn commit(&self, change: &Change<'_>) -> io::Result<()> {
        let record = Path::new(manifest::FILE_NAME);
        if self.is_fresh {
            (self.gate)()?;
            self.save(change.manifest)?;
            (self.gate)()?;
            // It has a name, or nothing would grow beside its place.
            let output = Path::new(self.output.file_name().unwrap_or_default());
            return self.home.rename(&self.name, &self.home, output).map_err(|error| named(self.output, error));
        }
        if !change.written.is_empty() || !change.removed.is_empty() {
            self.change_in_place(change)?;
        }
        (self.gate)()?;
        self.save(change.manifest)?;
        (self.gate)()?;
        self.settle(record)?;
        (self.gate)()?;
        self.home.remove_tree(&self.name).map_err(|error| self.in_place(&self.name, error))
    }

    /// Stages the manifest, and makes it newer than every other file by a tick of the disk's clock: what is as old as it may
    /// have been changed by hand, and is read by the next build.
    fn save(&self, manifest: &Manifest) -> io::Result<()> {
        let record = Path::new(manifest::FILE_NAME);
        manifest.save(&self.folder).map_err(|error| self.staged(record, error))?;
        let saved = self.folder.stat(record).map_or(i64::MAX, |stat| stat.modified);
        for _ in 0..MAX_TICK_MILLISECONDS {
            // Where the time cannot be set, the next build reads more than it has to.
            if self.folder.touch(record).is_err() || self.folder.stat(record).is_ok_and(|stat| stat.modified > saved) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn change_in_place(&self, change: &Change<'_>) -> io::Result<()> {
        let at_stake: Vec<&OutPath> = change.written.iter().copied().chain(change.removed).collect();
        (self.gate)()?;
        Manifest::intend(&self.home, &at_stake)
            .map_err(|error| self.in_place(Path::new(manifest::FILE_NAME), error))?;
        let (first, last) = change.removals();
        self.remove(&first)?;
        self.make_folders(&self.home, change.written.iter().copied())?;
        for path in &change.written {
            (self.gate)()?;
            self.settle(path.as_path())?;
        }
        self.remove(&last)
    }

    /// Gives a staged file its place in the output.
    fn settle(&self, path: &Path) -> io::Result<()> {
        let moved = match self.folder.rename(path, &self.home, path) {
            // Nothing but an empty folder gives way.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                self.home.remove_folder(path).and_then(|()| self.folder.rename(path, &self.home, path))
            }
            moved => moved,
        };
        moved.map_err(|error| self.in_place(path, error))
    }

    fn make_folders<'b>(&self, root: &Folder, paths: impl Iterator<Item = &'b OutPath>) -> io::Result<()> {
        let folders: BTreeSet<&Path> =
            paths.filter_map(|path| path.as_path().parent()).filter(|path| !path.as_os_str().is_empty()).collect();
        for folder in folders {
            (self.gate)()?;
            root.make(folder).map_err(|error| self.in_place(folder, error))?;
        }
        Ok(())
    }

    fn remove(&self, paths: &[&OutPath]) -> io::Result<()> {
        for path in paths {
            (self.gate)()?;
            remove_file(&self.home, path.as_path()).map_err(|error| self.in_place(path.as_path(), error))?;
        }
        remove_empty_folders(&self.home, paths.iter().copied());
        Ok(())
    }

    /// Takes the stage down without having changed anything.
    pub(crate) fn abandon(self) {
        // What stays of it is hidden, and goes with the next build.
        drop(self.home.remove_tree(&self.name));
    }
}

/// Where a new site grows: a hidden folder beside its place.
struct Beside {
    home: Folder,
    name: PathBuf,
}

impl Beside {
    /// Opens the folder above an output, if it is open to us.
    fn open(output: &Path) -> Option<Self> {
        let name = output.file_name()?.to_string_lossy();
        let home = Folder::open(output.parent()?).ok()?;
        Some(Self { home, name: format!(".{name}.missive-new").into() })
    }
}

/// Removes a file. What lies behind a link, or behind a file that took a folder's place, is none of ours.
fn remove_file(output: &Folder, path: &Path) -> io::Result<()> {
    match output.remove_file(path) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders that became empty, from the deepest; one that still holds something stays.
fn remove_empty_folders<'b>(output: &Folder, removed: impl Iterator<Item = &'b OutPath>) {
    let folders: BTreeSet<&Path> = removed
        .flat_map(|path| path.as_path().ancestors().skip(1))
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    for folder in folders.into_iter().rev() {
        // One that is not empty can't be removed, and is not meant.
        drop(output.remove_folder(folder));
    }
}

/// Whether a file of the output holds exactly these bytes.
pub(crate) fn is_same(output: &Folder, path: &Path, bytes: &[u8]) -> bool {
    // Most files that are made anew differ in length, and are not opened.
    if !is_as_long(output, path, bytes.len() as u64) {
        return false;
    }
    let mut there = Vec::with_capacity(bytes.len() + 1);
    let read = output.file(path).and_then(|(file, _)| file.take(bytes.len() as u64 + 1).read_to_end(&mut there));
    read.is_ok() && there == bytes
}

fn is_as_long(output: &Folder, path: &Path, len: u64) -> bool {
    output.stat(path).is_ok_and(|stat| stat.kind == Kind::File && stat.len == len)
}

/// Sets an open file back to its beginning.
fn rewound(mut file: &File) -> io::Result<()> {
    io::Seek::rewind(&mut file)
}

fn is_same_file(output: &Folder, path: &Path, file: &File, erasures: &Erasures) -> bool {
    compare_files(output, path, file, erasures).unwrap_or(false)
}

/// Whether a file of the output is a copy of an open one in which this is overwritten.
fn compare_files(output: &Folder, path: &Path, file: &File, erasures: &Erasures) -> io::Result<bool> {
    if !is_as_long(output, path, file.metadata()?.len()) {
        return Ok(false);
    }
    let (mut there, _) = output.file(path)?;
    rewound(file)?;
    streams_equal(&mut there, &mut erasures.reader(file))
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

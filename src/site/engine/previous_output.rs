//! What the last build left, on disk or in memory: its manifest, whether somebody else has been at the output since, and which
//! of its files are gone or were changed by hand.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use crate::fs::confined::{Folder, Kind, Stat};
use crate::site::engine::manifest::{Content, FILE_NAME, Manifest, Written};
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::error::SiteError;

/// What the last build left.
#[derive(Debug)]
pub(crate) struct PreviousOutput {
    /// What was written.
    pub(crate) manifest: Manifest,
    /// Whether there is a manifest at all.
    pub(crate) has_manifest: bool,
    /// Whether the output is not there yet.
    pub(crate) is_fresh: bool,
    /// What became of its files since.
    pub(crate) found: Found,
    saved: Option<Saved>,
}

/// What became of the files that a manifest names.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that are gone, or have something else than a file in their place.
    pub(crate) gone: HashSet<OutPath>,
    /// Those that hold something else than what was written, or may do so.
    pub(crate) changed: HashSet<OutPath>,
    /// Those that are newer than the manifest and hold what was written, with the time of their last change.
    verified: Vec<(OutPath, i64)>,
}

impl Found {
    /// Whether every file is there as it was written.
    pub(crate) fn is_as_written(&self) -> bool {
        self.gone.is_empty() && self.changed.is_empty()
    }

    fn merge(mut self, other: Self) -> Self {
        self.gone.extend(other.gone);
        self.changed.extend(other.changed);
        self.verified.extend(other.verified);
        self
    }
}

/// What tells that a manifest is the one that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Saved {
    inode: u64,
    len: u64,
    /// In nanoseconds since 1970.
    modified: i64,
}

impl PreviousOutput {
    /// Reads what the last build left in an output.
    ///
    /// # Errors
    /// [`SiteError::Foreign`] when something that is no file bears the manifest's name; else as [`Manifest::read`].
    pub(crate) fn read(output: &OutputFolder<'_>) -> Result<Self, SiteError> {
        let Some(folder) = output.folder() else {
            return Ok(Self {
                manifest: Manifest::default(),
                has_manifest: false,
                is_fresh: true,
                found: Found::default(),
                saved: None,
            });
        };
        let saved = saved(folder);
        let manifest = Manifest::read(folder).map_err(|error| output.blame(Path::new(FILE_NAME), error))?;
        let has_manifest = manifest.is_some();
        // Where there is no manifest, nothing in the output is known to be ours.
        Ok(Self {
            manifest: manifest.unwrap_or_default(),
            has_manifest,
            is_fresh: false,
            found: Found::default(),
            saved,
        })
    }

    /// What this build leaves, now that it has saved its manifest.
    pub(crate) fn after(manifest: Manifest, output: &Path) -> Self {
        let saved = Folder::open(output).ok().and_then(|folder| saved(&folder));
        Self { saved, ..Self::remembered(manifest) }
    }

    /// An output that holds what this manifest names.
    pub(crate) fn remembered(manifest: Manifest) -> Self {
        Self { manifest, has_manifest: true, is_fresh: false, found: Found::default(), saved: None }
    }

    /// What was wrong with the manifest.
    pub(crate) fn damage(&self) -> Option<&String> {
        self.manifest.damage.as_ref()
    }

    /// When the manifest was saved, in nanoseconds since 1970.
    pub(crate) fn saved(&self) -> i64 {
        self.saved.map_or(0, |saved| saved.modified)
    }

    /// Whether the output is as it was left, as far as its manifest tells.
    pub(crate) fn is_current(&self, output: &OutputFolder<'_>) -> bool {
        self.saved.is_some() && self.saved == output.folder().and_then(saved)
    }

    /// Looks at every file that the manifest names, by one `stat` each. Only what is newer than the manifest is read.
    pub(crate) fn look(&self, output: &OutputFolder<'_>) -> Found {
        match output.folder() {
            Some(folder) => Look { folder, since: folder.stat(Path::new(FILE_NAME)).ok() }.at(&self.manifest),
            None => Found { gone: self.manifest.entries.keys().cloned().collect(), ..Found::default() },
        }
    }

    /// Makes the manifest newer than the files that were read and hold what was written, so that they are not read again.
    /// A file that was changed meanwhile counts as changed.
    pub(crate) fn settle(&mut self, output: &OutputFolder<'_>) {
        // A file whose time of modification lies in the future is read each time: no manifest is newer.
        let is_newer = |(_, changed): &(OutPath, i64)| *changed >= self.saved();
        let Some(folder) = output.folder().filter(|_| self.found.verified.iter().any(is_newer)) else {
            return;
        };
        // Where it cannot be done, they are read once more next time.
        if folder.touch(Path::new(FILE_NAME)).is_err() {
            return;
        }
        self.saved = saved(folder);
        for (path, changed) in std::mem::take(&mut self.found.verified) {
            if folder.stat(path.as_path()).map_or(0, |stat| stat.changed) != changed {
                self.found.changed.insert(path);
            }
        }
    }
}

fn saved(folder: &Folder) -> Option<Saved> {
    let stat = folder.stat(Path::new(FILE_NAME)).ok()?;
    Some(Saved { inode: stat.inode, len: stat.len, modified: stat.modified })
}

/// A look at the files of an output.
struct Look<'a> {
    folder: &'a Folder,
    /// The manifest, which was saved after all files.
    since: Option<Stat>,
}

/// So many files of one folder are looked at by one processor.
const MANY: usize = 512;

impl Look<'_> {
    fn at(&self, manifest: &Manifest) -> Found {
        let mut folders: HashMap<&str, Vec<NamedFile<'_>>> = HashMap::new();
        for (path, written) in &manifest.entries {
            let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
            folders.entry(folder).or_default().push(NamedFile { name, path, written: *written });
        }
        let parts: Vec<(&str, &[NamedFile<'_>])> =
            folders.iter().flat_map(|(folder, files)| files.chunks(MANY).map(move |files| (*folder, files))).collect();
        let parts = parts.par_iter().with_min_len(2);
        parts.map(|(folder, files)| self.at_part(folder, files)).reduce(Found::default, Found::merge)
    }

    fn at_part(&self, folder: &str, files: &[NamedFile<'_>]) -> Found {
        let opened = if folder.is_empty() { Ok(None) } else { self.folder.child(Path::new(folder)).map(Some) };
        // A folder that cannot be opened holds nothing that is known to be there.
        let Ok(opened) = opened else {
            return Found { gone: files.iter().map(|file| file.path.clone()).collect(), ..Found::default() };
        };
        let mut found = Found::default();
        for file in files {
            self.at_file(opened.as_ref().unwrap_or(self.folder), file, &mut found);
        }
        found
    }

    fn at_file(&self, folder: &Folder, file: &NamedFile<'_>, found: &mut Found) {
        let name = Path::new(file.name);
        let stat = match folder.stat(name) {
            Ok(stat) if stat.kind == Kind::File => stat,
            _ => {
                found.gone.insert(file.path.clone());
                return;
            }
        };
        let Some(content) = file.written.and_then(|written| written.content) else {
            found.changed.insert(file.path.clone());
            return;
        };
        match () {
            () if stat.len != content.len => drop(found.changed.insert(file.path.clone())),
            () if self.is_older(&stat) => {}
            () if content.hash.is_some() && holds(folder, name, content) => {
                found.verified.push((file.path.clone(), stat.changed));
            }
            () => drop(found.changed.insert(file.path.clone())),
        }
    }

    /// Whether a file was certainly not changed since the manifest was saved. What was changed in the same tick of the disk's
    /// clock was perhaps changed after it.
    ///
    /// The time of the last change counts, which nobody can set: a file that was put in its place with an old time of
    /// modification has a new one. A manifest whose own time was set to come tells nothing.
    fn is_older(&self, file: &Stat) -> bool {
        self.since.is_some_and(|manifest| {
            let saved = manifest.modified.min(manifest.changed);
            file.changed.max(file.modified) < saved
        })
    }
}

/// A file that a manifest names.
struct NamedFile<'m> {
    /// Its name in its folder.
    name: &'m str,
    path: &'m OutPath,
    written: Option<Written>,
}

fn holds(folder: &Folder, name: &Path, content: Content) -> bool {
    folder.read(name, content.len + 1).is_ok_and(|(bytes, _)| Content::from_bytes(&bytes) == content)
}

//! What the last build left, on disk or in memory: its manifest, whether somebody else has been at the output since, and which
//! of its files are gone.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;

use rayon::prelude::*;

use crate::fs::confined::{Folder, Kind};
use crate::site::engine::manifest::{FILE_NAME, Manifest};
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
    /// Files that the manifest names and that are gone, or have something else than a file in their place.
    pub(crate) gone: HashSet<OutPath>,
    saved: Option<Saved>,
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
                gone: HashSet::new(),
                saved: None,
            });
        };
        let saved = saved(folder);
        let manifest = Manifest::read(folder).map_err(|error| output.blame(Path::new(FILE_NAME), error))?;
        let has_manifest = manifest.is_some();
        // Where there is no manifest, nothing in the output is known to be ours.
        Ok(Self { manifest: manifest.unwrap_or_default(), has_manifest, is_fresh: false, gone: HashSet::new(), saved })
    }

    /// What this build leaves, now that it has saved its manifest.
    pub(crate) fn after(manifest: Manifest, output: &Path) -> Self {
        let saved = Folder::open(output).ok().and_then(|folder| saved(&folder));
        Self { saved, ..Self::remembered(manifest) }
    }

    /// An output that holds what this manifest names.
    pub(crate) fn remembered(manifest: Manifest) -> Self {
        Self { manifest, has_manifest: true, is_fresh: false, gone: HashSet::new(), saved: None }
    }

    /// When the manifest was saved, in nanoseconds since 1970.
    pub(crate) fn saved(&self) -> i64 {
        self.saved.map_or(0, |saved| saved.modified)
    }

    /// Whether the output is as it was left, as far as its manifest tells.
    pub(crate) fn is_current(&self, output: &OutputFolder<'_>) -> bool {
        self.saved.is_some() && self.saved == output.folder().and_then(saved)
    }

    /// The files that the manifest names and that are no files in the output, by one listing of each folder.
    pub(crate) fn find_gone(&self, output: &OutputFolder<'_>) -> HashSet<OutPath> {
        let paths = self.manifest.entries.keys();
        match output.folder() {
            Some(folder) => gone(folder, paths),
            None => paths.cloned().collect(),
        }
    }
}

fn saved(folder: &Folder) -> Option<Saved> {
    let stat = folder.stat(Path::new(FILE_NAME)).ok()?;
    Some(Saved { inode: stat.inode, len: stat.len, modified: stat.modified })
}

fn gone<'p>(output: &Folder, paths: impl Iterator<Item = &'p OutPath>) -> HashSet<OutPath> {
    let mut folders: HashMap<&str, Vec<(&str, &OutPath)>> = HashMap::new();
    for path in paths {
        let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        folders.entry(folder).or_default().push((name, path));
    }
    let folders: Vec<_> = folders.into_iter().collect();
    let missing = folders.par_iter().with_min_len(16).flat_map_iter(|(folder, files)| {
        // A folder that cannot be listed holds nothing that is known to be there.
        let there = names(output, folder).unwrap_or_else(|_| HashSet::new());
        files
            .iter()
            .filter(move |(name, _)| !there.contains(std::ffi::OsStr::new(name)))
            .map(|(_, path)| (*path).clone())
    });
    missing.collect()
}

/// The names of the files in a folder of the output.
fn names(output: &Folder, folder: &str) -> std::io::Result<HashSet<OsString>> {
    let entries = if folder.is_empty() { output.list()? } else { output.list_child(Path::new(folder))? };
    Ok(entries.into_iter().filter(|(_, kind)| *kind == Kind::File).map(|(name, _)| name).collect())
}

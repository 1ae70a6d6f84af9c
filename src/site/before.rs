//! What the last build left, on disk or in memory.
//!
//! Owns reading it, noticing when somebody else has been at the output since, and finding files that are gone. Refuses to
//! decide what follows.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rayon::prelude::*;

use super::manifest::{FILE_NAME, Manifest};
use super::out_path::OutPath;

/// What the last build left.
#[derive(Debug)]
pub(super) struct Before {
    /// What was written.
    pub(super) manifest: Manifest,
    /// Whether there is a manifest at all.
    pub(super) ours: bool,
    /// Whether the output is not there yet.
    pub(super) fresh: bool,
    /// Files that the manifest names and that are gone.
    pub(super) gone: HashSet<OutPath>,
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

impl Before {
    /// Reads what the last build left in an output.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub(super) fn read(output: &Path) -> io::Result<Self> {
        let saved = saved(output);
        let manifest = Manifest::read(output)?;
        let ours = manifest.is_some();
        let fresh = !ours && !output.exists();
        Ok(Self { manifest: manifest.unwrap_or_default(), ours, fresh, gone: HashSet::new(), saved })
    }

    /// What this build leaves, now that it has saved its manifest.
    pub(super) fn after(manifest: Manifest, output: &Path) -> Self {
        Self { manifest, ours: true, fresh: false, gone: HashSet::new(), saved: saved(output) }
    }

    /// When the manifest was saved, in nanoseconds since 1970.
    pub(super) fn saved(&self) -> i64 {
        self.saved.map_or(0, |saved| saved.modified)
    }

    /// Whether the output is as it was left, as far as its manifest tells.
    pub(super) fn is_current(&self, output: &Path) -> bool {
        self.saved.is_some() && self.saved == saved(output)
    }

    /// The files that the manifest names and that are gone from the output, by one listing of each folder.
    pub(super) fn find_gone(&self, output: &Path) -> HashSet<OutPath> {
        gone(output, self.manifest.entries.keys())
    }
}

fn saved(output: &Path) -> Option<Saved> {
    let meta = std::fs::symlink_metadata(output.join(FILE_NAME)).ok()?;
    let modified = meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec());
    Some(Saved { inode: meta.ino(), len: meta.len(), modified })
}

fn gone<'p>(output: &Path, paths: impl Iterator<Item = &'p OutPath>) -> HashSet<OutPath> {
    let mut folders: HashMap<&str, Vec<(&str, &OutPath)>> = HashMap::new();
    for path in paths {
        let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        folders.entry(folder).or_default().push((name, path));
    }
    let folders: Vec<_> = folders.into_iter().collect();
    let missing = folders.par_iter().with_min_len(16).flat_map_iter(|(folder, files)| {
        let there: HashSet<std::ffi::OsString> = std::fs::read_dir(output.join(folder))
            .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
            .unwrap_or_default();
        files
            .iter()
            .filter(move |(name, _)| !there.contains(std::ffi::OsStr::new(name)))
            .map(|(_, path)| (*path).clone())
    });
    missing.collect()
}

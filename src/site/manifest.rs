//! What was written last time, kept in the output that it describes.
//!
//! Owns one hidden file at the site's root: each path with its fingerprint, and how many messages the boxes had. Before
//! anything is changed the paths at stake are appended as an intent, so that a build that is cut off is known to be, and
//! the next one mends it. A file of another version, or a damaged one, still names its paths as far as it can be read.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::{record, whole};

use super::fingerprint::Fingerprint;
use super::out_path::OutPath;

/// The file's name at the site's root.
pub(super) const FILE_NAME: &str = ".missive-manifest";

const HEAD: &str = "missive manifest 2\n";

/// What was written last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// How many messages the inbox and the outbox had.
    pub messages: [usize; 2],
    /// Each path; without a fingerprint if it is not certain what is there.
    pub entries: BTreeMap<OutPath, Option<Fingerprint>>,
    /// What was wrong with the file, for those who ask.
    pub damage: Option<String>,
    /// Whether paths may have been lost to damage.
    pub lossy: bool,
}

/// How many paths share a checksum: what is damaged costs no more than these.
const BLOCK: usize = 256;

/// One part of the file, with a checksum of its own.
#[derive(Serialize, Deserialize)]
enum Part<'a> {
    /// What the whole build had in common.
    Head { version: std::borrow::Cow<'a, str>, messages: [u64; 2] },
    /// Files as they were written.
    Written(Vec<(OutPath, Fingerprint)>),
    /// Files that were about to be written or removed.
    Intent(Vec<OutPath>),
}

impl Manifest {
    /// Reads the manifest of an output folder; `None` when it holds none.
    ///
    /// # Errors
    /// Whatever the system says but `NotFound`.
    pub(super) fn read(output: &Path) -> io::Result<Option<Self>> {
        let bytes = match fs_err::read(output.join(FILE_NAME)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Self::parse(&bytes)))
    }

    /// Appends the paths that are about to be written or removed.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub(super) fn intend(output: &Path, paths: &[&OutPath]) -> io::Result<()> {
        let path = output.join(FILE_NAME);
        let mut bytes = if path.exists() { Vec::new() } else { HEAD.as_bytes().to_vec() };
        push(&mut bytes, &Part::Intent(paths.iter().map(|path| (*path).clone()).collect()));
        let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(&bytes)
    }

    /// Writes a finished build's manifest in one step.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub(super) fn save(output: &Path, messages: [usize; 2], entries: &[(OutPath, Fingerprint)]) -> io::Result<()> {
        let mut bytes = HEAD.as_bytes().to_vec();
        let messages = messages.map(|count| count as u64);
        push(&mut bytes, &Part::Head { version: env!("CARGO_PKG_VERSION").into(), messages });
        for block in entries.chunks(BLOCK) {
            push(&mut bytes, &Part::Written(block.to_vec()));
        }
        whole::replace(&output.join(FILE_NAME), &bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        let Some(parts) = bytes.strip_prefix(HEAD.as_bytes()) else {
            manifest.damaged("it is damaged or of another version");
            return manifest;
        };
        let mut version = None;
        for part in record::parts(parts) {
            match part.and_then(|bytes| postcard::from_bytes::<Part<'_>>(bytes).ok()) {
                Some(Part::Head { version: written_by, messages }) => {
                    version = Some(written_by.into_owned());
                    manifest.messages = messages.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
                }
                Some(Part::Written(entries)) => {
                    manifest.entries.extend(entries.into_iter().map(|(path, print)| (path, Some(print))));
                }
                // Whatever an intent names is no longer certain.
                Some(Part::Intent(paths)) => manifest.entries.extend(paths.into_iter().map(|path| (path, None))),
                None => manifest.damaged("a part of it is damaged"),
            }
        }
        match version {
            Some(version) if version == env!("CARGO_PKG_VERSION") => {}
            Some(version) => manifest.distrust(&format!("it was written by version {version}")),
            None => manifest.distrust("its beginning is missing"),
        }
        manifest
    }

    fn damaged(&mut self, what: &str) {
        self.lossy = true;
        self.damage = Some(what.to_owned());
    }

    /// Keeps the paths and believes nothing else.
    fn distrust(&mut self, why: &str) {
        self.damage.get_or_insert(why.to_owned());
        self.entries.values_mut().for_each(|print| *print = None);
    }

    /// Only paths that stay within the output are ever looked at.
    pub(super) fn sane(mut self) -> Self {
        self.entries.retain(|path, _| OutPath::new(path.as_str()).is_some());
        self
    }
}

fn push(file: &mut Vec<u8>, part: &Part<'_>) {
    // What is written here holds nothing that could fail to be.
    record::push(file, &postcard::to_stdvec(part).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> OutPath {
        OutPath::new(text).unwrap()
    }

    fn saved() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let print = Fingerprint { text: 7, ..Fingerprint::default() };
        Manifest::save(dir.path(), [0, 2], &[(path("a.html"), print), (path("b.html"), print)]).unwrap();
        dir
    }

    #[test]
    fn what_was_saved_is_read() {
        let dir = saved();
        let manifest = Manifest::read(dir.path()).unwrap().unwrap();
        assert_eq!(manifest.messages, [0, 2]);
        assert!(manifest.entries.values().all(|print| print.is_some_and(|print| print.text == 7)));
        assert_eq!(manifest.damage, None);
    }

    #[test]
    fn an_intent_makes_its_paths_uncertain() {
        let dir = saved();
        Manifest::intend(dir.path(), &[&path("b.html"), &path("c.html")]).unwrap();
        let manifest = Manifest::read(dir.path()).unwrap().unwrap();
        let uncertain: Vec<_> =
            manifest.entries.iter().filter(|(_, print)| print.is_none()).map(|(path, _)| path.as_str()).collect();
        assert_eq!(uncertain, ["b.html", "c.html"]);
    }

    #[test]
    fn damage_anywhere_is_survived() {
        let dir = saved();
        Manifest::intend(dir.path(), &[&path("c.html")]).unwrap();
        let file = dir.path().join(FILE_NAME);
        let bytes = std::fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            std::fs::write(&file, &bytes[..at]).unwrap();
            assert!(Manifest::read(dir.path()).unwrap().is_some());
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            std::fs::write(&file, &flipped).unwrap();
            let manifest = Manifest::read(dir.path()).unwrap().unwrap();
            assert!(manifest.entries.values().flatten().all(|print| print.text == 7));
        }
    }
}

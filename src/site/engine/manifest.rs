//! The manifest: what was written last time, kept in the output that it describes.
//!
//! It is one hidden file at the site's root: each path with its fingerprint, and how many messages the boxes had. Before
//! anything is changed the paths at stake are appended as an intent, so that a build that is cut off is known to be, and
//! the next one mends it. A file of another version, or a damaged one, still names its paths as far as it can be read.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fs::confined::Folder;
use crate::fs::records;

use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::out_path::OutPath;

/// The file's name at the site's root.
pub(crate) const FILE_NAME: &str = ".missive-manifest";

const HEAD: &str = "missive manifest 3\n";

/// A longer file is none that was written here, in bytes: a site of a million files has a tenth of that.
const MAX_FILE: u64 = 1 << 30;

/// What was written last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// How many messages the inbox and the outbox had.
    pub messages: [usize; 2],
    /// Each path within the output; nothing of it if it is not certain what is there.
    pub entries: BTreeMap<OutPath, Option<Written>>,
    /// What was wrong with the file, for those who ask.
    pub damage: Option<String>,
    /// Whether paths may have been lost to damage.
    pub lossy: bool,
}

/// A file as it was written.
///
/// No time is among it: the same channel gives the same manifest on every machine. That a file was changed since shows by
/// its being newer than the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// All that it depended on.
    pub fingerprint: Fingerprint,
    /// What it held; `None` where that is not known.
    pub content: Option<Content>,
}

/// What a file held when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Its length in bytes.
    pub len: u64,
    /// A hash of its bytes; none of a copy, which is compared with what it was copied from.
    pub hash: Option<[u8; 8]>,
}

impl Content {
    /// That of these bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let mut hash = [0; 8];
        blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut hash);
        Self { len: bytes.len() as u64, hash: Some(hash) }
    }
}

/// How many paths share a checksum: what is damaged costs no more than these.
const BLOCK: usize = 256;

/// One part of the file, with a checksum of its own.
#[derive(Serialize, Deserialize)]
enum Part<'a> {
    /// What the whole build had in common.
    Head { version: std::borrow::Cow<'a, str>, messages: [u64; 2] },
    /// Files as they were written, without what they held: of an older program.
    #[serde(borrow)]
    Fingerprints(Vec<(&'a str, Fingerprint)>),
    /// The end of what a build wrote; without it something is missing.
    End,
    /// Files that were about to be written or removed.
    #[serde(borrow)]
    Intent(Vec<&'a str>),
    /// Files as they were written.
    #[serde(borrow)]
    Written(Vec<(&'a str, Written)>),
}

impl Manifest {
    /// Reads the manifest of an output folder; `None` when it holds none.
    ///
    /// # Errors
    /// Whatever the system says but `NotFound`; an error too when it is not a regular file, or a giant.
    pub(crate) fn read(output: &Folder) -> io::Result<Option<Self>> {
        match output.read(Path::new(FILE_NAME), MAX_FILE + 1) {
            Ok((_, stat)) if stat.len > MAX_FILE => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than 1 GiB"))
            }
            Ok((bytes, _)) => Ok(Some(Self::parse(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Appends the paths that are about to be written or removed.
    ///
    /// # Errors
    /// As [`Folder::append`].
    pub(crate) fn intend(output: &Folder, paths: &[&OutPath]) -> io::Result<()> {
        let name = Path::new(FILE_NAME);
        let mut bytes = if output.stat(name).is_ok() { Vec::new() } else { Self::default().encoded() };
        push(&mut bytes, &Part::Intent(paths.iter().map(|path| path.as_str()).collect()));
        output.append(name, &bytes)
    }

    /// Writes a finished build's manifest into a folder, from where it is put in place.
    ///
    /// # Errors
    /// As [`Folder::create`].
    pub(crate) fn save(&self, folder: &Folder) -> io::Result<()> {
        folder.create(Path::new(FILE_NAME))?.write_all(&self.encoded())
    }

    fn encoded(&self) -> Vec<u8> {
        let messages = self.messages.map(|count| count as u64);
        let mut bytes = HEAD.as_bytes().to_vec();
        push(&mut bytes, &Part::Head { version: env!("CARGO_PKG_VERSION").into(), messages });
        let entries: Vec<_> =
            self.entries.iter().map(|(path, written)| (path.as_str(), written.unwrap_or_default())).collect();
        let blocks: Vec<Vec<u8>> =
            entries.par_chunks(BLOCK).map(|block| encoded(&Part::Written(block.to_vec()))).collect();
        for block in blocks {
            records::push(&mut bytes, &block);
        }
        push(&mut bytes, &Part::End);
        bytes
    }

    /// The manifest of a site that is in place: nothing is uncertain any more but what no page has as its fingerprint.
    pub(crate) fn settled(mut self, messages: [usize; 2]) -> Self {
        for written in self.entries.values_mut() {
            written.get_or_insert_default();
        }
        Self { messages, entries: self.entries, damage: None, lossy: false }
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        let Some(parts) = bytes.strip_prefix(HEAD.as_bytes()) else {
            manifest.damaged("it is damaged or of another version");
            return manifest;
        };
        let (mut version, mut ended) = (None, false);
        for part in records::parts(parts) {
            match part.and_then(|bytes| postcard::from_bytes::<Part<'_>>(bytes).ok()) {
                Some(Part::Head { version: written_by, messages }) => {
                    version = Some(written_by.into_owned());
                    manifest.messages = messages.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
                }
                Some(Part::Fingerprints(entries)) => {
                    let entries = entries.into_iter();
                    manifest.take(entries.map(|(path, fingerprint)| (path, Written { fingerprint, content: None })));
                }
                Some(Part::Written(entries)) => manifest.take(entries.into_iter()),
                Some(Part::End) => ended = true,
                // Whatever an intent names is no longer certain.
                Some(Part::Intent(paths)) => {
                    manifest.entries.extend(paths.into_iter().filter_map(|path| Some((OutPath::new(path)?, None))));
                }
                None => manifest.damaged("a part of it is damaged"),
            }
        }
        if !ended && !manifest.lossy {
            manifest.damaged("its end is missing");
        }
        match version {
            Some(version) if version == env!("CARGO_PKG_VERSION") => {}
            Some(version) => manifest.distrust(&format!("it was written by version {version}")),
            None => manifest.distrust("its beginning is missing"),
        }
        manifest
    }

    fn take<'a>(&mut self, entries: impl Iterator<Item = (&'a str, Written)>) {
        self.entries.extend(entries.filter_map(|(path, written)| Some((OutPath::new(path)?, Some(written)))));
    }

    fn damaged(&mut self, what: &str) {
        self.lossy = true;
        self.damage = Some(what.to_owned());
    }

    /// Keeps the paths and believes nothing else.
    fn distrust(&mut self, why: &str) {
        self.damage.get_or_insert(why.to_owned());
        self.entries.values_mut().for_each(|written| *written = None);
    }
}

fn push(file: &mut Vec<u8>, part: &Part<'_>) {
    records::push(file, &encoded(part));
}

/// What is written here holds nothing that could fail to be.
fn encoded(part: &Part<'_>) -> Vec<u8> {
    postcard::to_stdvec(part).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> OutPath {
        OutPath::new(text).unwrap()
    }

    fn saved() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let fingerprint = Fingerprint { text: 7, ..Fingerprint::default() };
        let print = Written { fingerprint, content: Some(Content::from_bytes(b"x")) };
        let entries = [(path("a.html"), Some(print)), (path("b.html"), Some(print))].into();
        Manifest { messages: [0, 2], entries, ..Manifest::default() }.save(&folder).unwrap();
        (dir, folder)
    }

    #[test]
    fn what_was_saved_is_read() {
        let (_dir, folder) = saved();
        let manifest = Manifest::read(&folder).unwrap().unwrap();
        assert_eq!(manifest.messages, [0, 2]);
        assert!(manifest.entries.values().all(|print| print.is_some_and(|print| print.fingerprint.text == 7)));
        assert_eq!(manifest.damage, None);
    }

    #[test]
    fn a_manifest_of_before_is_read_without_what_the_files_held() {
        let fingerprint = Fingerprint { text: 7, ..Fingerprint::default() };
        let mut bytes = HEAD.as_bytes().to_vec();
        push(&mut bytes, &Part::Head { version: env!("CARGO_PKG_VERSION").into(), messages: [0, 1] });
        push(&mut bytes, &Part::Fingerprints(vec![("a.html", fingerprint)]));
        push(&mut bytes, &Part::End);
        let manifest = Manifest::parse(&bytes);
        let written = Written { fingerprint, content: None };
        assert_eq!((manifest.damage, manifest.entries), (None, [(path("a.html"), Some(written))].into()));
    }

    #[test]
    fn an_intent_makes_its_paths_uncertain() {
        let (_dir, folder) = saved();
        Manifest::intend(&folder, &[&path("b.html"), &path("c.html")]).unwrap();
        let manifest = Manifest::read(&folder).unwrap().unwrap();
        let uncertain: Vec<_> =
            manifest.entries.iter().filter(|(_, print)| print.is_none()).map(|(path, _)| path.as_str()).collect();
        assert_eq!(uncertain, ["b.html", "c.html"]);
    }

    #[test]
    fn damage_anywhere_is_survived() {
        let (dir, folder) = saved();
        Manifest::intend(&folder, &[&path("c.html")]).unwrap();
        let file = dir.path().join(FILE_NAME);
        let bytes = std::fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            std::fs::write(&file, &bytes[..at]).unwrap();
            let manifest = Manifest::read(&folder).unwrap().unwrap();
            assert!(manifest.lossy || manifest.entries.len() >= 2, "nothing is lost unnoticed at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            std::fs::write(&file, &flipped).unwrap();
            let manifest = Manifest::read(&folder).unwrap().unwrap();
            assert!(manifest.entries.values().flatten().all(|print| print.fingerprint.text == 7));
        }
    }
}

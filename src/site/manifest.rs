//! What was written last time, kept in the output that it describes.
//!
//! Owns one hidden file at the site's root: each path with its fingerprint, and how many messages the boxes had. Before
//! anything is changed the paths at stake are appended as an intent, so that a build that is cut off is known to be, and
//! the next one mends it. A file of another version, or a damaged one, still names its paths as far as it can be read.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::whole;

use super::fingerprint::Fingerprint;
use super::out_path::OutPath;

/// The file's name at the site's root.
pub const FILE_NAME: &str = ".missive-manifest";

const HEAD: &str = "missive manifest 1\n";

/// What was written last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// How many messages the inbox and the outbox had.
    pub messages: [usize; 2],
    /// Each path; without a fingerprint if it is not certain what is there.
    pub entries: BTreeMap<OutPath, Option<Fingerprint>>,
    /// What was wrong with the file, for those who ask.
    pub damage: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Base {
    version: String,
    messages: [u64; 2],
    entries: Vec<(OutPath, Fingerprint)>,
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
        let record = record(&paths);
        let path = output.join(FILE_NAME);
        let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(&record)
    }

    /// Writes a finished build's manifest in one step.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub(super) fn save(output: &Path, messages: [usize; 2], entries: Vec<(OutPath, Fingerprint)>) -> io::Result<()> {
        let base = Base {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            messages: messages.map(|count| count as u64),
            entries,
        };
        let mut bytes = HEAD.as_bytes().to_vec();
        bytes.extend_from_slice(&record(&base));
        whole::replace(&output.join(FILE_NAME), &bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        let Some((base, mut rest)) = bytes.strip_prefix(HEAD.as_bytes()).and_then(next_record) else {
            manifest.damage = Some("it is damaged or of another version".to_owned());
            // A build may have been cut off before its first manifest: intents alone.
            manifest.take_intents(bytes.strip_prefix(HEAD.as_bytes()).unwrap_or(bytes));
            return manifest;
        };
        match base.sound().and_then(|bytes| postcard::from_bytes::<Base>(bytes).ok()) {
            Some(base) => manifest.take_base(base),
            None => manifest.damage = Some("it is damaged".to_owned()),
        }
        while let Some((record, after)) = next_record(rest) {
            if let Some(bytes) = record.sound() {
                manifest.forget(bytes);
            }
            rest = after;
        }
        manifest
    }

    fn take_base(&mut self, base: Base) {
        let same_version = base.version == env!("CARGO_PKG_VERSION");
        self.messages = base.messages.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        if !same_version {
            self.damage = Some(format!("it was written by version {}", base.version));
        }
        self.entries = base.entries.into_iter().map(|(path, print)| (path, same_version.then_some(print))).collect();
    }

    fn take_intents(&mut self, mut bytes: &[u8]) {
        while let Some((record, after)) = next_record(bytes) {
            if let Some(bytes) = record.sound() {
                self.forget(bytes);
            }
            bytes = after;
        }
    }

    /// Whatever an intent names is no longer certain.
    fn forget(&mut self, bytes: &[u8]) {
        for path in postcard::from_bytes::<Vec<OutPath>>(bytes).unwrap_or_default() {
            self.entries.insert(path, None);
        }
    }

    /// Only paths that stay within the output are ever looked at.
    pub(super) fn sane(mut self) -> Self {
        self.entries.retain(|path, _| OutPath::new(path.as_str()).is_some());
        self
    }
}

/// Length, checksum, bytes.
fn record<T: Serialize>(value: &T) -> Vec<u8> {
    // What is written here holds nothing that could fail to be.
    let bytes = postcard::to_stdvec(value).unwrap_or_default();
    let mut record = (bytes.len() as u64).to_le_bytes().to_vec();
    record.extend_from_slice(&checksum(&bytes));
    record.extend_from_slice(&bytes);
    record
}

struct Record<'a> {
    checksum: [u8; 8],
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    fn sound(&self) -> Option<&'a [u8]> {
        (checksum(self.bytes) == self.checksum).then_some(self.bytes)
    }
}

fn next_record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some((Record { checksum: *checksum, bytes }, rest))
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut sum);
    sum
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
        Manifest::save(dir.path(), [0, 2], vec![(path("a.html"), print), (path("b.html"), print)]).unwrap();
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

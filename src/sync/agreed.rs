//! On which content of each file a box and its document agreed last.
//!
//! Owns the record and its file in the node's store. Without it nothing is lost: what lies in the box is read once more, and
//! agrees or does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;
use super::item::Item;
use super::mirror::Hash;
use crate::disk::beneath::Stat;
use crate::disk::{record, whole};

/// What is known of a file since the two agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The content.
    pub hash: Hash,
    /// The file's length, its time of modification and its inode when it had that content.
    pub looks: Looks,
    /// Whether the file began here, and not in the document.
    pub ours: bool,
}

/// By what a file is known to be unchanged without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    len: u64,
    modified: i64,
    changed: i64,
    inode: u64,
}

impl From<&Stat> for Looks {
    fn from(stat: &Stat) -> Self {
        Self { len: stat.len, modified: stat.modified, changed: stat.changed, inode: stat.inode }
    }
}

impl Looks {
    /// Whether it is the same file with the same content, although something else about it may have changed: who may read it,
    /// or by how many names.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.len, self.modified, self.inode) == (other.len, other.modified, other.inode)
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The record of a box.
#[derive(Debug)]
pub struct Agreed {
    path: PathBuf,
    files: BTreeMap<Item, Agreement>,
    is_saved: bool,
}

/// The form of the file.
const VERSION: u8 = 1;

impl Agreed {
    /// Reads the record at `path`; a damaged or missing one is empty.
    pub fn read(path: PathBuf) -> Self {
        let files = std::fs::read(&path).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default();
        Self { path, files, is_saved: true }
    }

    /// What was agreed on about a file.
    pub fn get(&self, item: &Item) -> Option<&Agreement> {
        self.files.get(item)
    }

    /// All files that were agreed on.
    pub fn files(&self) -> &BTreeMap<Item, Agreement> {
        &self.files
    }

    /// Notes an agreement.
    pub fn set(&mut self, item: Item, agreement: Agreement) {
        if self.files.get(&item) != Some(&agreement) {
            self.files.insert(item, agreement);
            self.is_saved = false;
        }
    }

    /// Notes that neither has the file any more.
    pub fn forget(&mut self, item: &Item) {
        self.is_saved &= self.files.remove(item).is_none();
    }

    /// Whether there is something to save.
    pub fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// Saves the record, if it changed.
    ///
    /// # Errors
    /// [`Error::Io`]; it is saved next time then.
    pub fn save(&mut self) -> Result<(), Error> {
        if self.is_saved {
            return Ok(());
        }
        let rows: Vec<(&[u8], &Agreement)> = self.files.iter().map(|(item, of)| (item.as_bytes(), of)).collect();
        let rows = postcard::to_allocvec(&rows).map_err(std::io::Error::other)?;
        let mut bytes = vec![VERSION];
        record::push(&mut bytes, &rows);
        if let Some(above) = self.path.parent() {
            fs_err::create_dir_all(above)?;
        }
        whole::replace(&self.path, &bytes)?;
        self.is_saved = true;
        Ok(())
    }

    /// Removes the record at `path`.
    pub fn remove(path: &Path) {
        let _ = std::fs::remove_file(path);
    }
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<Item, Agreement>> {
    let (&VERSION, rest) = bytes.split_first()? else {
        return None;
    };
    let rows: Vec<(Vec<u8>, Agreement)> = postcard::from_bytes(record::parts(rest).next()??).ok()?;
    rows.into_iter().map(|(path, agreement)| Some((Item::parse(&path)?, agreement))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_or_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/record");
        let item = Item::parse(b"2013-08-11T14-34-37Z.txt").unwrap();
        let looks = Looks { len: 1, modified: 2, changed: 3, inode: 4 };
        let agreement = Agreement { hash: [1; 32], looks, ours: true };
        let mut agreed = Agreed::read(path.clone());
        agreed.set(item.clone(), agreement);
        assert!(!agreed.is_saved());
        agreed.save().unwrap();
        assert_eq!(Agreed::read(path.clone()).get(&item), Some(&agreement));
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(Agreed::read(path).files().is_empty());
    }
}

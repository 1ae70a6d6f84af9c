//! On which content of each file a box and its document agreed last.
//!
//! Owns the record and its file in the node's store, to which each change is appended. Without it nothing is lost: what lies in
//! the box is read once more, and agrees or does not.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Error;
use super::item::Item;
use super::mirror::Hash;
use crate::disk::beneath::Stat;
use crate::disk::{private, record, whole};

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
    /// What differs from the file.
    unsaved: BTreeMap<Item, Option<Agreement>>,
    /// How many rows the file has; `None` when it is to be written anew.
    rows: Option<usize>,
}

/// A file's path and what was agreed on, or that neither has it any more.
type Row<'a> = (&'a [u8], Option<&'a Agreement>);

/// So many rows that count no more are no reason to write the file anew.
const SPARE: usize = 1000;

impl Agreed {
    /// Reads the record at `path`; what is damaged or missing is as if it had never been noted.
    pub fn read(path: PathBuf) -> Self {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let (mut files, mut rows) = (BTreeMap::new(), Some(0));
        for part in record::parts(&bytes) {
            let Some(part) = part.and_then(parse) else {
                // What is appended behind damage is not found again.
                rows = None;
                continue;
            };
            rows = rows.map(|rows| rows + part.len());
            for (item, agreement) in part {
                match agreement {
                    Some(agreement) => drop(files.insert(item, agreement)),
                    None => drop(files.remove(&item)),
                }
            }
        }
        Self { path, files, unsaved: BTreeMap::new(), rows }
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
            self.unsaved.insert(item.clone(), Some(agreement));
            self.files.insert(item, agreement);
        }
    }

    /// Notes that neither has the file any more.
    pub fn forget(&mut self, item: &Item) {
        if self.files.remove(item).is_some() {
            self.unsaved.insert(item.clone(), None);
        }
    }

    /// Saves what changed, at the cost of what changed.
    ///
    /// # Errors
    /// [`Error::Io`]; it is saved next time then.
    pub fn save(&mut self) -> Result<(), Error> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        match self.rows {
            Some(rows) if rows + self.unsaved.len() <= 2 * self.files.len() + SPARE => {
                self.append()?;
                self.rows = Some(rows + self.unsaved.len());
            }
            _ => {
                let all: Vec<Row> = self.files.iter().map(|(item, of)| (item.as_bytes(), Some(of))).collect();
                self.make_folder()?;
                whole::replace(&self.path, &part(&all)?)?;
                self.rows = Some(all.len());
            }
        }
        self.unsaved.clear();
        Ok(())
    }

    fn append(&self) -> Result<(), Error> {
        self.make_folder()?;
        let rows: Vec<Row> = self.unsaved.iter().map(|(item, of)| (item.as_bytes(), of.as_ref())).collect();
        let mut file = fs_err::File::options().create(true).append(true).open(&self.path)?;
        Ok(file.write_all(&part(&rows)?)?)
    }

    fn make_folder(&self) -> Result<(), Error> {
        Ok(self.path.parent().map_or(Ok(()), private::folder)?)
    }
}

fn part(rows: &[Row]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    record::push(&mut bytes, &postcard::to_allocvec(rows).map_err(io::Error::other)?);
    Ok(bytes)
}

fn parse(part: &[u8]) -> Option<Vec<(Item, Option<Agreement>)>> {
    let rows: Vec<(Vec<u8>, Option<Agreement>)> = postcard::from_bytes(part).ok()?;
    rows.into_iter().map(|(path, agreement)| Some((Item::parse(&path)?, agreement))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(second: u32) -> Item {
        Item::parse(format!("2013-08-11T14-34-{second:02}Z.txt").as_bytes()).unwrap()
    }

    fn agreement(number: u8) -> Agreement {
        Agreement { hash: [number; 32], looks: Looks { len: 1, modified: 2, changed: 3, inode: 4 }, ours: true }
    }

    #[test]
    fn it_comes_back_and_costs_what_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/record");
        let mut agreed = Agreed::read(path.clone());
        (0..50).for_each(|second| agreed.set(item(second), agreement(1)));
        agreed.save().unwrap();
        let whole = std::fs::metadata(&path).unwrap().len();
        agreed.set(item(7), agreement(2));
        agreed.forget(&item(8));
        agreed.save().unwrap();
        agreed.save().unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < whole + whole / 10);
        let again = Agreed::read(path);
        assert_eq!((again.get(&item(7)), again.get(&item(8))), (Some(&agreement(2)), None));
        assert_eq!(again.files(), agreed.files());
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut agreed = Agreed::read(path.clone());
        for number in 0..3000_u32 {
            agreed.set(item(number % 2), agreement(number.to_le_bytes()[0]));
            agreed.save().unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 200 * SPARE as u64);
        assert_eq!(Agreed::read(path).files(), agreed.files());
    }

    #[test]
    fn damage_costs_no_more_than_what_it_hit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut agreed = Agreed::read(path.clone());
        for second in 0..3 {
            agreed.set(item(second), agreement(1));
            agreed.save().unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let mut cut = Agreed::read(path.clone());
        assert_eq!(cut.files().keys().cloned().collect::<Vec<_>>(), [item(0), item(1)]);
        cut.set(item(5), agreement(5));
        cut.save().unwrap();
        assert_eq!(Agreed::read(path).files(), cut.files(), "nothing is appended behind damage");
    }
}

//! Something that is noted of each of a box's files, and kept on disk.
//!
//! Owns the file, to which each change is appended, and which is written anew when most of its rows count no more.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fs::{atomic_write, private, records};
use crate::sync::error::Error;
use crate::sync::replica::item::Item;

/// A record of a box's files.
#[derive(Debug)]
pub struct ItemLog<V> {
    path: PathBuf,
    files: BTreeMap<Item, V>,
    /// What differs from the file.
    unsaved: BTreeMap<Item, Option<V>>,
    /// How many rows the file has; `None` when it is to be written anew.
    rows: Option<usize>,
}

/// A file's path and what is noted of it, or that nothing is any more.
type Row<'a, V> = (&'a [u8], Option<&'a V>);

/// So many rows that count no more are no reason to write the file anew.
const SPARE: usize = 1000;

impl<V: Clone + PartialEq + Serialize + DeserializeOwned> ItemLog<V> {
    /// Reads the record at `path`; what is damaged or missing is as if it had never been noted.
    pub fn read(path: PathBuf) -> Self {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let (mut files, mut rows) = (BTreeMap::new(), Some(0));
        for part in records::parts(&bytes) {
            let Some(part) = part.and_then(parse::<V>) else {
                // What is appended behind damage is not found again.
                rows = None;
                continue;
            };
            rows = rows.map(|rows| rows + part.len());
            for (item, noted) in part {
                match noted {
                    Some(noted) => drop(files.insert(item, noted)),
                    None => drop(files.remove(&item)),
                }
            }
        }
        Self { path, files, unsaved: BTreeMap::new(), rows }
    }

    /// What is noted of a file.
    pub fn get(&self, item: &Item) -> Option<&V> {
        self.files.get(item)
    }

    /// All files of which something is noted.
    pub fn files(&self) -> &BTreeMap<Item, V> {
        &self.files
    }

    /// Notes something of a file.
    pub fn set(&mut self, item: Item, noted: V) {
        if self.files.get(&item) != Some(&noted) {
            self.unsaved.insert(item.clone(), Some(noted.clone()));
            self.files.insert(item, noted);
        }
    }

    /// Notes nothing of a file any more.
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
                let all: Vec<Row<V>> = self.files.iter().map(|(item, of)| (item.as_bytes(), Some(of))).collect();
                self.make_folder()?;
                atomic_write::replace(&self.path, &part(&all)?)?;
                self.rows = Some(all.len());
            }
        }
        self.unsaved.clear();
        Ok(())
    }

    fn append(&self) -> Result<(), Error> {
        self.make_folder()?;
        let rows: Vec<Row<V>> = self.unsaved.iter().map(|(item, of)| (item.as_bytes(), of.as_ref())).collect();
        let mut file = fs_err::File::options().create(true).append(true).open(&self.path)?;
        Ok(file.write_all(&part(&rows)?)?)
    }

    fn make_folder(&self) -> Result<(), Error> {
        Ok(self.path.parent().map_or(Ok(()), private::folder)?)
    }
}

fn part<V: Serialize>(rows: &[Row<V>]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    records::push(&mut bytes, &postcard::to_allocvec(rows).map_err(io::Error::other)?);
    Ok(bytes)
}

fn parse<V: DeserializeOwned>(part: &[u8]) -> Option<Vec<(Item, Option<V>)>> {
    let rows: Vec<(Vec<u8>, Option<V>)> = postcard::from_bytes(part).ok()?;
    rows.into_iter().map(|(path, noted)| Some((Item::parse(&path)?, noted))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(second: u32) -> Item {
        Item::parse(format!("2013-08-11T14-34-{second:02}Z.txt").as_bytes()).unwrap()
    }

    fn noted(number: u8) -> u64 {
        u64::from(number)
    }

    fn read(path: &std::path::Path) -> ItemLog<u64> {
        ItemLog::read(path.to_owned())
    }

    #[test]
    fn it_comes_back_and_costs_what_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/record");
        let mut agreed = read(&path);
        (0..50).for_each(|second| agreed.set(item(second), noted(1)));
        agreed.save().unwrap();
        let whole = std::fs::metadata(&path).unwrap().len();
        agreed.set(item(7), noted(2));
        agreed.forget(&item(8));
        agreed.save().unwrap();
        agreed.save().unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < whole + whole / 10);
        let again = read(&path);
        assert_eq!((again.get(&item(7)), again.get(&item(8))), (Some(&noted(2)), None));
        assert_eq!(again.files(), agreed.files());
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut agreed = read(&path);
        for number in 0..3000_u32 {
            agreed.set(item(number % 2), noted(number.to_le_bytes()[0]));
            agreed.save().unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 200 * SPARE as u64);
        assert_eq!(read(&path).files(), agreed.files());
    }

    #[test]
    fn damage_costs_no_more_than_what_it_hit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut agreed = read(&path);
        for second in 0..3 {
            agreed.set(item(second), noted(1));
            agreed.save().unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let mut cut = read(&path);
        assert_eq!(cut.files().keys().cloned().collect::<Vec<_>>(), [item(0), item(1)]);
        cut.set(item(5), noted(5));
        cut.save().unwrap();
        assert_eq!(read(&path).files(), cut.files(), "nothing is appended behind damage");
    }
}

//! Something that is noted of each of a box's files, in the form of a log: each change is appended, and all is written anew when
//! most of the rows count no more.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fs::records;
use crate::sync::replica::item::Item;
use crate::sync::replica::packed::packed;

/// A record of a box's files.
#[derive(Debug)]
pub struct ItemLog<V> {
    files: BTreeMap<Item, V>,
    /// What differs from the log on disk.
    unsaved: BTreeMap<Item, Option<V>>,
    /// How many rows the log on disk has; `None` when it is to be written anew.
    rows: Option<usize>,
    /// Whether what was written last did not reach the disk.
    is_stale: bool,
}

/// What is to be written to the log on disk.
#[derive(Debug, PartialEq, Eq)]
pub enum Write {
    /// These bytes, behind those that are there.
    Append(Vec<u8>),
    /// These bytes, instead of those that are there.
    Replace(Vec<u8>),
}

/// A file's path and what is noted of it, or that nothing is any more.
type Row<'a, V> = (&'a [u8], Option<&'a V>);

/// So many rows that count no more are no reason to write the log anew.
const SPARE_ROWS: usize = 1000;

impl<V: Clone + PartialEq + Serialize + DeserializeOwned> ItemLog<V> {
    /// Reads a log; what is damaged is as if it had never been noted.
    pub fn decode(bytes: &[u8]) -> Self {
        let (mut files, mut rows) = (BTreeMap::new(), Some(0));
        for part in records::parts(bytes) {
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
        Self { files: packed(files), unsaved: BTreeMap::new(), rows, is_stale: false }
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

    /// What is to be written so that the log on disk says the same, at the cost of what changed; `None` when it does.
    ///
    /// # Errors
    /// When a value has no form as bytes.
    pub fn unsaved(&self) -> Result<Option<Write>, postcard::Error> {
        if self.unsaved.is_empty() && !self.is_stale {
            return Ok(None);
        }
        let is_appended = self.rows.is_some_and(|rows| rows + self.unsaved.len() <= 2 * self.files.len() + SPARE_ROWS);
        if is_appended {
            let rows: Vec<Row<V>> = self.unsaved.iter().map(|(item, of)| (item.as_bytes(), of.as_ref())).collect();
            return Ok(Some(Write::Append(part(&rows)?)));
        }
        let rows: Vec<Row<V>> = self.files.iter().map(|(item, of)| (item.as_bytes(), Some(of))).collect();
        Ok(Some(Write::Replace(part(&rows)?)))
    }

    /// Notes that this was written.
    pub fn saved(&mut self, write: &Write) {
        self.rows = match write {
            Write::Append(_) => self.rows.map(|rows| rows + self.unsaved.len()),
            Write::Replace(_) => Some(self.files.len()),
        };
        self.unsaved.clear();
        self.is_stale = false;
    }

    /// Notes that what was written last did not reach the disk: all is written anew.
    pub fn rewrite(&mut self) {
        (self.rows, self.is_stale) = (None, true);
    }
}

fn part<V: Serialize>(rows: &[Row<V>]) -> Result<Vec<u8>, postcard::Error> {
    let mut bytes = Vec::new();
    records::push(&mut bytes, &postcard::to_allocvec(rows)?);
    Ok(bytes)
}

fn parse<V: DeserializeOwned>(part: &[u8]) -> Option<Vec<(Item, Option<V>)>> {
    let rows: Vec<(Vec<u8>, Option<V>)> = postcard::from_bytes(part).ok()?;
    rows.into_iter().map(|(path, noted)| Some((Item::parse(&path)?, noted))).collect()
}

//! What is known of the box on disk: its tree, what its files hold, and the baseline.

use std::collections::BTreeMap;

use crate::fs::confined::Stat;
use crate::sync::replica::baseline::{Baseline, BaselineFile, StatFingerprint};
use crate::sync::replica::event::{FileRead, Listing, Profiles};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Hash, Local};
use crate::sync::replica::packed::packed;
use crate::sync::replica::tree::Tree;

/// Of what the store was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Of nothing yet.
    Nothing,
    /// Of all.
    All,
    /// Of all, before everything was looked at last.
    AllBefore,
}

/// What is known of a box on disk.
#[derive(Debug)]
pub struct LocalBox {
    /// Its files.
    pub tree: Tree,
    /// On which contents box and document agreed last.
    pub baseline: Baseline,
    /// What was read of files that box and document do not agree on.
    read: BTreeMap<Item, FileRead>,
    /// What the profiles say.
    pub profiles: Profiles,
    /// Whether it was listed.
    pub is_listed: bool,
    /// Whether the store was asked for what was agreed on: a node may be killed before contents are written down.
    pub checked: Checked,
}

impl LocalBox {
    /// Nothing was listed yet.
    pub fn new(baseline: Baseline) -> Self {
        Self {
            tree: Tree::default(),
            baseline,
            read: BTreeMap::new(),
            profiles: Profiles::default(),
            is_listed: false,
            checked: Checked::Nothing,
        }
    }

    /// Notes that box and document agree on a file.
    pub fn agree(&mut self, item: &Item, hash: Hash, stat: &Stat, ours: bool) {
        self.read.remove(item);
        self.tree.files.insert(item.clone(), *stat);
        self.baseline.set(item.clone(), BaselineFile { hash, stat: stat.into(), ours });
    }

    /// Takes in what was listed; gives the files that are or were there, where not everything was.
    pub fn list(&mut self, listing: Listing) -> Vec<Item> {
        self.profiles = listing.profiles;
        let Some(names) = listing.names else {
            self.is_listed = true;
            self.tree = Tree { files: packed(listing.tree.files), ..listing.tree };
            let tree = &self.tree;
            self.read.retain(|item, _| tree.files.contains_key(item));
            return Vec::new();
        };
        let mut touched = Vec::new();
        for name in &names {
            touched.extend(self.tree.at(name).cloned());
            self.tree.forget(name);
        }
        touched.extend(listing.tree.files.keys().cloned());
        self.tree.files.extend(listing.tree.files);
        self.tree.unreadable.extend(listing.tree.unreadable);
        touched
    }

    /// Takes in what was read of a file.
    pub fn note_read(&mut self, item: &Item, read: FileRead) {
        self.tree.files.insert(item.clone(), read.stat);
        self.read.insert(item.clone(), read);
    }

    /// Notes that a file is gone.
    pub fn note_gone(&mut self, item: &Item) {
        self.tree.files.remove(item);
        self.read.remove(item);
    }

    /// Whether the store is known to have what lies in the box, although box and document do not agree on it.
    pub fn is_stored(&self, item: &Item) -> bool {
        let fingerprint = self.fingerprint(item);
        self.read.get(item).is_some_and(|read| read.is_stored && Some((&read.stat).into()) == fingerprint)
    }

    /// How a file looks that was listed.
    pub fn fingerprint(&self, item: &Item) -> Option<StatFingerprint> {
        self.tree.files.get(item).map(StatFingerprint::from)
    }

    /// What lies in the box; `None` for a file whose content is not known.
    pub fn content(&self, item: &Item) -> Option<Local> {
        let Some(stat) = self.fingerprint(item) else {
            return Some(Local::Missing);
        };
        match (self.baseline.get(item), self.read.get(item)) {
            (Some(agreed), _) if agreed.stat == stat => Some(Local::Content(agreed.hash)),
            (_, Some(read)) if StatFingerprint::from(&read.stat) == stat => Some(Local::Content(read.hash)),
            _ => None,
        }
    }
}

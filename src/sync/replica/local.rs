//! What is known of the box on disk: its tree, what its files hold, and the baseline.

use std::collections::BTreeMap;

use crate::fs::confined::Stat;
use crate::sync::replica::baseline::{Baseline, BaselineFile, StatFingerprint};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Hash, Local};
use crate::sync::replica::tree::Tree;

/// What is known of a box on disk.
#[derive(Debug)]
pub struct LocalBox {
    /// Its files.
    pub tree: Tree,
    /// On which contents box and document agreed last.
    pub baseline: Baseline,
    /// What was read of files that box and document do not agree on.
    pub hashes: BTreeMap<Item, (StatFingerprint, Hash)>,
    /// Whether the store was asked for all that was shared: a node may be killed before contents are written down.
    pub is_store_checked: bool,
}

impl LocalBox {
    /// Nothing was listed yet.
    pub fn new(baseline: Baseline) -> Self {
        Self { tree: Tree::default(), baseline, hashes: BTreeMap::new(), is_store_checked: false }
    }

    /// Notes that box and document agree on a file.
    pub fn agree(&mut self, item: &Item, hash: Hash, stat: &Stat, ours: bool) {
        self.hashes.remove(item);
        self.tree.files.insert(item.clone(), *stat);
        self.baseline.set(item.clone(), BaselineFile { hash, stat: stat.into(), ours });
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
        match (self.baseline.get(item), self.hashes.get(item)) {
            (Some(agreed), _) if agreed.stat == stat => Some(Local::Content(agreed.hash)),
            (_, Some((then, hash))) if *then == stat => Some(Local::Content(*hash)),
            _ => None,
        }
    }
}

//! A channel's folder in memory: the box with its files, what was put aside in it, and the trash.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::{Kind, Stat};
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::simulation::content::Content;
use crate::sync::replica::tree::Tree;

/// A file of a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    pub(super) content: Content,
    pub(super) stat: Stat,
}

/// A channel's folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub(super) files: BTreeMap<Item, File>,
    /// Conflict copies, and what was kept in an inbox.
    pub(super) aside: Vec<(Item, Content)>,
    /// By the folder's name.
    pub(super) trash: BTreeMap<String, Vec<(Item, Content)>>,
    pub(super) authors: Option<Authors>,
    /// What a person has taken away for a while.
    pub(super) pocket: Vec<(Item, File)>,
    /// Whether the box can be listed.
    pub(super) is_there: bool,
    /// Whether the disk that it lies on is not there, and an empty folder is in its place.
    pub(super) is_blank: bool,
    /// Its place: another one when it, or the data folder, is renamed.
    pub(super) root: u32,
    inodes: u64,
}

impl Folder {
    pub(super) fn new(root: u32) -> Self {
        Self { is_there: true, root, ..Self::default() }
    }

    /// A file that is written now, in nanoseconds since 1970.
    pub(super) fn put(&mut self, item: Item, content: Content, now: i64) -> Stat {
        self.inodes += 1;
        let stat = Stat { kind: Kind::File, len: content.len, modified: now, changed: now, inode: self.inodes };
        self.files.insert(item, File { content, stat });
        stat
    }

    /// A file that was written before and arrives now.
    pub(super) fn put_back(&mut self, item: Item, file: File, now: i64) {
        self.inodes += 1;
        let stat = Stat { changed: now, inode: self.inodes, ..file.stat };
        self.files.insert(item, File { stat, ..file });
    }

    /// A file, as the program sees it.
    pub(super) fn seen(&self, item: &Item) -> Option<&File> {
        self.files.get(item).filter(|_| !self.is_blank)
    }

    pub(super) fn fingerprint(&self, item: &Item) -> Option<StatFingerprint> {
        self.files.get(item).map(|file| StatFingerprint::from(&file.stat))
    }

    /// What lies in the box, or at these first names of paths in it.
    pub(super) fn tree(&self, names: Option<&BTreeSet<OsString>>) -> Tree {
        let is_meant = |item: &Item| {
            !self.is_blank
                && names.is_none_or(|names| item.path().iter().next().is_some_and(|first| names.contains(first)))
        };
        let files = self.files.iter().filter(|(item, _)| is_meant(item));
        Tree { files: files.map(|(item, file)| (item.clone(), file.stat)).collect(), unreadable: BTreeSet::new() }
    }

    /// Whether a content is in any file, also in what a person has in their pocket.
    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.files.values().any(|file| file.content.hash == *hash)
            || self.aside.iter().any(|(_, content)| content.hash == *hash)
            || self.trash.values().flatten().any(|(_, content)| content.hash == *hash)
            || self.pocket.iter().any(|(_, file)| file.content.hash == *hash)
    }

    pub(super) fn discard(&mut self, folder: String, item: &Item, content: Content) {
        self.trash.entry(folder).or_default().push((item.clone(), content));
    }

    /// The files of a message: its text, and what lies in its folder.
    pub(super) fn of_message(&self, stamp: Stamp) -> Vec<Item> {
        self.files.keys().filter(|item| item.stamp() == Some(stamp)).cloned().collect()
    }

    pub(super) fn trash_count(&self) -> usize {
        self.trash.values().map(Vec::len).sum()
    }
}

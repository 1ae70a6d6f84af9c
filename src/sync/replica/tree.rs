//! What of a box is replicated, as it lies on disk now.
//!
//! Owns the listing of a box into items with their `stat`, and looking again at some of them. Refuses to open a file: what
//! cannot be listed is named, so that nobody takes it for deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::channel::protocol::classify::{Found, FoundAttachment, classify, classify_attachment};
use crate::channel::protocol::entry::MAX_DEPTH;
use crate::fs::confined::{Folder, Kind, Stat};
use crate::sync::replica::item::Item;

/// The files of a box.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Those that are there.
    pub files: BTreeMap<Item, Stat>,
    /// Paths of folders and files that the system does not let us look at.
    pub unreadable: BTreeSet<Box<[u8]>>,
}

impl Tree {
    /// Lists a box.
    ///
    /// # Errors
    /// When the box itself cannot be listed.
    pub fn of(folder: &Folder) -> io::Result<Self> {
        let mut tree = Self::default();
        for (name, kind) in folder.list()? {
            tree.take_in(folder, &name, kind);
        }
        Ok(tree)
    }

    /// Looks again at what lies at the first name of a path in the box, and below it.
    pub fn look_again(&mut self, folder: &Folder, first: &OsStr) {
        let name = first.as_bytes();
        for item in self.at(first).cloned().collect::<Vec<_>>() {
            self.files.remove(&item);
        }
        self.unreadable.retain(|path| **path != *name && !is_below(path, name));
        match folder.stat(Path::new(first)) {
            Ok(stat) => self.take_in(folder, first, stat.kind),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => drop(self.unreadable.insert(name.into())),
        }
    }

    /// The files of this first name, or below it.
    pub fn at(&self, first: &OsStr) -> impl Iterator<Item = &Item> {
        let name = first.as_bytes();
        let from = (Bound::Included(name), Bound::Unbounded);
        let near = self.files.range::<[u8], _>(from).map(|(item, _)| item);
        near.take_while(move |item| item.as_bytes().starts_with(name))
            .filter(move |item| item.as_bytes() == name || is_below(item.as_bytes(), name))
    }

    /// Whether an item may be there although it is not among the files.
    pub fn hides(&self, item: &Item) -> bool {
        self.unreadable.iter().any(|path| **path == *item.as_bytes() || is_below(item.as_bytes(), path))
    }

    fn take_in(&mut self, folder: &Folder, name: &OsStr, kind: Kind) {
        match kind {
            Kind::File => self.file(folder, name.as_bytes()),
            Kind::Folder if matches!(classify(name, kind), Found::Folder(_)) => {
                self.below(folder, name.as_bytes(), 0);
            }
            Kind::Folder | Kind::Link | Kind::Other => {}
        }
    }

    fn below(&mut self, folder: &Folder, path: &[u8], depth: usize) {
        let listed = folder.child(Path::new(OsStr::from_bytes(path))).and_then(|child| child.list());
        let Ok(entries) = listed else {
            self.unreadable.insert(path.into());
            return;
        };
        for (name, kind) in entries {
            let path = [path, b"/", name.as_bytes()].concat();
            match classify_attachment(&name, kind) {
                FoundAttachment::File => self.file(folder, &path),
                FoundAttachment::Folder if depth + 1 < MAX_DEPTH => self.below(folder, &path, depth + 1),
                _ => {}
            }
        }
    }

    fn file(&mut self, folder: &Folder, path: &[u8]) {
        let Some(item) = Item::parse(path) else {
            return;
        };
        match folder.stat(item.path()) {
            Ok(stat) if stat.kind == Kind::File => drop(self.files.insert(item, stat)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => drop(self.unreadable.insert(path.into())),
        }
    }
}

/// Whether a path lies below another.
fn is_below(path: &[u8], above: &[u8]) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.first() == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "2013-08-11T14-34-37Z";

    fn names(tree: &Tree) -> Vec<String> {
        tree.files.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_no_part_of_the_channel_stays_here() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        };
        for name in [
            &format!("{X}.txt"),
            &format!("{X}/a.jpg"),
            &format!("{X}/b/c.txt"),
            &format!("{X}/.hidden"),
            &format!("{X}.txt.!sync"),
            ".channel.toml",
            ".icon.png",
            ".authors.toml",
            "notes.md",
            "other/a.jpg",
            ".missive-tmp-1-2",
            &format!("{X}.sync-conflict-20260101-120000-ABCDEFG.txt"),
        ] {
            put(name);
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("2014-08-11T14-34-37Z.txt")).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let mut tree = Tree::of(&folder).unwrap();
        let all = [".channel.toml", ".icon.png", &format!("{X}.txt"), &format!("{X}/a.jpg"), &format!("{X}/b/c.txt")];
        assert_eq!(names(&tree), all);
        put("2015-01-01T00-00-00Z.txt");
        std::fs::remove_dir_all(dir.path().join(X)).unwrap();
        tree.look_again(&folder, OsStr::new("2015-01-01T00-00-00Z.txt"));
        tree.look_again(&folder, OsStr::new(X));
        assert_eq!(names(&tree), [".channel.toml", ".icon.png", &format!("{X}.txt"), "2015-01-01T00-00-00Z.txt"]);
    }
}

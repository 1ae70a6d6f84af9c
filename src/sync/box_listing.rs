//! Listing a box: which of its files are replicated, with their `stat`. No file is opened.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::channel::protocol::classify::{Found, FoundAttachment, classify, classify_attachment};
use crate::channel::protocol::entry::MAX_DEPTH;
use crate::fs::confined::{Folder, Kind};
use crate::sync::replica::item::Item;
use crate::sync::replica::tree::Tree;

/// Lists a box.
///
/// # Errors
/// When the box itself cannot be listed.
pub fn list(folder: &Folder) -> io::Result<Tree> {
    let mut tree = Tree::default();
    for (name, kind) in folder.list()? {
        take_in(&mut tree, folder, &name, kind);
    }
    Ok(tree)
}

/// Lists again what lies at the first name of a path in the box, and below it.
pub fn list_again(tree: &mut Tree, folder: &Folder, first: &OsStr) {
    tree.forget(first);
    match folder.stat(Path::new(first)) {
        Ok(stat) => take_in(tree, folder, first, stat.kind),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => drop(tree.unreadable.insert(first.as_bytes().into())),
    }
}

fn take_in(tree: &mut Tree, folder: &Folder, name: &OsStr, kind: Kind) {
    match kind {
        Kind::File => file(tree, folder, name.as_bytes()),
        Kind::Folder if matches!(classify(name, kind), Found::Folder(_)) => {
            below(tree, folder, name.as_bytes(), 0);
        }
        Kind::Folder | Kind::Link | Kind::Other => {}
    }
}

fn below(tree: &mut Tree, folder: &Folder, path: &[u8], depth: usize) {
    let listed = folder.child(Path::new(OsStr::from_bytes(path))).and_then(|child| child.list());
    let Ok(entries) = listed else {
        tree.unreadable.insert(path.into());
        return;
    };
    for (name, kind) in entries {
        let path = [path, b"/", name.as_bytes()].concat();
        match classify_attachment(&name, kind) {
            FoundAttachment::File => file(tree, folder, &path),
            FoundAttachment::Folder if depth + 1 < MAX_DEPTH => below(tree, folder, &path, depth + 1),
            _ => {}
        }
    }
}

fn file(tree: &mut Tree, folder: &Folder, path: &[u8]) {
    let Some(item) = Item::parse(path) else {
        return;
    };
    match folder.stat(item.path()) {
        Ok(stat) if stat.kind == Kind::File => drop(tree.files.insert(item, stat)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => drop(tree.unreadable.insert(path.into())),
    }
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
        let mut tree = list(&folder).unwrap();
        let all = [".channel.toml", ".icon.png", &format!("{X}.txt"), &format!("{X}/a.jpg"), &format!("{X}/b/c.txt")];
        assert_eq!(names(&tree), all);
        put("2015-01-01T00-00-00Z.txt");
        std::fs::remove_dir_all(dir.path().join(X)).unwrap();
        list_again(&mut tree, &folder, OsStr::new("2015-01-01T00-00-00Z.txt"));
        list_again(&mut tree, &folder, OsStr::new(X));
        assert_eq!(names(&tree), [".channel.toml", ".icon.png", &format!("{X}.txt"), "2015-01-01T00-00-00Z.txt"]);
    }
}

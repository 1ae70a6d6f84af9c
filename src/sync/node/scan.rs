//! Looking at a box and deciding about its files.
//!
//! Owns what is listed, hashed and compared again, and no more than that. The decision itself is `mirror.rs`'s. Refuses to change
//! anything on disk or in the document.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::fs::confined::{Folder, Kind, Stat};
use crate::sync::node::records::content;
use crate::sync::node::replica::{Keeper, Todo};
use crate::sync::replica::baseline::{Agreement, Looks};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Hash, Role, Step, There, Wanted, step};
use crate::sync::replica::tree::Tree;

impl Keeper {
    /// Lists the box again as far as there is something to do, and gives the files concerned; `None` when there is no box.
    pub(super) async fn look(&mut self, todo: Todo) -> Option<BTreeSet<Item>> {
        let (folder, mut tree) = (self.folder.clone(), std::mem::take(&mut self.tree));
        let (everything, paths) = (todo.everything, todo.paths);
        let mut items = todo.items;
        let looked = tokio::task::spawn_blocking(move || {
            let open = Folder::open(&folder)?;
            if everything {
                return Ok((Tree::of(&open)?, BTreeSet::new()));
            }
            let mut touched = BTreeSet::new();
            // All of one message are seen at one look.
            for first in paths.iter().filter_map(|path| path.iter().next()).collect::<BTreeSet<_>>() {
                touched.extend(tree.at(first).cloned());
                tree.look_again(&open, first);
                touched.extend(tree.at(first).cloned());
            }
            Ok::<_, io::Error>((tree, touched))
        });
        match looked.await {
            Ok(Ok((tree, touched))) => {
                self.tree = tree;
                items.extend(touched);
            }
            Ok(Err(error)) => {
                self.question = Some(format!("{} can't be looked at: {error}", self.folder.display()));
                self.todo = Todo::default();
                return None;
            }
            Err(_) => return None,
        }
        if everything {
            items.extend(self.tree.files.keys().chain(self.records.items()).chain(self.agreed.files().keys()).cloned());
        } else {
            // What the records say of may have come since the box was listed.
            for item in items.iter().filter(|item| !self.tree.files.contains_key(*item)).cloned().collect::<Vec<_>>() {
                self.restat(&item);
            }
        }
        Some(items)
    }

    /// Looks again at one file.
    pub(super) fn restat(&mut self, item: &Item) {
        match Folder::open(&self.folder).and_then(|folder| folder.stat(item.path())) {
            Ok(stat) if stat.kind == Kind::File => {
                self.tree.files.insert(item.clone(), stat);
            }
            _ => {
                self.tree.files.remove(item);
            }
        }
    }

    /// Decides about one file, reading it if that is needed.
    pub(super) async fn step(&mut self, item: &Item) -> Step {
        if self.tree.hides(item) {
            return Step::Rest;
        }
        let noted = self.agreed.get(item).copied();
        let wanted = self.records.wanted(item);
        let there = match self.there(item, noted.as_ref()) {
            Some(there) => there,
            // It is read when it is published.
            None if self.role_for(item) == Role::Writer && wanted == Wanted::Unknown && noted.is_none() => {
                return Step::Publish;
            }
            None => match self.read_file(item).await {
                Some(content) => There::Content(content),
                None => return Step::Rest,
            },
        };
        let agreed = self.agreed_on(item, noted.map(|noted| noted.hash), there).await;
        step(self.role_for(item), agreed, there, wanted)
    }

    /// On which content box and document agreed last. A node that is killed may not have noted that, but it shows: an entry that
    /// this device signed was the box's content once, and what a reader's store has was the author's.
    async fn agreed_on(&self, item: &Item, noted: Option<Hash>, there: There) -> Option<Hash> {
        let There::Content(there) = there else {
            return noted;
        };
        if noted == Some(there) {
            return noted;
        }
        let known = match self.role_for(item) {
            Role::Writer => {
                let signed =
                    self.records.latest(item).filter(|record| record.author == self.me && !record.is_deletion());
                signed.map(content)
            }
            Role::Reader => self.engine.store.blobs().has(there).await.unwrap_or(false).then_some(there),
        };
        known.or(noted)
    }

    /// Whether the document wants what lies in one's own box, but the store does not have it: a node that is killed may have made
    /// the entry and not written the content down.
    pub(super) async fn is_lost(&self, item: &Item) -> bool {
        let shared = self.records.latest(item).filter(|record| !record.empty && !record.is_deletion());
        match shared {
            Some(record) if self.role_for(item) == Role::Writer && self.tree.files.contains_key(item) => {
                !self.engine.store.blobs().has(record.hash).await.unwrap_or(true)
            }
            _ => false,
        }
    }

    /// What lies in the box; `None` for a file whose content is not known.
    fn there(&self, item: &Item, agreed: Option<&Agreement>) -> Option<There> {
        let Some(looks) = self.tree.files.get(item).map(Looks::from) else {
            return Some(There::Missing);
        };
        match (agreed, self.read.get(item)) {
            (Some(agreed), _) if agreed.looks == looks => Some(There::Content(agreed.hash)),
            (_, Some((then, hash))) if *then == looks => Some(There::Content(*hash)),
            _ => None,
        }
    }

    /// Reads what a file holds now.
    async fn read_file(&mut self, item: &Item) -> Option<Hash> {
        let (folder, path) = (self.folder.clone(), item.clone());
        let read = tokio::task::spawn_blocking(move || hash_of(&folder, &path)).await.ok()?;
        match read {
            Ok((stat, hash)) => {
                self.read.insert(item.clone(), (Looks::from(&stat), hash));
                self.tree.files.insert(item.clone(), stat);
                Some(hash)
            }
            Err(error) => {
                self.problem(format!("{item} can't be read: {error}"));
                None
            }
        }
    }
}

/// Hashes a file, whatever its length, and gives the `stat` of the very file.
fn hash_of(folder: &Path, item: &Item) -> io::Result<(Stat, Hash)> {
    let folder = Folder::open(folder)?;
    for _ in 0..2 {
        let (file, before) = folder.file(item.path())?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&file)?;
        if folder.stat(item.path()).ok() == Some(before) {
            return Ok((before, *hasher.finalize().as_bytes()));
        }
    }
    Err(io::Error::new(io::ErrorKind::Interrupted, "it keeps changing while missive reads it"))
}

//! Scanning a box: what changed in it is listed and, where that is needed, read; then it is decided what is to be done.
//!
//! The decision itself is `sync/replica/merge.rs`'s. Nothing is changed on disk or in the document.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use tracing::{debug, trace};

use crate::fs::confined::{Folder, Kind, Stat};
use crate::sync::box_listing;
use crate::sync::keys::folder_id::FolderMark;
use crate::sync::keys::{folder_id, whereabouts};
use crate::sync::node::hands::Hands;
use crate::sync::node::replica::Replica;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::item::Item;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::{Hash, Local, Remote, Role, Step, step};
use crate::sync::replica::records::{Records, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::todo::Todo;
use crate::sync::replica::tree::Tree;

impl Replica {
    /// Lists the box again as far as there is something to do, and gives the files concerned; `None` when there is no box.
    pub(super) async fn scan(&mut self, todo: Todo) -> Option<BTreeSet<Item>> {
        let (folder, mark) = (self.shared.folder.clone(), self.shared.document.folder.clone());
        let tree = std::mem::take(&mut self.local.tree);
        let Todo { everything, paths, mut items, .. } = todo;
        let firsts = paths.iter().filter_map(|path| path.iter().next().map(ToOwned::to_owned)).collect();
        let listed = tokio::task::spawn_blocking(move || list(&folder, mark.as_ref(), everything, tree, &firsts));
        match listed.await {
            Ok(Ok((tree, touched))) => {
                trace!(files = tree.files.len(), everything, "the box is listed");
                self.local.tree = tree;
                items.extend(touched);
            }
            Ok(Err(error)) => {
                debug!(error = %redacted(&error), "the box can't be listed");
                let channel = &self.shared.document.channel;
                self.condition.question = Some(whereabouts::question(channel, &self.shared.folder, &error));
                self.todo = Todo::default();
                return None;
            }
            // The runtime ends.
            Err(_) => return None,
        }
        if everything {
            let baseline = self.local.baseline.files().keys();
            items.extend(self.local.tree.files.keys().chain(self.records.items()).chain(baseline).cloned());
        } else {
            // What the records say of may have come since the box was listed.
            let unlisted = |item: &&Item| !self.local.tree.files.contains_key(*item);
            for item in items.iter().filter(unlisted).cloned().collect::<Vec<_>>() {
                restat(&self.shared, &mut self.local, &item);
            }
        }
        Some(items)
    }

    /// Decides about one file, reading it if that is needed.
    pub(super) async fn step(&mut self, item: &Item) -> Step {
        if self.local.tree.hides(item) {
            return Step::Nothing;
        }
        let role = self.shared.role_for(item);
        let remote = self.records.remote(item);
        let local = match self.local.content(item) {
            Some(local) => local,
            // It is read when it is published.
            None if role == Role::Writer && remote == Remote::Unknown && self.local.baseline.get(item).is_none() => {
                return Step::Publish;
            }
            None => match read_file(&self.shared, &mut self.local, &mut self.condition, item).await {
                Some(content) => Local::Content(content),
                None => return Step::Nothing,
            },
        };
        let noted = self.local.baseline.get(item).map(|agreed| agreed.hash);
        let baseline = baseline_of(&self.hands, &self.shared, &self.records, item, (noted, local)).await;
        step(role, baseline, local, remote)
    }

    /// Whether the document wants what lies in one's own box, but the store does not have it: a node that is killed may have made
    /// the entry and not written the content down.
    pub(super) async fn is_lost(&self, item: &Item) -> bool {
        let shared = self.records.latest(item).filter(|record| !record.empty && !record.is_deletion());
        match shared {
            Some(record) if self.shared.role_for(item) == Role::Writer && self.local.tree.files.contains_key(item) => {
                // A store that can't say so is not taken for one that has lost everything.
                !self.hands.engine.store.blobs().has(record.hash).await.unwrap_or(true)
            }
            _ => false,
        }
    }
}

/// Lists a box whole, or again what lies at some first names; gives the files that are or were there. Nothing is read in a folder
/// that was put in the place of the channel's.
fn list(
    folder: &Path,
    mark: Option<&FolderMark>,
    everything: bool,
    mut tree: Tree,
    firsts: &BTreeSet<std::ffi::OsString>,
) -> io::Result<(Tree, BTreeSet<Item>)> {
    let open = Folder::open(folder)?;
    if let Some(channel) = folder.parent() {
        folder_id::check(channel, mark).map_err(io::Error::other)?;
    }
    let mut touched = BTreeSet::new();
    if everything {
        return Ok((box_listing::list(&open)?, touched));
    }
    // All of one message are seen at one look.
    for first in firsts {
        touched.extend(tree.at(first).cloned());
        box_listing::list_again(&mut tree, &open, first);
        touched.extend(tree.at(first).cloned());
    }
    Ok((tree, touched))
}

/// Looks again at one file of a box.
pub(super) fn restat(shared: &SharedBox, local: &mut LocalBox, item: &Item) {
    match Folder::open(&shared.folder).and_then(|folder| folder.stat(item.path())) {
        Ok(stat) if stat.kind == Kind::File => {
            local.tree.files.insert(item.clone(), stat);
        }
        _ => {
            local.tree.files.remove(item);
        }
    }
}

/// On which content box and document agreed last: what was `noted`, unless the `local` content shows something else. A node that is
/// killed may not have noted that, but it shows: an entry that this device signed was the box's content once, and what a reader's
/// store has was the author's.
async fn baseline_of(
    hands: &Hands,
    shared: &SharedBox,
    records: &Records,
    item: &Item,
    (noted, local): (Option<Hash>, Local),
) -> Option<Hash> {
    let Local::Content(local) = local else {
        return noted;
    };
    if noted == Some(local) {
        return noted;
    }
    let known = match shared.role_for(item) {
        Role::Writer => {
            let signed = records.latest(item).filter(|record| record.author == shared.me && !record.is_deletion());
            signed.map(content)
        }
        // A store that can't say so is taken for one that does not have it: the file is kept then.
        Role::Reader => hands.engine.store.blobs().has(local).await.unwrap_or(false).then_some(local),
    };
    known.or(noted)
}

/// Reads what a file of a box holds now.
async fn read_file(shared: &SharedBox, local: &mut LocalBox, condition: &mut Condition, item: &Item) -> Option<Hash> {
    let (folder, path) = (shared.folder.clone(), item.clone());
    let read = tokio::task::spawn_blocking(move || hash_of(&folder, &path)).await.ok()?;
    match read {
        Ok((stat, hash)) => {
            local.hashes.insert(item.clone(), (StatFingerprint::from(&stat), hash));
            local.tree.files.insert(item.clone(), stat);
            Some(hash)
        }
        Err(error) => {
            debug!(?item, error = %redacted(&error), "a file of the box can't be read");
            condition.problem(format!("{item} can't be read: {error}"));
            None
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

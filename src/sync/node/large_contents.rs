//! Large contents: each lies on the disk once, although the store and a box have it both.
//!
//! What comes from others is the store's own file, and the box gets a second name of it (a hard link). What a person wrote is only
//! referred to by the store, with its absolute path, which the store then believes for ever: so a reference is tried, and where it
//! leads nowhere the content becomes the store's own too. A file of the store's own is found wherever the data folder lies.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fs_err as fs;
use iroh_blobs::BlobFormat;
use iroh_blobs::api::blobs::{AddPathOptions, BlobStatus, ImportMode};
use iroh_blobs::api::{Store, TempTag};
use iroh_blobs::store::ProtectCb;
use iroh_blobs::store::fs::options::PathOptions;
use tracing::{debug, warn};

use crate::fs::atomic_write;
use crate::fs::confined::{Folder, Stat};
use crate::lock::lock;
use crate::sync::hex;
use crate::sync::node::blocking::{blocking, ended};
use crate::sync::node::fetch::LARGE;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// Contents of which the store does not know how it stands with them.
#[derive(Clone, Default)]
pub(super) struct Marks {
    /// They have come since the node runs, and nobody else had a name for their files since.
    fresh: Arc<Mutex<BTreeSet<Hash>>>,
    /// The store says that it has them, but can't give them.
    given_up: Arc<Mutex<BTreeSet<Hash>>>,
}

impl Marks {
    /// What is protected when the store collects what nobody needs, but for what it can't give: that is fetched again then.
    pub(super) fn without_given_up(&self, protected: ProtectCb) -> ProtectCb {
        let given_up = Arc::clone(&self.given_up);
        Arc::new(move |live| {
            let (protected, given_up) = (Arc::clone(&protected), Arc::clone(&given_up));
            Box::pin(async move {
                let outcome = protected(live).await;
                for hash in lock(&given_up).iter() {
                    live.remove(&iroh_blobs::Hash::from_bytes(*hash));
                }
                outcome
            })
        })
    }
}

/// The large contents of a store.
#[derive(Clone)]
pub(super) struct LargeContents {
    store: Store,
    paths: PathOptions,
    marks: Marks,
}

impl LargeContents {
    /// Those of a store in this folder.
    pub(super) fn new(store: Store, folder: &Path, marks: Marks) -> Self {
        Self { store, paths: PathOptions::new(folder), marks }
    }

    /// Removes second names of files from the store of whose contents it knows nothing: it would write into them when the content
    /// comes anew, and so into somebody's file.
    pub(super) async fn tidy(&self) {
        let folder = self.paths.data_path.clone();
        let linked = blocking(move || {
            atomic_write::sweep(&folder);
            linked(&folder)
        });
        for (hash, path) in linked.await.unwrap_or_default() {
            if !matches!(self.store.blobs().status(hash).await, Ok(BlobStatus::Complete { .. }))
                && let Err(error) = fs::remove_file(&path)
            {
                warn!(error = %redacted(&error), "a second name of a file can't be removed from the store");
            }
        }
    }

    /// Notes that a content has come.
    pub(super) fn came(&self, hash: Hash) {
        lock(&self.marks.given_up).remove(&hash);
        lock(&self.marks.fresh).insert(hash);
    }

    /// Notes that the store can't give a content that it says it has.
    pub(super) fn give_up(&self, hash: Hash) {
        debug!(content = %hex::short(&hash), "the store can't give what it says it has: it is let go, and fetched again");
        lock(&self.marks.given_up).insert(hash);
    }

    /// Whether the store can read a content of this length to its end, which it proves by the last piece of it.
    pub(super) async fn is_readable(&self, hash: Hash, len: u64) -> bool {
        let last = len.saturating_sub(1);
        self.store.blobs().export_chunk(iroh_blobs::Hash::from_bytes(hash), last).await.is_ok()
    }

    /// Whether the store only refers to a file for this content, and may not be believed: the file can't be read to its end, or is one
    /// of another place (`is_elsewhere`), which may go at any time.
    pub(super) async fn is_doubtful(&self, hash: Hash, is_elsewhere: bool) -> bool {
        let id = iroh_blobs::Hash::from_bytes(hash);
        let len = match self.store.blobs().status(id).await {
            Ok(BlobStatus::Complete { size }) if size > LARGE => size,
            _ => return false,
        };
        let own = self.paths.data_path(&id);
        let is_own = blocking(move || own.symlink_metadata().is_ok());
        // A thread that can't be had is no reason to copy anything.
        !is_own.await.unwrap_or(true) && (is_elsewhere || !self.is_readable(hash, len).await)
    }

    /// Brings a file of a box, which looks so, into the store, by a reference if that leads there; gives how it looks then.
    ///
    /// # Errors
    /// When it can't be read, changes meanwhile, or there is no room for what has to be copied.
    pub(super) async fn refer(&self, folder: &Path, item: &Item, before: &Stat) -> io::Result<(TempTag, Stat)> {
        let tag = self.add(folder.join(item.path()), ImportMode::TryReference).await?;
        // The store keeps every path that a content ever had, and reads the first of them in the order of the alphabet.
        if !self.is_readable(*tag.hash().as_bytes(), before.len).await {
            return self.take_over(folder, item, before).await;
        }
        if stat(folder, item).await? != *before {
            return Err(changes());
        }
        Ok((tag, *before))
    }

    /// Makes the content of a file of a box, which looks so, the store's own; gives how the file looks then.
    ///
    /// # Errors
    /// When it can't be read, changes meanwhile, or there is no room for a copy of it.
    pub(super) async fn take_over(&self, folder: &Path, item: &Item, before: &Stat) -> io::Result<(TempTag, Stat)> {
        let tag = self.add(folder.join(item.path()), ImportMode::Copy).await?;
        let own = self.paths.data_path(&tag.hash());
        let (root, path, before) = (folder.to_owned(), item.clone(), *before);
        let joined = blocking(move || join(&root, &path, &before, &own));
        let stat = joined.await.ok_or_else(ended)??;
        debug!(?item, "a large content is the store's own now");
        Ok((tag, stat))
    }

    async fn add(&self, path: PathBuf, mode: ImportMode) -> io::Result<TempTag> {
        let options = AddPathOptions { path, format: BlobFormat::Raw, mode };
        self.store.blobs().add_path_with_opts(options).temp_tag().await.map_err(io::Error::other)
    }

    /// Gives the store's own file of a content another name, which must be free.
    ///
    /// # Errors
    /// `NotFound` when the store has no file of its own for it; `InvalidData` when the file does not hold it any more; else as the
    /// system says, such as when the disk knows no second names.
    pub(super) async fn link(&self, hash: Hash, name: PathBuf) -> io::Result<()> {
        let is_fresh = lock(&self.marks.fresh).remove(&hash);
        let own = self.paths.data_path(&iroh_blobs::Hash::from_bytes(hash));
        let linked = blocking(move || {
            let file = fs::File::open(&own)?;
            // Whoever changed a file of a box without replacing it changed what the store has.
            if !is_fresh && hash_of(&file)? != hash {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it was changed in its place"));
            }
            file.sync_all()?;
            fs::hard_link(&own, &name)
        });
        linked.await.ok_or_else(ended)?
    }
}

/// What a file holds.
pub(super) fn hash_of(file: &fs::File) -> io::Result<Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(*hasher.finalize().as_bytes())
}

/// The store's files that have more than one name.
fn linked(folder: &Path) -> Vec<(iroh_blobs::Hash, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.metadata().is_ok_and(|meta| meta.nlink() > 1));
    let paths = files.map(|entry| entry.path());
    let hashed = paths.filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path)));
    hashed.filter(|(_, path): &(_, PathBuf)| path.extension().is_some_and(|end| end == "data")).collect()
}

/// Makes a file of a box, which looked so `before`, and the store's copy of it one file.
fn join(folder: &Path, item: &Item, before: &Stat, own: &Path) -> io::Result<Stat> {
    let open = Folder::open(folder)?;
    let beside = atomic_write::temporary_beside(own);
    // On another disk, or one that knows no second names, the store keeps its copy.
    let is_linked = fs::hard_link(folder.join(item.path()), &beside).is_ok();
    let now = open.stat(item.path())?;
    let is_same = StatFingerprint::from(&now).is_same_file(&before.into());
    if is_linked {
        let done = if is_same { fs::rename(&beside, own) } else { fs::remove_file(&beside) };
        done.inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    }
    if is_same { Ok(now) } else { Err(changes()) }
}

async fn stat(folder: &Path, item: &Item) -> io::Result<Stat> {
    let (folder, item) = (folder.to_owned(), item.clone());
    let stat = blocking(move || Folder::open(&folder)?.stat(item.path()));
    stat.await.ok_or_else(ended)?
}

fn changes() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "it keeps changing while missive reads it")
}

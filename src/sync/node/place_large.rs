//! Putting a large file in place. On one disk it is moved out of the store, which refers to it from then on.

use std::io;
use std::path::{Path, PathBuf};

use iroh_blobs::api::blobs::{ExportMode, ExportOptions};

use crate::fs::atomic_write;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::{Folder, Stat};
use crate::sync::box_files;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// Puts a content in place, where nothing is or what it `replaces`; gives what became of it, or `None` when the runtime ends.
pub(super) async fn place(
    hands: &Hands,
    folder: &Path,
    item: &Item,
    hash: Hash,
    replaces: Option<StatFingerprint>,
) -> Option<io::Result<Stat>> {
    let (folder, path, store) = (folder.to_owned(), item.clone(), hands.home.folder());
    let ready = blocking(move || {
        box_files::make_above(&folder, &path)?;
        box_files::free(&folder, &path, replaces)?;
        let hidden = if is_one_disk(&store, &folder) { None } else { Some(box_files::hidden(&folder)?) };
        Ok((folder, hidden))
    });
    match ready.await? {
        Ok((folder, hidden)) => Some(export(hands, (folder, item), hash, hidden).await),
        Err(error) => Some(Err(error)),
    }
}

/// Moves a content out of the store to its place on the same disk, or copies it there by way of a `hidden` file.
async fn export(
    hands: &Hands,
    (folder, item): (PathBuf, &Item),
    hash: Hash,
    mut hidden: Option<Temporary>,
) -> io::Result<Stat> {
    let target = folder.join(item.path());
    let options = ExportOptions {
        hash: hash.into(),
        mode: if hidden.is_none() { ExportMode::TryReference } else { ExportMode::Copy },
        target: hidden.as_ref().map_or_else(|| target.clone(), |hidden| hidden.path().to_owned()),
    };
    hands.engine.store.blobs().export_with_opts(options).finish().await.map_err(io::Error::other)?;
    let item = item.clone();
    let settled = blocking(move || {
        let written = hidden.as_ref().map_or(target.as_path(), |hidden| hidden.path());
        fs_err::File::open(written)?.sync_all()?;
        if let Some(hidden) = &mut hidden {
            hidden.replace(&target)?;
        }
        atomic_write::flush_names(target.parent().unwrap_or(&folder));
        Folder::open(&folder)?.stat(item.path())
    });
    settled.await.ok_or_else(|| io::Error::other("missive is stopping"))?
}

fn is_one_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &Path| path.metadata().map(|meta| meta.dev()).ok();
    disk(one).is_some() && disk(one) == disk(other)
}

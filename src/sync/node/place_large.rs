//! Putting a large file in place. On one disk it is moved out of the store, which refers to it from then on.

use std::io;
use std::path::Path;

use iroh_blobs::api::blobs::{ExportMode, ExportOptions};

use crate::fs::atomic_write;
use crate::fs::confined::{Folder, Stat};
use crate::sync::box_files;
use crate::sync::node::hands::Hands;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::shared_box::SharedBox;

/// Puts a content in place, where nothing is or what it `replaces`; gives what became of it, or `None` when the runtime ends.
pub(super) async fn place(
    hands: &Hands,
    shared: &SharedBox,
    item: &Item,
    hash: Hash,
    replaces: Option<StatFingerprint>,
) -> Option<io::Result<Stat>> {
    let (folder, path) = (shared.folder.clone(), item.clone());
    let ready = tokio::task::spawn_blocking(move || {
        box_files::make_above(&folder, &path)?;
        box_files::free(&folder, &path, replaces)
    });
    match ready.await.ok()? {
        Ok(()) => Some(export(hands, shared, item, hash).await),
        Err(error) => Some(Err(error)),
    }
}

async fn export(hands: &Hands, shared: &SharedBox, item: &Item, hash: Hash) -> io::Result<Stat> {
    let target = shared.folder.join(item.path());
    let one_disk = is_one_disk(&hands.home.folder(), &shared.folder);
    let mut hidden = if one_disk { None } else { Some(box_files::hidden(&shared.folder)?) };
    let options = ExportOptions {
        hash: hash.into(),
        mode: if one_disk { ExportMode::TryReference } else { ExportMode::Copy },
        target: hidden.as_ref().map_or_else(|| target.clone(), |hidden| hidden.path().to_owned()),
    };
    hands.engine.store.blobs().export_with_opts(options).finish().await.map_err(io::Error::other)?;
    let (folder, item) = (shared.folder.clone(), item.clone());
    let settled = tokio::task::spawn_blocking(move || {
        let written = hidden.as_ref().map_or(target.as_path(), |hidden| hidden.path());
        fs_err::File::open(written)?.sync_all()?;
        if let Some(hidden) = &mut hidden {
            hidden.replace(&target)?;
        }
        atomic_write::flush_names(target.parent().unwrap_or(&folder));
        Folder::open(&folder)?.stat(item.path())
    });
    settled.await.map_err(io::Error::other)?
}

fn is_one_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &Path| path.metadata().map(|meta| meta.dev()).ok();
    disk(one).is_some() && disk(one) == disk(other)
}

//! Putting a large file in place: on one disk, the store's own file gets a second name in the box.

use std::io;
use std::path::Path;

use iroh_blobs::api::blobs::{ExportMode, ExportOptions};
use tracing::debug;

use crate::fs::atomic_write;
use crate::fs::confined::{Folder, Stat};
use crate::sync::box_files;
use crate::sync::node::blocking::{blocking, ended};
use crate::sync::node::hands::Hands;
use crate::sync::node::large_contents;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// Puts a content in place, where nothing is or what it `replaces`; gives what became of it, or `None` when the runtime ends.
pub(super) async fn place(
    hands: &Hands,
    root: &Path,
    item: &Item,
    hash: Hash,
    replaces: Option<StatFingerprint>,
) -> Option<io::Result<Stat>> {
    let (folder, path) = (root.to_owned(), item.clone());
    let ready = blocking(move || {
        box_files::make_above(&folder, &path)?;
        box_files::free(&folder, &path, replaces)
    });
    match ready.await? {
        Ok(()) => Some(bring(hands, root, item, hash, replaces).await),
        Err(error) => Some(Err(error)),
    }
}

async fn bring(
    hands: &Hands,
    folder: &Path,
    item: &Item,
    hash: Hash,
    replaces: Option<StatFingerprint>,
) -> io::Result<Stat> {
    let staged = atomic_write::temporary_beside(&folder.join("x"));
    if let Err(error) = stage(hands, hash, &staged).await {
        return Err(explained(hands, hash, error).await);
    }
    let (folder, item) = (folder.to_owned(), item.clone());
    let settled = blocking(move || {
        settle(&folder, &item, &staged, replaces).inspect_err(|_| drop(std::fs::remove_file(&staged)))
    });
    settled.await.ok_or_else(ended)?
}

/// Says why a content can't be brought. One that the store can't give is let go of, so that it is fetched again.
async fn explained(hands: &Hands, hash: Hash, error: io::Error) -> io::Error {
    let len = hands.stored_len(hash).await.unwrap_or(0);
    let is_lost = error.kind() == io::ErrorKind::InvalidData || !hands.engine.large.is_readable(hash, len).await;
    if !is_lost {
        return error;
    }
    hands.engine.large.give_up(hash);
    io::Error::new(
        io::ErrorKind::InvalidData,
        "missive's own copy of it is damaged; it is fetched again within ten minutes",
    )
}

/// Brings a content under a hidden name into the box: as a second name of the store's file, or as a copy of what the store has
/// elsewhere, and where a disk is another one or knows no second names.
async fn stage(hands: &Hands, hash: Hash, staged: &Path) -> io::Result<()> {
    match hands.engine.large.link(hash, staged.to_owned()).await {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
        Err(error) => debug!(error = %redacted(&error), "a large content is copied"),
    }
    let options = ExportOptions { hash: hash.into(), mode: ExportMode::Copy, target: staged.to_owned() };
    hands.engine.store.blobs().export_with_opts(options).finish().await.map_err(io::Error::other)?;
    let written = staged.to_owned();
    blocking(move || check(&written, hash)).await.ok_or_else(ended)?
}

/// Checks what the store has copied from somewhere, and brings it to the disk.
fn check(written: &Path, hash: Hash) -> io::Result<()> {
    let file = fs_err::File::open(written)?;
    if large_contents::hash_of(&file)? == hash {
        return file.sync_all();
    }
    fs_err::remove_file(written)?;
    Err(io::Error::new(io::ErrorKind::InvalidData, "it was changed in its place"))
}

fn settle(folder: &Path, item: &Item, staged: &Path, replaces: Option<StatFingerprint>) -> io::Result<Stat> {
    let target = folder.join(item.path());
    // It may have taken long.
    box_files::free(folder, item, replaces)?;
    if replaces.is_some() {
        fs_err::rename(staged, &target)?;
    } else {
        atomic_write::name_new(staged, &target)?;
    }
    atomic_write::flush_names(target.parent().unwrap_or(folder));
    Folder::open(folder)?.stat(item.path())
}

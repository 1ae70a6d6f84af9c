//! Bringing a file of a box into the store: a copy of what is small, a reference to what is large.

use std::io;

use iroh_blobs::BlobFormat;
use iroh_blobs::api::TempTag;
use iroh_blobs::api::blobs::{AddPathOptions, ImportMode};

use crate::fs::confined::{Folder, Stat};
use crate::sync::node::blocking::blocking;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::hands::Hands;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// A file in the store.
pub(super) struct Imported {
    /// How it looks that was read.
    pub(super) stat: Stat,
    /// What holds its content in the store until an entry speaks of it; an empty file has none.
    pub(super) tag: Option<TempTag>,
}

impl Imported {
    /// What the file holds.
    pub(super) fn content(&self) -> Hash {
        self.tag.as_ref().map_or(*blake3::hash(b"").as_bytes(), |tag| *tag.hash().as_bytes())
    }
}

/// Brings a file of the box into the store.
///
/// # Errors
/// `NotFound` when it is gone; otherwise when it can't be read, or the store does not take it.
pub(super) async fn import(hands: &Hands, item: &Item) -> io::Result<Imported> {
    let (folder, path) = (hands.place.folder.clone(), item.clone());
    let read = blocking(move || {
        let open = Folder::open(&folder)?;
        let stat = open.stat(path.path())?;
        let bytes = if stat.len <= LARGE { Some(open.read(path.path(), u64::MAX)?) } else { None };
        Ok::<_, io::Error>((open, stat, bytes))
    });
    let (open, stat, bytes) = read.await.ok_or_else(ended)??;
    let blobs = hands.engine.store.blobs();
    if let Some((bytes, stat)) = bytes {
        let tag = if bytes.is_empty() {
            None
        } else {
            Some(blobs.add_bytes(bytes).temp_tag().await.map_err(io::Error::other)?)
        };
        return Ok(Imported { stat, tag });
    }
    let path = hands.place.folder.join(item.path());
    let options = AddPathOptions { path, format: BlobFormat::Raw, mode: ImportMode::TryReference };
    let tag = blobs.add_path_with_opts(options).temp_tag().await.map_err(io::Error::other)?;
    let path = item.clone();
    let after = blocking(move || open.stat(path.path())).await.ok_or_else(ended)??;
    if after != stat {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "it keeps changing while missive reads it"));
    }
    Ok(Imported { stat, tag: Some(tag) })
}

/// The runtime ends.
fn ended() -> io::Error {
    io::Error::other("missive is stopping")
}

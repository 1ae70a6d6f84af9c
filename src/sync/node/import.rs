//! Bringing a file of a box into the store: a copy of what is small, a reference to what is large, or one file for both.

use std::io;

use iroh_blobs::api::TempTag;

use crate::fs::confined::{Folder, Stat};
use crate::sync::node::blocking::{blocking, ended};
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

/// How a large file comes into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Large {
    /// The store refers to the file.
    Referred,
    /// The store has it as its own: the file is another name of that.
    TakenOver,
}

/// Brings a file of the box into the store.
///
/// # Errors
/// `NotFound` when it is gone; otherwise when it can't be read, or the store does not take it.
pub(super) async fn import(hands: &Hands, item: &Item, large: Large) -> io::Result<Imported> {
    let (folder, path) = (hands.place.folder.clone(), item.clone());
    let read = blocking(move || {
        let open = Folder::open(&folder)?;
        let stat = open.stat(path.path())?;
        let bytes = if stat.len <= LARGE { Some(open.read(path.path(), u64::MAX)?) } else { None };
        Ok::<_, io::Error>((stat, bytes))
    });
    let (stat, bytes) = read.await.ok_or_else(ended)??;
    if let Some((bytes, stat)) = bytes {
        let tag = if bytes.is_empty() {
            None
        } else {
            Some(hands.engine.store.blobs().add_bytes(bytes).temp_tag().await.map_err(io::Error::other)?)
        };
        return Ok(Imported { stat, tag });
    }
    let (contents, folder) = (&hands.engine.large, &hands.place.folder);
    let (tag, stat) = match large {
        Large::Referred => contents.refer(folder, item, &stat).await?,
        Large::TakenOver => contents.take_over(folder, item, &stat).await?,
    };
    Ok(Imported { stat, tag: Some(tag) })
}

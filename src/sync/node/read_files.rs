//! Reading files of a box: what they hold, whether the store has that, and bringing them into the store where it has not.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tracing::debug;

use crate::fs::confined::{Folder, Stat};
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::node::import::{Large, import};
use crate::sync::node::side_by_side::side_by_side;
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Event, FileRead, NotRead};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// So many files are read at once.
const MAX_AT_ONCE: usize = 4;

/// Reads files to their ends.
pub(super) async fn read_files(hands: Arc<Hands>, items: Vec<Item>) {
    side_by_side(&hands, items, MAX_AT_ONCE, read_file).await;
}

async fn read_file(hands: Arc<Hands>, item: Item) {
    let (folder, path) = (hands.place.folder.clone(), item.clone());
    let read = match blocking(move || hash_of(&folder, &path)).await {
        Some(Ok((stat, hash))) => {
            // A store that can't say so is taken for one that does not have it: the file is kept then.
            let is_stored = hands.engine.store.blobs().has(hash).await.unwrap_or(false);
            Ok(FileRead { stat, hash, is_stored })
        }
        Some(Err(error)) => Err(not_read(&item, &error)),
        None => return,
    };
    hands.answer(Event::Read(item, read));
}

/// Brings files into the store, without entries.
pub(super) async fn keep_files(hands: Arc<Hands>, items: Vec<(Item, Hash)>) {
    side_by_side(&hands, items, MAX_AT_ONCE, keep_file).await;
}

/// Brings a file into the store that has this content; another one is only read.
async fn keep_file(hands: Arc<Hands>, (item, wanted): (Item, Hash)) {
    let (folder, path) = (hands.place.folder.clone(), item.clone());
    match blocking(move || hash_of(&folder, &path)).await {
        Some(Ok((_, hash))) if hash == wanted => {}
        Some(Ok((stat, hash))) => {
            let is_stored = hands.engine.store.blobs().has(hash).await.unwrap_or(false);
            return hands.answer(Event::Kept(item, Ok(FileRead { stat, hash, is_stored })));
        }
        Some(Err(error)) => return hands.answer(Event::Kept(item.clone(), Err(not_read(&item, &error)))),
        None => return,
    }
    let kept = match import(&hands, &item, Large::TakenOver).await {
        Ok(imported) => {
            debug!(?item, "brought into the store");
            Ok(FileRead { stat: imported.stat, hash: imported.content(), is_stored: true })
        }
        Err(error) => Err(not_read(&item, &error)),
    };
    hands.answer(Event::Kept(item, kept));
}

fn not_read(item: &Item, error: &io::Error) -> NotRead {
    if error.kind() == io::ErrorKind::NotFound {
        return NotRead::Gone;
    }
    debug!(?item, error = %redacted(error), "a file of the box can't be read");
    NotRead::Failed(error.to_string())
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

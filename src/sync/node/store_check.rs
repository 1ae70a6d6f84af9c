//! Looking whether the store has the contents of a box's files, and can give them: it may have lost some when it was killed, and it
//! only refers to large files, at the place where each was when it came.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::debug;

use crate::fs::{atomic_write, private};
use crate::sync::hex;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::redacted::redacted;
use crate::sync::replica::event::Event;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// Where a box is, and the note of where it was when its references were last looked at.
#[derive(Clone)]
struct Whereabouts {
    folder: PathBuf,
    note: PathBuf,
}

impl Whereabouts {
    fn of(hands: &Hands) -> Self {
        let note = hands.home.folder().join("places").join(hex::encode(&hands.place.document));
        Self { folder: hands.place.folder.clone(), note }
    }

    fn is_noted(&self) -> Option<bool> {
        let noted = std::fs::read(&self.note).ok()?;
        Some(noted == self.folder.as_os_str().as_bytes())
    }

    fn save(&self) -> io::Result<()> {
        self.note.parent().map_or(Ok(()), private::folder)?;
        atomic_write::replace(&self.note, self.folder.as_os_str().as_bytes())
    }
}

/// Looks whether the store has the contents of these files, and tells of which it does not, or can't give them.
pub(super) async fn check_store(hands: Arc<Hands>, files: Vec<(Item, Hash)>) {
    let place = Whereabouts::of(&hands);
    let asked = place.clone();
    // A reference may lead to the place from which the whole folder was copied, for as long as that exists.
    let noted = blocking(move || asked.is_noted()).await.flatten();
    let mut missing = Vec::new();
    for (item, hash) in files {
        // A store that can't say so is not taken for one that has lost everything.
        let has = hands.engine.store.blobs().has(hash).await.unwrap_or(true);
        if !has || hands.engine.large.is_doubtful(hash, noted == Some(false)).await {
            missing.push(item);
        }
        if hands.is_ending() {
            return;
        }
    }
    if missing.is_empty() {
        if noted != Some(true)
            && let Some(Err(error)) = blocking(move || place.save()).await
        {
            debug!(error = %redacted(&error), "the place of a box can't be noted");
        }
    } else {
        debug!(files = missing.len(), "the store has not the contents of files that are here, or can't give them");
        hands.answer(Event::NotStored(missing));
    }
}

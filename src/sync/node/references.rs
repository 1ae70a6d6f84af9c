//! Where a box was when the store's references to its files were right: a copy of a whole data folder is elsewhere.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use tracing::debug;

use crate::fs::{atomic_write, private};
use crate::sync::hex;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::redacted::redacted;

/// Whether the box was elsewhere when its references were right last. A reference may then lead to where the whole data folder was
/// copied from, for as long as that exists.
pub(super) async fn is_elsewhere(hands: &Hands) -> bool {
    let (note, folder) = (note(hands), hands.place.folder.clone());
    let noted = blocking(move || std::fs::read(note).map(|noted| noted == folder.as_os_str().as_bytes()));
    matches!(noted.await, Some(Ok(false)))
}

/// Notes where the box is if nothing is noted yet: its first reference was made.
pub(super) async fn note_first_place(hands: &Hands) {
    let note = note(hands);
    if blocking(move || note.exists()).await == Some(false) {
        note_place(hands).await;
    }
}

/// Notes where the box is: its references are right.
pub(super) async fn note_place(hands: &Hands) {
    let (note, folder) = (note(hands), hands.place.folder.clone());
    let noted = blocking(move || {
        let place = folder.as_os_str().as_bytes();
        if std::fs::read(&note).is_ok_and(|noted| noted == place) {
            return Ok(());
        }
        note.parent().map_or(Ok(()), private::folder)?;
        atomic_write::replace(&note, place)
    });
    if let Some(Err(error)) = noted.await {
        debug!(error = %redacted(&error), "the place of a box can't be noted");
    }
}

fn note(hands: &Hands) -> PathBuf {
    hands.home.folder().join("places").join(hex::encode(&hands.place.document))
}

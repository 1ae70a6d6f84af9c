//! This device's own addresses when a node ran last: what a key that is handed out says of it.

use std::path::{Path, PathBuf};

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::fs::atomic_write;
use crate::sync::error::Error;
use crate::sync::keys::book::{NODE_FOLDER, check_private};
use crate::sync::keys::ticket::Peer;

fn path(data: &Path) -> PathBuf {
    data.join(STATE_FOLDER).join(NODE_FOLDER).join("here")
}

/// Notes where it is.
///
/// # Errors
/// [`Error::Io`].
pub fn write(data: &Path, me: &Peer) -> Result<(), Error> {
    let bytes = serde_json::to_vec(me).map_err(std::io::Error::other)?;
    Ok(atomic_write::replace(&path(data), &bytes)?)
}

/// Forgets where it was: the device has another key now.
///
/// # Errors
/// [`Error::Io`].
pub fn forget(data: &Path) -> Result<(), Error> {
    match fs_err::remove_file(path(data)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Where it was; nothing is known before the first time.
pub fn read(data: &Path) -> Option<Peer> {
    check_private(data).ok()?;
    serde_json::from_slice(&std::fs::read(path(data)).ok()?).ok()
}

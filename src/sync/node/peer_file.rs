//! The file that keeps a document's peers.

use std::io;
use std::path::Path;

use crate::fs::{atomic_write, private};
use crate::sync::redacted::redacted;
use crate::sync::replica::peers::Peers;

/// Reads the peers of a document; without a file there are none.
pub(super) fn read(path: &Path, me: [u8; 32]) -> Peers {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(%error, "the addresses of peers could not be read");
            }
            Vec::new()
        }
    };
    Peers::from_json(&bytes, me)
}

/// Saves them, if something changed. They can be met again, so a failure is only logged, and they are saved next time.
pub(super) fn save(path: &Path, peers: &mut Peers) {
    if peers.is_saved() {
        return;
    }
    let written = write(path, peers);
    if let Err(error) = &written {
        tracing::debug!(error = %redacted(&error), "peers could not be saved");
    }
    peers.set_saved(written.is_ok());
}

fn write(path: &Path, peers: &Peers) -> io::Result<()> {
    path.parent().map_or(Ok(()), private::folder)?;
    atomic_write::replace(path, &peers.to_json()?)
}

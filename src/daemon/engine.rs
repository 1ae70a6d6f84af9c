//! The engine of replication as far as this program was built with it. Of this room, this file alone asks for the feature
//! `sync`: `enabled.rs` hands on to the node, `disabled.rs` says that there is none.

#[cfg(not(feature = "sync"))]
mod disabled;
#[cfg(feature = "sync")]
mod enabled;

#[cfg(not(feature = "sync"))]
pub(crate) use disabled::{IS_BUILT_IN, Node, author, device_id, document_id, known_identity, new_secret, start};
#[cfg(feature = "sync")]
pub(crate) use enabled::{IS_BUILT_IN, Node, author, device_id, document_id, known_identity, new_secret, start};

use crate::daemon::Error;

/// Fails where this program cannot replicate.
///
/// # Errors
/// [`Error::WithoutSync`].
pub(crate) fn require() -> Result<(), Error> {
    if IS_BUILT_IN { Ok(()) } else { Err(Error::WithoutSync) }
}

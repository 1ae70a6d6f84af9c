//! What stands in the engine's place in a program that was built without `sync`: it signs nothing and has no device.

use std::path::Path;

use crate::daemon::{Clock, Error};
use crate::sync::keys::book::{AuthorKey, Book, Identity, Secret};
use crate::sync::keys::new_identity::Known;
use crate::sync::options::Options;
use crate::sync::status::NodeState;

/// Whether this program can replicate.
pub(crate) const IS_BUILT_IN: bool = false;

/// A node of this program: there is none.
pub(crate) enum Node {}

impl Node {
    /// Its state.
    pub(crate) fn state(&self) -> NodeState {
        match *self {}
    }

    /// Stops it.
    pub(crate) fn stop(self) -> Result<(), Error> {
        match self {}
    }
}

/// Starts a node for a data folder.
///
/// # Errors
/// [`Error::WithoutSync`], always.
pub(crate) fn start(_: &Path, _: Options, _: Clock, _: &dyn Fn() -> bool) -> Result<Option<Node>, Error> {
    Err(Error::WithoutSync)
}

/// The key by which this device signs: it has none.
pub(crate) fn author(_: &Book) -> Option<AuthorKey> {
    None
}

/// The public key of this device: it has none.
pub(crate) fn device_id(_: &Book) -> Option<[u8; 32]> {
    None
}

/// A new secret.
///
/// # Errors
/// [`Error::WithoutSync`], always.
pub(crate) fn new_secret() -> Result<Secret, Error> {
    Err(Error::WithoutSync)
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// [`Error::WithoutSync`], always.
pub(crate) fn document_id(_: &Secret) -> Result<[u8; 32], Error> {
    Err(Error::WithoutSync)
}

/// An identity with what others know of it.
pub(crate) fn known_identity(_secret: Identity) -> Result<Known, Error> {
    Err(Error::WithoutSync)
}

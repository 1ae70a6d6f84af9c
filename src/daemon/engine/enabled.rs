//! The engine of a program that was built with `sync`.

use std::path::Path;

use crate::daemon::{Clock, Error};
use crate::sync;
use crate::sync::keys::book::{AuthorKey, Book, Identity, Secret};
use crate::sync::keys::new_identity::{Known, PublicIdentity};
use crate::sync::node;
use crate::sync::options::Options;

pub(crate) use crate::sync::node::Node;

/// Whether this program can replicate.
pub(crate) const IS_BUILT_IN: bool = true;

/// Starts a node for a data folder; `None` where another program runs it already. A start is given up when `is_over`.
///
/// # Errors
/// [`Error::Sync`] when it cannot start.
pub(crate) fn start(
    data: &Path,
    options: Options,
    clock: Clock,
    is_over: &dyn Fn() -> bool,
) -> Result<Option<Node>, Error> {
    match Node::start(data, options, clock.as_function(), is_over) {
        Ok(node) => Ok(Some(node)),
        Err(sync::Error::Busy { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The key by which this device signs, if there is one.
pub(crate) fn author(book: &Book) -> Option<AuthorKey> {
    book.author.as_ref().map(|author| AuthorKey(node::author_id(author)))
}

/// The public key of this device, if it has one.
pub(crate) fn device_id(book: &Book) -> Option<[u8; 32]> {
    book.device.as_ref().map(node::device_id)
}

/// A new secret.
///
/// # Errors
/// None: a program without the engine has some.
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(crate) fn new_secret() -> Result<Secret, Error> {
    Ok(node::new_secret())
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// None: a program without the engine has some.
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(crate) fn document_id(secret: &Secret) -> Result<[u8; 32], Error> {
    Ok(node::document_id(secret))
}

/// An identity with what others know of it.
///
/// # Errors
/// [`Error::WithoutSync`], where there is no engine.
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(crate) fn known_identity(secret: Identity) -> Result<Known, Error> {
    let author = AuthorKey(node::author_id(&secret.author));
    let public = PublicIdentity { device: node::device_id(&secret.device), author };
    Ok(Known { secret, public })
}

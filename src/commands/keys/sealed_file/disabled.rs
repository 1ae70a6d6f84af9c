//! What stands in the place of sealed files in a program that was built without `sync`.

use std::path::Path;

use crate::commands::Failure;
use crate::console::Console;
use crate::daemon::Error;

/// Seals nothing.
///
/// # Errors
/// [`Failure`], always.
pub(in crate::commands::keys) fn seal(_: &[u8], _: &Path, _: Console) -> Result<Vec<u8>, Failure> {
    Err(Error::WithoutSync.into())
}

/// Opens nothing.
///
/// # Errors
/// [`Failure`], always.
pub(in crate::commands::keys) fn open(_: &[u8], _: &Path, _: Console) -> Result<Vec<u8>, Failure> {
    Err(Error::WithoutSync.into())
}

//! What a channel's site is made from, and where it lies.

use std::path::{Component, Path, PathBuf};

use crate::channel::Channel;
use crate::channel::protocol::settings;
use crate::daemon::{Error, Folders, documents};
use crate::site::{BuildOptions, SiteSettings};

/// What a channel's site is made from, by these options and the channel's own settings.
///
/// # Errors
/// [`Error`] when the settings or the theme are wrong.
pub(crate) fn read_settings(
    options: &BuildOptions,
    channel: &Channel,
    folders: &Folders,
) -> Result<SiteSettings, Error> {
    let settings = settings::read(&channel.path)?;
    let read_key = || documents::public_key(&folders.data, channel);
    Ok(options.for_channel(&channel.path, &settings, folders.home.as_deref(), read_key)?)
}

/// An absolute path without links and `..`, as far as it exists.
pub(crate) fn without_links(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
        // A link must be followed before a `..` behind it is.
        plain = plain.canonicalize().unwrap_or(plain);
    }
    plain
}

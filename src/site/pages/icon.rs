//! The channel's icon: whether the one that the profile names can be published, and where.
//!
//! Only a picture by its own first bytes ever is.

use std::path::Path;

use crate::channel::protocol::profile::{MAX_ICON, Profile};
use crate::fs::confined::Folder;
use crate::media::Format;

use crate::site::engine::out_path::OutPath;

/// An icon that can be published.
pub(crate) struct Icon {
    /// Where it is written.
    pub(crate) path: OutPath,
    /// Its bytes, as they are in the box.
    pub(crate) bytes: Vec<u8>,
}

/// Reads the icon that a box's profile names, if it is a picture of sane length.
pub(crate) fn read(folder: &Folder, profile: &Profile) -> Option<Icon> {
    let (bytes, _) = folder.read(Path::new(profile.icon.as_deref()?), MAX_ICON + 1).ok()?;
    let extension = match Format::sniff(&bytes)? {
        Format::Png => "png",
        Format::Jpeg => "jpg",
        Format::WebP => "webp",
        Format::Gif => "gif",
        _ => return None,
    };
    let path = OutPath::fixed(format!("assets/icon.{extension}"));
    (bytes.len() as u64 <= MAX_ICON).then_some(Icon { path, bytes })
}

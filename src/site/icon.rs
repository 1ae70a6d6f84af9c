//! The channel's icon.
//!
//! Owns whether the profile's icon can be published and where. Only a picture by its own first bytes ever is.

use std::path::Path;

use crate::channel::Kind;
use crate::channel::entry::Side;
use crate::channel::profile::Profile;
use crate::channel::snapshot::Snapshot;
use crate::disk::beneath::Folder;
use crate::picture::Format;

use super::out_path::OutPath;

/// A larger icon is none, in bytes.
const MAX_ICON: u64 = 1 << 20;

/// Where the icon is written, if there is one.
pub(super) fn path(snapshot: &Snapshot, profile: &Profile, kind: Kind) -> Option<OutPath> {
    let bytes = read(snapshot.folder(side(kind))?, profile)?;
    let extension = match Format::sniff(&bytes)? {
        Format::Png => "png",
        Format::Jpeg => "jpg",
        Format::WebP => "webp",
        Format::Gif => "gif",
        _ => return None,
    };
    Some(OutPath::fixed(format!("assets/icon.{extension}")))
}

/// The icon's bytes.
pub(super) fn read(folder: &Folder, profile: &Profile) -> Option<Vec<u8>> {
    let name = profile.icon.as_deref()?;
    folder
        .read(Path::new(name), MAX_ICON + 1)
        .ok()
        .map(|(bytes, _)| bytes)
        .filter(|bytes| bytes.len() as u64 <= MAX_ICON)
}

fn side(kind: Kind) -> Side {
    if kind == Kind::Subscription { Side::Inbox } else { Side::Outbox }
}

//! Noting of each document which folder is its channel's.
//!
//! It is done whenever the book of keys is changed, so a folder is known from the moment when its channel is first shared.

use std::collections::BTreeSet;
use std::path::Path;

use tracing::debug;

use crate::channel::protocol::name::ChannelName;
use crate::sync::keys::document::Document;
use crate::sync::keys::folder_id;
use crate::sync::keys::folder_id::{FolderId, FolderMark};

/// Notes the folder of each document of which none is noted yet. One that is not there, or that can't be written, is not noted, and
/// goes by its name.
pub(super) fn note(data: &Path, documents: &mut [Document]) {
    let unknown: BTreeSet<ChannelName> = documents
        .iter()
        .filter(|document| document.folder.is_none())
        .map(|document| document.channel.clone())
        .collect();
    for channel in unknown {
        let of_channel = |document: &&Document| document.channel == channel;
        // Both boxes of a conversation lie in one folder.
        let known = documents.iter().filter(of_channel).find_map(|document| document.folder.clone());
        let Some(mark) = known.or_else(|| mark(data, &channel, documents)) else {
            continue;
        };
        let of_channel = documents.iter_mut().filter(|document| document.channel == channel);
        of_channel.for_each(|document| document.folder = Some(mark.clone()));
    }
}

/// What tells the folder of this channel's name from others. It gets an id if it has none.
fn mark(data: &Path, channel: &ChannelName, documents: &[Document]) -> Option<FolderMark> {
    let folder = data.join(channel.as_os_str());
    let mut boxes = documents.iter().filter(|document| document.channel == *channel);
    // An empty folder may be the place of a disk that is not mounted.
    if !boxes.any(|document| folder.join(document.side.name()).is_dir()) {
        return None;
    }
    let id = match folder_id::read(&folder) {
        Some(id) => match other_with(id, channel, documents) {
            None => id,
            // A copy that is shared as a channel of its own.
            Some(other) if folder_id::read(&data.join(other.as_os_str())) == Some(id) => new_id(&folder)?,
            // That channel was renamed, and this folder may be it.
            Some(_) => return None,
        },
        None => new_id(&folder)?,
    };
    Some(FolderMark { id, inode: folder_id::inode(&folder)? })
}

/// Another channel to which a folder of this id belongs.
fn other_with<'a>(id: FolderId, channel: &ChannelName, documents: &'a [Document]) -> Option<&'a ChannelName> {
    let has_it = |document: &&Document| document.folder.as_ref().is_some_and(|mark| mark.id == id);
    documents.iter().filter(|document| document.channel != *channel).find(has_it).map(|document| &document.channel)
}

fn new_id(folder: &Path) -> Option<FolderId> {
    let id = FolderId::random();
    match folder_id::write(folder, id) {
        Ok(()) => Some(id),
        Err(error) => {
            debug!(%error, "the folder gets no id, so it is known by its name alone");
            None
        }
    }
}

//! Listing a box, and reading what its profile and that of the outbox beside it say.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use tracing::{debug, trace};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::Profile;
use crate::fs::confined::Folder;
use crate::sync::box_listing;
use crate::sync::keys::folder_id::FolderMark;
use crate::sync::keys::{folder_id, whereabouts};
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::{Hands, Place};
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Event, Listing, Profiles};
use crate::sync::replica::tree::Tree;

/// How far a box is to be listed.
#[derive(Debug)]
pub(super) struct ListWork {
    /// The first names of paths; `None` is everything.
    pub(super) names: Option<BTreeSet<OsString>>,
    /// What the book calls the channel.
    pub(super) channel: ChannelName,
    /// By what the channel's own folder is known: one that was put in its place is not listed.
    pub(super) mark: Option<FolderMark>,
}

/// Lists the box, each time as far as one of these says.
pub(super) async fn list_box(hands: Arc<Hands>, lists: Vec<ListWork>) {
    for ListWork { names, channel, mark } in lists {
        let place = hands.place.clone();
        let Some(listed) = blocking(move || list(&place, names, mark.as_ref())).await else {
            return;
        };
        let listed = listed.map_err(|error| {
            debug!(error = %redacted(&error), "the box can't be listed");
            whereabouts::question(&channel, &hands.place.folder, &error)
        });
        hands.answer(Event::Listed(listed));
    }
}

fn list(place: &Place, names: Option<BTreeSet<OsString>>, mark: Option<&FolderMark>) -> io::Result<Listing> {
    let folder = Folder::open(&place.folder)?;
    folder_id::check(&place.channel, mark).map_err(io::Error::other)?;
    let tree = match &names {
        None => box_listing::list(&folder)?,
        Some(names) => {
            let mut tree = Tree::default();
            for name in names {
                box_listing::list_again(&mut tree, &folder, name);
            }
            tree
        }
    };
    trace!(files = tree.files.len(), everything = names.is_none(), "the box is listed");
    Ok(Listing { names, tree, profiles: profiles(place, &folder) })
}

fn profiles(place: &Place, folder: &Folder) -> Profiles {
    // A profile that can't be read says nothing.
    let Profile { title, author, .. } = profile::read(folder).unwrap_or_default();
    Profiles { title, author, my_name: my_name(place) }
}

/// The name that whoever reads an inbox gives in its conversation: the other side can't have it.
fn my_name(place: &Place) -> Option<String> {
    if place.side == Side::Outbox {
        return None;
    }
    let outbox = Folder::open(&place.channel.join(Side::Outbox.name())).ok()?;
    profile::read(&outbox).ok()?.author
}

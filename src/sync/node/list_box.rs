//! Listing a box, and reading what its profile and that of the outbox beside it say.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use tracing::{debug, trace};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::Profile;
use crate::fs::confined::Folder;
use crate::sync::box_listing;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::{Hands, Place};
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Event, Listing, Profiles};
use crate::sync::replica::tree::Tree;

/// Lists the box, each time as far as one of these says: whole, or at some first names of paths.
pub(super) async fn list_box(hands: Arc<Hands>, lists: Vec<Option<BTreeSet<OsString>>>) {
    for names in lists {
        let place = hands.place.clone();
        let Some(listed) = blocking(move || list(&place, names)).await else {
            return;
        };
        let listed = listed.map_err(|error| {
            debug!(error = %redacted(&error), "the box can't be listed");
            format!("{} can't be read: {error}", hands.place.folder.display())
        });
        hands.answer(Event::Listed(listed));
    }
}

fn list(place: &Place, names: Option<BTreeSet<OsString>>) -> io::Result<Listing> {
    let folder = Folder::open(&place.folder)?;
    let tree = match &names {
        None => box_listing::list(&folder)?,
        Some(names) => {
            let mut tree = Tree::default();
            names.iter().for_each(|name| box_listing::list_again(&mut tree, &folder, name));
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

//! What the disk says, as far as a box is concerned: the first names of paths in it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout::PROFILE_FILE;
use crate::sync::node::hands::Place;
use crate::sync::replica::event::Touched;
use crate::watch;

/// What a tick of the disk is about in a box; `None` when that is nothing.
pub(super) fn touched(place: &Place, touched: watch::Touched) -> Option<Touched> {
    let watch::Touched::Paths(paths) = touched else {
        return Some(Touched::Everything);
    };
    let mut names = BTreeSet::new();
    for path in paths {
        match path.strip_prefix(&place.folder) {
            Ok(below) => match below.iter().next() {
                Some(name) => drop(names.insert(name.to_owned())),
                // The box itself.
                None => return Some(Touched::Everything),
            },
            // The channel or a folder above it.
            Err(_) if place.folder.starts_with(&path) => return Some(Touched::Everything),
            Err(_) => names.extend(of_outbox(place, &path)),
        }
    }
    (!names.is_empty()).then_some(Touched::Names(names))
}

/// The name by which whoever reads an inbox calls itself stands in the profile of the outbox beside it, which is read with the inbox's.
fn of_outbox(place: &Place, path: &Path) -> Option<OsString> {
    let profile = place.channel.join(Side::Outbox.name()).join(PROFILE_FILE);
    (place.side == Side::Inbox && path == profile).then(|| PROFILE_FILE.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_the_box_are_told_by_their_first_names() {
        let place =
            Place { document: [0; 32], channel: "/data/x".into(), folder: "/data/x/inbox".into(), side: Side::Inbox };
        let told = |paths: &[&str]| touched(&place, watch::Touched::Paths(paths.iter().map(Into::into).collect()));
        let names = |names: &[&str]| Some(Touched::Names(names.iter().map(OsString::from).collect()));
        assert_eq!(told(&["/data/x/inbox/a.txt", "/data/x/inbox/b/c/d"]), names(&["a.txt", "b"]));
        assert_eq!(told(&["/data/y/inbox/a.txt", "/data/x/outbox/a.txt"]), None);
        assert_eq!(told(&["/data/x/outbox/.channel.toml"]), names(&[".channel.toml"]));
        for path in ["/data/x/inbox", "/data/x", "/data"] {
            assert_eq!(told(&["/data/x/inbox/a.txt", path]), Some(Touched::Everything), "{path}");
        }
    }
}

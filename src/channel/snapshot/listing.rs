//! Sorts the names in a box into texts, stem folders and files that are not shown. No file is opened.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use crate::channel::protocol::classify::{Found, FoundAttachment, Reason, classify};
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::{Folder, Kind};

/// A name in a box that is not shown: its path relative to the box, why, and whether that counts as a warning.
pub(crate) type HiddenName = (PathBuf, Reason, bool);

/// Names in a box, sorted.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The messages' texts.
    pub(crate) texts: Vec<Stamp>,
    /// The stem folders.
    pub(crate) folders: HashSet<Stamp>,
    /// Every other name.
    pub(crate) hidden: Vec<HiddenName>,
}

impl Listing {
    /// Lists a box.
    ///
    /// # Errors
    /// As [`Folder::list`].
    pub(crate) fn read(folder: &Folder) -> io::Result<Self> {
        let mut listing = Self::default();
        for (name, kind) in folder.list()? {
            listing.take(name, kind);
        }
        // Cards that are made in the order of their names need no sorting later, and meet their cache in its order.
        listing.texts.sort_unstable();
        listing.orphans();
        Ok(listing)
    }

    /// Looks for some names only.
    pub(crate) fn from_names(folder: &Folder, names: impl IntoIterator<Item = OsString>) -> Self {
        let mut listing = Self::default();
        for name in names {
            if let Ok(stat) = folder.stat(name.as_ref()) {
                listing.take(name, stat.kind);
            }
        }
        listing.orphans();
        listing
    }

    fn take(&mut self, name: OsString, kind: Kind) {
        let (reason, warning) = match classify(&name, kind) {
            Found::Text(stamp) => return self.texts.push(stamp),
            Found::Folder(stamp) => {
                self.folders.insert(stamp);
                return;
            }
            Found::Arriving(_) => (Reason::Arriving, false),
            Found::Conflict(_) => (Reason::Conflict, true),
            Found::Ignored(reason) => (reason, false),
            Found::Foreign(reason) => (reason, true),
        };
        self.hidden.push((name.into(), reason, warning));
    }

    /// Stem folders whose text is not there (yet).
    fn orphans(&mut self) {
        let texts: HashSet<&Stamp> = self.texts.iter().collect();
        let orphans = self.folders.iter().filter(|stamp| !texts.contains(stamp));
        self.hidden.extend(orphans.map(|stamp| (stamp.to_string().into(), Reason::WithoutMessage, false)));
    }
}

/// Why a file below a stem folder is not shown, and whether that counts as a warning.
pub(crate) fn why(found: FoundAttachment) -> (Reason, bool) {
    match found {
        FoundAttachment::Arriving => (Reason::Arriving, false),
        FoundAttachment::Conflict => (Reason::Conflict, true),
        FoundAttachment::Ignored(reason) => (reason, false),
        FoundAttachment::Foreign(reason) => (reason, true),
        // Files and folders are never odd.
        FoundAttachment::File | FoundAttachment::Folder => (Reason::Hidden, false),
    }
}

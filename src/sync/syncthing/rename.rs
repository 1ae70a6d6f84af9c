//! A channel that was renamed: Syncthing is told where its boxes lie now. Folder ids, devices and files stay.

use std::path::Path;

use serde_json::{Map, Value};

use super::client::Syncthing;
use super::error::Error;
use super::key::FolderId;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;

/// A folder of Syncthing's that is a channel's box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedBox {
    /// The box.
    pub side: Side,
    folder: FolderId,
    /// Whether it has the label that missive gave it: one that somebody has chosen stays.
    has_our_label: bool,
}

/// What a box is called in Syncthing's list of folders.
pub(super) fn label(channel: &ChannelName, side: Side) -> String {
    if side == Side::Inbox { format!("{channel} ({side})") } else { channel.to_string() }
}

impl Syncthing {
    /// The boxes of the channel in this folder that Syncthing carries.
    ///
    /// # Errors
    /// Whatever Syncthing says.
    pub fn carried(&self, channel: &Path, name: &ChannelName) -> Result<Vec<CarriedBox>, Error> {
        let mut carried = Vec::new();
        for side in Side::BOTH {
            if let Some(folder) = self.folders().at(&channel.join(side.name()))? {
                let has_our_label = folder.label == label(name, side);
                carried.push(CarriedBox { side, folder: FolderId::parse(&folder.id)?, has_our_label });
            }
        }
        Ok(carried)
    }

    /// Tells where a box lies now: in the channel of this folder and name. Until it is told, Syncthing takes the box for a disk that
    /// is not there, and changes nothing.
    ///
    /// # Errors
    /// [`Error::Path`] for a path that is no text; whatever Syncthing says.
    pub fn set_place(&self, carried: &CarriedBox, channel: &Path, name: &ChannelName) -> Result<(), Error> {
        let path = channel.join(carried.side.name());
        let place = path.to_str().ok_or_else(|| Error::Path { path: path.clone() })?;
        let mut said = Map::from_iter([("path".to_owned(), Value::from(place))]);
        if carried.has_our_label {
            said.insert("label".to_owned(), label(name, carried.side).into());
        }
        self.rest.patch(&format!("/rest/config/folders/{}", carried.folder), &said.into())
    }
}

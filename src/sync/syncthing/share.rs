//! Sharing a channel's outbox, and who reads it.
//!
//! A key alone lets nobody in: Syncthing asks the author's consent for each reader.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::client::Syncthing;
use super::device::DeviceId;
use super::error::Error;
use super::folder_type::Type;
use super::folders::{Folder, Wanted};
use super::key::{FolderId, Key};
use super::rename::label;
use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::profile;
use crate::fs::confined;
use crate::text::invisible::field;

/// What came of sharing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Shared {
    /// What to hand out.
    pub key: Key,
    /// The devices that were accepted as readers.
    pub readers: Vec<DeviceId>,
    /// Whether anything had to be changed in Syncthing.
    pub changed: bool,
}

/// A device that would like to read and was not accepted yet. What it says of itself is a stranger's word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Asking {
    /// Its id: what to compare with what the reader says.
    pub device: DeviceId,
    /// Its own name, fit for a line.
    pub name: String,
    /// Whether it asks for this very folder. A device that Syncthing does not know yet cannot say what it asks for.
    pub named_folder: bool,
}

impl Syncthing {
    /// Shares a channel's outbox as a send-only folder; again, it changes nothing and gives the same key.
    ///
    /// The folder's id follows from the id in the channel's profile; without one it is made from `fresh`, a random number,
    /// and Syncthing's settings keep it. `readers` are accepted, as by [`Self::accept`].
    ///
    /// # Errors
    /// [`Error::NoBox`]; [`Error::OtherType`] and [`Error::IdTaken`] when Syncthing has other plans with the outbox or the
    /// id; whatever Syncthing says.
    pub fn share(&self, channel: &Channel, readers: &[DeviceId], fresh: Uuid) -> Result<Shared, Error> {
        let path = outbox(channel)?;
        let id = match self.folders().at(&path)? {
            Some(folder) => FolderId::parse(&folder.id)?,
            None => FolderId::parse(&folder_id(channel, fresh))?,
        };
        self.carry_outbox(channel, &path, id, readers)
    }

    /// Accepts a device as a reader of a channel that is shared already. Says whether anything had to be changed.
    ///
    /// # Errors
    /// [`Error::NotShared`]; [`Error::OwnDevice`]; whatever Syncthing says.
    pub fn accept(&self, channel: &Channel, reader: &DeviceId) -> Result<bool, Error> {
        let path = outbox(channel)?;
        let folder = self.folders().at(&path)?.ok_or_else(|| Error::NotShared { path: path.clone() })?;
        let id = FolderId::parse(&folder.id)?;
        Ok(self.carry_outbox(channel, &path, id, std::slice::from_ref(reader))?.changed)
    }

    /// The devices that ask for a channel and were not accepted yet: those that Syncthing does not know at all, and known
    /// ones that name this channel's folder. Empty when the channel is not shared.
    ///
    /// # Errors
    /// Whatever Syncthing says.
    pub fn asking(&self, channel: &Channel) -> Result<Vec<Asking>, Error> {
        let Some(folder) = self.folders().at(&channel.path.join(Side::Outbox.name()))? else {
            return Ok(Vec::new());
        };
        let unknown: BTreeMap<String, PendingDevice> = self.rest.get("/rest/cluster/pending/devices", &[])?;
        let mut asking: Vec<Asking> =
            unknown.into_iter().filter_map(|(id, device)| asks(&id, &device.name, false)).collect();
        let offers: BTreeMap<String, PendingFolder> = self.rest.get("/rest/cluster/pending/folders", &[])?;
        let known = self.folders().devices()?;
        let name = |id: &str| known.iter().find(|device| device.id == id).map_or("", |device| &device.name);
        let of_folder = offers.get(&folder.id).into_iter().flat_map(|offer| offer.offered_by.keys());
        asking.extend(of_folder.filter_map(|id| asks(id, name(id), true)));
        asking.sort();
        Ok(asking)
    }

    fn carry_outbox(
        &self,
        channel: &Channel,
        path: &Path,
        id: FolderId,
        readers: &[DeviceId],
    ) -> Result<Shared, Error> {
        let wanted = Wanted { id, label: label(&channel.name, Side::Outbox), path, kind: Type::SendOnly };
        self.folders().check(&wanted)?;
        let mut changed = false;
        for reader in readers {
            self.not_own(reader)?;
            changed |= self.folders().know(reader, &[])?;
        }
        let with: Vec<&DeviceId> = readers.iter().collect();
        changed |= self.folders().carry(&wanted, &with)?;
        for reader in readers {
            changed |= self.folders().greet(reader)?;
        }
        let key = Key { device: self.device().clone(), addresses: Vec::new(), folder: wanted.id };
        Ok(Shared { key, readers: self.readers(path)?, changed })
    }

    /// The accepted readers of the folder at this path.
    fn readers(&self, path: &Path) -> Result<Vec<DeviceId>, Error> {
        let folder = self.folders().at(path)?;
        let ids = folder.iter().flat_map(Folder::devices).filter_map(|id| DeviceId::parse(id).ok());
        Ok(ids.filter(|id| id != self.device()).collect())
    }
}

#[derive(Deserialize)]
struct PendingDevice {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PendingFolder {
    #[serde(default)]
    offered_by: BTreeMap<String, Value>,
}

fn asks(id: &str, name: &str, named_folder: bool) -> Option<Asking> {
    const MOST: usize = 100;
    let name: String = name.chars().take(MOST).collect();
    Some(Asking { device: DeviceId::parse(id).ok()?, name: field(&name), named_folder })
}

fn outbox(channel: &Channel) -> Result<PathBuf, Error> {
    super::client::box_of(channel, Side::Outbox)
}

/// `missive-` and 64 bits of the hash of the channel's id, or of a random number for a channel that has none: an id that
/// follows from the name would be the same for two people who call their channel alike.
fn folder_id(channel: &Channel, fresh: Uuid) -> String {
    let folder = confined::Folder::open(&channel.path.join(Side::Outbox.name()));
    let profile = folder.ok().and_then(|folder| profile::read(&folder).ok()).unwrap_or_default();
    let id = if profile.id.is_some() { profile.channel_id("") } else { fresh };
    let hash = blake3::hash(id.urn().to_string().as_bytes()).to_hex();
    format!("missive-{}", hash.as_str().get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Kind;
    use crate::channel::protocol::name::ChannelName;
    use crate::channel::protocol::profile::Profile;

    fn made(data: &std::path::Path, name: &str, id: Option<&str>) -> Channel {
        let profile = Profile { id: id.map(str::to_owned), ..Profile::default() };
        let name = ChannelName::parse(name.as_ref()).unwrap();
        Channel::make(data, &name, Kind::Broadcast, &profile).unwrap()
    }

    #[test]
    fn a_folders_id_follows_from_the_channels() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let id = "urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a";
        let with = made(dir.path(), "with", Some(id));
        let hash = blake3::hash(id.as_bytes()).to_hex();
        assert_eq!(folder_id(&with, one), format!("missive-{}", &hash.as_str()[..16]));
        assert_eq!(folder_id(&with, one), folder_id(&with, two));
        let without = made(dir.path(), "without", None);
        assert_ne!(folder_id(&without, one), folder_id(&without, two));
        assert!(FolderId::parse(&folder_id(&without, two)).is_ok());
    }

    #[test]
    fn a_strangers_name_is_fit_for_a_line() {
        let asking = asks(super::super::device::EXAMPLE, "a\nb\u{202e}", false).unwrap();
        assert_eq!(asking.name, "a␊b⟨U+202E⟩");
        assert_eq!(asks("x", "a", false), None);
    }
}

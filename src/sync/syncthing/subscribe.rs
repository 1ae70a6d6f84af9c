//! Subscribing: a channel's inbox becomes a receive-only folder of the device in a key.

use super::client::Syncthing;
use super::device::DeviceId;
use super::error::Error;
use super::folder_type::Type;
use super::folders::Wanted;
use super::key::Key;
use super::rename::label;
use crate::channel::Channel;
use crate::channel::protocol::entry::Side;

impl Syncthing {
    /// Subscribes a channel's inbox to a key, as a receive-only folder; again, it changes nothing. Says whether anything
    /// had to be changed.
    ///
    /// Nothing arrives until whoever gave the key has accepted [`Self::device`] as a reader.
    ///
    /// # Errors
    /// [`Error::NoBox`]; [`Error::OwnDevice`]; [`Error::BoxTaken`], [`Error::OtherType`] and [`Error::IdTaken`] when
    /// Syncthing has other plans with the inbox or the id; whatever Syncthing says.
    pub fn subscribe(&self, channel: &Channel, key: &Key) -> Result<bool, Error> {
        let path = super::client::box_of(channel, Side::Inbox)?;
        self.not_own(&key.device)?;
        let label = label(&channel.name, Side::Inbox);
        let wanted = Wanted { id: key.folder.clone(), label, path: &path, kind: Type::ReceiveOnly };
        self.folders().check(&wanted)?;
        let known = self.folders().know(&key.device, &key.addresses)?;
        let carried = self.folders().carry(&wanted, &[&key.device])?;
        Ok(self.folders().greet(&key.device)? || known || carried)
    }

    /// A key and a reader come from the other side.
    pub(super) fn not_own(&self, device: &DeviceId) -> Result<(), Error> {
        if device == self.device() { Err(Error::OwnDevice { device: device.to_string() }) } else { Ok(()) }
    }
}

//! The Syncthing of this machine, reached through its interface.

use std::path::PathBuf;
use std::time::Duration;

use super::config::{Access, Settings};
use super::device::DeviceId;
use super::error::Error;
use super::folders::{Folders, Myself};
use super::rest::{PATIENCE, Rest};
use crate::channel::Channel;
use crate::channel::protocol::entry::Side;

/// A Syncthing that answers.
pub struct Syncthing {
    pub(super) rest: Rest,
    device: DeviceId,
    tilde: PathBuf,
}

impl Syncthing {
    /// Reaches the Syncthing of the settings, or for what they leave open the one whose `config.xml` is the first in these
    /// folders, such as [`candidates`](super::candidates).
    ///
    /// Every question to it, here and later, is given up after five seconds.
    ///
    /// # Errors
    /// [`Error::NoConfig`], [`Error::Config`], [`Error::Https`] or [`Error::NotHere`] when it is not known how to reach it;
    /// [`Error::NoAnswer`] and [`Error::ApiKey`] when it cannot be reached so.
    pub fn open(settings: &Settings, places: &[PathBuf]) -> Result<Self, Error> {
        Self::open_within(settings, places, PATIENCE)
    }

    /// As [`Self::open`], for who would rather not know than wait: one that does not answer its first question for so
    /// long is not there. One that does is busy at times, and has the usual time for all further ones.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(settings: &Settings, places: &[PathBuf], first: Duration) -> Result<Self, Error> {
        let access = Access::find(settings, places)?;
        let myself: Myself = Rest::new(access.clone(), first).get("/rest/system/status", &[])?;
        let rest = Rest::new(access, PATIENCE);
        Ok(Self { rest, device: DeviceId::parse(&myself.id)?, tilde: myself.tilde })
    }

    /// The id of this device: what a reader tells an author.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    pub(super) fn folders(&self) -> Folders<'_> {
        Folders { rest: &self.rest, tilde: &self.tilde }
    }
}

/// The path of a channel's box, which must be there.
pub(super) fn box_of(channel: &Channel, side: Side) -> Result<PathBuf, Error> {
    let path = channel.path.join(side.name());
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(path),
        _ => Err(Error::NoBox { path: channel.path.clone(), side }),
    }
}

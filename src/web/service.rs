//! What the server asks of whoever runs it: channels that are kept scanned, sites that are kept built, and new channels.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;

/// Why a channel's site could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteBuildError {
    /// The build failed, for this reason.
    #[error("{0}")]
    Failed(String),
    /// Nothing is built any more.
    #[error("the server is stopping")]
    Stopping,
}

/// Keeps the channels scanned and their sites built. Each call may wait for the disk.
pub trait ChannelService: Send + Sync {
    /// Scans what was just written into a channel: the library has it when this returns.
    fn rescan(&self, channel: &Channel, written: &Path);
    /// Builds a channel's site, if it was not asked for before, and keeps it built from then on.
    ///
    /// # Errors
    /// [`SiteBuildError`]; a site that was built before is there all the same.
    fn build_site(&self, channel: &Channel) -> Result<(), SiteBuildError>;
    /// The folder of a channel's site, whether it was built or not.
    fn site_folder(&self, channel: &Channel) -> PathBuf;
    /// The newest messages of all channels as an Atom feed, for a server whose address is `origin` (`http://localhost:3000`).
    fn combined_feed(&self, origin: &str) -> Vec<u8>;
    /// The feeds of all channels as OPML.
    fn opml(&self, origin: &str) -> Vec<u8>;
    /// How the boxes stand that are synced, in no order.
    fn sync(&self) -> Vec<SyncedBox>;
}

/// How a box stands that is synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct SyncedBox {
    /// The channel's name.
    #[serde(skip)]
    pub channel: ChannelName,
    /// The box.
    pub r#box: Side,
    /// The state that it is in, of a closed list: `up-to-date`, `waiting` and so on.
    pub state: String,
    /// The state in words.
    pub words: String,
    /// What else somebody has to know: what failed, and what is not downloaded.
    pub details: Vec<String>,
}

/// Creates channels as the commands do, for the app's forms. Each call may wait for the disk.
pub trait ChannelCreator: Send + Sync {
    /// Creates a channel of one's own; gives its name.
    ///
    /// # Errors
    /// Why there can't be one of that name.
    fn create(&self, name: &str) -> Result<ChannelName, CreateError>;
    /// Subscribes with a read key; gives the channel's name. Its messages come later.
    ///
    /// # Errors
    /// Why the key can't be used.
    fn subscribe(&self, key: &str) -> Result<ChannelName, CreateError>;
    /// Creates a conversation; gives the invitation code for the other side.
    ///
    /// # Errors
    /// Why there can't be one of that name.
    fn invite(&self, name: &str) -> Result<String, CreateError>;
    /// Accepts an invitation; gives the conversation's name.
    ///
    /// # Errors
    /// Why the code can't be used.
    fn accept(&self, code: &str) -> Result<ChannelName, CreateError>;
    /// Whether this program syncs channels itself, so that keys and codes are of use.
    fn can_sync(&self) -> bool;
}

/// Why a channel can't be created, and the way out. It may quote a key, so it is never logged.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}")]
pub struct CreateError {
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub hint: Option<String>,
}

//! Why a channel could not be looked at, built or replicated.

use std::io;
use std::path::PathBuf;

use crate::{channel, site, sync};

/// Why a turn, or the node beside it, came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The channel, its settings or a message of it.
    #[error(transparent)]
    Channel(#[from] channel::Error),
    /// Its site.
    #[error(transparent)]
    Site(#[from] site::SiteError),
    /// Its keys, or the node.
    #[error(transparent)]
    Sync(#[from] sync::Error),
    /// A channel that lies elsewhere has no keys.
    #[error("{} is not in the data folder {}", channel.display(), data.display())]
    OutsideDataFolder {
        /// The channel's folder.
        channel: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// A channel whose name cannot be written into the file of keys.
    #[error("the name `{name}` is not UTF-8")]
    NameNotUtf8 {
        /// The name, as far as it is text.
        name: String,
    },
    /// The program was built without the feature `sync`.
    #[error("this missive was built without sync")]
    WithoutSync,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether no change of the channel helps, only another command line.
    pub(crate) fn needs_other_arguments(&self) -> bool {
        use site::SiteError::{Foreign, InTheWay, OutputIsBox};
        matches!(self, Self::Site(InTheWay { .. } | Foreign { .. } | OutputIsBox { .. }))
    }
}

/// Two errors are equal if they say the same.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

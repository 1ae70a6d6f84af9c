//! What the user's settings say of replication.

use crate::sync::options::Options;
use crate::sync::syncthing::Settings;

/// What the user's settings say of replication.
#[derive(Clone, Debug, Default)]
pub struct SyncSettings {
    /// How a node reaches others, and what it takes from them.
    pub options: Options,
    /// How the Syncthing of this machine is reached.
    pub syncthing: Settings,
}

//! Where a node lives, how it was set up, and where it reports its status.

use std::path::PathBuf;

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::sync::keys::book::NODE_FOLDER;
use crate::sync::node::shared_status::SharedStatus;
use crate::sync::options::Options;

/// The time now, in nanoseconds since 1970.
pub type Clock = fn() -> i64;

/// Where a node lives, and what it was told.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) data: PathBuf,
    /// The data folder with links resolved: a place is watched where it lies.
    pub(super) real_data: PathBuf,
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) status: SharedStatus,
}

impl Home {
    /// The node's folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.data.join(STATE_FOLDER).join(NODE_FOLDER)
    }

    /// The time now, in microseconds since 1970.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from((self.clock)() / 1000).unwrap_or(0)
    }

    /// The time now, in seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000_000)
    }
}

//! What tells that a file is still the same one, without reading it.

use serde::{Deserialize, Serialize};

use crate::fs::confined::Stat;

/// What tells that a file is still the same: length in bytes, time of modification in nanoseconds, inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// Its length in bytes.
    pub len: u64,
    /// Its time of modification, in nanoseconds since 1970.
    pub modified: i64,
    /// Its inode.
    pub inode: u64,
}

impl FileMark {
    /// The mark of a file that could not be looked into: nobody takes it for settled, so it is looked into next time.
    pub(super) fn unknown(self) -> Self {
        Self { modified: i64::MAX, ..self }
    }
}

impl From<Stat> for FileMark {
    fn from(stat: Stat) -> Self {
        Self { len: stat.len, modified: stat.modified, inode: stat.inode }
    }
}

/// Whether a file modified at one moment was certain to be settled at another, both in nanoseconds since 1970.
///
/// Within two seconds it may change again in the same tick of its disk's clock, and a change of the same length would not show.
pub fn is_settled(modified: i64, looked_at: i64) -> bool {
    const TICK: i64 = 2_000_000_000;
    modified < looked_at.saturating_sub(TICK)
}

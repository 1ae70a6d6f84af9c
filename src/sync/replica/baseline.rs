//! The baseline of the three-way merge: on which content of each file a box and its document agreed last.
//!
//! Without it nothing is lost: what lies in the box is read once more, and agrees or does not.

use serde::{Deserialize, Serialize};

use crate::fs::confined::Stat;
use crate::sync::replica::item_log::ItemLog;
use crate::sync::replica::merge::Hash;

/// The baseline of a box.
pub type Baseline = ItemLog<BaselineFile>;

/// What is known of a file since the two agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineFile {
    /// The content.
    pub hash: Hash,
    /// The file's length, its time of modification and its inode when it had that content.
    pub stat: StatFingerprint,
    /// Whether the file began here, and not in the document.
    pub ours: bool,
}

/// By what a file is known to be unchanged without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatFingerprint {
    len: u64,
    modified: i64,
    changed: i64,
    inode: u64,
}

impl From<&Stat> for StatFingerprint {
    fn from(stat: &Stat) -> Self {
        Self { len: stat.len, modified: stat.modified, changed: stat.changed, inode: stat.inode }
    }
}

impl StatFingerprint {
    /// Whether it is the same file with the same content, although something else about it may have changed: who may read it,
    /// or by how many names.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.len, self.modified, self.inode) == (other.len, other.modified, other.inode)
    }

    /// The time of modification, in nanoseconds since 1970.
    pub fn modified(&self) -> i64 {
        self.modified
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

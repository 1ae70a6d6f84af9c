//! What is said where a channel's attachments are handed out as they are: that some of them tell more than they show.

use std::ffi::OsStr;
use std::fmt;

use crate::channel::Channel;
use crate::channel::outbox::metadata_check::{RevealingCount, sample};
use crate::channel::protocol::entry::Side;
use crate::commands::grouped;
use crate::fs::confined::Folder;
use crate::text::shell;

/// The attachments of a box that tell something, counted as far as that takes no time.
#[derive(Debug, Default)]
pub(super) struct MetadataWarning {
    pub(super) count: RevealingCount,
    /// The command that lists them.
    listed_by: String,
}

impl MetadataWarning {
    /// Looks into a channel's box; one that cannot be opened has none.
    pub(super) fn in_box(channel: &Channel, side: Side, name: &OsStr) -> Self {
        let folder = Folder::open(&channel.path.join(side.name()));
        Self {
            count: folder.map(|folder| sample(&folder)).unwrap_or_default(),
            listed_by: shell::missive("check --metadata", &[&name]),
        }
    }
}

impl fmt::Display for MetadataWarning {
    /// Nothing where nothing is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RevealingCount { found, is_all } = self.count;
        if found == 0 {
            return Ok(());
        }
        let least = if is_all { "" } else { "at least " };
        let tell = if found == 1 { "reveals" } else { "reveal" };
        writeln!(
            f,
            "Readers receive attachments unchanged: {least}{} {tell} a place, a device or a person.",
            grouped(found)
        )?;
        writeln!(f, "See which: {}", self.listed_by)
    }
}

//! What a user of missive would notice, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![allow(clippy::needless_raw_string_hashes, reason = "snapbox writes whole outputs in this form")]

mod answering;
mod archives;
mod attachments;
mod authors;
mod built_bytes;
mod command_line;
mod completing;
mod composing;
mod conflicts;
mod conformance;
mod crash;
mod dead_links;
mod disk;
mod every_command;
mod exiftool;
mod feeds;
mod floors;
mod headers;
mod hostile;
mod hostile_output;
mod inboxes;
mod incremental;
mod media_files;
mod metadata;
mod odd_surroundings;
mod output;
mod pasting;
mod reading;
mod reading_room;
mod renaming;
#[cfg(feature = "sync")]
mod replicating;
mod rescan;
mod scene;
mod schemas;
mod scripting;
mod searching;
mod serving;
mod sites;
mod special_files;
mod syncthing;
mod test_environment;
mod texts;
mod themes;
mod trust;
mod watching;
mod writers;
mod wrong_values;

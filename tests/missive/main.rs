//! What a user of missive would notice, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod again;
mod archives;
mod attachments;
mod command_line;
mod crash;
mod feeds;
mod floors;
mod hostile;
mod incremental;
mod output;
mod scene;
mod sites;
mod themes;
mod trust;
mod watching;

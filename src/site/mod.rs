//! A channel becomes a website, and several become a reading room.
//!
//! A snapshot becomes a plan: every file that should exist, with a fingerprint of all that it depends on. The engine makes
//! only what differs from what was written last time. Nothing here prints, asks the network, or touches a box.

pub(crate) mod build;
mod build_options;
mod channel_site;
pub mod engine;
mod error;
pub mod feeds;
pub mod links;
pub mod pages;
mod room;
mod theme;

pub use crate::site::build::{BuildMemory, SiteRequest, build, default_output};
pub use crate::site::build_options::{BuildOptions, Overrides, OwnHtml, SiteOptions, SiteSettings};
pub use crate::site::engine::lock::Lock;
pub use crate::site::engine::out_path::OutPath;
pub use crate::site::engine::report::{OutputReport, WrittenFile};
pub use crate::site::error::SiteError;
pub use crate::site::feeds::combined_feed::{CombinedFeed, FeedChannel, combined_feed, opml};
pub use crate::site::room::{ReadingRoom, ReadingRoomChannel, ReadingRoomRequest, site_folders};
pub use crate::site::theme::{BUILT_IN as BUILT_IN_THEMES, Theme, ThemeSource};

//! What a build may be told.
//!
//! Owns the choices that change the site's bytes, read once by the command and handed down. Refuses to know where they
//! come from.

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::settings::BaseUrl;

/// Choices that change what the site says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteOptions {
    /// Where the site will be found.
    pub base_url: Option<BaseUrl>,
    /// Instead of the profile's title.
    pub title: Option<String>,
    /// Messages on a list page, at least 1.
    pub page_size: usize,
    /// Entries in a feed, at least 1.
    pub feed_size: usize,
    /// Colours code blocks.
    pub highlight: bool,
    /// Lets HTML in one's own messages through.
    pub raw_html: bool,
    /// Publishes pictures with their metadata.
    pub keep_metadata: bool,
    /// The key by which the channel is read, if the site is to hand it out.
    pub read_key: Option<String>,
    /// Builds from one box only.
    pub only: Option<Side>,
}

/// Choices of how a build treats what is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Takes over a folder that holds other files, and writes every file anew.
    pub force: bool,
    /// Accepts that a box which had messages has none.
    pub allow_empty: bool,
}

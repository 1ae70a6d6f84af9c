//! Feeds of one channel and of several: Atom, JSON Feed and OPML.

pub(crate) mod channel_feed;
pub(crate) mod combined_feed;

//! The protocol on disk: what a channel is, with its folder, its boxes and its messages, read once at the edge into types.
//!
//! Its rooms from the ground up; each imports only from those before it:
//!
//! - [`protocol`]: what the format says of names, times, headers, profiles and settings; [`error`] and [`folder`] above it.
//! - [`authorship`]: who wrote what, and which files count as one's own.
//! - [`snapshot`]: a channel at one look, by the words of both; [`feed_ids`] follows from it.
//! - [`outbox`] writes and [`reading`] asks; neither knows of the other.

pub mod authorship;
pub mod error;
pub mod feed_ids;
pub mod folder;
pub mod outbox;
pub mod protocol;
pub mod reading;
pub mod snapshot;

pub use error::Error;
pub use folder::Channel;
pub use protocol::kind::Kind;

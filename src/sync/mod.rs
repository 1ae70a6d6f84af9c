//! Moving whole files between one outbox and many inboxes.
//!
//! Owns keys, what is replicated of a box, the comparison of a box with a shared document, and what does the moving: an
//! engine of our own (`iroh`, with the feature `sync`) or a Syncthing that runs beside. The folder is all that other rooms
//! see of it. Refuses to know Markdown and HTML, and never prints.

pub mod box_files;
pub mod error;
pub mod hex;
pub mod keys;
#[cfg(feature = "sync")]
pub mod node;
pub mod options;
pub mod own_addresses;
pub mod replica;
pub mod socket;
pub mod status;
pub mod syncthing;

pub use error::Error;

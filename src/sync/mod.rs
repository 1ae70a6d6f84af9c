//! Moving whole files between one outbox and many inboxes.
//!
//! `keys` are what people hand on, `replica` decides what is done about a box and its shared document, `node` does it over iroh (with
//! the feature `sync`), and `syncthing` leaves the moving to a Syncthing that runs beside. Other rooms see only the folder.
//!
//! Keys and wishes are lines of one file, the book (`keys::book`). A running node watches it, so commands need no node, and the
//! socket answers one question only: what is your state? The engine's store can be deleted: it is made again from the book and
//! the boxes. Syncthing and our own node have no common trait, because they share nothing but the folder.

pub mod box_files;
pub mod box_listing;
pub mod error;
pub mod hex;
pub mod item_log_file;
pub mod keys;
#[cfg(feature = "sync")]
pub mod node;
pub mod options;
pub mod own_addresses;
pub mod redacted;
pub mod replica;
pub mod socket;
pub mod status;
pub mod sync_state;
pub mod syncthing;
pub mod trash_files;

pub use error::Error;

//! Moving whole files between one outbox and many inboxes.
//!
//! `keys` are what people hand on, `replica` decides what is done about a box and its shared document, `node` does it over iroh (with
//! the feature `sync`), and `syncthing` leaves the moving to a Syncthing that runs beside. Other rooms see only the folder.

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
pub mod syncthing;
pub mod trash_files;

pub use error::Error;

//! Keys as people hand them on and keep them: tickets, the key file, sealed copies and spoken words.

#[cfg(feature = "sync")]
pub mod backup;
pub mod book;
pub mod document;
pub mod folder_id;
pub mod new_identity;
mod noted_folders;
pub mod phrase;
pub mod ticket;
pub mod whereabouts;

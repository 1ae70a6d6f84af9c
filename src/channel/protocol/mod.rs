//! What the format on disk says: names, times, headers, profiles and settings, read once into types.

pub mod classify;
pub mod conflict_copy;
pub mod entry;
pub mod header;
pub mod message_file;
pub mod name;
pub mod profile;
pub mod settings;
pub mod stamp;

//! What the format on disk says: names, times, headers, profiles and settings, read once into types.

pub mod classify;
pub(crate) mod conflict_name;
pub mod entry;
pub mod header;
pub mod kind;
pub mod layout;
pub mod message_address;
pub mod message_file;
pub mod missing;
pub mod name;
mod name_suggestion;
pub mod profile;
pub mod reply_to;
pub mod settings;
pub mod stamp;
pub mod toml_error;
pub mod toml_keys;
pub mod toml_table;

//! Keys as people hand them on and keep them: tickets, the key file, sealed copies and spoken words.

#[cfg(feature = "sync")]
pub mod backup;
pub mod book;
pub mod document;
pub mod phrase;
pub mod ticket;

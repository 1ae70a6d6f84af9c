//! Moving whole files between one outbox and many inboxes.

#[cfg(feature = "sync")]
pub mod backup;
pub mod phrase;

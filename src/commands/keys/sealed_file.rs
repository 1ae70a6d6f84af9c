//! A file of keys that is sealed with a passphrase. Of the commands, this file alone asks for the feature `sync`:
//! `enabled.rs` asks for the passphrase, seals and opens; `disabled.rs` says that this program cannot.

#[cfg(not(feature = "sync"))]
mod disabled;
#[cfg(feature = "sync")]
mod enabled;

#[cfg(not(feature = "sync"))]
pub(super) use disabled::{open, seal};
#[cfg(feature = "sync")]
pub(super) use enabled::{open, seal};

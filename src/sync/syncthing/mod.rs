//! Syncthing as the carrier of a channel: a real Syncthing on this machine, set up through its interface.
//!
//! An outbox is a send-only folder, an inbox a receive-only one, a conversation both. Files travel by Syncthing alone, whether missive
//! runs or not. Its model differs from missive's own in one point: an author accepts each reader by its device's id, so a key by
//! itself lets nobody in. Settings, folders and random numbers come in as arguments.

mod client;
mod config;
mod device;
mod error;
mod folder_state;
mod folder_type;
mod folders;
mod ignore;
mod key;
mod rename;
mod rest;
mod share;
mod subscribe;

pub use client::Syncthing;
pub use config::{Settings, candidates};
pub use device::DeviceId;
pub use error::Error;
pub use folder_state::{Activity, FolderState, Peer};
pub use folder_type::Type;
pub use key::{Address, FolderId, Key};
pub use rename::CarriedBox;
pub use share::{Asking, Shared};

//! The protocol on disk.
//!
//! Owns what a channel is: its folder, its boxes, its messages and their names, read once at the edge into types.
//! Refuses to know HTML, network or terminal.

pub mod again;
pub mod arrival;
pub mod attachments;
pub mod cache;
pub mod card;
pub mod classify;
pub mod comparison;
pub mod conflict;
pub mod entry;
mod fold;
pub mod folder;
pub mod header;
mod listing;
pub mod marks;
pub mod message;
pub mod name;
mod near_miss;
pub mod profile;
pub mod query;
pub mod settings;
pub mod snapshot;
pub mod stamp;
pub mod when;

use std::io;
use std::path::PathBuf;

pub use folder::{Channel, Kind};

/// What can be wrong with a channel as a whole. A single strange file is never an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such channel.
    #[error("no channel `{name}` in {}", folder.display())]
    NoSuchChannel {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// There is a folder, but it holds neither box.
    #[error("{} is no channel: it has neither an `inbox` nor an `outbox`", path.display())]
    NotAChannel {
        /// The folder.
        path: PathBuf,
    },
    /// The name cannot be a channel's.
    #[error("`{name}` cannot be a channel's name")]
    Name {
        /// The name.
        name: String,
    },
    /// The place is taken.
    #[error("{} exists already", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The settings file has a mistake.
    #[error("{}, line {line}: {what}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, with the nearest known key.
        what: String,
    },
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

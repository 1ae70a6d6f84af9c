//! The protocol on disk.
//!
//! Owns what a channel is: its folder, its boxes, its messages and their names, read once at the edge into types.
//! Refuses to know HTML, network or terminal.

pub mod authorship;
pub mod feed_ids;
pub mod folder;
pub mod outbox;
pub mod protocol;
pub mod reading;
pub mod snapshot;

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
    #[error("{} is not a channel: it has neither an `inbox` nor an `outbox`", path.display())]
    NotAChannel {
        /// The folder.
        path: PathBuf,
    },
    /// There is something of a box's name that is no folder.
    #[error("`{side}` in {} is {what}", folder.display())]
    NotABox {
        /// The channel's folder.
        folder: PathBuf,
        /// The box.
        side: crate::channel::protocol::entry::Side,
        /// What is there.
        what: folder::NoBox,
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
    /// Nobody writes into a channel without an outbox.
    #[error("`{name}` is a subscription: you can only read it")]
    OnlyListens {
        /// The channel.
        name: String,
    },
    /// There is no such message.
    #[error("no message `{id}` in {place}")]
    NoSuchMessage {
        /// What was asked for.
        id: String,
        /// The box or boxes where it was looked for.
        place: String,
        /// The nearest id that there is.
        nearest: Option<String>,
    },
    /// The message is somebody else's.
    #[error("`inbox/{id}` is somebody else's message: you can only change your own")]
    Theirs {
        /// The message.
        id: String,
    },
    /// There is no such draft.
    #[error("no draft `{name}` in {}", folder.display())]
    NoSuchDraft {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// The drafts that there are.
        there: Vec<String>,
    },
    /// Another program has the draft in hand.
    #[error("the draft `{name}` is open or being sent elsewhere")]
    InHand {
        /// The draft.
        name: String,
    },
    /// A file cannot be attached.
    #[error("{} cannot be attached: {why}", path.display())]
    Attachment {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Two attachments would have one name.
    #[error("two attachments would have the name `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// There is no such attachment.
    #[error("the message {id} has no attachment `{name}`")]
    NoSuchAttachment {
        /// The message.
        id: String,
        /// What was asked for.
        name: String,
        /// The attachments that there are.
        there: Vec<String>,
    },
    /// The header cannot hold a value.
    #[error("a message's header can't hold that title, those tags or that many lines")]
    Header,
    /// The message was changed while it was edited.
    #[error("another program changed the message {id} in the meantime, so nothing was written over it")]
    Changed {
        /// The message.
        id: String,
    },
    /// The message was taken away by something else.
    #[error("the message {id} is gone: another program has deleted or moved it")]
    Gone {
        /// The message.
        id: String,
    },
    /// There is nothing to bring back.
    #[error("no message in {}", trash.display())]
    TrashIsEmpty {
        /// The folder of what was deleted.
        trash: PathBuf,
    },
    /// No second is left to name a message by.
    #[error("no free second is left before the year 10000")]
    NoSecond,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

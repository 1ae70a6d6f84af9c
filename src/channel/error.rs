//! What can go wrong with a channel as a whole: each case names the thing and the place.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::toml_keys::Mistake;

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
        side: Side,
        /// What is there.
        what: NoBox,
    },
    /// The name cannot be a channel's.
    #[error("`{name}` cannot be a channel's name")]
    Name {
        /// The name.
        name: String,
    },
    /// The place is taken.
    #[error("{} already exists", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The settings file has a mistake.
    #[error("{}, line {}: {}", path.display(), mistake.line, mistake.what)]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the nearest known key.
        mistake: Mistake,
    },
    /// A channel without an outbox cannot be written to.
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
    /// The drafts of a channel cannot be read.
    #[error("the drafts in {} cannot be read: {source}", folder.display())]
    Drafts {
        /// Where they lie.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program has the draft open.
    #[error("the draft `{name}` is open or being sent elsewhere")]
    OpenElsewhere {
        /// The draft.
        name: String,
    },
    /// A file is none that can be attached.
    #[error("{} cannot be attached: {why}", path.display())]
    Attachment {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The system does not give a file that is to be attached.
    #[error("{} cannot be attached: {source}", path.display())]
    UnreadableAttachment {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
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
    #[error("the title or the tags do not fit into a message's header")]
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
    #[error("there is no deleted message in {}", trash.display())]
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

/// What may lie where a box should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBox {
    /// A symbolic link, whatever it leads to.
    Link,
    /// A file, a pipe or whatever else is no folder.
    Other,
}

impl fmt::Display for NoBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "a link, and links are not followed",
            Self::Other => "not a folder",
        })
    }
}

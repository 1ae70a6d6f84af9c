//! Why a site or a reading room could not be built.

use std::io;
use std::path::PathBuf;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::profile::Problem;
use crate::fs::confined::Kind;

/// Why a site could not be built. Nothing that was there before is changed by any of them.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A template is wrong: the engine's message names the file and the line.
    #[error("{}{message}", path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
    Template {
        /// What the engine says, with file, line and the offending words.
        message: String,
        /// The file, if it is not built in.
        path: Option<PathBuf>,
    },
    /// A theme's file could not be read.
    #[error("the theme at {}: {error}", path.display())]
    Theme {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// No theme has this name.
    #[error("no theme named `{}`", name.display())]
    NoTheme {
        /// As it was asked for.
        name: PathBuf,
    },
    /// The output holds files that are not ours.
    #[error("{} would be overwritten, but missive did not write it", path.display())]
    InTheWay {
        /// One of them.
        path: PathBuf,
    },
    /// The output, or a place in it, holds something through or over which nothing is written.
    #[error("{} is in the way: it is {kind}", path.display())]
    Foreign {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: Kind,
    },
    /// A box that had messages has none.
    #[error("the {side} had {messages} messages at the last build and {state} now")]
    BoxIsEmpty {
        /// Which box.
        side: Side,
        /// How many messages it had.
        messages: usize,
        /// What it is now, in words.
        state: String,
    },
    /// A profile that is there and says nothing: every id in the feeds would change.
    #[error("{}: {problem}", path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A text that cannot be read now. Its pages stay as they are.
    #[error("{0} cannot be read")]
    Unreadable(String),
    /// The output lies in a folder that is something else, or holds one.
    #[error("{} cannot be the output: {what}", path.display())]
    OutputIsBox {
        /// The output.
        path: PathBuf,
        /// What that folder is, in words.
        what: String,
    },
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

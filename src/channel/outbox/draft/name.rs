//! What a draft is called: `draft-TIME` while it is written, `TIME` when it is to be sent then, `edit-TIME` for changes to a
//! message.

use std::fmt;

use crate::channel::protocol::stamp::Stamp;

/// What a draft is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DraftName {
    /// It was begun then.
    Unsent(Stamp),
    /// It is to be sent then.
    Scheduled(Stamp),
    /// It holds changes to this message.
    Edit(Stamp),
}

impl DraftName {
    /// Reads a name, with or without `.txt`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix(".txt").unwrap_or(text);
        let stamp = |stem: &str| Stamp::parse(stem.as_bytes()).ok();
        match (text.strip_prefix("draft-"), text.strip_prefix("edit-")) {
            (Some(stem), _) => stamp(stem).map(Self::Unsent),
            (_, Some(stem)) => stamp(stem).map(Self::Edit),
            _ => stamp(text).map(Self::Scheduled),
        }
    }
}

impl fmt::Display for DraftName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(stamp) => write!(f, "draft-{stamp}"),
            Self::Scheduled(stamp) => write!(f, "{stamp}"),
            Self::Edit(stamp) => write!(f, "edit-{stamp}"),
        }
    }
}

//! What kind of channel a folder is.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What kind of channel it is, by its boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Both boxes: a conversation.
    Message,
    /// Outbox only: any number of readers.
    Broadcast,
    /// Inbox only: one publisher.
    Subscription,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "message",
            Self::Broadcast => "broadcast",
            Self::Subscription => "subscription",
        })
    }
}

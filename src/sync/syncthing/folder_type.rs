//! What Syncthing may do with a folder.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What may happen to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Others get it, nobody changes it.
    SendOnly,
    /// It is filled from elsewhere.
    ReceiveOnly,
    /// Changes go both ways.
    SendReceive,
    /// It is kept for others and not readable here.
    ReceiveEncrypted,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SendOnly => "send only",
            Self::ReceiveOnly => "receive only",
            Self::SendReceive => "send & receive",
            Self::ReceiveEncrypted => "receive encrypted",
            Self::Unknown => "unknown",
        })
    }
}

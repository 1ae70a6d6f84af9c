//! What an author says of itself: strangers' text.

use serde::{Deserialize, Serialize};

/// What an author says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorNote {
    /// The name by which it calls itself.
    pub name: String,
    /// The device's public key, 64 hexadecimal digits.
    pub device: String,
}

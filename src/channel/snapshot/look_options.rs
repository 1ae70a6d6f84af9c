//! How a channel is looked at.

use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::completeness;

/// How a channel is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookOptions {
    /// The time now, in seconds since 1970.
    pub now: i64,
    /// Shows messages dated in the future as well.
    pub future: bool,
    /// Looks into one box only.
    pub only: Option<Side>,
    /// How long a message is held for what it lacks, in seconds.
    pub hold: i64,
}

impl LookOptions {
    /// A look at this time, in seconds since 1970, into both boxes.
    pub fn at(now: i64) -> Self {
        Self { now, future: false, only: None, hold: completeness::DEFAULT_HOLD }
    }
}

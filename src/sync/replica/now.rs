//! The time as a replica is told it: by a clock that never goes back, and by the calendar.

use std::time::Instant;

use crate::channel::protocol::stamp::Stamp;

/// The time now.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By a clock that never goes back: for pauses.
    pub monotonic: Instant,
    /// By the calendar, which may be set back: in microseconds since 1970.
    pub wall: u64,
}

impl Now {
    /// The second, since 1970.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.wall / 1_000_000).unwrap_or(i64::MAX)
    }

    /// The second as names of files have it; `None` for a clock that is beyond the year 9999.
    pub fn stamp(self) -> Option<Stamp> {
        Stamp::from_seconds(self.seconds())
    }
}

//! The clock that everything here asks, each time anew: a program that runs for weeks has no other "now".

use crate::channel::protocol::stamp::Stamp;

/// What time it is. A test sets its own.
#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> i64);

impl Clock {
    /// A clock that shows what `now` gives, in nanoseconds since 1970.
    pub fn new(now: fn() -> i64) -> Self {
        Self(now)
    }

    /// The time now, in nanoseconds since 1970.
    pub fn nanoseconds(self) -> i64 {
        (self.0)()
    }

    /// The time now, in seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.nanoseconds().div_euclid(1_000_000_000)
    }

    /// The second that it shows; `None` in a year that no message can have.
    pub fn stamp(self) -> Option<Stamp> {
        Stamp::from_seconds(self.seconds())
    }

    /// What other rooms take for a clock: the time now, in nanoseconds since 1970.
    pub fn as_function(self) -> fn() -> i64 {
        self.0
    }
}

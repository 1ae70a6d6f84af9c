//! A clock for tests that stands where it was set.
//!
//! Each test has a thread of its own, and sees the time that was set in it; threads that it starts see the system's time unless
//! they set theirs.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::daemon::Clock;

thread_local! {
    static SET: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Sets the clock of this thread, in seconds since 1970.
pub(crate) fn set(seconds: i64) {
    SET.set(Some(seconds * 1_000_000_000));
}

/// The clock: what was set in this thread, else the system's time.
pub(crate) fn clock() -> Clock {
    Clock::new(|| {
        let real = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
        SET.get().unwrap_or_else(real)
    })
}

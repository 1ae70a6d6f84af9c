//! Dates as pages and feeds write them.
//!
//! Owns the forms: always UTC, always the same on every machine. Refuses to know the clock.

use chrono::{DateTime, Utc};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// `2013-08-11T14:34:37Z` (RFC 3339).
pub(super) fn iso(seconds: i64) -> String {
    at(seconds).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `11 August 2013`
pub(super) fn day(seconds: i64) -> String {
    at(seconds).format("%-d %B %Y").to_string()
}

/// `14:34 UTC`
pub(super) fn time(seconds: i64) -> String {
    at(seconds).format("%H:%M UTC").to_string()
}

/// `11 Aug`
pub(super) fn short(seconds: i64) -> String {
    at(seconds).format("%-d %b").to_string()
}

/// `2013`
pub(super) fn year(seconds: i64) -> String {
    at(seconds).format("%Y").to_string()
}

/// The English name of a month, 1 to 12.
pub(super) fn month(number: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES.get(number.saturating_sub(1) as usize).copied().unwrap_or_default()
}

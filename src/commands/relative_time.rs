//! Moments as a list shows them: `3 h ago`, `12 Aug`.
//!
//! The clock comes in as an argument; dates are UTC, like the names of messages.

use chrono::Datelike;

use crate::channel::protocol::stamp::Stamp;
use crate::text::quantity::{DAY, MINUTE, time_length};

/// How long ago a moment was, both in seconds since 1970.
pub(super) fn ago(then: i64, now: i64) -> String {
    if now.abs_diff(then) < MINUTE {
        return "just now".to_owned();
    }
    let length = time_length(now.abs_diff(then));
    if then <= now { format!("{length} ago") } else { format!("in {length}") }
}

/// How long ago a message was written and on which day; of one long ago only the day.
pub(super) fn ago_and_day(stamp: Stamp, now: i64) -> String {
    let day = day(stamp, now);
    if now.abs_diff(stamp.seconds()) < 30 * DAY { format!("{} · {day}", ago(stamp.seconds(), now)) } else { day }
}

/// A day, with its year unless that is the present one.
fn day(stamp: Stamp, now: i64) -> String {
    let is_this_year = Stamp::from_seconds(now).is_some_and(|now| now.time().year() == stamp.time().year());
    stamp.time().format(if is_this_year { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_354_504;

    #[test]
    fn lengths_are_in_one_unit() {
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (86_399, "23 h ago"),
            (86_400, "1 day ago"),
            (59 * 86_400, "59 days ago"),
            (60 * 86_400, "2 months ago"),
            (729 * 86_400, "24 months ago"),
            (730 * 86_400, "2 years ago"),
            (-30, "just now"),
            (-300, "in 5 min"),
            (-172_800, "in 2 days"),
        ] {
            assert_eq!(ago(NOW - seconds, NOW), words);
        }
        let _ = (ago(i64::MIN, i64::MAX), ago(i64::MAX, i64::MIN));
    }

    #[test]
    fn this_year_goes_without_saying() {
        let day = |stem: &str| day(Stamp::parse(stem.as_bytes()).unwrap(), NOW);
        assert_eq!(day("2026-08-12T10-00-00Z"), "12 Aug");
        assert_eq!(day("2024-02-01T10-00-00Z"), "1 Feb 2024");
        let both = |stem: &str| ago_and_day(Stamp::parse(stem.as_bytes()).unwrap(), NOW);
        assert_eq!(both("2026-11-22T10-00-00Z"), "3 h ago · 22 Nov");
        assert_eq!(both("2024-02-01T10-00-00Z"), "1 Feb 2024");
    }
}

//! Moments, as every report words them.

use crate::channel::protocol::stamp::Stamp;

/// `24 December 2026, 18:00 UTC`
pub(super) fn spoken(stamp: Stamp) -> String {
    let form = if stamp.seconds() % 60 == 0 { "%-d %B %Y, %H:%M UTC" } else { "%-d %B %Y, %H:%M:%S UTC" };
    stamp.time().format(form).to_string()
}

//! How a message is called: its id, with or without its box, and the addresses by which texts link it.

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;

/// Parts `box/id` into the two; a bare id names no box.
pub(crate) fn split_box(value: &str) -> (Option<Side>, &str) {
    match value.split_once('/') {
        Some(("inbox", id)) => (Some(Side::Inbox), id),
        Some(("outbox", id)) => (Some(Side::Outbox), id),
        _ => (None, value),
    }
}

/// The message that a name means, as other messages link it: its id, with `.txt` or `.html` or without.
pub fn named(name: &str) -> Option<Stamp> {
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".html")).unwrap_or(name);
    Stamp::parse(stem.as_bytes()).ok()
}

/// The message that a relative address in a text means: `2013-08-11T14-34-37Z`, with `.txt` or `.html`, with `inbox/`,
/// `outbox/` or `../` before it.
pub fn linked(address: &str) -> Option<(Option<Side>, Stamp)> {
    let path = address.trim_start_matches("./").trim_start_matches("../");
    let (side, name) = match path.split_once('/') {
        Some(("inbox", name)) => (Some(Side::Inbox), name),
        Some(("outbox", name)) => (Some(Side::Outbox), name),
        Some(_) => return None,
        None => (None, path),
    };
    Some((side, named(name)?))
}

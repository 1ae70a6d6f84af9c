//! Finds the message that a person means: `2013-08-11T14-34-37Z`, with `.txt`, with its box before it; else says the nearest
//! id.

use std::path::Path;

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::protocol::classify::{Found, classify};
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::message_address::split_box;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Folder;

/// Finds a message in a channel. Of two with one id, one's own is meant.
///
/// # Errors
/// [`Error::NoSuchMessage`] with the nearest id.
pub fn any(channel: &Channel, id: &str) -> Result<(Side, Stamp), Error> {
    let (side, bare) = parted(id);
    let mut sides = side.map_or(vec![Side::Outbox, Side::Inbox], |side| vec![side]);
    sides.retain(|there| side.is_some() || channel.path.join(there.name()).is_dir());
    let stamp = Stamp::parse(bare.as_bytes()).ok();
    let found = stamp.and_then(|stamp| Some((*sides.iter().find(|side| is_there(channel, **side, stamp))?, stamp)));
    found.ok_or_else(|| no_such(channel, bare, &sides))
}

/// Finds a message that one wrote oneself.
///
/// # Errors
/// [`Error::NoSuchMessage`] with the nearest id; [`Error::Theirs`]; [`Error::OnlyListens`].
pub fn own(channel: &Channel, id: &str) -> Result<Stamp, Error> {
    channel.outbox()?;
    let (side, bare) = parted(id);
    let stamp = Stamp::parse(bare.as_bytes()).ok();
    let is_in = |side| stamp.is_some_and(|stamp| is_there(channel, side, stamp));
    match stamp {
        Some(stamp) if side != Some(Side::Inbox) && is_in(Side::Outbox) => Ok(stamp),
        _ if side != Some(Side::Outbox) && is_in(Side::Inbox) => Err(Error::Theirs { id: bare.to_owned() }),
        _ => Err(no_such(channel, bare, &[Side::Outbox])),
    }
}

fn parted(id: &str) -> (Option<Side>, &str) {
    let (side, id) = split_box(id.trim());
    (side, id.strip_suffix(".txt").unwrap_or(id))
}

fn is_there(channel: &Channel, side: Side, stamp: Stamp) -> bool {
    let path = channel.path.join(side.name()).join(Entry::Text(stamp).path());
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

fn no_such(channel: &Channel, id: &str, sides: &[Side]) -> Error {
    let boxes: Vec<String> = sides.iter().map(|side| format!("{}/{side}", channel.name)).collect();
    let there = sides.iter().flat_map(|side| stamps(&channel.path.join(side.name())));
    let nearest = there.map(|stamp| stamp.to_string()).min_by_key(|stem| (strsim::levenshtein(id, stem), stem.clone()));
    let nearest = nearest.filter(|nearest| strsim::jaro_winkler(id, nearest) > 0.75);
    Error::NoSuchMessage { id: id.to_owned(), place: boxes.join(" or "), nearest }
}

/// Every message of a box, in no order; they only serve to guess which one was meant, so a box that cannot be listed has none.
fn stamps(folder: &Path) -> Vec<Stamp> {
    let names = Folder::open(folder).and_then(|folder| folder.list()).unwrap_or_default();
    let stamp = |found| if let Found::Text(stamp) = found { Some(stamp) } else { None };
    names.into_iter().filter_map(|(name, kind)| stamp(classify(&name, kind))).collect()
}

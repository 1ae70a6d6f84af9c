//! The messages of all channels in one order: by time, then by channel and box.
//!
//! A page of it is merged from the ends of the channels' own lists, so that it costs its length and not the number of all messages.

use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;

/// A message's place among those of all channels; later is greater.
pub(crate) type Position = (Stamp, String, Side);

/// The place of a message.
pub(crate) fn place(state: &ChannelState, card: &Card) -> Position {
    (card.stamp, state.name.clone(), card.side)
}

fn no_key() -> Refusal {
    Refusal::bad("`before` is not a message key")
        .hint("a key is CHANNEL/BOX/ID, such as blog/outbox/2013-08-11T14-34-37Z")
}

/// Reads a message's key: `NAME/BOX/ID`.
pub(crate) fn parse(key: &str) -> Result<Position, Refusal> {
    let (rest, id) = key.rsplit_once('/').ok_or_else(no_key)?;
    let (name, side) = rest.rsplit_once('/').ok_or_else(no_key)?;
    let side = Side::from_name(side).ok_or_else(no_key)?;
    Ok((Stamp::parse(id.as_bytes()).map_err(|_| no_key())?, name.to_owned(), side))
}

/// Reads a message's id within its channel: `2013-08-11T14-34-37Z`, or with its box before it.
pub(crate) fn parse_id(id: &str) -> Result<(Stamp, Side), Refusal> {
    let (side, stem) = id.split_once('/').unwrap_or((Side::Inbox.name(), id));
    let stamp = Stamp::parse(stem.as_bytes()).ok();
    stamp.zip(Side::from_name(side)).ok_or_else(|| Refusal::bad("`before` is not a message id"))
}

/// The newest messages before a place, newest first.
pub(crate) fn newest(
    all: &[Arc<ChannelState>],
    before: Option<&Position>,
    most: usize,
) -> Vec<(Arc<ChannelState>, Arc<Card>)> {
    let mut ends = BinaryHeap::new();
    for (number, state) in all.iter().enumerate() {
        let end = before.map_or(state.cards.len(), |before| {
            state.cards.partition_point(|card| {
                (card.stamp, state.name.as_str(), card.side) < (before.0, before.1.as_str(), before.2)
            })
        });
        push(&mut ends, state, number, end);
    }
    let mut found = Vec::with_capacity(most);
    while let Some((_, number, at)) = ends.pop().filter(|_| found.len() < most) {
        let Some((state, card)) = all.get(number).and_then(|state| Some((state, state.cards.get(at)?))) else {
            continue;
        };
        found.push((Arc::clone(state), Arc::clone(card)));
        push(&mut ends, state, number, at);
    }
    found
}

/// Offers the message before the end of a channel's list.
fn push(ends: &mut BinaryHeap<(Position, usize, usize)>, state: &ChannelState, number: usize, end: usize) {
    if let Some(at) = end.checked_sub(1)
        && let Some(card) = state.cards.get(at)
    {
        ends.push((place(state, card), number, at));
    }
}

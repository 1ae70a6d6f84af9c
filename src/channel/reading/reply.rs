//! Which message another one answers, and which message an address in a text means.
//!
//! A box is named from its author's side: the inbox of whoever writes at the other end is the outbox here, and only this
//! file turns boxes round. An entry's id means the same at both ends, so answers are written with it.

use std::collections::HashMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::channel::folder::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::message_address;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::EntryIds;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Folder;
use crate::markdown::anchor_name;
use crate::text::caseless::casefold;

/// What the answer to a message says: its entry's id if its box has one of its own. Without a profile the two ends would
/// make different ids of it, so then it is its name, and its box as whoever writes the answer here sees it.
pub fn reply_to(channel: &Channel, side: Side, stamp: Stamp) -> ReplyTo {
    match (own_id(channel, side), side) {
        // Whoever copies the other one's id makes it useless.
        (Some(own), side) if own_id(channel, side.other()) != Some(own) => {
            ReplyTo::Entry(profile::entry_id(own, stamp))
        }
        (_, Side::Outbox) => ReplyTo::Message(None, stamp),
        (_, Side::Inbox) => ReplyTo::Message(Some(Side::Inbox), stamp),
    }
}

/// The id that a box's profile gives the channel.
fn own_id(channel: &Channel, side: Side) -> Option<Uuid> {
    let folder = Folder::open(&channel.path.join(side.name())).ok()?;
    profile::read(&folder).ok().and_then(|profile| profile.own_id())
}

/// The box here that the author of a message in the box `near` calls by this name.
pub fn seen_from_here(named: Side, near: Side) -> Side {
    if near == Side::Outbox { named } else { named.other() }
}

/// The message of this name that the author of a message in the box `near` means, among cards in the order of their times and
/// boxes. Without a box it is in that author's, else in the other one.
pub fn find(cards: &[Arc<Card>], named: Option<Side>, near: Side, stamp: Stamp) -> Option<&Arc<Card>> {
    let order = named.map_or([near, near.other()], |named| [seen_from_here(named, near); 2]);
    order.into_iter().find_map(|side| at(cards, side, stamp))
}

/// The message that a relative address in the text of a message in the box `near` means, and the name of the heading in it.
pub fn linked<'c>(cards: &'c [Arc<Card>], address: &str, near: Side) -> Option<(&'c Arc<Card>, Option<String>)> {
    let (path, fragment) = address.split_once('#').map_or((address, None), |(path, rest)| (path, Some(rest)));
    let (side, stamp) = message_address::linked(path)?;
    let heading = fragment.map(|fragment| anchor_name(&percent_decode_str(fragment).decode_utf8_lossy()));
    Some((find(cards, side, near, stamp)?, heading))
}

/// The message with this title, compared without case: one in the box `near` before one in the other, and of several the
/// oldest.
pub fn titled<'c>(cards: &'c [Arc<Card>], title: &str, near: Side) -> Option<&'c Arc<Card>> {
    let title = casefold(title.trim());
    let is_it = |card: &&Arc<Card>| card.title.as_deref().is_some_and(|known| casefold(known.trim()) == title);
    let here = cards.iter().filter(|card| card.side == near).find(is_it);
    here.or_else(|| cards.iter().find(is_it))
}

fn at(cards: &[Arc<Card>], side: Side, stamp: Stamp) -> Option<&Arc<Card>> {
    let at = cards.binary_search_by_key(&(stamp, side), |card| (card.stamp, card.side)).ok()?;
    cards.get(at)
}

/// The messages of a channel that others answer by their entries' ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    ids: EntryIds,
    /// Each id that is named, with the message if it is here.
    known: HashMap<Uuid, Option<(Side, Stamp)>>,
}

impl Answered {
    /// Those among these cards. Where nobody answers by an id, no id is made.
    pub fn new(ids: EntryIds, cards: &[Arc<Card>]) -> Self {
        let named = |card: &Arc<Card>| match card.header.in_reply_to {
            Some(ReplyTo::Entry(id)) => Some(id),
            _ => None,
        };
        let known = cards.iter().filter_map(named).map(|id| (id, None)).collect();
        Self { ids, known }.looked_up(cards)
    }

    /// Looks for the messages of all ids that are named, in one pass.
    fn looked_up(mut self, cards: &[Arc<Card>]) -> Self {
        if self.known.is_empty() {
            return self;
        }
        // Of two with one id, one's own is meant: it comes last.
        for side in [Side::Inbox, Side::Outbox] {
            for card in cards.iter().filter(|card| card.side == side) {
                if let Some(place) = self.known.get_mut(&self.ids.entry(side, card.stamp)) {
                    *place = Some((side, card.stamp));
                }
            }
        }
        self
    }

    /// The message that an answer in the box `near` means, if it is among these cards.
    pub fn find<'c>(&self, said: ReplyTo, near: Side, cards: &'c [Arc<Card>]) -> Option<&'c Arc<Card>> {
        match said {
            ReplyTo::Message(named, stamp) => find(cards, named, near, stamp),
            ReplyTo::Entry(id) => {
                // An answer that is no message yet is not among those that were looked through.
                let only = || Self { ids: self.ids, known: HashMap::from([(id, None)]) }.looked_up(cards);
                let place = self.known.get(&id).copied().or_else(|| only().known.get(&id).copied());
                let (side, stamp) = place.flatten()?;
                at(cards, side, stamp)
            }
        }
    }

    /// The message that a card's message answers, if it is among these cards.
    pub fn by<'c>(&self, card: &Card, cards: &'c [Arc<Card>]) -> Option<&'c Arc<Card>> {
        self.find(card.header.in_reply_to?, card.side, cards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_named_from_its_authors_side() {
        assert_eq!(seen_from_here(Side::Inbox, Side::Outbox), Side::Inbox);
        assert_eq!(seen_from_here(Side::Inbox, Side::Inbox), Side::Outbox);
        assert_eq!(seen_from_here(Side::Outbox, Side::Inbox), Side::Inbox);
    }
}

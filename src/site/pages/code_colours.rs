//! How much of others' code a site shows in colour, and from which message on it is plain.

use std::sync::Arc;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::markdown::{Trust, coloured};

/// How much of others' code a site shows in colour, in bytes, counted from the oldest message on: half a minute at the
/// very worst, and two seconds for code that people write.
///
/// Colouring is the dearest thing that a build does with a text. A message has its own limit, but a hostile inbox has many
/// messages. It is counted over the whole channel and in its order, not over what a build has to make anew: the same
/// channel has to give the same bytes whatever was built before. From the oldest on, because then a new message changes
/// no older page.
const MAX_COLOURED: usize = 4 << 20;

/// How much of a message's code counts: one's own does not.
pub(crate) fn counted(snapshot: &Snapshot, card: &Card) -> usize {
    if snapshot.trust(card) == Trust::Own { 0 } else { coloured(card.code, Trust::Theirs) }
}

/// Of these messages, oldest first, the first whose code does not fit any more. From it on, others' code is plain.
pub(crate) fn first_without_colours(snapshot: &Snapshot, cards: &[Arc<Card>]) -> Option<(Stamp, Side)> {
    let mut sum = 0;
    let first = cards.iter().find(|card| {
        sum += counted(snapshot, card);
        sum > MAX_COLOURED
    });
    first.map(|card| (card.stamp, card.side))
}

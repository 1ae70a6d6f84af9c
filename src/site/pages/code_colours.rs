//! What colouring the code of others may cost on one site, and from which message on their code is shown without colours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::markdown::{Trust, max_cost};

/// How often colours may take too long in one build before others' code is shown without any.
const MAX_LATE: usize = 3;

/// What colouring the code of others on a site may cost, in units ([`max_cost`]), counted from the oldest message on: a
/// megabyte of code in the dearest grammars.
///
/// Colouring is the dearest thing that a build does with a text, so what many small messages may cost together needs an
/// end as well. It is counted over the whole channel and in its order, not over what a build has to make anew: the same
/// channel has to give the same bytes whatever was built before. From the oldest on, because then a new message changes
/// no older page.
const MAX_COLOURED: usize = 8 << 20;

/// What is left of the colours of others' code.
pub(crate) struct CodeColours {
    /// From this message on, others' code is shown without colours.
    end: Option<(Stamp, Side)>,
    /// How often colours took too long.
    late: AtomicUsize,
}

impl CodeColours {
    /// Counts the code of these messages, oldest first.
    pub(crate) fn new(snapshot: &Snapshot, cards: &[Arc<Card>]) -> Self {
        Self { end: first_too_many(snapshot, cards), late: AtomicUsize::new(0) }
    }

    /// The first message whose code does not fit any more.
    pub(crate) fn end(&self) -> Option<(Stamp, Side)> {
        self.end
    }

    /// Whether a message is that one or a later one.
    pub(crate) fn are_behind(&self, card: &Card) -> bool {
        self.end.is_some_and(|end| (card.stamp, card.side) >= end)
    }

    /// Takes note that the colours of a message took too long.
    pub(crate) fn note_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// How often colours took too long.
    pub(crate) fn late(&self) -> usize {
        self.late.load(Ordering::Relaxed)
    }

    /// Whether they took too long so often that no more are made.
    pub(crate) fn are_too_late(&self) -> bool {
        self.late() >= MAX_LATE
    }
}

/// What colouring a message's code counts, in units: one's own counts nothing here.
pub(crate) fn coloured(snapshot: &Snapshot, card: &Card) -> usize {
    if snapshot.trust(card) == Trust::Own { 0 } else { max_cost(card.code, Trust::Theirs) }
}

/// The first message whose code does not fit any more.
fn first_too_many(snapshot: &Snapshot, cards: &[Arc<Card>]) -> Option<(Stamp, Side)> {
    let mut sum = 0;
    let first = cards.iter().find(|card| {
        sum += coloured(snapshot, card);
        sum > MAX_COLOURED
    });
    first.map(|card| (card.stamp, card.side))
}

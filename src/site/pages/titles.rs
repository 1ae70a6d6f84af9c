//! Messages by their titles, for texts that link them so.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::card::Card;
use crate::text::caseless::casefold;

/// The messages of a site by their titles. Nothing is made before a text asks.
#[derive(Default)]
pub(crate) struct Titles {
    positions: OnceLock<HashMap<(Side, String), usize>>,
}

impl Titles {
    /// The position among these cards of the message with this title, compared without case: one in the same box before one
    /// in the other, so that nobody else's message takes a link, and of several the oldest.
    pub(crate) fn position(&self, cards: &[Arc<Card>], title: &str, near: Side) -> Option<usize> {
        let positions = self.positions.get_or_init(|| positions(cards));
        let title = casefold(title.trim());
        [near, near.other()].into_iter().find_map(|side| positions.get(&(side, title.clone())).copied())
    }
}

fn positions(cards: &[Arc<Card>]) -> HashMap<(Side, String), usize> {
    let mut positions = HashMap::new();
    for (at, card) in cards.iter().enumerate() {
        if let Some(title) = &card.title {
            positions.entry((card.side, casefold(title.trim()))).or_insert(at);
        }
    }
    positions
}

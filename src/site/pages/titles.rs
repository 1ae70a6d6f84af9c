//! Messages by their titles, for texts that link them so.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::channel::snapshot::card::Card;
use crate::text::caseless::casefold;

/// The messages of a site by their titles. Nothing is made before a text asks.
#[derive(Default)]
pub(crate) struct Titles {
    positions: OnceLock<HashMap<String, usize>>,
}

impl Titles {
    /// The position among these cards of the message with this title, compared without case; of several the oldest, so that a
    /// new message changes no link.
    pub(crate) fn position(&self, cards: &[Arc<Card>], title: &str) -> Option<usize> {
        self.positions.get_or_init(|| positions(cards)).get(&casefold(title.trim())).copied()
    }
}

fn positions(cards: &[Arc<Card>]) -> HashMap<String, usize> {
    let mut positions = HashMap::new();
    for (at, card) in cards.iter().enumerate() {
        if let Some(title) = &card.title {
            positions.entry(casefold(title)).or_insert(at);
        }
    }
    positions
}

//! The hashes of what pages show of each message.
//!
//! They are made once for each card: a card is shown by several pages, and in a long run most cards are the ones of the build
//! before.

use std::sync::Arc;

use rayon::prelude::*;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;

use crate::site::engine::fingerprint::hash;
use crate::site::pages::message_view::{Neighbour, OwnContent, Row, files};

/// A message in numbers: equal means that the page shows the same of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    /// Which box it is in.
    pub(crate) side: Side,
    /// When it was written.
    pub(crate) stamp: Stamp,
    /// When it was changed last, in seconds since 1970.
    pub(crate) updated: i64,
    /// Whether it points at no other message.
    pub(crate) is_alone: bool,
    /// All of it.
    pub(crate) own: u64,
    /// Its attachments.
    pub(crate) files: u64,
    /// The line about it in an archive.
    pub(crate) row: u64,
    /// A link to it as a neighbour.
    pub(crate) near: u64,
}

impl Digest {
    fn from_card(card: &Card) -> Self {
        Self {
            side: card.side,
            stamp: card.stamp,
            updated: card.updated(),
            is_alone: card.links.is_empty() && card.header.in_reply_to.is_none(),
            own: hash(&OwnContent::from_card(card)),
            files: hash(&files(card)),
            row: hash(&Row::from_card(card)),
            near: hash(&Neighbour::from_card(card)),
        }
    }
}

/// The digests of the cards of one build, to be taken up by the next.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    cards: Vec<Arc<Card>>,
    digests: Vec<Digest>,
}

impl Digests {
    /// The digests of these cards, in their order. Those of cards that were there before are not made again.
    pub(crate) fn for_cards(self, cards: &[Arc<Card>]) -> Self {
        let known = self.known(cards);
        let digest = |(card, known): (&Arc<Card>, Option<Digest>)| known.unwrap_or_else(|| Digest::from_card(card));
        let digests = cards.par_iter().zip(known).with_min_len(256).map(digest).collect();
        Self { cards: cards.to_vec(), digests }
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Digest] {
        &self.digests
    }

    /// The cards, in the same order.
    pub(crate) fn cards(&self) -> &[Arc<Card>] {
        &self.cards
    }

    /// Both lists are in the order of stamp and side, so one walk finds what they share.
    fn known(&self, cards: &[Arc<Card>]) -> Vec<Option<Digest>> {
        let mut old = self.cards.iter().zip(&self.digests).peekable();
        let find = |card: &Arc<Card>| {
            let key = (card.stamp, card.side);
            while old.next_if(|(_, digest)| (digest.stamp, digest.side) < key).is_some() {}
            old.next_if(|(known, _)| Arc::ptr_eq(known, card)).map(|(_, digest)| *digest)
        };
        cards.iter().map(find).collect()
    }
}

//! Searches messages, newest first.
//!
//! Cards are asked first, and texts are read only where the cards leave it open: some thousand at a time on all processors,
//! so that memory stays flat and the first matches come at once.

use std::cell::OnceCell;
use std::sync::Arc;

use rayon::prelude::*;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::query::{Excerpt, MessageFacts, Query};
use crate::channel::snapshot::card::Card;
use crate::markdown::plain_text;

/// How many messages are looked at before what was found is given.
const STEP: usize = 2_048;

/// A channel that is searched.
pub trait Searched: Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// Who wrote a message.
    fn author(&self, card: &Card) -> &str;
    /// A message's text behind its header, if it can be read now.
    fn body(&self, side: Side, stamp: Stamp) -> Option<String>;
    /// How many columns of the line about a message something else takes.
    fn taken(&self, _card: &Card) -> usize {
        0
    }
}

/// A message that was found.
#[derive(Debug)]
pub struct Hit<'a, P: ?Sized> {
    /// Its channel.
    pub place: &'a P,
    /// Its card.
    pub card: &'a Card,
    /// The line in which something was found; `None` where no words were looked for.
    pub excerpt: Option<Excerpt>,
}

/// Looks through messages, given newest first; gives what is found in parts of which none is empty, `most` in all, each
/// with a line of about `columns`.
pub fn scan<'a, P: Searched>(
    query: &'a Query,
    cards: &'a [(&'a P, Arc<Card>)],
    most: usize,
    columns: usize,
) -> impl Iterator<Item = Vec<Hit<'a, P>>> {
    let mut left = most;
    let mut steps = cards.chunks(STEP);
    std::iter::from_fn(move || {
        while left > 0 {
            let step = steps.next()?.par_iter();
            let mut hits: Vec<_> = step.filter_map(|(place, card)| hit(query, *place, card, columns)).collect();
            hits.truncate(left);
            left -= hits.len();
            if !hits.is_empty() {
                return Some(hits);
            }
        }
        None
    })
}

fn hit<'a, P: Searched>(query: &Query, place: &'a P, card: &'a Card, columns: usize) -> Option<Hit<'a, P>> {
    let text = OnceCell::new();
    let read = || place.body(card.side, card.stamp);
    let facts = MessageFacts { card, author: place.author(card), channel: place.name() };
    if !query.matches(&facts, || text.get_or_init(read).as_deref()) {
        return None;
    }
    let title = card.title.as_deref().unwrap_or_default();
    let about = |text: &str| query.excerpt(text, columns.saturating_sub(place.taken(card)));
    // Where only the card was asked, the title may be all that matched.
    // What nobody sees is not shown here either: addresses, comments, marks.
    let words = text.get().and_then(Option::as_deref).map(|text| plain_text(text, card.dialect));
    let excerpt = words.as_deref().and_then(about).or_else(|| about(title));
    Some(Hit { place, card, excerpt })
}

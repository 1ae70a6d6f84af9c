//! Searching the channels that are served. The scan and the query language are the channel's own.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::query::{Excerpt, Query};
use crate::channel::reading::search::{Searched, scan};
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Folder;

use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;
use crate::web::server::Server;

/// How long the line about a match is, in columns.
pub(crate) const COLUMNS: usize = 160;

/// What is searched for.
pub(crate) struct Asked<'a> {
    pub(crate) words: &'a str,
    /// Only messages before the one of this key.
    pub(crate) before: Option<&'a str>,
    pub(crate) most: usize,
    pub(crate) columns: usize,
}

/// A channel with its boxes open.
struct Opened {
    state: Arc<ChannelState>,
    folders: [Option<Folder>; 2],
}

impl Searched for Opened {
    fn name(&self) -> &str {
        &self.state.name
    }

    fn author(&self, card: &Card) -> &str {
        self.state.author_of(card).unwrap_or(if card.side == Side::Outbox { "me" } else { &self.state.name })
    }

    fn body(&self, side: Side, stamp: Stamp) -> Option<String> {
        let [inbox, outbox] = &self.folders;
        let folder = if side == Side::Inbox { inbox } else { outbox };
        card::read_body(folder.as_ref()?, stamp).ok()
    }
}

impl Server {
    /// Searches, newest first. Words that say nothing find nothing.
    pub(crate) fn search<T>(
        &self,
        asked: &Asked<'_>,
        mut make: impl FnMut(&ChannelState, &Card, Excerpt) -> T,
    ) -> Result<Vec<T>, Refusal> {
        let query = Query::parse(asked.words, self.seconds())?;
        if asked.words.trim().is_empty() {
            return Ok(Vec::new());
        }
        let opened: Vec<Opened> = self.library.all().into_iter().map(open).collect();
        let mut cards: Vec<(&Opened, Arc<Card>)> = Vec::new();
        for place in &opened {
            cards.extend(place.state.cards.iter().map(|card| (place, Arc::clone(card))));
        }
        cards.sort_by_cached_key(|(place, card)| Reverse(crate::web::model::timeline::place(&place.state, card)));
        if let Some(before) = asked.before {
            let before = crate::web::model::timeline::parse(before)?;
            cards.retain(|(place, card)| crate::web::model::timeline::place(&place.state, card) < before);
        }
        let found = scan(&query, &cards, asked.most, asked.columns).flatten();
        Ok(found
            .map(|hit| {
                let first_words = || Excerpt { line: hit.card.first_words.clone(), matches: Vec::new() };
                make(&hit.place.state, hit.card, hit.excerpt.unwrap_or_else(first_words))
            })
            .collect())
    }
}

fn open(state: Arc<ChannelState>) -> Opened {
    let folders = Side::BOTH.map(|side| Folder::open(&state.channel.path.join(side.name())).ok());
    Opened { state, folders }
}

//! What a message's text shows of other messages: the one that it answers, and those that it links to.

use serde::Serialize;

use crate::article::label;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::missing::Missing;
use crate::channel::reading::reply;
use crate::channel::snapshot::card::Card;
use crate::markdown::anchor_name;
use crate::site::pages::contents::Contents;

/// What of other messages and of its arrival a message's text shows. Most texts show nothing of either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct References<'a> {
    /// The message that this one answers.
    pub reply: Option<Reply>,
    /// The relative addresses in the text that lead to other messages, with their pages.
    pub pages: Vec<(&'a str, String)>,
    /// The labels and pages of the messages that link to it.
    pub mentions: Vec<(String, String)>,
    /// What it lacks, although it is shown.
    pub missing: Option<&'a Missing>,
}

/// The message that another one answers, as far as its page can show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Reply {
    /// It is on this site: its label and page.
    Here(String, String),
    /// It is not.
    Elsewhere,
}

impl Contents<'_> {
    /// What the text of a message shows beyond itself.
    pub(crate) fn references<'c>(&'c self, card: &'c Card) -> References<'c> {
        let reply = |_| match self.answered.by(card, self.cards) {
            Some(to) => Reply::Here(label(to), self.page_of(to).address()),
            None => Reply::Elsewhere,
        };
        References {
            reply: card.header.in_reply_to.map(reply),
            pages: card
                .links
                .iter()
                .filter_map(|link| Some((link.as_str(), self.page_behind(link, card.side)?)))
                .collect(),
            mentions: self.mentions(card),
            missing: self.missing(card),
        }
    }

    /// The page that a relative address means, with the place in it.
    fn page_behind(&self, link: &str, near: Side) -> Option<String> {
        let (to, place) = self.message_behind(link, near)?;
        let page = self.page_of(to).address();
        Some(match place {
            Some(place) => format!("{page}#{}-{place}", self.anchor(to)),
            None => page,
        })
    }

    /// The message that a relative address or a name in double brackets means, and the place in it.
    pub(crate) fn message_behind(&self, link: &str, near: Side) -> Option<(&Card, Option<String>)> {
        let Some(name) = link.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) else {
            return reply::linked(self.cards, link, near).map(|(to, place)| (&**to, place));
        };
        if let Some((to, place)) = reply::linked(self.cards, name.trim(), near) {
            return Some((to, place));
        }
        let (title, place) = name.split_once('#').map_or((name, None), |(title, place)| (title, Some(place)));
        let to = self.titles.position(self.cards, title, near).and_then(|at| self.cards.get(at))?;
        Some((to, place.map(anchor_name)))
    }

    /// The labels and pages of the messages that link to this one, if the site lists them.
    fn mentions(&self, card: &Card) -> Vec<(String, String)> {
        if !self.options.backlinks {
            return Vec::new();
        }
        let Some(at) = self.position(card) else {
            return Vec::new();
        };
        let from = self.mentions.of(at, || self.links()).iter().filter_map(|at| self.cards.get(*at));
        from.map(|card| (label(card), self.page_of(card).address())).collect()
    }

    /// All links from message to message, as positions.
    fn links(&self) -> impl Iterator<Item = (usize, usize)> {
        self.cards.iter().enumerate().flat_map(move |(from, card)| {
            let to = card.links.iter().filter_map(|link| self.message_behind(link, card.side));
            to.filter_map(move |(to, _)| Some((from, self.position(to)?)))
        })
    }
}

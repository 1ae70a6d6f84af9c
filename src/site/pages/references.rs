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
            missing: self.missing(card),
        }
    }

    /// The page that a relative address means, with the place in it.
    fn page_behind(&self, link: &str, near: Side) -> Option<String> {
        if let Some(name) = link.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            return self.page_named(name, near);
        }
        let (to, heading) = reply::linked(self.cards, link, near)?;
        let page = self.page_of(to).address();
        Some(match heading {
            Some(name) => format!("{page}#{}-{name}", self.anchor(to)),
            None => page,
        })
    }

    /// The page of the message with this id or title, with the place in it.
    fn page_named(&self, name: &str, near: Side) -> Option<String> {
        let (title, place) = name.split_once('#').map_or((name, None), |(title, place)| (title, Some(place)));
        if let Some((to, _)) = reply::linked(self.cards, title.trim(), near) {
            return Some(self.with_place(to, place));
        }
        let to = self.titles.position(self.cards, title).and_then(|at| self.cards.get(at))?;
        Some(self.with_place(to, place))
    }

    fn with_place(&self, to: &Card, place: Option<&str>) -> String {
        let page = self.page_of(to).address();
        place.map_or_else(|| page.clone(), |place| format!("{page}#{}-{}", self.anchor(to), anchor_name(place)))
    }
}

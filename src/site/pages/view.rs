//! What each page is given to show.
//!
//! Owns the views: small values that borrow from the cards. A view is the complete list of what its page depends on;
//! its hash is the page's fingerprint, and rendering sees only the view, the texts that it names by hash, and the theme.

use serde::Serialize;

use crate::article::label;
use crate::channel::protocol::entry::{RelativePath, Side};
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply;
use crate::channel::snapshot::card::{Card, Picture};
use crate::media::Size;

use crate::site::pages::archive::Month;
use crate::site::pages::contents::Contents;

/// A message by itself, as far as any page can show it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnContent<'a> {
    side: Side,
    stamp: Stamp,
    hash: [u8; 16],
    title: Option<&'a str>,
    excerpt: &'a str,
    tags: &'a [String],
    lang: Option<&'a str>,
    updated: i64,
}

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

/// An attachment, as far as a page can show it.
#[derive(Debug, Serialize)]
pub(crate) struct File<'a> {
    path: &'a RelativePath,
    len: u64,
    picture: Option<Picture>,
    drawing: Option<Size>,
}

/// A line about a message in an archive.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row<'a> {
    /// The card it comes from.
    #[serde(skip)]
    pub card: &'a Card,
    side: Side,
    stamp: Stamp,
    title: Option<&'a str>,
    first_words: &'a str,
    lang: Option<&'a str>,
    /// How many pictures it has.
    pub pictures: usize,
    /// How many other attachments.
    pub files: usize,
}

/// A link to a message before or after.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Neighbour<'a> {
    /// The card it comes from.
    #[serde(skip)]
    pub card: &'a Card,
    side: Side,
    stamp: Stamp,
    title: Option<&'a str>,
    first_words: &'a str,
}

impl<'a> OwnContent<'a> {
    /// The view of a card.
    pub(crate) fn of(card: &'a Card) -> Self {
        Self {
            side: card.side,
            stamp: card.stamp,
            hash: card.hash,
            title: card.title.as_deref(),
            excerpt: &card.excerpt,
            tags: &card.tags,
            lang: card.header.lang.as_deref(),
            updated: card.updated(),
        }
    }
}

impl<'a> Row<'a> {
    /// The line about a card.
    pub(crate) fn of(card: &'a Card) -> Self {
        let pictures =
            card.attachments.iter().filter(|file| file.picture.is_some_and(|picture| picture.size.is_some())).count();
        Self {
            side: card.side,
            stamp: card.stamp,
            title: card.title.as_deref(),
            first_words: &card.first_words,
            lang: card.header.lang.as_deref(),
            pictures,
            files: card.attachments.len() - pictures,
            card,
        }
    }
}

impl<'a> Neighbour<'a> {
    /// The link to a card.
    pub(crate) fn of(card: &'a Card) -> Self {
        Self { side: card.side, stamp: card.stamp, title: card.title.as_deref(), first_words: &card.first_words, card }
    }
}

impl Contents<'_> {
    /// What the text of a message shows beyond itself.
    pub(crate) fn beyond<'c>(&'c self, card: &'c Card) -> References<'c> {
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
        let (to, heading) = reply::linked(self.cards, link, near)?;
        let page = self.page_of(to).address();
        Some(match heading {
            Some(name) => format!("{page}#{}-{name}", self.anchor(to)),
            None => page,
        })
    }

    /// The years with their months, oldest first.
    pub(crate) fn years(&self) -> Vec<(i32, &[Month])> {
        self.months
            .chunk_by(|a, b| a.year == b.year)
            .filter_map(|months| Some((months.first()?.year, months)))
            .collect()
    }
}

/// A message's attachments as a page can show them.
pub(crate) fn files(card: &Card) -> Vec<File<'_>> {
    card.attachments
        .iter()
        .map(|file| File { path: &file.path, len: file.mark.len, picture: file.picture, drawing: file.drawing })
        .collect()
}

//! What each page is given to show.
//!
//! Owns the views: small values that borrow from the cards. A view is the complete list of what its page depends on;
//! its hash is the page's fingerprint, and rendering sees only the view, the texts that it names by hash, and the theme.

use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::channel::card::{Card, Picture};
use crate::channel::entry::{RelativePath, Side};
use crate::channel::stamp::Stamp;
use crate::markdown::anchor_name;
use crate::picture::Size;

use super::archive::Month;
use super::contents::Contents;
use super::dates::Moment;

/// A message, as far as any page can show it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item<'a> {
    /// The card it comes from; what of it a page may show is listed below.
    #[serde(skip)]
    pub card: &'a Card,
    side: Side,
    stamp: Stamp,
    hash: [u8; 16],
    title: Option<&'a str>,
    excerpt: &'a str,
    tags: &'a [String],
    lang: Option<&'a str>,
    updated: i64,
    author: Option<&'a str>,
    /// The message that this one answers: its label and page.
    pub reply: Option<(String, String)>,
    /// The relative addresses in the text that lead to other messages, with their pages.
    pub pages: Vec<(&'a str, String)>,
}

/// An attachment, as far as a page can show it.
#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    path: &'a RelativePath,
    len: u64,
    picture: Option<Picture>,
    drawing: Option<Size>,
}

/// A line about a message in an archive.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row<'a> {
    /// The card it comes from.
    #[serde(skip)]
    pub card: &'a Card,
    side: Side,
    stamp: Stamp,
    title: Option<&'a str>,
    first_words: &'a str,
    lang: Option<&'a str>,
    author: Option<&'a str>,
    /// How many pictures it has.
    pub pictures: usize,
    /// How many other attachments.
    pub files: usize,
}

/// A link to a message before or after.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Neighbour<'a> {
    /// The card it comes from.
    #[serde(skip)]
    pub card: &'a Card,
    side: Side,
    stamp: Stamp,
    title: Option<&'a str>,
    first_words: &'a str,
}

impl<'a> Contents<'a> {
    /// The view of the message at a position.
    pub(super) fn item(&self, at: usize) -> Option<Item<'_>> {
        let card = self.cards.get(at)?;
        let linked = |link: &'a String| {
            let (path, fragment) =
                link.split_once('#').map_or((link.as_str(), None), |(path, rest)| (path, Some(rest)));
            let to = self.linked(path, card.side)?;
            let mut address = self.page_of(to).address();
            if let Some(fragment) = fragment {
                address = format!(
                    "{address}#{}-{}",
                    self.anchor(to),
                    anchor_name(&percent_decode_str(fragment).decode_utf8_lossy())
                );
            }
            Some((link.as_str(), address))
        };
        let reply = card.header.in_reply_to.and_then(|(side, stamp)| self.find(side, card.side, stamp));
        Some(Item {
            side: card.side,
            stamp: card.stamp,
            hash: card.hash,
            title: card.title.as_deref(),
            excerpt: &card.excerpt,
            tags: &card.tags,
            lang: card.header.lang.as_deref(),
            updated: card.updated(),
            author: self.author(card.side),
            reply: reply.map(|to| (label(to), self.page_of(to).address())),
            pages: card.links.iter().filter_map(linked).collect(),
            card,
        })
    }

    /// The views of messages by position.
    pub(super) fn items(&self, range: std::ops::Range<usize>) -> impl DoubleEndedIterator<Item = Item<'_>> {
        range.filter_map(|at| self.item(at))
    }

    /// The archive line of the message at a position.
    pub(super) fn row(&self, at: usize) -> Option<Row<'_>> {
        let card = self.cards.get(at)?;
        let pictures =
            card.attachments.iter().filter(|file| file.picture.is_some_and(|picture| picture.size.is_some())).count();
        Some(Row {
            side: card.side,
            stamp: card.stamp,
            title: card.title.as_deref(),
            first_words: &card.first_words,
            lang: card.header.lang.as_deref(),
            author: self.author(card.side),
            pictures,
            files: card.attachments.len() - pictures,
            card,
        })
    }

    /// The message at a position as its neighbours name it.
    pub(super) fn neighbour(&self, at: Option<usize>) -> Option<Neighbour<'_>> {
        let card = self.cards.get(at?)?;
        Some(Neighbour {
            side: card.side,
            stamp: card.stamp,
            title: card.title.as_deref(),
            first_words: &card.first_words,
            card,
        })
    }

    /// The years with their months, oldest first.
    pub(super) fn years(&self) -> Vec<(i32, &[Month])> {
        self.months
            .chunk_by(|a, b| a.year == b.year)
            .filter_map(|months| Some((months.first()?.year, months)))
            .collect()
    }
}

/// A message's attachments as a page can show them.
pub(super) fn files(card: &Card) -> Vec<File<'_>> {
    card.attachments
        .iter()
        .map(|file| File { path: &file.path, len: file.mark.len, picture: file.picture, drawing: file.drawing })
        .collect()
}

/// What lists call a message: its title, else its first words, else its date.
pub(super) fn label(card: &Card) -> String {
    match &card.title {
        Some(title) => title.clone(),
        None if card.first_words.is_empty() => Moment::new(card.stamp.seconds()).day(),
        None => card.first_words.clone(),
    }
}

//! What pages show of a message, taken from its card: small values that borrow from it.
//!
//! A view is the complete list of what a page shows of a message; its hash goes into the page's fingerprint. Rendering sees
//! only the view, the texts that it names by hash, and the theme.

use serde::Serialize;

use crate::channel::protocol::entry::{RelativePath, Side};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::markdown::Dialect;
use crate::media::{Content, Size};

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
    dialect: Dialect,
    updated: i64,
}

/// An attachment, as far as a page can show it.
#[derive(Debug, Serialize)]
pub(crate) struct File<'a> {
    path: &'a RelativePath,
    len: u64,
    content: Content,
    size: Option<Size>,
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
    pub(crate) fn from_card(card: &'a Card) -> Self {
        Self {
            side: card.side,
            stamp: card.stamp,
            hash: card.hash,
            title: card.title.as_deref(),
            excerpt: &card.excerpt,
            tags: &card.tag_names,
            dialect: card.dialect,
            lang: card.header.lang.as_deref(),
            updated: card.updated(),
        }
    }
}

impl<'a> Row<'a> {
    /// The line about a card.
    pub(crate) fn from_card(card: &'a Card) -> Self {
        let pictures = card.attachments.iter().filter(|file| is_sane_picture(file)).count();
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
    pub(crate) fn from_card(card: &'a Card) -> Self {
        Self { side: card.side, stamp: card.stamp, title: card.title.as_deref(), first_words: &card.first_words, card }
    }
}

/// Whether it counts as a picture: one that is there to be shown.
fn is_sane_picture(file: &Attachment) -> bool {
    matches!(file.content, Content::Picture(_)) && file.size.is_some()
}

/// A message's attachments as a page can show them.
pub(crate) fn files(card: &Card) -> Vec<File<'_>> {
    card.attachments
        .iter()
        .map(|file| File { path: &file.path, len: file.mark.len, content: file.content, size: file.size })
        .collect()
}

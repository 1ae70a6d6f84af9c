//! Where a page's fingerprint is made: the hash of all that the page shows.
//!
//! What of a message any page can show is hashed once for each message ([`Digest`]); a page's fingerprint is made of those,
//! and of what the whole site has in common.

use std::ops::Range;
use std::sync::Arc;

use crate::channel::snapshot::card::Card;
use crate::site::engine::fingerprint::{Fingerprint, Hasher, hash, pair};
use crate::site::engine::out_path::OutPath;
use crate::site::pages::contents::Contents;
use crate::site::pages::message_digest::Digest;
use crate::site::pages::page::Page;
use crate::site::pages::references::References;
use crate::site::pages::sitemap;
use crate::site::theme::Theme;

/// The fingerprint of a file.
pub(crate) fn page_fingerprint(contents: &Contents<'_>, theme: &Theme, page: &Page) -> Fingerprint {
    let whole = Fingerprint { site: contents.facts_hash, theme: theme.hash(), ..Fingerprint::default() };
    match page {
        Page::Message(at) => message_print(contents, *at, whole),
        Page::List(number) => {
            let around = (*number < contents.lists.count(), *number > 1);
            Fingerprint { around: hash(&around), ..messages(contents, contents.lists.range(*number), whole) }
        }
        Page::Index => {
            let months: Vec<_> = contents.months.iter().map(|month| (month.year, month.number)).collect();
            let around = hash(&(months, contents.lists.behind_front()));
            Fingerprint { around, ..messages(contents, contents.lists.front(), whole) }
        }
        Page::Month(at) => month_print(contents, *at, whole),
        Page::Year(year) => year_print(contents, *year, whole),
        Page::Tag(name) => {
            let Some(tag) = contents.tags.get(name) else {
                return whole;
            };
            Fingerprint { text: rows(contents, tag.messages.iter().copied()), around: hash(&tag.label), ..whole }
        }
        Page::Tags => {
            let mut names = Hasher::default();
            names.add(&contents.tags.values().map(|tag| &tag.label).collect::<Vec<_>>());
            for tag in contents.tags.values().filter(|tag| tag.moved) {
                names.add(&("tag", tag.path.as_str()));
            }
            Fingerprint { text: names.finish(), ..whole }
        }
        Page::Missing => whole,
        Page::Atom | Page::Json => feed_print(contents, Fingerprint { theme: 0, ..whole }),
        Page::Sitemap(part) => {
            Fingerprint { text: sitemap::hash(contents, *part), site: contents.facts_hash, ..Fingerprint::default() }
        }
        Page::Robots => Fingerprint { site: contents.facts_hash, ..Fingerprint::default() },
        Page::Asset(name) => {
            Fingerprint { theme: hash(theme.asset(name).unwrap_or_default()), ..Fingerprint::default() }
        }
        Page::Icon => {
            Fingerprint { site: hash(&contents.icon.as_ref().map(|icon| &icon.bytes)), ..Fingerprint::default() }
        }
        Page::Attachment(at, number) => attachment_print(contents, *at, *number),
        Page::Text(at) => {
            let text = |card: &Arc<Card>| hash(&(card.hash, contents.publishes_whole_text(card)));
            Fingerprint { text: contents.cards.get(*at).map_or(0, text), ..Fingerprint::default() }
        }
    }
}

fn message_print(contents: &Contents<'_>, at: usize, whole: Fingerprint) -> Fingerprint {
    let near = |at: Option<usize>| at.and_then(|at| contents.digests.get(at)).map_or(0, |digest| digest.near);
    let around = pair(near(at.checked_sub(1)), near(Some(at + 1)));
    let Some(digest) = contents.digests.get(at) else {
        return whole;
    };
    let is_plain = byline(contents, at).is_none()
        && contents.cards.get(at).is_none_or(|card| {
            contents.foreign(card).is_none()
                && moved_tags(contents, card).next().is_none()
                && !contents.loses_colours(card)
        });
    let text =
        if is_alone(contents, digest) && is_plain { digest.own } else { messages(contents, at..at + 1, whole).text };
    Fingerprint { text, attachments: digest.files, around, ..whole }
}

/// Whether what a page shows of a message follows from the message alone.
fn is_alone(contents: &Contents<'_>, digest: &Digest) -> bool {
    digest.is_alone
        && !contents.options.backlinks
        && !contents.snapshot.findings.missing.contains_key(&(digest.side, digest.stamp))
}

/// The part of a fingerprint that full messages make.
pub(crate) fn messages(contents: &Contents<'_>, range: Range<usize>, whole: Fingerprint) -> Fingerprint {
    let (mut texts, mut attachments) = (Hasher::default(), Hasher::default());
    let digests = contents.digests.get(range.clone()).unwrap_or_default();
    for (digest, card) in digests.iter().zip(contents.cards.get(range).unwrap_or_default()) {
        attachments.add(&digest.files);
        texts.add(&digest.own);
        add_byline(&mut texts, contents.byline(card));
        add_foreign(&mut texts, contents, card);
        for path in moved_tags(contents, card) {
            texts.add(&("tag", path.as_str()));
        }
        if contents.loses_colours(card) {
            texts.add(&"without colours");
        }
        if is_alone(contents, digest) {
            continue;
        }
        let references = contents.references(card);
        if references != References::default() {
            texts.add(&references);
        }
    }
    Fingerprint { text: texts.finish(), attachments: attachments.finish(), ..whole }
}

/// The pages of a message's tags that lie elsewhere because of other tags. Of all other pages the message's own text tells.
fn moved_tags<'c>(contents: &'c Contents<'_>, card: &'c Card) -> impl Iterator<Item = &'c OutPath> {
    let tags = if contents.has_moved_tags { card.tags.as_slice() } else { &[] };
    tags.iter().filter_map(|name| contents.tags.get(name).filter(|tag| tag.moved).map(|tag| &tag.path))
}

fn feed_print(contents: &Contents<'_>, whole: Fingerprint) -> Fingerprint {
    entries_print(
        contents,
        contents.cards.len().saturating_sub(contents.options.feed_size)..contents.cards.len(),
        whole,
    )
}

/// The part of a fingerprint that entries of a feed make.
pub(crate) fn entries_print(contents: &Contents<'_>, range: Range<usize>, whole: Fingerprint) -> Fingerprint {
    let marks = |card: &Card| card.attachments.iter().map(|file| file.mark).collect::<Vec<_>>();
    let cards = contents.cards.get(range.clone()).unwrap_or_default();
    let marks: Vec<_> = cards.iter().map(|card| marks(card)).collect();
    let around = hash(&(hash(&contents.ids), marks, contents.options.keep_metadata));
    Fingerprint { around, ..messages(contents, range, whole) }
}

fn rows(contents: &Contents<'_>, positions: impl Iterator<Item = usize>) -> u64 {
    let mut hasher = Hasher::default();
    for (at, digest) in positions.filter_map(|at| Some((at, contents.digests.get(at)?))) {
        hasher.add(&digest.row);
        add_byline(&mut hasher, byline(contents, at));
    }
    hasher.finish()
}

/// Who wrote the message at a position, if that is known of this message.
fn byline<'a>(contents: &Contents<'a>, at: usize) -> Option<&'a str> {
    contents.cards.get(at).and_then(|card| contents.byline(card))
}

/// Adds who wrote a message. Nothing is added where that is not known, so a box of one author has the prints it always had.
fn add_byline(hasher: &mut Hasher, byline: Option<&str>) {
    if let Some(name) = byline {
        hasher.add(&("signed", name));
    }
}

/// Adds what of a message in the outbox is somebody else's; nothing where all of it is one's own.
fn add_foreign(hasher: &mut Hasher, contents: &Contents<'_>, card: &Card) {
    if let Some(foreign) = contents.foreign(card) {
        hasher.add(&("foreign", foreign));
    }
}

fn month_print(contents: &Contents<'_>, at: usize, whole: Fingerprint) -> Fingerprint {
    let name = |at: Option<usize>| at.and_then(|at| contents.months.get(at)).map(|month| (month.year, month.number));
    let text = contents.months.get(at).map_or(0, |month| rows(contents, month.messages.clone()));
    Fingerprint { text, around: hash(&(name(at.checked_sub(1)), name(Some(at + 1)))), ..whole }
}

fn year_print(contents: &Contents<'_>, year: i32, whole: Fingerprint) -> Fingerprint {
    let counts =
        contents.months.iter().filter(|month| month.year == year).map(|month| (month.number, month.messages.len()));
    let before = contents.months.iter().rev().find(|month| month.year < year).map(|month| month.year);
    let after = contents.months.iter().find(|month| month.year > year).map(|month| month.year);
    Fingerprint { text: hash(&counts.collect::<Vec<_>>()), around: hash(&(before, after)), ..whole }
}

fn attachment_print(contents: &Contents<'_>, at: usize, number: usize) -> Fingerprint {
    let file = contents.cards.get(at).and_then(|card| card.attachments.get(number));
    let attachments = file.map_or(0, |file| hash(&(file.mark, contents.options.keep_metadata, file.metadata)));
    Fingerprint { attachments, ..Fingerprint::default() }
}

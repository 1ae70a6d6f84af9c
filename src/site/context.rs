//! Views in the words of the templates.
//!
//! Owns the names and forms that a template sees: formatted dates, addresses, sizes. This is the contract with every
//! theme; a template cannot read what is not here.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::channel::Kind;
use crate::channel::arrival::Lack;
use crate::channel::card::Card;
use crate::channel::entry::Side;
use crate::markdown::{Media, Rendered, normal_tag};

use super::contents::{Contents, Facts};
use super::dates::Moment;
use super::media::{Published, size};
use super::plan;
use super::view::{Beyond, Neighbour, Row, label};

/// `site`: what all pages have in common.
#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each answers one question that a template asks")]
pub(super) struct Site<'a> {
    title: &'a str,
    description: Option<&'a str>,
    author: Option<&'a str>,
    language: &'a str,
    right_to_left: bool,
    icon: Option<&'a str>,
    link: Option<&'a str>,
    noindex: bool,
    remote_media: bool,
    archive: bool,
    kind: Kind,
    tags: bool,
    generator: &'a str,
}

impl<'a> Site<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self {
            title: &facts.title,
            description: facts.description.as_deref(),
            author: facts.author.as_deref(),
            language: &facts.language,
            right_to_left: is_right_to_left(&facts.language),
            icon: facts.icon.as_deref(),
            link: facts.link.as_deref().filter(|link| Some(*link) != facts.base.as_deref()),
            noindex: facts.kind == Kind::Message,
            remote_media: facts.kind == Kind::Broadcast,
            archive: facts.archive,
            kind: facts.kind,
            tags: facts.tags,
            generator: facts.generator,
        }
    }
}

/// Whether a language (a BCP 47 tag) is written from right to left.
fn is_right_to_left(language: &str) -> bool {
    const LANGUAGES: [&str; 10] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];
    language.split('-').next().is_some_and(|first| LANGUAGES.contains(&first.to_ascii_lowercase().as_str()))
}

/// `page`: what the page says of itself in its head.
#[derive(Serialize)]
pub(super) struct Head {
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) canonical: Option<String>,
    pub(super) image: Option<Picture>,
    pub(super) feed_title: String,
}

/// A picture with its address and size.
#[derive(Serialize)]
pub(super) struct Picture {
    url: String,
    name: String,
    alt: String,
    width: Option<u32>,
    height: Option<u32>,
}

/// A date in every form that a page may want.
#[derive(Serialize)]
pub(super) struct Date {
    iso: String,
    day: String,
    time: String,
    short: String,
    year: String,
}

impl Date {
    pub(super) fn new(seconds: i64) -> Self {
        let moment = Moment::new(seconds);
        Self { iso: moment.iso(), day: moment.day(), time: moment.time(), short: moment.short(), year: moment.year() }
    }
}

/// Something to hear, see or fetch.
#[derive(Serialize)]
pub(super) struct File {
    url: String,
    name: String,
    mime: String,
    kind: String,
    size: String,
    note: Option<&'static str>,
    download: bool,
    original: String,
}

/// A tag and its page.
#[derive(Serialize)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) url: String,
}

/// A label and an address.
#[derive(Serialize)]
pub(super) struct Link {
    pub(super) label: String,
    pub(super) url: String,
}

/// `m`: a message.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    id: String,
    anchor: String,
    url: String,
    title: Option<&'a str>,
    label: String,
    date: Date,
    updated: Option<Date>,
    content: &'a str,
    author: Option<&'a str>,
    mine: bool,
    lang: Option<&'a str>,
    tags: Vec<Tag<'a>>,
    gallery: Vec<Picture>,
    audio: Vec<File>,
    video: Vec<File>,
    files: Vec<File>,
    reply_to: Option<Link>,
    notice: Option<String>,
}

/// A line of an archive.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    url: String,
    label: String,
    title: bool,
    date: Date,
    lang: Option<&'a str>,
    author: Option<&'a str>,
    mine: bool,
    pictures: usize,
    files: usize,
}

/// A message before or after.
#[derive(Serialize)]
pub(super) struct Near {
    label: String,
    url: String,
}

impl Contents<'_> {
    /// A message as every page shows it; links in its text begin with [`ROOT`](crate::markdown::ROOT).
    pub(super) fn message<'a>(
        &'a self,
        card: &'a Card,
        beyond: &Beyond<'_>,
        rendered: &'a Rendered,
        published: &[Published],
    ) -> Message<'a> {
        let url = self.page_of(card).address();
        let mut message = Message {
            id: card.stamp.to_string(),
            anchor: self.anchor(card),
            url,
            title: card.title.as_deref(),
            label: label(card),
            date: Date::new(card.stamp.seconds()),
            updated: card.header.updated.filter(|updated| *updated != card.stamp.seconds()).map(Date::new),
            content: &rendered.html,
            author: self.author(card.side),
            mine: card.side == Side::Outbox,
            lang: card.header.lang.as_deref(),
            tags: self.tags_of(card),
            gallery: Vec::new(),
            audio: Vec::new(),
            video: Vec::new(),
            files: Vec::new(),
            reply_to: beyond.reply.as_ref().map(|(label, url)| Link { label: label.clone(), url: url.clone() }),
            notice: beyond.lack.map(notice),
        };
        message.attach(card, rendered, published);
        if card.is_cut {
            message.files.push(self.whole_text(card));
        }
        message
    }

    /// The id of a message's element and the prefix of the ids in it.
    pub(super) fn anchor(&self, card: &Card) -> String {
        let side = if self.facts.kind == Kind::Message && card.side == Side::Inbox { "in-" } else { "" };
        format!("m-{side}{}", card.stamp)
    }

    /// The tags that only the header names; those in the text are links there already.
    fn tags_of<'a>(&'a self, card: &'a Card) -> Vec<Tag<'a>> {
        let named = card.header.tags.iter().filter_map(|tag| normal_tag(tag));
        let in_header: BTreeSet<String> = named.filter(|tag| !card.tags_in_text.contains(tag)).collect();
        let tags = card.tags.iter().filter(|tag| in_header.contains(*tag));
        tags.filter_map(|name| Some(Tag { name, url: self.tags.get(name)?.path.address() })).collect()
    }

    fn whole_text(&self, card: &Card) -> File {
        File {
            url: plan::text_path(self, card).address(),
            name: "the whole text".to_owned(),
            mime: "text/plain".to_owned(),
            kind: "text".to_owned(),
            size: size(card.mark.len),
            note: None,
            download: false,
            original: format!("{}.txt", card.stamp),
        }
    }

    pub(super) fn line<'a>(&self, row: &Row<'a>, author: Option<&'a str>) -> Line<'a> {
        let card = row.card;
        Line {
            url: self.page_of(card).address(),
            label: label(card),
            title: card.title.is_some(),
            date: Date::new(card.stamp.seconds()),
            lang: card.header.lang.as_deref(),
            author,
            mine: card.side == Side::Outbox,
            pictures: row.pictures,
            files: row.files,
        }
    }

    pub(super) fn near(&self, neighbour: Option<Neighbour<'_>>) -> Option<Near> {
        let card = neighbour?.card;
        Some(Near { label: label(card), url: self.page_of(card).address() })
    }
}

impl Message<'_> {
    /// Puts each attachment where the page shows it: what the text shows already is not shown twice.
    fn attach(&mut self, card: &Card, rendered: &Rendered, published: &[Published]) {
        for (number, (file, published)) in card.attachments.iter().zip(published).enumerate() {
            let shown = rendered.shown.binary_search(&number).is_ok();
            let entry = || File {
                url: published.address.clone(),
                name: published.name.clone(),
                mime: published.mime.clone(),
                kind: published.kind.clone(),
                size: size(file.mark.len),
                note: published.note,
                download: published.media == (Media::File { download: true }),
                original: file.path.name().into_owned(),
            };
            match published.media {
                Media::File { .. } => self.files.push(entry()),
                _ if shown => {}
                Media::Picture(size) => self.gallery.push(picture(published, size)),
                Media::Audio => self.audio.push(entry()),
                Media::Video => self.video.push(entry()),
            }
        }
    }
}

/// What a page says of a message that is shown before it is whole.
fn notice(lack: &Lack) -> String {
    match lack {
        Lack::Attachments(names) => format!("Not here yet: {}", Lack::names(names)),
        Lack::Rest | Lack::Text => "More of this message is still arriving.".to_owned(),
    }
}

/// A picture that has only its name to describe it.
fn picture(published: &Published, size: Option<(u32, u32)>) -> Picture {
    let words =
        published.name.rsplit_once('.').map_or(published.name.as_str(), |(stem, _)| stem).replace(['-', '_'], " ");
    Picture {
        url: published.address.clone(),
        name: published.name.clone(),
        alt: words,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
    }
}

/// The picture that stands for a message where links to it are shown, with an absolute address.
pub(super) fn social_picture(published: &[Published], base: &str) -> Option<Picture> {
    published.iter().find_map(|file| match file.media {
        Media::Picture(Some(size)) => {
            let mut picture = picture(file, Some(size));
            picture.url = format!("{base}{}", file.address);
            Some(picture)
        }
        _ => None,
    })
}

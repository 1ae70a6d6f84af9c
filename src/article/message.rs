//! A message in the words of the templates, on a site and in the app alike.
//!
//! Where pages lie is not known here: addresses come in.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::article::attachment::{Attached, readable_size};
use crate::article::dates::Moment;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::missing::Missing;
use crate::channel::snapshot::card::Card;
use crate::markdown::{Media, Rendered, escaped, normal_tag};

/// A picture with its address and size.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// Its address.
    pub url: String,
    name: String,
    alt: String,
    width: Option<u32>,
    height: Option<u32>,
}

/// A date in every form that a page may want.
#[derive(Debug, Serialize)]
pub struct Date {
    iso: String,
    day: String,
    time: String,
    short: String,
    year: String,
}

impl Date {
    /// The moment this many seconds after 1970 began.
    pub fn new(seconds: i64) -> Self {
        let moment = Moment::new(seconds);
        Self { iso: moment.iso(), day: moment.day(), time: moment.time(), short: moment.short(), year: moment.year() }
    }
}

/// Something to hear, see or fetch.
#[derive(Debug, Serialize)]
pub struct File {
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
#[derive(Debug, Serialize)]
pub struct Tag<'a> {
    /// The tag as it is written.
    pub name: &'a str,
    /// The address of its page.
    pub url: String,
}

/// A label and an address.
#[derive(Debug, Serialize)]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// `m`: a message.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    id: String,
    anchor: String,
    url: String,
    title: Option<&'a str>,
    label: String,
    date: Date,
    updated: Option<Date>,
    /// The title with its emphasis and code, where it has any and no links.
    title_html: Option<&'a str>,
    /// The title with its links and footnotes, where it has any: it can't be a link itself.
    title_links: Option<&'a str>,
    content: &'a str,
    author: Option<&'a str>,
    signed: bool,
    mine: bool,
    lang: Option<&'a str>,
    tags: Vec<Tag<'a>>,
    gallery: Vec<Picture>,
    audio: Vec<File>,
    video: Vec<File>,
    files: Vec<File>,
    reply_to: Option<Link>,
    reply_elsewhere: bool,
    /// The messages that link to it, where the site lists them.
    mentioned_in: Vec<Link>,
    notice: Option<String>,
}

/// What a message does not know of itself.
#[derive(Debug, Default)]
pub struct MessagePlacement<'a> {
    /// The address of its page.
    pub url: String,
    /// The id of its element and the prefix of the ids in it.
    pub anchor: String,
    /// Who wrote it.
    pub author: Option<&'a str>,
    /// Whether that is known of this very message, in a box that several people write.
    pub is_signed: bool,
    /// Its tags that do not stand in its text.
    pub tags: Vec<Tag<'a>>,
    /// The message that it answers.
    pub reply_to: Option<Link>,
    /// Whether it answers a message that is not here.
    pub answers_elsewhere: bool,
    /// The messages that link to it.
    pub mentioned_in: Vec<Link>,
    /// What it lacks, although it is shown.
    pub missing: Option<&'a Missing>,
}

impl<'a> Message<'a> {
    /// A message as every page shows it; links in its text begin with [`ROOT`](crate::markdown::ROOT).
    pub fn new<'f>(
        card: &'a Card,
        rendered: &'a Rendered,
        attached: impl Iterator<Item = &'f Attached>,
        place: MessagePlacement<'a>,
    ) -> Self {
        let title = rendered.title.as_str();
        let has_links = title.contains("<a ");
        let mut message = Self {
            id: card.stamp.to_string(),
            anchor: place.anchor,
            url: place.url,
            title: card.title.as_deref(),
            label: label(card),
            date: Date::new(card.stamp.seconds()),
            updated: card.header.updated.filter(|updated| *updated != card.stamp.seconds()).map(Date::new),
            title_html: Some(title).filter(|title| title.contains('<') && !has_links),
            title_links: Some(title).filter(|_| has_links),
            content: &rendered.html,
            author: place.author,
            signed: place.is_signed,
            mine: card.side == Side::Outbox,
            lang: card.header.lang.as_deref(),
            tags: place.tags,
            gallery: Vec::new(),
            audio: Vec::new(),
            video: Vec::new(),
            files: Vec::new(),
            reply_to: place.reply_to,
            reply_elsewhere: place.answers_elsewhere,
            mentioned_in: place.mentioned_in,
            notice: place.missing.map(notice),
        };
        message.attach(card, rendered, attached);
        message
    }

    /// Offers the text of a message that is shown in part only: all of it, or its first `length` bytes.
    pub fn offer_text(&mut self, card: &Card, url: String, length: u64) {
        let name = if length == card.mark.len { "the whole text" } else { "more of the text" };
        self.files.push(File {
            url,
            name: name.to_owned(),
            mime: "text/plain".to_owned(),
            kind: "text".to_owned(),
            size: readable_size(length),
            note: None,
            download: false,
            original: format!("{}.txt", card.stamp),
        });
    }

    /// Puts each attachment where the page shows it: what the text shows already is not shown twice.
    fn attach<'f>(&mut self, card: &Card, rendered: &Rendered, attached: impl Iterator<Item = &'f Attached>) {
        for (number, (file, attached)) in card.attachments.iter().zip(attached).enumerate() {
            let shown = rendered.shown.binary_search(&number).is_ok();
            let entry = || File {
                url: attached.address.clone(),
                name: attached.name.clone(),
                mime: attached.mime.clone(),
                kind: attached.kind.clone(),
                size: readable_size(file.mark.len),
                note: attached.note,
                download: attached.media == (Media::File { download: true }),
                original: file.path.name().into_owned(),
            };
            match attached.media {
                Media::File { .. } => self.files.push(entry()),
                _ if shown => {}
                Media::Picture(size) => self.gallery.push(picture(attached, size)),
                Media::Audio => self.audio.push(entry()),
                Media::Video => self.video.push(entry()),
            }
        }
    }
}

/// What a page says of a message that is shown before it is whole.
fn notice(missing: &Missing) -> String {
    match missing {
        Missing::Attachments(names) => format!("Not here yet: {}", Missing::names_in_words(names)),
        Missing::Parts | Missing::Text => "More of this message is still arriving.".to_owned(),
    }
}

/// A picture that has only its name to describe it.
pub fn picture(file: &Attached, size: Option<(u32, u32)>) -> Picture {
    let words = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem).replace(['-', '_'], " ");
    Picture {
        url: file.address.clone(),
        name: file.name.clone(),
        alt: words,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
    }
}

/// The tags that only the header names, in their normal form and as they are written; those in the text are links there
/// already.
pub fn tags_in_header(card: &Card) -> Vec<(&str, &str)> {
    let named: BTreeSet<String> = card.header.tags.iter().filter_map(|tag| normal_tag(tag)).collect();
    let only_there = |(tag, _): &(&String, &String)| named.contains(*tag) && !card.tags_in_text.contains(tag);
    let tags = card.tags.iter().zip(&card.tag_names).filter(only_there);
    tags.map(|(tag, name)| (tag.as_str(), name.as_str())).collect()
}

/// What lists call a message: its title, else its first words, else its date.
pub fn label(card: &Card) -> String {
    match &card.title {
        Some(title) => title.clone(),
        None if card.first_words.is_empty() => Moment::new(card.stamp.seconds()).day(),
        None => card.first_words.clone(),
    }
}

/// What stands for a text that would make a page too long: its first words, and the way to all of it.
pub fn brief(card: &Card, url: &str) -> String {
    format!("<p>{}</p>\n<p><a href=\"{url}\">The whole message is on its own page.</a></p>\n", escaped(&card.excerpt))
}

//! The feeds of one channel: Atom (RFC 4287) and JSON Feed 1.1.
//!
//! What a feed says of each message is made once for both forms. Ids never change, `updated` is never a file's time or the
//! build's, and content is harmless HTML with absolute links wherever a base URL is set.

use std::fmt::Write as _;

use atom_syndication as atom;
use chrono::DateTime;
use serde::Serialize;
use url::Url;

use crate::article::{Attached, Moment, brief, label};
use crate::channel::protocol::entry;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::fs::confined::Folder;
use crate::markdown::{self, Media, ROOT, Rendered};
use crate::media::{Metadata, published};

use crate::site::pages::contents::Contents;
use crate::site::pages::converted_message::{ConvertedMessage, fitting};
use crate::site::pages::facts::Facts;

/// The most enclosures that an entry lists.
const MAX_ENCLOSURES: usize = 20;
/// A larger picture's published length is taken from its file, in bytes.
const MAX_MEASURED: u64 = 32 << 20;

/// A message as a feed has it.
pub(crate) struct Entry<'a> {
    /// What is known of it.
    pub(crate) card: &'a Card,
    id: String,
    url: String,
    content: String,
    author: Option<&'a str>,
    enclosures: Vec<Enclosure>,
}

struct Enclosure {
    url: String,
    mime: String,
    length: u64,
}

/// Makes the entries of both feeds from converted messages.
pub(crate) fn entries<'a>(contents: &'a Contents<'a>, ready: &[&ConvertedMessage]) -> Vec<Entry<'a>> {
    let base = contents.facts.base.as_deref().unwrap_or_default();
    let fitting = fitting(ready.iter().copied());
    fitting.filter_map(|shown| Some(entry(contents, contents.cards.get(shown.0.at)?, shown, base))).collect()
}

/// Makes an entry of a converted message, whole or with its first words only; its addresses begin with `base`.
pub(crate) fn entry<'a>(
    contents: &'a Contents<'a>,
    card: &'a Card,
    (ready, is_whole): (&ConvertedMessage, bool),
    base: &str,
) -> Entry<'a> {
    let url = format!("{base}{}", contents.page_of(card).address());
    let is_whole = is_whole && markdown::is_affordable_for_feed(&ready.rendered.html);
    let mut html = if is_whole { content(&ready.rendered).replace(ROOT, base) } else { brief(card, &url) };
    for (number, file) in ready.published.iter().map(|published| &published.attached).enumerate() {
        if matches!(file.media, Media::Picture(_)) && ready.rendered.shown.binary_search(&number).is_err() {
            push_picture(&mut html, base, file);
        }
    }
    // A feed is no place to jump to; the message's page is.
    html = html.replace("href=\"#", &format!("href=\"{url}#"));
    let folder = contents.snapshot.folder(card.side);
    // Podcast programs refuse an enclosure without length.
    let files =
        card.attachments.iter().zip(&ready.published).filter(|(file, _)| file.mark.len > 0).take(MAX_ENCLOSURES);
    Entry {
        id: contents.entry_id(card).urn().to_string(),
        // Everything in it is rendered by this program or has to pass the allow-list; classes and ids mean nothing to a reader.
        content: markdown::for_feed(&html, Url::parse(&url).ok().as_ref()),
        url,
        author: contents.author(card),
        enclosures: files
            .map(|(file, published)| Enclosure {
                url: format!("{base}{}", published.attached.address),
                mime: published.attached.mime.clone(),
                length: length(folder, card, file, contents.options.keep_metadata),
            })
            .collect(),
        card,
    }
}

/// A text as an entry's content. An entry's title is plain, so one that leads elsewhere or has a note stands in the content too.
fn content(rendered: &Rendered) -> String {
    let title = &rendered.title;
    let is_more_than_words = title.contains("<a ") || title.contains("<img ");
    let title = if is_more_than_words { format!("<p><strong>{title}</strong></p>\n") } else { String::new() };
    title + &rendered.html
}

/// A picture that the text does not show follows it.
fn push_picture(html: &mut String, base: &str, file: &Attached) {
    let name = file.name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    // Writing to a String cannot fail.
    let _ = writeln!(html, "<p><img src=\"{base}{}\" alt=\"{name}\"></p>", file.address);
}

/// The length in bytes as published, which for a picture with metadata is less than the file's.
fn length(folder: Option<&Folder>, card: &Card, file: &Attachment, keep_metadata: bool) -> u64 {
    let whole = file.mark.len;
    // What is overwritten in place keeps its length.
    if keep_metadata || !matches!(file.metadata, Some(Metadata::Removable { .. })) || whole > MAX_MEASURED {
        return whole;
    }
    let path = entry::Entry::Attachment(card.stamp, file.path.clone()).path();
    folder
        .and_then(|folder| folder.read(&path, MAX_MEASURED).ok())
        .map_or(whole, |(bytes, _)| published(&bytes, &file.path.name()).len() as u64)
}

/// Writes the Atom feed.
pub(crate) fn atom(contents: &Contents<'_>, entries: &[Entry<'_>]) -> Vec<u8> {
    let facts = &contents.facts;
    let base = facts.base.as_deref().unwrap_or_default();
    let speaker = contents.speaker();
    let feed = atom::Feed {
        title: atom::Text::plain(facts.title.clone()),
        subtitle: facts.description.clone().map(atom::Text::plain),
        id: contents.channel_id(speaker).urn().to_string(),
        updated: time(entries.iter().map(|entry| entry.card.updated()).max().unwrap_or_default()),
        // RFC 4287, section 4.1.1: a feed has an author unless each of its entries has one.
        authors: vec![person(facts.author.as_deref().unwrap_or(&facts.title))],
        generator: Some(generator()),
        icon: facts.icon.as_ref().map(|icon| format!("{base}{icon}")),
        links: links((!base.is_empty()).then(|| format!("{base}atom.xml")), front(base))
            .into_iter()
            .chain(key_link(facts))
            .collect(),
        entries: entries.iter().map(|entry| atom_entry(entry, facts.author.as_deref())).collect(),
        lang: Some(facts.language.clone()),
        ..atom::Feed::default()
    };
    written(&feed)
}

/// A feed as bytes.
pub(crate) fn written(feed: &atom::Feed) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector always has room.
    let _ = feed.write_to(&mut bytes);
    bytes.push(b'\n');
    bytes
}

/// The program's name and version.
pub(crate) fn generator() -> atom::Generator {
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    atom::Generator { value: "missive".to_owned(), uri: None, version }
}

/// The front page of the site that begins here. Only a server finds it by the folder's address.
pub(crate) fn front(base: &str) -> String {
    if is_absolute(base) { base.to_owned() } else { format!("{base}index.html") }
}

/// Whether an address says by itself where it leads.
fn is_absolute(address: &str) -> bool {
    Url::parse(address).is_ok()
}

/// A feed's links: to itself, where that is known, and to its front page.
pub(crate) fn links(own: Option<String>, front: String) -> Vec<atom::Link> {
    let link = |rel: &str, href: String, mime: &str| atom::Link {
        rel: rel.to_owned(),
        href,
        mime_type: Some(mime.to_owned()),
        ..atom::Link::default()
    };
    let own = own.map(|own| link("self", own, "application/atom+xml"));
    own.into_iter().chain([link("alternate", front, "text/html")]).collect()
}

/// The link that hands out the key for reading the channel: the front page's address with the key behind its `#`.
fn key_link(facts: &Facts) -> Option<atom::Link> {
    let (key, base) = facts.read_key.as_ref().zip(facts.base.as_ref())?;
    Some(atom::Link {
        rel: "related".to_owned(),
        href: format!("{base}#{key}"),
        title: Some("missive subscribe".to_owned()),
        ..atom::Link::default()
    })
}

/// An entry in Atom's form.
pub(crate) fn atom_entry(entry: &Entry<'_>, feed_author: Option<&str>) -> atom::Entry {
    let card = entry.card;
    let mut links = vec![atom::Link {
        rel: "alternate".to_owned(),
        href: entry.url.clone(),
        mime_type: Some("text/html".to_owned()),
        ..atom::Link::default()
    }];
    links.extend(entry.enclosures.iter().map(|file| atom::Link {
        rel: "enclosure".to_owned(),
        href: file.url.clone(),
        mime_type: Some(file.mime.clone()),
        length: Some(file.length.to_string()),
        ..atom::Link::default()
    }));
    atom::Entry {
        title: atom::Text::plain(label(card)),
        id: entry.id.clone(),
        updated: time(card.updated()),
        published: Some(time(card.stamp.seconds())),
        // Readers show only an author of the entry's own.
        authors: entry.author.or(feed_author).map(person).into_iter().collect(),
        categories: card
            .tag_names
            .iter()
            .map(|tag| atom::Category { term: tag.clone(), ..atom::Category::default() })
            .collect(),
        links,
        summary: Some(card.excerpt.clone()).filter(|excerpt| !excerpt.is_empty()).map(atom::Text::plain),
        content: Some(atom::Content {
            base: Some(entry.url.clone()).filter(|url| is_absolute(url)),
            lang: card.header.lang.clone(),
            value: Some(entry.content.clone()),
            content_type: Some("html".to_owned()),
            ..atom::Content::default()
        }),
        ..atom::Entry::default()
    }
}

/// Somebody of this name.
pub(crate) fn person(name: &str) -> atom::Person {
    atom::Person { name: name.to_owned(), ..atom::Person::default() }
}

/// A time in seconds since 1970.
pub(crate) fn time(seconds: i64) -> atom::FixedDateTime {
    // The dates of messages lie within the years 1 to 9999, which are all representable.
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().fixed_offset()
}

/// Writes the JSON feed.
pub(crate) fn json(contents: &Contents<'_>, entries: &[Entry<'_>]) -> Vec<u8> {
    let facts = &contents.facts;
    let base = facts.base.as_deref();
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &facts.title,
        home_page_url: base,
        feed_url: base.map(|base| format!("{base}feed.json")),
        description: facts.description.as_deref(),
        icon: facts.icon.as_ref().zip(base).map(|(icon, base)| format!("{base}{icon}")),
        authors: facts.author.as_deref().map(|name| vec![JsonAuthor { name }]),
        language: &facts.language,
        missive: facts.read_key.as_deref().map(|key| JsonMissive { about: "missive subscribe KEY", key }),
        items: entries.iter().map(json_item).collect(),
    };
    // Texts and numbers can always be written as JSON.
    let mut bytes = serde_json::to_vec_pretty(&feed).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn json_item<'a>(entry: &'a Entry<'a>) -> JsonItem<'a> {
    let card = entry.card;
    JsonItem {
        id: &entry.id,
        url: &entry.url,
        title: card.title.as_deref(),
        content_html: &entry.content,
        summary: Some(card.excerpt.as_str()).filter(|excerpt| !excerpt.is_empty()),
        date_published: Moment::new(card.stamp.seconds()).iso(),
        date_modified: Moment::new(card.updated()).iso(),
        authors: entry.author.map(|name| vec![JsonAuthor { name }]),
        tags: &card.tag_names,
        language: card.header.lang.as_deref(),
        // No titles: two attachments with one title would mean two forms of one thing.
        attachments: entry
            .enclosures
            .iter()
            .map(|file| JsonAttachment { url: &file.url, mime_type: &file.mime, size_in_bytes: file.length })
            .collect(),
    }
}

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<Vec<JsonAuthor<'a>>>,
    language: &'a str,
    #[serde(rename = "_missive", skip_serializing_if = "Option::is_none")]
    missive: Option<JsonMissive<'a>>,
    items: Vec<JsonItem<'a>>,
}

/// An extension as the format allows them: what another missive takes the channel by.
#[derive(Serialize)]
struct JsonMissive<'a> {
    about: &'static str,
    key: &'a str,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    content_html: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<Vec<JsonAuthor<'a>>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<JsonAttachment<'a>>,
}

#[derive(Serialize)]
struct JsonAttachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    size_in_bytes: u64,
}

//! Views in the words of the templates: the names and forms that a template sees besides the messages themselves.
//!
//! This and `article/message.rs` are the contract with every theme; a template cannot read what is not there.

use serde::Serialize;

use crate::article::{Date, Link, Message, MessagePlacement, Picture, Tag, label, picture, tags_in_header};
use crate::channel::Kind;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::card::Card;
use crate::markdown::{Media, Needs, Rendered};

use crate::site::pages::attachments::Published;
use crate::site::pages::contents::Contents;
use crate::site::pages::facts::Facts;
use crate::site::pages::message_view::{Neighbour, Row};
use crate::site::pages::references::{References, Reply};

/// `site`: what all pages have in common.
#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each answers one question that a template asks")]
pub(crate) struct Site<'a> {
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
    read_key: Option<&'a str>,
    generator: &'a str,
}

impl<'a> Site<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
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
            read_key: facts.read_key.as_deref(),
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
pub(crate) struct Head {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) canonical: Option<String>,
    pub(crate) image: Option<Picture>,
    pub(crate) feed_title: String,
    pub(crate) policy: Policy,
}

/// `page.policy`: what the texts on a page need besides what every page may do.
#[derive(Default, Serialize)]
pub(crate) struct Policy {
    /// The origins of frames, with a space between.
    frames: String,
    /// Whether scripts and styles of the texts run.
    everything: bool,
}

impl Policy {
    /// What these texts need together.
    pub(crate) fn for_texts<'r>(texts: impl IntoIterator<Item = &'r Rendered>) -> Self {
        let mut all = Needs::default();
        for text in texts {
            all.everything |= text.needs.everything;
            all.frames.extend(text.needs.frames.iter().cloned());
        }
        let frames: Vec<String> = all.frames.into_iter().collect();
        Self { frames: frames.join(" "), everything: all.everything }
    }
}

/// A line of an archive.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    url: String,
    label: String,
    title: bool,
    date: Date,
    lang: Option<&'a str>,
    author: Option<&'a str>,
    signed: bool,
    mine: bool,
    pictures: usize,
    files: usize,
}

impl Contents<'_> {
    /// A message as every page shows it; links in its text begin with [`ROOT`](crate::markdown::ROOT).
    pub(crate) fn message<'a>(
        &'a self,
        card: &'a Card,
        references: &References<'a>,
        rendered: &'a Rendered,
        published: &[Published],
        anchor: String,
    ) -> Message<'a> {
        let place = MessagePlacement {
            url: self.page_of(card).address(),
            anchor,
            author: self.author(card),
            is_signed: self.byline(card).is_some(),
            tags: self.header_tags(card),
            reply_to: match &references.reply {
                Some(Reply::Here(label, url)) => Some(Link { label: label.clone(), url: url.clone() }),
                Some(Reply::Elsewhere) | None => None,
            },
            answers_elsewhere: references.reply == Some(Reply::Elsewhere),
            mentioned_in: references.mentions.iter().map(link).collect(),
            missing: references.missing,
        };
        let attached = published.iter().map(|published| &published.attached);
        let mut message = Message::new(card, rendered, attached, place);
        if card.is_cut {
            message.offer_text(card, self.text_at(card).address(), self.published_text(card));
        }
        message
    }

    /// The tags that only the header names; those in the text are links there already.
    fn header_tags<'a>(&'a self, card: &'a Card) -> Vec<Tag<'a>> {
        let tags = tags_in_header(card).into_iter();
        tags.filter_map(|(tag, name)| Some(Tag { name, url: self.tags.get(tag)?.path.address() })).collect()
    }

    pub(crate) fn line<'a>(&'a self, row: &Row<'a>) -> Line<'a> {
        let card = row.card;
        Line {
            url: self.page_of(card).address(),
            label: label(card),
            title: card.title.is_some(),
            date: Date::new(card.stamp.seconds()),
            lang: card.header.lang.as_deref(),
            author: self.author(card),
            signed: self.byline(card).is_some(),
            mine: card.side == Side::Outbox,
            pictures: row.pictures,
            files: row.files,
        }
    }

    pub(crate) fn near(&self, neighbour: Option<Neighbour<'_>>) -> Option<Link> {
        let card = neighbour?.card;
        Some(Link { label: label(card), url: self.page_of(card).address() })
    }
}

fn link((label, url): &(String, String)) -> Link {
    Link { label: label.clone(), url: url.clone() }
}

/// The picture that stands for a message where links to it are shown, with an absolute address.
pub(crate) fn social_picture(published: &[Published], base: &str) -> Option<Picture> {
    published.iter().map(|file| &file.attached).find_map(|file| match file.media {
        Media::Picture(Some(size)) => {
            let mut picture = picture(file, Some(size));
            picture.url = format!("{base}{}", file.address);
            Some(picture)
        }
        _ => None,
    })
}

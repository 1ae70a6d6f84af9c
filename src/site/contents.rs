//! What a site is made of.
//!
//! Owns the derived facts that several pages need: months, tags, list pages, who wrote, which page a name leads to.
//! A pure function of a snapshot and the options; refuses to read texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use crate::channel::Kind;
use crate::channel::arrival::Lack;
use crate::channel::bylines::ME;
use crate::channel::card::Card;
use crate::channel::entry::Side;
use crate::channel::feed_ids::{Claim, settle};
use crate::channel::profile::entry_id;
use crate::channel::snapshot::Snapshot;
use crate::channel::stamp::Stamp;
use crate::channel::which;
use crate::markdown::{Rules, Trust, harmless};

use super::archive::{Lists, Month, months};
use super::digest::Digest;
use super::file_name::safe;
use super::fingerprint::hash;
use super::icon::{self, Icon};
use super::media;
use super::options::Options;
use super::out_path::OutPath;

/// To be raised whenever the same text, settings and theme become other bytes than before, so that sites are built anew.
pub(super) const RENDERING: u32 = 1;

/// The program's name and version.
pub(super) const GENERATOR: &str = concat!("missive ", env!("CARGO_PKG_VERSION"));

/// The facts that every page of a site shows or depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    /// The site's title.
    pub title: String,
    /// What the channel says of itself.
    pub description: Option<String>,
    /// Who writes it.
    pub author: Option<String>,
    /// Who writes in the inbox and in the outbox.
    pub authors: [Option<String>; 2],
    /// A BCP 47 tag.
    pub language: String,
    /// Another place where the site is found, by its profile.
    pub link: Option<String>,
    /// The address of the icon relative to the site's root.
    pub icon: Option<String>,
    /// The kind of channel.
    pub kind: Kind,
    /// The channel's name.
    pub channel: String,
    /// Whether there is anything to list in an archive.
    pub archive: bool,
    /// Whether there is a tag index.
    pub tags: bool,
    /// The key for reading the channel.
    pub read_key: Option<String>,
    /// The base URL.
    pub base: Option<String>,
    /// Whether raw HTML passes, and code is coloured.
    pub rules: (bool, bool),
    /// The program's name and version.
    pub generator: &'static str,
    /// Counts the changes to what the same input becomes.
    pub rendering: u32,
}

/// A tag and the messages that bear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// The tag in its normal form.
    pub name: String,
    /// Its page.
    pub path: OutPath,
    /// Positions from the oldest message.
    pub messages: Vec<usize>,
}

/// What a site is made of.
pub(super) struct Contents<'a> {
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// The choices.
    pub options: &'a Options,
    /// The messages to show, oldest first.
    pub cards: &'a [Arc<Card>],
    /// Their digests, in the same order.
    pub digests: &'a [Digest],
    /// What every page shows or depends on.
    pub facts: Facts,
    /// The hash of the facts.
    pub facts_hash: u64,
    /// The cut into list pages.
    pub lists: Lists,
    /// The months, oldest first.
    pub months: Vec<Month>,
    /// The tags by name.
    pub tags: BTreeMap<String, Tag>,
    /// The icon, read once.
    pub icon: Option<Icon>,
    /// The ids of the inbox's and the outbox's channel.
    pub channel_ids: [Uuid; 2],
}

impl<'a> Contents<'a> {
    /// Derives everything from a look at the channel, the messages of it that are shown, and their digests.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        options: &'a Options,
        cards: &'a [Arc<Card>],
        digests: &'a [Digest],
    ) -> Self {
        let tags = tags(cards);
        let speaker = speaker(snapshot.kind());
        let icon = snapshot.folder(speaker).and_then(|folder| icon::read(folder, snapshot.profile(speaker)));
        let facts = facts(snapshot, options, (!cards.is_empty(), !tags.is_empty()), icon.as_ref());
        Self {
            icon,
            channel_ids: channel_ids(snapshot),
            snapshot,
            options,
            cards,
            digests,
            facts_hash: hash(&facts),
            facts,
            lists: Lists { size: options.page_size.max(1), total: cards.len() },
            months: months(cards),
            tags,
        }
    }

    /// What the pages of a box's messages begin with.
    pub(super) fn prefix(&self, side: Side) -> &'static str {
        prefix(self.facts.kind, side)
    }

    /// A message's page.
    pub(super) fn page_of(&self, card: &Card) -> OutPath {
        self.page_at(card.side, card.stamp)
    }

    /// The page of the message of this stamp.
    pub(super) fn page_at(&self, side: Side, stamp: Stamp) -> OutPath {
        page_at(self.facts.kind, side, stamp)
    }

    /// What a message that is shown all the same lacks. An empty one is not called incomplete for ever.
    pub(super) fn lack(&self, card: &Card) -> Option<&'a Lack> {
        self.snapshot.lacks.get(&(card.side, card.stamp)).filter(|lack| **lack != Lack::Text)
    }

    /// A message's attachments as published.
    pub(super) fn published(&self, card: &Card) -> Vec<media::Published> {
        media::publish(card, self.prefix(card.side), self.snapshot.box_trust(card.side))
    }

    /// The message of this stamp: in that box, or in `near` first and in the other then.
    pub(super) fn find(&self, side: Option<Side>, near: Side, stamp: Stamp) -> Option<&'a Arc<Card>> {
        let other = if near == Side::Inbox { Side::Outbox } else { Side::Inbox };
        let order = side.map_or([near, other], |side| [side, side]);
        order.into_iter().find_map(|side| {
            let at = self.cards.binary_search_by_key(&(stamp, side), |card| (card.stamp, card.side)).ok()?;
            self.cards.get(at)
        })
    }

    /// The message that a relative address in a message's text means, if it is there.
    pub(super) fn linked(&self, address: &str, near: Side) -> Option<&'a Arc<Card>> {
        let (side, stamp) = which::linked(address)?;
        self.find(side, near, stamp)
    }

    /// Who wrote a message.
    pub(super) fn author(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.facts.authors;
        self.byline(card).or((if card.side == Side::Inbox { inbox } else { outbox }).as_deref())
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub(super) fn byline(&self, card: &Card) -> Option<&'a str> {
        self.snapshot.byline(card)
    }

    /// The id of the channel that a box's owner writes.
    pub(super) fn channel_id(&self, side: Side) -> Uuid {
        let [inbox, outbox] = self.channel_ids;
        if side == Side::Inbox { inbox } else { outbox }
    }

    /// The id of a message's entry in feeds.
    pub(super) fn entry_id(&self, card: &Card) -> Uuid {
        entry_id(self.channel_id(card.side), card.stamp)
    }

    /// The side that the site as a whole speaks for.
    pub(super) fn speaker(&self) -> Side {
        speaker(self.facts.kind)
    }

    /// Whose a message's text is.
    pub(super) fn trust(&self, card: &Card) -> Trust {
        self.snapshot.trust(card)
    }

    /// What of a message in the outbox is somebody else's: its text, and which of its attachments. `None` for most.
    pub(super) fn foreign(&self, card: &Card) -> Option<(Trust, Vec<usize>)> {
        let whose = self.snapshot.box_trust(card.side);
        if card.side == Side::Inbox || whose.is_all_own() {
            return None;
        }
        let files = whose.of_attachments(card).enumerate();
        let theirs: Vec<usize> =
            files.filter(|(_, (_, trust))| *trust == Trust::Theirs).map(|(number, _)| number).collect();
        let text = self.trust(card);
        (text == Trust::Theirs || !theirs.is_empty()).then_some((text, theirs))
    }

    /// How a message's text is rendered.
    pub(super) fn rules(&self, card: &Card) -> Rules {
        let trust = self.trust(card);
        let raw_html = trust == Trust::Theirs || self.options.raw_html && !card.is_unbalanced;
        Rules { trust, raw_html, highlight: self.options.highlight, remote_media: trust == Trust::Own }
    }
}

/// The side that a site of this kind of channel speaks for.
fn speaker(kind: Kind) -> Side {
    if kind == Kind::Subscription { Side::Inbox } else { Side::Outbox }
}

/// What the pages of a box's messages begin with, in a site of this kind of channel.
fn prefix(kind: Kind, side: Side) -> &'static str {
    match (kind, side) {
        (Kind::Message, Side::Inbox) => "inbox/",
        (Kind::Message, Side::Outbox) => "outbox/",
        _ => "",
    }
}

/// The page of a message in a site of this kind of channel.
pub(super) fn page_at(kind: Kind, side: Side, stamp: Stamp) -> OutPath {
    OutPath::fixed(format!("{}{stamp}.html", prefix(kind, side)))
}

fn author(snapshot: &Snapshot, kind: Kind, side: Side) -> Option<String> {
    let named = snapshot.writer(side).map(|name| harmless(&name).into_owned());
    let titled =
        || snapshot.profile(side).title.as_deref().map(|title| harmless(&snapshot.their_name(title)).into_owned());
    match (kind, side) {
        (Kind::Message, Side::Outbox) => named.or_else(|| Some(ME.to_owned())),
        (Kind::Message, Side::Inbox) => named.or_else(titled).or_else(|| Some(name(snapshot))),
        _ => named,
    }
}

/// The channel's name, as far as a page can show it.
fn name(snapshot: &Snapshot) -> String {
    harmless(&snapshot.channel.name.to_string()).into_owned()
}

/// The ids of the inbox's and the outbox's channel, of which the peer's may not be one's own.
fn channel_ids(snapshot: &Snapshot) -> [Uuid; 2] {
    let mut ids = Side::BOTH.map(|side| snapshot.profile(side).channel_id(&snapshot.channel.name.to_string()));
    let claims = Claim::of_channel(snapshot, &[None, None]);
    for (claim, borne) in claims.iter().zip(settle(&claims)) {
        set_id(&mut ids, claim.side, borne.id);
    }
    ids
}

/// Gives the channel of one side its id.
pub(super) fn set_id([inbox, outbox]: &mut [Uuid; 2], side: Side, id: Uuid) {
    *(if side == Side::Inbox { inbox } else { outbox }) = id;
}

/// What is known of a channel without a look at its messages.
pub(super) fn brief(snapshot: &Snapshot, options: &Options) -> Facts {
    facts(snapshot, options, (false, false), None)
}

fn facts(snapshot: &Snapshot, options: &Options, (archive, tags): (bool, bool), icon: Option<&Icon>) -> Facts {
    let kind = snapshot.kind();
    let profile = snapshot.profile(speaker(kind));
    let second = if kind == Kind::Message { &snapshot.their_profile } else { profile };
    let name = || name(snapshot);
    let title = options
        .title
        .as_deref()
        .map(|title| harmless(title).into_owned())
        .or_else(|| profile.title.clone())
        .or_else(|| second.title.clone());
    Facts {
        title: title.unwrap_or_else(name),
        description: profile.description.clone(),
        author: profile.author.clone(),
        authors: Side::BOTH.map(|side| author(snapshot, kind, side)),
        language: profile.language.clone().unwrap_or_else(|| "en".to_owned()),
        link: profile.link.clone(),
        icon: icon.map(|icon| icon.path.address()),
        kind,
        channel: name(),
        archive,
        tags,
        read_key: options.read_key.clone(),
        base: options.base_url.as_ref().map(|url| url.as_str().to_owned()),
        rules: (options.raw_html, options.highlight),
        generator: GENERATOR,
        rendering: RENDERING,
    }
}

fn tags(cards: &[Arc<Card>]) -> BTreeMap<String, Tag> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, card) in cards.iter().enumerate() {
        for tag in &card.tags {
            members.entry(tag).or_default().push(at);
        }
    }
    members
        .into_iter()
        .map(|(name, messages)| {
            let path = tag_path(name);
            (name.to_owned(), Tag { name: name.to_owned(), path, messages })
        })
        .collect()
}

/// A tag's page: a function of the tag alone, so that no other tag can move it.
fn tag_path(name: &str) -> OutPath {
    // The list of tags has this name.
    let file = if name == "index" { safe(b"index/") } else { safe(name.as_bytes()) };
    OutPath::fixed(format!("tag/{file}.html"))
}

//! What a site is made of.
//!
//! Owns the derived facts that several pages need: months, tags, list pages, who wrote, which page a name leads to.
//! A pure function of a snapshot and the options; refuses to read texts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use uuid::Uuid;

use crate::channel::Kind;
use crate::channel::authorship::author_name::ME;

use crate::channel::feed_ids::entry_ids;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::profile::EntryIds;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply::Answered;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::markdown::{Rules, Trust, harmless, max_cost};
use crate::text::caseless::casefold;

use crate::site::build_options::SiteOptions;
use crate::site::engine::fingerprint::hash;
use crate::site::engine::out_path::OutPath;
use crate::site::pages::archive::{Lists, Month, months};
use crate::site::pages::attachments;
use crate::site::pages::file_name::{Taken, safe, with_one_ending};
use crate::site::pages::icon;
use crate::site::pages::icon::Icon;
use crate::site::pages::message_digest::Digest;

/// To be raised whenever the same text, settings and theme become other bytes than before, so that sites are built anew.
pub(crate) const RENDERING: u32 = 2;

/// The program's name and version.
pub(crate) const GENERATOR: &str = concat!("missive ", env!("CARGO_PKG_VERSION"));

/// The facts that every page of a site shows or depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Facts {
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
    /// Whether somebody else writes any of it: the addresses of some tags' pages follow from that.
    pub others_write: bool,
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
pub(crate) struct Tag {
    /// The tag in its normal form.
    pub name: String,
    /// Its page.
    pub path: OutPath,
    /// Whether another tag has the name that its page would have alone.
    pub moved: bool,
    /// Positions from the oldest message.
    pub messages: Vec<usize>,
}

/// What a site is made of.
pub(crate) struct Contents<'a> {
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// The choices.
    pub options: &'a SiteOptions,
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
    /// Whether a tag's page lies elsewhere because of another tag.
    pub has_moved_tags: bool,
    /// The icon, read once.
    pub icon: Option<Icon>,
    /// The ids of the boxes' channels and of their messages' entries.
    pub ids: EntryIds,
    /// The messages that others answer.
    pub answered: Answered,
    /// From this message on, others' code is shown without colours.
    colourless_from: Option<(Stamp, Side)>,
    /// How often colours took too long.
    late: AtomicUsize,
}

/// How often colours may take too long in one build before others' code is shown without any.
const MAX_LATE: usize = 3;

/// What colouring the code of others on a site may cost, in units ([`max_cost`]), counted from the oldest message on: a
/// megabyte of code in the dearest grammars.
///
/// Colouring is the dearest thing that a build does with a text, so what many small messages may cost together needs an
/// end as well. It is counted over the whole channel and in its order, not over what a build has to make anew: the same
/// channel has to give the same bytes whatever was built before. From the oldest on, because then a new message changes
/// no older page.
const MAX_COLOURED: usize = 8 << 20;
/// A longer text of one's own is not copied whole either, in bytes: nobody wrote it.
pub(crate) const MAX_OWN_TEXT: u64 = 64 << 20;

impl<'a> Contents<'a> {
    /// Derives everything from a look at the channel, the messages of it that are shown, and their digests.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        options: &'a SiteOptions,
        cards: &'a [Arc<Card>],
        digests: &'a [Digest],
    ) -> Self {
        let tags = tags(cards, others_write(snapshot));
        let speaker = speaker(snapshot.kind());
        let icon = snapshot.folder(speaker).and_then(|folder| icon::read(folder, snapshot.profile(speaker)));
        let facts = facts(snapshot, options, (!cards.is_empty(), !tags.is_empty()), icon.as_ref());
        let ids = entry_ids(snapshot);
        Self {
            icon,
            ids,
            answered: Answered::new(ids, cards),
            snapshot,
            options,
            cards,
            digests,
            facts_hash: hash(&facts),
            facts,
            colourless_from: colourless_from(snapshot, cards),
            late: AtomicUsize::new(0),
            lists: Lists { size: options.page_size.max(1), total: cards.len() },
            months: months(cards),
            has_moved_tags: tags.values().any(|tag| tag.moved),
            tags,
        }
    }

    /// What the pages of a box's messages begin with.
    pub(crate) fn prefix(&self, side: Side) -> &'static str {
        prefix(self.facts.kind, side)
    }

    /// A message's page.
    pub(crate) fn page_of(&self, card: &Card) -> OutPath {
        self.page_at(card.side, card.stamp)
    }

    /// The page of the message of this stamp.
    pub(crate) fn page_at(&self, side: Side, stamp: Stamp) -> OutPath {
        page_at(self.facts.kind, side, stamp)
    }

    /// What a message that is shown all the same lacks. An empty one is not called incomplete for ever.
    pub(crate) fn missing(&self, card: &Card) -> Option<&'a Missing> {
        self.snapshot.missing.get(&(card.side, card.stamp)).filter(|missing| **missing != Missing::Text)
    }

    /// A message's attachments as published.
    pub(crate) fn published(&self, card: &Card) -> Vec<attachments::Published> {
        attachments::publish(card, self.prefix(card.side), self.snapshot.box_trust(card.side))
    }

    /// Who wrote a message.
    pub(crate) fn author(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.facts.authors;
        self.byline(card).or((if card.side == Side::Inbox { inbox } else { outbox }).as_deref())
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub(crate) fn byline(&self, card: &Card) -> Option<&'a str> {
        self.snapshot.byline(card)
    }

    /// The id of the channel that a box's owner writes.
    pub(crate) fn channel_id(&self, side: Side) -> Uuid {
        self.ids.channel(side)
    }

    /// The id of a message's entry in feeds.
    pub(crate) fn entry_id(&self, card: &Card) -> Uuid {
        self.ids.of(card.side, card.stamp)
    }

    /// The side that the site as a whole speaks for.
    pub(crate) fn speaker(&self) -> Side {
        speaker(self.facts.kind)
    }

    /// Whose a message's text is.
    pub(crate) fn trust(&self, card: &Card) -> Trust {
        self.snapshot.trust(card)
    }

    /// What of a message in the outbox is somebody else's: its text, and which of its attachments. `None` for most.
    pub(crate) fn foreign(&self, card: &Card) -> Option<(Trust, Vec<usize>)> {
        let whose = self.snapshot.box_trust(card.side);
        if card.side == Side::Inbox || whose.is_all_own() {
            return None;
        }
        let files = card.attachments_with_trust(whose).enumerate();
        let theirs: Vec<usize> =
            files.filter(|(_, (_, trust))| *trust == Trust::Theirs).map(|(number, _)| number).collect();
        let text = self.trust(card);
        (text == Trust::Theirs || !theirs.is_empty()).then_some((text, theirs))
    }

    /// How a message's text is rendered.
    pub(crate) fn rules(&self, card: &Card) -> Rules {
        let trust = self.trust(card);
        let raw_html = trust == Trust::Theirs || self.options.raw_html && !card.is_unbalanced;
        let is_late = trust == Trust::Theirs && self.late() >= MAX_LATE;
        let highlight = self.options.highlight && !self.loses_colours(card) && !is_late;
        Rules { trust, raw_html, highlight, remote_media: trust == Trust::Own }
    }

    /// Takes note that the colours of a message took too long.
    pub(crate) fn note_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// How often colours took too long.
    pub(crate) fn late(&self) -> usize {
        self.late.load(Ordering::Relaxed)
    }

    /// Whether a message's code is shown without colours because others' messages before it have so much of it.
    pub(crate) fn loses_colours(&self, card: &Card) -> bool {
        let is_behind = self.colourless_from.is_some_and(|from| (card.stamp, card.side) >= from);
        is_behind && self.options.highlight && coloured(self.snapshot, card) > 0
    }

    /// How many messages' code is shown without colours for that reason.
    pub(crate) fn colourless(&self) -> usize {
        let Some(from) = self.colourless_from else {
            return 0;
        };
        let start = self.cards.partition_point(|card| (card.stamp, card.side) < from);
        self.cards.iter().skip(start).filter(|card| self.loses_colours(card)).count()
    }

    /// Whether the file of a text that is too long for its page is published to its end. Of others' only the beginning is:
    /// a text of terabytes takes no room on their disk and all of it on this one.
    pub(crate) fn publishes_whole_text(&self, card: &Card) -> bool {
        let most = if self.trust(card) == Trust::Own { MAX_OWN_TEXT } else { MAX_READ };
        card.mark.len <= most
    }

    /// How many bytes of a text's file are published.
    pub(crate) fn published_text(&self, card: &Card) -> u64 {
        if self.publishes_whole_text(card) { card.mark.len } else { MAX_READ }
    }
}

/// What colouring a message's code counts, in units: one's own counts nothing here.
fn coloured(snapshot: &Snapshot, card: &Card) -> usize {
    if snapshot.trust(card) == Trust::Own { 0 } else { max_cost(card.code, Trust::Theirs) }
}

/// The first message whose code does not fit any more.
fn colourless_from(snapshot: &Snapshot, cards: &[Arc<Card>]) -> Option<(Stamp, Side)> {
    let mut sum = 0;
    let first = cards.iter().find(|card| {
        sum += coloured(snapshot, card);
        sum > MAX_COLOURED
    });
    first.map(|card| (card.stamp, card.side))
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
pub(crate) fn page_at(kind: Kind, side: Side, stamp: Stamp) -> OutPath {
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

/// What is known of a channel without a look at its messages.
pub(crate) fn brief(snapshot: &Snapshot, options: &SiteOptions) -> Facts {
    facts(snapshot, options, (false, false), None)
}

fn facts(snapshot: &Snapshot, options: &SiteOptions, (archive, tags): (bool, bool), icon: Option<&Icon>) -> Facts {
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
        others_write: others_write(snapshot),
        read_key: options.read_key.clone(),
        base: options.base_url.as_ref().map(|url| url.as_str().to_owned()),
        rules: (options.raw_html, options.highlight),
        generator: GENERATOR,
        rendering: RENDERING,
    }
}

/// Whether somebody else writes any of a channel.
fn others_write(snapshot: &Snapshot) -> bool {
    snapshot.kind() != Kind::Broadcast || !snapshot.box_trust(Side::Outbox).is_all_own()
}

fn tags(cards: &[Arc<Card>], others_write: bool) -> BTreeMap<String, Tag> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, card) in cards.iter().enumerate() {
        for tag in &card.tags {
            members.entry(tag).or_default().push(at);
        }
    }
    let mut files: Vec<(&str, String)> = members.keys().map(|name| (*name, tag_file(name, others_write))).collect();
    // A plain name keeps its page whatever other tags there are; `ß` gives way to `ss`, and `a.b` to `a_b`.
    let is_plain = |name: &str, file: &str| file.strip_suffix(".html") == Some(name) && casefold(name) == name;
    files.sort_by_cached_key(|(name, file)| (!is_plain(name, file), *name));
    let mut taken = Taken::default();
    let mut tags = BTreeMap::new();
    for (name, file) in files {
        let unique = taken.unique(file.clone(), name.as_bytes());
        let (moved, path) = (unique != file, OutPath::fixed(format!("tag/{unique}")));
        let messages = members.remove(name).unwrap_or_default();
        tags.insert(name.to_owned(), Tag { name: name.to_owned(), path, moved, messages });
    }
    tags
}

/// The name of a tag's page where no other tag has it. Where others write, a name holds no ending that a server might run.
fn tag_file(name: &str, others_write: bool) -> String {
    // The list of tags has this name.
    let file = if name == "index" { safe(b"index/") } else { safe(name.as_bytes()) };
    let file = format!("{file}.html");
    if others_write { with_one_ending(&file) } else { file }
}

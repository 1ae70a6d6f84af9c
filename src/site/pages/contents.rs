//! What a site is made of: the facts that several pages need, such as months, tags, list pages, who wrote, and which page a
//! name leads to.
//!
//! A pure function of a snapshot and the options. It reads no text; those are read when a page is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::channel::Kind;
use crate::channel::feed_ids::entry_ids;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::profile::EntryIds;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply::Answered;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::markdown::{RawHtml, Rules, Trust};

use crate::site::build_options::SiteOptions;
use crate::site::engine::fingerprint::hash;
use crate::site::engine::out_path::OutPath;
use crate::site::pages::archive::{Lists, Month, months};
use crate::site::pages::attachments;
use crate::site::pages::code_colours::{counted, first_without_colours};
use crate::site::pages::facts::{Facts, facts, others_write, speaker};
use crate::site::pages::icon;
use crate::site::pages::icon::Icon;
use crate::site::pages::mentions::Mentions;
use crate::site::pages::message_digest::Digest;
use crate::site::pages::paths::{page_at, prefix, text_path};
use crate::site::pages::tags::{Tag, tags};
use crate::site::pages::titles::Titles;

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
    /// The messages by their titles.
    pub titles: Titles,
    /// Which messages link to which.
    pub mentions: Mentions,
    /// From this message on, others' code is shown without colours.
    pub colours_end: Option<(Stamp, Side)>,
}

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
            titles: Titles::default(),
            mentions: Mentions::default(),
            colours_end: first_without_colours(snapshot, cards),
            lists: Lists { size: options.page_size.max(1), total: cards.len() },
            months: months(cards),
            has_moved_tags: tags.values().any(|tag| tag.moved),
            tags,
        }
    }

    /// A message's position from the oldest.
    pub(crate) fn position(&self, card: &Card) -> Option<usize> {
        self.cards.binary_search_by_key(&(card.stamp, card.side), |card| (card.stamp, card.side)).ok()
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

    /// The file of a text that is too long for its page.
    pub(crate) fn text_at(&self, card: &Card) -> OutPath {
        text_path(self.facts.kind, card.side, card.stamp)
    }

    /// The id of a message's element and the prefix of the ids in it.
    pub(crate) fn anchor(&self, card: &Card) -> String {
        let side = if self.facts.kind == Kind::Message && card.side == Side::Inbox { "in-" } else { "" };
        format!("m-{side}{}", card.stamp)
    }

    /// The years with their months, oldest first.
    pub(crate) fn years(&self) -> Vec<(i32, &[Month])> {
        let years = self.months.chunk_by(|a, b| a.year == b.year);
        years.filter_map(|months| Some((months.first()?.year, months))).collect()
    }

    /// What a message that is shown all the same lacks. An empty one is not called incomplete for ever.
    pub(crate) fn missing(&self, card: &Card) -> Option<&'a Missing> {
        self.snapshot.findings.missing.get(&(card.side, card.stamp)).filter(|missing| **missing != Missing::Text)
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
        self.ids.entry(card.side, card.stamp)
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
        let raw_html = if trust == Trust::Theirs { RawHtml::Checked } else { self.options.html.passes };
        let highlight = self.options.highlight && !self.loses_colours(card);
        Rules {
            trust,
            dialect: card.dialect,
            contents: card.header.toc,
            raw_html,
            highlight,
            remote_media: trust == Trust::Own,
        }
    }

    /// Whether a message's code is shown without colours because others' messages before it have so much of it.
    pub(crate) fn loses_colours(&self, card: &Card) -> bool {
        let is_behind = self.colours_end.is_some_and(|end| (card.stamp, card.side) >= end);
        is_behind && self.options.highlight && counted(self.snapshot, card) > 0
    }

    /// How many messages' code is shown without colours for that reason.
    pub(crate) fn colourless(&self) -> usize {
        let Some(from) = self.colours_end else {
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

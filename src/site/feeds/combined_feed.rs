//! Several channels as one: the newest messages of all of them as a feed, and the list of their feeds.
//!
//! Each entry says which channel it comes from. The caller chooses the channels and says where they are found.

use std::cmp::Reverse;
use std::fmt::Write as _;

use atom_syndication as atom;
use rayon::prelude::*;
use uuid::Uuid;

use crate::channel::Kind;
use crate::channel::feed_ids::{self, Claim, Origins};
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::markdown::harmless;

use crate::site::build_options::SiteOptions;
use crate::site::feeds::channel_feed;
use crate::site::pages::contents::Contents;
use crate::site::pages::converted_message::{ConvertedMessage, Guest, fitting};
use crate::site::pages::facts::{Facts, brief};

/// The most entries in a planet's feed.
pub(crate) const ENTRIES: usize = 50;

/// What a planet is called and where it is found.
#[derive(Clone, Copy, Debug)]
pub struct CombinedFeed<'a> {
    /// Its title.
    pub title: &'a str,
    /// The address of its feed, if that is known; the feed's id follows from it.
    pub feed: Option<&'a str>,
    /// The address of its front page, which may be relative to the feed's.
    pub front: &'a str,
}

/// A channel of a planet.
#[derive(Clone, Debug)]
pub struct FeedChannel<'a> {
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// What its site says.
    pub options: &'a SiteOptions,
    /// Where its site begins, up to the last `/`; it may be relative to the planet's feed.
    pub site: String,
    /// Where its boxes come from, which decides who bears an id that two of them claim.
    pub origins: Origins,
}

/// Writes the feed of the newest messages of all channels. A text that cannot be read now is left out.
pub fn combined_feed<'a>(planet: &CombinedFeed<'_>, channels: &[FeedChannel<'a>]) -> Vec<u8> {
    // Nothing that a feed says of a channel needs the digests of its messages.
    let contents =
        |channel: &FeedChannel<'a>| Contents::new(channel.snapshot, channel.options, &channel.snapshot.cards, &[]);
    let member = |channel: &FeedChannel<'a>| MemberChannel {
        contents: contents(channel),
        site: channel.site.clone(),
        root: channel.site.clone(),
        origins: channel.origins.clone(),
        copied: [None; 2],
    };
    let mut members: Vec<MemberChannel<'a>> = channels.iter().map(member).collect();
    // Who copied whose id is told by `missive check`.
    settle_ids(&mut members);
    atom(planet, &members, &ConvertedPicks::convert(&members, &newest(&members, ENTRIES), false))
}

/// Writes the list of the channels' feeds (OPML 2.0), by kind.
pub fn opml(title: &str, channels: &[FeedChannel<'_>]) -> Vec<u8> {
    let facts: Vec<Facts> = channels.iter().map(|channel| brief(channel.snapshot, channel.options)).collect();
    let sites = channels.iter().map(|channel| channel.site.as_str());
    outlines(title, &facts.iter().zip(sites).collect::<Vec<_>>())
}

/// A channel with what its pages and feeds are made of.
pub(crate) struct MemberChannel<'a> {
    pub(crate) contents: Contents<'a>,
    /// As [`FeedChannel::site`].
    pub(crate) site: String,
    /// What leads there from a page of all channels.
    pub(crate) root: String,
    /// Where its boxes come from.
    pub(crate) origins: Origins,
    /// Where the messages of its inbox and its outbox may be found as well: in a box, of the member at a position, whose id
    /// this one claims.
    pub(crate) copied: [Option<(usize, Side)>; 2],
}

/// Gives each channel the id that it bears among the others. Says which of them claim the id of another one.
pub(crate) fn settle_ids(members: &mut [MemberChannel<'_>]) -> Vec<(String, String)> {
    let of = |(at, member): (usize, &MemberChannel<'_>)| {
        Claim::for_channel(member.contents.snapshot, &member.origins).into_iter().map(move |claim| (at, claim))
    };
    let (owners, claims): (Vec<usize>, Vec<Claim>) = members.iter().enumerate().flat_map(of).unzip();
    let mut refused = Vec::new();
    for ((at, claim), borne) in owners.iter().zip(&claims).zip(feed_ids::assign(&claims)) {
        let Some(member) = members.get_mut(*at) else {
            continue;
        };
        member.contents.ids.set_channel(claim.side, borne.id);
        let bearer = borne.bearer.and_then(|bearer| Some((owners.get(bearer)?, claims.get(bearer)?)));
        if let Some((owner, bearer)) = bearer {
            refused.push((claim.channel.clone(), claim.refusal(bearer)));
            let [inbox, outbox] = &mut member.copied;
            let copied = if claim.side == Side::Inbox { inbox } else { outbox };
            *copied = claim.may_be_a_copy_of(bearer).then_some((*owner, bearer.side));
        }
    }
    refused
}

/// Whether a message is there word for word in the channel whose id its own claims: it came by two ways.
fn is_copy(members: &[MemberChannel<'_>], member: &MemberChannel<'_>, card: &Card) -> bool {
    let [inbox, outbox] = member.copied;
    let original = (if card.side == Side::Inbox { inbox } else { outbox }).and_then(|(at, side)| {
        let cards = members.get(at)?.contents.cards;
        cards.get(cards.binary_search_by_key(&(card.stamp, side), |card| (card.stamp, card.side)).ok()?)
    });
    original.is_some_and(|original| {
        let files =
            |card: &Card| card.attachments.iter().map(|file| (file.path.clone(), file.mark.len)).collect::<Vec<_>>();
        original.hash == card.hash && files(original) == files(card)
    })
}

/// A message of one of several channels: the positions of both.
#[derive(Clone, Copy)]
pub(crate) struct Pick {
    pub(crate) member: usize,
    pub(crate) at: usize,
}

/// The newest messages of all channels, newest first. One that came by two ways is one.
pub(crate) fn newest(members: &[MemberChannel<'_>], most: usize) -> Vec<Pick> {
    let mut found = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let cards = member.contents.cards.iter().enumerate().rev();
        let cards = cards.filter(|(_, card)| !is_copy(members, member, card)).take(most);
        found.extend(cards.map(|(at, card)| (Reverse(card.stamp), number, Reverse(at))));
    }
    found.sort_unstable();
    found.into_iter().take(most).map(|(_, member, Reverse(at))| Pick { member, at }).collect()
}

/// Messages of several channels, their texts converted.
#[derive(Default)]
pub(crate) struct ConvertedPicks {
    /// Each with the position of its channel.
    pub(crate) ready: Vec<(usize, ConvertedMessage)>,
    /// Texts that cannot be read now.
    pub(crate) unreadable: Vec<String>,
}

impl ConvertedPicks {
    /// Reads messages as they stand on a page of all channels, or as each stands on its own site.
    pub(crate) fn convert(members: &[MemberChannel<'_>], picks: &[Pick], together: bool) -> Self {
        let read = |pick: &Pick| {
            let member = members.get(pick.member).ok_or_else(String::new)?;
            let ids = format!("c{}-", pick.member + 1);
            let guest = together.then_some(Guest { ids: &ids, root: &member.root });
            let named = |text: String| format!("{}/{text}", member.contents.facts.channel);
            ConvertedMessage::read(&member.contents, pick.at, guest).map(|ready| (pick.member, ready)).map_err(named)
        };
        let made: Vec<Result<_, String>> = picks.par_iter().with_max_len(1).map(read).collect();
        let mut all = Self::default();
        for one in made {
            match one {
                Ok(ready) => all.ready.push(ready),
                Err(text) => all.unreadable.push(text),
            }
        }
        all
    }
}

/// Writes the feed.
pub(crate) fn atom(planet: &CombinedFeed<'_>, members: &[MemberChannel<'_>], read: &ConvertedPicks) -> Vec<u8> {
    let whole = fitting(read.ready.iter().map(|(_, ready)| ready));
    let made = read.ready.iter().zip(whole).filter_map(|((member, _), shown)| entry(members.get(*member)?, shown));
    let entries: Vec<atom::Entry> = made.collect();
    let title = line(planet.title);
    channel_feed::written(&atom::Feed {
        id: id(planet),
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or_else(|| channel_feed::time(0)),
        authors: vec![channel_feed::person(&title)],
        title: atom::Text::plain(title),
        generator: Some(channel_feed::generator()),
        links: channel_feed::links(planet.feed.map(str::to_owned), planet.front.to_owned()),
        entries,
        ..atom::Feed::default()
    })
}

/// A `UUIDv5` (RFC 9562, section 5.5) of the feed's address: who follows it there knows it by no other name.
fn id(planet: &CombinedFeed<'_>) -> String {
    let name = format!("missive:planet:{}", planet.feed.unwrap_or(planet.title));
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).urn().to_string()
}

fn entry(member: &MemberChannel<'_>, shown: (&ConvertedMessage, bool)) -> Option<atom::Entry> {
    let facts = &member.contents.facts;
    let card = member.contents.cards.get(shown.0.at)?;
    let entry = channel_feed::entry(&member.contents, card, shown, &member.site);
    // Readers show only an author of the entry's own, and among many channels each must have one.
    let mut entry = channel_feed::atom_entry(&entry, Some(facts.author.as_deref().unwrap_or(&facts.title)));
    let language = || Some(facts.language.clone());
    entry.title.lang = card.header.lang.clone().or_else(language);
    if let Some(content) = &mut entry.content {
        content.lang = content.lang.take().or_else(language);
    }
    entry.source = Some(source(member));
    Some(entry)
}

/// What an entry says of the feed that it comes from.
fn source(member: &MemberChannel<'_>) -> atom::Source {
    let (contents, site) = (&member.contents, &member.site);
    atom::Source {
        title: atom::Text::plain(contents.facts.title.clone()),
        id: contents.channel_id(contents.speaker()).urn().to_string(),
        updated: channel_feed::time(updated(contents)),
        authors: vec![channel_feed::person(contents.facts.author.as_deref().unwrap_or(&contents.facts.title))],
        links: channel_feed::links(Some(format!("{site}atom.xml")), channel_feed::front(site)),
        ..atom::Source::default()
    }
}

/// When a channel's own feed was updated, in seconds since 1970.
pub(crate) fn updated(contents: &Contents<'_>) -> i64 {
    let entries = contents.cards.iter().rev().take(contents.options.feed_size);
    entries.map(|card| card.updated()).max().unwrap_or_default()
}

/// The kinds of channels in the order in which they are listed, with what several are called.
pub(crate) const KINDS: [(Kind, &str); 3] =
    [(Kind::Message, "Conversations"), (Kind::Broadcast, "Broadcasts"), (Kind::Subscription, "Subscriptions")];

/// Writes the list of feeds.
pub(crate) fn outlines(title: &str, channels: &[(&Facts, &str)]) -> Vec<u8> {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n");
    // Writing to a String cannot fail.
    let _ = writeln!(xml, "<head><title>{}</title></head>\n<body>", escaped(title));
    for (kind, name) in KINDS {
        let mut channels = channels.iter().filter(|(facts, _)| facts.kind == kind).peekable();
        if channels.peek().is_none() {
            continue;
        }
        let _ = writeln!(xml, "<outline text=\"{name}\" title=\"{name}\">");
        for (facts, site) in channels {
            let (title, page, site) = (escaped(&facts.title), escaped(&channel_feed::front(site)), escaped(site));
            let _ = writeln!(
                xml,
                "<outline text=\"{title}\" title=\"{title}\" type=\"rss\" xmlUrl=\"{site}atom.xml\" htmlUrl=\"{page}\"/>"
            );
        }
        xml.push_str("</outline>\n");
    }
    xml.push_str("</body>\n</opml>\n");
    xml.into_bytes()
}

/// A text as one line without anything that XML does not allow.
fn line(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

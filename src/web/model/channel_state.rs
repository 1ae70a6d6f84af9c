//! A channel as its last scan found it: one state that never changes and that many requests can hold at once, and what differs
//! between two of them.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::channel::authorship::bylines::Bylines;
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::feed_ids::entry_ids;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profiles;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::{ChannelKey, Marked};
use crate::channel::reading::reply::Answered;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::channel::{Channel, Kind};
use crate::fs::confined::Folder;
use crate::markdown::{Dialect, Trust};

use crate::web::http::refusal::Refusal;

/// A channel as it is shown now: what its last scan found, and what was marked and went wrong since. Copies share the scan.
#[derive(Clone, Debug)]
pub(crate) struct ChannelState {
    scan: Arc<Scan>,
    pub(crate) health: Health,
    pub(crate) marked: Marked,
    /// How many messages were not read.
    pub(crate) unread: usize,
}

/// What a scan of a channel found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Its name as addresses have it.
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) people: People,
    pub(crate) key: ChannelKey,
    /// The messages that are shown, oldest first.
    pub(crate) cards: Arc<[Arc<Card>]>,
    /// The messages that others answer.
    pub(crate) answered: Answered,
    pub(crate) missing: HashMap<(Side, Stamp), Missing>,
    /// How many messages each box shows; `None` for a box that is not there.
    pub(crate) counts: [Option<usize>; 2],
}

/// Who writes in a channel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct People {
    /// Who writes in the inbox and in the outbox.
    authors: [Option<String>; 2],
    /// Who wrote the messages of the two, as far as somebody has signed them.
    bylines: [Arc<Bylines>; 2],
    /// Whose the files of the two are.
    trusts: [Arc<BoxTrust>; 2],
    /// What the inbox and the outbox say of the channel.
    pub(crate) profiles: Profiles,
    /// Who the site as a whole is by.
    pub(crate) site_author: Option<String>,
}

impl Deref for ChannelState {
    type Target = Scan;

    fn deref(&self) -> &Scan {
        &self.scan
    }
}

/// A channel's name as addresses have it: bytes that are no UTF-8 are spelled out, so that no two have the same.
pub(crate) fn name_of(name: &ChannelName) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut text = String::new();
    for chunk in name.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\u{fffd}{byte:02X}");
        }
    }
    text
}

/// What is not as it should be, or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) arriving: usize,
    pub(crate) conflicts: usize,
    /// Messages that wait: drafts by their header, those dated in the future, those that are not whole.
    pub(crate) held: usize,
    pub(crate) warnings: usize,
    /// Why a box or the whole channel cannot be read.
    pub(crate) trouble: Option<String>,
}

impl ChannelState {
    /// What is shown of a channel after a scan.
    pub(crate) fn from_snapshot(snapshot: &Snapshot, name: String, key: ChannelKey, marked: Marked) -> Self {
        let kind = snapshot.kind();
        let counts = Side::BOTH.map(|side| snapshot.seen_box(side).exists().then(|| snapshot.count(side)));
        let scan = Scan {
            title: title(snapshot, kind).unwrap_or_else(|| name.clone()),
            people: People::from_snapshot(snapshot, kind),
            cards: snapshot.cards.as_slice().into(),
            answered: Answered::new(entry_ids(snapshot), &snapshot.cards),
            missing: snapshot.findings.missing.clone(),
            channel: snapshot.channel.clone(),
            name,
            kind,
            key,
            counts,
        };
        let (health, unread) = (health(snapshot), unread(&scan.cards, &marked));
        Self { scan: Arc::new(scan), health, marked, unread }
    }

    /// The Markdown that one's own texts are written in.
    pub(crate) fn own_dialect(&self) -> Dialect {
        let [_, outbox] = &*self.people.profiles;
        outbox.dialect()
    }

    /// The same with other marks.
    pub(crate) fn with_marks(&self, marked: Marked) -> Self {
        Self { unread: unread(&self.cards, &marked), marked, ..self.clone() }
    }

    /// The same in another state of health.
    pub(crate) fn with_health(&self, health: Health) -> Self {
        Self { health, ..self.clone() }
    }

    /// A message that is shown.
    pub(crate) fn find(&self, side: Side, stamp: Stamp) -> Option<(usize, &Arc<Card>)> {
        let at = self.cards.binary_search_by_key(&(stamp, side), |card| (card.stamp, card.side)).ok()?;
        Some((at, self.cards.get(at)?))
    }

    pub(crate) fn has(&self, side: Side) -> bool {
        self.count(side).is_some()
    }

    pub(crate) fn count(&self, side: Side) -> Option<usize> {
        let [inbox, outbox] = self.counts;
        if side == Side::Inbox { inbox } else { outbox }
    }

    /// Who wrote a message.
    pub(crate) fn author_of(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.people.authors;
        self.byline(card).or((if card.side == Side::Inbox { inbox } else { outbox }).as_deref())
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub(crate) fn byline(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.people.bylines;
        (if card.side == Side::Inbox { inbox } else { outbox }).author_of(card.stamp)
    }

    /// Whose the files of a box are.
    pub(crate) fn box_trust(&self, side: Side) -> &BoxTrust {
        let [inbox, outbox] = &self.people.trusts;
        if side == Side::Inbox { inbox } else { outbox }
    }

    /// Whose a message's text is.
    pub(crate) fn trust(&self, card: &Card) -> Trust {
        self.box_trust(card.side).of_message(card.stamp)
    }

    pub(crate) fn is_read(&self, card: &Card) -> bool {
        self.marked.is_read(card.side, card.stamp)
    }

    /// A message's key among all channels' messages.
    pub(crate) fn key_of(&self, card: &Card) -> String {
        format!("{}/{}/{}", self.name, card.side, card.stamp)
    }

    /// A box, opened for reading.
    pub(crate) fn open(&self, side: Side) -> Result<Folder, Refusal> {
        Ok(Folder::open(&self.channel.path.join(side.name()))?)
    }
}

impl People {
    fn from_snapshot(snapshot: &Snapshot, kind: Kind) -> Self {
        let speaker =
            if kind == Kind::Subscription { snapshot.profile(Side::Inbox) } else { snapshot.profile(Side::Outbox) };
        Self {
            authors: Side::BOTH.map(|side| snapshot.writer(side)),
            bylines: snapshot.bylines(),
            trusts: snapshot.trusts(),
            profiles: snapshot.profiles(),
            site_author: speaker.author.clone(),
        }
    }
}

/// What a channel is called: by whoever is at the other end, or by oneself if nobody is.
fn title(snapshot: &Snapshot, kind: Kind) -> Option<String> {
    let (theirs, mine) = (snapshot.profile(Side::Inbox), snapshot.profile(Side::Outbox));
    match kind {
        Kind::Broadcast => mine.title.clone(),
        Kind::Subscription => theirs.title.clone(),
        Kind::Message => theirs.title.clone().or_else(|| theirs.author.clone()),
    }
}

fn health(snapshot: &Snapshot) -> Health {
    let trouble = Side::BOTH.into_iter().find_map(|side| match &snapshot.seen_box(side).state {
        BoxState::Unreadable(why) => Some(format!("the {side} can't be read: {why}")),
        _ => None,
    });
    Health {
        arriving: snapshot.findings.count(&Reason::Arriving),
        conflicts: snapshot.findings.count(&Reason::Conflict),
        held: snapshot.held.len(),
        warnings: snapshot.warnings(),
        trouble,
    }
}

/// How many messages were not read.
fn unread(cards: &[Arc<Card>], marked: &Marked) -> usize {
    cards.iter().filter(|card| !marked.is_read(card.side, card.stamp)).count()
}

/// The messages that were not there before; both lists are in order.
pub(crate) fn appeared(before: &[Arc<Card>], after: &[Arc<Card>]) -> Vec<Arc<Card>> {
    let key = |card: &Arc<Card>| (card.stamp, card.side);
    let is_new = |card: &&Arc<Card>| before.binary_search_by_key(&key(card), key).is_err();
    // Most scans find the same cards, and most others some at the end.
    let same = before.iter().zip(after).take_while(|(old, new)| Arc::ptr_eq(old, new)).count();
    after.iter().skip(same).filter(is_new).cloned().collect()
}

/// Whether two states of a channel differ in anything that is shown.
pub(crate) fn differ(before: &ChannelState, after: &ChannelState) -> bool {
    let same = |(old, new): (&Arc<Card>, &Arc<Card>)| Arc::ptr_eq(old, new) || old == new;
    before.cards.len() != after.cards.len()
        || !before.cards.iter().zip(after.cards.iter()).all(same)
        || before.health != after.health
        || before.missing != after.missing
        || before.counts != after.counts
        || before.people != after.people
        || before.answered != after.answered
        || (before.kind, &before.channel, &before.marked) != (after.kind, &after.channel, &after.marked)
        || before.title != after.title
}

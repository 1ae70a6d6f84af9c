//! A channel as it was seen last.
//!
//! Owns what of a look is kept for requests, one unchanging state that many of them can hold at once, and what differs
//! between two of them. Refuses to look, and to know who asks.

use std::collections::HashMap;
use std::sync::Arc;

use crate::channel::authorship::bylines::Bylines;
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::feed_ids::entry_ids;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profiles;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::{Key, Marked};
use crate::channel::reading::reply::Answered;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::completeness::Lack;
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::channel::{Channel, Kind};
use crate::fs::confined::Folder;
use crate::markdown::Trust;

use crate::web::http::refusal::Refusal;

/// A channel as it was seen last.
#[derive(Debug)]
pub(crate) struct ChannelState {
    /// Its name as addresses have it.
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    /// Who writes in the inbox and in the outbox.
    pub(crate) authors: [Option<String>; 2],
    /// Who wrote the messages of the two, as far as somebody has signed them.
    pub(crate) bylines: [Arc<Bylines>; 2],
    /// Whose the files of the two are.
    pub(crate) trusts: [Arc<BoxTrust>; 2],
    /// What the inbox and the outbox say of the channel.
    pub(crate) profiles: Profiles,
    /// Who the site as a whole is by.
    pub(crate) author: Option<String>,
    pub(crate) key: Key,
    /// The messages that are shown, oldest first.
    pub(crate) cards: Arc<[Arc<Card>]>,
    /// The messages that others answer.
    pub(crate) answered: Arc<Answered>,
    pub(crate) lacks: HashMap<(Side, Stamp), Lack>,
    /// How many messages each box shows; `None` for a box that is not there.
    pub(crate) counts: [Option<usize>; 2],
    pub(crate) health: Health,
    pub(crate) marked: Marked,
    /// How many messages were not read.
    pub(crate) unread: usize,
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
        let [inbox, outbox] = &self.authors;
        self.byline(card).or((if card.side == Side::Inbox { inbox } else { outbox }).as_deref())
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub(crate) fn byline(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.bylines;
        (if card.side == Side::Inbox { inbox } else { outbox }).of(card.stamp)
    }

    /// Whose the files of a box are.
    pub(crate) fn box_trust(&self, side: Side) -> &BoxTrust {
        let [inbox, outbox] = &self.trusts;
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

/// The same state once more: what is large in it is shared.
pub(crate) fn copy(state: &ChannelState) -> ChannelState {
    ChannelState {
        name: state.name.clone(),
        channel: state.channel.clone(),
        title: state.title.clone(),
        authors: state.authors.clone(),
        bylines: state.bylines.clone(),
        trusts: state.trusts.clone(),
        profiles: Profiles::clone(&state.profiles),
        author: state.author.clone(),
        key: state.key.clone(),
        cards: Arc::clone(&state.cards),
        answered: Arc::clone(&state.answered),
        lacks: state.lacks.clone(),
        health: state.health.clone(),
        marked: state.marked.clone(),
        ..*state
    }
}

/// What is kept of a look.
pub(crate) fn of_look(snapshot: &Snapshot, name: String, key: Key, marked: Marked) -> ChannelState {
    let kind = snapshot.kind();
    let counts =
        Side::BOTH.map(|side| (!matches!(snapshot.side(side), BoxState::Missing)).then(|| snapshot.count(side)));
    let speaker = if kind == Kind::Subscription { &snapshot.their_profile } else { &snapshot.my_profile };
    ChannelState {
        title: title(snapshot, kind).unwrap_or_else(|| name.clone()),
        authors: Side::BOTH.map(|side| snapshot.writer(side)),
        bylines: snapshot.bylines.clone(),
        trusts: snapshot.trusts.clone(),
        profiles: snapshot.profiles(),
        author: speaker.author.clone(),
        unread: unread(&snapshot.cards, &marked),
        cards: snapshot.cards.as_slice().into(),
        answered: Arc::new(Answered::new(entry_ids(snapshot), &snapshot.cards)),
        lacks: snapshot.lacks.clone(),
        health: health(snapshot),
        channel: snapshot.channel.clone(),
        name,
        kind,
        key,
        counts,
        marked,
    }
}

/// What a channel is called: by whoever is at the other end, or by oneself if nobody is.
fn title(snapshot: &Snapshot, kind: Kind) -> Option<String> {
    let (theirs, mine) = (&snapshot.their_profile, &snapshot.my_profile);
    match kind {
        Kind::Broadcast => mine.title.clone(),
        Kind::Subscription => theirs.title.clone(),
        Kind::Message => theirs.title.clone().or_else(|| theirs.author.clone()),
    }
}

fn health(snapshot: &Snapshot) -> Health {
    let reason = |wanted: Reason| snapshot.hidden.iter().filter(|hidden| hidden.reason == wanted).count();
    let trouble = Side::BOTH.into_iter().find_map(|side| match snapshot.side(side) {
        BoxState::Unreadable(why) => Some(format!("the {side} can't be read: {why}")),
        _ => None,
    });
    Health {
        arriving: reason(Reason::Arriving),
        conflicts: reason(Reason::Conflict),
        held: snapshot.held.len(),
        warnings: snapshot.warnings(),
        trouble,
    }
}

/// How many messages were not read.
pub(crate) fn unread(cards: &[Arc<Card>], marked: &Marked) -> usize {
    cards.iter().filter(|card| !marked.is_read(card.side, card.stamp)).count()
}
/// The messages that were not there before; both lists are in order.
pub(crate) fn appeared(before: &[Arc<Card>], after: &[Arc<Card>]) -> Vec<Arc<Card>> {
    let key = |card: &Arc<Card>| (card.stamp, card.side);
    let is_new = |card: &&Arc<Card>| before.binary_search_by_key(&key(card), key).is_err();
    // Most looks find the same cards, and most others some at the end.
    let same = before.iter().zip(after).take_while(|(old, new)| Arc::ptr_eq(old, new)).count();
    after.iter().skip(same).filter(is_new).cloned().collect()
}

/// Whether two states of a channel differ in anything that is shown.
pub(crate) fn differ(before: &ChannelState, after: &ChannelState) -> bool {
    let same = |(old, new): (&Arc<Card>, &Arc<Card>)| Arc::ptr_eq(old, new) || old == new;
    before.cards.len() != after.cards.len()
        || !before.cards.iter().zip(after.cards.iter()).all(same)
        || before.health != after.health
        || before.lacks != after.lacks
        || before.counts != after.counts
        || before.bylines != after.bylines
        || before.trusts != after.trusts
        || before.profiles != after.profiles
        || before.answered != after.answered
        || (before.kind, &before.channel, &before.marked) != (after.kind, &after.channel, &after.marked)
        || (&before.title, &before.authors, &before.author) != (&after.title, &after.authors, &after.author)
}

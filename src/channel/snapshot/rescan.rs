//! The incremental look: a channel is looked at again at the cost of what may have changed.
//!
//! Remembers a look after its boxes are closed, and takes it up again for some names or for all. The result is what a first
//! look would have given.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::{Discriminant, discriminant};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use std::sync::Arc;

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::protocol::classify::leading_stamp;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::{BoxTexts, Card, MadeCard};
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::kept_texts::KeptTexts;
use crate::channel::snapshot::listing::Listing;
use crate::channel::snapshot::{BY_WORDS, BoxState, LookOptions, Snapshot, take};

/// Names in the boxes of a channel.
pub type ChangedNames = BTreeSet<(Side, OsString)>;

/// Looking at more names than these one by one costs more than looking at everything.
const MOST: usize = 500;

/// The name in a box that a path leads to or through; `None` for a path that is in no box.
pub fn name_in_box(channel: &Channel, path: &Path) -> Option<(Side, OsString)> {
    let mut parts = path.strip_prefix(&channel.path).ok()?.components();
    let first = parts.next()?;
    let side = Side::from_name(first)?;
    Some((side, parts.next()?.as_os_str().to_owned()))
}

/// What is remembered of a look. It holds no folder open, so that a disk can be taken out in between.
#[derive(Debug)]
pub struct LastLook {
    snapshot: Snapshot,
    boxes: [Discriminant<BoxState>; 2],
}

impl LastLook {
    /// Lets go of a look.
    pub fn from_snapshot(mut snapshot: Snapshot) -> Self {
        let boxes = boxes(&snapshot);
        (snapshot.inbox.state, snapshot.outbox.state) = (BoxState::Missing, BoxState::Missing);
        snapshot.texts = KeptTexts::default();
        Self { snapshot, boxes }
    }

    /// When the next held message is due, in seconds since 1970.
    pub fn due(&self) -> Option<i64> {
        self.snapshot.due()
    }

    /// Keeps the cards for the next run.
    ///
    /// # Errors
    /// As [`CardCache::keep`].
    pub fn keep(&self, cache: &CardCache) -> std::io::Result<()> {
        self.snapshot.keep(cache, self.snapshot.looked_at)
    }

    /// Looks at everything again. Tells whether all is as it was.
    ///
    /// # Errors
    /// As [`Channel::open`].
    pub fn everything(&self, look: LookOptions) -> Result<(Snapshot, bool), Error> {
        let old = &self.snapshot;
        // Whoever looked first may know it by the name of a link.
        let channel = Channel { name: old.channel.name.clone(), ..Channel::open(&old.channel.path)? };
        let snapshot = take(channel, &CardCache::from_cards(&old.all, old.profiles(), old.looked_at), look);
        let same = boxes(&snapshot) == self.boxes && is_like(old, &snapshot);
        Ok((snapshot, same))
    }

    /// Looks at these names again, and at the messages that are held.
    ///
    /// # Errors
    /// As [`Channel::open`].
    pub fn some(mut self, names: &ChangedNames, look: LookOptions) -> Result<Snapshot, Error> {
        let [inbox, outbox] = Side::BOTH.map(|side| BoxState::open(&self.snapshot.channel, side, look));
        (self.snapshot.inbox.state, self.snapshot.outbox.state) = (inbox, outbox);
        if names.len() > MOST || boxes(&self.snapshot) != self.boxes || !is_same_look(self.snapshot.look, look) {
            return Ok(self.everything(look)?.0);
        }
        if !Side::BOTH.into_iter().all(|side| self.snapshot.has_same_dialect(side)) {
            // Every text is read in another way.
            return Ok(self.everything(look)?.0);
        }
        self.snapshot.look = look;
        let trusts = self.snapshot.trusts();
        for side in BY_WORDS {
            self.snapshot.look_at(side, names);
        }
        if self.snapshot.trusts() != trusts {
            // What is wrong with a message depends on whose it is, also with one that nobody touched.
            return Ok(self.everything(look)?.0);
        }
        Ok(self.snapshot)
    }
}

/// Whether each box is open, missing or closed to us.
fn boxes(snapshot: &Snapshot) -> [Discriminant<BoxState>; 2] {
    Side::BOTH.map(|side| discriminant(&snapshot.seen_box(side).state))
}

fn is_same_look(a: LookOptions, b: LookOptions) -> bool {
    a == LookOptions { now: a.now, ..b }
}

/// Whether two looks are certain to have seen the same: what was not settled at the first may differ unnoticed.
fn is_like(a: &Snapshot, b: &Snapshot) -> bool {
    a.all.iter().all(|card| card.is_settled_at(a.looked_at))
        && are_same_cards(&a.cards, &b.cards)
        && are_same_cards(&a.all, &b.all)
        && a.findings.hidden == b.findings.hidden
        && a.findings.unreadable == b.findings.unreadable
        && a.findings.missing == b.findings.missing
        && Side::BOTH.into_iter().all(|side| a.seen_box(side).says_the_same_as(b.seen_box(side)))
}

fn are_same_cards(a: &[Arc<Card>], b: &[Arc<Card>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b) || a == b)
}

impl Snapshot {
    fn look_at(&mut self, side: Side, names: &ChangedNames) {
        let Some(folder) = self.folder(side) else {
            return;
        };
        let names: Vec<&OsStr> = names.iter().filter(|(at, _)| *at == side).map(|(_, name)| name.as_os_str()).collect();
        let mut stamps: BTreeSet<Stamp> = names.iter().filter_map(|name| leading_stamp(name.as_bytes())).collect();
        let held = self.held.iter().map(|held| &held.card).filter(|card| card.side == side);
        let lacking = self.findings.missing.keys().filter(|(at, _)| *at == side).map(|(_, stamp)| *stamp);
        stamps.extend(held.map(|card| card.stamp).chain(lacking));
        // These are read at every look, so what is wrong with them is found anew.
        let names: BTreeSet<OsString> = names
            .into_iter()
            .map(OsStr::to_owned)
            .chain(stamps.iter().flat_map(|stamp| both(*stamp)))
            .chain([layout::PROFILE_FILE, layout::AUTHORS_FILE].map(OsString::from))
            .chain(self.profile(side).icon.as_ref().map(OsString::from))
            .collect();
        let listing = Listing::from_names(folder, names.iter().cloned());
        let known = self.forget(side, &stamps);
        self.findings.hidden.retain(|hidden| {
            let first = hidden.path.components().next().map(Component::as_os_str);
            hidden.side != side || !first.is_some_and(|first| names.contains(first))
        });
        // Texts first: whose they are is on the disk before somebody else's text takes its place.
        let made = self.make_again(side, &listing, &known);
        let profile = self.profile(side).clone();
        self.read_words(side, &profile);
        self.findings.hide_all(side, listing.hidden);
        self.remake(side, made, &known);
        self.order();
    }

    /// Forgets messages, and gives what was known of them.
    fn forget(&mut self, side: Side, stamps: &BTreeSet<Stamp>) -> BTreeMap<Stamp, Arc<Card>> {
        let mut known = BTreeMap::new();
        for stamp in stamps {
            let key = (*stamp, side);
            if let Ok(at) = self.all.binary_search_by_key(&key, |card| (card.stamp, card.side)) {
                known.insert(*stamp, self.all.remove(at));
            }
            if let Ok(at) = self.cards.binary_search_by_key(&key, |card| (card.stamp, card.side)) {
                self.cards.remove(at);
            }
            self.findings.missing.remove(&(side, *stamp));
            self.findings.unreadable.remove(&(side, *stamp));
        }
        let forgotten = |at: Side, stamp: &Stamp| at == side && stamps.contains(stamp);
        self.held.retain(|held| !forgotten(held.card.side, &held.card.stamp));
        self.findings.problems.retain(|(at, stamp, _)| !forgotten(*at, stamp));
        known
    }

    /// Reads the texts of a listing, as far as what was known of them does not do.
    fn make_again(
        &self,
        side: Side,
        listing: &Listing,
        known: &BTreeMap<Stamp, Arc<Card>>,
    ) -> Vec<(Stamp, io::Result<MadeCard>)> {
        let Some(folder) = self.folder(side) else {
            return Vec::new();
        };
        let texts = BoxTexts { side, dialect: self.profile(side).dialect() };
        let make = |stamp: &Stamp| {
            let settled = known.get(stamp).filter(|card| card.is_settled_at(self.looked_at));
            (*stamp, card::make(folder, texts, *stamp, listing.folders.contains(stamp), settled))
        };
        listing.texts.iter().map(make).collect()
    }

    fn remake(&mut self, side: Side, made: Vec<(Stamp, io::Result<MadeCard>)>, known: &BTreeMap<Stamp, Arc<Card>>) {
        let (all, shown) = (self.all.len(), self.cards.len());
        for (stamp, made) in made {
            self.add(side, stamp, made, known.get(&stamp));
        }
        let arriving = self.findings.arriving();
        let added: Vec<Arc<Card>> = self.all.iter().skip(all).cloned().collect();
        for card in added {
            self.sort_out(card, &arriving);
        }
        file(&mut self.all, all);
        file(&mut self.cards, shown);
    }
}

/// Files the cards from a position on among those before it, which are in order.
fn file(cards: &mut Vec<Arc<Card>>, from: usize) {
    let key = |card: &Arc<Card>| (card.stamp, card.side);
    for card in cards.split_off(from) {
        let at = cards.partition_point(|other| key(other) < key(&card));
        cards.insert(at, card);
    }
}

/// The names of a message's text and of its stem folder.
fn both(stamp: Stamp) -> [OsString; 2] {
    [Entry::Text(stamp).path().into_os_string(), stamp.to_string().into()]
}

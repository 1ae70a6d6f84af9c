//! A channel at one look: every message as a card, and every other file with the reason why it is not shown.
//!
//! Owns the look itself: one listing and one `stat` per file, texts read only where no card is known. Refuses to decide
//! what becomes of the messages.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::cache::Cache;
use super::card::{self, Card, Made};
use super::classify::{Found, FoundAttachment, Reason, classify};
use super::entry::{Entry, Side};
use super::profile::{self, Profile};
use super::stamp::Stamp;
use super::{Channel, Kind};
use crate::disk::beneath::Folder;

/// How far ahead of the clock a message may be dated and still count as written now, in seconds.
pub const TOLERANCE: i64 = 600;

/// The state of one box.
#[derive(Debug)]
pub enum BoxState {
    /// It is there and was read.
    Open(Folder),
    /// There is no such folder.
    Missing,
    /// It is there and cannot be read; what the system said.
    Unreadable(String),
}

/// A file that is not shown, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Hidden {
    /// Which box it is in.
    pub side: Side,
    /// Its path relative to the box.
    pub path: PathBuf,
    /// Why it is not shown.
    #[serde(flatten)]
    pub reason: Reason,
    /// Whether its owner may have meant it to be shown, so that it counts as a warning.
    pub warning: bool,
}

/// A channel at one look.
#[derive(Debug)]
pub struct Snapshot {
    /// The channel.
    pub channel: Channel,
    /// The inbox.
    pub inbox: BoxState,
    /// The outbox.
    pub outbox: BoxState,
    /// What the inbox's owner says of the channel.
    pub their_profile: Profile,
    /// What the outbox's owner says of it.
    pub my_profile: Profile,
    /// The messages to show, oldest first; of two in one second, the inbox's first.
    pub cards: Vec<Arc<Card>>,
    /// Messages that are not to be shown now: drafts and those dated in the future.
    pub held: Vec<Arc<Card>>,
    /// Messages whose text cannot be read now; their last known card is among `cards` if there is one.
    pub unreadable: HashSet<(Side, Stamp)>,
    /// Every file that is not shown.
    pub hidden: Vec<Hidden>,
    /// What is wrong with messages that are shown all the same.
    pub problems: Vec<(Side, Stamp, String)>,
    /// All cards, shown or held, for the cache.
    pub all: Vec<Arc<Card>>,
    bodies: Mutex<HashMap<(Side, Stamp), String>>,
}

/// How much of the texts that had to be read for their cards is kept for whoever reads them next, in bytes.
const KEPT_BODIES: usize = 24 << 20;

/// What a look does beyond looking.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The time now, in seconds since 1970.
    pub now: i64,
    /// Shows messages dated in the future as well.
    pub future: bool,
    /// Looks into one box only.
    pub only: Option<Side>,
}

/// Looks at a channel.
pub fn take(channel: Channel, cache: &Cache, look: Look) -> Snapshot {
    let open = |side: Side| {
        if look.only.is_some_and(|only| only != side) { BoxState::Missing } else { open_box(&channel, side) }
    };
    let mut snapshot = Snapshot {
        inbox: open(Side::Inbox),
        outbox: open(Side::Outbox),
        channel,
        their_profile: Profile::default(),
        my_profile: Profile::default(),
        cards: Vec::new(),
        held: Vec::new(),
        unreadable: HashSet::new(),
        hidden: Vec::new(),
        problems: Vec::new(),
        all: Vec::new(),
        bodies: Mutex::default(),
    };
    for side in Side::BOTH {
        snapshot.look_into(side, cache);
    }
    snapshot.all.sort_by_key(|card| (card.stamp, card.side));
    snapshot.hidden.sort_by(|a, b| (a.side, &a.path).cmp(&(b.side, &b.path)));
    snapshot.sort_out(look);
    snapshot
}

fn open_box(channel: &Channel, side: Side) -> BoxState {
    match Folder::open(&channel.path.join(side.name())) {
        Ok(folder) => BoxState::Open(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BoxState::Missing,
        Err(error) => BoxState::Unreadable(error.to_string()),
    }
}

/// What a box's listing comes to.
#[derive(Default)]
struct Listing {
    texts: Vec<Stamp>,
    folders: HashSet<Stamp>,
    hidden: Vec<(PathBuf, Reason, bool)>,
}

fn list(folder: &Folder) -> std::io::Result<Listing> {
    let mut listing = Listing::default();
    for (name, kind) in folder.list()? {
        let (reason, warning) = match classify(&name, kind) {
            Found::Text(stamp) => {
                listing.texts.push(stamp);
                continue;
            }
            Found::Folder(stamp) => {
                listing.folders.insert(stamp);
                continue;
            }
            Found::Arriving(_) => (Reason::Arriving, false),
            Found::Conflict(_) => (Reason::Conflict, true),
            Found::Ignored(reason) => (reason, false),
            Found::Foreign(reason) => (reason, true),
        };
        listing.hidden.push((name.into(), reason, warning));
    }
    Ok(listing)
}

impl Snapshot {
    /// What kind of channel it is, by the boxes that were looked into.
    pub fn kind(&self) -> Kind {
        let there = |state: &BoxState| !matches!(state, BoxState::Missing);
        match (there(&self.inbox), there(&self.outbox)) {
            (true, true) => Kind::Message,
            (true, false) => Kind::Subscription,
            _ => Kind::Broadcast,
        }
    }

    /// One of the boxes.
    pub fn side(&self, side: Side) -> &BoxState {
        match side {
            Side::Inbox => &self.inbox,
            Side::Outbox => &self.outbox,
        }
    }

    /// The open folder of a box.
    pub fn folder(&self, side: Side) -> Option<&Folder> {
        match self.side(side) {
            BoxState::Open(folder) => Some(folder),
            _ => None,
        }
    }

    /// How many messages a box shows.
    pub fn count(&self, side: Side) -> usize {
        self.cards.iter().filter(|card| card.side == side).count()
    }

    /// How many files count as a warning.
    pub fn warnings(&self) -> usize {
        self.hidden.iter().filter(|hidden| hidden.warning).count() + self.problems.len()
    }

    fn look_into(&mut self, side: Side, cache: &Cache) {
        let Some(folder) = self.folder(side) else {
            return;
        };
        let (profile, problem) = profile::read(folder);
        let listing = match list(folder) {
            Ok(listing) => listing,
            Err(error) => return self.close(side, error.to_string()),
        };
        let kept = AtomicUsize::new(0);
        let made: Vec<_> = listing
            .texts
            .par_iter()
            .with_min_len(64)
            .map(|stamp| {
                let known = cache.get(side, *stamp);
                let mut made = card::make(folder, side, *stamp, listing.folders.contains(stamp), known);
                if let Ok(Made { body, .. }) = &mut made {
                    body.take_if(|body| kept.fetch_add(body.len(), Ordering::Relaxed) > KEPT_BODIES);
                }
                (*stamp, made)
            })
            .collect();
        *self.profile_mut(side) = profile;
        if let Some(problem) = problem {
            self.hide(side, profile::FILE_NAME.into(), Reason::Unreadable(problem), true);
        }
        for (path, reason, warning) in listing.hidden {
            self.hide(side, path, reason, warning);
        }
        self.orphans(side, &listing.texts, &listing.folders);
        for (stamp, made) in made {
            self.add(side, stamp, made, cache);
        }
    }

    /// A message's text behind its header. One that was just read for its card is handed over once.
    ///
    /// # Errors
    /// As the system says; `NotFound` when the box is not open.
    pub fn body(&self, side: Side, stamp: Stamp) -> std::io::Result<String> {
        let kept = self.bodies.lock().ok().and_then(|mut bodies| bodies.remove(&(side, stamp)));
        match (kept, self.folder(side)) {
            (Some(body), _) => Ok(body),
            (None, Some(folder)) => card::read_body(folder, stamp),
            (None, None) => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    fn close(&mut self, side: Side, error: String) {
        let state = BoxState::Unreadable(error);
        match side {
            Side::Inbox => self.inbox = state,
            Side::Outbox => self.outbox = state,
        }
    }

    fn profile_mut(&mut self, side: Side) -> &mut Profile {
        match side {
            Side::Inbox => &mut self.their_profile,
            Side::Outbox => &mut self.my_profile,
        }
    }

    fn hide(&mut self, side: Side, path: PathBuf, reason: Reason, warning: bool) {
        self.hidden.push(Hidden { side, path, reason, warning });
    }

    /// Stem folders whose text is not there (yet).
    fn orphans(&mut self, side: Side, texts: &[Stamp], folders: &HashSet<Stamp>) {
        let texts: HashSet<&Stamp> = texts.iter().collect();
        for stamp in folders.iter().filter(|stamp| !texts.contains(stamp)) {
            self.hide(side, stamp.to_string().into(), Reason::WithoutMessage, false);
        }
    }

    fn add(&mut self, side: Side, stamp: Stamp, made: std::io::Result<Made>, cache: &Cache) {
        match made {
            Ok(Made { card, oddities, body }) => {
                if let (Some(body), Ok(bodies)) = (body, self.bodies.get_mut()) {
                    bodies.insert((side, stamp), body);
                }
                for oddity in oddities {
                    let (reason, warning) = why(oddity.found);
                    self.hide(side, oddity.path, reason, warning);
                }
                self.problems.extend(card.problems.iter().map(|problem| (side, stamp, problem.clone())));
                self.all.push(card);
            }
            // Gone between listing and reading: as if it had not been there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                self.hide(side, Entry::Text(stamp).path(), Reason::Unreadable(error.to_string()), true);
                self.unreadable.insert((side, stamp));
                self.all.extend(cache.last_known(side, stamp).cloned());
            }
        }
    }

    /// Parts what is shown from what is held.
    fn sort_out(&mut self, look: Look) {
        for card in self.all.clone() {
            let future = card.stamp.seconds() > look.now.saturating_add(TOLERANCE) && !look.future;
            let reason = match () {
                () if card.header.draft => Reason::Draft,
                () if future => Reason::Future,
                () => {
                    self.cards.push(card);
                    continue;
                }
            };
            self.hide(card.side, Entry::Text(card.stamp).path(), reason, false);
            self.held.push(card);
        }
    }
}

fn why(found: FoundAttachment) -> (Reason, bool) {
    match found {
        FoundAttachment::Arriving => (Reason::Arriving, false),
        FoundAttachment::Conflict => (Reason::Conflict, true),
        FoundAttachment::Ignored(reason) => (reason, false),
        FoundAttachment::Foreign(reason) => (reason, true),
        // Files and folders are never odd.
        FoundAttachment::File | FoundAttachment::Folder => (Reason::Hidden, false),
    }
}

impl Hidden {
    /// The path relative to the channel, as people write it: `inbox/…`.
    pub fn in_channel(&self) -> PathBuf {
        Path::new(self.side.name()).join(&self.path)
    }
}

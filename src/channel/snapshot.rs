//! A channel at one look: every message as a card, and every other file with the reason why it is not shown.
//!
//! A look costs one listing and one `stat` for each file; a text is read only where no card of it is known.

pub mod attachment_address;
pub mod attachments;
pub mod card;
pub mod card_cache;
pub mod completeness;
pub mod file_mark;
mod findings;
pub(crate) mod listing;
mod look_options;
pub mod rescan;

pub use findings::{BoxState, Held, Hidden};
pub use look_options::LookOptions;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::channel::authorship::author_name::ME;
use crate::channel::authorship::authors::Authors;
use crate::channel::authorship::bylines::{Bylines, ReservedNames, others_name};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::folder::Channel;
use crate::channel::protocol::classify::{Reason, leading_stamp};
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::layout;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::{Problem, Profile, Profiles};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::{Card, MadeCard};
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::completeness::what_is_missing;
use crate::channel::snapshot::file_mark::FileMark;
use crate::channel::snapshot::listing::{Listing, why};
use crate::fs::confined::Folder;
use crate::lock::lock;
use crate::markdown::Trust;

/// How far ahead of the clock a message may be dated and still count as written now, in seconds.
pub const CLOCK_TOLERANCE: i64 = 600;

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
    /// Why the profile in the inbox, or in the outbox, says nothing although it is there.
    pub profile_problems: [Option<profile::Problem>; 2],
    /// Who wrote the messages of the inbox and of the outbox, as far as somebody has signed them.
    pub bylines: [Arc<Bylines>; 2],
    /// Whose the files of the inbox and of the outbox are.
    pub trusts: [Arc<BoxTrust>; 2],
    /// The messages to show, oldest first; of two in one second, the inbox's first.
    pub cards: Vec<Arc<Card>>,
    /// Messages that are not to be shown now, oldest first: drafts, those dated in the future, those not yet whole.
    pub held: Vec<Held>,
    /// What messages lack, whether they are held for it or not any more.
    pub missing: HashMap<(Side, Stamp), Missing>,
    /// Messages whose text cannot be read now; their last known card is among `cards` if there is one.
    pub unreadable: HashSet<(Side, Stamp)>,
    /// Every file that is not shown.
    pub hidden: Vec<Hidden>,
    /// What is wrong with messages that are shown all the same.
    pub problems: Vec<(Side, Stamp, String)>,
    /// All cards, shown or held, for the cache.
    pub all: Vec<Arc<Card>>,
    pub(super) look: LookOptions,
    /// When every file was last looked at, in nanoseconds since 1970.
    pub(super) looked_at: i64,
    pub(super) icons: [Option<FileMark>; 2],
    /// How many bytes of texts were read for their cards.
    pub(super) kept: usize,
    pub(super) bodies: Mutex<HashMap<(Side, Stamp), String>>,
}

/// How much of the texts that had to be read for their cards is kept for whoever reads them next, in bytes.
const KEPT_BODIES: usize = 24 << 20;

/// The order in which the boxes are looked into: nobody in the inbox may look like whom the outbox's profile names.
pub(super) const BY_WORDS: [Side; 2] = [Side::Outbox, Side::Inbox];

/// Looks at a channel.
pub fn take(channel: Channel, cache: &CardCache, look: LookOptions) -> Snapshot {
    let [inbox, outbox] = Side::BOTH.map(|side| BoxState::open(&channel, side, look));
    let mut snapshot = Snapshot {
        inbox,
        outbox,
        channel,
        their_profile: Profile::default(),
        my_profile: Profile::default(),
        profile_problems: [None, None],
        bylines: Default::default(),
        trusts: Side::BOTH.map(|side| Arc::new(BoxTrust::for_side(side))),
        cards: Vec::new(),
        held: Vec::new(),
        missing: HashMap::new(),
        unreadable: HashSet::new(),
        hidden: Vec::new(),
        problems: Vec::new(),
        all: Vec::new(),
        look,
        looked_at: look.now.saturating_mul(1_000_000_000),
        icons: [None; 2],
        kept: 0,
        bodies: Mutex::default(),
    };
    for side in BY_WORDS {
        snapshot.look_into(side, cache);
    }
    snapshot.all.sort_by_key(|card| (card.stamp, card.side));
    let arriving = snapshot.arriving();
    for card in snapshot.all.clone() {
        snapshot.sort_out(card, &arriving);
    }
    snapshot.order();
    snapshot
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

    /// How many files count as a warning, and boxes that cannot be read.
    pub fn warnings(&self) -> usize {
        let is_closed = |side: &&Side| matches!(self.side(**side), BoxState::Unreadable(_));
        let boxes = Side::BOTH.iter().filter(is_closed).count();
        self.hidden.iter().filter(|hidden| hidden.warning).count() + self.problems.len() + boxes
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub fn byline(&self, card: &Card) -> Option<&str> {
        let [inbox, outbox] = &self.bylines;
        (if card.side == Side::Inbox { inbox } else { outbox }).of(card.stamp)
    }

    /// What a box's owner says of the channel.
    pub fn profile(&self, side: Side) -> &Profile {
        match side {
            Side::Inbox => &self.their_profile,
            Side::Outbox => &self.my_profile,
        }
    }

    /// What both boxes' owners say of it.
    pub fn profiles(&self) -> Profiles {
        Arc::new([self.their_profile.clone(), self.my_profile.clone()])
    }

    /// Keeps what was seen for the next run. `now` is in nanoseconds since 1970.
    ///
    /// # Errors
    /// As [`CardCache::keep`].
    pub fn keep(&self, cache: &CardCache, now: i64) -> io::Result<()> {
        cache.keep(&self.all, &self.profiles(), now)
    }

    /// Who writes in a box, as far as its profile says so: whom a message is by where nobody has signed it.
    pub fn writer(&self, side: Side) -> Option<String> {
        let name = self.profile(side).author.as_deref();
        match side {
            Side::Inbox => name.map(|name| self.their_name(name)),
            Side::Outbox if self.box_trust(side).is_of_anothers_channel() => Some(ME.to_owned()),
            Side::Outbox => name.map(str::to_owned),
        }
    }

    /// What somebody else who calls themselves this is called.
    pub fn their_name(&self, name: &str) -> String {
        others_name(name, self.my_profile.author.as_deref(), &self.channel.name.to_string())
    }

    /// Whose the files of a box are.
    pub fn box_trust(&self, side: Side) -> &BoxTrust {
        let [inbox, outbox] = &self.trusts;
        if side == Side::Inbox { inbox } else { outbox }
    }

    /// Whose a message's text is.
    pub fn trust(&self, card: &Card) -> Trust {
        self.box_trust(card.side).of_message(card.stamp)
    }

    /// When the next held message is due, in seconds since 1970.
    pub fn due(&self) -> Option<i64> {
        self.held.iter().filter_map(|held| held.until).min()
    }

    /// A message's text behind its header. One that was just read for its card is handed over once.
    ///
    /// # Errors
    /// As the system says; `NotFound` when the box is not open.
    pub fn body(&self, side: Side, stamp: Stamp) -> io::Result<String> {
        let kept = lock(&self.bodies).remove(&(side, stamp));
        match (kept, self.folder(side)) {
            (Some(body), _) => Ok(body),
            (None, Some(folder)) => card::read_body(folder, stamp),
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// A message's text behind its header, and whose it is: since the look somebody else may have written over it.
    ///
    /// # Errors
    /// As [`Snapshot::body`].
    pub fn text_of(&self, card: &Card) -> io::Result<(String, Trust)> {
        let trust = self.trust(card);
        let kept = lock(&self.bodies).remove(&(card.side, card.stamp));
        if let Some(body) = kept {
            return Ok((body, trust));
        }
        let folder = self.folder(card.side).ok_or(io::ErrorKind::NotFound)?;
        let (body, is_same) = card::read_body_of(folder, card)?;
        let now = || BoxTrust::now(folder, card.side).of_message(card.stamp);
        Ok((body, if is_same { trust } else { now() }))
    }

    fn look_into(&mut self, side: Side, cache: &CardCache) {
        let Some(folder) = self.folder(side) else {
            return;
        };
        let listing = match Listing::read(folder) {
            Ok(listing) => listing,
            Err(error) => return self.close(side, &error),
        };
        let kept = AtomicUsize::new(0);
        let made: Vec<_> = listing
            .texts
            .par_iter()
            .with_min_len(64)
            .map(|stamp| {
                let known = cache.get(side, *stamp);
                let mut made = card::make(folder, side, *stamp, listing.folders.contains(stamp), known);
                if let Ok(MadeCard { body, .. }) = &mut made {
                    body.take_if(|body| kept.fetch_add(body.len(), Ordering::Relaxed) > KEPT_BODIES);
                }
                (*stamp, made)
            })
            .collect();
        // Whose a text is stands on the disk before the text does, so it is read after the texts.
        self.read_words(side, cache.profile(side));
        self.hide_all(side, listing.hidden);
        for (stamp, made) in made {
            self.add(side, stamp, made, cache.last_known(side, stamp));
        }
    }

    /// Reads what the box says besides its messages: who wrote them, whose they are, and of the channel.
    /// `known` is what it said of the channel before.
    pub(super) fn read_words(&mut self, side: Side, known: &Profile) {
        let Some(folder) = self.folder(side) else {
            return;
        };
        let (authors, profile) = (Authors::read(folder), profile::read(folder));
        let (trust, problem) = BoxTrust::new(side, authors.as_ref().map(Option::as_ref));
        *of_side(&mut self.trusts, side) = Arc::new(trust);
        if let Some(problem) = problem {
            self.hide(side, layout::AUTHORS_FILE.into(), Reason::Unreadable(problem), true);
        }
        self.take_profile(side, profile, known);
        let (mine, theirs) = (self.my_profile.author.as_deref(), self.their_profile.author.as_deref());
        let reserved = match side {
            Side::Inbox => ReservedNames { owner: theirs, reader: mine },
            Side::Outbox => ReservedNames { owner: mine, reader: None },
        };
        let bylines = authors.ok().flatten().map(|authors| Bylines::new(&authors, reserved));
        *of_side(&mut self.bylines, side) = Arc::new(bylines.unwrap_or_default());
    }

    fn take_profile(&mut self, side: Side, read: Result<Profile, Problem>, known: &Profile) {
        let is_theirs = self.box_trust(side).of_profile() == Trust::Theirs;
        let (profile, problem) = match read {
            Ok(profile) => (profile, None),
            // Every id in the feeds follows from it, and somebody else's mistake must not change them.
            Err(problem) if is_theirs => (known.clone(), Some(problem)),
            Err(problem) => (Profile::default(), Some(problem)),
        };
        let icon = profile.icon.as_deref().map(Path::new).zip(self.folder(side));
        let icon = icon.map(|(name, folder)| (name.to_owned(), folder.file(name).map(|(_, stat)| stat)));
        if let Some((name, Err(error))) = &icon
            && error.kind() != io::ErrorKind::NotFound
        {
            self.hide(side, name.clone(), Reason::Unreadable(error.to_string()), true);
        }
        let icon = icon.and_then(|(_, stat)| stat.ok()).map(FileMark::from);
        if let Some(problem) = &problem {
            let before =
                if profile == Profile::default() { "" } else { "; its last readable content is used until you fix it" };
            let words = format!("{problem}{before}");
            self.hide(side, layout::PROFILE_FILE.into(), Reason::Unreadable(words), true);
        }
        match side {
            Side::Inbox => self.their_profile = profile,
            Side::Outbox => self.my_profile = profile,
        }
        *of_side(&mut self.icons, side) = icon;
        *of_side(&mut self.profile_problems, side) = problem;
    }

    fn close(&mut self, side: Side, error: &io::Error) {
        let state = BoxState::Unreadable(error.to_string());
        match side {
            Side::Inbox => self.inbox = state,
            Side::Outbox => self.outbox = state,
        }
    }

    pub(super) fn hide(&mut self, side: Side, path: PathBuf, reason: Reason, warning: bool) {
        self.hidden.push(Hidden { side, path, reason, warning });
    }

    pub(super) fn hide_all(&mut self, side: Side, hidden: Vec<(PathBuf, Reason, bool)>) {
        self.hidden.extend(hidden.into_iter().map(|(path, reason, warning)| Hidden { side, path, reason, warning }));
    }

    /// Takes in what looking at a message gave; `last` is its last known card, for when it cannot be read.
    pub(super) fn add(&mut self, side: Side, stamp: Stamp, made: io::Result<MadeCard>, last: Option<&Arc<Card>>) {
        match made {
            Ok(MadeCard { oddities, .. })
                if last.is_some() && oddities.iter().any(attachments::SkippedFile::is_unreadable) =>
            {
                // Its attachments are not gone, so it stays as it is known until they can be listed again.
                self.hide_all(side, oddities.into_iter().map(hidden).collect());
                self.unreadable.insert((side, stamp));
                self.all.extend(last.cloned());
            }
            Ok(MadeCard { card, oddities, body }) => {
                if let (Some(body), Ok(bodies)) = (body, self.bodies.get_mut()) {
                    self.kept += body.len();
                    if self.kept <= KEPT_BODIES {
                        bodies.insert((side, stamp), body);
                    }
                }
                self.hide_all(side, oddities.into_iter().map(hidden).collect());
                let trust = self.trust(&card);
                self.problems.extend(card.problems_as(trust).map(|problem| (side, stamp, problem.to_owned())));
                self.all.push(card);
            }
            // Gone between listing and reading: as if it had not been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                self.hide(side, Entry::Text(stamp).path(), Reason::Unreadable(error.to_string()), true);
                self.unreadable.insert((side, stamp));
                self.all.extend(last.cloned());
            }
        }
    }

    /// The messages of which a sync tool is still receiving a part.
    pub(super) fn arriving(&self) -> HashSet<(Side, Stamp)> {
        use std::os::unix::ffi::OsStrExt;
        let arriving = self.hidden.iter().filter(|hidden| hidden.reason == Reason::Arriving);
        let stamp = |hidden: &Hidden| {
            let first = hidden.path.components().next()?;
            Some((hidden.side, leading_stamp(first.as_os_str().as_bytes())?))
        };
        arriving.filter_map(stamp).collect()
    }

    /// Shows a message or holds it.
    pub(super) fn sort_out(&mut self, card: Arc<Card>, arriving: &HashSet<(Side, Stamp)>) {
        let key = (card.side, card.stamp);
        let missing = what_is_missing(&card, arriving.contains(&key));
        let due = card.stamp.seconds().saturating_sub(CLOCK_TOLERANCE);
        let reason = match &missing {
            _ if card.header.draft => Some((Reason::Draft, None)),
            _ if due > self.look.now && !self.look.future => Some((Reason::Future, Some(due))),
            Some(missing) => self.held_for(&card, missing).map(|until| (Reason::Lacks(missing.clone()), Some(until))),
            None => None,
        };
        if let Some((reason, until)) = reason {
            self.hide(card.side, Entry::Text(card.stamp).path(), reason.clone(), false);
            self.held.push(Held { card, reason, until });
        } else {
            if let Some(Missing::Attachments(names)) = &missing {
                let problem = format!("it shows a file that is not here: {}", Missing::names_in_words(names));
                self.problems.push((card.side, card.stamp, problem));
            }
            self.cards.push(card);
        }
        self.missing.extend(missing.map(|missing| (key, missing)));
    }

    /// Until when a message is held for what it lacks.
    fn held_for(&self, card: &Card, missing: &Missing) -> Option<i64> {
        let stat = self.folder(card.side)?.stat(&Entry::Text(card.stamp).path()).ok()?;
        missing.until(stat.changed.div_euclid(1_000_000_000), self.look.now, self.look.hold)
    }

    /// Puts everything that people read into an order that does not depend on the disk.
    pub(super) fn order(&mut self) {
        self.hidden.sort_by(|a, b| (a.side, &a.path).cmp(&(b.side, &b.path)));
        self.problems.sort_by_key(|(side, stamp, _)| (*side, *stamp));
        self.held.sort_by_key(|held| (held.card.stamp, held.card.side));
    }
}

fn hidden(oddity: attachments::SkippedFile) -> (PathBuf, Reason, bool) {
    let (reason, warning) = why(oddity.found);
    (oddity.path, reason, warning)
}

fn of_side<T>([inbox, outbox]: &mut [T; 2], side: Side) -> &mut T {
    if side == Side::Inbox { inbox } else { outbox }
}

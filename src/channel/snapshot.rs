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
mod kept_texts;
pub(crate) mod listing;
mod look_options;
pub mod rescan;
mod seen_box;
mod text_problem;

pub use findings::{BoxState, Findings, Held, Hidden};
pub use look_options::LookOptions;
pub use seen_box::SeenBox;

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::channel::authorship::author_name::ME;
use crate::channel::authorship::bylines::{Bylines, others_name};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::folder::Channel;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::{Profile, Profiles};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::{BoxTexts, Card, MadeCard};
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::completeness::what_is_missing;
use crate::channel::snapshot::kept_texts::{KeptTexts, MAX_KEPT};
use crate::channel::snapshot::listing::{HiddenName, Listing, why};
use crate::fs::confined::Folder;
use crate::markdown::{Dialect, Trust};

/// How far ahead of the clock a message may be dated and still count as written now, in seconds.
pub const CLOCK_TOLERANCE: i64 = 600;

/// A channel at one look.
#[derive(Debug)]
pub struct Snapshot {
    /// The channel.
    pub channel: Channel,
    /// The inbox.
    pub inbox: SeenBox,
    /// The outbox.
    pub outbox: SeenBox,
    /// The messages to show, oldest first; of two in one second, the inbox's first.
    pub cards: Vec<Arc<Card>>,
    /// Messages that are not to be shown now, oldest first: drafts, those dated in the future, those not yet whole.
    pub held: Vec<Held>,
    /// All cards, shown or held, for the cache.
    pub all: Vec<Arc<Card>>,
    /// What else was found.
    pub findings: Findings,
    pub(super) look: LookOptions,
    /// When every file was last looked at, in nanoseconds since 1970.
    pub(super) looked_at: i64,
    texts: KeptTexts,
}

/// The order in which the boxes are looked into: nobody in the inbox may look like whom the outbox's profile names.
pub(super) const BY_WORDS: [Side; 2] = [Side::Outbox, Side::Inbox];

/// Looks at a channel.
pub fn take(channel: Channel, cache: &CardCache, look: LookOptions) -> Snapshot {
    let [inbox, outbox] = Side::BOTH.map(|side| SeenBox::new(side, BoxState::open(&channel, side, look)));
    let mut snapshot = Snapshot {
        channel,
        inbox,
        outbox,
        cards: Vec::new(),
        held: Vec::new(),
        all: Vec::new(),
        findings: Findings::default(),
        look,
        looked_at: look.now.saturating_mul(1_000_000_000),
        texts: KeptTexts::default(),
    };
    for side in BY_WORDS {
        snapshot.look_into(side, cache);
    }
    snapshot.all.sort_by_key(|card| (card.stamp, card.side));
    let arriving = snapshot.findings.arriving();
    for card in snapshot.all.clone() {
        snapshot.sort_out(card, &arriving);
    }
    snapshot.order();
    snapshot
}

impl Snapshot {
    /// What kind of channel it is, by the boxes that were looked into.
    pub fn kind(&self) -> Kind {
        match (self.inbox.exists(), self.outbox.exists()) {
            (true, true) => Kind::Message,
            (true, false) => Kind::Subscription,
            _ => Kind::Broadcast,
        }
    }

    /// One of the boxes.
    pub fn seen_box(&self, side: Side) -> &SeenBox {
        match side {
            Side::Inbox => &self.inbox,
            Side::Outbox => &self.outbox,
        }
    }

    /// The open folder of a box.
    pub fn folder(&self, side: Side) -> Option<&Folder> {
        self.seen_box(side).folder()
    }

    /// How many messages a box shows.
    pub fn count(&self, side: Side) -> usize {
        self.cards.iter().filter(|card| card.side == side).count()
    }

    /// How many files count as a warning, and boxes that cannot be read.
    pub fn warnings(&self) -> usize {
        let boxes = [&self.inbox, &self.outbox];
        let closed = boxes.iter().filter(|seen| matches!(seen.state, BoxState::Unreadable(_))).count();
        self.findings.warnings() + closed
    }

    /// Who wrote a message of a box that several people write, if that is known of this message.
    pub fn byline(&self, card: &Card) -> Option<&str> {
        self.seen_box(card.side).bylines.author_of(card.stamp)
    }

    /// What a box's owner says of the channel.
    pub fn profile(&self, side: Side) -> &Profile {
        &self.seen_box(side).profile
    }

    /// What both boxes' owners say of it.
    pub fn profiles(&self) -> Profiles {
        Arc::new(Side::BOTH.map(|side| self.profile(side).clone()))
    }

    /// Who wrote the messages of the inbox and of the outbox.
    pub fn bylines(&self) -> [Arc<Bylines>; 2] {
        Side::BOTH.map(|side| Arc::clone(&self.seen_box(side).bylines))
    }

    /// Whose the files of the inbox and of the outbox are.
    pub fn trusts(&self) -> [Arc<BoxTrust>; 2] {
        Side::BOTH.map(|side| Arc::clone(&self.seen_box(side).trust))
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
        others_name(name, self.outbox.profile.author.as_deref(), &self.channel.name.to_string())
    }

    /// Whose the files of a box are.
    pub fn box_trust(&self, side: Side) -> &BoxTrust {
        &self.seen_box(side).trust
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
        match (self.texts.take((side, stamp)), self.folder(side)) {
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
        if let Some(body) = self.texts.take((card.side, card.stamp)) {
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
        let texts = BoxTexts { side, dialect: self.dialect_now(side, cache.profile(side)) };
        let kept = AtomicUsize::new(0);
        let made: Vec<_> = listing
            .texts
            .par_iter()
            .with_min_len(64)
            .map(|stamp| {
                let known = cache.get(side, *stamp);
                let mut made = card::make(folder, texts, *stamp, listing.folders.contains(stamp), known);
                if let Ok(MadeCard { body, .. }) = &mut made {
                    body.take_if(|body| kept.fetch_add(body.len(), Ordering::Relaxed) > MAX_KEPT);
                }
                (*stamp, made)
            })
            .collect();
        // Whose a text is stands on the disk before the text does, so it is read after the texts.
        self.read_words(side, cache.profile(side));
        self.findings.hide_all(side, listing.hidden);
        for (stamp, made) in made {
            self.add(side, stamp, made, cache.last_known(side, stamp));
        }
    }

    /// The Markdown that the texts of a box are written in, as its profile says now; `known` is what it said before.
    pub(super) fn dialect_now(&self, side: Side, known: &Profile) -> Dialect {
        let now = self.folder(side).and_then(|folder| profile::read(folder).ok());
        now.as_ref().unwrap_or(known).dialect()
    }

    /// Whether the texts of a box are written in the Markdown in which they were read.
    pub(super) fn has_same_dialect(&self, side: Side) -> bool {
        let profile = self.profile(side);
        self.dialect_now(side, profile) == profile.dialect()
    }

    /// Reads what a box says besides its messages; `known` is what its profile said before. The outbox comes first, for
    /// nobody in the inbox may pass for the one whom it names.
    pub(super) fn read_words(&mut self, side: Side, known: &Profile) {
        let hidden = match side {
            Side::Inbox => self.inbox.read_words(known, self.outbox.profile.author.as_deref()),
            Side::Outbox => self.outbox.read_words(known, None),
        };
        self.findings.hide_all(side, hidden);
    }

    fn close(&mut self, side: Side, error: &io::Error) {
        let state = BoxState::Unreadable(error.to_string());
        match side {
            Side::Inbox => self.inbox.state = state,
            Side::Outbox => self.outbox.state = state,
        }
    }

    /// Takes in what looking at a message gave; `last` is its last known card, for when it cannot be read.
    pub(super) fn add(&mut self, side: Side, stamp: Stamp, made: io::Result<MadeCard>, last: Option<&Arc<Card>>) {
        match made {
            Ok(MadeCard { oddities, .. })
                if last.is_some() && oddities.iter().any(attachments::SkippedFile::is_unreadable) =>
            {
                // Its attachments are not gone, so it stays as it is known until they can be listed again.
                self.findings.hide_all(side, oddities.into_iter().map(hidden));
                self.findings.unreadable.insert((side, stamp));
                self.all.extend(last.cloned());
            }
            Ok(MadeCard { card, oddities, body }) => {
                if let Some(body) = body {
                    self.texts.offer((side, stamp), body);
                }
                self.findings.hide_all(side, oddities.into_iter().map(hidden));
                let trust = self.trust(&card);
                let problems = card.problems_as(trust).map(|problem| (side, stamp, problem));
                self.findings.problems.extend(problems);
                self.all.push(card);
            }
            // Gone between listing and reading: as if it had not been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                self.findings.hide(side, Entry::Text(stamp).path(), Reason::Unreadable(error.to_string()), true);
                self.findings.unreadable.insert((side, stamp));
                self.all.extend(last.cloned());
            }
        }
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
            self.findings.hide(card.side, Entry::Text(card.stamp).path(), reason.clone(), false);
            self.held.push(Held { card, reason, until });
        } else {
            if let Some(Missing::Attachments(names)) = &missing {
                let problem = format!("it shows a file that is not here: {}", Missing::names_in_words(names));
                self.findings.problems.push((card.side, card.stamp, problem));
            }
            self.cards.push(card);
        }
        self.findings.missing.extend(missing.map(|missing| (key, missing)));
    }

    /// Until when a message is held for what it lacks.
    fn held_for(&self, card: &Card, missing: &Missing) -> Option<i64> {
        let stat = self.folder(card.side)?.stat(&Entry::Text(card.stamp).path()).ok()?;
        missing.until(stat.changed.div_euclid(1_000_000_000), self.look.now, self.look.hold)
    }

    /// Puts everything that people read into an order that does not depend on the disk.
    pub(super) fn order(&mut self) {
        self.findings.order();
        self.held.sort_by_key(|held| (held.card.stamp, held.card.side));
    }
}

fn hidden(oddity: attachments::SkippedFile) -> HiddenName {
    let (reason, warning) = why(oddity.found);
    (oddity.path, reason, warning)
}

//! All channels as their last scans found them, and what is marked.
//!
//! Requests are answered from here. A new state of a channel takes the place of the one before, and what changed is told to those who
//! listen for events. Nothing is scanned here, and no text is read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use crate::article::label;
use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profiles;
use crate::channel::reading::marks::store::MarkStore;
use crate::channel::reading::marks::{Change, ChannelKey, Marks, Reach, State};
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::lock::{lock, read, try_lock, write};

use crate::web::address;
use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::{ChannelState, Health, appeared, differ, name_of};
use crate::web::model::events::{EventKind, Events, MessageArrived, SiteBuilt};

/// What became of the last build of a channel's site.
#[derive(Clone, Debug, Default)]
struct Site {
    error: Option<String>,
}

/// What is known of a channel without a look at it.
#[derive(Debug)]
pub struct KnownChannel {
    /// The channel.
    pub channel: Channel,
    /// The messages that it shows, oldest first.
    pub cards: Arc<[Arc<Card>]>,
    /// What its boxes say of it.
    pub profiles: Profiles,
}

/// When more messages than these appear at once, each is not told by itself.
const MAX_TOLD_EACH: usize = 20;

/// All channels as their last scans found them.
#[derive(Debug)]
pub struct Library {
    channels: RwLock<BTreeMap<String, Arc<ChannelState>>>,
    sites: RwLock<HashMap<String, Site>>,
    marks: Mutex<KnownMarks>,
    store: MarkStore,
    data: PathBuf,
    /// A random name for this device, if it needs one.
    fresh_device: String,
    version: std::sync::atomic::AtomicU64,
    pub(crate) events: Events,
}

#[derive(Debug, Default)]
struct KnownMarks {
    marks: Marks,
    signature: Option<u64>,
    looked_at: Option<Instant>,
}

impl Library {
    /// An empty library over a data folder. `start` is the time now in seconds since 1970; `fresh_device` a random name.
    pub fn new(data: &Path, start: i64, fresh_device: String) -> Self {
        let first = u64::try_from(start).unwrap_or(0).saturating_mul(1_000).max(1);
        Self {
            channels: RwLock::default(),
            sites: RwLock::default(),
            marks: Mutex::default(),
            store: MarkStore::below(data),
            data: data.to_owned(),
            fresh_device,
            version: first.into(),
            events: Events::new(first),
        }
    }

    /// All channels, by name.
    pub(crate) fn all(&self) -> Vec<Arc<ChannelState>> {
        self.read().values().cloned().collect()
    }

    /// All channels with the messages that they show, oldest first, and what their boxes say of them.
    pub fn channels(&self) -> Vec<KnownChannel> {
        let known = |state: &Arc<ChannelState>| KnownChannel {
            channel: state.channel.clone(),
            cards: Arc::clone(&state.cards),
            profiles: Profiles::clone(&state.people.profiles),
        };
        self.read().values().map(known).collect()
    }

    /// The channel of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<ChannelState>, Refusal> {
        let found = self.read().get(name).cloned();
        found.ok_or_else(|| Refusal::no_channel(name))
    }

    /// A number that is another one whenever anything in the library is.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Puts a state in the place of the one before, and gives that one.
    fn put(&self, now: Arc<ChannelState>) -> Option<Arc<ChannelState>> {
        let before = self.write().insert(now.name.clone(), now);
        self.next_version();
        before
    }

    fn next_version(&self) {
        self.version.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Arc<ChannelState>>> {
        read(&self.channels)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Arc<ChannelState>>> {
        write(&self.channels)
    }

    /// Takes in what a scan of a channel found, and tells what is other than before.
    pub fn channel_scanned(&self, snapshot: &Snapshot) {
        let name = name_of(&snapshot.channel.name);
        let key = ChannelKey::for_channel(&snapshot.channel, &self.data);
        // Whoever puts a state in the place of another one holds the marks, so that none is lost.
        let known = self.known_marks();
        let marked = known.marks.of(&key).cloned().unwrap_or_default();
        let now = Arc::new(ChannelState::from_snapshot(snapshot, name.clone(), key, marked));
        let before = self.read().get(&name).cloned();
        if before.as_ref().is_some_and(|before| !differ(before, &now)) {
            return;
        }
        self.put(Arc::clone(&now));
        drop(known);
        let new = before.map(|before| appeared(&before.cards, &now.cards)).unwrap_or_default();
        // Who gets a whole archive at once is not told of each message.
        if new.len() <= MAX_TOLD_EACH {
            for card in &new {
                self.events.tell(EventKind::Message(arrived(&now, card)));
            }
        }
        self.events.tell(EventKind::Channel(name));
    }

    /// Takes in that a channel could not be scanned.
    pub fn scan_failed(&self, channel: &ChannelName, why: &str) {
        let name = name_of(channel);
        let _alone = self.known_marks();
        let Some(before) = self.read().get(&name).cloned() else {
            return;
        };
        let health = Health { trouble: Some(why.to_owned()), ..before.health.clone() };
        if health != before.health {
            self.put(Arc::new(before.with_health(health)));
            self.events.tell(EventKind::Channel(name));
        }
    }

    /// Takes in that a channel left the data folder.
    pub fn channel_removed(&self, channel: &ChannelName) {
        let name = name_of(channel);
        let _alone = self.known_marks();
        write(&self.sites).remove(&name);
        if self.write().remove(&name).is_some() {
            self.next_version();
            self.events.tell(EventKind::Channel(name));
        }
    }

    /// Takes in what became of a channel's site: the paths of the files that are other than before, or why it could not be
    /// built.
    pub fn site_built(&self, channel: &ChannelName, paths: HashSet<String>, error: Option<String>) {
        let name = name_of(channel);
        let mut sites = write(&self.sites);
        let site = sites.entry(name.clone()).or_default();
        let is_news = !paths.is_empty() || site.error != error;
        site.error = error;
        drop(sites);
        if is_news {
            self.events.tell(EventKind::Site(Arc::new(SiteBuilt { channel: name, paths })));
        }
    }

    /// Why a channel's site could not be built the last time, if so.
    pub(crate) fn site_error(&self, name: &str) -> Option<String> {
        read(&self.sites).get(name)?.error.clone()
    }

    fn known_marks(&self) -> std::sync::MutexGuard<'_, KnownMarks> {
        lock(&self.marks)
    }

    /// Reads the marks again if any device's have changed, as far as that was not looked at just now.
    pub(crate) fn refresh_marks_at_times(&self) {
        /// How often it is looked at most whether another device has marked something.
        const MARKS_INTERVAL: Duration = Duration::from_millis(200);
        // Whoever holds them looks for all.
        let Some(mut known) = try_lock(&self.marks) else {
            return;
        };
        if known.looked_at.is_some_and(|at| at.elapsed() < MARKS_INTERVAL) {
            return;
        }
        known.looked_at = Some(Instant::now());
        let signature = self.store.signature();
        if known.signature == Some(signature) {
            return;
        }
        match self.store.load() {
            Ok(marks) => {
                (known.marks, known.signature) = (marks, Some(signature));
                self.mark_anew(&known.marks);
            }
            // Those that are known stay.
            Err(error) => tracing::debug!(%error, "the marks can't be read now"),
        }
    }

    /// Marks messages, now in seconds since 1970. What is so already is not said again.
    pub(crate) fn mark(&self, mut changes: Vec<Change>, now: i64) -> Result<(), Refusal> {
        let mut known = self.known_marks();
        let mut marks = self.store.load()?;
        changes.retain(|change| !is_so(&marks, change));
        if changes.is_empty() {
            return Ok(());
        }
        self.store.add(&marks, &changes, now, &self.fresh_device)?;
        marks.take(&marks.lines(&changes, now));
        (known.marks, known.signature) = (marks, Some(self.store.signature()));
        self.mark_anew(&known.marks);
        Ok(())
    }

    fn mark_anew(&self, marks: &Marks) {
        for before in self.all() {
            let marked = marks.of(&before.key).cloned().unwrap_or_default();
            if marked == before.marked {
                continue;
            }
            self.put(Arc::new(before.with_marks(marked)));
            self.events.tell(EventKind::Channel(before.name.clone()));
        }
    }

    /// Takes in that a channel's drafts are others than before.
    pub(crate) fn drafts_changed(&self, name: &str) {
        self.events.tell(EventKind::Channel(name.to_owned()));
    }
}

/// Whether something is marked so already. What is in the outbox counts as read always.
fn is_so(marks: &Marks, change: &Change) -> bool {
    let Reach::One(stamp) = change.reach else {
        return false;
    };
    let marked = marks.of(&change.channel);
    match change.state {
        State::Read(is) if change.side == Side::Inbox => {
            marked.is_some_and(|marked| marked.is_read(change.side, stamp)) == is
        }
        State::Read(_) => true,
        State::Starred(is) => marked.is_some_and(|marked| marked.is_starred(change.side, stamp)) == is,
    }
}

fn arrived(state: &ChannelState, card: &Card) -> MessageArrived {
    MessageArrived {
        channel: state.name.clone(),
        r#box: card.side.name(),
        message_id: card.stamp.to_string(),
        key: state.key_of(card),
        url: address::reading_message(&state.name, card.side, card.stamp),
        label: label(card),
        author: state.author_of(card).unwrap_or_default().to_owned(),
        title: state.title.clone(),
    }
}

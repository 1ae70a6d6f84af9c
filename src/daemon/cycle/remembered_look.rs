//! The last look at a channel, from which the next one starts.

use crate::channel::Channel;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::rescan::{ChangedNames, LastLook, name_in_box};
use crate::channel::snapshot::{self, LookOptions, Snapshot};
use crate::console::Console;
use crate::daemon::{Error, Folders};
use crate::watch::Touched;

/// What is remembered of a look, and what has to be looked at since.
pub(super) struct RememberedLook {
    cache: CardCache,
    last: Option<LastLook>,
    /// What was touched and not looked at yet.
    pub(super) owed: Touched,
    /// Whether the last look was taken without the lock, so that another build may have seen what came later.
    was_unlocked: bool,
    /// Whether cards were made that are not saved yet.
    has_unsaved_cards: bool,
}

impl RememberedLook {
    /// Nothing was looked at yet. The first look reads what is not in the cache.
    pub(super) fn new(cache: CardCache) -> Self {
        Self { cache, last: None, owed: Touched::default(), was_unlocked: false, has_unsaved_cards: false }
    }

    /// Looks at what was touched. Tells whether all is as it was, as far as everything was looked at.
    pub(super) fn take(&mut self, channel: &Channel, look: LookOptions) -> Result<(Snapshot, bool), Error> {
        let (snapshot, same) = match (self.last.take(), &self.owed) {
            (None, _) => {
                // It may be known by the name of a link that leads to it.
                let found = Channel { name: channel.name.clone(), ..Channel::open(&channel.path)? };
                (snapshot::take(found, &self.cache, look), false)
            }
            (Some(last), Touched::Everything) => {
                let looked = last.everything(look);
                self.last = Some(last);
                looked?
            }
            (Some(last), Touched::Paths(paths)) => {
                let names: ChangedNames = paths.iter().filter_map(|path| name_in_box(channel, path)).collect();
                (last.some(&names, look)?, false)
            }
        };
        self.owed = Touched::default();
        self.has_unsaved_cards |= !same;
        Ok((snapshot, same))
    }

    /// Remembers a look that was taken with the lock.
    pub(super) fn remember(&mut self, snapshot: Snapshot) {
        self.last = Some(LastLook::from_snapshot(snapshot));
    }

    /// Remembers a look that was taken without it.
    pub(super) fn remember_unlocked(&mut self, snapshot: Snapshot) {
        self.remember(snapshot);
        self.was_unlocked = true;
    }

    /// Lets the next look be at everything if the last one was taken without the lock. Tells whether it is.
    pub(super) fn owe_what_was_seen_unlocked(&mut self) -> bool {
        if std::mem::take(&mut self.was_unlocked) {
            self.owed = Touched::Everything;
        }
        self.owed == Touched::Everything
    }

    /// When the next held message is due, in seconds since 1970.
    pub(super) fn due(&self) -> Option<i64> {
        self.last.as_ref().and_then(LastLook::due)
    }

    /// Saves the cards for the next run.
    pub(super) fn save_cards(&mut self, console: Console) {
        if let Some(last) = self.last.as_ref().filter(|_| self.has_unsaved_cards) {
            say_if_not_saved(last.keep(&self.cache), console);
            self.has_unsaved_cards = false;
        }
    }

    /// Saves the cards of a look that began at `now`, in nanoseconds since 1970.
    pub(super) fn save_cards_of(&self, snapshot: &Snapshot, now: i64, console: Console) {
        say_if_not_saved(snapshot.keep(&self.cache, now), console);
    }
}

/// The cache is only a shortcut: that it could not be saved changes nothing but time.
fn say_if_not_saved(saved: std::io::Result<()>, console: Console) {
    if let Err(error) = saved {
        console.say_if_verbose(&format!("the card cache could not be saved: {error}"));
    }
}

/// The channel's card cache; what is wrong with it is said to those who ask for more.
pub(crate) fn read_cache(channel: &Channel, folders: &Folders, console: Console) -> CardCache {
    let cache = CardCache::below(folders.cache.as_deref(), &channel.path);
    if let Some(damage) = &cache.damage {
        console.say_if_verbose(&format!("the card cache is rebuilt: {damage}"));
    }
    cache
}

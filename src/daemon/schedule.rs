//! Whose turn it is: one channel after the other, whichever was touched, is due or is asked for.
//!
//! One watch lies over the places of all channels, and a touched path concerns those whose place it is in. What a turn does is
//! [`ChannelCycle`]'s.

mod data_folder;
mod request_queue;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::channel;
use crate::channel::Channel;
use crate::channel::protocol::name::ChannelName;
use crate::console::Console;
use crate::daemon;
use crate::daemon::Clock;
use crate::daemon::cycle::{ChannelCycle, Priority};
use crate::daemon::observer::Observer;
use crate::watch::{Detection, Touched, WakeReason, Waker, Watch, WatchedPlace};

pub(crate) use crate::daemon::schedule::request_queue::RequestQueue;

use crate::daemon::schedule::data_folder::DataFolder;
use crate::daemon::schedule::request_queue::{PendingRequests, RequestKind};

/// A channel in the schedule.
struct ScheduledChannel<'a> {
    cycle: ChannelCycle<'a>,
    /// Its places as they are watched.
    places: Vec<WatchedPlace>,
    /// Since which turn it is owed a turn, and what that is about.
    todo: Option<(u64, Touched)>,
}

/// Keeps channels looked at and built, one turn after the other.
pub(crate) struct Schedule<'a> {
    watch: Watch,
    console: Console,
    clock: Clock,
    channels: BTreeMap<ChannelName, ScheduledChannel<'a>>,
    data_folder: Option<DataFolder<'a>>,
    requests: PendingRequests,
    /// How many times something was to be done.
    turns: u64,
    /// Whether other places are to be watched than are.
    has_other_places: bool,
}

impl<'a> Schedule<'a> {
    /// A schedule of no channel yet. `rescan` is as for [`Watch::new`].
    pub(crate) fn new(detection: Detection, rescan: Duration, console: Console, clock: Clock) -> Self {
        Self {
            watch: Watch::new(detection, rescan),
            console,
            clock,
            channels: BTreeMap::new(),
            data_folder: None,
            requests: PendingRequests::default(),
            turns: 0,
            has_other_places: true,
        }
    }

    /// What ends it, from any thread.
    pub(crate) fn waker(&self) -> Waker {
        self.watch.waker()
    }

    /// Where other threads ask for a look or a site.
    pub(crate) fn requests(&self) -> RequestQueue {
        RequestQueue::new(self.watch.waker(), &self.requests)
    }

    /// Adds a channel.
    pub(crate) fn add(&mut self, cycle: ChannelCycle<'a>) {
        let (name, places) = (cycle.channel().name.clone(), cycle.places());
        self.turns += 1;
        self.has_other_places = true;
        self.channels.insert(name, ScheduledChannel { cycle, places, todo: Some((self.turns, Touched::Everything)) });
    }

    /// Adds every channel of the data folder, and follows when one comes or goes.
    pub(crate) fn follow(&mut self, data: PathBuf, make: impl Fn(Channel) -> ChannelCycle<'a> + Send + 'a) {
        self.data_folder = Some(DataFolder::new(data, Box::new(make)));
    }

    /// Takes turns until the waker says stop.
    ///
    /// # Errors
    /// What the observer gives; all else it is told.
    pub(crate) fn run<O: Observer>(&mut self, observer: &mut O) -> Result<(), O::Stop> {
        self.discover(observer);
        tracing::info!(channels = self.channels.len(), "keeping channels up to date");
        let done = self.take_turns(observer);
        tracing::info!("no longer keeping channels up to date");
        // Nobody is to wait for an answer that will not come.
        self.requests.close();
        done?;
        self.channels.values_mut().for_each(|kept| kept.cycle.save_cards());
        Ok(())
    }

    fn take_turns<O: Observer>(&mut self, observer: &mut O) -> Result<(), O::Stop> {
        loop {
            // The places come first: what changes while they are looked at is told then.
            self.watch_places();
            let next = self.next();
            let patience = if next.is_some() { Some(Duration::ZERO) } else { self.until_due() };
            match (self.watch.wait(patience), next) {
                (WakeReason::Tick(touched), _) => self.note_touched(&touched, observer),
                (WakeReason::Called, _) => self.take_requests(observer),
                (WakeReason::Due, Some(name)) => self.turn(&name, observer)?,
                (WakeReason::Due, None) => self.owe_what_is_due(),
                (WakeReason::Stop, _) => return Ok(()),
            }
        }
    }

    /// Watches what is to be watched now.
    fn watch_places(&mut self) {
        if std::mem::take(&mut self.has_other_places) {
            let folder = self.data_folder.iter().flat_map(DataFolder::places);
            let places = self.channels.values().flat_map(|kept| kept.places.iter().cloned());
            self.watch.set_places(folder.chain(places).collect());
        }
        if let Some(reason) = self.watch.take_fallback() {
            self.console.say(&format!("note: {reason}"));
        }
    }

    /// Whose turn it is: what somebody waits for comes first, and looks come before builds.
    fn next(&self) -> Option<ChannelName> {
        let priority = |(_, kept): &(&ChannelName, &ScheduledChannel<'_>)| -> Option<(Priority, u64)> {
            Some((kept.cycle.priority(), kept.todo.as_ref()?.0))
        };
        let waiting = self.channels.iter().filter(|(_, kept)| kept.todo.is_some());
        waiting.min_by_key(priority).map(|(name, _)| name.clone())
    }

    fn turn<O: Observer>(&mut self, name: &ChannelName, observer: &mut O) -> Result<(), O::Stop> {
        let Some(kept) = self.channels.get_mut(name) else {
            return Ok(());
        };
        let touched = kept.todo.take().map(|(_, touched)| touched).unwrap_or_default();
        if touched == Touched::Everything {
            kept.places.iter().for_each(|place| self.watch.will_scan(place));
        }
        kept.cycle.turn(touched, observer)?;
        let places = kept.cycle.places();
        if places != kept.places {
            // A theme that was chosen meanwhile was not watched while it was read.
            kept.places = places;
            self.has_other_places = true;
            self.turns += 1;
            kept.owe(self.turns, Touched::Everything);
        }
        Ok(())
    }

    /// Notes whom a tick concerns.
    fn note_touched<O: Observer>(&mut self, touched: &Touched, observer: &mut O) {
        self.turns += 1;
        let mut is_shaken = self.data_folder.as_ref().is_some_and(|folder| folder.is_concerned(touched));
        for kept in self.channels.values_mut() {
            let part = kept.part_of(touched);
            // A box that came or went may make the channel another kind, or none.
            is_shaken |= part == Touched::Everything;
            if !part.is_empty() {
                kept.owe(self.turns, part);
            }
        }
        if is_shaken {
            self.discover(observer);
        }
    }

    /// How long until something is due.
    fn until_due(&self) -> Option<Duration> {
        let due = self.channels.values().filter_map(|kept| kept.cycle.due()).min()?.saturating_mul(1_000_000_000);
        Some(Duration::from_nanos(u64::try_from(due.saturating_sub(self.clock.nanoseconds())).unwrap_or(0)))
    }

    /// Notes for whom something is due.
    fn owe_what_is_due(&mut self) {
        let now = self.clock.seconds();
        self.turns += 1;
        for kept in self.channels.values_mut().filter(|kept| kept.cycle.due().is_some_and(|due| due <= now)) {
            kept.owe(self.turns, Touched::default());
        }
    }

    /// Takes in the channels that came into the data folder, and lets go of those that left it.
    fn discover<O: Observer>(&mut self, observer: &mut O) {
        let Some(folder) = &mut self.data_folder else {
            return;
        };
        let before = folder.places();
        let mut channels = match folder.look() {
            Ok(channels) => channels,
            Err(error) => {
                // What is there is not known, so nothing has gone.
                tracing::warn!(%error, "the data folder can't be read");
                return;
            }
        };
        self.has_other_places |= folder.places() != before;
        self.channels.retain(|name, kept| {
            let stays = channels.remove(name).is_some_and(|found| found.path == kept.cycle.channel().path);
            if !stays {
                tracing::info!(channel = %name, "channel left the data folder");
                self.has_other_places = true;
                kept.cycle.save_cards();
                observer.gone(kept.cycle.channel());
            }
            stays
        });
        for name in channels.keys() {
            tracing::info!(channel = %name, "channel found");
        }
        let new: Vec<ChannelCycle<'a>> = channels.into_values().map(|channel| folder.make(channel)).collect();
        for cycle in new {
            self.add(cycle);
        }
    }

    /// Notes what other threads want.
    fn take_requests<O: Observer>(&mut self, observer: &mut O) {
        for request in self.requests.take() {
            tracing::debug!(channel = %request.name, "request from another thread");
            if !self.channels.contains_key(&request.name) {
                // It may have been made a moment ago.
                self.discover(observer);
            }
            let Some(kept) = self.channels.get_mut(&request.name) else {
                // Who has gone away needs no answer.
                drop(request.answer.send(Err(self.unknown(&request.name))));
                continue;
            };
            self.turns += 1;
            match request.kind {
                RequestKind::Site if kept.cycle.is_built() => drop(request.answer.send(Ok(()))),
                RequestKind::Site => {
                    kept.cycle.when_built(request.answer);
                    kept.owe(self.turns, Touched::default());
                }
                RequestKind::Look(touched) => {
                    kept.cycle.when_looked(request.answer);
                    kept.owe(self.turns, touched);
                }
            }
        }
    }

    fn unknown(&self, name: &ChannelName) -> Arc<daemon::Error> {
        let folder = self.data_folder.as_ref().map(DataFolder::path).unwrap_or_default();
        let error = channel::Error::NoSuchChannel { name: name.to_string(), folder, nearest: None };
        Arc::new(error.into())
    }
}

impl Drop for Schedule<'_> {
    fn drop(&mut self) {
        self.requests.close();
    }
}

impl ScheduledChannel<'_> {
    /// Lets its next turn be about this too.
    fn owe(&mut self, turn: u64, touched: Touched) {
        self.todo.get_or_insert_with(|| (turn, Touched::default())).1.merge(touched);
    }

    /// What of a tick concerns the channel.
    fn part_of(&self, touched: &Touched) -> Touched {
        let Touched::Paths(paths) = touched else {
            return Touched::Everything;
        };
        if self.places.iter().any(|place| touched.names(&place.path)) {
            return Touched::Everything;
        }
        let below = |place: &WatchedPlace| {
            let place = place.path.clone();
            paths.range(place.clone()..).take_while(move |path| path.starts_with(&place)).cloned()
        };
        Touched::Paths(self.places.iter().flat_map(below).collect::<BTreeSet<PathBuf>>())
    }
}

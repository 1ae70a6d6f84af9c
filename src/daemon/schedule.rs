//! The rounds over all channels that are kept: one after the other, whichever was touched, is due or is asked for.
//!
//! Owns the one watch over their places, whose turn it is, and which of them a touched path concerns. Refuses to know
//! what a round does.

mod data_folder;
mod request_queue;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::channel::protocol::name::ChannelName;
use crate::channel::{Channel, Error};
use crate::commands::{Clock, Failure};
use crate::console::Console;
use crate::daemon::cycle::{Live, Observer, Rank};
use crate::watch::{Detection, Touched, WakeReason, Waker, Watch, WatchedPlace};

pub(crate) use crate::daemon::schedule::request_queue::Desk;

use crate::daemon::schedule::data_folder::Folder;
use crate::daemon::schedule::request_queue::{Calls, Want};

/// A channel in the rounds.
struct Kept<'a> {
    live: Live<'a>,
    /// Its places as they are watched.
    places: Vec<WatchedPlace>,
    /// Since which turn there is to be a round, and what it is about.
    todo: Option<(u64, Touched)>,
}

/// Keeps channels looked at and built.
pub(crate) struct Rounds<'a> {
    watch: Watch,
    console: Console,
    clock: Clock,
    kept: BTreeMap<ChannelName, Kept<'a>>,
    folder: Option<Folder<'a>>,
    calls: Calls,
    /// How many times something was to be done.
    turn: u64,
    /// Whether other places are to be watched than are.
    moved: bool,
}

impl<'a> Rounds<'a> {
    /// Rounds over no channel yet. `rescan` is as for [`Watch::new`].
    pub(crate) fn new(detection: Detection, rescan: Duration, console: Console, clock: Clock) -> Self {
        Self {
            watch: Watch::new(detection, rescan),
            console,
            clock,
            kept: BTreeMap::new(),
            folder: None,
            calls: Calls::default(),
            turn: 0,
            moved: true,
        }
    }

    /// What ends the rounds, from any thread.
    pub(crate) fn waker(&self) -> Waker {
        self.watch.waker()
    }

    /// Where other threads say what they want.
    pub(crate) fn desk(&self) -> Desk {
        Desk::new(self.watch.waker(), &self.calls)
    }

    /// Takes in a channel.
    pub(crate) fn keep(&mut self, live: Live<'a>) {
        let (name, places) = (live.channel().name.clone(), live.places());
        self.turn += 1;
        self.moved = true;
        self.kept.insert(name, Kept { live, places, todo: Some((self.turn, Touched::Everything)) });
    }

    /// Takes in every channel of the data folder, and follows when one comes or goes.
    pub(crate) fn follow(&mut self, data: PathBuf, make: impl Fn(Channel) -> Live<'a> + Send + 'a) {
        self.folder = Some(Folder::new(data, Box::new(make)));
    }

    /// Goes round until the waker rings.
    ///
    /// # Errors
    /// What the observer gives; all else it is told.
    pub(crate) fn run(&mut self, observer: &mut dyn Observer) -> Result<(), Failure> {
        self.discover(observer);
        tracing::info!(channels = self.kept.len(), "keeping channels up to date");
        let done = self.go(observer);
        tracing::info!("no longer keeping channels up to date");
        // Nobody is to wait for an answer that will not come.
        self.calls.close();
        done?;
        self.kept.values_mut().for_each(|kept| kept.live.keep());
        Ok(())
    }

    fn go(&mut self, observer: &mut dyn Observer) -> Result<(), Failure> {
        loop {
            // The places come first: what changes while they are looked at is told then.
            self.point();
            let next = self.next();
            let patience = if next.is_some() { Some(Duration::ZERO) } else { self.until_due() };
            match (self.watch.wait(patience), next) {
                (WakeReason::Tick(touched), _) => self.take_in(&touched, observer),
                (WakeReason::Called, _) => self.hear(observer),
                (WakeReason::Due, Some(name)) => self.round(&name, observer)?,
                (WakeReason::Due, None) => self.wake(),
                (WakeReason::Stop, _) => return Ok(()),
            }
        }
    }

    /// Watches what is to be watched now.
    fn point(&mut self) {
        if std::mem::take(&mut self.moved) {
            let folder = self.folder.iter().flat_map(Folder::places);
            let places = self.kept.values().flat_map(|kept| kept.places.iter().cloned());
            self.watch.set_places(folder.chain(places).collect());
        }
        if let Some(reason) = self.watch.take_fallback() {
            self.console.say(&format!("note: {reason}"));
        }
    }

    /// Whose turn it is: what somebody waits for comes first, and looks come before builds.
    fn next(&self) -> Option<ChannelName> {
        let rank = |(_, kept): &(&ChannelName, &Kept<'_>)| -> Option<(Rank, u64)> {
            Some((kept.live.rank(), kept.todo.as_ref()?.0))
        };
        let waiting = self.kept.iter().filter(|(_, kept)| kept.todo.is_some());
        waiting.min_by_key(rank).map(|(name, _)| name.clone())
    }

    fn round(&mut self, name: &ChannelName, observer: &mut dyn Observer) -> Result<(), Failure> {
        let Some(kept) = self.kept.get_mut(name) else {
            return Ok(());
        };
        let touched = kept.todo.take().map(|(_, touched)| touched).unwrap_or_default();
        if touched == Touched::Everything {
            kept.places.iter().for_each(|place| self.watch.will_scan(place));
        }
        kept.live.round(touched, observer)?;
        let places = kept.live.places();
        if places != kept.places {
            // A theme that was chosen meanwhile was not watched while it was read.
            kept.places = places;
            self.moved = true;
            self.turn += 1;
            kept.owe(self.turn, Touched::Everything);
        }
        Ok(())
    }

    /// Notes whom a tick concerns.
    fn take_in(&mut self, touched: &Touched, observer: &mut dyn Observer) {
        self.turn += 1;
        let mut is_shaken = self.folder.as_ref().is_some_and(|folder| folder.is_concerned(touched));
        for kept in self.kept.values_mut() {
            let part = kept.part_of(touched);
            // A box that came or went may make the channel another kind, or none.
            is_shaken |= part == Touched::Everything;
            if !part.is_empty() {
                kept.owe(self.turn, part);
            }
        }
        if is_shaken {
            self.discover(observer);
        }
    }

    /// How long until something is due.
    fn until_due(&self) -> Option<Duration> {
        let due = self.kept.values().filter_map(|kept| kept.live.due()).min()?.saturating_mul(1_000_000_000);
        Some(Duration::from_nanos(u64::try_from(due.saturating_sub((self.clock)())).unwrap_or(0)))
    }

    /// Notes for whom something is due.
    fn wake(&mut self) {
        let now = (self.clock)().div_euclid(1_000_000_000);
        self.turn += 1;
        for kept in self.kept.values_mut().filter(|kept| kept.live.due().is_some_and(|due| due <= now)) {
            kept.owe(self.turn, Touched::default());
        }
    }

    /// Takes in the channels that came into the data folder, and lets go of those that left it.
    fn discover(&mut self, observer: &mut dyn Observer) {
        let Some(folder) = &mut self.folder else {
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
        self.moved |= folder.places() != before;
        self.kept.retain(|name, kept| {
            let stays = channels.remove(name).is_some_and(|found| found.path == kept.live.channel().path);
            if !stays {
                tracing::info!(channel = %name, "channel left the data folder");
                self.moved = true;
                kept.live.keep();
                observer.gone(kept.live.channel());
            }
            stays
        });
        for name in channels.keys() {
            tracing::info!(channel = %name, "channel found");
        }
        let new: Vec<Live<'a>> = channels.into_values().map(|channel| folder.make(channel)).collect();
        for live in new {
            self.keep(live);
        }
    }

    /// Notes what other threads want.
    fn hear(&mut self, observer: &mut dyn Observer) {
        for call in self.calls.take() {
            tracing::debug!(channel = %call.name, "request from another thread");
            if !self.kept.contains_key(&call.name) {
                // It may have been made a moment ago.
                self.discover(observer);
            }
            let Some(kept) = self.kept.get_mut(&call.name) else {
                let _ = call.answer.send(Err(self.unknown(&call.name)));
                continue;
            };
            self.turn += 1;
            match call.want {
                Want::Site if kept.live.is_built() => drop(call.answer.send(Ok(()))),
                Want::Site => {
                    kept.live.when_built(call.answer);
                    kept.owe(self.turn, Touched::default());
                }
                Want::Look(touched) => {
                    kept.live.when_looked(call.answer);
                    kept.owe(self.turn, touched);
                }
            }
        }
    }

    fn unknown(&self, name: &ChannelName) -> Failure {
        let folder = self.folder.as_ref().map(Folder::path).unwrap_or_default();
        Error::NoSuchChannel { name: name.to_string(), folder, nearest: None }.into()
    }
}

impl Drop for Rounds<'_> {
    fn drop(&mut self) {
        self.calls.close();
    }
}

impl Kept<'_> {
    /// Lets a round be about this too.
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

//! One turn of one channel: send what is due, lock, look, build, save the cards.
//!
//! `build` takes one turn; `watch` and `serve` take one whenever something was touched or is due. It is the same turn: what is
//! remembered from the one before only saves it from looking at what nobody touched. [`ChannelCycle::build`] is the only place
//! where a channel's site is built.

mod log;
mod remembered_look;
mod site_state;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crate::channel::Channel;
use crate::channel::outbox::draft;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::rescan::name_in_box;
use crate::console::Console;
use crate::daemon::observer::{BuiltSite, CycleEvent, Observer};
use crate::daemon::{Clock, Error, Folders};
use crate::site;
use crate::site::{BuildMemory, BuildOptions, Lock, OutputReport, SiteRequest, SiteSettings};
use crate::watch::{Scope, Touched, WatchedPlace};

pub(crate) use crate::daemon::cycle::remembered_look::read_cache;

use crate::daemon::cycle::remembered_look::RememberedLook;
use crate::daemon::cycle::site_state::SiteState;

/// What becomes of a request: it was done, or why it was not.
pub(crate) type Answer = Result<(), Arc<Error>>;

/// How soon a channel's turn is; the least comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Somebody waits for a look.
    LookAwaited,
    /// It is only looked at, which is soon done.
    Look,
    /// Somebody waits for the site.
    SiteAwaited,
    /// It is built.
    Site,
}

/// A channel, and what is remembered of it from turn to turn.
pub(crate) struct ChannelCycle<'a> {
    channel: Channel,
    folders: &'a Folders,
    console: Console,
    clock: Clock,
    look: RememberedLook,
    site: SiteState,
    /// Why the last turn came to nothing, if it did.
    failed: Option<Arc<Error>>,
    /// Until when every scheduled message was sent, or could not be, in seconds since 1970.
    sent_until: i64,
    /// When the next turn is due although nothing is touched, in seconds since 1970.
    due: Option<i64>,
    waiting: Waiting,
}

/// Who waits for the next look, and who for the next build.
#[derive(Default)]
struct Waiting {
    look: Vec<Sender<Answer>>,
    site: Vec<Sender<Answer>>,
}

/// What a build needs, once its turn has looked at the channel.
struct Prepared {
    start: Instant,
    settings: Arc<SiteSettings>,
    lock: Lock,
    snapshot: Snapshot,
    /// Whether the site that is there is what would be built.
    is_up_to_date: bool,
}

/// What a single turn of `build` comes to.
pub(crate) struct BuiltChannel {
    pub(crate) snapshot: Snapshot,
    pub(crate) settings: Arc<SiteSettings>,
    /// What a reading room reads the messages' digests from.
    pub(crate) memory: BuildMemory,
    pub(crate) output: OutputReport,
    pub(crate) took: Duration,
}

impl BuiltChannel {
    /// The site, as an observer is told of it.
    pub(crate) fn site(&self) -> BuiltSite<'_> {
        BuiltSite { snapshot: &self.snapshot, settings: &self.settings, output: &self.output, took: self.took }
    }
}

impl<'a> ChannelCycle<'a> {
    /// A channel that nobody has looked at. Its turns look and send what is due.
    pub(crate) fn new(
        options: BuildOptions,
        channel: Channel,
        folders: &'a Folders,
        console: Console,
        clock: Clock,
    ) -> Self {
        Self {
            look: RememberedLook::new(read_cache(&channel, folders, console)),
            site: SiteState::new(options, &channel),
            channel,
            folders,
            console,
            clock,
            failed: None,
            sent_until: i64::MIN,
            due: None,
            waiting: Waiting::default(),
        }
    }

    /// The same for a site in a reading room: it will be found below the room's address, or nobody knows where.
    pub(crate) fn in_reading_room(mut self, base_url: Option<BaseUrl>) -> Self {
        self.site.lies_in_reading_room(base_url);
        self
    }

    /// Takes one turn that builds, and hands over all that it made.
    ///
    /// # Errors
    /// [`Error`]; the site that was there before is whole.
    pub(crate) fn build_once<O: Observer>(mut self, observer: &mut O) -> Result<BuiltChannel, Error> {
        let now = self.clock.nanoseconds();
        let prepared = self.prepare(observer)?;
        let output = self.build(&prepared)?;
        let took = prepared.start.elapsed();
        self.look.save_cards_of(&prepared.snapshot, now, self.console);
        let Prepared { snapshot, settings, .. } = prepared;
        Ok(BuiltChannel { snapshot, settings, memory: self.site.memory, output, took })
    }

    /// Lets this and every later turn build the site as well.
    pub(crate) fn build_from_now_on(&mut self) {
        self.site.is_wanted = true;
    }

    /// Answers when the next look is done, before a build begins.
    pub(crate) fn when_looked(&mut self, answer: Sender<Answer>) {
        self.waiting.look.push(answer);
    }

    /// Answers at the end of the next turn, which builds.
    pub(crate) fn when_built(&mut self, answer: Sender<Answer>) {
        self.build_from_now_on();
        self.waiting.site.push(answer);
    }

    /// How soon its turn is.
    pub(crate) fn priority(&self) -> Priority {
        match () {
            () if !self.waiting.look.is_empty() => Priority::LookAwaited,
            () if !self.site.is_wanted => Priority::Look,
            () if !self.waiting.site.is_empty() => Priority::SiteAwaited,
            () => Priority::Site,
        }
    }

    /// The channel.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Where its site is built.
    pub(crate) fn output(&self) -> &Path {
        &self.site.output
    }

    /// Whether the site was built and is what the last turn made of it.
    pub(crate) fn is_built(&self) -> bool {
        self.site.is_reported && self.failed.is_none()
    }

    /// When a held or a scheduled message is due, in seconds since 1970.
    pub(crate) fn due(&self) -> Option<i64> {
        self.due
    }

    /// All that it is made from.
    pub(crate) fn places(&self) -> Vec<WatchedPlace> {
        const NAMES: &[&str] = &[
            Side::Inbox.name(),
            Side::Outbox.name(),
            layout::THEME_FOLDER,
            layout::DRAFTS_FOLDER,
            layout::SETTINGS_FILE,
        ];
        let tree = |path: PathBuf| WatchedPlace { path, scope: Scope::Tree };
        let mut places = vec![WatchedPlace { path: self.channel.path.clone(), scope: Scope::Names(NAMES) }];
        places.extend(Side::BOTH.map(|side| tree(self.channel.path.join(side.name()))));
        places.push(tree(draft::folder(&self.channel)));
        match &self.site.settings {
            Some(settings) => places.extend(settings.theme_folders.iter().cloned().map(tree)),
            None => places.push(tree(self.channel.path.join(layout::THEME_FOLDER))),
        }
        places
    }

    /// Sends what is due, looks at what was touched, builds if that is asked for and there is a reason, and tells of it.
    ///
    /// # Errors
    /// What the observer gives; all else it is told.
    pub(crate) fn turn<O: Observer>(&mut self, touched: Touched, observer: &mut O) -> Result<(), O::Stop> {
        let (is_everything, begun) = (touched == Touched::Everything, Instant::now());
        tracing::debug!(channel = %self.channel.name, %touched, builds = self.site.is_wanted, "turn begins");
        self.look.owed.merge(touched);
        self.send_due(observer);
        if self.site.is_wanted {
            self.look_and_build(observer)?;
        } else {
            match self.look_only(observer) {
                Ok(()) => self.failed = None,
                Err(error) => self.fail(error, observer)?,
            }
        }
        self.answer();
        observer.turn_ended(&self.channel);
        if is_everything {
            self.save_cards();
        }
        self.due = self.next_due();
        tracing::debug!(channel = %self.channel.name, ms = begun.elapsed().as_millis(), due = self.due, "turn over");
        Ok(())
    }

    /// Saves the cards for the next run.
    pub(crate) fn save_cards(&mut self) {
        self.look.save_cards(self.console);
    }

    /// After a failure only a change or a rescan is worth another try.
    fn next_due(&self) -> Option<i64> {
        let held = if self.failed.is_none() { self.look.due() } else { None };
        // What could not be sent when it was due is tried again whenever something changes, and by the rescan.
        let scheduled = draft::next_due(&self.channel, self.sent_until).map(Stamp::seconds);
        held.into_iter().chain(scheduled).min()
    }

    /// Sends what was scheduled for now or before.
    fn send_due<O: Observer>(&mut self, observer: &mut O) {
        self.sent_until = self.clock.seconds();
        let all = match draft::send_due(&self.channel, self.sent_until) {
            Ok(all) => all,
            Err(error) => return observer.happened(&self.channel, &CycleEvent::NoneSent(&error)),
        };
        for (draft, done) in all {
            match done {
                Ok(sent) => {
                    tracing::info!(channel = %self.channel.name, message = %sent.stamp, "scheduled message sent");
                    observer.happened(&self.channel, &CycleEvent::Sent(&sent));
                    self.look.owed.merge(sent.path.into());
                }
                Err(error) => {
                    tracing::warn!(channel = %self.channel.name, %draft, %error, "scheduled message could not be sent");
                    observer.happened(&self.channel, &CycleEvent::NotSent { draft, error: &error });
                }
            }
        }
    }

    /// Looks, builds unless everything is as it was, and tells of it.
    fn look_and_build<O: Observer>(&mut self, observer: &mut O) -> Result<(), O::Stop> {
        let prepared = match self.prepare(observer) {
            Ok(prepared) => prepared,
            Err(error) => return self.fail(error, observer),
        };
        let told = if prepared.is_up_to_date {
            self.failed = None;
            Ok(())
        } else {
            match self.build(&prepared) {
                Ok(output) => self.succeed(&prepared, &output, observer),
                Err(error) => self.fail(error, observer),
            }
        };
        self.look.remember(prepared.snapshot);
        told
    }

    /// Reads the settings, takes the lock, and looks at the channel: in this order, so that a build that had to wait does not put
    /// back what it saw before.
    fn prepare<O: Observer>(&mut self, observer: &mut O) -> Result<Prepared, Error> {
        let start = Instant::now();
        let (settings, lock, same_settings) = match self.settings_and_lock(observer) {
            Ok(taken) => taken,
            Err(error) => {
                // The messages can be shown all the same. Of two failures the first is told.
                if let Err(second) = self.look_only(observer) {
                    self.console.say_if_verbose(&format!("{}: {second}", self.channel.name));
                }
                return Err(error);
            }
        };
        let is_everything = self.look.owe_what_was_seen_unlocked();
        let (snapshot, same_look) = self.look(observer)?;
        let is_same = is_everything && same_look && same_settings && self.is_built();
        let is_up_to_date = is_same && self.site.memory.is_true(&self.site.output);
        Ok(Prepared { start, settings, lock, snapshot, is_up_to_date })
    }

    /// What the site is made with, the lock on it, and whether the former is as it was.
    fn settings_and_lock<O: Observer>(&mut self, observer: &mut O) -> Result<(Arc<SiteSettings>, Lock, bool), Error> {
        let may_differ = self.site.settings.as_ref().is_none_or(|known| self.concerns_settings(known));
        let (settings, same) = self.site.settings(&self.channel, self.folders, may_differ)?;
        let waits = || observer.happened(&self.channel, &CycleEvent::WaitsForOtherBuild);
        let lock = Lock::take(&self.channel, &self.site.output, waits)?;
        Ok((settings, lock, same))
    }

    /// Whether something was touched that the settings follow from.
    fn concerns_settings(&self, known: &SiteSettings) -> bool {
        let is_elsewhere = |path: &PathBuf| {
            name_in_box(&self.channel, path).is_none()
                || known.theme_folders.iter().any(|folder| path.starts_with(folder))
        };
        self.failed.is_some()
            || match &self.look.owed {
                Touched::Everything => true,
                Touched::Paths(paths) => paths.iter().any(is_elsewhere),
            }
    }

    /// Builds what was looked at.
    fn build(&mut self, prepared: &Prepared) -> Result<OutputReport, Error> {
        let progress = self.console.progress("building");
        let request = SiteRequest {
            lock: &prepared.lock,
            snapshot: &prepared.snapshot,
            options: &prepared.settings.options,
            overrides: self.site.overrides(),
            theme: &prepared.settings.theme,
            output: &self.site.output,
            progress: &|done, all| progress.show(done, all),
            gate: &|| Ok(()),
        };
        let built = site::build(&request, &mut self.site.memory);
        progress.clear();
        let built = built?;
        log::build(&self.channel, &built, prepared.start.elapsed());
        Ok(built)
    }

    /// Looks, and leaves the site alone.
    fn look_only<O: Observer>(&mut self, observer: &mut O) -> Result<(), Error> {
        let (snapshot, _) = self.look(observer)?;
        self.look.remember_unlocked(snapshot);
        Ok(())
    }

    /// Looks at what was touched. Tells whether all is as it was, as far as everything was looked at.
    fn look<O: Observer>(&mut self, observer: &mut O) -> Result<(Snapshot, bool), Error> {
        let look = self.site.options.look(self.clock.seconds());
        let (snapshot, same) = self.look.take(&self.channel, look)?;
        self.channel.kind = snapshot.channel.kind;
        log::scan(&snapshot, same);
        if !same || self.failed.is_some() {
            observer.looked(&self.channel, &snapshot);
        }
        answer(&mut self.waiting.look, &Ok(()));
        Ok((snapshot, same))
    }

    fn succeed<O: Observer>(
        &mut self,
        prepared: &Prepared,
        output: &OutputReport,
        observer: &mut O,
    ) -> Result<(), O::Stop> {
        let is_news = !output.written.is_empty() || !output.removed.is_empty() || !self.is_built();
        let Prepared { snapshot, settings, start, .. } = prepared;
        let site = BuiltSite { snapshot, settings, output, took: start.elapsed() };
        observer.built(&self.channel, &site, is_news)?;
        self.site.is_reported = true;
        self.failed = None;
        Ok(())
    }

    fn fail<O: Observer>(&mut self, error: Error, observer: &mut O) -> Result<(), O::Stop> {
        let is_known = self.failed.as_deref() == Some(&error);
        if !is_known {
            tracing::warn!(channel = %self.channel.name, reason = %error, "turn failed");
        }
        let error = self.failed.insert(Arc::new(error));
        if is_known { Ok(()) } else { observer.failed(&self.channel, error) }
    }

    /// Answers whoever waits still.
    fn answer(&mut self) {
        let outcome = self.failed.clone().map_or(Ok(()), Err);
        answer(&mut self.waiting.look, &outcome);
        answer(&mut self.waiting.site, &outcome);
    }
}

fn answer(waiting: &mut Vec<Sender<Answer>>, outcome: &Answer) {
    for waiting in waiting.drain(..) {
        // Who has gone away needs no answer.
        let _ = waiting.send(outcome.clone());
    }
}

//! One channel that is kept looked at and, once somebody asks for it, built.
//!
//! Owns what is remembered of it from round to round and the steps of a round: send what is due, look, build. A round's
//! build is a build like any other: what is remembered only saves it from looking at what nobody touched. Refuses to
//! know when a round is due for which of several channels, and who is told of what.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crate::channel::Channel;
use crate::channel::outbox::draft;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::rescan::{ChangedNames, LastLook, name_in_box};
use crate::channel::snapshot::{self, BoxState, Snapshot};
use crate::commands::build::{Report, WAITS};
use crate::commands::site_options::{Asked, Choice, cache};
use crate::commands::{Clock, Failure, Surroundings, spoken};
use crate::console::Console;
use crate::markdown::forget_grammars;
use crate::site;
use crate::site::{BuildMemory, Lock, Overrides, SiteRequest};
use crate::watch::{Scope, Touched, WatchedPlace};

/// Whoever wants to know what the rounds find. A failure that it gives ends them all.
pub(crate) trait Observer {
    /// A look was taken that may differ from the one before; it comes before the build that follows from it.
    fn looked(&mut self, _channel: &Channel, _snapshot: &Snapshot) {}

    /// The site was built. It is news if something was written or removed, or if there was no site before or a failure.
    fn built(&mut self, _channel: &Channel, _report: &Report, _is_news: bool) -> Result<(), Failure> {
        Ok(())
    }

    /// The round came to nothing; told once for each way in which it does.
    fn failed(&mut self, _channel: &Channel, _failure: &Failure) -> Result<(), Failure> {
        Ok(())
    }

    /// Something happened that is worth a line.
    fn say(&mut self, _channel: &Channel, _line: &str) {}

    /// Something is wrong, told in every round while it is.
    fn warn(&mut self, _channel: &Channel, _line: &str) {}

    /// The round is over, and whatever was to be told of it was told.
    fn over(&mut self, _channel: &Channel) {}

    /// The channel has left the data folder.
    fn gone(&mut self, _channel: &Channel) {}
}

/// What becomes of a wish: it was done, or why it was not.
pub(crate) type Answer = Result<(), Failure>;

/// How soon a channel's turn is; the least comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Somebody waits for a look.
    LookAwaited,
    /// It is only looked at, which is soon done.
    Look,
    /// Somebody waits for the site.
    SiteAwaited,
    /// It is built.
    Site,
}

/// A build of so many files meets languages that the next ones will not.
const MANY: usize = 1_000;

/// What is remembered of a channel from round to round.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Live<'a> {
    asked: Asked,
    around: &'a Surroundings,
    console: Console,
    clock: Clock,
    channel: Channel,
    output: PathBuf,
    cache: CardCache,
    rest: Option<LastLook>,
    choice: Option<Choice>,
    memory: BuildMemory,
    /// Whether rounds build.
    builds: bool,
    /// What was touched and not looked at yet.
    owed: Touched,
    /// Whether the last look was taken without the lock, so that another build may have seen what came later.
    unlocked: bool,
    /// Whether the site was built yet.
    reported: bool,
    /// Why the last round came to nothing, if it did.
    failed: Option<Failure>,
    /// Whether cards were made that are not kept yet.
    unkept: bool,
    /// Until when every scheduled message was sent, or could not be, in seconds since 1970.
    sent_until: i64,
    /// When the next round is due although nothing is touched, in seconds since 1970.
    due: Option<i64>,
    /// Who waits for the next look.
    wait_for_look: Vec<Sender<Answer>>,
    /// Who waits for the next build.
    wait_for_site: Vec<Sender<Answer>>,
}

impl<'a> Live<'a> {
    /// A channel that nobody has looked at. Its rounds look and send what is due.
    pub(crate) fn new(
        asked: Asked,
        channel: Channel,
        around: &'a Surroundings,
        console: Console,
        clock: Clock,
    ) -> Self {
        Self {
            output: asked.output(&channel, around),
            cache: cache(&channel, around, console),
            asked,
            around,
            console,
            clock,
            channel,
            rest: None,
            choice: None,
            memory: BuildMemory::default(),
            builds: false,
            owed: Touched::default(),
            unlocked: false,
            reported: false,
            failed: None,
            unkept: false,
            sent_until: i64::MIN,
            due: None,
            wait_for_look: Vec::new(),
            wait_for_site: Vec::new(),
        }
    }

    /// Lets this and every later round build the site as well.
    pub(crate) fn build_from_now_on(&mut self) {
        self.builds = true;
    }

    /// Answers when the next look is done, before a build begins.
    pub(crate) fn when_looked(&mut self, answer: Sender<Answer>) {
        self.wait_for_look.push(answer);
    }

    /// Answers at the end of the next round, which builds.
    pub(crate) fn when_built(&mut self, answer: Sender<Answer>) {
        self.build_from_now_on();
        self.wait_for_site.push(answer);
    }

    /// How soon its turn is.
    pub(crate) fn rank(&self) -> Rank {
        match () {
            () if !self.wait_for_look.is_empty() => Rank::LookAwaited,
            () if !self.builds => Rank::Look,
            () if !self.wait_for_site.is_empty() => Rank::SiteAwaited,
            () => Rank::Site,
        }
    }

    /// The channel.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Where its site is built.
    pub(crate) fn output(&self) -> &Path {
        &self.output
    }

    /// Whether the site was built and is what the last round made of it.
    pub(crate) fn is_built(&self) -> bool {
        self.reported && self.failed.is_none()
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
        match &self.choice {
            Some(choice) => places.extend(choice.theme_folders.iter().cloned().map(tree)),
            None => places.push(tree(self.channel.path.join(layout::THEME_FOLDER))),
        }
        places
    }

    /// Sends what is due, looks at what was touched, builds if that is asked for and there is a reason, and tells of it.
    ///
    /// # Errors
    /// What the observer gives; all else it is told.
    pub(crate) fn round(&mut self, touched: Touched, observer: &mut dyn Observer) -> Result<(), Failure> {
        let (everything, begun) = (touched == Touched::Everything, Instant::now());
        tracing::debug!(channel = %self.channel.name, %touched, builds = self.builds, "round begins");
        self.owed.merge(touched);
        self.send_due(observer);
        let done = if self.builds { self.build(observer) } else { self.look_only(observer).map(|()| None) };
        match done {
            Ok(report) => self.succeed(report.as_ref(), observer)?,
            Err(failure) => self.fail(failure, observer)?,
        }
        self.answer();
        observer.over(&self.channel);
        if everything {
            self.keep();
        }
        self.due = self.next_due();
        tracing::debug!(channel = %self.channel.name, ms = begun.elapsed().as_millis(), due = self.due, "round over");
        Ok(())
    }

    /// Keeps the cards for the next run.
    pub(crate) fn keep(&mut self) {
        let Some(rest) = self.rest.as_ref().filter(|_| self.unkept) else {
            return;
        };
        if let Err(error) = rest.keep(&self.cache) {
            self.console.say_if_verbose(&format!("the card cache could not be kept: {error}"));
        }
        self.unkept = false;
    }

    /// After a failure only a change or a rescan is worth another try.
    fn next_due(&self) -> Option<i64> {
        let held = self.rest.as_ref().filter(|_| self.failed.is_none()).and_then(LastLook::due);
        // What could not be sent when it was due is tried again whenever something changes, and by the rescan.
        let scheduled = draft::next_due(&self.channel, self.sent_until).map(Stamp::seconds);
        held.into_iter().chain(scheduled).min()
    }

    /// Sends what was scheduled for now or before.
    fn send_due(&mut self, observer: &mut dyn Observer) {
        self.sent_until = self.now();
        let all = match draft::send_due(&self.channel, self.sent_until) {
            Ok(all) => all,
            Err(error) => return observer.warn(&self.channel, &format!("warning: {error}, so none of them is sent")),
        };
        for (name, done) in all {
            match done {
                Ok(sent) => {
                    let line = format!("sent {}, which was due on {}", sent.stamp, spoken(sent.stamp));
                    tracing::info!(channel = %self.channel.name, message = %sent.stamp, "scheduled message sent");
                    observer.say(&self.channel, &line);
                    self.owed.merge(sent.path.into());
                }
                Err(error) => {
                    tracing::warn!(channel = %self.channel.name, draft = %name, %error, "scheduled message could not be sent");
                    observer.warn(
                        &self.channel,
                        &format!("warning: the scheduled message {name} could not be sent: {error}"),
                    );
                }
            }
        }
    }

    /// Builds, unless everything is as it was.
    fn build(&mut self, observer: &mut dyn Observer) -> Result<Option<Report>, Failure> {
        let start = Instant::now();
        let (same_choice, lock) = match self.prepare(observer) {
            Ok(prepared) => prepared,
            Err(failure) => {
                // The messages can be shown all the same; of two failures the first is told.
                let _ = self.look_only(observer);
                return Err(failure);
            }
        };
        if std::mem::take(&mut self.unlocked) {
            self.owed = Touched::Everything;
        }
        let everything = self.owed == Touched::Everything;
        let (snapshot, same) = self.look(observer)?;
        let is_same = everything && same && same_choice && self.is_built() && self.memory.is_true(&self.output);
        let built = if is_same { None } else { self.rebuild(&lock, &snapshot, start) };
        self.rest = Some(LastLook::from_snapshot(snapshot));
        if is_same {
            forget_grammars();
        }
        built.transpose()
    }

    /// Builds what was looked at; nothing if it is not known what the site is made with.
    fn rebuild(&mut self, lock: &Lock, snapshot: &Snapshot, start: Instant) -> Option<Result<Report, Failure>> {
        let choice = self.choice.as_ref()?;
        let asked = self.asked.manner();
        let progress = self.console.progress("building");
        let request = SiteRequest {
            lock,
            snapshot,
            options: &choice.options,
            // What was taken over and written anew once is ours.
            overrides: Overrides { force: asked.force && !self.reported, ..asked },
            theme: &choice.theme,
            output: &self.output,
            progress: &|done, all| progress.show(done, all),
            gate: &|| Ok(()),
        };
        let built = site::build(&request, &mut self.memory);
        progress.clear();
        if let Ok(built) = &built {
            log_build(&self.channel, built, start.elapsed());
        }
        Some(built.map(|built| Report::new(snapshot, choice, built, start.elapsed())).map_err(Failure::from))
    }

    /// Reads what the site is made with, and takes the lock on it. Tells whether the former is as it was.
    fn prepare(&mut self, observer: &mut dyn Observer) -> Result<(bool, Lock), Failure> {
        let same = self.choose()?;
        let lock = Lock::take(&self.channel, &self.output, || observer.say(&self.channel, WAITS))?;
        Ok((same, lock))
    }

    /// Reads settings and theme, if they may have changed. Tells whether they are as they were.
    fn choose(&mut self) -> Result<bool, Failure> {
        let folders = self.choice.as_ref().map(|choice| choice.theme_folders.as_slice()).unwrap_or_default();
        let is_elsewhere = |path: &PathBuf| {
            name_in_box(&self.channel, path).is_none() || folders.iter().any(|folder| path.starts_with(folder))
        };
        let concerned = match &self.owed {
            Touched::Everything => true,
            Touched::Paths(paths) => paths.iter().any(is_elsewhere),
        };
        if self.choice.is_some() && !concerned && self.failed.is_none() {
            return Ok(true);
        }
        let choice = self.asked.choose(&self.channel, self.around)?;
        let same = self.choice.as_ref() == Some(&choice);
        self.choice = Some(choice);
        Ok(same)
    }

    /// Looks, and leaves the site alone.
    fn look_only(&mut self, observer: &mut dyn Observer) -> Result<(), Failure> {
        let (snapshot, _) = self.look(observer)?;
        self.rest = Some(LastLook::from_snapshot(snapshot));
        self.unlocked = true;
        Ok(())
    }

    /// Looks at what was touched. Tells whether all is as it was, as far as everything was looked at.
    fn look(&mut self, observer: &mut dyn Observer) -> Result<(Snapshot, bool), Failure> {
        let look = self.asked.look(self.now());
        let (snapshot, same) = match (self.rest.take(), &self.owed) {
            (None, _) => {
                // It may be known by the name of a link that leads to it.
                let name = self.channel.name.clone();
                let channel = Channel { name, ..Channel::open(&self.channel.path)? };
                (snapshot::take(channel, &self.cache, look), false)
            }
            (Some(rest), Touched::Everything) => {
                let looked = rest.everything(look);
                self.rest = Some(rest);
                looked?
            }
            (Some(rest), Touched::Paths(paths)) => {
                let names: ChangedNames = paths.iter().filter_map(|path| name_in_box(&self.channel, path)).collect();
                (rest.some(&names, look)?, false)
            }
        };
        self.owed = Touched::default();
        self.unkept |= !same;
        self.channel.kind = snapshot.channel.kind;
        log_scan(&snapshot, same);
        if !same || self.failed.is_some() {
            observer.looked(&self.channel, &snapshot);
        }
        answer(&mut self.wait_for_look, &Ok(()));
        Ok((snapshot, same))
    }

    fn succeed(&mut self, report: Option<&Report>, observer: &mut dyn Observer) -> Result<(), Failure> {
        if let Some(report) = report {
            if report.site.written.len() > MANY {
                forget_grammars();
            }
            let is_news = report.changed() || !self.is_built();
            observer.built(&self.channel, report, is_news)?;
            self.reported = true;
        }
        self.failed = None;
        Ok(())
    }

    fn fail(&mut self, failure: Failure, observer: &mut dyn Observer) -> Result<(), Failure> {
        let is_known = self.failed.as_ref() == Some(&failure);
        if !is_known {
            tracing::warn!(channel = %self.channel.name, reason = failure.message, "round failed");
        }
        let failure = self.failed.insert(failure);
        if is_known { Ok(()) } else { observer.failed(&self.channel, failure) }
    }

    /// Answers whoever waits still.
    fn answer(&mut self) {
        let outcome = self.failed.clone().map_or(Ok(()), Err);
        answer(&mut self.wait_for_look, &outcome);
        answer(&mut self.wait_for_site, &outcome);
    }

    /// The time now, in seconds since 1970.
    fn now(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000_000)
    }
}

/// Logs what a scan found. A box that can't be read is worth a line whenever something changed.
fn log_scan(snapshot: &Snapshot, same: bool) {
    let channel = &snapshot.channel.name;
    tracing::debug!(%channel, messages = snapshot.cards.len(), warnings = snapshot.warnings(), same, "channel scanned");
    for side in Side::BOTH {
        if let BoxState::Unreadable(reason) = snapshot.side(side)
            && !same
        {
            tracing::warn!(%channel, folder = side.name(), %reason, "box can't be read");
        }
    }
}

/// Logs what a build wrote.
fn log_build(channel: &Channel, built: &site::OutputReport, took: Duration) {
    let (written, removed, ms) = (built.written.len(), built.removed.len(), took.as_millis());
    if written + removed > 0 {
        tracing::info!(channel = %channel.name, written, removed, ms, "site built");
    } else {
        tracing::debug!(channel = %channel.name, ms, "site is up to date");
    }
}

fn answer(waiting: &mut Vec<Sender<Answer>>, outcome: &Answer) {
    for waiting in waiting.drain(..) {
        // Who has gone away needs no answer.
        let _ = waiting.send(outcome.clone());
    }
}

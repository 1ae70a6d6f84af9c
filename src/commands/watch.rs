//! `missive watch`: build, then build again whenever something changes.
//!
//! Owns the loop and what is remembered between its rounds. A round is a build like any other: what it remembers only
//! saves it from looking at what nobody touched.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::build::{Report, waits};
use super::publish::Publish;
use super::site::{Choice, Site, cache};
use super::{Clock, Failure, Surroundings, spoken};
use crate::channel::again::{Names, Rest, name_in_box};
use crate::channel::cache::Cache;
use crate::channel::entry::Side;
use crate::channel::snapshot::{self, Snapshot};
use crate::channel::stamp::Stamp;
use crate::channel::{Channel, draft, settings};
use crate::console::Console;
use crate::markdown::forget_grammars;
use crate::site::{self, Lock, Manner, Memory, Request};
use crate::watch::{self, Bell, Means, Place, Scope, Touched, Woken};

/// Turn a channel into a website, and again whenever it changes
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive watch my-blog
  missive watch my-blog --exec 'rsync -a --delete \"$MISSIVE_OUTPUT/\" example.org:/var/www/'")]
pub struct Watch {
    #[command(flatten)]
    site: Site,
    /// Run a command after each build that changed something, with `+path` and `-path` lines on its standard input
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Look at everything this often, whatever the system tells of changes; 0 is never
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    rescan: Duration,
    /// Look for changes every second instead of being told
    #[arg(long)]
    poll: bool,
}

/// Builds a site again and again until the bell rings, which is handed to `with_bell`.
///
/// # Errors
/// [`Failure`] when there is no such channel, or when no change of the channel could help.
pub fn run(
    args: &Watch,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let channel = args.site.channel(around)?;
    let means = if args.poll { Means::Polling } else { Means::Auto };
    let mut watch = watch::Watch::new(means, args.rescan);
    with_bell(watch.bell())?;
    let mut session = Session::new(args, around, console, clock, channel);
    let mut touched = Touched::Everything;
    loop {
        // The places come first: what changes while they are looked at is told then.
        let places = session.places();
        watch.over(places.clone());
        if let Some(remark) = watch.remark() {
            console.say(&format!("note: {remark}"));
        }
        session.round(touched)?;
        if session.places() != places {
            // A theme that was chosen meanwhile was not watched while it was read.
            touched = Touched::Everything;
            continue;
        }
        touched = match watch.wait(session.due()) {
            Woken::Tick(touched) => touched,
            Woken::Due => Touched::default(),
            Woken::Stop => break,
        };
    }
    session.keep();
    Ok(())
}

/// A build of so many files meets languages that the next ones will not.
const MANY: usize = 1_000;

/// What is remembered from round to round.
struct Session<'a> {
    args: &'a Watch,
    around: &'a Surroundings,
    console: Console,
    clock: Clock,
    channel: Channel,
    output: PathBuf,
    cache: Cache,
    rest: Option<Rest>,
    choice: Option<Choice>,
    memory: Memory,
    publish: Publish,
    /// What was touched and not looked at yet.
    owed: Touched,
    /// What was said already and is still true.
    said: HashSet<String>,
    /// Whether a site was reported yet.
    reported: bool,
    /// Why the last round came to nothing, if it did.
    failed: Option<String>,
    /// Whether cards were made that are not kept yet.
    unkept: bool,
    /// Until when every scheduled message was sent, or could not be, in seconds since 1970.
    sent_until: i64,
}

impl<'a> Session<'a> {
    fn new(args: &'a Watch, around: &'a Surroundings, console: Console, clock: Clock, channel: Channel) -> Self {
        Self {
            args,
            around,
            console,
            clock,
            output: args.site.output(&channel, around),
            cache: cache(&channel, around, console),
            channel,
            rest: None,
            choice: None,
            memory: Memory::default(),
            publish: Publish::new(args.exec.clone()),
            owed: Touched::default(),
            said: HashSet::new(),
            reported: false,
            failed: None,
            unkept: false,
            sent_until: i64::MIN,
        }
    }

    /// All that a site is made from.
    fn places(&self) -> Vec<Place> {
        const NAMES: &[&str] = &["inbox", "outbox", "theme", "drafts", settings::FILE_NAME];
        let tree = |path: PathBuf| Place { path, scope: Scope::Tree };
        let mut places = vec![Place { path: self.channel.path.clone(), scope: Scope::Names(NAMES) }];
        places.extend(Side::BOTH.map(|side| tree(self.channel.path.join(side.name()))));
        places.push(tree(draft::folder(&self.channel)));
        match &self.choice {
            Some(choice) => places.extend(choice.theme_folders.iter().cloned().map(tree)),
            None => places.push(tree(self.channel.path.join("theme"))),
        }
        places
    }

    /// How long until a held or a scheduled message is due. After a failure only a change or a rescan is worth another try.
    fn due(&self) -> Option<Duration> {
        let held = self.rest.as_ref().filter(|_| self.failed.is_none()).and_then(Rest::due);
        // What could not be sent when it was due is tried again whenever something changes, and by the rescan.
        let scheduled = draft::next_due(&self.channel, self.sent_until).map(Stamp::seconds);
        let due = held.into_iter().chain(scheduled).min()?.saturating_mul(1_000_000_000);
        Some(Duration::from_nanos(u64::try_from(due.saturating_sub((self.clock)())).unwrap_or(0)))
    }

    /// Looks, builds if there is a reason, and says what came of it.
    fn round(&mut self, touched: Touched) -> Result<(), Failure> {
        let everything = touched == Touched::Everything;
        self.owed.merge(touched);
        self.send_due();
        match self.build(Instant::now()) {
            Ok(report) => self.succeed(report)?,
            Err(failure) if failure.lasting && !self.reported => return Err(failure),
            Err(failure) => self.fail(&failure),
        }
        if let Some(complaint) = self.publish.run(&self.around.here, &self.output) {
            self.console.say(&complaint);
        }
        if everything {
            self.keep();
        }
        Ok(())
    }

    /// Sends what was scheduled for now or before.
    fn send_due(&mut self) {
        self.sent_until = (self.clock)().div_euclid(1_000_000_000);
        for (name, done) in draft::send_due(&self.channel, self.sent_until) {
            match done {
                Ok(sent) => {
                    self.console.say(&format!("sent {}, which was due on {}", sent.stamp, spoken(sent.stamp)));
                    self.owed.merge(sent.path.into());
                }
                Err(error) => {
                    let line = format!("warning: {name} is due and could not be sent: {error}");
                    if self.said.insert(line.clone()) {
                        self.console.say(&line);
                    }
                }
            }
        }
    }

    /// Builds, unless everything is as it was.
    fn build(&mut self, start: Instant) -> Result<Option<Report>, Failure> {
        let same_choice = self.choose()?;
        let lock = Lock::take(&self.channel, &self.output, || waits(self.console))?;
        let everything = self.owed == Touched::Everything;
        let (snapshot, same) = self.look()?;
        let Some(choice) = self.choice.as_ref() else {
            return Ok(None);
        };
        let asked = self.args.site.manner();
        if everything && same && same_choice && self.failed.is_none() && self.memory.is_true(&self.output) {
            forget_grammars();
            self.rest = Some(Rest::of(snapshot));
            return Ok(None);
        }
        let progress = self.console.progress("building");
        // What was taken over and written anew once is ours.
        let manner = Manner { force: asked.force && !self.reported, ..asked };
        let request = Request {
            lock: &lock,
            snapshot: &snapshot,
            options: &choice.options,
            manner,
            theme: &choice.theme,
            output: &self.output,
            progress: &|done, all| progress.show(done, all),
            gate: &|| Ok(()),
        };
        let built = site::rebuild(&request, &mut self.memory);
        progress.clear();
        let report = built.map(|built| Report::new(&snapshot, choice, built, start.elapsed()));
        self.rest = Some(Rest::of(snapshot));
        Ok(Some(report?))
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
        let choice = self.args.site.choose(&self.channel, self.around)?;
        let same = self.choice.as_ref() == Some(&choice);
        self.choice = Some(choice);
        Ok(same)
    }

    /// Looks at what was touched. Tells whether all is as it was, as far as everything was looked at.
    fn look(&mut self) -> Result<(Snapshot, bool), Failure> {
        let look = self.args.site.look((self.clock)().div_euclid(1_000_000_000));
        let (snapshot, same) = match (self.rest.take(), &self.owed) {
            (None, _) => {
                let channel = Channel::open(&self.channel.path)?;
                (snapshot::take(channel, &self.cache, look), false)
            }
            (Some(rest), Touched::Everything) => {
                let looked = rest.everything(look);
                self.rest = Some(rest);
                looked?
            }
            (Some(rest), Touched::Paths(paths)) => {
                let names: Names = paths.iter().filter_map(|path| name_in_box(&self.channel, path)).collect();
                (rest.some(&names, look)?, false)
            }
        };
        self.owed = Touched::default();
        self.unkept |= !same;
        Ok((snapshot, same))
    }

    fn succeed(&mut self, report: Option<Report>) -> Result<(), Failure> {
        let Some(report) = report else {
            return Ok(());
        };
        if report.site.written.len() > MANY {
            forget_grammars();
        }
        self.publish.note(&report.site);
        report.whisper_damage(self.console);
        let remarks = report.remarks();
        // A warning that comes back is said again, a note is not.
        self.said.retain(|line| line.starts_with("note: ") || remarks.contains(line));
        for remark in remarks.into_iter().filter(|remark| !self.said.contains(remark)).collect::<Vec<_>>() {
            self.console.say(&remark);
            self.said.insert(remark);
        }
        if report.changed() || !self.reported || self.failed.is_some() {
            self.console.record(&report)?;
        }
        (self.reported, self.failed) = (true, None);
        Ok(())
    }

    fn fail(&mut self, failure: &Failure) {
        let words = failure.to_string();
        if self.failed.as_ref() != Some(&words) {
            self.console.say(&words);
        }
        self.failed = Some(words);
    }

    /// Keeps the cards for the next run.
    fn keep(&mut self) {
        let Some(rest) = self.rest.as_ref().filter(|_| self.unkept) else {
            return;
        };
        if let Err(error) = rest.keep(&self.cache) {
            self.console.whisper(&format!("the card cache could not be kept: {error}"));
        }
        self.unkept = false;
    }
}

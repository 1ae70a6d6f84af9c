//! `missive watch`: build, then build again whenever something changes.
//!
//! Owns what a person and a script are told of it, once each. Refuses to know what a round is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::build::Report;
use super::{Clock, Failure, Surroundings};
use crate::channel::Channel;
use crate::commands::site_options::Site;
use crate::console::Console;
use crate::daemon::cycle::{Live, Observer};
use crate::daemon::hooks::Publish;
use crate::daemon::node::Beside;
use crate::daemon::schedule::Rounds;
use crate::watch::{Detection, Waker};

/// Build a channel's website, and again after every change
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive watch my-blog
  missive watch my-blog --exec 'rsync -a --delete \"$MISSIVE_OUTPUT/\" example.org:/var/www/'")]
pub struct Watch {
    #[command(flatten)]
    site: Site,
    /// Run a command after each build that changed something; it gets `+path` and `-path` lines on its standard input
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Check everything this often, even if the system reports no change; 0 is never
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    rescan: Duration,
    /// Check for changes every second instead of waiting for the system's reports
    #[arg(long)]
    poll: bool,
    #[command(flatten)]
    beside: Beside,
}

/// Builds a site again and again until the waker rings, which is handed to `with_waker`.
///
/// # Errors
/// [`Failure`] when there is no such channel, or when no change of the channel could help.
pub fn run(
    args: &Watch,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let channel = args.site.channel(around)?;
    let detection = if args.poll { Detection::Polling } else { Detection::Auto };
    let mut rounds = Rounds::new(detection, args.rescan, console, clock);
    with_waker(rounds.waker())?;
    let mut live = Live::new(args.site.asked.clone(), channel, around, console, clock);
    live.build_from_now_on();
    let mut teller = Teller {
        console,
        here: &around.here,
        output: live.output().to_owned(),
        publish: Publish::new(args.exec.clone()),
        said: HashSet::new(),
        reported: false,
    };
    rounds.keep(live);
    let _node = args.beside.start(around, console, clock);
    rounds.run(&mut teller)
}

/// Says and prints what the rounds find, and publishes it.
struct Teller<'a> {
    console: Console,
    here: &'a Path,
    output: PathBuf,
    publish: Publish,
    /// What was said already and is still true.
    said: HashSet<String>,
    /// Whether a site was reported yet.
    reported: bool,
}

impl Teller<'_> {
    fn say_once(&mut self, line: &str) {
        if self.said.insert(line.to_owned()) {
            self.console.say(line);
        }
    }
}

impl Observer for Teller<'_> {
    fn built(&mut self, _channel: &Channel, report: &Report, is_news: bool) -> Result<(), Failure> {
        self.publish.note(&report.site);
        report.whisper_damage(self.console);
        let remarks = report.remarks();
        // A warning that comes back is said again, a note is not.
        self.said.retain(|line| line.starts_with("note: ") || remarks.contains(line));
        for remark in &remarks {
            self.say_once(remark);
        }
        if is_news {
            self.console.record(report)?;
        }
        self.reported = true;
        Ok(())
    }

    fn failed(&mut self, _channel: &Channel, failure: &Failure) -> Result<(), Failure> {
        if failure.lasting && !self.reported {
            return Err(failure.clone());
        }
        self.console.say_lines(&failure.to_string());
        Ok(())
    }

    fn say(&mut self, _channel: &Channel, line: &str) {
        self.console.say(line);
    }

    fn warn(&mut self, _channel: &Channel, line: &str) {
        self.say_once(line);
    }

    fn over(&mut self, _channel: &Channel) {
        if let Some(complaint) = self.publish.run(self.here, &self.output) {
            self.console.say(&complaint);
        }
    }
}

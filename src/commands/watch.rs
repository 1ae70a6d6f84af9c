//! `missive watch`: build, then build again whenever something changes.
//!
//! Each build that changed something is reported, and each problem once for as long as it lasts.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::channel::Channel;
use crate::commands::build::BuildReport;
use crate::commands::daemon_events::EventLine;
use crate::commands::network_options::BackgroundSyncArgs;
use crate::commands::site_options::ChannelSiteArgs;
use crate::commands::watch_options::WatchArgs;
use crate::commands::{Environment, Failure, daemon_events};
use crate::console::Console;
use crate::daemon;
use crate::daemon::cycle::ChannelCycle;
use crate::daemon::hooks::ExecHook;
use crate::daemon::observer::{BuiltSite, CycleEvent, Observer};
use crate::watch::Waker;

/// Build a channel's website, and again after every change
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive watch my-blog
  missive watch my-blog --exec 'rsync -a --delete \"$MISSIVE_OUTPUT/\" example.org:/var/www/'")]
pub struct Watch {
    #[command(flatten)]
    site: ChannelSiteArgs,
    /// Run a command after each build that changed something; it gets `+path` and `-path` lines on its standard input
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    #[command(flatten)]
    changes: WatchArgs,
    #[command(flatten)]
    sync: BackgroundSyncArgs,
}

/// Builds a site again and again until the waker says stop, which is handed to `with_waker`.
///
/// # Errors
/// [`Failure`] when there is no such channel, or when no change of the channel could help.
pub fn run(
    args: &Watch,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let channel = args.site.channel(environment)?;
    let options = args.site.asked.options(environment)?;
    let mut schedule = args.changes.schedule(environment, console);
    with_waker(schedule.waker())?;
    let mut cycle = ChannelCycle::new(options, channel, &environment.folders, console, environment.clock);
    cycle.build_from_now_on();
    let mut observer = WatchObserver {
        console,
        here: &environment.folders.here,
        output: cycle.output().to_owned(),
        hook: ExecHook::new(args.exec.clone()),
        said: HashSet::new(),
        was_built: false,
    };
    schedule.add(cycle);
    let _node = args.sync.start(environment, console);
    schedule.run(&mut observer)
}

/// Says and prints what the turns find, and runs the hook.
struct WatchObserver<'a> {
    console: Console,
    here: &'a Path,
    output: PathBuf,
    hook: ExecHook,
    /// What was said already and is still true.
    said: HashSet<String>,
    /// Whether a site was built yet.
    was_built: bool,
}

impl WatchObserver<'_> {
    fn say_once(&mut self, line: &str) {
        if self.said.insert(line.to_owned()) {
            self.console.say(line);
        }
    }
}

impl Observer for WatchObserver<'_> {
    type Stop = Failure;

    fn built(&mut self, _channel: &Channel, site: &BuiltSite<'_>, is_news: bool) -> Result<(), Failure> {
        self.hook.note(site.output);
        daemon_events::say_damage_if_verbose(self.console, site.output.damage.as_ref());
        let report = BuildReport::new(site);
        let remarks = report.remarks();
        // A warning that comes back is said again, a note is not.
        self.said.retain(|line| line.starts_with("note: ") || remarks.contains(line));
        for remark in &remarks {
            self.say_once(remark);
        }
        if is_news {
            self.console.record(&report)?;
        }
        self.was_built = true;
        Ok(())
    }

    fn failed(&mut self, _channel: &Channel, error: &Arc<daemon::Error>) -> Result<(), Failure> {
        let failure = Failure::from(Arc::clone(error));
        if error.needs_other_arguments() && !self.was_built {
            return Err(failure);
        }
        self.console.say_lines(&failure.to_string());
        Ok(())
    }

    fn happened(&mut self, _channel: &Channel, event: &CycleEvent<'_>) {
        match daemon_events::line(event) {
            EventLine::News(line) => self.console.say(&line),
            EventLine::Lasting(line) => self.say_once(&line),
        }
    }

    fn turn_ended(&mut self, _channel: &Channel) {
        if let Some(warning) = self.hook.run(self.here, &self.output) {
            self.console.say(&warning);
        }
    }
}

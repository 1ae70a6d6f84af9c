//! How `watch` and `serve` notice changes.

use std::time::Duration;

use clap::Args;

use crate::commands::Environment;
use crate::console::Console;
use crate::daemon::schedule::Schedule;
use crate::watch::Detection;

/// How changes are noticed.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Rescan everything this often, even if the system reports no change; 0 is never
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    rescan: Duration,
    /// Check for changes every second, instead of relying on the system's notifications
    #[arg(long)]
    poll: bool,
}

impl WatchArgs {
    /// A schedule of no channel yet.
    pub(super) fn schedule<'a>(&self, environment: &Environment, console: Console) -> Schedule<'a> {
        let detection = if self.poll { Detection::Polling } else { Detection::Auto };
        Schedule::new(detection, self.rescan, console, environment.clock)
    }
}

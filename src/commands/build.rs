//! `missive build`: a channel becomes a website, or all of them become a reading room.

mod reading_room;
mod report;

use std::fmt;

use clap::{ArgAction, Args};
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
pub use crate::commands::build::report::BuildReport;

use crate::commands::build::reading_room::ReadingRoomReport;
use crate::commands::daemon_events::Narrator;
use crate::commands::site_options::ChannelSiteArgs;
use crate::commands::{Environment, daemon_events};
use crate::console::Console;
use crate::daemon::cycle::ChannelCycle;

/// Build a channel's website, or a reading room of all channels
#[derive(Debug, Args)]
#[command(mut_arg("channel", |arg| arg
    .num_args(1..)
    .action(ArgAction::Append)
    .required(false)
    .required_unless_present("all")
    .help("A channel's name or folder; with --all, conversations to include")
))]
#[command(mut_arg("output", |arg| arg.help("The output folder [default: CHANNEL/site]")))]
#[command(override_usage = "missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...")]
#[command(after_help = "Examples:
  missive build my-blog -o /var/www/blog --base-url https://example.org/blog/
  missive build --all -o ~/reading-room    # all subscriptions and broadcasts, with one front page")]
pub struct Build {
    #[command(flatten)]
    site: ChannelSiteArgs,
    /// Build a reading room: all subscriptions and broadcasts, with one front page and one feed for all
    #[arg(long, requires = "output", conflicts_with = "box")]
    all: bool,
    /// Say why each file was written
    #[arg(long)]
    explain: bool,
    /// Fail if a box contains a strange file
    #[arg(long)]
    strict: bool,
}

/// What a build did: of one channel, or of all.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum BuildResult {
    /// Of one channel.
    Site(Box<BuildReport>),
    /// Of all.
    Room(Box<ReadingRoomReport>),
}

/// Builds a site, or a reading room.
///
/// # Errors
/// [`Failure`]; whatever it is, each site that was there before is whole.
pub fn run(args: &Build, environment: &Environment, console: Console) -> Result<BuildResult, Failure> {
    if args.all {
        let options = args.site.asked.options(environment)?;
        let Some(output) = options.output.clone() else {
            return Err(Failure::usage("a reading room needs a folder", "say which one: `missive build --all -o DIR`"));
        };
        let wanted = reading_room::Wanted {
            options,
            output,
            named: args.site.named(),
            explain: args.explain,
            strict: args.strict,
        };
        return Ok(BuildResult::Room(Box::new(reading_room::build(&wanted, environment, console)?)));
    }
    if args.site.named().len() > 1 {
        let hint = "build them one after the other, or all into one folder with `--all -o DIR`";
        return Err(Failure::usage("build takes one channel at a time", hint));
    }
    Ok(BuildResult::Site(Box::new(site(args, environment, console)?)))
}

fn site(args: &Build, environment: &Environment, console: Console) -> Result<BuildReport, Failure> {
    let channel = args.site.channel(environment)?;
    let options = args.site.asked.options(environment)?;
    let cycle = ChannelCycle::new(options, channel, &environment.folders, console, environment.clock);
    let built = cycle.build_once(&mut Narrator(console))?;
    daemon_events::say_damage_if_verbose(console, built.output.damage.as_ref());
    Ok(BuildReport::new(&built.site()).shown_as(args.explain, args.strict))
}

impl BuildResult {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        match self {
            Self::Site(report) => report.failed(),
            Self::Room(report) => report.failed(),
        }
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Site(report) => report.remarks(),
            Self::Room(report) => report.remarks(),
        }
    }
}

impl fmt::Display for BuildResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(report) => report.fmt(f),
            Self::Room(report) => report.fmt(f),
        }
    }
}

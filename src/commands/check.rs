//! `missive check`: every file that is not shown, and why.

use std::ffi::OsString;
use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::origins::KnownOrigins;
use super::settle::{Settled, settle};
use super::{Failure, Surroundings, count, locate};
use crate::channel::cache::Cache;
use crate::channel::classify::Reason;
use crate::channel::entry::Side;
use crate::channel::feed_ids::{self, Claim};
use crate::channel::snapshot::{self, BoxState, Look, Snapshot};
use crate::channel::{Channel, folder, profile, settings};
use crate::console::Console;
use crate::unseen::field;

/// Say which files are not shown, and why
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "Examples:
  missive check my-blog
  missive check --fix        # asks what becomes of each conflict copy in an outbox")]
pub struct Check {
    /// A channel's name or folder; all channels of the data folder unless given
    channel: Option<OsString>,
    /// List what is ignored as a matter of course too
    #[arg(long)]
    all: bool,
    /// Fail if there is a warning
    #[arg(long)]
    strict: bool,
    /// Go through the conflict copies in the outbox: make each a message of its own, or drop it to `trash/`
    #[arg(long)]
    fix: bool,
    /// With --fix: do not ask; re-file what differs, drop what is the same
    #[arg(long, requires = "fix")]
    yes: bool,
}

/// What was found in one channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checked {
    channel: String,
    messages: usize,
    findings: Vec<Finding>,
    /// The conflict copies and what became of each, with `--fix`.
    conflicts: Vec<Settled>,
}

/// A file that is not shown, or that has something wrong with it.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    path: String,
    warning: bool,
    why: String,
    /// Whether it is a conflict copy that `--fix` would go through.
    #[serde(skip)]
    fixable: bool,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    channels: Vec<Checked>,
    #[serde(skip)]
    strict: bool,
}

/// Checks one channel or all.
///
/// # Errors
/// [`Failure`] when there is no such channel.
pub fn run(args: &Check, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let channels = match &args.channel {
        Some(wanted) => vec![locate::channel(around, wanted)?],
        None => folder::discover(&around.data)?,
    };
    let origins = KnownOrigins::read(around);
    let mut claims = Vec::new();
    let mut checked_channels = Vec::new();
    for channel in channels {
        let (snapshot, checked) = checked(channel, around, args, console);
        let owned = Claim::of_channel(&snapshot, &origins.of(&snapshot.channel)).into_iter();
        claims.extend(owned.map(|claim| (checked_channels.len(), claim)));
        checked_channels.push(checked);
    }
    add_same_ids(&mut checked_channels, claims);
    Ok(Report { channels: checked_channels, strict: args.strict })
}

/// Says which channels claim the feed id of another one; each claim comes with the position of its channel.
fn add_same_ids(channels: &mut [Checked], claims: Vec<(usize, Claim)>) {
    let (owners, claims): (Vec<usize>, Vec<Claim>) = claims.into_iter().unzip();
    for ((at, claim), borne) in owners.iter().zip(&claims).zip(feed_ids::settle(&claims)) {
        let bearer = borne.bearer.and_then(|bearer| claims.get(bearer));
        if let (Some(bearer), Some(channel)) = (bearer, channels.get_mut(*at)) {
            let path = format!("{}/{}", claim.side, profile::FILE_NAME);
            channel.findings.push(Finding { path, warning: true, why: claim.refusal(bearer), fixable: false });
        }
    }
}

fn checked(channel: Channel, around: &Surroundings, args: &Check, console: Console) -> (Snapshot, Checked) {
    // Without a cache every text is read, so that each is seen as it is.
    let look = |channel: Channel| snapshot::take(channel, &Cache::nowhere(), Look::at(around.seconds()));
    let mut snapshot = look(channel);
    let conflicts = if args.fix { settle(&snapshot, args.yes, console) } else { Vec::new() };
    if conflicts.iter().any(Settled::moved) {
        snapshot = look(snapshot.channel);
    }
    let findings = findings(&snapshot, args);
    let (channel, messages) = (snapshot.channel.name.to_string(), snapshot.cards.len());
    (snapshot, Checked { channel, messages, findings, conflicts })
}

fn findings(snapshot: &Snapshot, args: &Check) -> Vec<Finding> {
    let warning = |path: String, why: String| Finding { path, warning: true, why, fixable: false };
    let mut findings = Vec::new();
    if let Err(error) = settings::read(&snapshot.channel.path) {
        findings.push(warning(settings::FILE_NAME.to_owned(), error.to_string()));
    }
    for side in Side::BOTH {
        if let BoxState::Unreadable(error) = snapshot.side(side) {
            findings.push(warning(side.name().to_owned(), format!("not readable: {error}")));
        }
    }
    let expected = |reason: &Reason| matches!(reason, Reason::Hidden | Reason::Leftover | Reason::OldVersion);
    let hidden = snapshot.hidden.iter().filter(|hidden| args.all || hidden.warning || !expected(&hidden.reason));
    // What --fix went through is told with what became of it.
    let hidden = hidden.filter(|hidden| !args.fix || hidden.reason != Reason::Conflict);
    findings.extend(hidden.map(|hidden| Finding {
        path: hidden.in_channel().to_string_lossy().into_owned(),
        warning: hidden.warning,
        why: hidden.reason.to_string(),
        fixable: hidden.reason == Reason::Conflict && hidden.side == Side::Outbox,
    }));
    let problems = snapshot.problems.iter();
    findings.extend(problems.map(|(side, stamp, problem)| warning(format!("{side}/{stamp}.txt"), problem.clone())));
    findings
}

impl Checked {
    fn warnings(&self) -> usize {
        let left = self.conflicts.iter().filter(|conflict| !conflict.moved()).count();
        self.findings.iter().filter(|finding| finding.warning).count() + left
    }
}

impl Report {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        let unfixed = self.channels.iter().flat_map(|channel| &channel.conflicts).any(Settled::failed);
        unfixed || self.strict && self.channels.iter().any(|channel| channel.warnings() > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for channel in &self.channels {
            let warnings = channel.warnings();
            let verdict = if warnings == 0 { "nothing to warn of".to_owned() } else { count(warnings, "warning") };
            writeln!(f, "{}: {}, {verdict}", field(&channel.channel), count(channel.messages, "message"))?;
            for finding in &channel.findings {
                writeln!(f, "  {}: {}", field(&finding.path), field(&finding.why))?;
            }
            for conflict in &channel.conflicts {
                write!(f, "{conflict}")?;
            }
        }
        if self.channels.iter().flat_map(|channel| &channel.findings).any(|finding| finding.fixable) {
            writeln!(f, "`missive check --fix` goes through the conflict copies in an outbox.")?;
        }
        Ok(())
    }
}

//! `missive check`: every file that is not shown, and why.

use std::ffi::OsString;
use std::fmt;

use clap::Args;
use serde::Serialize;

use super::{Failure, Surroundings, count, locate};
use crate::channel::cache::Cache;
use crate::channel::classify::Reason;
use crate::channel::snapshot::{self, BoxState, Look};
use crate::channel::{Channel, folder, settings};

/// Say which files are not shown, and why
#[derive(Debug, Args)]
pub struct Check {
    /// A channel's name or folder; all channels of the data folder unless given
    channel: Option<OsString>,
    /// Lists what is ignored as a matter of course too
    #[arg(long)]
    all: bool,
    /// Fail if there is a warning
    #[arg(long)]
    strict: bool,
}

/// What was found in one channel.
#[derive(Debug, Serialize)]
pub struct Checked {
    channel: String,
    messages: usize,
    findings: Vec<Finding>,
}

/// A file that is not shown, or that has something wrong with it.
#[derive(Debug, Serialize)]
struct Finding {
    path: String,
    warning: bool,
    why: String,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    channels: Vec<Checked>,
    #[serde(skip)]
    strict: bool,
}

/// Checks one channel or all.
///
/// # Errors
/// [`Failure`] when there is no such channel.
pub fn run(args: &Check, around: &Surroundings) -> Result<Report, Failure> {
    let channels = match &args.channel {
        Some(wanted) => vec![locate::channel(around, wanted)?],
        None => folder::discover(&around.data)?,
    };
    let channels = channels.into_iter().map(|channel| checked(channel, around, args.all)).collect();
    Ok(Report { channels, strict: args.strict })
}

fn checked(channel: Channel, around: &Surroundings, all: bool) -> Checked {
    let name = channel.name.to_string();
    let mut findings = Vec::new();
    if let Err(error) = settings::read(&channel.path) {
        findings.push(Finding { path: settings::FILE_NAME.to_owned(), warning: true, why: error.to_string() });
    }
    // Without a cache every text is read, so that each is seen as it is.
    let look = Look::at(around.seconds());
    let snapshot = snapshot::take(channel, &Cache::nowhere(), look);
    for side in crate::channel::entry::Side::BOTH {
        if let BoxState::Unreadable(error) = snapshot.side(side) {
            findings.push(Finding {
                path: side.name().to_owned(),
                warning: true,
                why: format!("not readable: {error}"),
            });
        }
    }
    let expected = |reason: &Reason| matches!(reason, Reason::Hidden | Reason::Leftover | Reason::OldVersion);
    let hidden = snapshot.hidden.iter().filter(|hidden| all || hidden.warning || !expected(&hidden.reason));
    findings.extend(hidden.map(|hidden| Finding {
        path: hidden.in_channel().to_string_lossy().into_owned(),
        warning: hidden.warning,
        why: hidden.reason.to_string(),
    }));
    findings.extend(snapshot.problems.iter().map(|(side, stamp, problem)| Finding {
        path: format!("{side}/{stamp}.txt"),
        warning: true,
        why: problem.clone(),
    }));
    Checked { channel: name, messages: snapshot.cards.len(), findings }
}

impl Report {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        self.strict && self.channels.iter().flat_map(|channel| &channel.findings).any(|finding| finding.warning)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for channel in &self.channels {
            let warnings = channel.findings.iter().filter(|finding| finding.warning).count();
            let verdict = if warnings == 0 { "nothing to warn of".to_owned() } else { count(warnings, "warning") };
            writeln!(
                f,
                "{}: {}, {verdict}",
                crate::unseen::field(&channel.channel),
                count(channel.messages, "message")
            )?;
            for finding in &channel.findings {
                let path = crate::unseen::field(&finding.path);
                writeln!(f, "  {path}: {}", crate::unseen::field(&finding.why))?;
            }
        }
        Ok(())
    }
}

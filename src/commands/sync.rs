//! `missive sync`: the node in the foreground.
//!
//! Owns the lines that tell how the channels stand, and when `--once` is over. Refuses to know how anything is moved.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Clock, Failure, Surroundings, freshness};
use crate::article::readable_size;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::network_options::Network;
use crate::commands::wait_for_sync::{Ended, Verdict, Waiting};
use crate::commands::{documents, resolve};
use crate::console::{Console, LiveLines};
use crate::sync::keys::book::Book;
use crate::sync::status::{DocumentState, NodeState};
use crate::text::invisible::field;
use crate::watch::Waker;

/// Sync all shared channels, until stopped
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive sync --once    # for a timer: stops when everything is up to date
  missive sync my-channel --fetch 2026-01-01T10-00-00Z/film.mp4")]
pub struct Sync {
    /// The channel for --fetch or --yes-delete-all
    channel: Option<OsString>,
    /// Stop when everything is up to date
    #[arg(long)]
    once: bool,
    /// With --once: stop when nothing has changed for this long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    wait: Duration,
    /// Download this attachment although it is larger than the limit
    #[arg(long, value_name = "PATH", requires = "channel")]
    fetch: Vec<String>,
    /// Confirm that everything in the outbox was deleted on purpose, and delete it for the readers too
    #[arg(long, requires = "channel")]
    yes_delete_all: bool,
    #[command(flatten)]
    network: Network,
}

/// How the channels stood when it ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Whether all of them were in step.
    in_step: bool,
    documents: Vec<DocumentState>,
    #[serde(skip)]
    lines: Vec<String>,
    #[serde(skip)]
    once: bool,
}

impl Report {
    /// Whether `--once` could not bring everything in step.
    pub fn failed(&self) -> bool {
        self.once && !self.in_step
    }
}

/// Synchronises until the waker rings, which is handed to `with_waker`, or with `--once` until all is in step.
///
/// # Errors
/// [`Failure`] when the node cannot start, or another program runs it.
pub fn run(
    args: &Sync,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let mut waiting = Waiting::begin(with_waker)?;
    // A data folder that vanishes later is not made anew.
    fs_err::create_dir_all(&around.data)?;
    note(args, around)?;
    resolve::mention_no_boxes(around, console);
    let session = waiting.open(around, args.network.options(around), clock)?;
    if !session.is_own() && !args.once {
        return Err(Failure::new(
            format!("another missive is already syncing {}", around.data.display()),
            "`missive status` shows its state",
        ));
    }
    let mut teller = Teller { live: console.live_lines(), paces: BTreeMap::new() };
    let mut last = NodeState::default();
    let mut settled = None;
    let patience = if args.once { args.wait } else { Duration::MAX };
    let ended = waiting.until(&session, around, patience, |state| {
        last = state.clone();
        teller.tell(state, clock());
        let is_settled = args.once && is_settled(state);
        // What was asked for a moment ago has its chance to begin.
        let since = settled.filter(|_| is_settled).unwrap_or_else(clock);
        settled = Some(since);
        if is_settled && clock() - since > SETTLED { Verdict::Done } else { Verdict::Wait }
    })?;
    drop(teller);
    waiting.end(session, console)?;
    let now = clock().div_euclid(1_000_000_000);
    let lines = last.documents.iter().map(|document| line(document, now)).collect();
    Ok(Report {
        in_step: ended == Ended::Done || last.documents.iter().all(is_up_to_date),
        documents: last.documents,
        lines: if args.once { lines } else { Vec::new() },
        once: args.once,
    })
}

/// What is said where there is nothing to keep in step.
pub(super) const NOTHING: &str =
    "Nothing is shared yet: missive share CHANNEL, missive subscribe KEY, missive invite NAME";

/// So long everything has to be in step before it is taken for that, in nanoseconds.
const SETTLED: i64 = 1_000_000_000;

/// Notes in the book what was asked for beside.
fn note(args: &Sync, around: &Surroundings) -> Result<(), Failure> {
    let Some(wanted) = &args.channel else {
        return Ok(());
    };
    let name = match resolve::channel(around, wanted) {
        Ok(channel) => documents::name(around, &channel)?,
        // A channel whose outbox is gone is no channel any more, and still has a document.
        Err(failure) => match ChannelName::parse(wanted).filter(|_| args.yes_delete_all) {
            Some(name) => name,
            None => return Err(failure),
        },
    };
    Book::change(&around.data, |book| {
        let mut documents = book.documents.iter_mut().filter(|document| document.channel == name).peekable();
        if documents.peek().is_none() {
            return Err(Failure::new(format!("`{name}` is not shared"), "`missive keys` lists the shared channels"));
        }
        for document in documents {
            let new: Vec<String> = args
                .fetch
                .iter()
                .map(|path| path.trim_start_matches("inbox/").to_owned())
                .filter(|path| !document.fetch.contains(path))
                .collect();
            document.fetch.extend(new);
            document.delete_all |= args.yes_delete_all && document.side == Side::Outbox;
        }
        Ok(())
    })
}

/// Whether nothing is to be waited for.
fn is_settled(state: &NodeState) -> bool {
    state.accepting.is_empty() && state.documents.iter().all(is_up_to_date)
}

/// Whether a document is in step; one that nobody else has is by itself.
fn is_up_to_date(document: &DocumentState) -> bool {
    document.is_up_to_date()
        || (document.writes && document.peers.is_empty() && document.arriving == 0 && document.question.is_none())
}

/// The line about the clock.
const CLOCK: &str = "clock";

/// Tells how channels stand, a line for each.
struct Teller {
    live: LiveLines,
    paces: BTreeMap<String, Pace>,
}

impl Teller {
    fn tell(&mut self, state: &NodeState, now: i64) {
        let seconds = now.div_euclid(1_000_000_000);
        let mut told = BTreeSet::new();
        if let Some(warning) = freshness::clock(state) {
            self.live.show(CLOCK, &format!("warning: {warning}"), "");
            told.insert(CLOCK.to_owned());
        }
        for document in &state.documents {
            let name = name(document);
            let pace = self.paces.entry(name.clone()).or_default().at(document.fetched, now);
            let pace =
                if document.arriving > 0 { pace.map(|pace| format!(", {}/s", readable_size(pace))) } else { None };
            // Seconds pass by themselves.
            let meaning = format!(
                "{} {} {} {:?}",
                document.arriving / 100,
                document.connected(),
                document.compared.is_some(),
                document.question
            );
            let line = line(document, seconds) + &pace.unwrap_or_default();
            self.live.show(&name, &line, &meaning);
            for problem in &document.problems {
                let problem = format!("  {}: {}", name, field(problem));
                self.live.show(&problem, &problem, "");
                told.insert(problem);
            }
            told.insert(name);
        }
        self.live.keep(|what| told.contains(what));
    }
}

/// How fast a channel arrives.
#[derive(Debug, Default)]
struct Pace {
    /// When it was measured last, in nanoseconds since 1970.
    at: i64,
    bytes: u64,
    rate: u64,
}

impl Pace {
    /// Bytes in a second, with so many fetched until now; `None` where nothing moves.
    fn at(&mut self, bytes: u64, now: i64) -> Option<u64> {
        let passed = u64::try_from(now.saturating_sub(self.at)).unwrap_or(0) / 1_000_000;
        if passed >= 1000 {
            let rate = if self.at == 0 { 0 } else { bytes.saturating_sub(self.bytes).saturating_mul(1000) / passed };
            *self = Self { at: now, bytes, rate };
        }
        (self.rate > 0).then_some(self.rate)
    }
}

fn name(document: &DocumentState) -> String {
    format!("{} ({})", field(&document.channel.to_string()), document.side)
}

fn line(document: &DocumentState, now: i64) -> String {
    format!("{}: {}", name(document), freshness::words(document, now))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.once && self.lines.is_empty() {
            return writeln!(f, "{NOTHING}");
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_what_came_in_the_last_second() {
        let (mut pace, second) = (Pace::default(), 1_000_000_000);
        assert_eq!(pace.at(500, 10 * second), None, "nothing is known yet");
        assert_eq!(pace.at(700, 10 * second + second / 2), None);
        assert_eq!(pace.at(4500, 12 * second), Some(2000));
        assert_eq!(pace.at(4600, 12 * second + 1), Some(2000), "not so often");
        assert_eq!(pace.at(4500, 20 * second), None, "nothing moves");
    }
}

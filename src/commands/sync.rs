//! `missive sync`: syncs in the foreground, and shows a line for each channel.
//!
//! How anything is moved is the node's.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, freshness};
use crate::article::readable_size;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::Environment;
use crate::commands::network_options::NetworkArgs;
use crate::commands::wait_for_sync::{SyncWait, Verdict, WaitEnd};
use crate::commands::{documents, resolve};
use crate::console::{Console, LiveLines};
use crate::sync::keys::book::Book;
use crate::sync::keys::document::Returned;
use crate::sync::status::{DocumentState, NodeState};
use crate::text::invisible::field;
use crate::watch::Waker;

/// Sync all shared channels, until stopped
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive sync --once    # from a timer: sync, then stop
  missive sync my-channel --fetch 2026-01-01T10-00-00Z/film.mp4")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct Sync {
    /// The channel for --fetch and the --yes options
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
    /// Confirm that files which came back in the outbox, older than what readers have, are for the readers as they are now
    #[arg(long, requires = "channel", conflicts_with = "yes_discard_returned")]
    yes_publish_returned: bool,
    /// Confirm that files which came back in the outbox are out of date: they go to the trash, and what readers have stays
    #[arg(long, requires = "channel")]
    yes_discard_returned: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// How the channels stood when it ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncReport {
    /// Whether nothing was left to wait for.
    in_step: bool,
    documents: Vec<DocumentState>,
    #[serde(skip)]
    lines: Vec<String>,
    #[serde(skip)]
    once: bool,
}

impl SyncReport {
    /// Whether `--once` could not bring everything up to date.
    pub fn failed(&self) -> bool {
        self.once && !self.in_step
    }
}

/// Syncs until the waker says stop, which is handed to `with_waker`, or with `--once` until all is up to date.
///
/// # Errors
/// [`Failure`] when the node cannot start, or another program runs it.
pub fn run(
    args: &Sync,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<SyncReport, Failure> {
    let mut waiting = SyncWait::begin(with_waker)?;
    // A data folder that vanishes later is not made anew.
    fs_err::create_dir_all(&environment.folders.data)?;
    note(args, environment)?;
    resolve::mention_no_boxes(environment, console);
    let session = waiting.open(environment, args.network.options(environment))?;
    if !session.is_own() && !args.once {
        return Err(Failure::new(
            format!("another missive is already syncing {}", environment.folders.data.display()),
            "`missive status` shows its state",
        ));
    }
    let clock = environment.clock;
    let mut progress = SyncProgress { live: console.live_lines(), paces: BTreeMap::new(), meanings: BTreeMap::new() };
    let mut last = NodeState::default();
    let mut settled = None;
    let patience = if args.once { args.wait } else { Duration::MAX };
    let ended = waiting.until(&session, environment, patience, |state| {
        last = state.clone();
        progress.tell(state, clock.nanoseconds());
        let is_settled = args.once && is_settled(state);
        // What was asked for a moment ago has its chance to begin.
        let since = settled.filter(|_| is_settled).unwrap_or_else(|| clock.nanoseconds());
        settled = Some(since);
        if is_settled && clock.nanoseconds() - since > SETTLED { Verdict::Done } else { Verdict::Wait }
    })?;
    drop(progress);
    session.end()?;
    let now = clock.seconds();
    let lines = last.documents.iter().map(|document| line(document, now)).collect();
    Ok(SyncReport {
        in_step: ended == WaitEnd::Done || last.documents.iter().all(is_document_settled),
        documents: last.documents,
        lines: if args.once { lines } else { Vec::new() },
        once: args.once,
    })
}

/// What is said where there is nothing to sync.
pub(super) const NOTHING: &str =
    "Nothing is shared yet. Start with `missive share CHANNEL`, `missive subscribe KEY` or `missive invite NAME`.";

/// So long everything has to be up to date before `--once` believes it, in nanoseconds.
const SETTLED: i64 = 1_000_000_000;

/// Notes in the file of keys what was asked for beside.
fn note(args: &Sync, environment: &Environment) -> Result<(), Failure> {
    let Some(wanted) = &args.channel else {
        return Ok(());
    };
    documents::follow_renamed(environment)?;
    let name = match resolve::channel(environment, wanted) {
        Ok(channel) => documents::name(&environment.folders.data, &channel)?,
        // A channel whose outbox is gone is no channel any more, and still has a document.
        Err(failure) => match ChannelName::parse(wanted).filter(|_| args.yes_delete_all) {
            Some(name) => name,
            None => return Err(failure),
        },
    };
    Book::change(&environment.folders.data, |book| {
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
            if document.side == Side::Outbox {
                document.delete_all |= args.yes_delete_all;
                document.returned = returned(args).or(document.returned);
            }
        }
        Ok(())
    })
}

/// What was said of files that came back.
fn returned(args: &Sync) -> Option<Returned> {
    let publish = args.yes_publish_returned.then_some(Returned::Publish);
    publish.or(args.yes_discard_returned.then_some(Returned::Discard))
}

/// Whether nothing is to be waited for.
fn is_settled(state: &NodeState) -> bool {
    state.accepting.is_empty() && state.documents.iter().all(is_document_settled)
}

/// Whether a document is waited for no longer; one that nobody else has is as it should be by itself.
fn is_document_settled(document: &DocumentState) -> bool {
    let has_nobody = document.writes && document.peers.is_empty() && !document.checking;
    document.is_settled()
        || (has_nobody && document.arriving == 0 && document.question.is_none() && document.failures == 0)
}

/// The line about the clock.
const CLOCK: &str = "clock";

/// Tells how channels stand, a line for each.
struct SyncProgress {
    live: LiveLines,
    paces: BTreeMap<String, Pace>,
    /// What was said last of each channel.
    meanings: BTreeMap<String, String>,
}

impl SyncProgress {
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
            if is_worth_a_line(document, seconds) || !self.meanings.contains_key(&name) {
                self.meanings.insert(name.clone(), meaning(document, seconds));
            }
            let meaning = self.meanings.get(&name).map_or("", String::as_str);
            let line = line(document, seconds) + &pace.unwrap_or_default();
            self.live.show(&name, &line, meaning);
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

/// Whether a document's line is worth writing where lines cannot be replaced: what comes and goes with each message is not.
fn is_worth_a_line(document: &DocumentState, now: i64) -> bool {
    !document.facts().state(now).is_passing() || document.arriving >= 100
}

/// What a document's line says, without the seconds, which pass by themselves.
fn meaning(document: &DocumentState, now: i64) -> String {
    let state = document.facts().state(now);
    format!("{state} {} {} {:?}", document.arriving / 100, document.connected(), document.question)
}

fn name(document: &DocumentState) -> String {
    format!("{} ({})", field(&document.channel.to_string()), document.side)
}

fn line(document: &DocumentState, now: i64) -> String {
    format!("{}: {}", name(document), freshness::words(document, now))
}

impl fmt::Display for SyncReport {
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

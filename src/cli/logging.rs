//! The log: what the running parts of the program tell those who look after it.
//!
//! `-v`, `-vv`, `MISSIVE_LOG` and `--log FILE` decide what is logged and where. Without any of them nothing is: no subscriber is
//! installed, and an event costs a comparison. A line is the time, the level, the room of this program that speaks, what
//! happened, and the values that belong to it. No key, no ticket and no text of a message is ever logged.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use clap::{ArgAction, Args};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use crate::commands::{Failure, FailureKind};
use crate::console::write_log_line;
use crate::lock::lock;
use crate::text::invisible::field;

/// Above the options that every command has.
pub(super) const EVERYWHERE: &str = "Options of every command";

/// The variable that says what is logged, part by part.
const VARIABLE: &str = "MISSIVE_LOG";
/// The parts of this program that log, by the names of their folders.
const ROOMS: [&str; 8] = ["cli", "commands", "daemon", "channel", "site", "sync", "watch", "web"];
/// The other people's parts whose warnings are worth a line.
const LIBRARIES: [&str; 7] = ["hyper", "iroh", "iroh_blobs", "iroh_relay", "netwatch", "noq", "notify"];
/// Parts that are never logged: their warnings name a document by its whole id, and that is the key for reading it.
const SECRETIVE: [&str; 2] = ["iroh_docs", "iroh_gossip"];
/// The finest that is shown of other people's parts: this program cannot vouch that what is finer holds no secret.
const LIBRARY_LEVEL: LevelFilter = LevelFilter::WARN;

/// What is logged, and where.
#[allow(clippy::doc_markdown, reason = "these comments are the program's help, which is no Markdown")]
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LogArgs {
    /// Print more details and the log; -vv logs more. MISSIVE_LOG=sync=debug,web=trace sets the level of each part
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = EVERYWHERE)]
    verbose: u8,
    /// Append the log to FILE instead of printing it
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    log: Option<PathBuf>,
}

impl LogArgs {
    /// Whether more is to be said.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// The level of the whole program that the options ask for.
    fn level(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::OFF,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        }
    }

    /// Begins to log, if that is asked for.
    ///
    /// # Errors
    /// [`Failure`] of usage when the variable does not say levels, and one with a way out when the file cannot be opened.
    pub(super) fn start(&self) -> Result<(), Failure> {
        let said = std::env::var_os(VARIABLE).filter(|said| !said.is_empty());
        let chosen = said.as_ref().map(parse).transpose()?;
        // A log that somebody wants a file of is not meant to be empty.
        let is_left_open = self.log.is_some() && chosen.is_none() && self.verbose == 0;
        let default = if is_left_open { LevelFilter::INFO } else { self.level() };
        let levels = Levels { default, ..chosen.unwrap_or_default() }.with_overall();
        // The file is opened even if nothing is logged: a wrong path is to be known now.
        let sink = self.log.as_deref().map_or(Ok(Sink::StandardError), open)?;
        if !levels.is_silent() {
            install(&levels, sink);
        }
        if self.log.is_some() {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), process = std::process::id(), "started");
        }
        Ok(())
    }

    /// Logs why the program could not do what it was asked, where it is not said on standard error beside the log anyway. What may
    /// quote a key or a text is left out.
    pub(super) fn note_failure(&self, failure: &Failure, quotes_no_secret: bool) {
        if self.log.is_none() {
            return;
        }
        if quotes_no_secret {
            tracing::error!(hint = failure.hint.as_deref(), "could not be done: {}", failure.message);
        } else {
            tracing::error!("could not be done; the reason may quote what is secret, and is not logged");
        }
    }
}

/// How finely each part logs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Levels {
    /// Of all rooms that are not named.
    default: LevelFilter,
    /// What the variable says for all rooms, if it does.
    overall: Option<LevelFilter>,
    /// Targets, which are paths of modules, with their levels.
    named: Vec<(String, LevelFilter)>,
}

impl Default for Levels {
    fn default() -> Self {
        Self { default: LevelFilter::OFF, overall: None, named: Vec::new() }
    }
}

impl Levels {
    /// What is said for all rooms counts before what an option asks for.
    fn with_overall(self) -> Self {
        Self { default: self.overall.unwrap_or(self.default), ..self }
    }

    fn is_silent(&self) -> bool {
        self.default == LevelFilter::OFF && self.named.iter().all(|(_, level)| *level == LevelFilter::OFF)
    }

    fn filter(&self) -> Targets {
        let libraries = if self.default >= LevelFilter::DEBUG { LIBRARY_LEVEL } else { LevelFilter::OFF };
        let all = LIBRARIES.iter().map(|library| ((*library).to_owned(), libraries));
        let own = std::iter::once((env!("CARGO_PKG_NAME").to_owned(), self.default));
        // A name stands for all that begin with it: `iroh` would be these two as well.
        let never = SECRETIVE.map(|library| (library, LevelFilter::OFF));
        Targets::new().with_targets(all.chain(own)).with_targets(self.named.clone()).with_targets(never)
    }
}

/// Reads what the variable says: levels of parts, such as `sync=debug,web=trace`, or one level for all rooms.
fn parse(said: &OsString) -> Result<Levels, Failure> {
    let said = said.to_str().ok_or_else(|| wrong(&said.to_string_lossy(), "it is not UTF-8 text"))?;
    let mut levels = Levels::default();
    for part in said.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            None => levels.overall = Some(level(part)?),
            Some((name, wanted)) => levels.named.push((target(name.trim(), part)?, level(wanted.trim())?)),
        }
        let finest = levels.named.last().filter(|(target, _)| LIBRARIES.contains(&target.as_str()));
        if finest.is_some_and(|(_, level)| *level > LIBRARY_LEVEL) {
            return Err(wrong(part, "parts of other people are logged at `warn` and `error` only"));
        }
    }
    Ok(levels)
}

fn level(said: &str) -> Result<LevelFilter, Failure> {
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    let found = known.contains(&said).then(|| said.parse().ok()).flatten();
    found.ok_or_else(|| wrong(said, &format!("a level is one of {}", known.join(", "))))
}

/// The target of what a part logs.
fn target(name: &str, part: &str) -> Result<String, Failure> {
    if ROOMS.contains(&name) {
        return Ok(format!("{}::{name}", env!("CARGO_PKG_NAME")));
    }
    if LIBRARIES.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(wrong(part, &format!("the parts are {}", ROOMS.join(", "))))
}

fn wrong(said: &str, why: &str) -> Failure {
    let example = "such as `MISSIVE_LOG=sync=debug,web=trace`";
    Failure::without_hint(format!("`{said}` in {VARIABLE} cannot be understood: {why}, {example}"))
        .of_kind(FailureKind::Usage)
}

/// Where lines go.
enum Sink {
    StandardError,
    File(Mutex<File>),
}

/// Opens the file for the log, and makes it for this user alone if there is none.
fn open(path: &Path) -> Result<Sink, Failure> {
    let opened = File::options().append(true).create(true).mode(0o600).open(path);
    opened.map(|file| Sink::File(Mutex::new(file))).map_err(|error| {
        Failure::new(
            format!("the log file `{}` can't be opened: {error}", path.display()),
            "name a file in a folder that you may write to: `--log FILE`; without it, `-v` logs on standard error",
        )
        .caused_by(error)
    })
}

fn install(levels: &Levels, sink: Sink) {
    let lines = tracing_subscriber::fmt::layer().event_format(OneLine).with_writer(sink).with_ansi(false);
    let log = tracing_subscriber::registry().with(lines.with_filter(levels.filter()));
    // It fails only where one is installed already: a test that runs two commands in one process has the log of the first.
    if tracing::subscriber::set_global_default(log).is_ok() {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            // The place says what a report needs. What the panic says may quote anything.
            let place = about.location().map(|place| format!("{}:{}", place.file(), place.line()));
            tracing::error!(place, "a part of the program panicked: this is a bug");
            before(about);
        }));
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// Writes whole lines, each at once.
struct LineWriter<'a>(&'a Sink);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.0 {
            Sink::StandardError => write_log_line(line),
            Sink::File(file) => lock(file).write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `2026-11-28T03:05:28.123Z  INFO web: listening port=3000`, in one line whatever is in it.
struct OneLine;

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = String::new();
        context.field_format().format_fields(Writer::new(&mut said), event)?;
        // A span says what a whole piece of work is about, such as its channel.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<tracing_subscriber::fmt::FormattedFields<N>>()
                && !fields.fields.is_empty()
            {
                write!(said, " {}", fields.fields)?;
            }
        }
        let about = event.metadata();
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        // A name that somebody else chose must not forge a line, nor speak to the terminal.
        writeln!(out, "{time} {:>5} {}: {}", about.level(), room(about.target()), field(&said))
    }
}

/// The room that speaks, or another program's part by its own name.
fn room(target: &str) -> &str {
    let own = target.strip_prefix(env!("CARGO_PKG_NAME")).and_then(|rest| rest.strip_prefix("::"));
    let rest = own.unwrap_or(target);
    rest.split_once("::").map_or(rest, |(room, _)| room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(said: &str) -> Levels {
        parse(&said.into()).unwrap()
    }

    #[test]
    fn rooms_are_named_without_the_name_of_the_crate() {
        let named = vec![
            ("missive::sync".to_owned(), LevelFilter::DEBUG),
            ("missive::web".to_owned(), LevelFilter::TRACE),
            ("iroh".to_owned(), LevelFilter::WARN),
        ];
        assert_eq!(levels(" sync=debug,web=trace, iroh=warn,"), Levels { named, ..Levels::default() });
        assert_eq!(levels("debug").with_overall().default, LevelFilter::DEBUG);
        assert!(levels("off,web=off").with_overall().is_silent() && levels("").is_silent());
        let filter = levels("sync=debug").filter();
        assert!(filter.would_enable("missive::sync::node::dial", &tracing::Level::DEBUG));
        assert!(!filter.would_enable("missive::sync", &tracing::Level::TRACE));
        assert!(!filter.would_enable("missive::web", &tracing::Level::ERROR));
        assert!(!filter.would_enable("iroh::socket", &tracing::Level::ERROR), "not asked for");
        let filter = levels("debug").with_overall().filter();
        assert!(filter.would_enable("iroh::socket", &tracing::Level::WARN));
        assert!(!filter.would_enable("iroh::socket", &tracing::Level::INFO));
    }

    #[test]
    fn a_wrong_value_is_said_in_a_line_and_is_wrong_usage() {
        for said in ["loud", "sync=loud", "sink=debug", "sync=debug=trace", "=debug", "iroh=trace", "3", "a\nb=c"] {
            let failure = parse(&said.into()).unwrap_err();
            assert!(failure.kind == FailureKind::Usage && failure.hint.is_none(), "{said}");
            assert_eq!(failure.to_string().lines().count(), 1, "{said}");
        }
        assert_eq!(
            parse(&"sync=loud".into()).unwrap_err().to_string(),
            "error: `loud` in MISSIVE_LOG cannot be understood: a level is one of off, error, warn, info, debug, trace, such as \
             `MISSIVE_LOG=sync=debug,web=trace`"
        );
    }

    #[test]
    fn a_line_says_the_room_that_speaks() {
        for (target, said) in [("missive::sync::node", "sync"), ("iroh::socket", "iroh"), ("missive", "missive")] {
            assert_eq!(room(target), said);
        }
    }
}

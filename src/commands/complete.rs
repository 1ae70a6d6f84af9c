//! `missive complete`: what could stand where the cursor is. Shells ask this through the scripts of `completions`.
//!
//! Every argument called CHANNEL, of whatever command, completes with the channels of the data folder. The rest follows from
//! the commands' own arguments.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use clap::{Arg, Args, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter, complete};
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::channel::folder;
use crate::commands::Environment;
use crate::text::invisible::field;

/// Say what could stand where the cursor is
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive complete 2 -- missive build ''      # the channels
  missive complete 1 -- missive che           # the commands that begin so")]
pub struct Complete {
    /// Which word the cursor is in, counted from 0
    index: usize,
    /// The words up to there, the program's name first
    #[arg(last = true, required = true, value_name = "WORD")]
    words: Vec<OsString>,
}

/// One thing that could stand there.
#[derive(Debug, Serialize, JsonSchema)]
struct Candidate {
    value: String,
    help: Option<String>,
}

/// What could stand there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompleteReport {
    candidates: Vec<Candidate>,
}

impl Complete {
    /// The data folder that the words name, as they name it.
    pub fn data(&self) -> Option<PathBuf> {
        let mut words = self.words.iter().take(self.index);
        let mut data = None;
        while let Some(word) = words.next() {
            data = match word.to_str() {
                Some("--data") => words.next().map(PathBuf::from).or(data),
                Some(word) => word.strip_prefix("--data=").map(PathBuf::from).or(data),
                None => data,
            };
        }
        data
    }
}

/// Tells what could stand where the cursor is; `program` is the whole command line's grammar.
///
/// # Errors
/// [`Failure`] when a folder cannot be listed.
pub fn run(args: &Complete, environment: &Environment, program: Command) -> Result<CompleteReport, Failure> {
    let mut program = with_channels(program, &environment.folders.data, &environment.folders.here);
    let found = complete(&mut program, args.words.clone(), args.index, Some(&environment.folders.here))?;
    let (options, mut candidates): (Vec<Candidate>, Vec<Candidate>) =
        found.iter().filter_map(Candidate::from_completion).partition(|candidate| candidate.value.starts_with('-'));
    // Options are in the way of names until one is begun, or there is nothing else.
    let begun = args.words.get(args.index).is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    if begun || candidates.is_empty() {
        candidates.extend(options);
    }
    Ok(CompleteReport { candidates })
}

/// The grammar in which every CHANNEL completes.
fn with_channels(program: Command, data: &Path, here: &Path) -> Command {
    let named = |arg: &Arg| arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == "CHANNEL"));
    program.mut_subcommands(|command| {
        command.mut_args(|arg| if named(&arg) { with_completer(arg, data.to_owned(), here.to_owned()) } else { arg })
    })
}

fn with_completer(arg: Arg, data: PathBuf, here: PathBuf) -> Arg {
    arg.add(ArgValueCompleter::new(move |current: &OsStr| channels(current, &data, &here)))
}

impl Candidate {
    /// What can be written in a line, with the first line of what is said of it.
    fn from_completion(found: &CompletionCandidate) -> Option<Self> {
        let value = found.get_value().to_str().filter(|value| field(value) == **value)?.to_owned();
        let help = found.get_help().map(|help| help.to_string().lines().next().unwrap_or_default().to_owned());
        Some(Self { value, help })
    }
}

/// The channels of the data folder that begin so; folders, once a path is begun.
fn channels(current: &OsStr, data: &Path, here: &Path) -> Vec<CompletionCandidate> {
    let begun = current.to_string_lossy();
    if begun.contains(MAIN_SEPARATOR) || begun.starts_with('.') {
        return PathCompleter::dir().current_dir(here).complete(current);
    }
    let channels = folder::discover(data).unwrap_or_default().into_iter();
    channels
        .filter(|channel| channel.name.to_string().starts_with(&*begun))
        .map(|channel| CompletionCandidate::new(channel.name.as_os_str()).help(Some(channel.kind.to_string().into())))
        .collect()
}

impl fmt::Display for CompleteReport {
    /// A line each, with a tab before what is said of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for candidate in &self.candidates {
            match &candidate.help {
                Some(help) => writeln!(f, "{}\t{}", candidate.value, field(help))?,
                None => writeln!(f, "{}", candidate.value)?,
            }
        }
        Ok(())
    }
}

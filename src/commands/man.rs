//! `missive man`: the manual pages.
//!
//! A page is made from a command's arguments, and is named after the command.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man as Page;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, count};
use crate::commands::Environment;
use crate::fs::atomic_write;
use crate::text::invisible::field;

/// Print the manual page, or write those of all commands into a folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive man | man -l -
  missive man ~/.local/share/man/man1")]
pub struct Man {
    /// The folder for all pages [default: print the main page]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// A page, or the names of the pages that were written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ManReport {
    /// The main page.
    Page {
        /// Its text, for `man`.
        page: String,
    },
    /// All pages.
    Written {
        /// The folder.
        folder: String,
        /// The names of the files that were written.
        written: Vec<String>,
    },
}

/// Gives the main page of `program`, or writes the pages of all its commands.
///
/// # Errors
/// [`Failure`] when a page cannot be written; each is written whole.
pub fn run(args: &Man, environment: &Environment, program: Command) -> Result<ManReport, Failure> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.folder else {
        return Ok(ManReport::Page { page: page(program)?.1 });
    };
    let folder = environment.folders.here.join(folder);
    fs_err::create_dir_all(&folder)?;
    let commands: Vec<Command> = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let mut written = Vec::new();
    for command in std::iter::once(program).chain(commands) {
        let (name, text) = page(command)?;
        atomic_write::replace(&folder.join(&name), text.as_bytes())?;
        written.push(name);
    }
    Ok(ManReport::Written { folder: folder.to_string_lossy().into_owned(), written })
}

/// A command's page: its file's name and its text.
fn page(command: Command) -> std::io::Result<(String, String)> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let page = Page::new(command.after_help(None::<&str>));
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let name = page.get_filename();
    let title =
        format!(".TH {} 1 \"\" \"missive {}\" \"missive\"", name.trim_end_matches(".1"), env!("CARGO_PKG_VERSION"));
    let lines = text.lines().map(|line| if line.starts_with(".TH ") { &title } else { line });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push_str(&section(&examples));
    if name != "missive.1" {
        text.push_str(".SH SEE ALSO\nmissive(1)\n");
    }
    Ok((name, text))
}

/// The examples that end a command's help, as a section: each line as it stands.
fn section(examples: &str) -> String {
    let lines = examples.trim_start_matches("Examples:").trim_matches('\n').lines();
    let lines: Vec<String> = lines.map(|line| line.trim_start().replace('\\', "\\e").replace('-', "\\-")).collect();
    format!("\n.SH EXAMPLES\n.nf\n{}\n.fi\n", lines.join("\n"))
}

impl fmt::Display for ManReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page { page } => f.write_str(page),
            Self::Written { folder, written } => {
                writeln!(f, "{}: {} written", field(folder), count(written.len(), "page"))
            }
        }
    }
}

//! `missive delete`: takes a message of one's own back, as far as it can be.
//!
//! It asks first, and `--undo` restores the last one. The trash itself is in `channel/outbox/trash.rs`.

use std::ffi::OsString;
use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use super::compose::is_yes;
use crate::channel::outbox::{new_message, revise, trash};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::resolve_id;
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::commands::resolve;
use crate::console::Console;
use crate::text::invisible::field;
use crate::text::shell;

/// Delete a message of your own, or restore the last one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive delete blog 2026-11-22T13-35-04Z
  missive delete blog --undo")]
pub struct Delete {
    /// A channel's name or folder
    channel: OsString,
    /// The message's id
    #[arg(required_unless_present = "undo", conflicts_with = "undo")]
    id: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Restore the message that was deleted last
    #[arg(long)]
    undo: bool,
}

/// What became of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeleteReport {
    channel: String,
    id: Stamp,
    /// What was done: `deleted`, `brought-back` or `kept`.
    done: Done,
    /// Where its text is now.
    path: String,
    #[serde(skip)]
    typed: OsString,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Done {
    Deleted,
    BroughtBack,
    Kept,
}

/// Deletes a message, or brings one back.
///
/// # Errors
/// [`Failure`]; the message is where it was.
pub fn run(args: &Delete, environment: &Environment, console: Console) -> Result<DeleteReport, Failure> {
    let channel = resolve::channel(environment, &args.channel)?;
    let report = |id, done, path: std::path::PathBuf| DeleteReport {
        channel: channel.name.to_string(),
        id,
        done,
        path: path.to_string_lossy().into_owned(),
        typed: args.channel.clone(),
    };
    let Some(id) = &args.id else {
        let back = trash::restore_last(&channel).map_err(not_restored)?;
        return Ok(report(back.stamp, Done::BroughtBack, back.path));
    };
    let stamp = resolve_id::own(&channel, id)?;
    if !args.yes && !is_meant(args, &channel, stamp, console)? {
        return Ok(report(stamp, Done::Kept, channel.outbox()?.join(format!("{stamp}.txt"))));
    }
    let path = trash::delete(&channel, stamp, environment.second()?)?;
    Ok(report(stamp, Done::Deleted, path))
}

/// Asks whether a message is to be deleted.
fn is_meant(args: &Delete, channel: &Channel, stamp: Stamp, console: Console) -> Result<bool, Failure> {
    if !console.can_ask() {
        return Err(Failure::new(
            "there is no terminal to ask for confirmation",
            format!(
                "`{}` deletes without asking",
                shell::missive("delete --yes", &[&args.channel, &stamp.to_string()])
            ),
        ));
    }
    let words = new_message::first_words(&revise::read(channel, stamp).unwrap_or_default());
    let words = if words.is_empty() { String::new() } else { format!(" “{}”", field(&words)) };
    let answer = console.ask(&format!("Delete {stamp}{words} from {}? [y/N]", field(&channel.name.to_string())))?;
    Ok(is_yes(answer.as_deref()))
}

/// Why a message was not brought back.
fn not_restored(error: Error) -> Failure {
    match error {
        Error::Exists { path } => Failure::new(
            format!("the message cannot be restored: {} exists already", path.display()),
            "nothing was overwritten; move that file away and try again",
        ),
        error => error.into(),
    }
}

impl DeleteReport {
    /// Whether nothing was done.
    pub fn failed(&self) -> bool {
        self.done == Done::Kept
    }
}

impl fmt::Display for DeleteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.done {
            Done::Kept => return writeln!(f, "Nothing was deleted."),
            Done::BroughtBack => writeln!(f, "Restored {}.", self.id)?,
            Done::Deleted => {
                let undo = shell::missive("delete --undo", &[&self.typed]);
                writeln!(f, "Deleted {}. To restore it: {undo}", self.id)?;
            }
        }
        writeln!(f, "{}", field(&self.path))
    }
}

//! `missive why`: what a file is to its channel.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::{self, LookOptions, Snapshot};
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::markdown::Trust;
use crate::text::invisible::field;

/// Explain what a file in a box is, and why it is shown or not
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive why ~/missive_data/my-blog/outbox/notes.md
  missive why my-blog/outbox/2013-08-11T14-34-37Z/photo.jpg")]
pub struct Why {
    /// A file or folder inside a channel's inbox or outbox
    file: PathBuf,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyReport {
    path: String,
    shown: bool,
    answer: String,
    notes: Vec<String>,
}

/// Answers what a file is.
///
/// # Errors
/// [`Failure`] when the file lies in no box of a channel.
pub fn run(args: &Why, environment: &Environment) -> Result<WhyReport, Failure> {
    let path = std::path::absolute(environment.folders.here.join(&args.file))?;
    let (channel, side, relative) = place(&path)?;
    if path.symlink_metadata().is_err() {
        let message = format!("no file {}", path.display());
        return Err(Failure::new(message, "name a file inside a channel's inbox or outbox"));
    }
    let look = LookOptions::at(environment.clock.seconds());
    let snapshot = snapshot::take(channel, &CardCache::nowhere(), look);
    Ok(answer(&snapshot, side, &relative))
}

/// Finds the box that a path lies in. The folders above it are the user's and may be anything.
fn place(path: &Path) -> Result<(Channel, Side, PathBuf), Failure> {
    for folder in path.ancestors().skip(1) {
        let Some((side, parent)) = folder.file_name().and_then(Side::from_name).zip(folder.parent()) else {
            continue;
        };
        match Channel::open(parent) {
            Ok(channel) => return Ok((channel, side, path.strip_prefix(folder).unwrap_or(path).to_owned())),
            Err(error @ Error::NotABox { .. }) => return Err(error.into()),
            Err(_) => {}
        }
    }
    let message = format!("{} is not in a channel's inbox or outbox", path.display());
    Err(Failure::new(message, "name a file inside a channel's inbox or outbox"))
}

fn answer(snapshot: &Snapshot, side: Side, relative: &Path) -> WhyReport {
    use std::os::unix::ffi::OsStrExt;
    let report = |shown: bool, answer: String, notes: Vec<String>| WhyReport {
        path: Path::new(side.name()).join(relative).to_string_lossy().into_owned(),
        shown,
        answer,
        notes,
    };
    // A file below a folder that is not shown shares its reason. Of two reasons the one that is a warning says more.
    let hidden =
        snapshot.findings.hidden.iter().filter(|hidden| hidden.side == side && relative.starts_with(&hidden.path));
    if let Some(hidden) = hidden.max_by_key(|hidden| (hidden.path.as_os_str().len(), hidden.warning)) {
        return report(false, format!("not shown: {}", hidden.reason), Vec::new());
    }
    let card = |stamp| snapshot.cards.iter().find(|card| card.side == side && card.stamp == stamp);
    match Entry::parse(relative.as_os_str().as_bytes()) {
        Some(Entry::Text(stamp)) => match card(stamp) {
            Some(card) => report(
                true,
                format!("a message of {}", stamp.time().format("%-d %B %Y, %H:%M:%S UTC")),
                notes(snapshot, card),
            ),
            None => report(false, "not shown".to_owned(), Vec::new()),
        },
        Some(Entry::Attachment(stamp, path)) if card(stamp).is_some() => {
            let is_foreign =
                side == Side::Outbox && snapshot.box_trust(side).of_attachment(stamp, &path) == Trust::Theirs;
            let notes = is_foreign.then(|| FOREIGN.to_owned()).into_iter().collect();
            report(true, format!("an attachment of the message {stamp}"), notes)
        }
        _ if is_attachment_folder(snapshot, side, relative) => {
            report(true, "a message's attachment folder".to_owned(), Vec::new())
        }
        _ => report(false, "not shown: not part of a channel".to_owned(), Vec::new()),
    }
}

fn is_attachment_folder(snapshot: &Snapshot, side: Side, relative: &Path) -> bool {
    snapshot.cards.iter().any(|card| card.side == side && relative == Path::new(&card.stamp.to_string()))
}

/// Said of what lies in the outbox and is somebody else's.
const FOREIGN: &str = "somebody else wrote it, so pages treat it like a message in an inbox";

fn notes(snapshot: &Snapshot, card: &Card) -> Vec<String> {
    let mut notes = Vec::new();
    let trust = snapshot.trust(card);
    if card.side == Side::Outbox && trust == Trust::Theirs {
        notes.push(FOREIGN.to_owned());
    }
    if let Some(title) = &card.title {
        notes.push(format!("title: {title}"));
    }
    if !card.tags.is_empty() {
        notes.push(format!("tags: {}", card.tag_names.join(", ")));
    }
    if !card.attachments.is_empty() {
        notes.push(super::count(card.attachments.len(), "attachment"));
    }
    if card.stamp.seconds() < IMPLAUSIBLE {
        notes.push("some feed readers reject a date before 1990".to_owned());
    }
    notes.extend(card.problems_as(trust));
    notes
}

/// 1990-01-01, before which feed validators doubt a date.
const IMPLAUSIBLE: i64 = 631_152_000;

impl fmt::Display for WhyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", field(&self.path), field(&self.answer))?;
        for note in &self.notes {
            writeln!(f, "  {}", field(note))?;
        }
        Ok(())
    }
}

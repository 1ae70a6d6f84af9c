//! `missive check --fix`: conflict copies, one after the other.
//!
//! Each is resolved by default or by the person's answer. Nothing is ever written to an inbox.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::outbox::conflict_comparison::Comparison;
use crate::channel::outbox::conflict_copy;
use crate::channel::outbox::conflict_copy::ConflictCopy;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::{Hidden, Snapshot};
use crate::console::Console;
use crate::text::invisible::field;

/// What became of a conflict copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", content = "detail", rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// It is a message or an attachment of its own now, at this path.
    Filed(String),
    /// It lies in the trash now, at this path.
    Dropped(String),
    /// It is as it was; why, in words.
    Left(String),
    /// It could not be done; why, in words.
    Failed(String),
}

/// A conflict copy, and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ResolvedConflict {
    /// Its path within the channel.
    path: String,
    /// The path of what it is a copy of, if its name tells.
    original: Option<String>,
    /// How the two compare, if both could be read.
    comparison: Option<Comparison>,
    #[serde(flatten)]
    outcome: Outcome,
    /// Whether the person has seen what differs.
    #[serde(skip)]
    seen: bool,
}

/// A way out, as it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    File,
    Drop,
    Skip,
}

impl Resolution {
    fn word(self) -> &'static str {
        match self {
            Self::File => "re-file",
            Self::Drop => "drop to trash",
            Self::Skip => "skip",
        }
    }
}

/// Where the decisions come from.
struct Answers {
    /// Takes the default without asking.
    yes: bool,
    console: Console,
    /// Whether nobody answers any more.
    over: bool,
}

impl Answers {
    /// Which way is taken, if anybody says so.
    fn way(&mut self, settled: &mut ResolvedConflict, ways: &[Resolution]) -> Option<Resolution> {
        if self.yes {
            return ways.first().copied();
        }
        if self.over {
            return None;
        }
        let words: Vec<&str> = ways.iter().map(|way| way.word()).collect();
        let about = format!("{}:\n{}", field(&settled.path), settled.shown());
        let answer = self.console.choose(about.trim_end_matches('\n'), &words);
        self.over = answer.is_none();
        settled.seen = answer.is_some();
        answer.and_then(|at| ways.get(at).copied())
    }
}

/// Goes through the conflict copies of a channel. With `yes` each goes the way that it would go by default.
pub(super) fn settle(snapshot: &Snapshot, yes: bool, console: Console) -> Vec<ResolvedConflict> {
    let conflicts: Vec<&Hidden> =
        snapshot.findings.hidden.iter().filter(|hidden| hidden.reason == Reason::Conflict).collect();
    // A copy's own attachments go where it goes.
    let texts = conflicts.iter().filter(|hidden| hidden.path.extension().is_some_and(|extension| extension == "txt"));
    let own: HashSet<(Side, PathBuf)> =
        texts.map(|hidden| (hidden.side, conflict_copy::own_folder(&hidden.path))).collect();
    let conflicts = conflicts.iter().filter(|hidden| !own.contains(&(hidden.side, hidden.path.clone())));
    let mut answers = Answers { yes, console, over: false };
    conflicts.map(|hidden| settle_one(snapshot, hidden, &mut answers)).collect()
}

fn settle_one(snapshot: &Snapshot, hidden: &Hidden, answers: &mut Answers) -> ResolvedConflict {
    let mut settled = ResolvedConflict {
        path: hidden.in_channel().to_string_lossy().into_owned(),
        original: None,
        comparison: None,
        outcome: Outcome::Left("somebody else's; missive never changes an inbox".to_owned()),
        seen: false,
    };
    let Some(folder) = snapshot.folder(hidden.side) else {
        return settled;
    };
    match conflict_copy::examine(folder, &hidden.path) {
        Ok(conflict) => {
            let original = conflict.original.as_ref().map(|path| format!("{}/{}", hidden.side, path.to_string_lossy()));
            settled.original = original;
            settled.comparison = Some(conflict.comparison.clone());
            if hidden.side == Side::Outbox {
                decide(&mut settled, snapshot, &conflict, answers);
            }
        }
        Err(error) if hidden.side == Side::Outbox => {
            settled.outcome = Outcome::Left(format!("left as it is: {error}"));
        }
        Err(_) => {}
    }
    settled
}

/// The ways out of a conflict, the default first.
fn ways(conflict: &ConflictCopy) -> Vec<Resolution> {
    match (&conflict.comparison, conflict.can_be_filed()) {
        (Comparison::Equal, true) => vec![Resolution::Drop, Resolution::File, Resolution::Skip],
        (Comparison::Equal, false) => vec![Resolution::Drop, Resolution::Skip],
        (_, true) => vec![Resolution::File, Resolution::Drop, Resolution::Skip],
        (_, false) => vec![Resolution::Skip, Resolution::Drop],
    }
}

fn decide(settled: &mut ResolvedConflict, snapshot: &Snapshot, conflict: &ConflictCopy, answers: &mut Answers) {
    let ways = ways(conflict);
    let default = ways.first().copied().unwrap_or(Resolution::Skip);
    let way = answers.way(settled, &ways);
    let outbox = snapshot.channel.path.join(Side::Outbox.name());
    let in_outbox = |path: PathBuf| format!("{}/{}", Side::Outbox, path.to_string_lossy());
    let failed = |error: io::Error| Outcome::Failed(error.to_string());
    settled.outcome = match way {
        Some(Resolution::File) => conflict.file(&outbox).map_or_else(failed, |path| Outcome::Filed(in_outbox(path))),
        Some(Resolution::Drop) => {
            conflict.discard(&outbox).map_or_else(failed, |path| Outcome::Dropped(path.to_string_lossy().into_owned()))
        }
        Some(Resolution::Skip) if answers.yes => {
            Outcome::Left("not a copy of a message; compare the two files and keep one".to_owned())
        }
        Some(Resolution::Skip) => Outcome::Left("skipped".to_owned()),
        None if default == Resolution::Skip => {
            Outcome::Left("not a copy of a message; compare the two files and keep one".to_owned())
        }
        None => Outcome::Left(format!("nothing was changed; `--yes` would {}", promise(default))),
    };
}

fn promise(way: Resolution) -> &'static str {
    match way {
        Resolution::File => "keep it as a message of its own",
        Resolution::Drop => "move it to the trash",
        Resolution::Skip => "leave it",
    }
}

impl ResolvedConflict {
    /// Whether something was moved.
    pub(super) fn moved(&self) -> bool {
        matches!(self.outcome, Outcome::Filed(_) | Outcome::Dropped(_))
    }

    /// Whether something should have been moved and could not be.
    pub(super) fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    /// How it compares with its original, a line each; nothing when that could not be told.
    fn shown(&self) -> String {
        let original = self.original.as_deref().map(field).unwrap_or_default();
        match &self.comparison {
            None => String::new(),
            Some(Comparison::Equal) => format!("    the same as {original}\n"),
            Some(Comparison::SameWords) => {
                format!("    the same words as {original}; the difference is not visible\n")
            }
            Some(Comparison::Bytes(words)) => format!("    differs from {original}: {words}\n"),
            Some(Comparison::Alone) if original.is_empty() => String::new(),
            Some(Comparison::Alone) => format!("    {original} is not there\n"),
            Some(Comparison::Lines(lines)) => {
                format!("    differs from {original}:\n    {}\n", lines.join("\n    "))
            }
        }
    }
}

impl fmt::Display for ResolvedConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: ", field(&self.path))?;
        match &self.outcome {
            Outcome::Filed(path) => writeln!(f, "kept as {}", field(path))?,
            Outcome::Dropped(path) => writeln!(f, "moved to {}", field(path))?,
            Outcome::Left(why) => writeln!(f, "{}", field(why))?,
            Outcome::Failed(why) => writeln!(f, "could not be moved: {}", field(why))?,
        }
        if self.seen { Ok(()) } else { f.write_str(&self.shown()) }
    }
}

//! `missive status`: how fresh the channels are, and who has them.
//!
//! It asks the program that syncs; without one it shows the state when sync last ran.

use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::sync::NOTHING;
use super::{Failure, count, freshness};
use crate::commands::Environment;
use crate::commands::syncthing;
use crate::commands::syncthing::SyncthingChannel;
use crate::sync::keys::book::check_private;
use crate::sync::replica::limits::Refusal;
use crate::sync::socket::{self, Lock};
use crate::sync::status::{DocumentState, NodeState};
use crate::text::invisible::field;
use crate::text::shell;

/// Show how up to date the channels are, and who is connected
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive status
  missive status --json | jq -r '.documents[] | select(.arriving > 0).channel'")]
pub struct Status {}

/// How all stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusReport {
    /// Whether a node is running.
    running: bool,
    #[serde(flatten)]
    state: NodeState,
    #[serde(skip)]
    now: i64,
    /// The boxes that Syncthing carries.
    syncthing: Vec<SyncthingChannel>,
    /// Why Syncthing does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    syncthing_problem: Option<String>,
}

/// Tells how the channels stand.
///
/// # Errors
/// [`Failure`] when others may write where the keys are kept.
pub fn run(_args: &Status, environment: &Environment) -> Result<StatusReport, Failure> {
    check_private(&environment.folders.data)?;
    let asked = socket::ask(&environment.folders.data);
    let running = asked.is_some() || Lock::is_taken(&environment.folders.data);
    let state = asked.or_else(|| socket::last_state(&environment.folders.data)).unwrap_or_default();
    let (syncthing, syncthing_problem) = syncthing::carried(environment);
    Ok(StatusReport { running, state, now: environment.clock.seconds(), syncthing, syncthing_problem })
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", field(warning)))?;
        freshness::clock(&self.state).iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        if !self.running && !self.state.documents.is_empty() {
            writeln!(f, "Sync is not running. This is the state when it last ran.")?;
        }
        if self.state.documents.is_empty() && self.syncthing.is_empty() {
            writeln!(f, "{NOTHING}")?;
        }
        self.state.documents.iter().try_for_each(|document| self.document(f, document))?;
        for channel in &self.state.accepting {
            writeln!(
                f,
                "{}: the invitation is accepted; the other side has not answered yet",
                field(&channel.to_string())
            )?;
        }
        self.syncthing.iter().try_for_each(|carried| writeln!(f, "{}", carried.words(self.now)))?;
        self.syncthing_problem.iter().try_for_each(|problem| writeln!(f, "note: {}", field(problem)))
    }
}

impl StatusReport {
    fn document(&self, f: &mut fmt::Formatter<'_>, document: &DocumentState) -> fmt::Result {
        writeln!(
            f,
            "{} ({}): {}",
            field(&document.channel.to_string()),
            document.side,
            field(&freshness::words(document, self.now))
        )?;
        if let Some(phrase) = &document.phrase {
            writeln!(f, "  check words: {phrase}")?;
        }
        if document.moved.is_some() && document.writes {
            writeln!(f, "  its owner has made new keys: ask for the new write key, then run: missive join KEY")?;
        } else if document.moved.is_some() {
            writeln!(f, "  its author has a new key: {}", shell::missive("keys follow", &[&document.channel]))?;
        }
        for file in &document.not_fetched {
            writeln!(f, "  {}: {}", field(&file.path), file.why)?;
        }
        if document.not_fetched.iter().any(|file| !matches!(file.why, Refusal::Disk { .. })) {
            writeln!(f, "  to download one anyway: {}", shell::missive("sync --fetch PATH", &[&document.channel]))?;
        }
        for path in &document.changed_here {
            writeln!(f, "  {}: changed here; it stays so until its author changes it too", field(path))?;
        }
        if document.refused > 0 {
            writeln!(
                f,
                "  {} refused: no part of a channel",
                count(document.refused, "entry").replace("entrys", "entries")
            )?;
        }
        document.problems.iter().try_for_each(|problem| writeln!(f, "  {}", field(problem)))
    }
}

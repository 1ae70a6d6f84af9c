//! `missive status`: how fresh the channels are, and who has them.
//!
//! It asks the program that syncs; without one it shows the state when sync last ran.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::sync::NOTHING;
use super::{Failure, count, freshness, grouped};
use crate::article::readable_size;
use crate::channel::protocol::name::ChannelName;
use crate::commands::Environment;
use crate::commands::relative_time::ago;
use crate::commands::syncthing;
use crate::commands::syncthing::SyncthingChannel;
use crate::sync::keys::book::check_private;
use crate::sync::replica::limits::{Limits, Refusal};
use crate::sync::socket::{self, Lock};
use crate::sync::status::{DocumentState, NodeState};
use crate::sync::sync_state::SyncState;
use crate::text::invisible::field;
use crate::text::shell;

/// Show how up to date the channels are, and who is connected
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive status
  missive status --json | jq -r '.documents[] | select(.state != \"up-to-date\").channel'")]
pub struct Status {}

/// How all stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusReport {
    /// Whether a node is running.
    running: bool,
    #[serde(flatten)]
    state: NodeState,
    /// When sync last ran, in seconds since 1970, if it does not run now.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ran: Option<i64>,
    /// The channels that have limits of their own in the settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<ChannelName, Limits>,
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
    let last_ran = if running { None } else { socket::last_ran(&environment.folders.data) };
    let limits = environment.sync.options.channel_limits.clone();
    let now = environment.clock.seconds();
    let (syncthing, syncthing_problem) = syncthing::carried(environment);
    Ok(StatusReport { running, state, last_ran, limits, now, syncthing, syncthing_problem })
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", field(warning)))?;
        freshness::clock(&self.state).iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))?;
        if !self.running && !self.state.documents.is_empty() {
            let then = self.last_ran.map_or_else(String::new, |then| format!(", {}", ago(then, self.now)));
            writeln!(f, "Sync is not running. This is the state when it last ran{then}.")?;
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
        for channel in
            self.limits.keys().filter(|name| self.state.documents.iter().all(|known| known.channel != **name))
        {
            writeln!(
                f,
                "note: your settings have limits for `{}`, but no synced channel has that name",
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
        waiting(f, document)?;
        self.readers(f, document)?;
        if let Some(phrase) = &document.phrase {
            writeln!(f, "  check words: {phrase}")?;
        }
        if document.moved.is_some() && document.writes {
            writeln!(f, "  its owner has made new keys: ask for the new write key, then run: missive join KEY")?;
        } else if document.moved.is_some() {
            writeln!(f, "  its author has a new key: {}", shell::missive("keys follow", &[&document.channel]))?;
        }
        if let Some(limits) = self.limits.get(&document.channel) {
            writeln!(f, "  its own limits: {limits}")?;
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
        for path in &document.damaged {
            writeln!(f, "  {}: cannot arrive, because what others send is not what the author signed", field(path))?;
        }
        // Those of damaged files are counted with them.
        let refused = document.refused.saturating_sub(document.left_out.damaged);
        if refused > 0 {
            writeln!(f, "  {} refused: no part of a channel", count(refused, "entry").replace("entrys", "entries"))?;
        }
        document.problems.iter().try_for_each(|problem| writeln!(f, "  {}", field(problem)))
    }

    /// What connected readers lack, by what they say.
    fn readers(&self, f: &mut fmt::Formatter<'_>, document: &DocumentState) -> fmt::Result {
        let lacking = document.peers.iter().filter(|peer| document.writes && peer.connected).filter_map(|peer| {
            let has = peer.has.as_ref().filter(|has| !has.everything)?;
            Some((peer, has))
        });
        for (peer, has) in lacking.take(MAX_LISTED) {
            let device = peer.device.get(..10).unwrap_or(&peer.device);
            let what = if has.missing_files > 0 {
                let files = usize::try_from(has.missing_files).unwrap_or(usize::MAX);
                format!("still lacks {} ({})", count(files, "file"), readable_size(has.missing_bytes))
            } else {
                "has not seen the latest changes".to_owned()
            };
            writeln!(f, "  reader {device}: {what}, asked {}", ago(has.told, self.now))?;
        }
        Ok(())
    }
}

/// So many of the files or readers that something waits for are listed; there is more in `--json`.
const MAX_LISTED: usize = 5;

/// Which files are waited for, when nobody is sending them.
fn waiting(f: &mut fmt::Formatter<'_>, document: &DocumentState) -> fmt::Result {
    if document.state != SyncState::Waiting {
        return Ok(());
    }
    for path in document.waiting.iter().take(MAX_LISTED) {
        writeln!(f, "  {}: not received yet", field(path))?;
    }
    let more = document.arriving.saturating_sub(MAX_LISTED);
    if more > 0 && document.waiting.len() > MAX_LISTED {
        writeln!(f, "  and {} more", grouped(more))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::sync::status::{NotFetched, PeerHas, PeerState};

    const NOW: i64 = 1_795_354_504;

    /// A document that was up to date four seconds ago, with one peer.
    fn document(channel: &str, side: Side) -> DocumentState {
        let mut document = DocumentState::new(channel.parse().unwrap(), side, side == Side::Outbox);
        (document.checking, document.compared, document.last_compared) = (false, Some(NOW - 4), Some(NOW - 4));
        let device = "2a".repeat(32);
        document.peers = vec![PeerState { device, connected: true, author: false, seen: Some(NOW), has: None }];
        document
    }

    /// What `status` prints of a document, and of others with it.
    fn told(documents: Vec<DocumentState>) -> String {
        let limits = Limits { attachment: 20_000, ..Limits::default() };
        let mut report = StatusReport {
            running: true,
            state: NodeState { documents, ..NodeState::default() },
            last_ran: None,
            limits: [("films".parse().unwrap(), limits), ("flims".parse().unwrap(), limits)].into(),
            now: NOW,
            syncthing: Vec::new(),
            syncthing_problem: None,
        };
        for document in &mut report.state.documents {
            document.state = document.facts().state(NOW);
        }
        report.to_string()
    }

    #[test]
    fn whole_status_of_channels_in_many_states() {
        let mut waiting = document("harbour", Side::Inbox);
        (waiting.arriving, waiting.arriving_bytes, waiting.waiting_since) = (12, 3_400_000, Some(NOW - 7200));
        waiting.waiting = (1..=12).map(|photo| format!("2026-01-01T10-00-00Z/{photo}.jpg")).collect();
        let mut own = document("blog", Side::Outbox);
        let has = |everything, missing_files| {
            let (version, told) = (String::new(), NOW - 300);
            Some(PeerHas { everything, missing_files, missing_bytes: 5000 * missing_files, version, told })
        };
        for (device, has) in [("3b", has(false, 2)), ("4c", has(false, 0)), ("5d", has(true, 0))] {
            own.peers.push(PeerState { device: device.repeat(32), connected: true, author: false, seen: None, has });
        }
        let mut limited = document("films", Side::Inbox);
        limited.left_out.limited = 1;
        let why = Refusal::Large { bytes: 50_000, limit: 20_000 };
        limited.not_fetched = vec![NotFetched { path: "2026-01-01T10-00-00Z/film.mp4".into(), why }];
        let mut failing = document("notes", Side::Outbox);
        failing.problems = vec!["2026-01-01T10-00-00Z.txt can't be read: Permission denied".into()];
        failing.failures = 1;
        let mut damaged = document("news", Side::Inbox);
        damaged.damaged = vec!["2026-01-01T10-00-00Z.txt".into()];
        (damaged.left_out.damaged, damaged.refused) = (1, 1);
        let mut moved = document("walks", Side::Inbox);
        moved.moved = Some("missive-read-x".into());
        let documents = vec![waiting, own, limited, failing, damaged, moved];
        let expected = "\
harbour (inbox): waiting for 12 files (3.4 MB) for 2 h · the connected peer does not send them
  2026-01-01T10-00-00Z/1.jpg: not received yet
  2026-01-01T10-00-00Z/2.jpg: not received yet
  2026-01-01T10-00-00Z/3.jpg: not received yet
  2026-01-01T10-00-00Z/4.jpg: not received yet
  2026-01-01T10-00-00Z/5.jpg: not received yet
  and 7 more
blog (outbox): up to date 4 s ago · 4 peers · 1 of 3 readers has everything
  reader 3b3b3b3b3b: still lacks 2 files (10 kB), asked 5 min ago
  reader 4c4c4c4c4c: has not seen the latest changes, asked 5 min ago
films (inbox): up to date 4 s ago, except 1 file beyond the limits · 1 peer
  its own limits: texts 1 MB, attachments 20 kB, all files together 20 GB, 200,000 files
  2026-01-01T10-00-00Z/film.mp4: not downloaded: 50 kB, limit 20 kB
  to download one anyway: missive sync --fetch PATH films
notes (outbox): not up to date: 1 problem · 1 peer connected
  2026-01-01T10-00-00Z.txt can't be read: Permission denied
news (inbox): not up to date: 1 file cannot arrive, because what others send is not what the author signed · 1 peer connected
  2026-01-01T10-00-00Z.txt: cannot arrive, because what others send is not what the author signed
walks (inbox): moved to a new key, so new messages no longer arrive here
  its author has a new key: missive keys follow walks
note: your settings have limits for `flims`, but no synced channel has that name
";
        assert_eq!(told(documents), expected);
    }

    #[test]
    fn what_no_node_tells_says_from_when_it_is() {
        let mut alone = document("blog", Side::Inbox);
        alone.peers.clear();
        let state = NodeState { documents: vec![alone], ..NodeState::default() };
        let report = StatusReport {
            running: false,
            state,
            last_ran: Some(NOW - 3 * 3600),
            limits: BTreeMap::new(),
            now: NOW,
            syncthing: Vec::new(),
            syncthing_problem: None,
        };
        let expected = "Sync is not running. This is the state when it last ran, 3 h ago.\n\
                        blog (inbox): up to date as of 4 s ago · no one is connected\n";
        assert_eq!(report.to_string(), expected);
    }
}

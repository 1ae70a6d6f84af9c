//! `missive channels`: every channel of the data folder.

use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, Surroundings, count};
use crate::channel::cache::{self, Cache};
use crate::channel::classify::Reason;
use crate::channel::entry::Side;
use crate::channel::snapshot::{self, Look, Snapshot};
use crate::channel::stamp::Stamp;
use crate::channel::{Channel, Kind, folder};
use crate::unseen::field;

/// List the channels of the data folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive channels
  missive channels --json | jq -r '.channels[].name'")]
pub struct Channels {}

/// A channel in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    name: String,
    title: Option<String>,
    kind: Kind,
    inbox: Option<usize>,
    outbox: Option<usize>,
    newest: Option<Stamp>,
    arriving: usize,
    conflicts: usize,
    /// Messages that are held for what they lack.
    waiting: usize,
    /// Drafts by their own header.
    drafts: usize,
    /// Messages dated in the future.
    future: usize,
    warnings: usize,
}

/// Every channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    data: String,
    channels: Vec<Line>,
}

/// Lists the channels.
///
/// # Errors
/// [`Failure`] when the data folder cannot be listed.
pub fn run(_args: &Channels, around: &Surroundings) -> Result<Report, Failure> {
    let mut channels: Vec<Line> =
        folder::discover(&around.data)?.into_iter().map(|channel| line(channel, around)).collect();
    channels.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(Report { data: around.data.to_string_lossy().into_owned(), channels })
}

fn line(channel: Channel, around: &Surroundings) -> Line {
    let cache = match &around.cache {
        Some(folder) => Cache::read(cache::path_below(folder, &channel.path)),
        None => Cache::nowhere(),
    };
    let name = channel.name.to_string();
    let kind = channel.kind;
    let look = Look::at(around.seconds());
    let snapshot = snapshot::take(channel, &cache, look);
    // The cache is only a shortcut: that it could not be kept changes nothing but time.
    let _ = cache.keep(&snapshot.all, around.now);
    let number = |side: Side| snapshot.folder(side).map(|_| snapshot.count(side));
    let held = |is: fn(&Reason) -> bool| snapshot.held.iter().filter(|held| is(&held.reason)).count();
    let reason = |wanted: Reason| snapshot.hidden.iter().filter(|hidden| hidden.reason == wanted).count();
    Line {
        title: title(&snapshot, kind),
        name,
        kind,
        inbox: number(Side::Inbox),
        outbox: number(Side::Outbox),
        newest: snapshot.cards.last().map(|card| card.stamp),
        arriving: reason(Reason::Arriving),
        conflicts: reason(Reason::Conflict),
        waiting: held(|reason| matches!(reason, Reason::Lacks(_))),
        drafts: held(|reason| *reason == Reason::Draft),
        future: held(|reason| *reason == Reason::Future),
        warnings: snapshot.warnings(),
    }
}

fn title(snapshot: &Snapshot, kind: Kind) -> Option<String> {
    let profile = if kind == Kind::Broadcast { &snapshot.my_profile } else { &snapshot.their_profile };
    profile.title.clone().filter(|title| *title != snapshot.channel.name.to_string())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.channels.is_empty() {
            return writeln!(f, "No channels in {} yet. `missive new NAME` makes one.", field(&self.data));
        }
        for (kind, heading) in
            [(Kind::Message, "Messages"), (Kind::Broadcast, "Broadcasts"), (Kind::Subscription, "Subscriptions")]
        {
            let mut lines = self.channels.iter().filter(|line| line.kind == kind).peekable();
            if lines.peek().is_some() {
                writeln!(f, "{heading}")?;
            }
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", field(&self.name))?;
        if let Some(title) = &self.title {
            write!(f, " “{}”", field(title))?;
        }
        let both = self.inbox.is_some() && self.outbox.is_some();
        match (self.inbox, self.outbox) {
            (Some(inbox), Some(outbox)) if both => write!(f, ": {inbox} in, {outbox} out")?,
            (number, other) => write!(f, ": {}", count(number.or(other).unwrap_or(0), "message"))?,
        }
        if let Some(newest) = self.newest {
            write!(f, ", newest {}", newest.time().format("%-d %B %Y"))?;
        }
        let notes = [
            (self.arriving, "arriving"),
            (self.waiting, if self.waiting == 1 { "waits for what it lacks" } else { "wait for what they lack" }),
            (self.future, "dated in the future"),
            (self.drafts, if self.drafts == 1 { "draft" } else { "drafts" }),
            (self.warnings, "not shown: see `missive check`"),
        ];
        for (number, what) in notes.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, ", {number} {what}")?;
        }
        Ok(())
    }
}

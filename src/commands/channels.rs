//! `missive channels`: every channel of the data folder.
//!
//! The list is grouped by kind, in columns where the screen has room for them, else one below the other.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, count, freshness, grouped};
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::Marks;
use crate::channel::snapshot::Snapshot;
use crate::channel::{Channel, Kind};
use crate::commands::Environment;
use crate::commands::channel_view;
use crate::commands::channel_view::ChannelView;
use crate::commands::relative_time::ago_and_day;
use crate::commands::resolve;
use crate::console::{Console, FormatText, FormattedText, Style, columns, cut, wrapped};
use crate::sync::socket;
use crate::sync::status::NodeState;

/// List the channels of the data folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Channels {}

const EXAMPLES: &str = "Examples:
  missive channels
  missive channels --json | jq -r '.channels[] | select(.unread > 0).name'";

/// A channel in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelLine {
    name: String,
    title: Option<String>,
    kind: Kind,
    inbox: Option<usize>,
    outbox: Option<usize>,
    /// Messages of the inbox that were not read.
    unread: usize,
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
    /// How fresh each of its boxes is that is kept in step with others.
    freshness: Vec<Fresh>,
    #[serde(skip)]
    newest_in_words: String,
}

/// How fresh a box is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fresh {
    #[serde(rename = "box")]
    side: Side,
    /// In words; `missive status --json` has the figures.
    words: String,
}

impl Fresh {
    /// In words; the box is named where the channel has another one.
    fn in_words(&self, is_only: bool) -> String {
        if is_only { self.words.clone() } else { format!("{}: {}", self.side, self.words) }
    }
}

/// Every channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelsReport {
    data: String,
    channels: Vec<ChannelLine>,
}

/// Lists the channels.
///
/// # Errors
/// [`Failure`] when the data folder cannot be listed.
pub fn run(_args: &Channels, environment: &Environment, console: Console) -> Result<ChannelsReport, Failure> {
    let marks = channel_view::marks(environment, console);
    let found = resolve::all(environment, console)?;
    let state = socket::ask(&environment.folders.data)
        .or_else(|| socket::last_state(&environment.folders.data))
        .unwrap_or_default();
    let mut channels: Vec<ChannelLine> =
        found.into_iter().map(|channel| line(channel, &marks, &state, environment)).collect();
    channels.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(ChannelsReport { data: environment.folders.data.to_string_lossy().into_owned(), channels })
}

fn line(channel: Channel, marks: &Marks, state: &NodeState, environment: &Environment) -> ChannelLine {
    let kind = channel.kind;
    let opened = ChannelView::look(channel, marks, environment);
    let snapshot = &opened.snapshot;
    let number = |side: Side| snapshot.folder(side).map(|_| snapshot.count(side));
    let held = |is: fn(&Reason) -> bool| snapshot.held.iter().filter(|held| is(&held.reason)).count();
    let newest = snapshot.cards.last().map(|card| card.stamp);
    ChannelLine {
        name: opened.name().to_owned(),
        title: title(snapshot, kind),
        kind,
        inbox: number(Side::Inbox),
        outbox: number(Side::Outbox),
        unread: snapshot.cards.iter().filter(|card| !opened.is_read(card)).count(),
        newest,
        arriving: snapshot.findings.count(&Reason::Arriving),
        conflicts: snapshot.findings.count(&Reason::Conflict),
        waiting: held(|reason| matches!(reason, Reason::Lacks(_))),
        drafts: held(|reason| *reason == Reason::Draft),
        future: held(|reason| *reason == Reason::Future),
        warnings: snapshot.warnings(),
        freshness: fresh(opened.name(), state, environment.clock.seconds()),
        newest_in_words: newest.map_or_else(String::new, |newest| ago_and_day(newest, environment.clock.seconds())),
    }
}

fn fresh(channel: &str, state: &NodeState, now: i64) -> Vec<Fresh> {
    let documents = state.documents.iter().filter(|document| document.channel.to_string() == channel);
    documents.map(|document| Fresh { side: document.side, words: freshness::words(document, now) }).collect()
}

fn title(snapshot: &Snapshot, kind: Kind) -> Option<String> {
    let profile = if kind == Kind::Broadcast { snapshot.profile(Side::Outbox) } else { snapshot.profile(Side::Inbox) };
    profile.title.clone().filter(|title| *title != snapshot.channel.name.to_string())
}

/// The margin before a channel's name, and before what belongs to it.
const MARGIN: usize = 2;
/// What stands between two columns.
const BETWEEN: usize = 2;
/// Longer titles are cut, as are those that leave too little room, but to no fewer columns than the least.
const TITLE: std::ops::RangeInclusive<usize> = 8..=30;

impl ChannelLine {
    fn counts(&self) -> String {
        match (self.inbox, self.outbox) {
            (Some(inbox), Some(outbox)) => {
                format!("{} in, {} out", grouped(inbox), grouped(outbox))
            }
            (number, other) => count(number.or(other).unwrap_or(0), "message"),
        }
    }

    fn unread(&self) -> String {
        if self.unread > 0 { format!("{} unread", grouped(self.unread)) } else { String::new() }
    }

    /// Title, counts, unread and newest, as far as there is anything to say.
    fn cells(&self) -> [String; 4] {
        [self.title.clone().unwrap_or_default(), self.counts(), self.unread(), self.newest_in_words.clone()]
    }

    /// What is not as it should be, or not yet.
    fn notes(&self) -> Vec<String> {
        let others = self.warnings.saturating_sub(self.conflicts);
        let notes = [
            (self.arriving, "arriving"),
            (self.conflicts, if self.conflicts == 1 { "conflict" } else { "conflicts" }),
            (self.waiting, if self.waiting == 1 { "waits for missing files" } else { "wait for missing files" }),
            (self.future, "dated in the future"),
            (self.drafts, if self.drafts == 1 { "draft" } else { "drafts" }),
            (others, if others == 1 { "warning" } else { "warnings" }),
        ];
        let mut said: Vec<String> = notes
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", grouped(number)))
            .collect();
        if self.warnings > 0 {
            said.push("see `missive check`".to_owned());
        }
        let is_only = self.freshness.len() == 1;
        said.extend(self.freshness.iter().map(|fresh| fresh.in_words(is_only)));
        said
    }

    fn lay_in_columns(&self, out: &mut FormattedText, widths: &[usize; 5]) {
        let [name, title, counts, unread, newest] = widths;
        let [title_text, counts_text, unread_text, newest_text] = self.cells();
        out.space(MARGIN);
        lay_cell(out, Style::Bold, &self.name, *name);
        lay_cell(out, Style::Plain, &cut(&title_text, *title), *title);
        lay_cell(out, Style::Plain, &counts_text, *counts);
        lay_cell(out, Style::Bold, &unread_text, *unread);
        lay_cell(out, Style::Dim, &newest_text, *newest);
        out.end();
    }

    fn lay_in_lines(&self, out: &mut FormattedText) {
        let room = out.screen().width.saturating_sub(2 * MARGIN);
        out.space(MARGIN).paint(Style::Bold, &self.name).end();
        let [title, rest @ ..] = self.cells();
        if !title.is_empty() {
            out.space(2 * MARGIN).text(&cut(&title, room)).end();
        }
        let rest: Vec<String> = rest.into_iter().filter(|cell| !cell.is_empty()).collect();
        for line in wrapped(&rest, ", ", room) {
            out.space(2 * MARGIN).text(&line).end();
        }
    }
}

fn lay_cell(out: &mut FormattedText, style: Style, text: &str, width: usize) {
    if width > 0 {
        out.paint(style, text).space((width + BETWEEN).saturating_sub(columns(text)));
    }
}

/// The widths of name, title, counts, unread and newest, if the screen has room for them side by side.
fn widths(lines: &[ChannelLine], screen: usize) -> Option<[usize; 5]> {
    let mut widths = [0; 5];
    for line in lines {
        let cells = line.cells();
        for (width, cell) in widths.iter_mut().zip([&line.name].into_iter().chain(&cells)) {
            *width = columns(cell).max(*width);
        }
    }
    let [name, title, counts, unread, newest] = widths;
    let others: usize =
        [name, counts, unread, newest].iter().filter(|width| **width > 0).map(|width| width + BETWEEN).sum();
    let room = screen.checked_sub(MARGIN + others)?;
    let title = title.min(*TITLE.end()).min(room);
    (title >= *TITLE.start() || widths.get(1) == Some(&title)).then_some([name, title, counts, unread, newest])
}

impl FormatText for ChannelsReport {
    fn format(&self, out: &mut FormattedText) {
        if self.channels.is_empty() {
            out.text(&format!("No channels in {} yet. `missive new NAME` makes one.", self.data)).end();
        }
        let widths = widths(&self.channels, out.screen().width);
        for (kind, heading) in
            [(Kind::Message, "Messages"), (Kind::Broadcast, "Broadcasts"), (Kind::Subscription, "Subscriptions")]
        {
            let mut lines = self.channels.iter().filter(|line| line.kind == kind).peekable();
            if lines.peek().is_some() {
                out.text(heading).end();
            }
            for line in lines {
                match &widths {
                    Some(widths) => line.lay_in_columns(out, widths),
                    None => line.lay_in_lines(out),
                }
                for note in wrapped(&line.notes(), ", ", out.screen().width.saturating_sub(2 * MARGIN)) {
                    out.space(2 * MARGIN).paint(Style::Dim, &note).end();
                }
            }
        }
    }
}

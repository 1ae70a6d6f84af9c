//! `missive mark`: says of messages that they were read, or have a star.
//!
//! Nothing is written for a message that has the mark already, and a whole past is marked with one line.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use clap::{ArgGroup, Args};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{Failure, count};
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::store::MarkStore;
use crate::channel::reading::marks::{Change, Reach, State};
use crate::channel::snapshot::card::Card;
use crate::commands::Environment;
use crate::commands::channel_view::ChannelView;
use crate::commands::resolve;
use crate::commands::resolve::MessageId;

/// Mark messages as read, unread or starred
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("state").required(true).multiple(true)))]
pub struct Mark {
    /// A channel's name or folder
    channel: OsString,
    /// The ids of the messages [default: all messages of the channel]
    ids: Vec<MessageId>,
    /// Mark them as read
    #[arg(long, group = "state")]
    read: bool,
    /// Mark them as unread
    #[arg(long, group = "state", conflicts_with = "read")]
    unread: bool,
    /// Give them a star
    #[arg(long, group = "state")]
    star: bool,
    /// Remove their star
    #[arg(long, group = "state", conflicts_with = "star")]
    unstar: bool,
}

const EXAMPLES: &str = "Examples:
  missive mark azureens-blog --read                        mark all messages as read
  missive mark azureens-blog 2013-08-11T14-34-37Z --star   give one message a star";

/// What was marked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MarkReport {
    channel: String,
    marked: Vec<Marked>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Marked {
    state: String,
    /// How many messages were not so before.
    messages: usize,
}

/// Marks messages.
///
/// # Errors
/// [`Failure`] when there is no such channel or message, or the marks cannot be kept. Nothing is marked then.
pub fn run(args: &Mark, environment: &Environment) -> Result<MarkReport, Failure> {
    let store = MarkStore::below(&environment.folders.data);
    let marks = store.load()?;
    let opened = ChannelView::look(resolve::channel(environment, &args.channel)?, &marks, environment);
    let mut cards = Vec::new();
    for id in &args.ids {
        cards.extend(id.find(&opened.snapshot)?);
    }
    if args.unread && cards.iter().any(|card| card.side == Side::Outbox) {
        let message = "your own messages always count as read";
        return Err(Failure::new(message, "name messages of the inbox; nothing was marked"));
    }
    let all = args.ids.is_empty();
    let cards = if all { &opened.snapshot.cards } else { &cards };
    let mut changes = Vec::new();
    let mut marked = Vec::new();
    for state in args.states() {
        let to_mark: Vec<&Arc<Card>> = cards.iter().filter(|card| !is_so(&opened, card, state)).collect();
        marked.push(Marked { state: state.to_string(), messages: to_mark.len() });
        let before = all.then(|| environment.clock.seconds().saturating_sub(LATE));
        changes.extend(reaches(&to_mark, before).into_iter().map(|(side, reach)| Change {
            channel: opened.key.clone(),
            side,
            reach,
            state,
        }));
    }
    store.add(&marks, &changes, environment.clock.seconds(), &fresh_device())?;
    Ok(MarkReport { channel: opened.name().to_owned(), marked })
}

impl Mark {
    fn states(&self) -> Vec<State> {
        let wanted = [
            (self.read, State::Read(true)),
            (self.unread, State::Read(false)),
            (self.star, State::Starred(true)),
            (self.unstar, State::Starred(false)),
        ];
        wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, state)| state).collect()
    }
}

/// A message may arrive so much later than it was written, in seconds, and still be new: a mark on a whole past does not
/// reach into the last week.
const LATE: i64 = 7 * 24 * 3_600;
/// Fewer messages get a mark each, which says nothing of those that are still to arrive.
const FEW: usize = 100;

fn is_so(opened: &ChannelView, card: &Card, state: State) -> bool {
    match state {
        State::Read(is) => card.side == Side::Outbox || opened.is_read(card) == is,
        State::Starred(is) => opened.marked.is_starred(card.side, card.stamp) == is,
    }
}

/// What marks are made on: one on the past up to `before`, in seconds since 1970, if that saves many, then one on each.
fn reaches(cards: &[&Arc<Card>], before: Option<i64>) -> Vec<(Side, Reach)> {
    let mut reaches = Vec::new();
    for side in Side::BOTH {
        let stamps: Vec<Stamp> = cards.iter().filter(|card| card.side == side).map(|card| card.stamp).collect();
        let past = stamps.iter().filter(|stamp| before.is_some_and(|before| stamp.seconds() <= before));
        let last = past.clone().max().filter(|_| past.clone().count() > FEW).copied();
        reaches.extend(last.map(|last| (side, Reach::UpTo(last))));
        let rest = stamps.into_iter().filter(|stamp| last.is_none_or(|last| *stamp > last));
        reaches.extend(rest.map(|stamp| (side, Reach::One(stamp))));
    }
    reaches
}

/// A random name for this device, in case it has none yet.
pub(super) fn fresh_device() -> String {
    Uuid::new_v4().simple().to_string()
}

impl fmt::Display for MarkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = crate::text::invisible::field(&self.channel);
        for Marked { state, messages } in &self.marked {
            let words = match state.as_str() {
                "read" => "read now",
                "unread" => "unread now",
                "star" => "now starred",
                _ => "no longer starred",
            };
            writeln!(f, "{channel}: {} {words}", count(*messages, "message"))?;
        }
        Ok(())
    }
}

//! `missive read`: messages in the terminal.
//!
//! Here the messages are chosen, and those that were really printed are marked as read. `message_view` prints one of them.

use std::ffi::OsString;
use std::sync::Arc;

use clap::Args;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Failure, count};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::reading::date_phrase;
use crate::channel::reading::marks::store::MarkStore;
use crate::channel::reading::marks::{Change, Marks, Reach, State};
use crate::channel::snapshot::card::Card;
use crate::commands::Environment;
use crate::commands::box_arg;
use crate::commands::channel_view;
use crate::commands::channel_view::ChannelView;
use crate::commands::message_view::{MessageRecord, MessageView};
use crate::commands::open_attachment;
use crate::commands::resolve;
use crate::commands::resolve::MessageId;
use crate::console::Console;
use crate::markdown::Trust;

/// Read messages; without a channel, all unread ones
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = EXAMPLES)]
pub struct Read {
    /// A channel's name or folder
    channel: Option<OsString>,
    /// The message's id
    id: Option<MessageId>,
    /// From one box only
    #[arg(long, value_name = "BOX", value_parser = box_arg::side())]
    r#box: Option<Side>,
    /// Only unread messages
    #[arg(long)]
    unread: bool,
    /// Only the N newest
    #[arg(short, value_name = "N")]
    n: Option<usize>,
    /// Only messages since this time: `2026-11`, `yesterday`, `3d`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only messages until the end of this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Print the files unchanged
    #[arg(long)]
    raw: bool,
    /// Do not mark the shown messages as read
    #[arg(long)]
    keep_unread: bool,
    /// Open the message's attachment with this number
    #[arg(long, value_name = "N", requires = "id", conflicts_with = "raw")]
    open: Option<usize>,
}

/// How much text of others is laid out in one go, in bytes; what comes after it is shown as it was written. Each text has
/// its bounds, and this is the bound of many.
const MOST_LAID_OUT: u64 = 32 << 20;

const EXAMPLES: &str = "Examples:
  missive read azureens-blog -n 5                            the five newest messages of a channel
  missive read azureens-blog 2013-08-11T14-34-37Z --open 1   the first attachment of a message";

/// The messages that were chosen, oldest first.
struct Chosen<'a> {
    messages: Vec<(&'a ChannelView, Arc<Card>)>,
    environment: &'a Environment,
}

/// Prints messages.
///
/// # Errors
/// [`Failure`] when there is no such channel or message, or standard output cannot be written.
pub fn run(args: &Read, environment: &Environment, console: Console) -> Result<(), Failure> {
    if args.raw && console.json {
        return Err(Failure::usage("`--raw` and `--json` cannot be used together", "the JSON contains the texts too"));
    }
    let marks = channel_view::marks(environment, console);
    let channels = match &args.channel {
        Some(wanted) => vec![resolve::channel(environment, wanted)?],
        None => resolve::all(environment, console)?,
    };
    let opened: Vec<ChannelView> =
        channels.into_iter().map(|channel| ChannelView::look(channel, &marks, environment)).collect();
    let chosen = choose(args, &opened, environment)?;
    if let Some(number) = args.open {
        return chosen.open(number);
    }
    let printed = chosen.print(args, console)?;
    if chosen.messages.is_empty() && !console.json {
        console.say(if args.channel.is_none() || args.unread { "no unread messages" } else { "no message" });
    }
    if !args.keep_unread {
        chosen.mark_read(printed, &marks, console);
    }
    Ok(())
}

fn choose<'a>(args: &Read, opened: &'a [ChannelView], environment: &'a Environment) -> Result<Chosen<'a>, Failure> {
    let now = environment.clock.seconds();
    let span = |text: &String| date_phrase::parse_in(text, now, &environment.zone);
    let since = args.since.as_ref().map(span).transpose()?.map(|span| span.start);
    let until = args.until.as_ref().map(span).transpose()?.map(|span| span.end);
    let only_unread = args.unread || args.channel.is_none();
    let mut messages = Vec::new();
    for channel in opened {
        let cards = match args.id {
            Some(id) => id.find(&channel.snapshot)?,
            None => channel.snapshot.cards.clone(),
        };
        let wanted = |card: &Arc<Card>| {
            let moment = card.stamp.seconds();
            args.r#box.is_none_or(|side| card.side == side)
                && since.is_none_or(|since| moment >= since)
                && until.is_none_or(|until| moment < until)
                && !(only_unread && channel.is_read(card))
        };
        messages.extend(cards.into_iter().filter(wanted).map(|card| (channel, card)));
    }
    // Stable, so that what is of one second stays in the order of channels and boxes.
    messages.sort_by_key(|(_, card)| card.stamp);
    if let Some(most) = args.n {
        messages.drain(..messages.len().saturating_sub(most));
    }
    Ok(Chosen { messages, environment })
}

impl Chosen<'_> {
    fn each(&self) -> impl Iterator<Item = MessageView<'_>> {
        let mut left = MOST_LAID_OUT;
        self.messages.iter().map(move |(opened, card)| {
            let rest = left.checked_sub(if opened.snapshot.trust(card) == Trust::Own {
                0
            } else {
                card.mark.len.min(MAX_READ)
            });
            left = rest.unwrap_or(left);
            MessageView { opened, card, environment: self.environment, is_plain: rest.is_none() }
        })
    }

    /// Prints the messages; gives how many, from the first on, were taken by whoever reads.
    fn print(&self, args: &Read, console: Console) -> Result<usize, Failure> {
        if args.raw {
            return self.print_raw(console);
        }
        if console.json {
            return Ok(if console.json(self)? { self.messages.len() } else { 0 });
        }
        let plain = self.each().filter(|message| message.is_plain).count();
        if plain > 0 {
            let messages = count(plain, "message");
            console.say(&format!(
                "note: {messages} shown as plain text, because together they are very long; read fewer at once: `-n 20`"
            ));
        }
        let pieces = self.each().enumerate().map(|(at, message)| message.lay_out(console.screen, at == 0));
        Ok(console.paged(self.environment.pager.as_ref(), pieces)?)
    }

    fn print_raw(&self, console: Console) -> Result<usize, Failure> {
        for (printed, message) in self.each().enumerate() {
            let Some(folder) = message.opened.snapshot.folder(message.card.side) else {
                continue;
            };
            let (mut file, _) = folder.file(&Entry::Text(message.card.stamp).path())?;
            if !console.raw(&mut file)? {
                return Ok(printed);
            }
        }
        Ok(self.messages.len())
    }

    fn mark_read(&self, printed: usize, marks: &Marks, console: Console) {
        let printed = self.messages.iter().take(printed).filter(|(opened, card)| !opened.is_read(card));
        let changes: Vec<Change> = printed
            .map(|(opened, card)| Change {
                channel: opened.key.clone(),
                side: card.side,
                reach: Reach::One(card.stamp),
                state: State::Read(true),
            })
            .collect();
        let fresh = super::mark::fresh_device();
        let kept = MarkStore::below(&self.environment.folders.data).add(
            marks,
            &changes,
            self.environment.clock.seconds(),
            &fresh,
        );
        if let Err(error) = kept {
            console.say(&format!("note: these messages stay unread, because the mark could not be saved: {error}"));
        }
    }

    fn open(&self, number: usize) -> Result<(), Failure> {
        let mut each = self.each();
        let (Some(message), None) = (each.next(), each.next()) else {
            return Err(Failure::new("both boxes have a message with this id", "write `inbox/ID` or `outbox/ID`"));
        };
        let Card { side, stamp, attachments, .. } = message.card;
        let file = number.checked_sub(1).and_then(|at| attachments.get(at));
        let (Some(file), Some(folder)) = (file, message.opened.snapshot.folder(*side)) else {
            let message = format!("the message has no attachment {number}");
            return Err(Failure::new(message, format!("it has {}", count(attachments.len(), "attachment"))));
        };
        let (found, _) = folder.file(&Entry::Attachment(*stamp, file.path.clone()).path())?;
        let trust = BoxTrust::now(folder, *side).of_attachment(*stamp, &file.path);
        open_attachment::open(&message.path_of(file), trust, &found)
    }
}

/// Messages as JSON has them; they are written one by one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadReport<M = Vec<MessageRecord>> {
    messages: M,
}

impl Serialize for Chosen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Messages<'a>(&'a Chosen<'a>);
        impl Serialize for Messages<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // One text at a time: a long channel's are never all in memory.
                serializer.collect_seq(self.0.each().map(|message| message.whole()))
            }
        }
        ReadReport { messages: Messages(self) }.serialize(serializer)
    }
}

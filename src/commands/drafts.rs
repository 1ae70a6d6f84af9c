//! `missive drafts`: messages that are not sent yet.
//!
//! It lists them, and edits, sends or discards one.

use std::ffi::OsString;
use std::fmt;

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::compose;
use super::editor::Returned;
use super::{Failure, Zone, count, edit, editor, spoken};
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::commands::compose::context::{ComposeContext, SendPlan};
use crate::commands::resolve;
use crate::console::Console;
use crate::fs::regular_file;
use crate::text::invisible::field;

/// List, edit, send or discard drafts
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  missive drafts
  missive drafts send blog draft-2026-11-22T13-35-04Z")]
pub struct Drafts {
    /// A channel's name or folder; all channels of the data folder unless given
    channel: Option<OsString>,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What is to be done with a draft.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Continue writing a draft
    #[command(after_help = "Examples:
  missive drafts edit blog
  missive drafts edit blog draft-2026-11-22T13-35-04Z")]
    Edit(DraftArgs),
    /// Send a draft now
    #[command(after_help = "Examples:
  missive drafts send blog
  missive drafts send blog draft-2026-11-22T13-35-04Z")]
    Send(DraftArgs),
    /// Move a draft to the channel's trash
    #[command(after_help = "Examples:
  missive drafts discard blog
  missive drafts discard blog draft-2026-11-22T13-35-04Z")]
    Discard(DraftArgs),
}

/// One draft.
#[derive(Debug, Args)]
pub struct DraftArgs {
    /// A channel's name or folder
    channel: OsString,
    /// The draft's name, which `missive drafts` shows; may be left out if there is only one
    draft: Option<String>,
}

/// What the command did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum DraftsReport {
    /// The drafts that there are.
    List(DraftList),
    /// A draft that is a draft still.
    Kept(DraftLine),
    /// What became of a draft that was to be sent.
    Sent(compose::ComposeReport),
    /// What became of changes to a message.
    Edited(edit::EditReport),
    /// A draft that was put away.
    Discarded {
        /// Its name.
        discarded: String,
        /// Where its text is now.
        path: String,
    },
}

/// The drafts that there are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftList {
    drafts: Vec<DraftLine>,
}

/// A draft in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftLine {
    channel: String,
    draft: String,
    path: String,
    /// When it will be sent.
    scheduled: Option<Stamp>,
    /// That time in words, with what clocks here show then.
    #[serde(skip)]
    due: Option<String>,
    /// The message that it changes.
    edits: Option<Stamp>,
    title: String,
    attachments: usize,
    /// Whether somebody has it in hand just now.
    in_hand: bool,
    /// Whether its attachments are all that is left of it.
    text_is_gone: bool,
}

/// Lists drafts, or does something with one.
///
/// # Errors
/// [`Failure`]; a draft that was not sent is a draft still.
pub fn run(args: &Drafts, environment: &Environment, console: Console) -> Result<DraftsReport, Failure> {
    let Some(action) = &args.action else {
        let channels = match &args.channel {
            Some(wanted) => vec![resolve::channel(environment, wanted)?],
            None => resolve::all(environment, console)?,
        };
        let mut drafts = Vec::new();
        for channel in channels {
            drafts.extend(lines(&channel, &environment.zone)?);
        }
        return Ok(DraftsReport::List(DraftList { drafts }));
    };
    let (Action::Edit(one) | Action::Send(one) | Action::Discard(one)) = action;
    let channel = resolve::channel(environment, &one.channel)?;
    let draft = Draft::open(&channel, named(&channel, one.draft.as_deref())?)?;
    let context = ComposeContext { channel: &channel, typed: one.channel.clone(), environment, console };
    match (action, draft.name) {
        (Action::Discard(_), name) => {
            let path = draft.discard(&channel, environment.second()?)?.to_string_lossy().into_owned();
            Ok(DraftsReport::Discarded { discarded: name.to_string(), path })
        }
        (Action::Edit(_), DraftName::Edit(stamp)) => {
            edit::go_on(&context, stamp, draft, true).map(DraftsReport::Edited)
        }
        (Action::Send(_), DraftName::Edit(stamp)) => {
            edit::go_on(&context, stamp, draft, false).map(DraftsReport::Edited)
        }
        (Action::Edit(_), _) => edited(&context, draft),
        (Action::Send(_), _) => sent(&context, draft),
    }
}

fn lines(channel: &Channel, zone: &Zone) -> Result<Vec<DraftLine>, Failure> {
    Ok(draft::list(channel)?.into_iter().filter_map(|name| line(channel, name, zone)).collect())
}

fn line(channel: &Channel, name: DraftName, zone: &Zone) -> Option<DraftLine> {
    let (in_hand, draft) = match Draft::open(channel, name) {
        Ok(draft) => (false, Some(draft)),
        Err(Error::NoSuchDraft { .. }) => return None,
        Err(_) => (true, None),
    };
    let path = draft::folder(channel).join(format!("{name}.txt"));
    let text = regular_file::read(&path, u64::MAX);
    Some(DraftLine {
        channel: channel.name.to_string(),
        draft: name.to_string(),
        path: path.to_string_lossy().into_owned(),
        scheduled: if let DraftName::Scheduled(stamp) = name { Some(stamp) } else { None },
        due: if let DraftName::Scheduled(stamp) = name { Some(zone.spoken(stamp)) } else { None },
        edits: if let DraftName::Edit(stamp) = name { Some(stamp) } else { None },
        text_is_gone: text.is_err(),
        title: new_message::first_words(&text.unwrap_or_default()),
        attachments: draft.map_or(0, |draft| draft.attachments().len()),
        in_hand,
    })
}

/// The draft of this name, or the only one.
fn named(channel: &Channel, name: Option<&str>) -> Result<DraftName, Failure> {
    let there = draft::list(channel)?;
    match (name, there.as_slice()) {
        (Some(text), _) => Ok(DraftName::parse(text).ok_or_else(|| draft::no_such(channel, text))?),
        (None, [only]) => Ok(*only),
        (None, []) => Err(Failure::new("there are no drafts in this channel", "`missive compose CHANNEL` starts one")),
        (None, all) => {
            let names: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            Err(Failure::new("there are several drafts", format!("name one of {}", names.join(", "))))
        }
    }
}

fn edited(context: &ComposeContext<'_>, draft: Draft) -> Result<DraftsReport, Failure> {
    let name = draft.name;
    let before = draft.contents()?.text;
    let returned = editor::open(context.environment, context.console, &draft.path());
    if returned.map_err(|failure| context.keeping(failure, name))? == Returned::AtOnce
        && draft.contents()?.text == before
    {
        context.console.say(&format!("note: {}; {}", editor::RETURNED_AT_ONCE, editor::LET_IT_WAIT));
    }
    drop(draft);
    line(context.channel, name, &context.environment.zone)
        .map(DraftsReport::Kept)
        .ok_or_else(|| Failure::from(draft::no_such(context.channel, &name.to_string())))
}

fn sent(context: &ComposeContext<'_>, draft: Draft) -> Result<DraftsReport, Failure> {
    let message = draft.contents()?;
    if message.is_empty() {
        let hint = format!("`{}` continues it", context.on_draft("edit", draft.name));
        return Err(Failure::new("nothing was sent: the text is empty", hint));
    }
    let plan = SendPlan { due: None, draft: false, dry_run: false };
    context.finish(draft, plan, Vec::new()).map(DraftsReport::Sent)
}

impl DraftsReport {
    /// Whether nothing was done that was to be.
    pub fn failed(&self) -> bool {
        match self {
            Self::Sent(report) => report.failed(),
            Self::Edited(report) => report.failed(),
            _ => false,
        }
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Sent(report) => report.remarks(),
            Self::Edited(report) => report.remarks(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for DraftsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(list) if list.drafts.is_empty() => writeln!(f, "No drafts."),
            Self::List(list) => list.fmt(f),
            Self::Kept(line) => writeln!(f, "{line}\n{}", field(&line.path)),
            Self::Sent(report) => report.fmt(f),
            Self::Edited(report) => report.fmt(f),
            Self::Discarded { discarded, path } => {
                writeln!(f, "Moved the draft {} to the trash:\n{}", field(discarded), field(path))
            }
        }
    }
}

impl fmt::Display for DraftList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lines in self.drafts.chunk_by(|a, b| a.channel == b.channel) {
            writeln!(f, "{}", field(lines.first().map_or("", |line| &line.channel)))?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for DraftLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.draft)?;
        if !self.title.is_empty() {
            write!(f, ": “{}”", field(&self.title))?;
        } else if !self.text_is_gone {
            write!(f, ": empty")?;
        }
        if self.attachments > 0 {
            write!(f, ", {}", count(self.attachments, "attachment"))?;
        }
        if let Some(due) = self.scheduled {
            write!(f, ", scheduled for {}", self.due.clone().unwrap_or_else(|| spoken(due)))?;
        }
        if let Some(stamp) = self.edits {
            write!(f, ", changes to {stamp}")?;
        }
        if self.text_is_gone {
            write!(f, ", its text is gone")?;
        }
        if self.in_hand {
            write!(f, ", open or being sent elsewhere")?;
        }
        Ok(())
    }
}

//! What became of a text.
//!
//! It is only put into words here; nothing is looked up.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::Channel;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message::NewMessage;
use crate::channel::outbox::send::Sent;
use crate::channel::protocol::message_file;
use crate::channel::protocol::stamp::Stamp;
use crate::commands::compose::context::{ComposeContext, SendPlan};
use crate::commands::{count, grouped, spoken};
use crate::text::invisible::field;
use crate::text::shell;

/// What became of a text, or of all that was due.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ComposeReport {
    /// What became of one text.
    One(Box<ComposedMessage>),
    /// What was due.
    Due(DueMessages),
}

/// What became of one text.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ComposedMessage {
    channel: String,
    /// The message's id; of a scheduled one, the id that it will have if that second is free then.
    id: Option<Stamp>,
    /// Where its text is.
    path: Option<String>,
    attachments: Vec<String>,
    warnings: Vec<String>,
    /// When it will be sent.
    scheduled: Option<Stamp>,
    /// The draft that it is.
    draft: Option<String>,
    /// Why nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing: Option<&'static str>,
    /// What would be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_write: Option<PlannedMessage>,
    /// That time in words, with what clocks here show then.
    #[serde(skip)]
    due: Option<String>,
    #[serde(skip)]
    typed: OsString,
    /// Whether its warnings were said before a question.
    #[serde(skip)]
    is_said: bool,
}

/// What was due.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct DueMessages {
    pub(super) sent: Vec<ComposedMessage>,
    pub(super) failed: Vec<String>,
}

/// What would be written.
#[derive(Debug, Serialize, JsonSchema)]
struct PlannedMessage {
    /// Each attachment's path and length in bytes, in the order of writing.
    attachments: Vec<(String, u64)>,
    text: String,
    #[serde(skip)]
    length: usize,
}

/// What all texts that were written have.
pub(in crate::commands) struct Written {
    pub(super) names: Vec<String>,
    pub(super) warnings: Vec<String>,
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl ComposedMessage {
    pub(super) fn new(channel: &Channel, stamp: Stamp, path: &Path) -> Self {
        Self { channel: channel.name.to_string(), id: Some(stamp), path: Some(shown(path)), ..Self::default() }
    }

    fn for_draft(context: &ComposeContext<'_>, draft: &Draft) -> Self {
        Self {
            channel: context.channel.name.to_string(),
            path: Some(shown(&draft.path())),
            draft: Some(draft.name.to_string()),
            typed: context.typed.clone(),
            ..Self::default()
        }
    }

    fn with(self, written: Written) -> ComposeReport {
        ComposeReport::One(Box::new(Self { attachments: written.names, warnings: written.warnings, ..self }))
    }
}

impl ComposeReport {
    pub(super) fn nothing(channel: &Channel, why: &'static str) -> Self {
        Self::One(Box::new(ComposedMessage {
            channel: channel.name.to_string(),
            nothing: Some(why),
            ..ComposedMessage::default()
        }))
    }

    pub(super) fn sent(channel: &Channel, sent: &Sent, written: Written) -> Self {
        ComposedMessage::new(channel, sent.stamp, &sent.path).with(written)
    }

    pub(super) fn kept(context: &ComposeContext<'_>, draft: &Draft, written: Written) -> Self {
        ComposedMessage::for_draft(context, draft).with(written)
    }

    pub(super) fn scheduled(context: &ComposeContext<'_>, draft: &Draft, written: Written) -> Self {
        let due = if let DraftName::Scheduled(due) = draft.name { Some(due) } else { None };
        let spoken = due.map(|due| context.environment.zone.spoken(due));
        ComposedMessage { id: due, scheduled: due, due: spoken, ..ComposedMessage::for_draft(context, draft) }
            .with(written)
    }

    pub(super) fn would(
        channel: &Channel,
        message: &NewMessage,
        plan: SendPlan,
        stamp: Stamp,
        warnings: Vec<String>,
    ) -> Self {
        let (stem, folder) = match plan.due {
            Some(due) => (due.to_string(), draft::folder(channel)),
            None if plan.draft => (DraftName::Unsent(stamp).to_string(), draft::folder(channel)),
            None => (stamp.to_string(), channel.path.join("outbox")),
        };
        let names: Vec<String> = message.attachments.iter().map(|file| file.name.text().into_owned()).collect();
        let path = |name: &String| shown(&folder.join(&stem).join(name));
        let attachments = names.iter().map(path).zip(message.attachments.iter().map(|file| file.len)).collect();
        let text = message_file::decode(message.text.clone()).text;
        let would = PlannedMessage { attachments, text, length: message.text.len() };
        let id = (!plan.draft).then_some(plan.due.unwrap_or(stamp));
        let one = ComposedMessage {
            channel: channel.name.to_string(),
            id,
            path: Some(shown(&folder.join(format!("{stem}.txt")))),
            scheduled: plan.due,
            would_write: Some(would),
            ..ComposedMessage::default()
        };
        one.with(Written { names, warnings })
    }

    /// Says that a draft is kept.
    pub(super) fn with_draft(self, context: &ComposeContext<'_>, draft: &Draft) -> Self {
        match self {
            Self::One(one) => Self::One(Box::new(ComposedMessage {
                draft: Some(draft.name.to_string()),
                typed: context.typed.clone(),
                ..*one
            })),
            due @ Self::Due(_) => due,
        }
    }

    /// Takes note that its warnings were said.
    pub(super) fn already_said(mut self) -> Self {
        if let Self::One(one) = &mut self {
            one.is_said = true;
        }
        self
    }

    /// Whether nothing was sent that was to be.
    pub fn failed(&self) -> bool {
        match self {
            Self::One(one) => one.nothing.is_some(),
            Self::Due(due) => !due.failed.is_empty(),
        }
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        let warnings = match self {
            Self::One(one) if one.is_said => return Vec::new(),
            Self::One(one) => &one.warnings,
            Self::Due(due) => &due.failed,
        };
        warnings.iter().map(|warning| format!("warning: {}", field(warning))).collect()
    }
}

impl fmt::Display for ComposeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => one.fmt(f),
            Self::Due(due) if due.sent.is_empty() && due.failed.is_empty() => {
                writeln!(f, "Nothing is due.")
            }
            Self::Due(due) => due.sent.iter().try_for_each(|one| one.fmt(f)),
        }
    }
}

impl fmt::Display for ComposedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(would) = &self.would_write {
            self.would(f, would)?;
            return self.draft.as_ref().map_or(Ok(()), |name| self.go_on(f, name));
        }
        let with = match self.attachments.len() {
            0 => String::new(),
            number => format!(", with {}", count(number, "attachment")),
        };
        match (&self.nothing, &self.draft, self.scheduled, self.id) {
            (Some(why), draft, ..) => {
                writeln!(f, "Nothing was sent: {why}.")?;
                return draft.as_ref().map_or(Ok(()), |name| self.go_on(f, name));
            }
            (_, Some(_), Some(due), _) => {
                let due = self.due.clone().unwrap_or_else(|| spoken(due));
                writeln!(f, "Scheduled for {due}{with}.")?;
                let [watch, due] = ["watch", "compose --due"].map(|command| shell::missive(command, &[&self.typed]));
                writeln!(f, "`{watch}` sends it if it is running then, and so does `{due}`.")?;
            }
            (_, Some(name), None, _) => {
                writeln!(f, "Saved as a draft, {name}{with}.")?;
                self.go_on(f, name)?;
            }
            (_, _, _, Some(id)) => writeln!(f, "Sent {id}{with}.")?,
            _ => {}
        }
        self.path.as_ref().map_or(Ok(()), |path| writeln!(f, "{}", field(path)))
    }
}

impl ComposedMessage {
    fn go_on(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        let [edit, send] = ["drafts edit", "drafts send"].map(|command| shell::missive(command, &[&self.typed, &name]));
        writeln!(f, "`{edit}` continues it, `{send}` sends it.")
    }

    fn would(&self, f: &mut fmt::Formatter<'_>, would: &PlannedMessage) -> fmt::Result {
        for (path, length) in &would.attachments {
            let length = grouped(usize::try_from(*length).unwrap_or(usize::MAX));
            writeln!(f, "would write {}, {length} bytes", field(path))?;
        }
        let path = field(self.path.as_deref().unwrap_or_default());
        writeln!(f, "would write {path}, {} bytes:", grouped(would.length))?;
        writeln!(f, "{}", would.text.strip_suffix('\n').unwrap_or(&would.text))
    }
}

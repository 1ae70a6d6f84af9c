//! `missive compose`: writes a message.
//!
//! A text becomes a draft, and a draft a message. Every text is a draft on disk before anything else happens to it, so nothing
//! that was written is lost. What has to be asked on that way is asked here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::editor::Returned;
use super::{Failure, editor};
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::metadata_check;
use crate::channel::outbox::new_message::{Gathered, NewMessage, gather};
use crate::channel::outbox::{missing_attachment, new_message, send};
use crate::channel::protocol::header;
use crate::channel::protocol::header::Header;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::{date_phrase, reply, resolve_id};
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::commands::compose::context::{ComposeContext, SendPlan};
use crate::commands::text_input::TextArgs;
use crate::commands::{free_values, resolve};
use crate::console::Console;
use crate::markdown::normal_tag;
use crate::text::invisible::field;
use crate::text::shell;

pub use report::ComposeReport;

pub(super) mod context;
mod report;

/// Write a message
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "these comments are the program's help, which is no Markdown")]
#[command(after_help = "Examples:
  missive compose blog -a photos/ --title 'The third leg'
  date | missive compose blog - --at 'tomorrow 9:00'")]
pub struct Compose {
    /// A channel's name or folder
    #[arg(required_unless_present = "due")]
    channel: Option<OsString>,
    #[command(flatten)]
    text: TextArgs,
    /// Attach a file, or all files of a folder; may be repeated
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = free_values::path())]
    attach: Vec<PathBuf>,
    /// The message's title
    #[arg(long, allow_hyphen_values = true, value_parser = free_values::text())]
    title: Option<String>,
    /// A tag of the message; may be repeated
    #[arg(long, value_name = "TAG", value_delimiter = ',', allow_hyphen_values = true, value_parser = free_values::text())]
    tag: Vec<String>,
    /// The message that this one answers: its id, BOX/ID, or its entry's `urn:uuid:`
    #[arg(long, value_name = "ID")]
    reply_to: Option<String>,
    /// Send it then: '18:00', 'tomorrow 9:00', '2026-12-24 18:00' in UTC; '18:00 local', '18:00+01:00',
    /// '18:00 Europe/Berlin'; 'in 2h'
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Save it as a draft, and do not send it
    #[arg(long, conflicts_with = "at")]
    draft: bool,
    /// Show what would be written, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Send the scheduled messages that are due, of one channel or of all
    #[arg(long, conflicts_with_all = ["text", "attach", "title", "tag", "reply_to", "at", "draft", "dry_run"])]
    due: bool,
}

/// Writes a message, or sends what is due.
///
/// # Errors
/// [`Failure`]; what was written is a draft then.
pub fn run(args: &Compose, environment: &Environment, console: Console) -> Result<ComposeReport, Failure> {
    let Some(wanted) = args.channel.as_ref().filter(|_| !args.due) else {
        return send_due(args, environment, console);
    };
    let channel = resolve::channel(environment, wanted)?;
    channel.outbox()?;
    let header = args.header(&channel)?;
    let paths: Vec<PathBuf> = args.attach.iter().map(|path| environment.folders.here.join(path)).collect();
    let gathered = gather(&paths)?;
    let context = ComposeContext { channel: &channel, typed: wanted.clone(), environment, console };
    let due = args.at.as_deref().map(|at| due(at, environment)).transpose()?;
    let plan = SendPlan { due, draft: args.draft, dry_run: args.dry_run };
    match args.text.read(environment, console)? {
        Some(text) => context.send_text(&text, &header, gathered, plan),
        None => context.in_editor(&header, &gathered, plan),
    }
}

fn send_due(args: &Compose, environment: &Environment, console: Console) -> Result<ComposeReport, Failure> {
    let channels = match &args.channel {
        Some(wanted) => vec![resolve::channel(environment, wanted)?],
        None => resolve::all(environment, console)?,
    };
    let now = environment.second()?.seconds();
    let mut report = report::DueMessages::default();
    for channel in channels {
        let all = draft::send_due(&channel, now).unwrap_or_else(|error| {
            report.failed.push(format!("{}: {error}", channel.name));
            Vec::new()
        });
        for (name, done) in all {
            match done {
                Ok(sent) => report.sent.push(report::ComposedMessage::new(&channel, sent.stamp, &sent.path)),
                Err(error) => report.failed.push(format!("{}: {name} could not be sent: {error}", channel.name)),
            }
        }
    }
    Ok(ComposeReport::Due(report))
}

/// The moment that a person means, which must be to come.
fn due(at: &str, environment: &Environment) -> Result<Stamp, Failure> {
    let now = environment.second()?;
    let hint = "add a time zone: `18:00 Europe/Berlin`, or `18:00 local` for the clock here";
    let span = date_phrase::parse_in(at, now.seconds(), &environment.zone)
        .map_err(|error| Failure::new(error.to_string(), hint).caused_by(error))?;
    let due = Stamp::from_seconds(span.start);
    due.filter(|due| *due > now).ok_or_else(|| {
        let meant = due.map_or_else(String::new, |due| format!(": it means {}", environment.zone.spoken(due)));
        Failure::new(
            format!("`{at}` is in the past{meant}"),
            "choose a later time, or leave `--at` out to send the message now",
        )
    })
}

impl Compose {
    fn header(&self, channel: &Channel) -> Result<Header, Failure> {
        let tags: Vec<String> =
            self.tag.iter().map(|tag| tag.trim().trim_start_matches('#').trim().to_owned()).collect();
        if let Some(tag) =
            tags.iter().zip(&self.tag).find_map(|(tag, given)| normal_tag(tag).is_none().then_some(given))
        {
            return Err(Failure::new(format!("`{tag}` is not a tag"), "a tag is one word or a few words"));
        }
        let reply = |id: &String| match ReplyTo::parse(id.trim()) {
            Some(entry @ ReplyTo::Entry(_)) => Ok(entry),
            _ => resolve_id::any(channel, id).map(|(side, stamp)| reply::reply_to(channel, side, stamp)),
        };
        let title = self.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        let in_reply_to = self.reply_to.as_ref().map(reply).transpose()?;
        Ok(Header { title: title.map(str::to_owned), tags, in_reply_to, ..Header::default() })
    }
}

/// What a person wants of a draft that was left.
enum Offer {
    New,
    Edit(Draft),
    Send(Draft),
    Nothing,
}

impl ComposeContext<'_> {
    /// Sends a text that is there.
    fn send_text(
        &self,
        text: &[u8],
        header: &Header,
        gathered: Gathered,
        plan: SendPlan,
    ) -> Result<ComposeReport, Failure> {
        // Pictures speak for themselves.
        if header::is_blank(text) && gathered.files.is_empty() {
            return Ok(ComposeReport::nothing(self.channel, "the text is empty"));
        }
        let text = header::with(text, header).ok_or(Error::Header)?;
        let skipped = skipped(&gathered);
        let message = NewMessage { text, attachments: gathered.files };
        if plan.dry_run {
            return self.preview(&message, plan, skipped);
        }
        if let Some(left) = self.unsent_draft() {
            self.console.say(&self.mention_unsent(&left));
        }
        self.finish(self.begin_draft(message)?, plan, skipped)
    }

    /// A new draft. If there is no room for its attachments, there may be for its text.
    fn begin_draft(&self, message: NewMessage) -> Result<Draft, Failure> {
        let now = self.environment.second()?;
        let begun = Draft::begin(self.channel, &message, now);
        begun.map_err(|error| {
            let text = NewMessage { attachments: Vec::new(), ..message };
            match &error {
                Error::Io(_) => match Draft::begin(self.channel, &text, now) {
                    Ok(draft) => self.keeping(error.into(), draft.name),
                    Err(_) => error.into(),
                },
                _ => error.into(),
            }
        })
    }

    /// Lets a text be written, and sends it.
    fn in_editor(&self, header: &Header, gathered: &Gathered, plan: SendPlan) -> Result<ComposeReport, Failure> {
        // What only shows what it would do leaves drafts alone.
        let offer = if plan.dry_run { Offer::New } else { self.offer()? };
        let left = match offer {
            Offer::Nothing => {
                return Ok(ComposeReport::nothing(self.channel, "there is no answer"));
            }
            Offer::Send(draft) => return self.finish(draft, plan, Vec::new()),
            Offer::Edit(draft) => Some(draft),
            Offer::New => None,
        };
        let is_new = left.is_none();
        let draft = self.prepare_draft(left, header, gathered)?;
        let before = draft.contents()?.text;
        let edited = editor::open(self.environment, self.console, &draft.path());
        let unchanged = draft.contents().is_ok_and(|message| message.text == before);
        if unchanged && matches!(edited, Ok(Returned::AtOnce)) {
            return Err(self.returned_at_once(&draft));
        }
        if let Err(failure) = edited {
            if !is_new || !unchanged {
                return Err(self.keeping(failure, draft.name));
            }
            draft.forget()?;
            return Err(failure);
        }
        match verdict(&draft.contents()?.text, unchanged) {
            Some(why) if is_new => {
                draft.forget().map(|()| ComposeReport::nothing(self.channel, why)).map_err(Failure::from)
            }
            Some(why) => Ok(ComposeReport::nothing(self.channel, why).with_draft(self, &draft)),
            None if plan.dry_run => {
                Ok(self.preview(&draft.contents()?, plan, skipped(gathered))?.with_draft(self, &draft))
            }
            None => self.confirm(draft, plan, skipped(gathered)),
        }
    }

    /// A draft with all that the command line asks for: one that was left, or a new one.
    fn prepare_draft(&self, left: Option<Draft>, header: &Header, gathered: &Gathered) -> Result<Draft, Failure> {
        let with = |text: &[u8]| header::with(text, header).ok_or(Error::Header);
        let Some(draft) = left else {
            let message = NewMessage { text: with(b"")?, attachments: gathered.files.clone() };
            return Ok(Draft::begin(self.channel, &message, self.environment.second()?)?);
        };
        let before = draft.contents()?.text;
        let after = with(&before)?;
        draft.attach(&gathered.files)?;
        if after != before {
            draft.save(&after)?;
        }
        Ok(draft)
    }

    /// Sends a draft, unless its text promises what it does not keep and the person who is asked then would rather not.
    fn confirm(&self, draft: Draft, plan: SendPlan, skipped: Vec<String>) -> Result<ComposeReport, Failure> {
        let missing = missing_attachments(&draft.contents()?, self.environment.second()?);
        if missing.is_empty() || plan.draft || !self.console.can_ask() {
            return self.finish(draft, plan, skipped);
        }
        let revealing = metadata_check::warnings(&draft.contents()?);
        for warning in skipped.iter().chain(&missing).chain(&revealing) {
            self.console.say(&format!("warning: {warning}"));
        }
        let answer = self.console.ask("Send it anyway? [y/N]")?;
        let plan = if is_yes(answer.as_deref()) { plan } else { SendPlan { draft: true, ..plan } };
        Ok(self.finish(draft, plan, skipped)?.already_said())
    }

    /// Sends a draft, lets it wait, or keeps it.
    pub(super) fn finish(&self, draft: Draft, plan: SendPlan, skipped: Vec<String>) -> Result<ComposeReport, Failure> {
        let now = self.environment.second()?;
        let message = draft.contents()?;
        let names = message.attachments.iter().map(|file| file.name.text().into_owned()).collect();
        let warnings = skipped
            .into_iter()
            .chain(missing_attachments(&message, now))
            .chain(metadata_check::warnings(&message))
            .collect();
        let written = report::Written { names, warnings };
        let name = draft.name;
        let done = match plan.due {
            _ if plan.draft => return Ok(ComposeReport::kept(self, &draft, written)),
            Some(due) => draft.schedule(due).map(|draft| ComposeReport::scheduled(self, &draft, written)),
            None => draft.send(self.channel, now).map(|sent| ComposeReport::sent(self.channel, &sent, written)),
        };
        done.map_err(|error| self.keeping(error.into(), name))
    }

    /// Says what would be written, and writes nothing.
    fn preview(&self, message: &NewMessage, plan: SendPlan, skipped: Vec<String>) -> Result<ComposeReport, Failure> {
        let stamp = plan.due.map_or_else(|| self.environment.second(), Ok)?;
        let warnings = skipped
            .into_iter()
            .chain(missing_attachments(message, stamp))
            .chain(metadata_check::warnings(message))
            .collect();
        Ok(ComposeReport::would(self.channel, message, plan, send::first_free(self.channel, stamp)?, warnings))
    }

    /// A failure after which a draft is still there.
    pub(super) fn keeping(&self, failure: Failure, name: DraftName) -> Failure {
        let (edit, send) = (self.on_draft("edit", name), self.on_draft("send", name));
        failure.with_hint(format!("your text is saved as a draft; `{edit}` continues it, `{send}` sends it"))
    }

    /// Says that the editor did not wait, and what becomes of a text that is still written there.
    pub(super) fn returned_at_once(&self, draft: &Draft) -> Failure {
        let send = self.on_draft("send", draft.name);
        let hint = format!("{}; what you save there stays a draft, and `{send}` sends it", editor::LET_IT_WAIT);
        Failure::new(editor::RETURNED_AT_ONCE, hint)
    }

    /// What to type to `edit`, `send` or `discard` a draft.
    pub(super) fn on_draft(&self, action: &str, name: DraftName) -> String {
        shell::missive(&format!("drafts {action}"), &[&self.typed, &name.to_string()])
    }

    /// The newest draft that was left, if nobody has it in hand.
    fn unsent_draft(&self) -> Option<Draft> {
        let mut names = draft::list(self.channel).ok()?;
        names.retain(|name| matches!(name, DraftName::Unsent(_)));
        names.into_iter().rev().filter_map(|name| Draft::open(self.channel, name).ok()).find(Draft::has_text)
    }

    /// That there is an unsent draft, and what can be done with it.
    fn mention_unsent(&self, left: &Draft) -> String {
        let name = left.name;
        format!(
            "note: {name} is not sent yet{}; `{}` continues it, `… send …` sends it, `… discard …` moves it to the trash",
            words(left),
            self.on_draft("edit", name)
        )
    }

    /// Asks what is to become of a draft that was left.
    fn offer(&self) -> Result<Offer, Failure> {
        let Some(left) = self.unsent_draft() else {
            return Ok(Offer::New);
        };
        if !self.console.can_ask() {
            self.console.say(&self.mention_unsent(&left));
            return Ok(Offer::New);
        }
        let question = format!(
            "{} is not sent yet{}.\n[e]dit it, [s]end it, [d]iscard it, or write a [n]ew one?",
            left.name,
            words(&left)
        );
        loop {
            let answer = self.console.ask(&question)?.map(|answer| answer.to_lowercase());
            match answer.as_deref() {
                None => return Ok(Offer::Nothing),
                Some("e" | "edit") => return Ok(Offer::Edit(left)),
                Some("s" | "send") => return Ok(Offer::Send(left)),
                Some("n" | "new") => return Ok(Offer::New),
                Some("d" | "discard") => {
                    let trash = left.discard(self.channel, self.environment.second()?)?;
                    self.console.say(&format!("it is now in {}", field(&trash.to_string_lossy())));
                    return self.offer();
                }
                Some(_) => {}
            }
        }
    }
}

/// Why a text that comes from the editor is not to be sent.
fn verdict(text: &[u8], unchanged: bool) -> Option<&'static str> {
    match () {
        () if header::is_blank(text) => Some("the text is empty"),
        () if unchanged => Some("the text is unchanged"),
        () => None,
    }
}

/// Whether an answer is a yes.
pub(super) fn is_yes(answer: Option<&str>) -> bool {
    answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// `: “Its first words”`
pub(super) fn words(draft: &Draft) -> String {
    let text = draft.contents().map(|message| message.text).unwrap_or_default();
    let words = new_message::first_words(&text);
    if words.is_empty() { String::new() } else { format!(": “{}”", field(&words)) }
}

/// A word about each file that was named and is not attached.
fn skipped(gathered: &Gathered) -> Vec<String> {
    let line = |(path, why): &(PathBuf, String)| format!("{} is not attached: {why}", field(&path.to_string_lossy()));
    gathered.skipped.iter().map(line).collect()
}

/// A word about each file that the text shows and that is not attached.
fn missing_attachments(message: &NewMessage, stamp: Stamp) -> Vec<String> {
    let names: Vec<_> = message.attachments.iter().map(|file| file.name.clone()).collect();
    missing_attachment::warnings(&message.text, &names, stamp)
}

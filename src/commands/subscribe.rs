//! `missive subscribe` and `missive join`: from a key to a channel.
//!
//! Owns what a key may be used for, the folder it gets, and what is shown while it fills. It is noted before anything is
//! fetched, so whoever has the channel may come later.

use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Clock, Failure, Surroundings, count};
use crate::article::readable_size;
use crate::channel::authorship::signers;
use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::network_options::Network;
use crate::commands::wait_for_sync::{Verdict, Waiting};
use crate::commands::{documents, free_values};
use crate::console::Console;
use crate::sync::keys::book::{AuthorKey, Book, Document, Secret};
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::status::DocumentState;
use crate::sync::syncthing::Key;
use crate::text::invisible::field;
use crate::text::shell;
use crate::watch::Waker;

/// Subscribe to somebody's channel with its read key
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive subscribe missive-read-aeaq
  missive subscribe 'https://example.org/blog/#missive-read-aeaq' azureen")]
pub struct Subscribe {
    /// The read key, or a link that contains it
    key: String,
    /// The channel's name here [default: its author's name for it]
    name: Option<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    via: crate::commands::syncthing::Via,
}

/// Join a channel as an author with its write key
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive join missive-write-aeaq
  missive join missive-write-aeaq walks --as Brando")]
pub struct Join {
    /// The write key
    key: String,
    /// The channel's name here [default: its author's name for it]
    name: Option<String>,
    /// The author's name on your messages
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_values::text())]
    author: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// Do not wait for the messages
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    network: Network,
}

/// What came of a key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Subscribed {
    /// A channel of our own engine.
    Channel(Report),
    /// What Syncthing was told.
    Via(crate::commands::syncthing::Report),
}

/// The channel that a key was made into.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    name: String,
    /// What its author calls it, untrusted.
    title: Option<String>,
    messages: usize,
    /// The length of all its files, in bytes.
    bytes: u64,
    /// Files that are not here yet.
    arriving: usize,
    /// Whether somebody who has it was met, and all is here.
    in_step: bool,
    path: String,
}

/// Subscribes, and waits until the messages are here, nobody who has them is met, or the waker rings.
///
/// # Errors
/// [`Failure`] when the text is no key for reading, the channel is here already, or its name is taken.
pub fn run(
    args: &Subscribe,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<Subscribed, Failure> {
    if args.via.is_given() {
        return crate::commands::syncthing::subscribe(&args.key, args.name.as_deref(), around).map(Subscribed::Via);
    }
    let waiting = Waiting::begin(with_waker)?;
    let (name, title) = note(&args.key, args.name.as_deref(), around)?;
    let wanted = Wanted { name: &name, side: Side::Inbox, title: &title };
    fetch(&wanted, &args.how, around, console, clock, waiting).map(Subscribed::Channel)
}

/// Subscribes, and waits for nothing; gives the channel's name, and what its author calls it.
pub(super) fn note(key: &str, name: Option<&str>, around: &Surroundings) -> Result<(ChannelName, String), Failure> {
    if Key::parse(key).is_ok() {
        let hint = "subscribe with `missive subscribe --via syncthing KEY`";
        return Err(Failure::new("that is a key for Syncthing", hint));
    }
    let ticket = Ticket::parse(key)?;
    let Opens::Read(id) = ticket.opens else {
        return Err(other_kind(&ticket));
    };
    let owner = ticket.owner.map(AuthorKey);
    let document =
        |name: ChannelName| Document { peers: ticket.peers.clone(), owner, ..Document::new(name, Side::Inbox, id) };
    let name = add(around, &ticket, name, (Side::Inbox, id), document)?;
    Ok((name, ticket.name))
}

/// Joins, and waits as [`run`] does.
///
/// # Errors
/// [`Failure`] when the text is no key for writing, the channel is here already, or its name is taken.
pub fn join(
    args: &Join,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let ticket = Ticket::parse(&args.key)?;
    let Opens::Write(secret) = ticket.opens else {
        return Err(other_kind(&ticket));
    };
    let id = documents::document_id(&Secret(secret))?;
    let waiting = Waiting::begin(with_waker)?;
    let document = |name: ChannelName| Document {
        secret: Some(Secret(secret)),
        owner: ticket.owner.map(AuthorKey),
        author: args.author.clone(),
        peers: ticket.peers.clone(),
        ..Document::new(name, Side::Outbox, id)
    };
    let name = add(around, &ticket, args.name.as_deref(), (Side::Outbox, id), document)?;
    let wanted = Wanted { name: &name, side: Side::Outbox, title: &ticket.name };
    fetch(&wanted, &args.how, around, console, clock, waiting)
}

fn other_kind(ticket: &Ticket) -> Failure {
    let (what, hint) = match ticket.opens {
        Opens::Read(_) => ("that is a read key", "subscribe with `missive subscribe KEY`"),
        Opens::Write(_) => ("that is a write key", "join with `missive join KEY`"),
        Opens::Invitation { .. } => ("that is an invitation to a conversation", "accept it with `missive accept CODE`"),
    };
    Failure::new(what, hint)
}

/// Makes the channel and notes its document, both or neither.
fn add(
    around: &Surroundings,
    ticket: &Ticket,
    name: Option<&str>,
    (side, id): (Side, [u8; 32]),
    document: impl Fn(ChannelName) -> Document,
) -> Result<ChannelName, Failure> {
    let named = name.map(documents::parsed).transpose()?;
    let choose = |book: &Book| -> Result<(ChannelName, Document), Failure> {
        let name = named.clone().map_or_else(|| documents::free_name(around, book, &ticket.name), Ok)?;
        let document = document(name.clone());
        refuse_known(book, &document)?;
        Ok((name, document))
    };
    let whose = |book: &mut Book| note_owner(book, ticket, &id, side);
    // What is refused at once makes nothing, not even a data folder.
    let mut known = Book::read(&around.data)?;
    if whose(&mut known)?.is_none() {
        choose(&known)?;
    }
    fs_err::create_dir_all(&around.data)?;
    let (name, made) = Book::change(&around.data, |book| {
        if let Some(name) = whose(book)? {
            return Ok((name, None));
        }
        let (name, document) = choose(book)?;
        let made = documents::make(around, book, &name, side)?;
        book.documents.push(document);
        Ok::<_, Failure>((name, made))
    })?;
    made.into_iter().for_each(NewChannel::keep);
    Ok(name)
}

/// Refuses a document that is here already.
fn refuse_known(book: &Book, document: &Document) -> Result<(), Failure> {
    let Some(known) = book.by_id(&document.id) else {
        return Ok(());
    };
    let is_more = document.side == Side::Outbox && known.secret.is_none();
    let what = if known.secret.is_some() {
        "you are already an author of that channel:"
    } else {
        "you have that channel already:"
    };
    let hint = if is_more {
        format!("first delete its read key: {}", shell::missive("keys forget", &[&known.channel]))
    } else {
        "nothing was changed".to_owned()
    };
    Err(Failure::new(format!("{what} `{}`", known.channel), hint))
}

/// Notes whose a channel is that was here before anybody said so; gives its name then.
fn note_owner(book: &mut Book, ticket: &Ticket, id: &[u8; 32], side: Side) -> Result<Option<ChannelName>, Failure> {
    let (Some(owner), Some(known)) = (ticket.owner.map(AuthorKey), book.by_id_mut(id)) else {
        return Ok(None);
    };
    match known.owner {
        _ if known.side != side => Ok(None),
        None if !known.is_made_here() => {
            known.owner = Some(owner);
            Ok(Some(known.channel.clone()))
        }
        Some(other) if other != owner => Err(Failure::new(
            format!(
                "the key says that key {} owns this channel; here it is key {}: `{}`",
                short(owner),
                short(other),
                known.channel
            ),
            format!(
                "ask the owner which key is right; to start again with the new one: {}",
                shell::missive("keys forget", &[&known.channel])
            ),
        )),
        _ => Ok(None),
    }
}

fn short(key: AuthorKey) -> String {
    signers::Key::new(key.0).short()
}

/// A channel that a key names, while its messages are waited for.
struct Wanted<'a> {
    name: &'a ChannelName,
    side: Side,
    /// What whoever gave the key calls it.
    title: &'a str,
}

fn fetch(
    wanted: &Wanted<'_>,
    how: &How,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    mut waiting: Waiting,
) -> Result<Report, Failure> {
    let mut last = DocumentState::new(wanted.name.clone(), wanted.side, false);
    if !how.no_wait {
        console.say(&looking_for(wanted.title));
        let session = waiting.open(around, how.network.options(around), clock)?;
        let bar = console.bytes(&wanted.name.to_string());
        waiting.until(&session, around, PATIENCE, |state| {
            let is_it = |document: &&DocumentState| document.channel == *wanted.name && document.side == wanted.side;
            let Some(document) = state.documents.iter().find(is_it) else {
                return Verdict::Wait;
            };
            last = document.clone();
            // Before somebody was met there are no figures.
            if document.compared.is_some() {
                bar.name(&summary(document));
                bar.show(document.fetched, document.fetched.saturating_add(document.arriving_bytes));
            }
            if document.is_up_to_date() { Verdict::Done } else { Verdict::Wait }
        })?;
        bar.clear();
        waiting.end(session, console)?;
    }
    Ok(Report {
        path: around.data.join(wanted.name.as_os_str()).to_string_lossy().into_owned(),
        name: wanted.name.to_string(),
        in_step: last.is_up_to_date(),
        title: last.title,
        messages: last.messages,
        bytes: last.bytes,
        arriving: last.arriving,
    })
}

/// What is said at once while nobody was met yet.
fn looking_for(title: &str) -> String {
    let what = if title.is_empty() { "this channel".to_owned() } else { format!("“{}”", field(title)) };
    format!("Looking for someone who has {what} … ctrl-c to stop; this continues whenever `missive sync` runs")
}

/// How long nothing may change before this command stops waiting.
const PATIENCE: Duration = Duration::from_secs(20);

fn summary(document: &DocumentState) -> String {
    let title = document.title.clone().unwrap_or_else(|| document.channel.to_string());
    format!("{}: {}", field(&title), count(document.messages, "message"))
}

impl fmt::Display for Subscribed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(report) => report.fmt(f),
            Self::Via(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        let title = self.title.as_deref().unwrap_or(&self.name);
        if self.in_step {
            writeln!(
                f,
                "{}: {}, {}. To read: {}",
                field(title),
                count(self.messages, "message"),
                readable_size(self.bytes),
                shell::missive("read", &[&self.name])
            )
        } else if self.messages > 0 {
            writeln!(
                f,
                "{}: {}, {}; {} still arriving. They arrive while `missive sync` runs.",
                field(title),
                count(self.messages, "message"),
                readable_size(self.bytes),
                count(self.arriving, "file")
            )
        } else {
            writeln!(
                f,
                "Subscribed. No one with this channel is online yet; messages arrive once `missive sync` is running and someone is."
            )
        }
    }
}

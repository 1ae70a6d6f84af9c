//! `missive subscribe` and `missive join`: from a key to a channel.
//!
//! The key is saved before anything is fetched, so whoever has the channel may come online later.

use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, count};
use crate::article::readable_size;
use crate::channel::authorship::signers;
use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::Environment;
use crate::commands::network_options::NetworkArgs;
use crate::commands::wait_for_sync::{SyncWait, Verdict};
use crate::commands::{documents, free_values};
use crate::console::Console;
use crate::sync::keys::book::{AuthorKey, Book, Document, Secret};
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::status::DocumentState;
use crate::sync::sync_state::SyncState;
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
    via: crate::commands::syncthing::ViaArgs,
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
    network: NetworkArgs,
}

/// What came of a key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SubscribeResult {
    /// A channel of our own engine.
    Channel(SubscribeReport),
    /// What Syncthing was told.
    Via(crate::commands::syncthing::SyncthingReport),
}

/// The channel that a key was made into.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubscribeReport {
    name: String,
    /// What its author calls it, untrusted.
    title: Option<String>,
    messages: usize,
    /// The length of all its files, in bytes.
    bytes: u64,
    /// Files that are not here yet.
    arriving: usize,
    /// Whether someone who has it was connected, and nothing is left to wait for.
    in_step: bool,
    /// The state that it is in.
    state: SyncState,
    path: String,
    /// What is not here although nothing more is waited for.
    #[serde(skip)]
    exceptions: String,
}

/// Subscribes, and waits until the messages are here, until nothing has changed for long, or until the waker says stop.
///
/// # Errors
/// [`Failure`] when the text is no read key, the channel is here already, or its name is taken.
pub fn run(
    args: &Subscribe,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<SubscribeResult, Failure> {
    if args.via.is_given() {
        return crate::commands::syncthing::subscribe(&args.key, args.name.as_deref(), environment)
            .map(SubscribeResult::Via);
    }
    let waiting = SyncWait::begin(with_waker)?;
    let (name, title) = note(&args.key, args.name.as_deref(), environment)?;
    let wanted = Wanted { name: &name, side: Side::Inbox, title: &title };
    fetch(&wanted, &args.how, environment, console, waiting).map(SubscribeResult::Channel)
}

/// Subscribes, and waits for nothing; gives the channel's name, and what its author calls it.
pub(super) fn note(key: &str, name: Option<&str>, environment: &Environment) -> Result<(ChannelName, String), Failure> {
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
    let name = add(environment, &ticket, name, (Side::Inbox, id), document)?;
    Ok((name, ticket.name))
}

/// Joins, and waits as [`run`] does.
///
/// # Errors
/// [`Failure`] when the text is no write key, the channel is here already, or its name is taken.
pub fn join(
    args: &Join,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<SubscribeReport, Failure> {
    let ticket = Ticket::parse(&args.key)?;
    let Opens::Write(secret) = ticket.opens else {
        return Err(other_kind(&ticket));
    };
    let id = documents::document_id(&Secret(secret))?;
    let waiting = SyncWait::begin(with_waker)?;
    let document = |name: ChannelName| Document {
        secret: Some(Secret(secret)),
        owner: ticket.owner.map(AuthorKey),
        author: args.author.clone(),
        peers: ticket.peers.clone(),
        ..Document::new(name, Side::Outbox, id)
    };
    let name = add(environment, &ticket, args.name.as_deref(), (Side::Outbox, id), document)?;
    let wanted = Wanted { name: &name, side: Side::Outbox, title: &ticket.name };
    fetch(&wanted, &args.how, environment, console, waiting)
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
    environment: &Environment,
    ticket: &Ticket,
    name: Option<&str>,
    (side, id): (Side, [u8; 32]),
    document: impl Fn(ChannelName) -> Document,
) -> Result<ChannelName, Failure> {
    let named = name.map(documents::parsed).transpose()?;
    let choose = |book: &Book| -> Result<(ChannelName, Document), Failure> {
        let name = named.clone().map_or_else(|| documents::free_name(environment, book, &ticket.name), Ok)?;
        let document = document(name.clone());
        refuse_known(book, &document)?;
        Ok((name, document))
    };
    let whose = |book: &mut Book| note_owner(book, ticket, &id, side);
    // What is refused at once makes nothing, not even a data folder.
    let mut known = documents::follow_renamed(environment)?.book;
    if whose(&mut known)?.is_none() {
        choose(&known)?;
    }
    fs_err::create_dir_all(&environment.folders.data)?;
    let (name, made) = Book::change(&environment.folders.data, |book| {
        if let Some(name) = whose(book)? {
            return Ok((name, None));
        }
        let (name, document) = choose(book)?;
        let made = documents::make(environment, book, &name, side)?;
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
                "the new key names {} as the owner of this channel, but the saved key names {}: `{}`",
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
    environment: &Environment,
    console: Console,
    mut waiting: SyncWait,
) -> Result<SubscribeReport, Failure> {
    let mut last = DocumentState::new(wanted.name.clone(), wanted.side, false);
    if !how.no_wait {
        console.say(&looking_for(wanted.title));
        let session = waiting.open(environment, how.network.options(environment))?;
        let bar = console.bytes(&wanted.name.to_string());
        waiting.until(&session, environment, PATIENCE, |state| {
            let is_it = |document: &&DocumentState| document.channel == *wanted.name && document.side == wanted.side;
            let Some(document) = state.documents.iter().find(is_it) else {
                return Verdict::Wait;
            };
            last = document.clone();
            // Before anyone was connected there are no figures.
            if document.compared.is_some() {
                bar.name(&summary(document));
                bar.show(document.fetched, document.fetched.saturating_add(document.arriving_bytes));
            }
            if document.is_settled() { Verdict::Done } else { Verdict::Wait }
        })?;
        bar.clear();
        session.end()?;
    }
    Ok(SubscribeReport {
        path: environment.folders.data.join(wanted.name.as_os_str()).to_string_lossy().into_owned(),
        name: wanted.name.to_string(),
        in_step: last.is_settled(),
        state: last.facts().state(environment.clock.seconds()),
        exceptions: last.facts().exceptions(),
        title: last.title,
        messages: last.messages,
        bytes: last.bytes,
        arriving: last.arriving,
    })
}

/// What is said at once, while nobody is connected yet.
fn looking_for(title: &str) -> String {
    let what = if title.is_empty() { "this channel".to_owned() } else { format!("“{}”", field(title)) };
    format!("Looking for someone who has {what} … Press ctrl-c to stop; it continues whenever `missive sync` runs.")
}

/// How long nothing may change before this command stops waiting.
const PATIENCE: Duration = Duration::from_secs(20);

fn summary(document: &DocumentState) -> String {
    let title = document.title.clone().unwrap_or_else(|| document.channel.to_string());
    format!("{}: {}", field(&title), count(document.messages, "message"))
}

impl fmt::Display for SubscribeResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(report) => report.fmt(f),
            Self::Via(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for SubscribeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        let title = self.title.as_deref().unwrap_or(&self.name);
        if self.in_step {
            writeln!(
                f,
                "{}: {}, {}{}. To read it: {}",
                field(title),
                count(self.messages, "message"),
                readable_size(self.bytes),
                self.exceptions,
                shell::missive("read", &[&self.name])
            )
        } else if self.messages > 0 && self.arriving == 0 {
            let what = count(self.messages, "message");
            writeln!(
                f,
                "{}: {what}, {}; not up to date yet. `missive status` says why.",
                field(title),
                readable_size(self.bytes)
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

//! `missive subscribe` and `missive join`: from a key to a channel.
//!
//! Owns what a key may be used for, the folder it gets, and what is shown while it fills. It is noted before anything is
//! fetched, so whoever has the channel may come later.

use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::network::Network;
use super::session::Session;
use super::{Clock, Failure, Surroundings, count, keyring, waiting};
use crate::article::size;
use crate::channel::entry::Side;
use crate::channel::name::ChannelName;
use crate::console::Console;
use crate::sync::book::{AuthorKey, Book, Document, Secret};
use crate::sync::state::DocumentState;
use crate::sync::syncthing::Key;
use crate::sync::ticket::{Opens, Ticket};
use crate::unseen::field;
use crate::watch::Bell;

/// Read somebody's channel, by its key
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive subscribe missive-read-aeaq
  missive subscribe 'https://example.org/blog/#missive-read-aeaq' azureen")]
pub struct Subscribe {
    /// The key, or a link with it
    key: String,
    /// What to call the channel here [default: what its author calls it]
    name: Option<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    via: super::via::Via,
}

/// Write a channel with others, by its key for writing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive join missive-write-aeaq
  missive join missive-write-aeaq walks --as Brando")]
pub struct Join {
    /// The key for writing
    key: String,
    /// What to call the channel here [default: what its author calls it]
    name: Option<String>,
    /// The name by which your messages are signed
    #[arg(long = "as", value_name = "NAME")]
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
    Via(super::via::Report),
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

/// Subscribes, and waits until the messages are here, nobody who has them is met, or the bell rings.
///
/// # Errors
/// [`Failure`] when the text is no key for reading, the channel is here already, or its name is taken.
pub fn run(
    args: &Subscribe,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
) -> Result<Subscribed, Failure> {
    if args.via.is_given() {
        return super::via::subscribe(&args.key, args.name.as_deref(), around).map(Subscribed::Via);
    }
    if Key::parse(&args.key).is_ok() {
        let hint = "`missive subscribe --via syncthing KEY` reads with it";
        return Err(Failure::new("that is a key of Syncthing's", hint));
    }
    let ticket = Ticket::parse(&args.key)?;
    let Opens::Read(id) = ticket.opens else {
        return Err(other_kind(&ticket));
    };
    let owner = ticket.owner.map(AuthorKey);
    let document = |name: &str| Document { peers: ticket.peers.clone(), owner, ..Document::new(name, Side::Inbox, id) };
    let name = add(around, &ticket, args.name.as_deref(), Side::Inbox, document)?;
    fetch(&name, Side::Inbox, &args.how, around, console, clock, with_bell).map(Subscribed::Channel)
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
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let ticket = Ticket::parse(&args.key)?;
    let Opens::Write(secret) = ticket.opens else {
        return Err(other_kind(&ticket));
    };
    let id = keyring::document_id(&Secret(secret))?;
    let document = |name: &str| Document {
        secret: Some(Secret(secret)),
        owner: ticket.owner.map(AuthorKey),
        author: args.author.clone(),
        peers: ticket.peers.clone(),
        ..Document::new(name, Side::Outbox, id)
    };
    let name = add(around, &ticket, args.name.as_deref(), Side::Outbox, document)?;
    fetch(&name, Side::Outbox, &args.how, around, console, clock, with_bell)
}

fn other_kind(ticket: &Ticket) -> Failure {
    let (what, hint) = match ticket.opens {
        Opens::Read(_) => ("that is a key for reading", "`missive subscribe KEY` reads with it"),
        Opens::Write(_) => ("that is a key for writing", "`missive join KEY` writes with it"),
        Opens::Invitation { .. } => ("that is an invitation to a conversation", "`missive accept CODE` answers it"),
    };
    Failure::new(what, hint)
}

/// Makes the channel and notes its document.
fn add(
    around: &Surroundings,
    ticket: &Ticket,
    name: Option<&str>,
    side: Side,
    document: impl Fn(&str) -> Document,
) -> Result<String, Failure> {
    let known = Book::read(&around.data)?;
    if let Some(known) = known.by_id(&document("").id) {
        if known.side == side
            && let Some(name) = note_owner(around, known, ticket)?
        {
            return Ok(name);
        }
        let is_more = side == Side::Outbox && known.secret.is_none();
        let what = if known.secret.is_some() {
            "that is the key of your own channel"
        } else {
            "you have that channel already:"
        };
        let hint = if is_more {
            "take its reading key out first: `missive keys forget CHANNEL`"
        } else {
            "nothing was changed"
        };
        return Err(Failure::new(format!("{what} `{}`", known.channel), hint));
    }
    let name = match name {
        Some(name) => {
            ChannelName::parse(name.as_ref()).ok_or_else(|| crate::channel::Error::Name { name: name.to_owned() })?
        }
        None => keyring::free_name(around, &ticket.name)?,
    };
    keyring::make(around, &name, side)?;
    let name = name.to_string();
    Book::change(&around.data, |book| {
        book.documents.push(document(&name));
        Ok::<_, Failure>(())
    })?;
    Ok(name)
}

/// Notes whose a channel is that was here before anybody said so; gives its name then.
fn note_owner(around: &Surroundings, known: &Document, ticket: &Ticket) -> Result<Option<String>, Failure> {
    let Some(owner) = ticket.owner.map(AuthorKey) else {
        return Ok(None);
    };
    match known.owner {
        None if !known.is_made_here() => Book::change(&around.data, |book| {
            if let Some(document) = book.by_id_mut(&known.id) {
                document.owner = Some(owner);
            }
            Ok(Some(known.channel.clone()))
        }),
        Some(other) if other != owner => Err(Failure::new(
            format!(
                "the key says that key {} owns this channel; here it is key {}: `{}`",
                short(owner),
                short(other),
                known.channel
            ),
            "ask its owner which is right; to start again with the new key: `missive keys forget CHANNEL`",
        )),
        _ => Ok(None),
    }
}

fn short(key: AuthorKey) -> String {
    crate::channel::authors::Key::new(key.0).short()
}

fn fetch(
    name: &str,
    side: Side,
    how: &How,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let mut last = DocumentState::new(name.to_owned(), side, false);
    if !how.no_wait {
        let session = Session::open(around, how.network.options(around), clock)?;
        let bar = console.bytes(name);
        waiting::until(&session, around, PATIENCE, with_bell, |state| {
            let Some(document) =
                state.documents.iter().find(|document| document.channel == name && document.side == side)
            else {
                return waiting::Verdict::Wait;
            };
            last = document.clone();
            if document.compared.is_some() && document.title.is_some() {
                bar.name(&summary(document));
            }
            bar.show(document.fetched, document.fetched.saturating_add(document.arriving_bytes));
            if document.is_in_step() { waiting::Verdict::Done } else { waiting::Verdict::Wait }
        })?;
        bar.clear();
    }
    Ok(Report {
        path: around.data.join(name).to_string_lossy().into_owned(),
        name: name.to_owned(),
        in_step: last.is_in_step(),
        title: last.title,
        messages: last.messages,
        bytes: last.bytes,
        arriving: last.arriving,
    })
}

/// How long nothing may change before this command stops waiting.
const PATIENCE: Duration = Duration::from_secs(20);

fn summary(document: &DocumentState) -> String {
    let title = document.title.as_deref().unwrap_or(&document.channel);
    format!("{}: {}", field(title), count(document.messages, "message"))
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
                "{}: {}, {}. To read: missive read {}",
                field(title),
                count(self.messages, "message"),
                size(self.bytes),
                field(&self.name)
            )
        } else if self.messages > 0 {
            writeln!(
                f,
                "{}: {}, {}; {} still arriving. They come while `missive sync` runs.",
                field(title),
                count(self.messages, "message"),
                size(self.bytes),
                count(self.arriving, "file")
            )
        } else {
            writeln!(
                f,
                "Nobody who has it was met yet. It is noted, and comes while `missive sync` runs and somebody is there."
            )
        }
    }
}

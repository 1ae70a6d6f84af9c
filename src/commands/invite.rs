//! `missive invite` and `missive accept`: a conversation in one exchange.
//!
//! Owns the code that is handed over and what both sides are shown. The exchange itself is the node's.

use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::network::Network;
use super::qr::qr;
use super::session::Session;
use super::waiting::{self, Verdict};
use super::{Clock, Failure, Surroundings, free_text, keyring};
use crate::channel::entry::Side;
use crate::channel::name::ChannelName;
use crate::channel::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::console::Console;
use crate::shell;
use crate::sync::book::{Acceptance, Book, Invitation};
use crate::sync::socket::Lock;
use crate::sync::ticket::{Opens, Ticket};
use crate::unseen::field;
use crate::watch::Bell;

/// Begin a conversation: makes a channel and a code for the other side
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive invite brando
  missive invite brando --expires 1h")]
pub struct Invite {
    /// What to call the conversation here
    name: String,
    /// How long the code is good for
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = lifetime)]
    expires: Duration,
    /// Your name, for the other side
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_text::text())]
    author: Option<String>,
}

/// The longest life of a code: one that is found after years opens nothing any more.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// How long a code is to be good for.
fn lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if (Duration::from_secs(1)..=LONGEST).contains(&time) {
        Ok(time)
    } else {
        Err("a code is good for a second at least, and for ten years at most".to_owned())
    }
}

/// Answer an invitation: makes your side of the conversation
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive accept missive-invite-aeaq
  missive accept missive-invite-aeaq azureen --as Brando")]
pub struct Accept {
    /// The code
    code: String,
    /// What to call the conversation here [default: the name of who invites]
    name: Option<String>,
    /// Your name, for the other side
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_text::text())]
    author: Option<String>,
    /// Do not wait for the other side
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    network: Network,
}

/// A code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InviteReport {
    channel: String,
    code: String,
    /// In seconds since 1970.
    expires: i64,
    /// Whether a node is running, so that it can be answered now.
    running: bool,
    #[serde(skip)]
    qr: Option<String>,
    #[serde(skip)]
    valid: String,
}

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AcceptReport {
    channel: String,
    path: String,
    /// Whether the other side has answered.
    complete: bool,
    /// Six words that the other side sees too.
    phrase: Option<String>,
}

/// Makes a conversation's channel and the code for the other side.
///
/// # Errors
/// [`Failure`] when the name is taken by something that is no conversation, or the conversation has begun.
pub fn invite(args: &Invite, around: &Surroundings, console: Console) -> Result<InviteReport, Failure> {
    let name = ChannelName::parse(args.name.as_ref()).ok_or_else(|| Error::Name { name: args.name.clone() })?;
    let channel = conversation(around, &name, args.author.as_deref())?;
    let name = keyring::name(around, &channel)?;
    if Book::read(&around.data)?.document(&name, Side::Inbox).is_some() {
        return Err(Failure::new(
            format!("`{name}` has its other side already"),
            "choose another name: missive invite NAME",
        ));
    }
    let document = keyring::own_document(around, &name)?;
    let secret = keyring::secret()?;
    let seconds = i64::try_from(args.expires.as_secs()).unwrap_or(i64::MAX);
    let until = around.seconds().saturating_add(seconds);
    let now = around.seconds();
    Book::change(&around.data, |book| {
        book.invitations.retain(|invitation| invitation.until >= now);
        book.invitations.push(Invitation { channel: name.clone(), secret, until, used_by: None });
        Ok::<_, Failure>(())
    })?;
    let peers = keyring::peers(around, &document)?.into_iter().take(1).collect();
    let host = args.author.clone().or_else(|| keyring::profile(&channel, Side::Outbox).author).unwrap_or_default();
    let code = Ticket { opens: Opens::Invitation { secret: secret.0, until }, peers, name: host }.to_string();
    let screen = console.shows_results() && !console.json;
    Ok(InviteReport {
        qr: if screen { qr(&code, console.screen.width) } else { None },
        channel: name,
        code,
        expires: until,
        running: Lock::is_taken(&around.data),
        valid: humantime::format_duration(Duration::from_secs(args.expires.as_secs())).to_string(),
    })
}

/// The channel of a conversation, made if there is none.
fn conversation(around: &Surroundings, name: &ChannelName, author: Option<&str>) -> Result<Channel, Failure> {
    let path = around.data.join(name.as_os_str());
    match Channel::open(&path) {
        Ok(channel) if channel.kind == Kind::Message => return Ok(channel),
        Ok(_) => return Err(Error::Exists { path }.into()),
        Err(error @ Error::NotABox { .. }) => return Err(error.into()),
        // There is nothing, or something that is said when it is in the way.
        Err(_) => {}
    }
    let profile = Profile {
        id: Some(uuid::Uuid::new_v4().urn().to_string()),
        author: author.map(str::to_owned),
        ..Profile::default()
    };
    Ok(Channel::make(&around.data, name, Kind::Message, &profile)?)
}

/// Answers an invitation, and waits for the other side unless told not to.
///
/// # Errors
/// [`Failure`] when the code is none, has expired, or is refused by the other side.
pub fn accept(
    args: &Accept,
    around: &Surroundings,
    clock: Clock,
    with_bell: impl FnOnce(Bell) -> Result<(), Failure>,
) -> Result<AcceptReport, Failure> {
    let ticket = Ticket::parse(&args.code)?;
    let name = begin(args, &ticket, around)?;
    if !args.no_wait {
        let session = Session::open(around, args.network.options(around), clock)?;
        let mut refused = None;
        waiting::until(&session, around, PATIENCE, with_bell, |_| {
            let Ok(book) = Book::read(&around.data) else {
                return Verdict::Wait;
            };
            match book.acceptances.iter().find(|acceptance| acceptance.channel == name) {
                Some(Acceptance { refused: Some(why), .. }) => {
                    refused = Some(why.clone());
                    Verdict::Done
                }
                Some(_) => Verdict::Wait,
                None => Verdict::Done,
            }
        })?;
        if let Some(why) = refused {
            withdraw(around, &name)?;
            return Err(Failure::new(
                format!("the other side refused: {why}"),
                "ask for a new code; the channel has been made and is yours",
            ));
        }
    }
    let book = Book::read(&around.data)?;
    let inbox = book.document(&name, Side::Inbox);
    Ok(AcceptReport {
        path: around.data.join(&name).to_string_lossy().into_owned(),
        channel: name,
        complete: inbox.is_some(),
        phrase: inbox.and_then(|document| document.phrase.clone()),
    })
}

/// How long the other side is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

fn begin(args: &Accept, ticket: &Ticket, around: &Surroundings) -> Result<String, Failure> {
    let Opens::Invitation { secret, until } = ticket.opens else {
        let hint = "`missive subscribe` takes keys for reading, `missive join` keys for writing";
        return Err(Failure::new("that is a key, and no code of an invitation", hint));
    };
    if until < around.seconds() {
        return Err(Failure::new("this code has expired", "ask for a new one: `missive invite NAME` makes it"));
    }
    let book = Book::read(&around.data)?;
    if book.invitations.iter().any(|invitation| invitation.secret.0 == secret) {
        return Err(Failure::new("that is your own invitation", "the other side accepts it"));
    }
    if let Some(begun) = book.acceptances.iter().find(|acceptance| acceptance.code == args.code) {
        return Ok(begun.channel.clone());
    }
    let name = match &args.name {
        Some(name) => ChannelName::parse(name.as_ref()).ok_or_else(|| Error::Name { name: name.clone() })?,
        None => keyring::free_name(around, if ticket.name.is_empty() { "conversation" } else { &ticket.name })?,
    };
    let channel = conversation(around, &name, args.author.as_deref())?;
    let name = keyring::name(around, &channel)?;
    keyring::own_document(around, &name)?;
    Book::change(&around.data, |book| {
        book.acceptances.retain(|acceptance| acceptance.channel != name);
        book.acceptances.push(Acceptance { channel: name.clone(), code: args.code.clone(), refused: None });
        Ok::<_, Failure>(())
    })?;
    Ok(name)
}

fn withdraw(around: &Surroundings, name: &str) -> Result<(), Failure> {
    Book::change(&around.data, |book| {
        book.acceptances.retain(|acceptance| acceptance.channel != name);
        Ok(())
    })
}

impl fmt::Display for InviteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(qr) = &self.qr {
            writeln!(f, "{qr}")?;
        }
        writeln!(f, "{}\n", self.code)?;
        writeln!(f, "The other side answers once, within {}: missive accept CODE", self.valid)?;
        writeln!(f, "Both of you then see the same six words: missive status")?;
        if !self.running {
            writeln!(f, "It is answered while a node runs here: missive sync")?;
        }
        Ok(())
    }
}

impl fmt::Display for AcceptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        match &self.phrase {
            Some(phrase) => writeln!(
                f,
                "Read these words to each other, they are the same at both sides: {phrase}\nTo write: {}",
                shell::missive("compose", &[&self.channel])
            ),
            None => writeln!(
                f,
                "The other side was not met yet. It is noted, and goes on while `missive sync` runs and they are there."
            ),
        }
    }
}

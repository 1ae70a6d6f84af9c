//! `missive invite` and `missive accept`: a conversation in one exchange.
//!
//! One side hands over a code, and both are shown the same six words. The exchange itself is the node's.

use std::fmt;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::commands::Environment;
use crate::commands::metadata_warning::MetadataWarning;
use crate::commands::network_options::NetworkArgs;
use crate::commands::qr_code::qr;
use crate::commands::wait_for_sync::{SyncWait, Verdict};
use crate::commands::{documents, free_values};
use crate::console::Console;
use crate::sync::keys::book::{Acceptance, Book, Invitation};
use crate::sync::keys::phrase::for_conversation;
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::socket::Lock;
use crate::text::invisible::field;
use crate::text::shell;
use crate::watch::Waker;

/// Start a conversation: make a channel and an invitation code
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive invite brando
  missive invite brando --expires 1h")]
pub struct Invite {
    /// The conversation's name here
    name: String,
    /// How long the code is valid
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = lifetime)]
    expires: Duration,
    /// Your name, as the other side sees it
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_values::text())]
    author: Option<String>,
}

/// The longest life of a code: one that is found after years opens nothing any more.
const MAX_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);
/// How long a code is valid that the app makes; the default of `--expires`, too.
const DEFAULT_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How long a code is to be valid.
fn lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if (Duration::from_secs(1)..=MAX_LIFETIME).contains(&time) {
        Ok(time)
    } else {
        Err("a code can be valid for one second to ten years".to_owned())
    }
}

/// Accept an invitation: make your side of the conversation
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive accept missive-invite-aeaq
  missive accept missive-invite-aeaq azureen --as Brando")]
pub struct Accept {
    /// The invitation code
    code: String,
    /// The conversation's name here [default: the name of the person who invited you]
    name: Option<String>,
    /// Your name, as the other side sees it
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_values::text())]
    author: Option<String>,
    /// Do not wait for the other side
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// A code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InviteReport {
    channel: String,
    code: String,
    /// In seconds since 1970.
    expires: i64,
    /// Whether sync is running, so that it can be answered now.
    running: bool,
    #[serde(skip)]
    qr: Option<String>,
    #[serde(skip)]
    valid: String,
    #[serde(skip)]
    original: MetadataWarning,
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
    /// Whether this code has made the conversation before.
    #[serde(skip)]
    before: bool,
}

/// Makes a conversation's channel and the code for the other side.
///
/// # Errors
/// [`Failure`] when the name is taken by something that is no conversation, or the conversation has begun.
pub fn invite(args: &Invite, environment: &Environment, console: Console) -> Result<InviteReport, Failure> {
    let name = documents::parsed(&args.name)?;
    make_invitation(&name, args.expires, args.author.as_deref(), environment, console)
}

/// Makes a conversation's channel and its code as [`invite`] does when nothing else is said; gives both.
pub(super) fn code(name: &str, environment: &Environment, console: Console) -> Result<(ChannelName, String), Failure> {
    let name = documents::parsed(name)?;
    let report = make_invitation(&name, DEFAULT_LIFETIME, None, environment, console)?;
    Ok((name, report.code))
}

fn make_invitation(
    name: &ChannelName,
    expires: Duration,
    author: Option<&str>,
    environment: &Environment,
    console: Console,
) -> Result<InviteReport, Failure> {
    let data = &environment.folders.data;
    // What is refused at once makes nothing, not even a data folder.
    let followed = documents::follow_renamed(environment)?;
    documents::refuse_unclear(&followed, name)?;
    refuse_answered(&followed.book, name)?;
    fs_err::create_dir_all(data)?;
    let seconds = i64::try_from(expires.as_secs()).unwrap_or(i64::MAX);
    let (now, secret) = (environment.clock.seconds(), documents::new_secret()?);
    let until = now.saturating_add(seconds);
    let (document, made) = Book::change(data, |book| {
        refuse_answered(book, name)?;
        let made = conversation(environment, book, name, author)?;
        let document = documents::own_document(book, name)?;
        book.invitations.retain(|invitation| invitation.until >= now);
        book.invitations.push(Invitation { channel: name.clone(), secret, until, used_by: None });
        Ok::<_, Failure>((document, made))
    })?;
    made.into_iter().for_each(NewChannel::keep);
    let channel = Channel::open(&data.join(name.as_os_str()))?;
    let peers = documents::peers(data, &document)?.into_iter().take(1).collect();
    let of_profile = || documents::profile(&channel, Side::Outbox).author;
    let host = author.map(str::to_owned).or_else(of_profile).unwrap_or_default();
    let code =
        Ticket { opens: Opens::Invitation { secret: secret.0, until }, peers, name: host, owner: None }.to_string();
    let shows_picture = console.shows_results() && !console.json;
    let original = MetadataWarning::in_box(&channel, Side::Outbox, name.as_ref());
    Ok(InviteReport {
        original,
        qr: if shows_picture { qr(&code, console.screen.width) } else { None },
        channel: name.to_string(),
        code,
        expires: until,
        running: Lock::is_taken(data),
        valid: humantime::format_duration(Duration::from_secs(expires.as_secs())).to_string(),
    })
}

/// Refuses an invitation to a conversation that has both sides.
fn refuse_answered(book: &Book, name: &ChannelName) -> Result<(), Failure> {
    if book.document(name, Side::Inbox).is_none() {
        return Ok(());
    }
    let hint = "choose another name: missive invite NAME";
    Err(Failure::new(format!("`{name}` is already a conversation with someone"), hint))
}

/// Accepts an invitation, and waits for nothing; gives the conversation's name.
pub(super) fn note(code: &str, environment: &Environment) -> Result<ChannelName, Failure> {
    let as_offered = Acceptable { code, name: None, author: None };
    let (Begun::Before(name) | Begun::Now(name)) = begin(as_offered, &Ticket::parse(code)?, environment)?;
    Ok(name)
}

/// Makes the channel of a conversation, if there is none.
fn conversation(
    environment: &Environment,
    book: &Book,
    name: &ChannelName,
    author: Option<&str>,
) -> Result<Option<NewChannel>, Failure> {
    let path = environment.folders.data.join(name.as_os_str());
    match Channel::open(&path) {
        Ok(channel) if channel.kind == Kind::Message => return Ok(None),
        Ok(_) => return Err(Error::Exists { path }.into()),
        Err(error @ Error::NotABox { .. }) => return Err(error.into()),
        // There is nothing, or something that is said when it is in the way.
        Err(_) => {}
    }
    documents::refuse_kept_name(book, name)?;
    let profile = Profile {
        id: Some(uuid::Uuid::new_v4().urn().to_string()),
        author: author.map(str::to_owned),
        ..Profile::default()
    };
    Ok(Some(NewChannel::new(&environment.folders.data, name, Kind::Message, &profile)?))
}

/// Answers an invitation, and waits for the other side unless told not to.
///
/// # Errors
/// [`Failure`] when the code is none, has expired, or is refused by the other side.
pub fn accept(
    args: &Accept,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<AcceptReport, Failure> {
    let waiting = SyncWait::begin(with_waker)?;
    let ticket = Ticket::parse(&args.code)?;
    let (name, before) = match begin(args.acceptable(), &ticket, environment)? {
        Begun::Before(name) => (name, true),
        Begun::Now(name) => (name, false),
    };
    if !args.no_wait && !before {
        let host = if ticket.name.is_empty() { "the other side".to_owned() } else { field(&ticket.name) };
        console.say(&format!("Looking for {host} … Press ctrl-c to stop; it continues whenever `missive sync` runs."));
        answered(args, &name, environment, waiting)?;
    }
    let book = Book::read(&environment.folders.data)?;
    let inbox = book.document(&name, Side::Inbox);
    Ok(AcceptReport {
        path: environment.folders.data.join(name.as_os_str()).to_string_lossy().into_owned(),
        channel: name.to_string(),
        complete: inbox.is_some(),
        phrase: inbox.and_then(|document| document.phrase.clone()),
        before,
    })
}

/// How long the other side is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the other side has answered, or as long as somebody has patience.
fn answered(
    args: &Accept,
    name: &ChannelName,
    environment: &Environment,
    mut waiting: SyncWait,
) -> Result<(), Failure> {
    let session = waiting.open(environment, args.network.options(environment))?;
    let mut refused = None;
    waiting.until(&session, environment, PATIENCE, |_| {
        let Ok(book) = Book::read(&environment.folders.data) else {
            return Verdict::Wait;
        };
        match book.acceptances.iter().find(|acceptance| acceptance.channel == *name) {
            Some(Acceptance { refused: Some(why), .. }) => {
                refused = Some(why.clone());
                Verdict::Done
            }
            Some(_) => Verdict::Wait,
            None => Verdict::Done,
        }
    })?;
    // The channel is let go of before its folder is taken away.
    session.end()?;
    let Some(why) = refused else {
        return Ok(());
    };
    let is_gone = withdraw(environment, name)?;
    let hint = if is_gone {
        "ask for a new code; nothing was changed".to_owned()
    } else {
        format!("ask for a new code; your folder `{name}` stays as it is")
    };
    Err(Failure::new(format!("the other side refused the invitation: {why}"), hint))
}

/// An invitation, and what it is accepted as.
#[derive(Clone, Copy)]
struct Acceptable<'a> {
    code: &'a str,
    /// What the conversation is called here.
    name: Option<&'a str>,
    author: Option<&'a str>,
}

impl Accept {
    fn acceptable(&self) -> Acceptable<'_> {
        Acceptable { code: &self.code, name: self.name.as_deref(), author: self.author.as_deref() }
    }
}

/// What becomes of a code.
enum Begun {
    /// The channel of a conversation that this code has made already.
    Before(ChannelName),
    /// The channel of a conversation that waits for the other side.
    Now(ChannelName),
}

/// Notes that an invitation is accepted, and makes its channel: both or neither.
fn begin(args: Acceptable<'_>, ticket: &Ticket, environment: &Environment) -> Result<Begun, Failure> {
    let Opens::Invitation { secret, until } = ticket.opens else {
        let hint = "use a read key with `missive subscribe`, and a write key with `missive join`";
        return Err(Failure::new("that is a key, not an invitation code", hint));
    };
    let named = args.name.map(documents::parsed).transpose()?;
    let known = documents::follow_renamed(environment)?.book;
    if known.invitations.iter().any(|invitation| invitation.secret.0 == secret) {
        return Err(Failure::new(
            "this is your own invitation",
            "give the code to the other person; they run `missive accept CODE`",
        ));
    }
    if let Some(name) = made_by(&known, &secret) {
        return Ok(Begun::Before(name));
    }
    let is_it =
        |acceptance: &Acceptance| Ticket::parse(&acceptance.code).is_ok_and(|known| known.opens == ticket.opens);
    if until < environment.clock.seconds() && !known.acceptances.iter().any(is_it) {
        return Err(Failure::new(
            "this invitation code has expired",
            "ask the person who sent it for a new one (`missive invite NAME`)",
        ));
    }
    fs_err::create_dir_all(&environment.folders.data)?;
    let (name, made) = Book::change(&environment.folders.data, |book| {
        if let Some(begun) = book.acceptances.iter_mut().find(|acceptance| is_it(acceptance)) {
            // The other side is asked once more.
            begun.refused = None;
            return Ok((begun.channel.clone(), None));
        }
        let proposed = if ticket.name.is_empty() { "conversation" } else { &ticket.name };
        let name = named.clone().map_or_else(|| documents::free_name(environment, book, proposed), Ok)?;
        let made = conversation(environment, book, &name, args.author)?;
        let new_key = book.document(&name, Side::Outbox).is_none();
        documents::own_document(book, &name)?;
        book.acceptances.retain(|acceptance| acceptance.channel != name);
        book.acceptances.push(Acceptance {
            channel: name.clone(),
            code: args.code.to_owned(),
            refused: None,
            new_channel: made.is_some(),
            new_key,
        });
        Ok::<_, Failure>((name, made))
    })?;
    made.into_iter().for_each(NewChannel::keep);
    Ok(Begun::Now(name))
}

/// The channel of the conversation that an invitation has made here: its six words follow from the invitation's secret.
fn made_by(book: &Book, secret: &[u8; 32]) -> Option<ChannelName> {
    let made = book.documents.iter().filter(|document| document.side == Side::Inbox).find(|inbox| {
        let own = book.document(&inbox.channel, Side::Outbox);
        own.is_some_and(|own| inbox.phrase.as_deref() == Some(&*for_conversation(secret, &inbox.id, &own.id)))
    });
    made.map(|inbox| inbox.channel.clone())
}

/// Lets go of an acceptance that was refused, and of what was made for it; tells whether its channel is gone.
fn withdraw(environment: &Environment, name: &ChannelName) -> Result<bool, Failure> {
    Book::change(&environment.folders.data, |book| {
        let Some(at) = book.acceptances.iter().position(|acceptance| acceptance.channel == *name) else {
            return Ok(false);
        };
        let acceptance = book.acceptances.remove(at);
        // Whoever was invited to it meanwhile keeps its key.
        let is_free = book.invitations.iter().all(|invitation| invitation.channel != *name);
        if acceptance.new_key && is_free {
            book.documents.retain(|document| document.channel != *name);
        }
        let channel = Channel::open(&environment.folders.data.join(name.as_os_str()));
        match channel.ok().filter(|_| acceptance.new_channel && is_free) {
            Some(channel) => Ok(channel.unmake()?),
            None => Ok(false),
        }
    })
}

impl fmt::Display for InviteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(qr) = &self.qr {
            writeln!(f, "{qr}")?;
        }
        writeln!(f, "{}\n", self.code)?;
        writeln!(f, "The other person runs this once, within {}: missive accept CODE", self.valid)?;
        writeln!(f, "Then both of you see the same six words: missive status")?;
        write!(f, "{}", self.original)?;
        if !self.running {
            writeln!(f, "To receive the answer, leave this running: missive sync")?;
        }
        Ok(())
    }
}

impl fmt::Display for AcceptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        if self.before {
            writeln!(f, "You have already accepted this invitation; the conversation is `{}`.", field(&self.channel))?;
        }
        match &self.phrase {
            Some(phrase) => writeln!(
                f,
                "Read these words to each other; both of you must see the same: {phrase}\nTo write: {}",
                shell::missive("compose", &[&self.channel])
            ),
            None => writeln!(
                f,
                "The other side is offline. The invitation is saved; it completes once both of you run `missive sync`."
            ),
        }
    }
}

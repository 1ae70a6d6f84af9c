//! `missive keys`: what this data folder has the keys of; keeping them safe, changing and forgetting them.
//!
//! Everything here works on the file of keys alone, without a connection to anybody.

pub mod new_device;
pub mod restore;
mod sealed_file;
mod trust;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use super::count;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::Environment;
use crate::commands::keys::restore::Restore;
use crate::commands::{documents, resolve};
use crate::console::Console;
use crate::daemon::engine;
use crate::sync::keys::book::{AuthorKey, Book};
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::text::invisible::field;
use crate::text::shell;

/// List, back up and change the keys of this data folder
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  missive keys export keys.age
  missive keys rotate my-blog"
)]
pub struct Keys {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Save all keys in a file behind a passphrase (an age file)
    Export {
        /// The file to write; it must not exist yet
        file: PathBuf,
    },
    /// Restore keys from such a file, after showing them; existing keys stay
    Restore(Restore),
    /// Give your channel new keys, and tell its readers
    Rotate {
        /// The channel
        channel: OsString,
    },
    /// Switch to the new key that a channel's author has made
    Follow {
        /// The channel
        channel: OsString,
    },
    /// List a channel's authors, and choose whom to trust
    Trust(trust::Trust),
    /// Give this data folder keys of its own, when another computer uses the same ones
    NewDevice(new_device::NewDevice),
    /// Delete a channel's keys; its folder stays as it is
    Forget {
        /// The channel
        channel: OsString,
    },
}

/// The keys, or what was done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum KeysReport {
    /// The list.
    List {
        /// The device's public key, 64 hexadecimal digits; none before the first key was made.
        device: Option<String>,
        /// A line for each document.
        keys: Vec<KeyLine>,
        /// What stands in the book for the names of channels that can have no such name. Nothing is done with their keys.
        left_out: Vec<String>,
    },
    /// What came back from a file.
    Restored(restore::RestoreReport),
    /// Who writes a channel.
    Authors(trust::AuthorsReport),
    /// The data folder's own new keys.
    NewDevice(new_device::NewDeviceReport),
    /// What was done.
    Done {
        /// In words.
        done: String,
    },
}

/// A document's key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyLine {
    channel: ChannelName,
    #[serde(rename = "box")]
    side: Side,
    writes: bool,
    /// The document's id, 64 hexadecimal digits.
    document: String,
}

/// Does what was asked for.
///
/// # Errors
/// [`Failure`] when there is no such channel or file, or the passphrase is wrong.
pub fn run(args: &Keys, environment: &Environment, console: Console) -> Result<KeysReport, Failure> {
    documents::follow_renamed(environment)?;
    match &args.what {
        None => list(environment),
        Some(What::Export { file }) => export(file, environment, console),
        Some(What::Restore(args)) => restore::run(args, environment, console).map(KeysReport::Restored),
        Some(What::Rotate { channel }) => rotate(channel, environment),
        Some(What::Follow { channel }) => follow(channel, environment),
        Some(What::Trust(args)) => Ok(match trust::run(args, &named(&args.channel, environment)?, environment)? {
            trust::Outcome::Listed(report) => KeysReport::Authors(report),
            trust::Outcome::Done(words) => done(words),
        }),
        Some(What::NewDevice(args)) => new_device::run(args, environment).map(KeysReport::NewDevice),
        Some(What::Forget { channel }) => forget(channel, environment),
    }
}

fn list(environment: &Environment) -> Result<KeysReport, Failure> {
    let book = Book::read(&environment.folders.data)?;
    let line = |document: &crate::sync::keys::book::Document| KeyLine {
        channel: document.channel.clone(),
        side: document.side,
        writes: document.secret.is_some(),
        document: crate::sync::hex::encode(&document.id),
    };
    Ok(KeysReport::List {
        device: documents::device(&book),
        keys: book.documents.iter().map(line).collect(),
        left_out: book.left_out.iter().map(|left| left.name.clone()).collect(),
    })
}

fn done(words: String) -> KeysReport {
    KeysReport::Done { done: words }
}

fn export(file: &std::path::Path, environment: &Environment, console: Console) -> Result<KeysReport, Failure> {
    engine::require()?;
    let path = environment.folders.here.join(file);
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(
            format!("{} exists already and was not replaced", file.display()),
            "name another file: missive keys export FILE",
        ));
    }
    let book = Book::read(&environment.folders.data)?;
    let text = book.to_text().map_err(std::io::Error::other)?;
    let sealed = sealed_file::seal(text.as_bytes(), file, console)?;
    crate::fs::private::create(&path, &sealed)?;
    Ok(done(format!(
        "{} in {}. Without the passphrase nobody can open this file, including you.",
        match book.documents.len() {
            1 => "1 key is".to_owned(),
            keys => format!("{} are", count(keys, "key")),
        },
        field(&file.to_string_lossy())
    )))
}

fn named(channel: &std::ffi::OsStr, environment: &Environment) -> Result<ChannelName, Failure> {
    Ok(documents::name(&environment.folders.data, &resolve::channel(environment, channel)?)?)
}

/// Makes a new document for one's own channel; the old one stays, with a note of where the channel has gone.
fn rotate(channel: &std::ffi::OsStr, environment: &Environment) -> Result<KeysReport, Failure> {
    let name = named(channel, environment)?;
    let old = documents::document(environment, &name, Side::Outbox)?;
    if old.secret.is_none() {
        return Err(Failure::new(
            format!("you cannot make new keys for `{name}`, because it is somebody else's channel"),
            format!("its author can: {}", shell::missive("keys rotate", &[&name])),
        ));
    }
    if !documents::is_owner(&environment.folders.data, &old)? {
        return Err(Failure::new(
            format!("only the owner of `{name}` can make new keys; its readers would ignore yours"),
            format!(
                "ask its owner for `{}`; a channel of your own: `missive new CHANNEL`",
                shell::missive("keys rotate", &[&name])
            ),
        ));
    }
    let secret = documents::new_secret()?;
    let id = documents::document_id(&secret)?;
    let owner = documents::owner(&environment.folders.data, &old)?;
    let peers = documents::peers(&environment.folders.data, &old)?;
    let key = Ticket { opens: Opens::Read(id), peers, name: String::new(), owner: owner.map(|owner| owner.0) };
    let key = key.to_string();
    Book::change(&environment.folders.data, |book| {
        let Some(document) = book.document_mut(&name, Side::Outbox) else {
            return Ok(());
        };
        let mut new = crate::sync::keys::book::Document::new(name.clone(), Side::Outbox, id);
        (new.secret, new.author, new.peers) = (Some(secret), document.author.clone(), document.peers.clone());
        (new.owner, new.trusted, new.folder) = (owner, document.trusted.clone(), document.folder.clone());
        document.moved = Some(key.clone());
        let old = document.clone();
        *document = new;
        book.retired.push(old);
        Ok::<_, Failure>(())
    })?;
    Ok(done(format!(
        "`{}` has new keys. Its readers are notified and switch with `missive keys follow`:\n{key}\nYour co-authors need the new write key: {}",
        field(&name.to_string()),
        shell::missive("share --write", &[&name])
    )))
}

/// Goes over to the document that the old one points at.
fn follow(channel: &std::ffi::OsStr, environment: &Environment) -> Result<KeysReport, Failure> {
    let name = named(channel, environment)?;
    let document = documents::document(environment, &name, Side::Inbox)?;
    let Some(key) = document.moved else {
        return Err(Failure::new(format!("the author of `{name}` has made no new key"), "nothing was changed"));
    };
    let ticket = Ticket::parse(&key)?;
    let Opens::Read(id) = ticket.opens else {
        return Err(Failure::new("the new key is not a read key", "ask the author"));
    };
    Book::change(&environment.folders.data, |book| {
        if let Some(document) = book.document_mut(&name, Side::Inbox) {
            (document.id, document.moved) = (id, None);
            document.owner = ticket.owner.map(AuthorKey).or(document.owner);
            document.peers.extend(ticket.peers);
        }
        Ok::<_, Failure>(())
    })?;
    Ok(done(format!("`{}` now uses its author's new key.", field(&name.to_string()))))
}

fn forget(channel: &std::ffi::OsStr, environment: &Environment) -> Result<KeysReport, Failure> {
    let name = channel.to_string_lossy().into_owned();
    let is_it = |other: &ChannelName| other.as_os_str() == channel;
    let keys = |book: &Book| book.all().count() + book.left_out.len();
    let forgotten = |mut book: Book| {
        book.documents.retain(|document| !is_it(&document.channel));
        book.retired.retain(|document| !is_it(&document.channel));
        book.acceptances.retain(|acceptance| !is_it(&acceptance.channel));
        book.invitations.retain(|invitation| !is_it(&invitation.channel));
        book.left_out.retain(|left| left.name != name);
        book
    };
    let book = Book::read(&environment.folders.data)?;
    if keys(&forgotten(book.clone())) == keys(&book) {
        return Err(Failure::new(format!("there is no key of `{name}`"), "`missive keys` lists them"));
    }
    Book::change(&environment.folders.data, |book| {
        *book = forgotten(book.clone());
        Ok::<_, Failure>(())
    })?;
    Ok(done(format!("Deleted the keys of `{}`. Its folder stays as it was.", field(&name))))
}

impl fmt::Display for KeysReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { done } => writeln!(f, "{done}"),
            Self::Restored(report) => report.fmt(f),
            Self::Authors(report) => report.fmt(f),
            Self::NewDevice(report) => report.fmt(f),
            Self::List { keys, left_out, .. } if keys.is_empty() && left_out.is_empty() => {
                writeln!(f, "No keys yet: missive share CHANNEL, missive subscribe KEY, missive invite NAME")
            }
            Self::List { keys, left_out, .. } => {
                keys.iter().try_for_each(|key| {
                    let may = if key.writes { "reads and writes" } else { "reads" };
                    writeln!(f, "{} ({}): {may}", field(&key.channel.to_string()), key.side)
                })?;
                left_out
                    .iter()
                    .try_for_each(|name| writeln!(f, "`{}`: left out: a channel cannot have that name", field(name)))
            }
        }
    }
}

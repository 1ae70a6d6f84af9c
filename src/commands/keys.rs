//! `missive keys`: what this data folder has the keys of; keeping them safe, changing and forgetting them.
//!
//! Owns the list and the ways out of trouble. Refuses to reach anybody.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(feature = "sync")]
use super::count;
use super::{Failure, Surroundings, keyring, locate};
use crate::channel::entry::Side;
use crate::console::Console;
#[cfg(feature = "sync")]
use crate::console::Passphrase;
use crate::sync::book::Book;
use crate::sync::ticket::{Opens, Ticket};
use crate::unseen::field;

/// List, keep safe and change the keys of this data folder
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
    /// Write all keys into a file, closed with a passphrase (an age file)
    Export {
        /// The file, which must not exist
        file: PathBuf,
    },
    /// Take keys back from such a file; what is here already stays
    Restore {
        /// The file
        file: PathBuf,
    },
    /// Give a channel of yours new keys, and tell its readers where it has gone
    Rotate {
        /// The channel
        channel: OsString,
    },
    /// Follow a channel to the new key that its author gave it
    Follow {
        /// The channel
        channel: OsString,
    },
    /// Let go of a channel's keys; its folder stays as it is
    Forget {
        /// The channel
        channel: OsString,
    },
}

/// The keys, or what was done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Report {
    /// The list.
    List {
        /// The device's public key, 64 hexadecimal digits; none before the first key was made.
        device: Option<String>,
        /// A line for each document.
        keys: Vec<Line>,
    },
    /// What was done.
    Done {
        /// In words.
        done: String,
    },
}

/// A document's key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    channel: String,
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
pub fn run(args: &Keys, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    match &args.what {
        None => list(around),
        Some(What::Export { file }) => export(file, around, console),
        Some(What::Restore { file }) => restore(file, around, console),
        Some(What::Rotate { channel }) => rotate(channel, around),
        Some(What::Follow { channel }) => follow(channel, around),
        Some(What::Forget { channel }) => forget(channel, around),
    }
}

fn list(around: &Surroundings) -> Result<Report, Failure> {
    let book = Book::read(&around.data)?;
    let line = |document: &crate::sync::book::Document| Line {
        channel: document.channel.clone(),
        side: document.side,
        writes: document.secret.is_some(),
        document: crate::sync::hex::show(&document.id),
    };
    Ok(Report::List { device: keyring::device(&book), keys: book.documents.iter().map(line).collect() })
}

fn done(words: String) -> Report {
    Report::Done { done: words }
}

#[cfg(feature = "sync")]
fn export(file: &std::path::Path, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let book = Book::read(&around.data)?;
    let text = toml::to_string(&book).map_err(std::io::Error::other)?;
    let passphrase = given(console.new_passphrase("Passphrase for the file:")?)?;
    let sealed = crate::sync::backup::seal(text.as_bytes(), &passphrase).map_err(|error| unsealed(&error, file))?;
    crate::disk::whole::create(&around.here.join(file), &sealed)?;
    Ok(done(format!(
        "{} of {} are in {}. Without its passphrase nobody reads it, you neither.",
        "the keys",
        count(book.documents.len(), "document"),
        file.display()
    )))
}

#[cfg(feature = "sync")]
fn restore(file: &std::path::Path, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let sealed = crate::disk::regular::read(&around.here.join(file), u64::MAX)?;
    let passphrase = given(console.passphrase("Passphrase of the file:")?)?;
    let text = crate::sync::backup::open(&sealed, &passphrase).map_err(|error| unsealed(&error, file))?;
    let kept: Book = std::str::from_utf8(&text).ok().and_then(|text| toml::from_str(text).ok()).ok_or_else(|| {
        Failure::new(
            format!("{} holds no keys of missive", file.display()),
            "`missive keys export FILE` writes such a file",
        )
    })?;
    let new = Book::change(&around.data, |book| {
        // Another device's identity is not taken where there is one: two that are one confuse everybody.
        book.device = book.device.or(kept.device);
        book.author = book.author.or(kept.author);
        let before = book.documents.len();
        for document in kept.documents {
            if book.by_id(&document.id).is_none() && book.document(&document.channel, document.side).is_none() {
                book.documents.push(document);
            }
        }
        Ok::<_, Failure>(book.documents.len() - before)
    })?;
    make_folders(around)?;
    Ok(done(format!("{} came back; their messages come while `missive sync` runs.", count(new, "key"))))
}

#[cfg(feature = "sync")]
fn given(passphrase: Passphrase) -> Result<String, Failure> {
    match passphrase {
        Passphrase::Given(passphrase) => Ok(passphrase),
        Passphrase::None => {
            Err(Failure::new("no passphrase was given", "type one, or give it as a line on standard input"))
        }
        Passphrase::Differs => Err(Failure::new("the two passphrases differ", "nothing was written; try again")),
    }
}

#[cfg(feature = "sync")]
fn unsealed(error: &crate::sync::backup::Error, file: &std::path::Path) -> Failure {
    Failure::new(format!("{}: {error}", file.display()), "nothing was changed")
}

/// Makes the folders that the book speaks of.
#[cfg(feature = "sync")]
fn make_folders(around: &Surroundings) -> Result<(), Failure> {
    for document in Book::read(&around.data)?.documents {
        if crate::channel::name::ChannelName::parse(document.channel.as_ref()).is_some() {
            fs_err::create_dir_all(around.data.join(&document.channel).join(document.side.name()))?;
        }
    }
    Ok(())
}

#[cfg(not(feature = "sync"))]
fn export(_: &std::path::Path, _: &Surroundings, _: Console) -> Result<Report, Failure> {
    Err(super::session::left_out())
}

#[cfg(not(feature = "sync"))]
fn restore(_: &std::path::Path, _: &Surroundings, _: Console) -> Result<Report, Failure> {
    Err(super::session::left_out())
}

fn named(channel: &std::ffi::OsStr, around: &Surroundings) -> Result<String, Failure> {
    keyring::name(around, &locate::channel(around, channel)?)
}

/// Makes a new document for one's own channel; the old one stays, with a note of where the channel has gone.
fn rotate(channel: &std::ffi::OsStr, around: &Surroundings) -> Result<Report, Failure> {
    let name = named(channel, around)?;
    let old = keyring::document(around, &name, Side::Outbox)?;
    if old.secret.is_none() {
        return Err(Failure::new(
            format!("`{name}` is not yours to give new keys"),
            "its author can: missive keys rotate CHANNEL",
        ));
    }
    let secret = keyring::secret()?;
    let id = keyring::document_id(&secret)?;
    let key = Ticket { opens: Opens::Read(id), peers: keyring::peers(around, &old)?, name: String::new() }.to_string();
    Book::change(&around.data, |book| {
        let Some(document) = book.document_mut(&name, Side::Outbox) else {
            return Ok(());
        };
        let mut new = crate::sync::book::Document::new(&name, Side::Outbox, id);
        (new.secret, new.author, new.peers) = (Some(secret), document.author.clone(), document.peers.clone());
        document.moved = Some(key.clone());
        let old = document.clone();
        *document = new;
        book.retired.push(old);
        Ok::<_, Failure>(())
    })?;
    Ok(done(format!(
        "`{name}` has new keys. Its readers are told by the old one, and follow with `missive keys follow`:\n{key}\nWho writes it with you needs the new key for writing: missive share {name} --write"
    )))
}

/// Goes over to the document that the old one points at.
fn follow(channel: &std::ffi::OsStr, around: &Surroundings) -> Result<Report, Failure> {
    let name = named(channel, around)?;
    let document = keyring::document(around, &name, Side::Inbox)?;
    let Some(key) = document.moved else {
        return Err(Failure::new(format!("the author of `{name}` has given no new key"), "nothing was changed"));
    };
    let ticket = Ticket::parse(&key)?;
    let Opens::Read(id) = ticket.opens else {
        return Err(Failure::new("the new key is not one for reading", "ask the author"));
    };
    Book::change(&around.data, |book| {
        if let Some(document) = book.document_mut(&name, Side::Inbox) {
            (document.id, document.moved) = (id, None);
            document.peers.extend(ticket.peers);
        }
        Ok::<_, Failure>(())
    })?;
    Ok(done(format!("`{name}` follows its author's new key.")))
}

fn forget(channel: &std::ffi::OsStr, around: &Surroundings) -> Result<Report, Failure> {
    let name = channel.to_string_lossy().into_owned();
    let gone = Book::change(&around.data, |book| {
        let before = book.documents.len() + book.retired.len();
        book.documents.retain(|document| document.channel != name);
        book.retired.retain(|document| document.channel != name);
        book.acceptances.retain(|acceptance| acceptance.channel != name);
        book.invitations.retain(|invitation| invitation.channel != name);
        Ok::<_, Failure>(before - book.documents.len() - book.retired.len())
    })?;
    if gone == 0 {
        return Err(Failure::new(format!("there is no key of `{name}`"), "`missive keys` lists them"));
    }
    Ok(done(format!("The keys of `{name}` are gone; its folder is as it was.")))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { done } => writeln!(f, "{done}"),
            Self::List { keys, .. } if keys.is_empty() => {
                writeln!(f, "No keys yet: missive share CHANNEL, missive subscribe KEY, missive invite NAME")
            }
            Self::List { keys, .. } => keys.iter().try_for_each(|key| {
                let may = if key.writes { "reads and writes" } else { "reads" };
                writeln!(f, "{} ({}): {may}", field(&key.channel), key.side)
            }),
        }
    }
}

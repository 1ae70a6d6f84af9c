//! `missive keys new-device`: keys of its own for a data folder whose keys another computer uses, too.
//!
//! What a new identity means for each document is decided in `sync/keys/new_identity.rs`.

use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::trust;
use crate::channel::authorship::signers::Key;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::commands::{Environment, Failure, documents, free_values};
use crate::sync::keys::book::{AuthorKey, Book, Identity};
use crate::sync::keys::new_identity;
use crate::sync::keys::new_identity::Known;
use crate::sync::socket::Lock;
use crate::sync::{hex, own_addresses};
use crate::text::invisible::field;
use crate::text::shell;

/// What is to be done.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive keys new-device
  missive keys new-device --as 'Azureen (laptop)'")]
pub(super) struct NewDevice {
    /// The name on what you write here from now on
    #[arg(long = "as", value_name = "NAME", allow_hyphen_values = true, value_parser = free_values::text())]
    author: Option<String>,
    /// Go back to the keys that this data folder had before
    #[arg(long, conflicts_with = "author")]
    undo: bool,
}

/// The keys that a data folder has now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewDeviceReport {
    /// The device's public key, 64 hexadecimal digits.
    device: String,
    /// The public key that this device signs with, 64 hexadecimal digits.
    author: String,
    /// The public key that it signed with before.
    former_author: String,
    /// The channels that are written here.
    channels: Vec<WrittenChannel>,
    #[serde(skip)]
    is_back: bool,
}

/// A channel that is written here.
#[derive(Debug, Serialize, JsonSchema)]
struct WrittenChannel {
    channel: ChannelName,
    /// Whether this device was its owner before.
    was_owner: bool,
    /// Whether it is now.
    owner: bool,
    /// The command by which what is written here counts as one's own on the other computer.
    trust: String,
}

/// Gives the data folder a new device key and a new author key, or the former ones.
///
/// # Errors
/// [`Failure`] when a node runs, or there is nothing to change. Nothing was changed then.
pub(super) fn run(args: &NewDevice, environment: &Environment) -> Result<NewDeviceReport, Failure> {
    let data = &environment.folders.data;
    // What can't be done makes nothing.
    choose(&Book::read(data)?, args.undo)?;
    let _no_node_runs = Lock::take(data).map_err(|error| refusal(error, args))?;
    let (from, to, channels) = Book::change(data, |book| {
        let (from, to) = choose(book, args.undo)?;
        new_identity::change(book, &from, &to);
        if let Some(name) = &args.author {
            let written = book.documents.iter_mut().filter(|document| document.secret.is_some());
            written.for_each(|document| document.author = Some(name.clone()));
        }
        Ok::<_, Failure>((from, to, written_channels(book, &from, &to)))
    })?;
    own_addresses::forget(data)?;
    let book = Book::read(data)?;
    for document in book.documents.iter().filter(|document| document.side == Side::Outbox) {
        let folder = data.join(document.channel.as_os_str()).join(document.side.name());
        let own = [to.public.author].into_iter().chain(document.trusted.iter().copied());
        trust::write_own(&folder, own.map(|key| Key::new(key.0)).collect())?;
    }
    Ok(NewDeviceReport {
        device: hex::encode(&to.public.device),
        author: hex::encode(&to.public.author.0),
        former_author: hex::encode(&from.public.author.0),
        channels,
        is_back: args.undo,
    })
}

/// The identity that the data folder has, and the one that it gets.
fn choose(book: &Book, undo: bool) -> Result<(Known, Known), Failure> {
    let (Some(device), Some(author)) = (book.device, book.author) else {
        return Err(Failure::new(
            "this data folder has no device key and author key yet, so no other computer can have the same ones",
            "`missive sync` makes them",
        ));
    };
    let to = match (undo, book.former.last()) {
        (false, _) => Identity { device: documents::new_secret()?, author: documents::new_secret()? },
        (true, Some(former)) => *former,
        (true, None) => {
            return Err(Failure::new("this data folder had no other keys before", "nothing was changed"));
        }
    };
    Ok((documents::known_identity(Identity { device, author })?, documents::known_identity(to)?))
}

fn refusal(error: crate::sync::Error, args: &NewDevice) -> Failure {
    match error {
        crate::sync::Error::Busy { .. } => Failure::new(
            "the keys can't be changed while missive syncs this data folder",
            format!(
                "stop `missive sync`, `missive serve` or `missive watch` on this computer, then run: missive keys new-device{}",
                if args.undo { " --undo" } else { "" }
            ),
        ),
        error => error.into(),
    }
}

fn written_channels(book: &Book, from: &Known, to: &Known) -> Vec<WrittenChannel> {
    let key = hex::encode(&to.public.author.0);
    let is = |owner: Option<AuthorKey>, known: &Known| owner == Some(known.public.author);
    let written = book.documents.iter().filter(|document| document.secret.is_some() && document.side == Side::Outbox);
    written
        .map(|document| WrittenChannel {
            channel: document.channel.clone(),
            was_owner: is(document.owner, from),
            owner: is(document.owner, to),
            trust: shell::missive("keys trust", &[&document.channel, &key]),
        })
        .collect()
}

impl fmt::Display for NewDeviceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_back {
            return writeln!(f, "This data folder has its former device key and author key again.");
        }
        writeln!(
            f,
            "This data folder has a new device key and a new author key. Nothing else was changed, and your earlier messages still count as yours."
        )?;
        let lost: Vec<String> = self.channels.iter().filter(|channel| channel.was_owner).map(named).collect();
        if !lost.is_empty() {
            writeln!(
                f,
                "The other computer stays the owner of {}: only it can change the title, make new keys and confirm the names of authors.",
                lost.join(", ")
            )?;
        }
        if !self.channels.is_empty() {
            writeln!(f, "So that what you write here counts as yours there too, run on the other computer:")?;
            self.channels.iter().try_for_each(|channel| writeln!(f, "  {}", channel.trust))?;
        }
        writeln!(f, "If this was the wrong computer: missive keys new-device --undo")
    }
}

fn named(channel: &WrittenChannel) -> String {
    format!("`{}`", field(&channel.channel.to_string()))
}

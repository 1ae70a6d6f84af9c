//! What the commands about keys have in common: a channel's documents in the book.
//!
//! Owns making a document when it is first asked for, and whom a key names. Refuses to reach anybody.

use std::collections::BTreeSet;

use super::{Failure, Surroundings};
use crate::casefold::casefold;
use crate::channel::entry::Side;
use crate::channel::name::ChannelName;
use crate::channel::profile::{self, Profile};
use crate::channel::{Channel, Error, Kind};
use crate::disk::beneath::Folder;
use crate::sync::book::{Book, Document, Secret};
use crate::sync::here;
use crate::sync::ticket::{Opens, Peer, Ticket};

/// The name by which the book has a channel.
///
/// # Errors
/// [`Failure`] when it does not lie in the data folder, or its name is no text.
pub(super) fn name(around: &Surroundings, channel: &Channel) -> Result<String, Failure> {
    let data = fs_err::canonicalize(&around.data).unwrap_or_else(|_| around.data.clone());
    if channel.path.parent() != Some(&*data) {
        return Err(Failure::new(
            format!("{} does not lie in the data folder {}", channel.path.display(), around.data.display()),
            "only its channels are replicated; `--data DIR` names another data folder",
        ));
    }
    channel.name.as_os_str().to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(format!("the name `{}` is no UTF-8", channel.name), "rename the folder, and try again")
    })
}

/// The document of a channel's box.
///
/// # Errors
/// [`Failure`] when there is none.
pub(super) fn document(around: &Surroundings, name: &str, side: Side) -> Result<Document, Failure> {
    Book::read(&around.data)?.document(name, side).cloned().ok_or_else(|| {
        Failure::new(
            format!("there is no key for the {side} of `{name}`: it came here by another tool"),
            "ask its author for a key, and `missive subscribe KEY`",
        )
    })
}

/// The document of a channel's outbox, made if there is none yet.
///
/// # Errors
/// [`Failure`] when this program cannot make one.
#[cfg(feature = "sync")]
pub(super) fn own_document(around: &Surroundings, name: &str) -> Result<Document, Failure> {
    use crate::sync::iroh;
    Book::change(&around.data, |book| {
        if let Some(document) = book.document(name, Side::Outbox) {
            return Ok(document.clone());
        }
        let secret = iroh::fresh();
        let mut document = Document::new(name, Side::Outbox, iroh::new_document(&secret));
        document.secret = Some(secret);
        book.documents.push(document.clone());
        Ok(document)
    })
}

/// The document of a channel's outbox, if there is one.
///
/// # Errors
/// [`Failure`], since this program cannot make one.
#[cfg(not(feature = "sync"))]
pub(super) fn own_document(_around: &Surroundings, _name: &str) -> Result<Document, Failure> {
    Err(super::session::left_out())
}

/// Whom a key for a document names: this device, and those whose key this side was given.
///
/// # Errors
/// [`Failure`] when the book cannot be read or written.
#[cfg(feature = "sync")]
pub(super) fn peers(around: &Surroundings, document: &Document) -> Result<Vec<Peer>, Failure> {
    use crate::sync::iroh;
    let me = Book::change(&around.data, |book| {
        Ok::<_, Failure>(iroh::device_id(book.device.get_or_insert_with(iroh::fresh)))
    })?;
    let here = here::read(&around.data).filter(|here| here.device == me);
    let here = here.unwrap_or(Peer { device: me, addresses: Vec::new(), relay: None });
    let others = document.peers.iter().filter(|peer| peer.device != me).take(MOST).cloned();
    Ok([here].into_iter().chain(others).collect())
}

/// Whom a key for a document names.
///
/// # Errors
/// Always: this program has no device.
#[cfg(not(feature = "sync"))]
pub(super) fn peers(around: &Surroundings, document: &Document) -> Result<Vec<Peer>, Failure> {
    let _ = (here::read(&around.data), document, MOST);
    Err(super::session::left_out())
}

/// A new secret.
///
/// # Errors
/// [`Failure`] when this program was built without the engine.
#[cfg(feature = "sync")]
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(super) fn secret() -> Result<Secret, Failure> {
    Ok(crate::sync::iroh::fresh())
}

/// A new secret.
///
/// # Errors
/// Always: this program was built without the engine.
#[cfg(not(feature = "sync"))]
pub(super) fn secret() -> Result<Secret, Failure> {
    Err(super::session::left_out())
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// [`Failure`] when this program was built without the engine.
#[cfg(feature = "sync")]
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(super) fn document_id(secret: &Secret) -> Result<[u8; 32], Failure> {
    Ok(crate::sync::iroh::new_document(secret))
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// Always: this program was built without the engine.
#[cfg(not(feature = "sync"))]
pub(super) fn document_id(_secret: &Secret) -> Result<[u8; 32], Failure> {
    Err(super::session::left_out())
}

/// The public key of this device, 64 hexadecimal digits.
#[cfg(feature = "sync")]
pub(super) fn device(book: &Book) -> Option<String> {
    book.device.as_ref().map(|secret| crate::sync::hex::show(&crate::sync::iroh::device_id(secret)))
}

/// The public key of this device: it has none.
#[cfg(not(feature = "sync"))]
pub(super) fn device(_book: &Book) -> Option<String> {
    None
}

/// So many others are named: a key is to fit a QR code.
const MOST: usize = 2;

/// The key for reading a channel as a web page hands it out: without addresses, which are nobody's business there and change.
/// Whoever uses it looks the device up. `None` where there is no key yet.
pub(super) fn public_key(around: &Surroundings, channel: &Channel) -> Option<String> {
    let name = name(around, channel).ok()?;
    let side = if channel.kind == Kind::Subscription { Side::Inbox } else { Side::Outbox };
    let document = Book::read(&around.data).ok()?.document(&name, side).cloned()?;
    let bare = |peer: Peer| Peer { addresses: Vec::new(), ..peer };
    let peers = here::read(&around.data).into_iter().chain(document.peers).take(1 + MOST).map(bare).collect();
    let name = profile(channel, side).title.unwrap_or(name);
    Some(Ticket { opens: Opens::Read(document.id), peers, name }.to_string())
}

/// What a channel says of itself in one of its boxes.
pub(super) fn profile(channel: &Channel, side: Side) -> Profile {
    let folder = Folder::open(&channel.path.join(side.name()));
    folder.ok().and_then(|folder| profile::read(&folder).ok()).unwrap_or_default()
}

/// A free name for a channel, as near as possible to what somebody else calls it.
pub(super) fn free_name(around: &Surroundings, proposed: &str) -> Result<ChannelName, Failure> {
    let plain: String = proposed
        .chars()
        .map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' })
        .flat_map(char::to_lowercase)
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(40).collect();
    let name = if name.is_empty() { "channel".to_owned() } else { name };
    let numbered = (2..1000).map(|number| format!("{name}-{number}"));
    let there = std::fs::read_dir(&around.data).into_iter().flatten().flatten();
    let taken: BTreeSet<String> = there.map(|entry| casefold(&entry.file_name().to_string_lossy())).collect();
    let is_free = |name: &String| !taken.contains(&casefold(name));
    let free = [name.clone()].into_iter().chain(numbered).find(is_free);
    free.as_deref().and_then(|name| ChannelName::parse(name.as_ref())).ok_or_else(|| Error::Name { name }.into())
}

/// Makes the folder for a document of others, unless another tool has filled one so far. The profile comes with the messages.
///
/// # Errors
/// [`Failure`] when the name is taken.
pub(super) fn make(around: &Surroundings, name: &ChannelName, side: Side) -> Result<(), Failure> {
    let path = around.data.join(name.as_os_str());
    if let Ok(channel) = Channel::open(&path) {
        let taken = Book::read(&around.data)?.document(&name.to_string(), side).is_some();
        if taken || !channel.path.join(side.name()).is_dir() {
            return Err(Error::Exists { path }.into());
        }
        return Ok(());
    }
    let kind = if side == Side::Outbox { Kind::Broadcast } else { Kind::Subscription };
    Channel::make(&around.data, name, kind, &Profile::default())?;
    Ok(())
}

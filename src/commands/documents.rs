//! What the commands about keys have in common: a channel's documents in the book.
//!
//! Owns making a document when it is first asked for, and whom a key names. Refuses to reach anybody.

use std::collections::BTreeSet;

use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::commands::{Failure, Surroundings};
use crate::fs::confined::Folder;
use crate::sync::keys::book::{AuthorKey, Book, Document, Secret};
use crate::sync::keys::ticket::{Opens, Peer, Ticket};
use crate::sync::own_addresses;
use crate::text::caseless::casefold;
use crate::text::shell;

/// The name by which the book has a channel: one that can be written as text.
///
/// # Errors
/// [`Failure`] when it does not lie in the data folder, or its name is no text.
pub(super) fn name(around: &Surroundings, channel: &Channel) -> Result<ChannelName, Failure> {
    let data = fs_err::canonicalize(&around.data).unwrap_or_else(|_| around.data.clone());
    if channel.path.parent() != Some(&*data) {
        return Err(Failure::new(
            format!("{} is not in the data folder {}", channel.path.display(), around.data.display()),
            "only channels in the data folder can be shared; `--data DIR` names another data folder",
        ));
    }
    text_name(channel.name.clone())
}

/// A name that can be written as text.
fn text_name(name: ChannelName) -> Result<ChannelName, Failure> {
    if name.as_os_str().to_str().is_none() {
        return Err(Failure::new(format!("the name `{name}` is no UTF-8"), "rename the folder, and try again"));
    }
    Ok(name)
}

/// The name that somebody typed.
///
/// # Errors
/// [`Failure`] when no channel can have it.
pub(super) fn parsed(name: &str) -> Result<ChannelName, Failure> {
    Ok(name.parse().map_err(|_| Error::Name { name: name.to_owned() })?)
}

/// The document of a channel's box.
///
/// # Errors
/// [`Failure`] when there is none.
pub(super) fn document(around: &Surroundings, name: &ChannelName, side: Side) -> Result<Document, Failure> {
    Book::read(&around.data)?.document(name, side).cloned().ok_or_else(|| {
        Failure::new(
            format!("there is no key for the {side} of `{name}`, because another tool carries it"),
            "ask its author for a read key, then run `missive subscribe KEY`",
        )
    })
}

/// The document of a channel's outbox, made if there is none yet.
///
/// # Errors
/// [`Failure`] when this program was built without the engine, and cannot make one.
pub(super) fn own_document(book: &mut Book, name: &ChannelName) -> Result<Document, Failure> {
    if let Some(document) = book.document(name, Side::Outbox) {
        return Ok(document.clone());
    }
    let secret = secret()?;
    let mut document = Document::new(name.clone(), Side::Outbox, document_id(&secret)?);
    (document.secret, document.owner) = (Some(secret), me(book)?);
    book.documents.push(document.clone());
    Ok(document)
}

/// The key by which this device signs, made if there is none yet.
fn me(book: &mut Book) -> Result<Option<AuthorKey>, Failure> {
    if book.author.is_none() {
        book.author = Some(secret()?);
    }
    Ok(author(book))
}

/// The key by which this device signs, if there is one.
#[cfg(feature = "sync")]
pub(super) fn author(book: &Book) -> Option<AuthorKey> {
    book.author.as_ref().map(|author| AuthorKey(crate::sync::node::author_id(author)))
}

/// The key by which this device signs: it signs nothing.
#[cfg(not(feature = "sync"))]
pub(super) fn author(_book: &Book) -> Option<AuthorKey> {
    None
}

/// Whose a document is, as far as that is known; noted where the book does not say it yet.
///
/// # Errors
/// [`Failure`] when the book cannot be read or written.
pub(super) fn owner(around: &Surroundings, document: &Document) -> Result<Option<AuthorKey>, Failure> {
    // Without the engine nothing is signed, and nobody becomes an owner.
    if document.owner.is_some() || !document.is_made_here() || cfg!(not(feature = "sync")) {
        return Ok(document.owner);
    }
    Book::change(&around.data, |book| {
        let me = me(book)?;
        let Some(known) = book.by_id_mut(&document.id) else {
            return Ok(None);
        };
        known.owner = known.owner.or(me);
        Ok(known.owner)
    })
}

/// Whether a document is this device's own.
///
/// # Errors
/// [`Failure`] when the book cannot be read or written.
pub(super) fn is_owner(around: &Surroundings, document: &Document) -> Result<bool, Failure> {
    let owner = owner(around, document)?;
    Ok(owner.is_some() && owner == author(&Book::read(&around.data)?))
}

/// Whom a key for a document names: this device, and those whose key this side was given.
///
/// # Errors
/// [`Failure`] when the book cannot be read or written.
#[cfg(feature = "sync")]
pub(super) fn peers(around: &Surroundings, document: &Document) -> Result<Vec<Peer>, Failure> {
    use crate::sync::node;
    let me = Book::change(&around.data, |book| {
        Ok::<_, Failure>(node::device_id(book.device.get_or_insert_with(node::new_secret)))
    })?;
    let here = own_addresses::read(&around.data).filter(|here| here.device == me);
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
    let _ = (own_addresses::read(&around.data), document, MOST);
    Err(crate::daemon::session::left_out())
}

/// A new secret.
///
/// # Errors
/// [`Failure`] when this program was built without the engine.
#[cfg(feature = "sync")]
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(super) fn secret() -> Result<Secret, Failure> {
    Ok(crate::sync::node::new_secret())
}

/// A new secret.
///
/// # Errors
/// Always: this program was built without the engine.
#[cfg(not(feature = "sync"))]
pub(super) fn secret() -> Result<Secret, Failure> {
    Err(crate::daemon::session::left_out())
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// [`Failure`] when this program was built without the engine.
#[cfg(feature = "sync")]
#[allow(clippy::unnecessary_wraps, reason = "without the engine it fails")]
pub(super) fn document_id(secret: &Secret) -> Result<[u8; 32], Failure> {
    Ok(crate::sync::node::document_id(secret))
}

/// The id of the document that a key for writing opens.
///
/// # Errors
/// Always: this program was built without the engine.
#[cfg(not(feature = "sync"))]
pub(super) fn document_id(_secret: &Secret) -> Result<[u8; 32], Failure> {
    Err(crate::daemon::session::left_out())
}

/// The public key of this device, 64 hexadecimal digits.
#[cfg(feature = "sync")]
pub(super) fn device(book: &Book) -> Option<String> {
    book.device.as_ref().map(|secret| crate::sync::hex::encode(&crate::sync::node::device_id(secret)))
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
    let owner = owner(around, &document).unwrap_or(document.owner).map(|owner| owner.0);
    let bare = |peer: Peer| Peer { addresses: Vec::new(), ..peer };
    let peers = own_addresses::read(&around.data).into_iter().chain(document.peers).take(1 + MOST).map(bare).collect();
    let name = profile(channel, side).title.unwrap_or_else(|| name.to_string());
    Some(Ticket { opens: Opens::Read(document.id), peers, name, owner }.to_string())
}

/// What a channel says of itself in one of its boxes.
pub(super) fn profile(channel: &Channel, side: Side) -> Profile {
    let folder = Folder::open(&channel.path.join(side.name()));
    folder.ok().and_then(|folder| profile::read(&folder).ok()).unwrap_or_default()
}

/// A free name for a channel, as near as possible to what somebody else calls it.
pub(super) fn free_name(around: &Surroundings, book: &Book, proposed: &str) -> Result<ChannelName, Failure> {
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
    let names = [name.clone()].into_iter().chain(numbered).filter_map(|name| name.parse().ok());
    let is_free = |name: &ChannelName| !taken.contains(&casefold(&name.to_string())) && !has_keys(book, name);
    names.into_iter().find(is_free).ok_or_else(|| Error::Name { name }.into())
}

/// Whether the book has keys of a channel of this name, whether its folder is there or not.
pub(super) fn has_keys(book: &Book, name: &ChannelName) -> bool {
    book.documents.iter().any(|document| document.channel == *name)
}

/// Refuses a new channel of a name that the book has keys of: the folder was moved away, and whatever were written into a new one
/// would go to the readers of the old one.
///
/// # Errors
/// [`Failure`] with the way to let go of the keys.
pub(super) fn refuse_kept_name(book: &Book, name: &ChannelName) -> Result<(), Failure> {
    if !has_keys(book, name) {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "the folder `{name}` is gone, but its keys are still here; a new folder of that name would be shared with the old channel's readers"
        ),
        format!(
            "move the folder back, choose another name, or delete the keys: {}",
            shell::missive("keys forget", &[name])
        ),
    ))
}

/// Whether a channel's outbox holds anything that would travel.
fn has_something(channel: &Channel) -> Result<bool, Failure> {
    let names = Folder::open(&channel.path.join(Side::Outbox.name()))?.list()?;
    Ok(names.iter().any(|(name, _)| !name.as_encoded_bytes().starts_with(b".")))
}

/// Makes the folder for a document of others, unless another tool has filled one so far. The profile comes with the messages.
///
/// # Errors
/// [`Failure`] when the name is taken.
pub(super) fn make(
    around: &Surroundings,
    book: &Book,
    name: &ChannelName,
    side: Side,
) -> Result<Option<NewChannel>, Failure> {
    let path = around.data.join(name.as_os_str());
    let opened = Channel::open(&path);
    if let Err(error @ Error::NotABox { .. }) = opened {
        return Err(error.into());
    }
    if let Ok(channel) = opened {
        let taken = book.document(name, side).is_some();
        if taken || !channel.path.join(side.name()).is_dir() {
            return Err(Error::Exists { path }.into());
        }
        if side == Side::Outbox && has_something(&channel)? {
            return Err(Failure::new(
                format!(
                    "the folder `{name}` contains messages that are not shared; joining would share all of them with this key"
                ),
                "choose another name: missive join KEY NAME",
            ));
        }
        return Ok(None);
    }
    refuse_kept_name(book, name)?;
    let kind = if side == Side::Outbox { Kind::Broadcast } else { Kind::Subscription };
    Ok(Some(NewChannel::new(&around.data, name, kind, &Profile::default())?))
}

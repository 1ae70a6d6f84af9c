//! A channel's documents in the file of keys: what it is called there, whose it is, and whom a key for it names.

use std::path::Path;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Kind};
use crate::daemon::Error;
use crate::daemon::engine::{IS_BUILT_IN, device_id};
use crate::fs::confined::Folder;
use crate::sync::hex;
use crate::sync::keys::book::{AuthorKey, Book, Document};
use crate::sync::keys::folder_id;
use crate::sync::keys::ticket::{Opens, Peer, Ticket};
use crate::sync::own_addresses;

pub(crate) use crate::daemon::engine::{author, document_id, known_identity, new_secret};

/// So many other devices are named in a key: it is to fit a QR code.
const MAX_OTHER_PEERS: usize = 2;

/// The name by which the file of keys has a channel: one that can be written as text.
///
/// # Errors
/// [`Error::OutsideDataFolder`]; [`Error::NameNotUtf8`].
pub(crate) fn name(data: &Path, channel: &Channel) -> Result<ChannelName, Error> {
    let real = fs_err::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    if channel.path.parent() != Some(&*real) {
        return Err(Error::OutsideDataFolder { channel: channel.path.clone(), data: data.to_owned() });
    }
    if channel.name.as_os_str().to_str().is_none() {
        return Err(Error::NameNotUtf8 { name: channel.name.to_string() });
    }
    Ok(channel.name.clone())
}

/// The box that a channel is read from by others: its outbox, or the inbox of a subscription.
pub(crate) fn shared_side(channel: &Channel) -> Side {
    if channel.kind == Kind::Subscription { Side::Inbox } else { Side::Outbox }
}

/// The key by which this device signs, made if there is none yet.
///
/// # Errors
/// [`Error::WithoutSync`].
pub(crate) fn make_author(book: &mut Book) -> Result<Option<AuthorKey>, Error> {
    if book.author.is_none() {
        book.author = Some(new_secret()?);
    }
    Ok(author(book))
}

/// Whose a document is, as far as that is known; noted where the file of keys does not say it yet.
///
/// # Errors
/// [`Error::Sync`] when the file of keys cannot be read or written.
pub(crate) fn owner(data: &Path, document: &Document) -> Result<Option<AuthorKey>, Error> {
    // Without the engine nothing is signed, and nobody becomes an owner.
    if document.owner.is_some() || !document.is_made_here() || !IS_BUILT_IN {
        return Ok(document.owner);
    }
    Book::change(data, |book| {
        let me = make_author(book)?;
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
/// [`Error::Sync`] when the file of keys cannot be read or written.
pub(crate) fn is_owner(data: &Path, document: &Document) -> Result<bool, Error> {
    let owner = owner(data, document)?;
    Ok(owner.is_some() && owner == author(&Book::read(data)?))
}

/// Whom a key for a document names: this device, and those whose key this side was given.
///
/// # Errors
/// [`Error::Sync`] when the file of keys cannot be read or written; [`Error::WithoutSync`].
pub(crate) fn peers(data: &Path, document: &Document) -> Result<Vec<Peer>, Error> {
    let me = Book::change(data, |book| {
        if book.device.is_none() {
            book.device = Some(new_secret()?);
        }
        device_id(book).ok_or(Error::WithoutSync)
    })?;
    let here = own_addresses::read(data).filter(|here| here.device == me);
    let here = here.unwrap_or(Peer { device: me, addresses: Vec::new(), relay: None });
    let others = document.peers.iter().filter(|peer| peer.device != me).take(MAX_OTHER_PEERS).cloned();
    Ok([here].into_iter().chain(others).collect())
}

/// The public key of this device, 64 hexadecimal digits; none where it has no key.
pub(crate) fn device(book: &Book) -> Option<String> {
    device_id(book).map(|id| hex::encode(&id))
}

/// The key for reading a channel as a web page hands it out: without addresses, which are nobody's business there and change.
/// Whoever uses it looks the device up. `None` where there is no key yet, and where the folder is not the one that the key is of: the
/// key of a private channel is not printed on the site of another that has taken its name.
pub(crate) fn public_key(data: &Path, channel: &Channel) -> Option<String> {
    let name = name(data, channel).ok()?;
    let side = shared_side(channel);
    let document = Book::read(data).ok()?.document(&name, side).cloned()?;
    folder_id::check(&channel.path, document.folder.as_ref()).ok()?;
    let owner = owner(data, &document).unwrap_or(document.owner).map(|owner| owner.0);
    let bare = |peer: Peer| Peer { addresses: Vec::new(), ..peer };
    let known = own_addresses::read(data).into_iter().chain(document.peers);
    let peers = known.take(1 + MAX_OTHER_PEERS).map(bare).collect();
    let name = profile(channel, side).title.unwrap_or_else(|| name.to_string());
    Some(Ticket { opens: Opens::Read(document.id), peers, name, owner }.to_string())
}

/// What a channel says of itself in one of its boxes; nothing where that cannot be read.
pub(crate) fn profile(channel: &Channel, side: Side) -> Profile {
    let folder = Folder::open(&channel.path.join(side.name()));
    folder.ok().and_then(|folder| profile::read(&folder).ok()).unwrap_or_default()
}

//! What the commands about keys have in common: a channel's documents in the file of keys, and the folders they get.

use std::collections::BTreeSet;

use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::commands::{Environment, Failure};
use crate::fs::confined::Folder;
use crate::sync::keys::book::{Book, Document};
use crate::sync::keys::whereabouts;
use crate::sync::keys::whereabouts::{Followed, Whereabouts};
use crate::text::caseless::casefold;
use crate::text::shell;

pub(super) use crate::daemon::documents::{
    author, device, document_id, is_owner, known_identity, make_author, name, new_secret, owner, peers, profile,
    shared_side,
};

/// The name that somebody typed.
///
/// # Errors
/// [`Failure`] when no channel can have it.
pub(super) fn parsed(name: &str) -> Result<ChannelName, Failure> {
    Ok(name.parse().map_err(|_| Error::Name { name: name.to_owned() })?)
}

/// Has the file of keys follow the channels whose folders were renamed, so that whoever names a folder means its keys.
///
/// # Errors
/// [`Failure`] when the file of keys or the data folder can't be read.
pub(super) fn follow_renamed(environment: &Environment) -> Result<Followed, Failure> {
    Ok(whereabouts::follow(&environment.folders.data)?)
}

/// Refuses new keys for a folder that may be a channel which has keys already.
///
/// # Errors
/// [`Failure`] with the way to say what it is.
pub(super) fn refuse_unclear(followed: &Followed, folder: &ChannelName) -> Result<(), Failure> {
    let is_it = |place: &Whereabouts| matches!(place, Whereabouts::Unclear(folders) if folders.contains(folder));
    let Some((channel, _)) = followed.found.iter().find(|(_, place)| is_it(place)) else {
        return Ok(());
    };
    Err(Failure::new(
        format!("`{folder}` may be the channel `{channel}`, whose folder is gone and whose keys are still here"),
        format!(
            "if it is: {}; if `{channel}` is gone for good: {}",
            shell::missive("rename", &[channel, folder]),
            shell::missive("keys forget", &[channel])
        ),
    ))
}

/// The document of a channel's box.
///
/// # Errors
/// [`Failure`] when there is none.
pub(super) fn document(environment: &Environment, name: &ChannelName, side: Side) -> Result<Document, Failure> {
    Book::read(&environment.folders.data)?.document(name, side).cloned().ok_or_else(|| {
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
    let secret = new_secret()?;
    let mut document = Document::new(name.clone(), Side::Outbox, document_id(&secret)?);
    (document.secret, document.owner) = (Some(secret), make_author(book)?);
    book.documents.push(document.clone());
    Ok(document)
}

/// A free name for a channel, as near as possible to what somebody else calls it.
pub(super) fn free_name(environment: &Environment, book: &Book, proposed: &str) -> Result<ChannelName, Failure> {
    let plain: String = proposed
        .chars()
        .map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' })
        .flat_map(char::to_lowercase)
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(40).collect();
    let name = if name.is_empty() { "channel".to_owned() } else { name };
    let numbered = (2..1000).map(|number| format!("{name}-{number}"));
    let there = std::fs::read_dir(&environment.folders.data).into_iter().flatten().flatten();
    let taken: BTreeSet<String> = there.map(|entry| casefold(&entry.file_name().to_string_lossy())).collect();
    let names = [name.clone()].into_iter().chain(numbered).filter_map(|name| name.parse().ok());
    let is_free = |name: &ChannelName| !taken.contains(&casefold(&name.to_string())) && !has_keys(book, name);
    names.into_iter().find(is_free).ok_or_else(|| Error::Name { name }.into())
}

/// Whether there are keys of a channel of this name, whether its folder is there or not.
pub(super) fn has_keys(book: &Book, name: &ChannelName) -> bool {
    book.documents.iter().any(|document| document.channel == *name)
}

/// Refuses a new channel of a name that there are keys of: the folder was moved away, and whatever were written into a new one
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
    environment: &Environment,
    book: &Book,
    name: &ChannelName,
    side: Side,
) -> Result<Option<NewChannel>, Failure> {
    let path = environment.folders.data.join(name.as_os_str());
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
    Ok(Some(NewChannel::new(&environment.folders.data, name, kind, &Profile::default())?))
}

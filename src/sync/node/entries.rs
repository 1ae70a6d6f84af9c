//! Entries of a document that are no new contents: deletions, what is taken back, notes; and reading all of them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use iroh_docs::store::Query;
use tokio_stream::StreamExt;
use tracing::{debug, info, warn};

use crate::fs::confined::{Folder, Kind};
use crate::sync::error::{Cause, Error};
use crate::sync::node::blocking::blocking;
use crate::sync::node::engine::entry_of;
use crate::sync::node::hands::Hands;
use crate::sync::node::network::failed;
use crate::sync::redacted::redacted;
use crate::sync::replica::deletion::Retraction;
use crate::sync::replica::event::{Event, NotRetracted, Published};
use crate::sync::replica::item::Item;
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::records::Records;
use crate::sync::replica::signers::Author;

/// Something to be done about a document's entries.
pub(super) enum EntryWork {
    /// Entering that a file was deleted, unless it is there.
    Retract(Retraction),
    /// Writing a note.
    Say(NoteKind, Vec<u8>),
    /// Reading all entries of the document, and no more than is needed to see that it is flooded.
    Reload {
        /// Whose the document is.
        owner: Option<Author>,
        /// So many entries of others are taken in.
        most: usize,
    },
}

/// Does all this, one after the other.
pub(super) async fn work(hands: Arc<Hands>, all: Vec<EntryWork>) {
    for work in all {
        if hands.is_ending() {
            return;
        }
        let event = match work {
            EntryWork::Retract(deleted) => {
                let Some(retracted) = retract(&hands, &deleted).await else {
                    return;
                };
                Event::Retracted(deleted, retracted)
            }
            EntryWork::Say(kind, bytes) => {
                let said = say(&hands, kind, bytes).await;
                Event::Said(kind, said.map_err(|error| error.to_string()))
            }
            EntryWork::Reload { owner, most } => match load(&hands, owner, most).await {
                Ok(records) => Event::Loaded(Box::new(records)),
                Err(error) => return hands.fail(error),
            },
        };
        hands.answer(event);
    }
}

/// Enters that a file was deleted. `None` when the runtime ends.
async fn retract(hands: &Hands, deleted: &Retraction) -> Option<Result<u64, NotRetracted>> {
    let (folder, looked_for) = (hands.place.folder.clone(), deleted.clone());
    if let Err(why) = blocking(move || is_gone(&folder, &looked_for)).await? {
        return Some(Err(why));
    }
    let item = &deleted.item;
    let (author, key, mark) = (hands.engine.author, item.key(deleted.empty), deleted.says.mark());
    let entered = async {
        if deleted.both_keys {
            hands.doc.set_bytes(author, item.key(!deleted.empty), mark).await?;
        }
        hands.doc.set_bytes(author, key.clone(), mark).await?;
        time_of(hands, key).await
    };
    let entered = entered.await;
    match &entered {
        Ok(_) => debug!(?item, "the deletion is published"),
        Err(error) => warn!(?item, error = %redacted(error), "the deletion is not published"),
    }
    Some(entered.map_err(|error| NotRetracted::Refused(error.to_string())))
}

/// Makes sure that a file is gone, and not the disk on which it was.
fn is_gone(folder: &Path, deleted: &Retraction) -> Result<(), NotRetracted> {
    // Whether something was deleted is not known where that can't be seen.
    let is_there = |item: &Item| is_there(folder, item).map_err(|error| NotRetracted::Refused(error.to_string()));
    if is_there(&deleted.item)? {
        return Err(NotRetracted::Back);
    }
    match &deleted.beside {
        Some(beside) if !is_there(beside)? => Err(NotRetracted::AllGone),
        _ => Ok(()),
    }
}

/// Whether a file lies in a box that is there.
fn is_there(folder: &Path, item: &Item) -> io::Result<bool> {
    let missing = |error: io::Error| io::Error::other(format!("{} can't be read: {error}", folder.display()));
    match Folder::open(folder).map_err(missing)?.stat(item.path()) {
        Ok(stat) => Ok(stat.kind == Kind::File),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn say(hands: &Hands, kind: NoteKind, bytes: Vec<u8>) -> Result<Published, Cause> {
    let (len, key) = (bytes.len() as u64, kind.key().bytes());
    let hash = hands.doc.set_bytes(hands.engine.author, key.clone(), bytes).await?;
    let time = time_of(hands, key).await?;
    match kind {
        NoteKind::Author => debug!("the own name and device are published"),
        NoteKind::Names => debug!("the owner's names of the authors are written"),
        NoteKind::Moved => info!("readers are told by which key the channel was replaced"),
    }
    Ok(Published { stat: None, hash: *hash.as_bytes(), len, empty: false, time })
}

/// When the own entry of a key was made, in microseconds since 1970: exactly, for it decides which of two entries counts.
pub(super) async fn time_of(hands: &Hands, key: Vec<u8>) -> Result<u64, Cause> {
    let entry = hands.doc.get_exact(hands.engine.author, key, true).await?;
    Ok(entry.ok_or("the document does not have the entry")?.timestamp())
}

/// Reads all that the document says.
async fn load(hands: &Hands, owner: Option<Author>, most: usize) -> Result<Records, Error> {
    let mut records = Records::new(owner);
    let entries = hands.doc.get_many(Query::all().include_empty().build()).await.map_err(failed)?;
    tokio::pin!(entries);
    let me = *hands.engine.author.as_bytes();
    while let Some(entry) = entries.next().await
        && records.of_others(&me) <= most
    {
        records.put(&entry_of(&entry.map_err(failed)?));
    }
    debug!(entries = records.entry_count(), "the document is read");
    Ok(records)
}

//! Moving files of a box out of the way: to the trash, aside, or to the next free second; and what else is written there by the replica.

use std::io;
use std::sync::Arc;

use tracing::{debug, info, warn};

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::box_files;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::node::place_files::NO_TIME;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::event::{Event, NotMoved};
use crate::sync::replica::item::Item;
use crate::sync::replica::trash::DeletedBy;
use crate::sync::trash_files;

/// Something to be moved or written.
pub(super) enum Move {
    /// A file to the trash, if it looks so; who deleted it.
    Remove(Item, StatFingerprint, DeletedBy),
    /// What a person made of a file, aside.
    PutAside(Item),
    /// A message of one's own, to the next free second.
    GiveWay(Stamp),
    /// `.authors.toml`.
    WriteAuthors(Box<Authors>),
}

/// Does all this, one after the other.
pub(super) async fn move_files(hands: Arc<Hands>, moves: Vec<Move>) {
    blocking(move || {
        for one in moves {
            if hands.is_ending() {
                return;
            }
            hands.answer(carry_out(&hands, one));
        }
    })
    .await;
}

fn carry_out(hands: &Hands, one: Move) -> Event {
    let place = &hands.place;
    match one {
        Move::Remove(item, stat, by) => {
            let removed = remove(hands, &item, stat, by);
            Event::Removed(item, removed)
        }
        Move::PutAside(item) => {
            let aside = put_aside(hands, &item);
            Event::PutAside(item, aside)
        }
        Move::GiveWay(stamp) => {
            let next = box_files::give_way(&place.folder, stamp);
            if let Ok(next) = next {
                info!(from = %stamp, to = %next, "the message of another was earlier: the own one gets the next second");
            }
            Event::GaveWay(stamp, next.map_err(|error| error.to_string()))
        }
        Move::WriteAuthors(authors) => {
            let written = authors.write(&place.folder);
            Event::AuthorsWritten(written.map(drop).map_err(|error| error.to_string()))
        }
    }
}

fn remove(hands: &Hands, item: &Item, stat: StatFingerprint, by: DeletedBy) -> Result<(), NotMoved> {
    let now = hands.now().ok_or_else(|| NotMoved::Failed(NO_TIME.to_owned()))?;
    let trash = trash_files::folder(&hands.place.channel, now, by);
    match box_files::discard(&trash, &hands.place.folder, item, stat) {
        Ok(_) => {
            debug!(?item, "deleted by its author, and moved to the trash");
            Ok(())
        }
        // It has changed, or is gone.
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
            Err(NotMoved::Changed)
        }
        Err(error) => {
            warn!(?item, error = %redacted(&error), "not moved to the trash");
            Err(NotMoved::Failed(error.to_string()))
        }
    }
}

fn put_aside(hands: &Hands, item: &Item) -> Result<(), String> {
    let now = hands.now().ok_or(NO_TIME)?;
    match box_files::put_aside(&hands.place.folder, item, hands.place.side == Side::Outbox, now) {
        Ok(_) => {
            info!(?item, "changed here and by its author: what was here is put aside");
            Ok(())
        }
        Err(error) => {
            warn!(?item, error = %redacted(&error), "not put aside");
            Err(error.to_string())
        }
    }
}

/// Tidies the trash, each time until so many bytes are left of what these deleted.
pub(super) async fn tidy_trash(hands: Arc<Hands>, all: Vec<(DeletedBy, u64)>) {
    for (by, most) in all {
        let (channel, now) = (hands.place.channel.clone(), hands.now());
        let tidied = blocking(move || match now {
            Some(now) => trash_files::remove_expired(&channel, by, now, most),
            None => Err(io::Error::other(NO_TIME)),
        });
        let Some(tidied) = tidied.await else {
            return;
        };
        let tidied = tidied.map_err(|error| {
            debug!(error = %redacted(&error), "the trash can't be tidied");
            error.to_string()
        });
        hands.answer(Event::TrashTidied(tidied));
    }
}

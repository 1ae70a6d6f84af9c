//! Putting contents of the store in place in a box, attachments before texts; what they replace goes to the trash where that is wanted.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tracing::{debug, warn};

use crate::channel::protocol::profile;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Stat;
use crate::sync::box_files::{self, Put};
use crate::sync::node::blocking::blocking;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::hands::{Hands, Place};
use crate::sync::node::place_large;
use crate::sync::redacted::redacted;
use crate::sync::replica::action::Placement;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::event::{Event, NotPlaced};
use crate::sync::replica::item::Item;
use crate::sync::trash_files;

/// So many files are put in place at once.
const MAX_TOGETHER: usize = 256;

/// And so many bytes, unless one file has more: their contents are in memory meanwhile.
const MAX_BYTES_TOGETHER: u64 = 16 << 20;

/// Whether a file is too large to be read into memory.
pub(super) fn is_large(placement: &Placement) -> bool {
    placement.len > LARGE
}

/// Puts all these in place.
pub(super) async fn place_files(hands: Arc<Hands>, mut placements: Vec<Placement>) {
    placements.sort_by_key(|placement| placement.item.is_text());
    let mut waiting = placements.into_iter().peekable();
    while waiting.peek().is_some() && !hands.is_ending() {
        match waiting.next_if(is_large) {
            Some(placement) => place_large(&hands, placement).await,
            None => place_small(&hands, together(&mut waiting)).await,
        }
    }
}

/// Takes as many small files as are put in place at once.
fn together(waiting: &mut std::iter::Peekable<std::vec::IntoIter<Placement>>) -> Vec<Placement> {
    let (mut placements, mut bytes) = (Vec::new(), 0_u64);
    while let Some(placement) = waiting.next_if(|placement| fits(placement, placements.len(), bytes)) {
        bytes += placement.len.max(1);
        placements.push(placement);
    }
    placements
}

/// Whether a file is put in place together with so many others, of so many bytes.
fn fits(placement: &Placement, count: usize, bytes: u64) -> bool {
    !is_large(placement) && count < MAX_TOGETHER && (count == 0 || bytes + placement.len <= MAX_BYTES_TOGETHER)
}

/// Puts small files in place, all at once.
async fn place_small(hands: &Arc<Hands>, placements: Vec<Placement>) {
    let mut contents = Vec::with_capacity(placements.len());
    for placement in placements {
        match content(hands, &placement).await {
            Ok(bytes) => contents.push((placement, bytes)),
            Err(why) => hands.answer(Event::Placed(placement.item, Err(why))),
        }
    }
    let (place, now) = (hands.place.clone(), hands.now());
    let Some(outcomes) = blocking(move || put(&place, now, contents)).await else {
        return;
    };
    for (item, outcome) in outcomes {
        hands.answer(Event::Placed(item, outcome));
    }
}

/// What a file is to hold, from the store.
async fn content(hands: &Hands, placement: &Placement) -> Result<Vec<u8>, NotPlaced> {
    let (item, hash) = (&placement.item, placement.hash);
    if placement.len == 0 {
        return Ok(Vec::new());
    }
    let bytes = match hands.engine.store.blobs().get_bytes(hash).await {
        Ok(bytes) => Vec::from(bytes),
        Err(error) => {
            warn!(?item, error = %redacted(&error), "a content can't be read from the store");
            let is_there = hands.stored_len(hash).await.is_some();
            let what = format!("the store can't read it: {error}");
            return Err(if is_there { NotPlaced::Failed(what) } else { NotPlaced::NotStored });
        }
    };
    if *item == Item::profile()
        && let Err(why) = profile::parse(bytes.clone())
    {
        return Err(NotPlaced::Unreadable(why.to_string()));
    }
    Ok(bytes)
}

/// Copies to the trash what is to be kept, then puts all these in place.
fn put(place: &Place, now: Option<Stamp>, contents: Vec<(Placement, Vec<u8>)>) -> Vec<(Item, Result<Stat, NotPlaced>)> {
    let (mut outcomes, mut puts) = (Vec::new(), Vec::with_capacity(contents.len()));
    for (placement, bytes) in contents {
        match keep(place, now, &placement) {
            Ok(replaces) => puts.push(Put { item: placement.item, bytes, replaces }),
            Err(why) => outcomes.push((placement.item, Err(why))),
        }
    }
    let lengths: BTreeMap<Item, usize> = puts.iter().map(|put| (put.item.clone(), put.bytes.len())).collect();
    for (item, outcome) in box_files::put(&place.folder, puts) {
        let len = lengths.get(&item).copied().unwrap_or(0);
        let outcome = outcome.map_err(|error| not_placed(&item, &error));
        if outcome.is_ok() {
            debug!(?item, len, "placed");
        }
        outcomes.push((item, outcome));
    }
    outcomes
}

/// Copies what is replaced to the trash, if that is wanted; gives how it looks now.
fn keep(place: &Place, now: Option<Stamp>, placement: &Placement) -> Result<Option<StatFingerprint>, NotPlaced> {
    let (Some(stat), Some(by)) = (placement.replaces, placement.keep) else {
        return Ok(placement.replaces);
    };
    let now = now.ok_or_else(|| NotPlaced::Failed(NO_TIME.to_owned()))?;
    let trash = trash_files::folder(&place.channel, now, by);
    match box_files::keep_copy(&trash, &place.folder, &placement.item, stat) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(NotPlaced::Changed),
        Err(error) => Err(NotPlaced::Failed(format!("its previous version can't be copied to the trash: {error}"))),
    }
}

/// What is said when the trash can't have a folder for this moment.
pub(super) const NO_TIME: &str = "this computer's clock is beyond the year 9999";

/// Puts a large content of the store in place.
async fn place_large(hands: &Arc<Hands>, placement: Placement) {
    let (place, now) = (hands.place.clone(), hands.now());
    let Some((placement, kept)) = blocking(move || {
        let kept = keep(&place, now, &placement);
        (placement, kept)
    })
    .await
    else {
        return;
    };
    let Placement { item, hash, .. } = placement;
    let outcome = match kept {
        Err(why) => Err(why),
        Ok(_) if hands.stored_len(hash).await.is_none() => Err(NotPlaced::NotStored),
        Ok(replaces) => {
            let folder: &Path = &hands.place.folder;
            let Some(placed) = place_large::place(hands, folder, &item, hash, replaces).await else {
                return;
            };
            placed.inspect(|stat| debug!(?item, len = stat.len, "placed")).map_err(|error| not_placed(&item, &error))
        }
    };
    hands.answer(Event::Placed(item, outcome));
}

fn not_placed(item: &Item, error: &io::Error) -> NotPlaced {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            debug!(?item, error = %redacted(error), "not placed, and decided anew");
            NotPlaced::Changed
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            warn!(?item, "not placed: the disk is full");
            NotPlaced::Full
        }
        _ => {
            warn!(?item, error = %redacted(error), "not placed");
            NotPlaced::Failed(error.to_string())
        }
    }
}

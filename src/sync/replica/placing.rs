//! Towards the box: what the document has is fetched and put in place.
//!
//! Attachments appear before their text, unless they are large. What is left out because of its size is decided in `space.rs`. The
//! document is told nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::protocol::profile;
use crate::fs::confined::Stat;
use crate::sync::replica::action::{Action, Placement};
use crate::sync::replica::deciding;
use crate::sync::replica::event::{NotMoved, NotPlaced, Unsound};
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::{Limits, Refusal};
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::{Hash, Step};
use crate::sync::replica::noting;
use crate::sync::replica::now::Now;
use crate::sync::replica::records::{Record, content};
use crate::sync::replica::space::{Admission, Candidate, Space, is_counted, newest_first, rank};

/// From here on a content is large, in bytes.
pub const LARGE: u64 = 1 << 20;

/// Brings to the box what is to be brought. Before anything of others appears, `.authors.toml` says whose it is, so that nobody takes
/// it for one's own.
pub fn bring(replica: &mut Replica, steps: BTreeMap<Item, Step>, now: Now) {
    let towards_box = |step: &Step| matches!(step, Step::Remove | Step::PutAside | Step::GiveWay | Step::Place);
    let mut steps: Vec<(Item, Step)> = steps.into_iter().filter(|(_, step)| towards_box(step)).collect();
    if !steps.is_empty() && !noting::may_place(replica) {
        let items = steps.into_iter().map(|(item, _)| item);
        if replica.work.is_writing_authors {
            replica.todo.held.extend(items);
        } else {
            replica.todo.later.extend(items);
        }
        return;
    }
    steps.sort_by_key(|(item, _)| rank(item));
    let (mut space, mut ready) = (None, Vec::new());
    for (item, step) in steps {
        match step {
            Step::Remove => remove(replica, item, now),
            Step::Place => {
                if let Some(record) = replica.records.latest(&item).copied()
                    && is_ready(replica, &item, &record, &mut space, now)
                {
                    ready.push((item, record));
                }
            }
            _ => {
                replica.work.begin(&item, None);
                replica.ask(Action::PutAside(item));
            }
        }
    }
    place(replica, ready, now);
}

/// Puts files in place whose contents are here. A message's attachments are in place before its text is.
fn place(replica: &mut Replica, mut ready: Vec<(Item, Record)>, time: Now) {
    let now: BTreeSet<Item> = ready.iter().map(|(item, _)| item.clone()).collect();
    // What somebody else was faster with is seen to after a moment, and its text then too.
    let is_late = |text: &Item| replica.records.of_message(text).any(|item| replica.todo.later.contains(item));
    let late: Vec<Item> = now.iter().filter(|item| item.is_text() && is_late(item)).cloned().collect();
    let waits = |item: &Item| item.is_text() && waits_for_attachments(replica, item, &now);
    ready.retain(|(item, _)| !(late.contains(item) || waits(item)));
    replica.todo.later.extend(late);
    ready.sort_by_key(|(item, _)| item.is_text());
    let placements: Vec<Placement> =
        ready.into_iter().map(|(item, record)| placement(replica, item, &record, time)).collect();
    if !placements.is_empty() {
        replica.ask(Action::Place(placements));
    }
}

fn placement(replica: &mut Replica, item: Item, record: &Record, now: Now) -> Placement {
    deciding::note_change(replica, &item, Step::Place, now);
    replica.work.begin(&item, Some(*record));
    replica.wanted.takes_room(&item, record.hash);
    let replaces = replica.local.fingerprint(&item);
    let keep = replica.shared.is_own_box().then(|| replica.shared.deleted_by(record.author));
    let keep = keep.filter(|_| replaces.is_some());
    if let (Some(_), Some(stat)) = (keep, replaces) {
        replica.trash.add(stat.len());
    }
    Placement { item, hash: record.hash, len: record.file_len(), replaces, keep }
}

/// Whether a text is better put in place after some of its attachments, which are not put in place `now`. What others than its author
/// attach to a message may not exist at all, and would keep it back for ever.
fn waits_for_attachments(replica: &Replica, text: &Item, now: &BTreeSet<Item>) -> bool {
    let author = replica.records.latest(text).map(|record| record.author);
    let attachments = replica.records.of_message(text).filter(|item| item.is_attachment() && !now.contains(*item));
    let mut all = attachments.filter_map(|item| Some((item, replica.records.latest(item)?)));
    all.any(|(item, record)| Some(record.author) == author && replica.wanted.is_awaited_attachment(item, record))
}

/// The room in the box.
fn space(replica: &Replica, now: Now) -> Space {
    let is_own_box = replica.shared.is_own_box();
    let files = || replica.local.baseline.files().values().filter(|file| is_counted(is_own_box, file));
    let waiting = || replica.wanted.waiting().filter_map(|item| replica.records.latest(item));
    // What is not what its entry says lies in the store all the same.
    let unsound = replica.wanted.unsound.values().copied();
    // A length is what its author says, and may be anything by now.
    let lengths = files().map(|file| file.stat.len()).chain(waiting().map(|record| record.len)).chain(unsound);
    Space {
        bytes: lengths.fold(0, u64::saturating_add),
        files: files().count() + waiting().count(),
        free: free(replica),
        is_open: replica.is_open(now),
    }
}

/// What of the disks is free, and not spoken for, in bytes.
fn free(replica: &Replica) -> u64 {
    replica.exchange.surroundings.free.saturating_sub(replica.wanted.claimed)
}

/// Whether there is room for what a file is to hold, which has it then; else it is left out, or seen to again when all is known.
fn admit(replica: &mut Replica, item: &Item, record: &Record, space: &mut Space) -> bool {
    let is_own_box = replica.shared.is_own_box();
    let counted = replica.local.baseline.get(item).filter(|file| is_counted(is_own_box, file));
    let candidate = Candidate {
        item,
        len: record.file_len(),
        replaces: counted.map(|file| file.stat.len()),
        is_own: replica.shared.is_mine(record.author),
        is_asked_for: replica.shared.is_asked_for(item),
        is_stored: record.empty,
    };
    match space.admit(&replica.shared.limits, candidate) {
        Admission::Admitted => {
            replica.wanted.refused.remove(item);
            true
        }
        Admission::Later => {
            replica.todo.again_later(item.clone());
            false
        }
        Admission::Refused(why) => {
            replica.wanted.refused.insert(item.clone(), why);
            false
        }
    }
}

/// Files that there was no room for on the disk, if there is room now.
pub fn with_room(replica: &Replica) -> Vec<Item> {
    let free = free(replica);
    let fits = |why: &Refusal| matches!(why, Refusal::Disk { bytes } if Limits::fits(*bytes, free).is_ok());
    replica.wanted.refused.iter().filter(|(_, why)| fits(why)).map(|(item, _)| item.clone()).collect()
}

/// Whether a file's content is here, and may be put in place now; else it is seen to.
fn is_ready(replica: &mut Replica, item: &Item, record: &Record, space_left: &mut Option<Space>, now: Now) -> bool {
    if *item == Item::profile() && record.file_len() > profile::MAX_FILE {
        replica.condition.unreadable_profile = Some((content(record), "it is too long".to_owned()));
        return false;
    }
    if !record.empty && replica.wanted.is_unsound(record.hash, record.len) {
        replica.wanted.left_for_unsound(item, record);
        replica.look_at_text_again(item);
        return false;
    }
    if replica.condition.is_unreadable(item, record) || replica.wanted.awaits(&record.hash, item) {
        return false;
    }
    let stored = if record.empty { Some(0) } else { replica.wanted.stored_len(&record.hash, item) };
    let is_agreed = replica.local.baseline.get(item).is_some_and(|agreed| agreed.hash == content(record));
    let has_room = is_agreed || (stored.is_some() && !record.empty);
    if !has_room {
        let space_left = space_left.get_or_insert_with(|| space(replica, now));
        if !admit(replica, item, record, space_left) {
            return false;
        }
    }
    let Some(len) = stored else {
        if replica.wanted.wait_for(record.hash, record.len, item) {
            let rank = Rank { large: record.len > LARGE, newest: newest_first(item), text: item.is_text() };
            replica.wanted.claimed = replica.wanted.claimed.saturating_add(record.len);
            replica.ask(Action::Fetch { hash: record.hash, len: record.len, rank });
        }
        return false;
    };
    // What bounds were asked for was another length.
    if !record.empty && len != record.len {
        replica.wanted.let_go(item, None);
        replica.wanted.set_unsound(record.hash, record.len, len);
        replica.wanted.left_for_unsound(item, record);
        replica.look_at_text_again(item);
        return false;
    }
    true
}

/// A content has come, or is not what its entry says.
pub fn fetched(replica: &mut Replica, hash: Hash, fetched: Result<u64, Unsound>) {
    match fetched {
        Ok(len) => {
            let items = replica.wanted.arrived(hash, len);
            replica.todo.items.extend(items);
        }
        Err(Unsound { stored }) => {
            for item in replica.wanted.failed(hash) {
                if let Some(record) = replica.records.latest(&item).filter(|record| record.hash == hash) {
                    replica.wanted.set_unsound(hash, record.len, stored);
                }
                replica.todo.again(item);
            }
        }
    }
}

/// Moves a file that was deleted elsewhere to the trash.
fn remove(replica: &mut Replica, item: Item, now: Now) {
    let by = replica.records.latest(&item).map(|record| replica.shared.deleted_by(record.author));
    if let (Some(stat), Some(by)) = (replica.local.fingerprint(&item), by) {
        deciding::note_change(replica, &item, Step::Remove, now);
        replica.trash.add(stat.len());
        replica.work.begin(&item, None);
        replica.ask(Action::Remove { item, stat, by });
    }
}

/// A file was to be put in place.
pub fn placed(replica: &mut Replica, item: &Item, outcome: Result<Stat, NotPlaced>) {
    let Some(record) = replica.end(item) else {
        return;
    };
    replica.wanted.let_go(item, None);
    replica.look_at_text_again(item);
    match outcome {
        Ok(stat) => {
            // An entry of this device may only repeat what another says.
            let first = replica.authorship.of_content(item, content(&record));
            let is_first = first.is_none_or(|signed| signed.by == [replica.shared.me]);
            let ours = replica.shared.is_mine(record.author) && is_first;
            replica.agree(item, content(&record), &stat, ours);
            replica.todo.authors = true;
            if *item == Item::profile() {
                // What it says is read with the list.
                replica.todo.list_again(item);
            }
        }
        // Somebody was faster: it is decided anew.
        Err(NotPlaced::Changed) => changed_meanwhile(replica, item),
        Err(NotPlaced::NotStored) => replica.todo.again_later(item.clone()),
        // It comes when there is room.
        Err(NotPlaced::Full) => {
            replica.wanted.refused.insert(item.clone(), Refusal::Disk { bytes: record.file_len() });
        }
        Err(NotPlaced::Unreadable(why)) => replica.condition.unreadable_profile = Some((content(&record), why)),
        Err(NotPlaced::Failed(error)) => {
            replica.condition.problem(format!("{item} can't be put in place: {error}"));
        }
    }
}

fn changed_meanwhile(replica: &mut Replica, item: &Item) {
    replica.todo.list_again(item);
    replica.todo.again_later(item.clone());
}

/// A file was to be moved to the trash.
pub fn removed(replica: &mut Replica, item: &Item, outcome: Result<(), NotMoved>) {
    replica.end(item);
    match outcome {
        Ok(()) => {
            replica.local.note_gone(item);
            replica.local.baseline.forget(item);
            replica.todo.authors = true;
        }
        Err(NotMoved::Changed) => changed_meanwhile(replica, item),
        Err(NotMoved::Failed(error)) => {
            let what = format!("the author has deleted {item}, but it can't be moved to the trash: {error}");
            replica.condition.problem(what);
        }
    }
}

/// What a person made of a file was to be put aside.
pub fn was_put_aside(replica: &mut Replica, item: &Item, outcome: Result<(), String>) {
    replica.end(item);
    match outcome {
        Ok(()) => {
            // That it is gone is nobody's deletion, whatever the document says by now.
            replica.local.note_gone(item);
            replica.local.baseline.forget(item);
            replica.todo.list_again(item);
            replica.todo.again(item.clone());
        }
        Err(error) => {
            let what =
                format!("{item} was changed both here and by its author, and your version can't be set aside: {error}");
            replica.condition.problem(what);
        }
    }
}

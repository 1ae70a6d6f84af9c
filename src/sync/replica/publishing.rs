//! Towards the document: what changed in one's own box is told, attachments before texts.
//!
//! A box that is empty or gone is not taken for deletions. An inbox is never told of.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::action::{Action, Publication};
use crate::sync::replica::deciding;
use crate::sync::replica::deletion::{Deletion, Retraction};
use crate::sync::replica::event::{NotPublished, NotRetracted, Published};
use crate::sync::replica::item::Item;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::{Local, Remote, Role, Step, step};
use crate::sync::replica::note_kind::NoteKind;
use crate::sync::replica::now::Now;
use crate::sync::replica::records::{Record, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::text::invisible::field;
use crate::text::shell;

/// Why nothing is told of one's own box, if so: an empty or missing one is a disk that is not there far more often than it is
/// somebody's wish.
pub fn question(shared: &SharedBox, local: &LocalBox) -> Option<String> {
    let has = || local.tree.files.keys().any(Item::is_text);
    if shared.role == Role::Reader || shared.document.delete_all || has() {
        return None;
    }
    let had = local.baseline.files().keys().filter(|item| item.is_text()).count();
    let files = local.baseline.files().len();
    let messages = match (had, files) {
        // A box without messages may have lost its disk, too, if nothing at all is in it.
        (0, 0) => return None,
        (0, _) if !local.tree.files.is_empty() => return None,
        (0, 1) => "1 file".to_owned(),
        (0, files) => format!("{files} files"),
        (1, _) => "1 message".to_owned(),
        (had, _) => format!("{had} messages"),
    };
    Some(format!(
        "{} is empty, but readers have {messages} from it; nothing is deleted for them unless you say so: `{}`",
        field(&shared.folder.to_string_lossy()),
        shell::missive("sync --yes-delete-all", &[&shared.document.channel])
    ))
}

/// Whether the document was replaced by its owner here: it only says by what then.
pub fn points_on(replica: &mut Replica) -> bool {
    // Only the owner moves readers: what anybody else said of it would be told as an attempt.
    if replica.shared.role != Role::Writer || !replica.shared.is_owner() {
        return false;
    }
    let Some(key) = replica.shared.document.moved.clone() else {
        return false;
    };
    let known = replica.records.moved.get(&replica.shared.me).map(|note| note.hash);
    if known != Some(*blake3::hash(key.as_bytes()).as_bytes()) && replica.work.notes.saying.insert(NoteKind::Moved) {
        replica.ask(Action::Say(NoteKind::Moved, key.into_bytes()));
    }
    true
}

/// Gives the next free second to each message of ours that is another's too, who wrote it earlier. What belongs to it is left out of
/// these files: it is looked at again then.
pub fn give_way(replica: &mut Replica, items: &mut BTreeSet<Item>, now: Now) {
    if replica.shared.role == Role::Reader {
        return;
    }
    take_back_again(replica, items);
    let texts = items.iter().filter(|item| item.is_text() && is_anothers(replica, item, now));
    for stamp in texts.filter_map(Item::stamp).collect::<Vec<_>>() {
        let message = message(replica, stamp);
        for item in &message {
            items.remove(item);
        }
        if message.iter().any(|item| replica.work.is_busy_with(item)) {
            replica.todo.again_later(Item::text(stamp));
            continue;
        }
        if !replica.condition.flips.allow(&Item::text(stamp), Local::Missing, now.monotonic) {
            continue;
        }
        for item in &message {
            replica.work.begin(item, None);
        }
        replica.work.giving_way.messages.insert(stamp, message);
        replica.ask(Action::GiveWay(stamp));
    }
}

/// Takes back what could not be taken back a moment ago.
fn take_back_again(replica: &mut Replica, items: &mut BTreeSet<Item>) {
    let owed: Vec<Item> = items.iter().filter(|item| replica.work.giving_way.owed.contains(*item)).cloned().collect();
    for item in owed {
        if replica.local.tree.files.contains_key(&item) {
            // Something else is there by now.
            replica.work.giving_way.owed.remove(&item);
        } else {
            items.remove(&item);
            take_back(replica, &item);
        }
    }
}

/// Whether the text of a message of ours is another's, who wrote it earlier, or before it was told.
fn is_anothers(replica: &Replica, item: &Item, now: Now) -> bool {
    if !replica.local.tree.files.contains_key(item) {
        return false;
    }
    // An entry that was made by a clock that was ahead can't be taken back yet.
    if replica.records.own(item, &replica.shared.me).any(|record| record.time > now.wall) {
        return false;
    }
    if let Some(agreed) = replica.local.baseline.get(item) {
        agreed.ours && replica.records.earlier(item, &replica.shared.me).is_some()
    } else {
        let remote = replica.records.remote(item);
        let local = replica.local.content(item);
        let collides = |local| step(replica.shared.role_for(item), None, local, remote) == Step::GiveWay;
        let is_own = replica.records.latest(item).is_some_and(|record| record.author == replica.shared.me);
        matches!(remote, Remote::Content(_)) && !is_own && local.is_some_and(collides)
    }
}

/// All files of a message, in the box or in the document.
fn message(replica: &Replica, stamp: Stamp) -> BTreeSet<Item> {
    let text = Item::text(stamp);
    let stem = stamp.to_string();
    let there = replica.local.tree.at(stem.as_ref()).chain(replica.records.of_message(&text));
    there.cloned().chain([text.clone()]).collect()
}

/// Tells the document what is to be told.
pub fn publish(replica: &mut Replica, steps: &BTreeMap<Item, Step>, now: Now) {
    let of = |wanted: Step| steps.iter().filter(move |(_, step)| **step == wanted).map(|(item, _)| item);
    let (texts, others): (Vec<&Item>, Vec<&Item>) = of(Step::Publish).partition(|item| item.is_text());
    let publications: Vec<Publication> =
        others.into_iter().chain(texts).map(|item| begin(replica, item, now)).collect();
    if !publications.is_empty() {
        replica.ask(Action::Publish(publications));
    }
    of(Step::Adopt).for_each(|item| adopt(replica, item));
    for item in of(Step::Forget) {
        replica.local.baseline.forget(item);
    }
    retract(replica, of(Step::Retract).cloned().collect(), now);
}

fn begin(replica: &mut Replica, item: &Item, now: Now) -> Publication {
    deciding::note_change(replica, item, Step::Publish, now);
    replica.work.begin_publishing(item);
    let own = |empty| replica.records.own(item, &replica.shared.me).any(|record| record.empty == empty);
    Publication { item: item.clone(), has_content_entry: own(false), has_empty_entry: own(true) }
}

/// Notes that box and document agree already. Whoever has it shall be able to give it to others, too.
fn adopt(replica: &mut Replica, item: &Item) {
    let stat = replica.local.tree.files.get(item).copied();
    let record = replica.records.latest(item).copied();
    let (Some(stat), Some(record)) = (stat, record) else {
        return;
    };
    let first = replica.authorship.of_content(item, content(&record));
    let ours = first.is_some_and(|signed| signed.by == [replica.shared.me]);
    if !record.empty && !replica.local.is_stored(item) {
        replica.todo.lost.insert(item.clone());
    }
    replica.agree(item, content(&record), &stat, ours);
}

fn retract(replica: &mut Replica, gone: Vec<Item>, now: Now) {
    if replica.condition.question.is_some() || gone.is_empty() {
        return;
    }
    for item in gone {
        if let Some(record) = replica.records.latest(&item).copied() {
            deciding::note_change(replica, &item, Step::Retract, now);
            replica.work.begin(&item, Some(record));
            let beside = replica.local.tree.files.keys().next_back().cloned();
            let retraction = retraction(replica, item, &record, beside);
            replica.ask(Action::Retract(retraction));
        }
    }
}

/// What is said of a file that is gone, of which this `record` counts: that it was deleted, or, where nobody else has signed it, that
/// this device says nothing of it any more.
fn retraction(replica: &Replica, item: Item, record: &Record, beside: Option<Item>) -> Retraction {
    let is_ours = replica.local.baseline.get(&item).is_some_and(|agreed| agreed.ours);
    if is_ours && record.author == replica.shared.me {
        return Retraction { beside, ..withdrawal(replica, item, record.empty) };
    }
    Retraction { item, says: Deletion::Deleted, empty: record.empty, both_keys: false, beside }
}

/// This device says nothing of a file any more, under either of its keys.
fn withdrawal(replica: &Replica, item: Item, empty: bool) -> Retraction {
    let both_keys = replica.records.of(&item, replica.shared.me).any(|record| record.empty != empty);
    Retraction { item, says: Deletion::Withdrawn, empty, both_keys, beside: None }
}

/// A file was to be published.
pub fn published(replica: &mut Replica, item: &Item, done: Result<Published, NotPublished>, now: Now) {
    replica.end(item);
    let before = replica.records.latest(item).map(|record| record.time);
    match done {
        Ok(Published { stat: Some(stat), hash, len, empty, time }) => {
            let ours = replica.local.baseline.get(item).map_or(before.is_none(), |agreed| agreed.ours);
            let record = Record { author: replica.shared.me, hash, len, time, empty };
            replica.records.put_own(item, record);
            put_other_deletion(replica, item, &record);
            replica.authorship.signed_here(item, content(&record), replica.shared.me);
            replica.agree(item, content(&record), &stat, ours);
            changed(replica);
        }
        Ok(_) | Err(NotPublished::Gone) => replica.todo.list_again(item),
        Err(NotPublished::Unread(error)) => replica.condition.problem(format!("{item} can't be shared yet: {error}")),
        Err(NotPublished::Refused(error)) => {
            let is_late = before.is_some_and(|time| time >= now.wall);
            let why = if is_late {
                "this computer's clock is behind the one that wrote it last; set the clock"
            } else {
                error.as_str()
            };
            replica.condition.problem(format!("{item} can't be shared: {why}"));
        }
    }
}

/// Notes what was entered under the other one of a file's two keys, just before its entry was made: that it was deleted.
fn put_other_deletion(replica: &mut Replica, item: &Item, made: &Record) {
    let me = replica.shared.me;
    if replica.records.own(item, &me).any(|own| own.empty != made.empty) {
        let (time, empty) = (made.time.saturating_sub(1), !made.empty);
        replica.records.put_own(item, deletion_of(replica, Deletion::Deleted, time, empty));
    }
}

/// This device's entry of a deletion.
fn deletion_of(replica: &Replica, says: Deletion, time: u64, empty: bool) -> Record {
    Record { author: replica.shared.me, hash: says.hash(), len: says.mark().len() as u64, time, empty }
}

/// A deletion was to be entered.
pub fn retracted(replica: &mut Replica, retraction: &Retraction, done: Result<u64, NotRetracted>) {
    let Retraction { item, says, empty, both_keys, .. } = retraction;
    replica.end(item);
    match done {
        Ok(time) => {
            for empty in [Some(*empty), both_keys.then_some(!empty)].into_iter().flatten() {
                replica.records.put_own(item, deletion_of(replica, *says, time, empty));
            }
            replica.local.baseline.forget(item);
            replica.work.giving_way.owed.remove(item);
            // What another says of the file counts now, if somebody does.
            replica.todo.again(item.clone());
            changed(replica);
        }
        Err(NotRetracted::Back) => replica.todo.list_again(item),
        Err(NotRetracted::AllGone) => replica.todo.everything = true,
        Err(NotRetracted::Refused(error)) => {
            let what = if replica.work.giving_way.owed.contains(item) {
                replica.todo.again_later(item.clone());
                format!("somebody else wrote {item} first, and readers can't be told yet that yours has moved: {error}")
            } else {
                format!("{item} was deleted here, but its readers can't be told: {error}")
            };
            replica.condition.problem(what);
        }
    }
}

/// Makes this device's deletions anew that an earlier version entered without content, which the engine may lose again.
pub fn confirm_deletions(replica: &mut Replica) {
    if replica.shared.role == Role::Reader {
        return;
    }
    let fragile = replica.records.fragile_deletions(&replica.shared.me);
    for (item, record) in fragile.map(|(item, record)| (item.clone(), *record)).collect::<Vec<_>>() {
        if !replica.local.tree.files.contains_key(&item) && !replica.work.must_wait(&item) {
            replica.work.begin(&item, Some(record));
            let (says, empty) = (Deletion::Deleted, record.empty);
            replica.ask(Action::Retract(Retraction { item, says, empty, both_keys: false, beside: None }));
        }
    }
}

fn changed(replica: &mut Replica) {
    replica.exchange.announcements.changed();
    (replica.todo.notes, replica.todo.authors) = (true, true);
}

/// A message of ours was to be given the next free second. The entries that were made for it are taken back: who was first counts.
pub fn gave_way(replica: &mut Replica, stamp: Stamp, done: Result<Stamp, String>) {
    let message = replica.work.giving_way.messages.remove(&stamp).unwrap_or_default();
    for item in &message {
        replica.end(item);
    }
    let text = Item::text(stamp);
    let next = match done {
        Ok(next) => next,
        Err(error) => {
            let what =
                format!("somebody else wrote {text} first, and yours can't be renamed to the next second: {error}");
            replica.condition.problem(what);
            return;
        }
    };
    // What this device's other entries say was in no file here, and got no other name.
    let is_here = |item: &&Item| replica.local.tree.files.contains_key(*item);
    for item in message.iter().filter(is_here).cloned().collect::<Vec<_>>() {
        replica.local.note_gone(&item);
        replica.local.baseline.forget(&item);
        take_back(replica, &item);
    }
    changed(replica);
    let names = [stamp, next].into_iter().flat_map(|stamp| [stamp.to_string().into(), format!("{stamp}.txt").into()]);
    replica.todo.names.extend(names);
}

/// Takes back what this device's entry says of a file that is another's.
fn take_back(replica: &mut Replica, item: &Item) {
    let Some(ours) = replica.records.own(item, &replica.shared.me).next().copied() else {
        replica.work.giving_way.owed.remove(item);
        return;
    };
    replica.work.giving_way.owed.insert(item.clone());
    replica.work.begin(item, Some(ours));
    let withdrawal = withdrawal(replica, item.clone(), ours.empty);
    replica.ask(Action::Retract(withdrawal));
}

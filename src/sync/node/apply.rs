//! Towards the box: what the document has is fetched and put in place.
//!
//! Attachments appear before their text, unless they are large. What is left out because of its size is decided in
//! `sync/replica/space.rs`. The document is told nothing.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use tracing::{debug, info, trace, warn};

use crate::channel::protocol::profile;
use crate::fs::confined::Stat;
use crate::fs::free_space;
use crate::sync::box_files;
use crate::sync::box_files::Put;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::hands::Hands;
use crate::sync::node::place_large;
use crate::sync::node::replica::Replica;
use crate::sync::node::scan::restat;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::fetch_queue::Rank;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::{Limits, Refusal};
use crate::sync::replica::merge::Step;
use crate::sync::replica::records::{Record, Records, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::space::{Admission, Candidate, Space, is_counted, newest_first, rank};
use crate::sync::replica::todo::Todo;
use crate::sync::replica::trash::{DeletedBy, max_bytes};
use crate::sync::replica::wanted::Wanted;
use crate::sync::trash_files;

/// So many files are put in place at once.
const MAX_TOGETHER: usize = 256;

/// And so many bytes, unless one file has more: their contents are in memory meanwhile.
const MAX_BYTES_TOGETHER: u64 = 16 << 20;

/// Brings to the box what is to be brought. While more may be coming (`is_open`), not all the room is given away.
pub(super) async fn apply(replica: &mut Replica, steps: &BTreeMap<Item, Step>, is_open: bool) {
    if !steps.is_empty() {
        bring(replica, steps, is_open).await;
    }
    tidy_trash(replica).await;
}

async fn bring(replica: &mut Replica, steps: &BTreeMap<Item, Step>, is_open: bool) {
    let mut ready = Vec::new();
    let mut space = space(replica, is_open);
    let mut steps: Vec<(&Item, &Step)> = steps.iter().collect();
    steps.sort_by_key(|(item, _)| rank(item));
    for (item, step) in steps {
        match step {
            Step::Remove => remove(replica, item).await,
            Step::PutAside | Step::GiveWay => put_aside(replica, item).await,
            Step::Place => {
                let Some(record) = replica.records.latest(item).copied() else {
                    continue;
                };
                if is_ready(replica, item, &record, &mut space).await {
                    ready.push((item.clone(), record));
                }
            }
            _ => {}
        }
    }
    // A message's attachments are in place before its text is; which of them are awaited is known by now.
    ready.retain(|(item, _)| !(item.is_text() && waits_for_attachments(&replica.records, &replica.wanted, item)));
    ready.sort_by_key(|(item, _)| item.is_text());
    let (large, small): (Vec<_>, Vec<_>) = ready.into_iter().partition(|(_, record)| record.file_len() > LARGE);
    for (item, record) in large {
        let replaces = replaced(replica, &item, &record).await;
        if let Some(outcome) = place_large::place(&replica.hands, &replica.shared, &item, record.hash, replaces).await {
            placed(replica, &item, &record, outcome);
            replica.save_baseline();
        }
    }
    let mut small = small.as_slice();
    while let Some((now, later)) = small.split_at_checked(together(small)).filter(|(now, _)| !now.is_empty()) {
        put(replica, now).await;
        small = later;
    }
}

/// Removes from the trash what others deleted long ago: now and then, and whenever much has come together.
async fn tidy_trash(replica: &mut Replica) {
    let most = max_bytes(replica.hands.home.options.limits.channel);
    let Some(now) = replica.hands.now().filter(|_| replica.trash.is_due(Instant::now(), most)) else {
        return;
    };
    let by = if replica.shared.is_own_box() { DeletedBy::Others } else { DeletedBy::Inbox };
    replica.trash.tidied(Instant::now());
    let channel = replica.shared.channel.clone();
    let tidied = tokio::task::spawn_blocking(move || trash_files::remove_expired(&channel, by, now, most));
    if let Ok(Err(error)) = tidied.await {
        debug!(error = %redacted(&error), "the trash can't be tidied");
        replica.condition.problem(format!("old files can't be removed from the trash: {error}"));
    }
}

/// How many of these files are put in place at once.
fn together(files: &[(Item, Record)]) -> usize {
    let mut bytes = 0_u64;
    let fits = |(_, record): &&(Item, Record)| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(record.file_len().max(1));
        is_first || bytes <= MAX_BYTES_TOGETHER
    };
    files.iter().take(MAX_TOGETHER).take_while(fits).count()
}

/// The room in the box.
fn space(replica: &Replica, is_open: bool) -> Space {
    let is_own_box = replica.shared.is_own_box();
    let files = || replica.local.baseline.files().values().filter(|file| is_counted(is_own_box, file));
    let waiting = || replica.wanted.files.values().flatten().filter_map(|item| replica.records.latest(item));
    // What is not what its entry says lies in the store all the same.
    let unsound = replica.wanted.unsound.values().copied();
    // A length is what its author says, and may be anything by now.
    let lengths = files().map(|file| file.stat.len()).chain(waiting().map(|record| record.len)).chain(unsound);
    Space {
        bytes: lengths.fold(0, u64::saturating_add),
        files: files().count() + waiting().count(),
        free: free(&replica.hands, &replica.shared),
        is_open,
    }
}

/// Whether there is room for what a file is to hold, which has it then; else it is left out, or seen to again when all is known.
fn admit(replica: &mut Replica, item: &Item, record: &Record, space: &mut Space, is_stored: bool) -> bool {
    let is_own_box = replica.shared.is_own_box();
    let counted = replica.local.baseline.get(item).filter(|file| is_counted(is_own_box, file));
    let candidate = Candidate {
        item,
        len: record.file_len(),
        replaces: counted.map(|file| file.stat.len()),
        is_own: replica.shared.is_mine(record.author),
        is_asked_for: replica.shared.is_asked_for(item),
        is_stored,
    };
    match space.admit(&replica.hands.home.options.limits, candidate) {
        Admission::Admitted => {
            replica.wanted.refused.remove(item);
            true
        }
        Admission::Later => {
            trace!(?item, "it waits until all is known that there is");
            replica.todo.again_later(item.clone());
            false
        }
        Admission::Refused(why) => {
            debug!(?item, reason = %why, "not fetched: a limit is reached");
            replica.wanted.refused.insert(item.clone(), why);
            false
        }
    }
}

/// What of the disks of box and store is free, and not spoken for by whatever is on its way, in bytes.
fn free(hands: &Hands, shared: &SharedBox) -> u64 {
    let least = free_space::free(&shared.folder).min(free_space::free(&hands.home.folder()));
    least.saturating_sub(hands.fetcher.awaited())
}

/// Files that there was no room for on the disk, if there is room now.
pub(super) fn with_room(hands: &Hands, shared: &SharedBox, wanted: &Wanted) -> Vec<Item> {
    let is_waiting = |why: &Refusal| matches!(why, Refusal::Disk { .. });
    if !wanted.refused.values().any(is_waiting) {
        return Vec::new();
    }
    let free = free(hands, shared);
    let fits = |why: &Refusal| matches!(why, Refusal::Disk { bytes } if Limits::fits(*bytes, free).is_ok());
    wanted.refused.iter().filter(|(_, why)| fits(why)).map(|(item, _)| item.clone()).collect()
}

/// Whether a file's content is here, and may be put in place now; else it is seen to.
async fn is_ready(replica: &mut Replica, item: &Item, record: &Record, space: &mut Space) -> bool {
    if *item == Item::profile() && record.file_len() > profile::MAX_FILE {
        replica.condition.unreadable_profile = Some((content(record), "it is too long".to_owned()));
        return false;
    }
    if !record.empty && replica.wanted.is_unsound(record.hash, record.len) {
        replica.wanted.left_for_unsound(item, record);
        look_at_text_again(&mut replica.todo, item);
        return false;
    }
    let stored = if record.empty { Some(0) } else { replica.hands.stored_len(record.hash).await };
    let is_agreed = replica.local.baseline.get(item).is_some_and(|agreed| agreed.hash == content(record));
    let has_room = replica.wanted.awaits(&record.hash, item) || is_agreed;
    if !has_room && !admit(replica, item, record, space, stored.is_some()) {
        return false;
    }
    let Some(len) = stored else {
        if replica.wanted.wait_for(record.hash, record.len, item) {
            let rank = Rank { large: record.len > LARGE, newest: newest_first(item), text: item.is_text() };
            replica.hands.fetch(replica.shared.document.id, record.hash, record.len, rank);
        }
        return false;
    };
    // What bounds were asked for was another length.
    if !record.empty && len != record.len {
        debug!(?item, said = record.len, len, "a content has another length than its entry says");
        replica.wanted.set_unsound(record.hash, record.len, len);
        replica.wanted.left_for_unsound(item, record);
        look_at_text_again(&mut replica.todo, item);
        return false;
    }
    true
}

/// Whether a text is better put in place after some of its attachments.
fn waits_for_attachments(records: &Records, wanted: &Wanted, text: &Item) -> bool {
    let is_awaited =
        |item: &Item| records.latest(item).is_some_and(|record| wanted.is_awaited_attachment(item, record));
    records.of_message(text).filter(|item| item.is_attachment()).any(is_awaited)
}

/// Looks again at the text that may have waited for an attachment.
fn look_at_text_again(todo: &mut Todo, item: &Item) {
    if item.is_attachment()
        && let Some(stamp) = item.stamp()
    {
        todo.again(Item::text(stamp));
    }
}

/// Puts small files in place.
async fn put(replica: &mut Replica, files: &[(Item, Record)]) {
    let mut puts = Vec::with_capacity(files.len());
    for (item, record) in files {
        let bytes = if record.empty {
            Ok(Vec::new())
        } else {
            replica.hands.engine.store.blobs().get_bytes(record.hash).await.map(Vec::from)
        };
        match bytes {
            Ok(bytes) if is_profile_unreadable(replica, item, &bytes, record) => {}
            Ok(bytes) => {
                let replaces = replaced(replica, item, record).await;
                puts.push(Put { item: item.clone(), bytes, replaces });
            }
            Err(error) => {
                warn!(?item, error = %redacted(&error), "a content can't be read from the store");
                replica.condition.problem(format!("{item} can't be read from the store: {error}"));
            }
        }
    }
    let folder = replica.shared.folder.clone();
    let records: BTreeMap<&Item, &Record> = files.iter().map(|(item, record)| (item, record)).collect();
    let Ok(outcomes) = tokio::task::spawn_blocking(move || box_files::put(&folder, puts)).await else {
        return;
    };
    for (item, outcome) in outcomes {
        if let Some(record) = records.get(&item) {
            placed(replica, &item, record, outcome);
        }
    }
    replica.save_baseline();
}

/// Whether this is a profile that can't be read, which is said then.
fn is_profile_unreadable(replica: &mut Replica, item: &Item, bytes: &[u8], record: &Record) -> bool {
    let Some(why) = (*item == Item::profile()).then(|| profile::parse(bytes.to_vec()).err()).flatten() else {
        return false;
    };
    replica.condition.unreadable_profile = Some((content(record), why.to_string()));
    true
}

/// How the file looks that is replaced; in one's own box a copy of it goes to the trash.
async fn replaced(replica: &mut Replica, item: &Item, record: &Record) -> Option<StatFingerprint> {
    let stat = replica.local.fingerprint(item)?;
    if !replica.shared.is_own_box() {
        return Some(stat);
    }
    let trash =
        trash_files::folder(&replica.shared.channel, replica.hands.now()?, replica.shared.deleted_by(record.author));
    let (folder, path) = (replica.shared.folder.clone(), item.clone());
    let kept = tokio::task::spawn_blocking(move || box_files::keep_copy(&trash, &folder, &path, stat)).await;
    match kept {
        Ok(Ok(stat)) => {
            replica.trash.add(stat.len());
            Some(stat)
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => None,
        Ok(Err(error)) => {
            replica.condition.problem(format!("{item} can't be copied to the trash: {error}"));
            None
        }
        // The runtime ends.
        Err(_) => None,
    }
}

/// Notes what became of a file that was to be put in place.
fn placed(replica: &mut Replica, item: &Item, record: &Record, outcome: io::Result<Stat>) {
    match outcome {
        Ok(stat) => {
            debug!(?item, len = stat.len, "placed");
            let ours = replica.shared.is_mine(record.author);
            replica.agree(item, content(record), &stat, ours);
            look_at_text_again(&mut replica.todo, item);
        }
        // Somebody was faster: it is decided anew.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            debug!(?item, error = %redacted(&error), "not placed, and decided anew");
            restat(&replica.shared, &mut replica.local, item);
            replica.todo.again_later(item.clone());
        }
        // It comes when there is room.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            warn!(?item, "not placed: the disk is full");
            replica.wanted.refused.insert(item.clone(), Refusal::Disk { bytes: record.file_len() });
        }
        Err(error) => {
            warn!(?item, error = %redacted(&error), "not placed");
            replica.condition.problem(format!("{item} can't be put in place: {error}"));
        }
    }
}

/// Puts a file that was deleted elsewhere into the trash.
async fn remove(replica: &mut Replica, item: &Item) {
    let by = replica.records.latest(item).map(|record| replica.shared.deleted_by(record.author));
    let (Some(stat), Some(by), Some(now)) = (replica.local.fingerprint(item), by, replica.hands.now()) else {
        return;
    };
    let trash = trash_files::folder(&replica.shared.channel, now, by);
    let (folder, path) = (replica.shared.folder.clone(), item.clone());
    match tokio::task::spawn_blocking(move || box_files::discard(&trash, &folder, &path, stat)).await {
        Ok(Ok(_)) => {
            debug!(?item, "deleted by its author, and moved to the trash");
            replica.trash.add(stat.len());
            replica.local.tree.files.remove(item);
            replica.local.baseline.forget(item);
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
            restat(&replica.shared, &mut replica.local, item);
            replica.todo.again_later(item.clone());
        }
        Ok(Err(error)) => {
            warn!(?item, error = %redacted(&error), "not moved to the trash");
            let what = format!("the author has deleted {item}, but it can't be moved to the trash: {error}");
            replica.condition.problem(what);
        }
        // The runtime ends.
        Err(_) => {}
    }
}

/// Puts what a person made of a file aside, and looks at the file again.
async fn put_aside(replica: &mut Replica, item: &Item) {
    let Some(now) = replica.hands.now() else {
        return;
    };
    let (folder, path, own) = (replica.shared.folder.clone(), item.clone(), replica.shared.is_own_box());
    match tokio::task::spawn_blocking(move || box_files::put_aside(&folder, &path, own, now)).await {
        Ok(Ok(_)) => {
            info!(?item, "changed here and by its author: what was here is put aside");
            restat(&replica.shared, &mut replica.local, item);
            replica.todo.again(item.clone());
        }
        Ok(Err(error)) => {
            warn!(?item, error = %redacted(&error), "not put aside");
            let what =
                format!("{item} was changed both here and by its author, and your version can't be set aside: {error}");
            replica.condition.problem(what);
        }
        // The runtime ends.
        Err(_) => {}
    }
}

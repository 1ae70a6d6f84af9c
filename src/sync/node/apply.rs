//! Towards the box: what the document has is fetched and put in place.
//!
//! Owns what is fetched and in which order it appears (attachments before their text, unless they are large), what is left out
//! because of its size. Refuses to tell the document anything.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::protocol::profile;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::{Folder, Stat};
use crate::fs::free_space;
use crate::sync::box_files;
use crate::sync::box_files::Put;
use crate::sync::node::fetch::{LARGE, Rank, Want};
use crate::sync::node::records::{Record, content};
use crate::sync::node::replica::{Keeper, is_own};
use crate::sync::replica::baseline::{Agreement, Looks};
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::{Limits, Refusal};
use crate::sync::replica::merge::{Hash, Role, Step};
use crate::sync::replica::retention;
use crate::sync::replica::retention::Hand;
use iroh_blobs::api::blobs::{BlobStatus, ExportMode, ExportOptions};
use tokio::time::Instant;

/// A text waits for its attachments up to this length, in bytes; longer ones come after it.
const PATIENT: u64 = 8 << 20;

/// Of the room that a channel may take, its trash may take this part once more.
const BYGONE: u64 = 10;

/// How often it is looked for what has lain in the trash for too long.
const EXPIRE: Duration = Duration::from_hours(1);

/// So many files are put in place at once.
const TOGETHER: usize = 256;

/// And so many bytes, unless one file has more.
const TOGETHER_BYTES: u64 = 16 << 20;

/// Brings to the box what is to be brought. While more may be coming (`is_open`), not all the room is given away.
pub(super) async fn apply(keeper: &mut Keeper, steps: &BTreeMap<Item, Step>, is_open: bool) {
    if !steps.is_empty() {
        bring(keeper, steps, is_open).await;
    }
    expire(keeper).await;
}

async fn bring(keeper: &mut Keeper, steps: &BTreeMap<Item, Step>, is_open: bool) {
    let mut ready = Vec::new();
    let mut room = Room::of(keeper, is_open);
    let mut steps: Vec<(&Item, &Step)> = steps.iter().collect();
    steps.sort_by_key(|(item, _)| worth(item));
    for (item, step) in steps {
        match step {
            Step::Remove => remove(keeper, item).await,
            Step::TakeBeside | Step::GiveWay => put_aside(keeper, item).await,
            Step::Take => {
                let Some(record) = keeper.records.latest(item).copied() else {
                    continue;
                };
                if is_ready(keeper, item, &record, &mut room).await {
                    ready.push((item.clone(), record));
                }
            }
            _ => {}
        }
    }
    // A message's attachments are in place before its text is; which of them are awaited is known by now.
    ready.retain(|(item, _)| !(item.is_text() && waits_for_attachments(keeper, item)));
    ready.sort_by_key(|(item, _)| item.is_text());
    let (large, small): (Vec<_>, Vec<_>) = ready.into_iter().partition(|(_, record)| record.file_len() > LARGE);
    for (item, record) in large {
        export(keeper, &item, &record).await;
    }
    let mut small = small.as_slice();
    while let Some((now, later)) = small.split_at_checked(together(small)).filter(|(now, _)| !now.is_empty()) {
        put(keeper, now).await;
        small = later;
    }
}

/// Lets go of what others took back: looks for it now and then, and whenever much has come together.
async fn expire(keeper: &mut Keeper) {
    let most = keeper.home.options.limits.channel / BYGONE;
    let is_due = keeper.expired.is_none_or(|at| at.elapsed() > EXPIRE) || keeper.taken_back > most / 4;
    let Some(now) = now(keeper).filter(|_| is_due) else {
        return;
    };
    let hand = if is_own(keeper.document.side) { Hand::Others } else { Hand::Inbox };
    (keeper.expired, keeper.taken_back) = (Some(Instant::now()), 0);
    let channel = keeper.channel.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || retention::expire(&channel, hand, now, most)).await {
        keeper.problem(format!("old files in the trash can't be deleted: {error}"));
    }
}

/// Which files get the room there is: messages before attachments, the newest first.
fn worth(item: &Item) -> (bool, Reverse<i64>) {
    (item.is_attachment(), Reverse(item.stamp().map_or(i64::MAX, Stamp::seconds)))
}

/// How many of these files are put in place at once: their contents are in memory meanwhile.
fn together(files: &[(Item, Record)]) -> usize {
    let mut bytes = 0_u64;
    let fits = |(_, record): &&(Item, Record)| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(record.file_len().max(1));
        is_first || bytes <= TOGETHER_BYTES
    };
    files.iter().take(TOGETHER).take_while(fits).count()
}

/// The room in a box.
struct Room {
    /// What the box holds or waits for, in bytes and files.
    bytes: u64,
    files: usize,
    /// What of the disks is free and not spoken for, in bytes.
    free: u64,
    /// Whether more may be coming that is worth more.
    is_open: bool,
}

impl Room {
    fn of(keeper: &Keeper, is_open: bool) -> Self {
        // What began in one's own outbox takes no room from what others write there.
        let of_others = |agreed: &&Agreement| !(agreed.ours && is_own(keeper.document.side));
        let here = || keeper.agreed.files().values().filter(of_others).map(|agreed| agreed.looks.len());
        let waiting = || keeper.wanted.values().flatten().filter_map(|item| keeper.records.latest(item));
        // What is not what its entry says lies in the store all the same.
        let unsound = keeper.unsound.values().copied();
        // A length is what its author says, and may be anything by now.
        let bytes = here().chain(waiting().map(|record| record.len)).chain(unsound).fold(0, u64::saturating_add);
        Self { bytes, files: here().count() + waiting().count(), free: free(keeper), is_open }
    }

    /// Whether there is room for what a file is to hold, which has it then; else it is left out, or seen to again when all is
    /// known. What is in the store already takes no more of its disk.
    fn admits(&mut self, keeper: &mut Keeper, item: &Item, record: &Record, is_here: bool) -> bool {
        let (len, limits) = (record.file_len(), keeper.home.options.limits);
        let is_mine = keeper.role == Role::Writer && record.author == keeper.me;
        let is_counted = |agreed: &&Agreement| !(agreed.ours && is_own(keeper.document.side));
        let old = keeper.agreed.get(item).filter(is_counted).map(|agreed| agreed.looks.len());
        let bytes = self.bytes.saturating_sub(old.unwrap_or(0));
        let files = self.files.saturating_sub(usize::from(old.is_some()));
        if !is_mine && !keeper.document.fetch.iter().any(|path| path.as_bytes() == item.as_bytes()) {
            if let Err(why) = limits.admit(item, len, bytes, files) {
                keeper.refused.insert(item.clone(), why);
                return false;
            }
            if self.is_open && !limits.has_plenty(bytes, files) {
                keeper.again_later(item.clone());
                return false;
            }
        }
        if !is_here && let Err(why) = Limits::fits(len, self.free) {
            keeper.refused.insert(item.clone(), why);
            return false;
        }
        if !is_mine {
            (self.bytes, self.files) = (bytes.saturating_add(len), files + 1);
        }
        self.free = self.free.saturating_sub(len);
        keeper.refused.remove(item);
        true
    }
}

/// What of the disks of box and store is free, and not spoken for by whatever is on its way, in bytes.
fn free(keeper: &Keeper) -> u64 {
    let least = free_space::free(&keeper.folder).min(free_space::free(&keeper.home.folder()));
    least.saturating_sub(keeper.fetcher.awaited())
}

/// Files that there was no room for on the disk, if there is room now.
pub(super) fn with_room(keeper: &Keeper) -> Vec<Item> {
    let is_waiting = |why: &Refusal| matches!(why, Refusal::Disk { .. });
    if !keeper.refused.values().any(is_waiting) {
        return Vec::new();
    }
    let free = free(keeper);
    let fits = |why: &Refusal| matches!(why, Refusal::Disk { bytes } if Limits::fits(*bytes, free).is_ok());
    keeper.refused.iter().filter(|(_, why)| fits(why)).map(|(item, _)| item.clone()).collect()
}

/// Whether a file's content is here, and may be put in place now; else it is seen to.
async fn is_ready(keeper: &mut Keeper, item: &Item, record: &Record, room: &mut Room) -> bool {
    if *item == Item::profile() && record.file_len() > profile::MAX_FILE {
        keeper.unreadable = Some((content(record), "it is too long".to_owned()));
        return false;
    }
    if !record.empty && keeper.unsound.contains_key(&(record.hash, record.len)) {
        waits_no_more(keeper, item);
        return false;
    }
    let here = match keeper.engine.store.blobs().status(record.hash).await {
        _ if record.empty => Some(0),
        Ok(BlobStatus::Complete { size }) => Some(size),
        _ => None,
    };
    let is_awaited = keeper.wanted.get(&record.hash).is_some_and(|items| items.contains(item));
    let is_agreed = keeper.agreed.get(item).is_some_and(|agreed| agreed.hash == content(record));
    if !is_awaited && !is_agreed && !room.admits(keeper, item, record, here.is_some()) {
        return false;
    }
    let Some(size) = here else {
        want(keeper, item, record);
        return false;
    };
    // What bounds were asked for was another length.
    if !record.empty && size != record.len {
        keeper.unsound.insert((record.hash, record.len), size);
        waits_no_more(keeper, item);
        return false;
    }
    true
}

/// Whether a text is better put in place after some of its attachments.
fn waits_for_attachments(keeper: &Keeper, text: &Item) -> bool {
    keeper.records.of_message(text).filter(|item| item.is_attachment()).any(|item| {
        let awaited = |record: &Record| {
            !record.is_deletion()
                && record.file_len() <= PATIENT
                && keeper.wanted.get(&record.hash).is_some_and(|items| items.contains(item))
        };
        keeper.records.latest(item).is_some_and(awaited)
    })
}

/// Looks at the text again that may have waited for an attachment.
fn waits_no_more(keeper: &mut Keeper, item: &Item) {
    if item.is_attachment()
        && let Some(stamp) = item.stamp()
    {
        keeper.again(Item::text(stamp));
    }
}

fn want(keeper: &mut Keeper, item: &Item, record: &Record) {
    let waiting = keeper.wanted.entry(record.hash).or_default();
    let is_new = waiting.is_empty();
    waiting.insert(item.clone());
    if is_new {
        let newest = Reverse(item.stamp().map_or(i64::MAX, Stamp::seconds));
        ask(keeper, record.hash, record.len, Rank { large: record.len > LARGE, newest, text: item.is_text() });
    }
}

/// Asks for a content.
pub(super) fn ask(keeper: &Keeper, hash: Hash, len: u64, rank: Rank) {
    let (document, done, progress) = (keeper.document.id, keeper.done.clone(), Arc::clone(&keeper.progress));
    keeper.fetcher.want(Want { document, hash, len, rank, done, progress });
}

/// Puts small files in place.
async fn put(keeper: &mut Keeper, files: &[(Item, Record)]) {
    let mut puts = Vec::with_capacity(files.len());
    for (item, record) in files {
        let bytes = if record.empty {
            Ok(Vec::new())
        } else {
            keeper.engine.store.blobs().get_bytes(record.hash).await.map(Vec::from)
        };
        match bytes {
            Ok(bytes) if is_profile_unreadable(keeper, item, &bytes, record) => {}
            Ok(bytes) => {
                let replaces = replaced(keeper, item, record).await;
                puts.push(Put { item: item.clone(), bytes, replaces });
            }
            Err(error) => keeper.problem(format!("{item} can't be read from the store: {error}")),
        }
    }
    let folder = keeper.folder.clone();
    let records: BTreeMap<&Item, &Record> = files.iter().map(|(item, record)| (item, record)).collect();
    let Ok(outcomes) = tokio::task::spawn_blocking(move || box_files::put(&folder, puts)).await else {
        return;
    };
    for (item, outcome) in outcomes {
        if let Some(record) = records.get(&item) {
            placed(keeper, &item, record, outcome);
        }
    }
    keeper.save();
}

/// Whether this is a profile that can't be read, which is said then.
fn is_profile_unreadable(keeper: &mut Keeper, item: &Item, bytes: &[u8], record: &Record) -> bool {
    let Some(why) = (*item == Item::profile()).then(|| profile::parse(bytes.to_vec()).err()).flatten() else {
        return false;
    };
    keeper.unreadable = Some((content(record), why.to_string()));
    true
}

/// How the file looks that is replaced; in one's own box a copy of it goes to the trash.
async fn replaced(keeper: &mut Keeper, item: &Item, record: &Record) -> Option<Looks> {
    let looks = keeper.tree.files.get(item).map(Looks::from)?;
    if !is_own(keeper.document.side) {
        return Some(looks);
    }
    let (trash, folder, path) = (trash(keeper, record)?, keeper.folder.clone(), item.clone());
    let kept = tokio::task::spawn_blocking(move || box_files::keep_copy(&trash, &folder, &path, looks)).await;
    match kept {
        Ok(Ok(looks)) => {
            keeper.taken_back = keeper.taken_back.saturating_add(retention::room(looks.len()));
            Some(looks)
        }
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
        Ok(Err(error)) => {
            keeper.problem(format!("{item} can't be copied to the trash: {error}"));
            None
        }
        Err(_) => None,
    }
}

fn placed(keeper: &mut Keeper, item: &Item, record: &Record, outcome: std::io::Result<Stat>) {
    match outcome {
        Ok(stat) => {
            let ours = record.author == keeper.me && keeper.role == Role::Writer;
            keeper.agree(item, content(record), &stat, ours);
            waits_no_more(keeper, item);
        }
        // Somebody was faster: it is decided anew.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            keeper.restat(item);
            keeper.again_later(item.clone());
        }
        // It comes when there is room.
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            keeper.refused.insert(item.clone(), Refusal::Disk { bytes: record.file_len() });
        }
        Err(error) => keeper.problem(format!("{item} can't be put in place: {error}")),
    }
}

/// Puts a large file in place. On one disk it is moved out of the store, which refers to it from then on.
async fn export(keeper: &mut Keeper, item: &Item, record: &Record) {
    let replaces = replaced(keeper, item, record).await;
    let (folder, path) = (keeper.folder.clone(), item.clone());
    let ready = tokio::task::spawn_blocking(move || {
        box_files::make_above(&folder, &path)?;
        box_files::free(&folder, &path, replaces)
    });
    let outcome = match ready.await {
        Ok(Ok(())) => moved(keeper, item, record).await,
        Ok(Err(error)) => Err(error),
        Err(_) => return,
    };
    placed(keeper, item, record, outcome);
    keeper.save();
}

async fn moved(keeper: &Keeper, item: &Item, record: &Record) -> std::io::Result<Stat> {
    let target = keeper.folder.join(item.path());
    let one_disk = is_one_disk(&keeper.home.folder(), &keeper.folder);
    let mut hidden = if one_disk { None } else { Some(box_files::hidden(&keeper.folder)?) };
    let options = ExportOptions {
        hash: record.hash.into(),
        mode: if one_disk { ExportMode::TryReference } else { ExportMode::Copy },
        target: hidden.as_ref().map_or_else(|| target.clone(), |hidden| hidden.path().to_owned()),
    };
    keeper.engine.store.blobs().export_with_opts(options).finish().await.map_err(std::io::Error::other)?;
    let (folder, item) = (keeper.folder.clone(), item.clone());
    let settled = tokio::task::spawn_blocking(move || {
        let written = hidden.as_ref().map_or(target.as_path(), |hidden| hidden.path());
        fs_err::File::open(written)?.sync_all()?;
        if let Some(hidden) = &mut hidden {
            hidden.replace(&target)?;
        }
        crate::fs::atomic_write::flush_names(target.parent().unwrap_or(&folder));
        Folder::open(&folder)?.stat(item.path())
    });
    settled.await.map_err(std::io::Error::other)?
}

fn is_one_disk(one: &std::path::Path, other: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path: &std::path::Path| path.metadata().map(|meta| meta.dev()).ok();
    disk(one).is_some() && disk(one) == disk(other)
}

async fn remove(keeper: &mut Keeper, item: &Item) {
    let looks = keeper.tree.files.get(item).map(Looks::from);
    let trash = keeper.records.latest(item).and_then(|record| trash(keeper, record));
    let (Some(looks), Some(trash)) = (looks, trash) else {
        return;
    };
    let (folder, path) = (keeper.folder.clone(), item.clone());
    match tokio::task::spawn_blocking(move || box_files::discard(&trash, &folder, &path, looks)).await {
        Ok(Ok(_)) => {
            keeper.taken_back = keeper.taken_back.saturating_add(retention::room(looks.len()));
            keeper.tree.files.remove(item);
            keeper.agreed.forget(item);
        }
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            keeper.restat(item);
            keeper.again_later(item.clone());
        }
        Ok(Err(error)) => {
            keeper.problem(format!("{item} was deleted by its author, but can't be moved to the trash: {error}"));
        }
        Err(_) => {}
    }
}

/// Puts what a person made of a file aside, and looks at the file again.
async fn put_aside(keeper: &mut Keeper, item: &Item) {
    let Some(now) = now(keeper) else {
        return;
    };
    let (folder, path, own) = (keeper.folder.clone(), item.clone(), is_own(keeper.document.side));
    match tokio::task::spawn_blocking(move || box_files::put_aside(&folder, &path, own, now)).await {
        Ok(Ok(_)) => {
            keeper.restat(item);
            keeper.again(item.clone());
        }
        Ok(Err(error)) => {
            keeper.problem(format!("{item} was changed here and by its author, and can't be kept beside: {error}"));
        }
        Err(_) => {}
    }
}

/// Where in the trash something goes that an entry replaces or deletes.
fn trash(keeper: &Keeper, record: &Record) -> Option<PathBuf> {
    let hand = match (is_own(keeper.document.side), record.author == keeper.me) {
        (false, _) => Hand::Inbox,
        (true, false) => Hand::Others,
        (true, true) => Hand::Own,
    };
    Some(retention::place(&keeper.channel, now(keeper)?, hand))
}

fn now(keeper: &Keeper) -> Option<Stamp> {
    Stamp::from_seconds(keeper.home.seconds())
}

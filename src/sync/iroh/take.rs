//! Towards the box: what the document has is fetched and put in place.
//!
//! Owns what is fetched and in which order it appears (attachments before their text, unless they are large), what is left out
//! because of its size. Refuses to tell the document anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fetch::{LARGE, Rank, Want};
use super::keeper::{Keeper, is_own};
use super::notes;
use super::records::{Record, content};
use crate::channel::stamp::Stamp;
use crate::disk::beneath::{Folder, Stat};
use crate::sync::agreed::Looks;
use crate::sync::item::Item;
use crate::sync::mirror::{Hash, Role, Step};
use crate::sync::place::{self, Put};
use iroh_blobs::api::blobs::{BlobStatus, ExportMode, ExportOptions};

/// A text waits for its attachments up to this length, in bytes; longer ones come after it.
const PATIENT: u64 = 8 << 20;

/// So many files are put in place at once.
const TOGETHER: usize = 256;

/// And so many bytes, unless one file has more.
const TOGETHER_BYTES: u64 = 16 << 20;

/// Brings to the box what is to be brought.
pub(super) async fn apply(keeper: &mut Keeper, steps: &BTreeMap<Item, Step>) {
    if !steps.is_empty() {
        // Before a text appears, so that nobody is taken for its author who is not.
        notes::bylines(keeper).await;
    }
    let mut ready = Vec::new();
    let (mut bytes, mut files) = load(keeper);
    for (item, step) in steps {
        match step {
            Step::Remove => remove(keeper, item).await,
            Step::TakeBeside | Step::GiveWay => put_aside(keeper, item).await,
            Step::Take => {
                let Some(record) = keeper.records.latest(item).copied() else {
                    continue;
                };
                if is_ready(keeper, item, &record, &mut bytes, &mut files).await {
                    ready.push((item.clone(), record));
                }
            }
            _ => {}
        }
    }
    // A message's attachments are in place before its text is.
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

/// What the box holds or waits for, in bytes and files.
fn load(keeper: &Keeper) -> (u64, usize) {
    let bytes = keeper.agreed.files().values().fold(0_u64, |sum, agreed| sum.saturating_add(agreed.looks.len()));
    let waiting =
        keeper.wanted.values().filter_map(|items| keeper.records.latest(items.iter().next()?)).map(|record| record.len);
    // A length is what its author says, and may be anything by now.
    (waiting.fold(bytes, u64::saturating_add), keeper.agreed.files().len() + keeper.wanted.len())
}

/// Whether a file's content is here, and may be put in place now; else it is seen to.
async fn is_ready(keeper: &mut Keeper, item: &Item, record: &Record, bytes: &mut u64, files: &mut usize) -> bool {
    if !record.empty && keeper.unsound.contains(&(record.hash, record.len)) {
        return false;
    }
    if keeper.agreed.get(item).is_none() && keeper.wanted.get(&record.hash).is_none_or(|items| !items.contains(item)) {
        let asked_for = keeper.document.fetch.iter().any(|path| path.as_bytes() == item.as_bytes());
        if !asked_for && let Err(why) = keeper.home.options.limits.admit(item, record.file_len(), *bytes, *files) {
            keeper.refused.insert(item.clone(), why);
            return false;
        }
        *bytes = bytes.saturating_add(record.file_len());
        *files += 1;
    }
    if !record.empty {
        match keeper.engine.store.blobs().status(record.hash).await {
            Ok(BlobStatus::Complete { size }) if size == record.len => {}
            // What bounds were asked for was another length.
            Ok(BlobStatus::Complete { .. }) => {
                keeper.unsound.insert((record.hash, record.len));
                return false;
            }
            _ => {
                want(keeper, item, record);
                return false;
            }
        }
    }
    !(item.is_text() && waits_for_attachments(keeper, item))
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

fn want(keeper: &mut Keeper, item: &Item, record: &Record) {
    let waiting = keeper.wanted.entry(record.hash).or_default();
    let is_new = waiting.is_empty();
    waiting.insert(item.clone());
    if is_new {
        let newest = std::cmp::Reverse(item.stamp().map_or(i64::MAX, Stamp::seconds));
        ask(keeper, record.hash, record.len, Rank { large: record.len > LARGE, newest, text: item.is_text() });
    }
}

/// Asks for a content.
pub(super) fn ask(keeper: &Keeper, hash: Hash, len: u64, rank: Rank) {
    let (document, done, fetched) = (keeper.document.id, keeper.done.clone(), Arc::clone(&keeper.fetched));
    keeper.fetcher.want(Want { document, hash, len, rank, done, fetched });
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
            Ok(bytes) => {
                let replaces = replaced(keeper, item).await;
                puts.push(Put { item: item.clone(), bytes, replaces });
            }
            Err(error) => keeper.problem(format!("{item} can't be read from the store: {error}")),
        }
    }
    let folder = keeper.folder.clone();
    let records: BTreeMap<&Item, &Record> = files.iter().map(|(item, record)| (item, record)).collect();
    let Ok(outcomes) = tokio::task::spawn_blocking(move || place::put(&folder, puts)).await else {
        return;
    };
    for (item, outcome) in outcomes {
        if let Some(record) = records.get(&item) {
            placed(keeper, &item, record, outcome);
        }
    }
    keeper.save();
}

/// How the file looks that is replaced; in one's own box a copy of it goes to the trash.
async fn replaced(keeper: &mut Keeper, item: &Item) -> Option<Looks> {
    let looks = keeper.tree.files.get(item).map(Looks::from)?;
    if !is_own(keeper.document.side) {
        return Some(looks);
    }
    let (channel, folder, path, now) = (keeper.channel.clone(), keeper.folder.clone(), item.clone(), now(keeper)?);
    let kept = tokio::task::spawn_blocking(move || place::keep_copy(&channel, &folder, &path, looks, now)).await;
    match kept {
        Ok(Ok(looks)) => Some(looks),
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
            if item.is_attachment()
                && let Some(stamp) = item.stamp()
            {
                keeper.again(Item::text(stamp));
            }
        }
        // Somebody was faster: it is decided anew.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            keeper.restat(item);
            keeper.again_later(item.clone());
        }
        Err(error) => keeper.problem(format!("{item} can't be put in place: {error}")),
    }
}

/// Puts a large file in place. On one disk it is moved out of the store, which refers to it from then on.
async fn export(keeper: &mut Keeper, item: &Item, record: &Record) {
    let replaces = replaced(keeper, item).await;
    let (folder, path) = (keeper.folder.clone(), item.clone());
    let ready = tokio::task::spawn_blocking(move || {
        place::make_above(&folder, &path)?;
        place::free(&folder, &path, replaces)
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
    let mut hidden = if one_disk { None } else { Some(place::hidden(&keeper.folder)?) };
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
        crate::disk::whole::flush_names(target.parent().unwrap_or(&folder));
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
    let (Some(looks), Some(now)) = (keeper.tree.files.get(item).map(Looks::from), now(keeper)) else {
        return;
    };
    let (channel, folder, path) = (keeper.channel.clone(), keeper.folder.clone(), item.clone());
    match tokio::task::spawn_blocking(move || place::discard(&channel, &folder, &path, looks, now)).await {
        Ok(Ok(_)) => {
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
    match tokio::task::spawn_blocking(move || place::put_aside(&folder, &path, own, now)).await {
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

fn now(keeper: &Keeper) -> Option<Stamp> {
    Stamp::from_seconds(keeper.home.seconds())
}

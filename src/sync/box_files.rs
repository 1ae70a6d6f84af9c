//! Putting files into a box and taking them out of it.
//!
//! A file is written under a hidden name in the box, flushed, then given its name, attachments before texts. Nothing that somebody made
//! is replaced without a copy.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::atomic_write;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::{Folder, Kind, Stat};
use crate::fs::create_folders::{folders_below, real_folders_below};
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;

/// From so many files on, the whole disk is flushed once instead of each of them.
const FLUSH_DISK_FROM: usize = 8;

/// A file to be put into a box.
#[derive(Debug)]
pub struct Put {
    /// Where.
    pub item: Item,
    /// What.
    pub bytes: Vec<u8>,
    /// How what may be replaced looks; anything else in its place is in the way.
    pub replaces: Option<StatFingerprint>,
}

/// What became of a file.
pub type Outcome = io::Result<Stat>;

/// Puts files into a box, attachments before texts; gives what became of each.
pub fn put(folder: &Path, mut puts: Vec<Put>) -> Vec<(Item, Outcome)> {
    puts.sort_by_key(|put| put.item.is_text());
    let staged: Vec<io::Result<PathBuf>> = puts.iter().map(|put| stage(folder, put)).collect();
    let flushed = flush(folder, staged.iter().flatten());
    let mut folders = BTreeSet::new();
    let mut outcomes = Vec::with_capacity(puts.len());
    for (put, staged) in puts.into_iter().zip(staged) {
        let outcome = staged.and_then(|staged| {
            let refused = flushed.as_ref().err().map(|error| io::Error::new(error.kind(), error.to_string()));
            let settled = refused.map_or_else(|| settle(folder, &put, &staged, &mut folders), Err);
            settled.inspect_err(|_| drop(std::fs::remove_file(&staged)))
        });
        outcomes.push((put.item, outcome));
    }
    for folder in &folders {
        atomic_write::flush_names(folder);
    }
    outcomes
}

fn stage(folder: &Path, put: &Put) -> io::Result<PathBuf> {
    let path = atomic_write::temporary_beside(&folder.join("x"));
    fs::write(&path, &put.bytes)?;
    Ok(path)
}

/// Brings what was written to the disk.
fn flush<'a>(folder: &Path, paths: impl Iterator<Item = &'a PathBuf>) -> io::Result<()> {
    let paths: Vec<&PathBuf> = paths.collect();
    if paths.len() >= FLUSH_DISK_FROM && atomic_write::flush_disk(folder) {
        return Ok(());
    }
    paths.into_iter().try_for_each(|path| File::open(path)?.sync_all())
}

fn settle(folder: &Path, put: &Put, staged: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<Stat> {
    let target = folder.join(put.item.path());
    make_above(folder, &put.item)?;
    free(folder, &put.item, put.replaces)?;
    if put.replaces.is_some() {
        fs::rename(staged, &target)?;
    } else {
        atomic_write::name_new(staged, &target)?;
    }
    folders.extend(target.parent().map(Path::to_owned));
    Folder::open(folder)?.stat(put.item.path())
}

/// Makes sure that nothing is in the way of a file.
///
/// # Errors
/// `AlreadyExists` when another file than what may be replaced bears its name, another kind when no file at all does.
pub fn free(folder: &Path, item: &Item, replaces: Option<StatFingerprint>) -> io::Result<()> {
    let there = match Folder::open(folder)?.stat(item.path()) {
        // That does not change by itself, so it is not tried again and again.
        Ok(stat) if stat.kind != Kind::File => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "something that is not a file is in its place"));
        }
        Ok(stat) => Some(StatFingerprint::from(&stat)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if there.is_none() || there == replaces {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{item} changed in the meantime")))
}

/// Makes the folders above a file, following no link.
///
/// # Errors
/// When something else than a folder is in the way.
pub fn make_above(folder: &Path, item: &Item) -> io::Result<()> {
    item.path().parent().map_or(Ok(()), |above| real_folders_below(folder, above).map(drop))
}

/// Puts a file that was deleted elsewhere into a folder of the trash; gives where it is then.
///
/// # Errors
/// When it has changed meanwhile, or cannot be moved.
pub fn discard(trash: &Path, folder: &Path, item: &Item, stat: StatFingerprint) -> io::Result<PathBuf> {
    free(folder, item, Some(stat))?;
    let kept = kept(trash, folder, item)?;
    atomic_write::rename_new(&folder.join(item.path()), &kept)?;
    let mut above = folder.join(item.path());
    // The folders of a message's attachments go with the last of them.
    while above.pop() && above != folder && std::fs::remove_dir(&above).is_ok() {}
    Ok(kept)
}

/// A free place in a folder of the trash of a box's channel.
fn kept(trash: &Path, folder: &Path, item: &Item) -> io::Result<PathBuf> {
    let mut target = trash.join(item.path());
    let mut count = 1;
    while target.symlink_metadata().is_ok() {
        count += 1;
        target = trash.join(count.to_string()).join(item.path());
    }
    // A channel that was moved away meanwhile is not made anew.
    let channel = folder.parent().unwrap_or(folder);
    let above = target.parent().and_then(|above| above.strip_prefix(channel).ok()).unwrap_or(Path::new(""));
    folders_below(channel, above)?;
    Ok(target)
}

/// Copies what is about to be replaced, and looked so then, into a folder of the trash; gives how it looks now.
///
/// # Errors
/// When it cannot be copied; `AlreadyExists` when it has changed meanwhile.
pub fn keep_copy(trash: &Path, folder: &Path, item: &Item, then: StatFingerprint) -> io::Result<StatFingerprint> {
    let kept = kept(trash, folder, item)?;
    let from = folder.join(item.path());
    if fs::hard_link(&from, &kept).is_err() {
        fs::copy(&from, &kept)?;
    }
    // One more name of a file is a change of the file, though not of its content.
    let stat = StatFingerprint::from(&Folder::open(folder)?.stat(item.path())?);
    if stat.is_same_file(&then) {
        return Ok(stat);
    }
    // A copy too many in the trash does no harm.
    drop(std::fs::remove_file(kept));
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{item} changed in the meantime")))
}

/// Puts what a person made of a file aside, so that its place is free: as a conflict copy that `check` goes through in one's own
/// box, as a hidden file in an inbox.
///
/// # Errors
/// When it cannot be renamed.
pub fn put_aside(folder: &Path, item: &Item, is_own: bool, now: Stamp) -> io::Result<PathBuf> {
    let from = folder.join(item.path());
    let to = free_name(&from, |count| aside(&from, is_own, now, count));
    atomic_write::rename_new(&from, &to)?;
    Ok(to)
}

fn free_name(from: &Path, name: impl Fn(u32) -> String) -> PathBuf {
    (0..u32::MAX)
        .map(|count| from.with_file_name(name(count)))
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_default()
}

/// `.kept-…` in an inbox, else the form of Syncthing's conflict copies, which everything here knows already.
fn aside(from: &Path, is_own: bool, now: Stamp, count: u32) -> String {
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let time = now.time().format("%Y%m%d-%H%M%S");
    if !is_own {
        return format!(".kept-{time}-{count}-{name}");
    }
    let (stem, ending) = name.rsplit_once('.').map_or((&*name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let letters: String =
        (0..7).map(|at| char::from(b'A' + u8::try_from((count >> (at * 3)) & 7).unwrap_or(0))).collect();
    format!("{stem}.sync-conflict-{time}-{letters}{ending}")
}

/// Gives a message of one's own the next free second, because its own one is another's; gives its new stamp.
///
/// The text goes last, as it does when a message is sent.
///
/// # Errors
/// When it cannot be renamed.
pub fn give_way(folder: &Path, stamp: Stamp) -> io::Result<Stamp> {
    let text = |stamp| folder.join(Entry::Text(stamp).path());
    let files = |stamp: Stamp| folder.join(stamp.to_string());
    let mut next = stamp;
    loop {
        next = next.next().ok_or_else(|| io::Error::other("no free second is left before the year 10000"))?;
        if text(next).symlink_metadata().is_ok() || files(next).symlink_metadata().is_ok() {
            continue;
        }
        let has_files = files(stamp).symlink_metadata().is_ok();
        if has_files {
            atomic_write::rename_new(&files(stamp), &files(next))?;
        }
        match atomic_write::rename_new(&text(stamp), &text(next)) {
            Ok(()) => return Ok(next),
            Err(error) => {
                if has_files {
                    atomic_write::rename_new(&files(next), &files(stamp))?;
                }
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error);
                }
            }
        }
    }
}

/// A file under a hidden name in a box, for what is too large for memory.
///
/// # Errors
/// When it cannot be made.
pub fn hidden(folder: &Path) -> io::Result<Temporary> {
    Temporary::file(&folder.join("x"), b"")
}

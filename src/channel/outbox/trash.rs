//! Deleted messages: `trash/`, with a folder for each deletion, named by its time.
//!
//! A text goes before its attachments and comes back after them, so that a message is never seen in part. Nothing is
//! overwritten on either way.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::layout::TRASH_FOLDER;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::atomic_write;
use crate::fs::atomic_write::{Temporary, rename_new};
use crate::fs::confined::{Folder, Kind};
use crate::fs::create_folders::folders_below;
use crate::fs::touch::touch;

/// The folder of what was deleted.
pub fn folder(channel: &Channel) -> PathBuf {
    channel.path.join(TRASH_FOLDER)
}

/// Puts a message of one's own into the trash; gives the path of its text there.
///
/// # Errors
/// [`Error::OnlyListens`]; [`Error::Io`].
pub fn delete(channel: &Channel, stamp: Stamp, now: Stamp) -> Result<PathBuf, Error> {
    let outbox = channel.outbox()?;
    let stem = stamp.to_string();
    put(channel, [&outbox.join(Entry::Text(stamp).path()), &outbox.join(&stem)], &stem, now)
}

/// Puts a text, then the folder of its attachments, into the trash under this stem, as far as they are there; gives where
/// the text is then.
pub(crate) fn put(channel: &Channel, files: [&Path; 2], stem: &str, now: Stamp) -> Result<PathBuf, Error> {
    let place = place(channel, now)?;
    let text = place.join(format!("{stem}.txt"));
    for (from, to) in files.into_iter().zip([&text, &place.join(stem)]) {
        if from.symlink_metadata().is_ok() {
            moved(from, to)?;
        }
    }
    Ok(text)
}

/// Puts one attachment of a message into the trash; gives where it is then.
pub(crate) fn put_attachment(channel: &Channel, stamp: Stamp, name: &Path, now: Stamp) -> Result<PathBuf, Error> {
    let place = place(channel, now)?;
    let name = Path::new(&stamp.to_string()).join(name);
    folders_below(&place, name.parent().unwrap_or(&name))?;
    let place = place.join(&name);
    moved(&channel.outbox()?.join(&name), &place)?;
    Ok(place)
}

/// A message that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its id.
    pub stamp: Stamp,
    /// Its text's path.
    pub path: PathBuf,
}

/// Brings the message back that was deleted last.
///
/// # Errors
/// [`Error::TrashIsEmpty`]; [`Error::Exists`] when something has its name now; [`Error::OnlyListens`]; [`Error::Io`].
pub fn restore_last(channel: &Channel) -> Result<Restored, Error> {
    let (outbox, trash) = (channel.outbox()?, folder(channel));
    let (place, stamp) = last(&trash)?.ok_or(Error::TrashIsEmpty { trash })?;
    let text = Entry::Text(stamp).path();
    let (from, to) = (place.join(stamp.to_string()), outbox.join(stamp.to_string()));
    let path = outbox.join(&text);
    let has_files = from.symlink_metadata().is_ok();
    // Attachments without a text are those of this message when its deletion was cut off before they were moved.
    if let Some(taken) = [has_files.then_some(&to), Some(&path)].into_iter().flatten().find(|path| is_there(path)) {
        return Err(Error::Exists { path: taken.clone() });
    }
    // It is brought back on purpose, and is no old version that a backup has put there. Where that can't be marked it is asked for.
    for file in [has_files.then_some(&from), Some(&place.join(&text))].into_iter().flatten() {
        if let Err(error) = touch(file) {
            tracing::debug!(%error, "what is brought back can't be marked as new");
        }
    }
    if has_files {
        moved(&from, &to)?;
    }
    if let Err(error) = moved(&place.join(&text), &path) {
        if has_files {
            moved(&to, &from)?;
        }
        return Err(error.into());
    }
    // What else was in it stays.
    let _ = std::fs::remove_dir(place);
    Ok(Restored { stamp, path })
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The last deletion that holds a message's text.
fn last(trash: &Path) -> io::Result<Option<(PathBuf, Stamp)>> {
    let names = match Folder::open(trash).and_then(|trash| trash.list()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let folders = names.iter().filter(|(_, kind)| *kind == Kind::Folder);
    let mut places: Vec<Stamp> = folders.filter_map(|(name, _)| Stamp::parse(name.as_encoded_bytes()).ok()).collect();
    places.sort_unstable();
    for time in places.into_iter().rev() {
        let place = trash.join(time.to_string());
        let names = Folder::open(&place)?.list()?;
        let text = names.iter().find_map(|(name, _)| match Entry::parse(name.as_encoded_bytes()) {
            Some(Entry::Text(stamp)) => Some(stamp),
            _ => None,
        });
        if let Some(stamp) = text {
            return Ok(Some((place, stamp)));
        }
    }
    Ok(None)
}

/// An empty folder in the trash, named by this time or the next free one.
fn place(channel: &Channel, now: Stamp) -> Result<PathBuf, Error> {
    let trash = folders_below(&channel.path, Path::new(TRASH_FOLDER))?;
    let mut time = now;
    loop {
        let place = trash.join(time.to_string());
        match fs::create_dir(&place) {
            Ok(()) => return Ok(place),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        time = time.next().ok_or(Error::NoSecond)?;
    }
}

/// Moves a file or folder to a name that is not taken, to another disk if need be.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    if from.symlink_metadata()?.is_dir() {
        let mut hidden = Temporary::folder(to)?;
        copy_tree(from, hidden.path())?;
        hidden.settle(to)?;
        return fs::remove_dir_all(from);
    }
    atomic_write::create(to, &fs::read(from)?)?;
    fs::remove_file(from)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        } else {
            let what =
                format!("{} is neither a file nor a folder, so it can't go to another disk", entry.path().display());
            return Err(io::Error::new(io::ErrorKind::Unsupported, what));
        }
    }
    atomic_write::flush_names(to);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel() -> (tempfile::TempDir, Channel) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blog");
        std::fs::create_dir_all(path.join("outbox")).unwrap();
        (dir, Channel::open(&path).unwrap())
    }

    fn stamp(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds).unwrap()
    }

    fn write(channel: &Channel, stamp: Stamp) {
        let folder = channel.path.join("outbox").join(stamp.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.jpg"), "a").unwrap();
        std::fs::write(folder.with_extension("txt"), "Hello").unwrap();
    }

    #[test]
    fn a_trash_that_cannot_be_read_is_not_called_empty() {
        let (_dir, channel) = channel();
        assert!(matches!(restore_last(&channel), Err(Error::TrashIsEmpty { .. })));
        std::fs::write(folder(&channel), "no folder").unwrap();
        assert!(matches!(restore_last(&channel), Err(Error::Io(_))));
    }

    #[test]
    fn there_and_back_in_the_order_of_deletion() {
        let (_dir, channel) = channel();
        let now = stamp(1_000);
        assert!(matches!(restore_last(&channel), Err(Error::TrashIsEmpty { .. })));
        for number in [2, 1, 3] {
            write(&channel, stamp(number));
            delete(&channel, stamp(number), now).unwrap();
        }
        assert_eq!(std::fs::read_dir(channel.path.join("outbox")).unwrap().count(), 0);
        for number in [3, 1, 2] {
            let back = restore_last(&channel).unwrap();
            assert_eq!(back.stamp, stamp(number));
            assert!(back.path.is_file() && back.path.with_extension("").join("a.jpg").is_file());
        }
        assert_eq!(std::fs::read_dir(folder(&channel)).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_overwritten_on_the_way_back() {
        let (_dir, channel) = channel();
        write(&channel, stamp(1));
        let text = delete(&channel, stamp(1), stamp(9)).unwrap();
        let there = channel.path.join("outbox").join(format!("{}.txt", stamp(1)));
        std::fs::write(&there, "Other").unwrap();
        assert!(matches!(restore_last(&channel), Err(Error::Exists { .. })));
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "Other");
        assert!(text.is_file() && text.with_extension("").join("a.jpg").is_file());
        std::fs::remove_file(&there).unwrap();
        restore_last(&channel).unwrap();
    }

    #[test]
    fn a_deletion_that_was_cut_off_can_be_undone() {
        let (_dir, channel) = channel();
        write(&channel, stamp(1));
        let outbox = channel.path.join("outbox");
        let files = [outbox.join(format!("{}.txt", stamp(1))), outbox.join("nowhere")];
        put(&channel, files.each_ref().map(PathBuf::as_path), &stamp(1).to_string(), stamp(9)).unwrap();
        restore_last(&channel).unwrap();
        assert!(outbox.join(format!("{}.txt", stamp(1))).is_file());
    }
}

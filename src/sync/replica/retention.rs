//! What others took back or replaced: how long the trash keeps it.
//!
//! Owns the bounds. What others deleted is kept for a while in case that was a mistake, and never so much of it that somebody
//! could fill the disk by writing and deleting. What a person deleted in a box of their own, here or on another device, is theirs,
//! and not touched here.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;

/// So long it is kept, in seconds: thirty days.
const AGE: i64 = 30 * 24 * 3600;

/// Whose hand took something from which box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Whoever writes an inbox.
    Inbox,
    /// Somebody who writes an outbox with this side.
    Others,
    /// This side, on another device of its own.
    Own,
}

impl Hand {
    /// The end of the names of its folders in the trash.
    fn name(self) -> &'static str {
        match self {
            Self::Inbox => Side::Inbox.name(),
            Self::Others => "others",
            Self::Own => Side::Outbox.name(),
        }
    }
}

/// The folder for what a hand deletes at this time, within a channel's trash.
pub fn place(channel: &Path, now: Stamp, hand: Hand) -> PathBuf {
    channel.join(layout::TRASH_FOLDER).join(format!("{now}-{}", hand.name()))
}

/// When a folder of the trash was made for a hand.
fn made(name: &str, hand: Hand) -> Option<Stamp> {
    let time = name.strip_suffix(hand.name())?.strip_suffix('-')?;
    Stamp::parse(time.as_bytes()).ok()
}

/// Removes from a channel's trash what a hand deleted too long ago, and the oldest of the rest until `most` bytes are left. What
/// was deleted last stays, whatever its length; and so does whatever a person deleted.
///
/// # Errors
/// When the trash cannot be listed or something in it not removed.
pub fn expire(channel: &Path, hand: Hand, now: Stamp, most: u64) -> io::Result<()> {
    if hand == Hand::Own {
        return Ok(());
    }
    let folder = channel.join(layout::TRASH_FOLDER);
    let names = match fs::read_dir(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut places = Vec::new();
    for entry in names {
        let name = entry?.file_name();
        places.extend(name.to_str().and_then(|name| made(name, hand)).map(|time| (time, folder.join(&name))));
    }
    places.sort();
    let mut bytes = 0_u64;
    for (nth, (time, place)) in places.into_iter().rev().enumerate() {
        bytes = bytes.saturating_add(length(&place));
        if (nth > 0 && bytes > most) || time.seconds() < now.seconds() - AGE {
            fs::remove_dir_all(place)?;
        }
    }
    Ok(())
}

/// What a file takes of a disk at least, in bytes: many tiny ones are no little.
const LEAST: u64 = 4096;

/// What a file of this length takes, in bytes.
pub fn room(len: u64) -> u64 {
    len.max(LEAST)
}

/// What all files in a folder take, in bytes.
fn length(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let lengths = files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
    lengths.fold(0, |sum, meta| sum.saturating_add(room(meta.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_and_the_too_much_go_and_what_is_ones_own_stays() {
        let dir = tempfile::tempdir().unwrap();
        let trash = dir.path().join(layout::TRASH_FOLDER);
        let now = Stamp::parse(b"2026-03-31T10-00-00Z").unwrap();
        expire(dir.path(), Hand::Inbox, now, 104_000).unwrap();
        let put = |place: &str, len: usize| {
            std::fs::create_dir_all(trash.join(place)).unwrap();
            std::fs::write(trash.join(place).join("file"), vec![0; len]).unwrap();
        };
        put("2026-03-01T09-59-59Z-inbox", 1);
        put("2026-03-01T10-00-01Z-inbox", 60_000);
        put("2026-03-30T10-00-00Z-inbox", 60_000);
        put("2026-03-31T09-00-00Z-inbox", 40_000);
        put("2020-01-01T00-00-00Z-outbox", 500);
        put("2020-01-01T00-00-00Z-others", 1);
        put("2026-03-31T08-00-00Z-others", 50_000);
        put("2020-01-01T00-00-00Z", 500);
        put("notes-inbox", 500);
        (0..10).for_each(|at| {
            std::fs::create_dir_all(trash.join("2026-03-29T10-00-00Z-inbox")).unwrap();
            std::fs::write(trash.join(format!("2026-03-29T10-00-00Z-inbox/{at}")), b".").unwrap();
        });
        expire(dir.path(), Hand::Inbox, now, 104_000).unwrap();
        expire(dir.path(), Hand::Others, now, 104_000).unwrap();
        expire(dir.path(), Hand::Own, now, 0).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&trash).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let expected = [
            "2020-01-01T00-00-00Z",
            "2020-01-01T00-00-00Z-outbox",
            "2026-03-30T10-00-00Z-inbox",
            "2026-03-31T08-00-00Z-others",
            "2026-03-31T09-00-00Z-inbox",
            "notes-inbox",
        ];
        assert_eq!(left, expected);
        expire(dir.path(), Hand::Inbox, now, 10_000).unwrap();
        assert!(!trash.join("2026-03-30T10-00-00Z-inbox").exists());
        assert!(trash.join("2026-03-31T09-00-00Z-inbox").exists(), "the last deletion");
    }
}

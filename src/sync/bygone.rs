//! What an author took back: how long a reader's trash keeps it.
//!
//! Owns the bounds. What others deleted is kept for a while in case that was a mistake, and never so much of it that somebody
//! could fill the disk by writing and deleting. What a person deleted in a box of their own is theirs, and not touched here.

use std::io;
use std::path::Path;

use fs_err as fs;

use crate::channel::entry::Side;
use crate::channel::stamp::Stamp;
use crate::channel::trash;

/// So long it is kept, in seconds: thirty days.
const AGE: i64 = 30 * 24 * 3600;

/// The folder for what is deleted in a box at this time, within the trash.
pub fn place(now: Stamp, side: &str) -> String {
    format!("{now}-{side}")
}

/// When a folder of the trash was made for an inbox.
fn made(name: &str) -> Option<Stamp> {
    let time = name.strip_suffix(Side::Inbox.name())?.strip_suffix('-')?;
    Stamp::parse(time.as_bytes()).ok()
}

/// Removes from a channel's trash what was deleted from its inbox too long ago, and the oldest of the rest until `most` bytes are
/// left. What was deleted last stays, whatever its length.
///
/// # Errors
/// When the trash cannot be listed or something in it not removed.
pub fn expire(channel: &Path, now: Stamp, most: u64) -> io::Result<()> {
    let folder = channel.join(trash::FOLDER);
    let names = match fs::read_dir(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut places = Vec::new();
    for entry in names {
        let name = entry?.file_name();
        places.extend(name.to_str().and_then(made).map(|time| (time, folder.join(&name))));
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

/// The length of all files in a folder, in bytes.
fn length(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let lengths = files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
    lengths.fold(0, |sum, meta| sum.saturating_add(meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_and_the_too_much_go_and_what_is_ones_own_stays() {
        let dir = tempfile::tempdir().unwrap();
        let trash = dir.path().join(trash::FOLDER);
        let now = Stamp::parse(b"2026-03-31T10-00-00Z").unwrap();
        expire(dir.path(), now, 100).unwrap();
        let put = |place: &str, len: usize| {
            std::fs::create_dir_all(trash.join(place)).unwrap();
            std::fs::write(trash.join(place).join("file"), vec![0; len]).unwrap();
        };
        put("2026-03-01T09-59-59Z-inbox", 1);
        put("2026-03-01T10-00-01Z-inbox", 60);
        put("2026-03-30T10-00-00Z-inbox", 60);
        put("2026-03-31T09-00-00Z-inbox", 40);
        put("2020-01-01T00-00-00Z-outbox", 500);
        put("2020-01-01T00-00-00Z", 500);
        put("notes-inbox", 500);
        expire(dir.path(), now, 100).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&trash).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let expected = [
            "2020-01-01T00-00-00Z",
            "2020-01-01T00-00-00Z-outbox",
            "2026-03-30T10-00-00Z-inbox",
            "2026-03-31T09-00-00Z-inbox",
            "notes-inbox",
        ];
        assert_eq!(left, expected);
        expire(dir.path(), now, 10).unwrap();
        assert!(!trash.join("2026-03-30T10-00-00Z-inbox").exists());
        assert!(trash.join("2026-03-31T09-00-00Z-inbox").exists(), "the last deletion");
    }
}

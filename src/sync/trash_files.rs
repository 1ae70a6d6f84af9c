//! The folders of a channel's trash: where what others delete is put, and removing what has lain there for too long.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::trash::{DeletedBy, disk_use, expired};

/// The folder for what is deleted at this time, within a channel's trash.
pub fn folder(channel: &Path, now: Stamp, by: DeletedBy) -> PathBuf {
    channel.join(layout::TRASH_FOLDER).join(by.folder_name(now))
}

/// Removes from a channel's trash what was deleted too long ago, and the oldest of the rest until `most` bytes are left. What was
/// deleted last stays, whatever its length; and so does whatever a person deleted.
///
/// # Errors
/// When the trash cannot be listed or something in it not removed.
pub fn remove_expired(channel: &Path, by: DeletedBy, now: Stamp, most: u64) -> io::Result<()> {
    if by == DeletedBy::Own {
        return Ok(());
    }
    let trash = channel.join(layout::TRASH_FOLDER);
    let names = match fs::read_dir(&trash) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut folders = Vec::new();
    for entry in names {
        let name = entry?.file_name();
        folders.extend(name.to_str().and_then(|name| by.made(name)).map(|made| (made, trash.join(&name))));
    }
    folders.sort();
    let lengths: Vec<(Stamp, u64)> = folders.iter().map(|(made, folder)| (*made, length(folder))).collect();
    for ((_, folder), is_expired) in folders.into_iter().zip(expired(&lengths, now, most)) {
        if is_expired {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// What all files in a folder take of the disk, in bytes.
fn length(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let lengths = files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
    lengths.fold(0, |sum, meta| sum.saturating_add(disk_use(meta.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::replica::trash::DeletedBy;

    #[test]
    fn the_old_and_the_too_much_go_and_what_is_ones_own_stays() {
        let dir = tempfile::tempdir().unwrap();
        let trash = dir.path().join(layout::TRASH_FOLDER);
        let now = Stamp::parse(b"2026-03-31T10-00-00Z").unwrap();
        remove_expired(dir.path(), DeletedBy::Inbox, now, 104_000).unwrap();
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
        remove_expired(dir.path(), DeletedBy::Inbox, now, 104_000).unwrap();
        remove_expired(dir.path(), DeletedBy::Others, now, 104_000).unwrap();
        remove_expired(dir.path(), DeletedBy::Own, now, 0).unwrap();
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
        remove_expired(dir.path(), DeletedBy::Inbox, now, 10_000).unwrap();
        assert!(!trash.join("2026-03-30T10-00-00Z-inbox").exists());
        assert!(trash.join("2026-03-31T09-00-00Z-inbox").exists(), "the last deletion");
    }
}

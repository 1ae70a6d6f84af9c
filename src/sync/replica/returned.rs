//! Files that came back: older than what the document says of them.
//!
//! Whoever deletes a message and later restores the folder from a backup has a file that is older than its own deletion; whoever edits
//! one and restores has one that is older than the one that was agreed on. Only a person knows which of the two is meant, so it is asked, and
//! until it is answered the file and the document both stay as they are. What was written after the deletion is new, and no question.

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Hash, Remote};
use crate::sync::replica::now::Now;
use crate::sync::replica::records::Record;

/// What a writer's file and its document are like.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When the file was modified, in nanoseconds since 1970.
    pub modified: i64,
    /// On which content box and document agreed last, and when that file was modified, in nanoseconds since 1970.
    pub baseline: Option<(Hash, i64)>,
    /// What the document says.
    pub remote: Remote,
    /// The entry that says so.
    pub record: &'a Record,
}

/// Whether a file came back that is to be published.
pub fn came_back(seen: Seen, now: Now) -> bool {
    // A clock that is behind the entry's makes every file look old, and is another question.
    if now.wall <= seen.record.time {
        return false;
    }
    match (seen.remote, seen.baseline) {
        // What was agreed on and changed here before somebody deleted it elsewhere is no old file.
        (Remote::Deleted | Remote::Content(_), None) => {
            seen.modified / 1000 < i64::try_from(seen.record.time).unwrap_or(i64::MAX)
        }
        // Two edits that a sync tool brought late are told apart by when they were made, not by when they were published.
        (Remote::Content(content), Some((agreed, modified))) => agreed == content && seen.modified < modified,
        _ => false,
    }
}

/// The question about these files of a box, given its folder, and the commands that answer it.
pub fn question<'a>(
    files: impl ExactSizeIterator<Item = &'a Item>,
    folder: &str,
    [publish, discard]: &[String; 2],
) -> Option<String> {
    let count = files.len();
    let mut files = files;
    let (what, is, they) = match (files.next()?, count) {
        (item, 1) => (format!("`{item}`"), "is", "it"),
        (item, _) => (format!("{count} files, among them `{item}`,"), "are", "them"),
    };
    Some(format!(
        "{what} in {folder} {is} older than what readers already know; was the folder restored from a backup? `{publish}` gives readers {they} as {they} {is} now, and `{discard}` keeps what readers have and moves the old versions to the trash"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn seen(modified: i64, baseline: Option<(Hash, i64)>, remote: Remote) -> bool {
        let record = Record { author: [1; 32], hash: [2; 32], len: 1, time: 50, empty: false };
        came_back(Seen { modified, baseline, remote, record: &record }, Now { monotonic: Instant::now(), wall: 100 })
    }

    #[test]
    fn what_is_older_than_its_deletion_came_back_and_what_was_written_since_is_new() {
        assert!(seen(49_999, None, Remote::Deleted));
        assert!(!seen(50_000, None, Remote::Deleted));
        assert!(!seen(1, Some(([9; 32], 1)), Remote::Deleted), "changed here, deleted elsewhere");
        assert!(seen(6, Some(([2; 32], 7)), Remote::Content([2; 32])), "an older version");
        assert!(!seen(8, Some(([2; 32], 7)), Remote::Content([2; 32])), "an edit that came late");
        assert!(!seen(6, Some(([3; 32], 7)), Remote::Content([2; 32])), "changed on both sides");
        assert!(!seen(1, None, Remote::Unknown));
    }
}

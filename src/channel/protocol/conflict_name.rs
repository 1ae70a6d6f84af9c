//! How sync tools name a conflict copy: by a mark of their own in the name of the file that two people changed.

use memchr::memmem;

/// `a.sync-conflict-20260101-120000-ABCDEFG.txt` (Syncthing) and the phrases of Dropbox, Nextcloud, Seafile and Resilio.
pub(crate) fn is_conflict(lower: &str) -> bool {
    lower.contains(".sync-conflict-")
        || lower.contains("conflicted copy")
        || lower.contains("(sfconflict ")
        || lower.ends_with(".conflict")
        || lower.contains(".conflict.")
}

/// Where a sync tool's mark lies in a name: `.sync-conflict-20260101-120000-ABCDEFG`, ` (Brando's conflicted copy
/// 2026-01-02)`, ` (SFConflict a@b.example 2026-01-02-10-00-00)`, `.Conflict`.
pub(crate) fn mark(name: &[u8]) -> Option<(usize, usize)> {
    let lower = name.to_ascii_lowercase();
    if let Some(start) = memmem::find(&lower, b".sync-conflict-") {
        let rest = lower.get(start + 1..)?;
        return Some((start, memchr::memchr(b'.', rest).map_or(lower.len(), |dot| start + 1 + dot)));
    }
    if let Some(at) = memmem::find(&lower, b"conflicted copy").or_else(|| memmem::find(&lower, b"(sfconflict ")) {
        let open = memchr::memrchr(b'(', lower.get(..=at)?)?;
        let end = at + memchr::memchr(b')', lower.get(at..)?)? + 1;
        let start = if lower.get(..open)?.ends_with(b" ") { open - 1 } else { open };
        return Some((start, end));
    }
    let start = memmem::rfind(&lower, b".conflict")?;
    let end = start + b".conflict".len();
    matches!(lower.get(end), None | Some(b'.')).then_some((start, end))
}

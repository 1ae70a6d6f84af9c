//! Conflict copies: what a sync tool keeps beside a file that two people changed at once.
//!
//! Finds the file that a copy conflicts with, and takes one of two ways out: the copy becomes a message (or an attachment)
//! of its own, or it goes to the trash. Nothing is overwritten and nothing is deleted.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::channel::outbox::conflict_comparison::{Comparison, compare};
use crate::channel::protocol::classify::leading_stamp;
use crate::channel::protocol::conflict_name::mark;
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::{STEM_LENGTH, Stamp};
use crate::fs::atomic_write;
use crate::fs::confined::{Folder, Kind};
use crate::fs::create_folders::folders_below;

/// What a conflict copy is a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// A message's text.
    Text(Stamp),
    /// A message's attachment, with the name that the copy would get beside it, but for a number.
    Attachment(OsString),
    /// Something else, which can be looked at and dropped, but not filed.
    Other,
}

/// A conflict copy, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictCopy {
    /// Its path relative to the box.
    pub path: PathBuf,
    /// The path of what it is a copy of, if its name tells.
    pub original: Option<PathBuf>,
    /// What it is a copy of.
    pub what: ConflictKind,
    /// How the two compare.
    pub comparison: Comparison,
}

/// Looks at the conflict copy at `path` in a box.
///
/// # Errors
/// When it cannot be read, or is no regular file.
pub fn examine(folder: &Folder, path: &Path) -> io::Result<ConflictCopy> {
    if folder.stat(path)?.kind != Kind::File {
        return Err(io::Error::other("it is not a regular file"));
    }
    let name = path.file_name().unwrap_or_default();
    let in_box = path.components().count() == 1;
    let (what, original) = match (in_box, text_stamp(name), unmarked(name)) {
        (true, Some(stamp), _) => (ConflictKind::Text(stamp), Some(Entry::Text(stamp).path())),
        (true, None, Some((original, _))) => (ConflictKind::Other, Some(original.into())),
        (false, _, Some((original, day))) => {
            (ConflictKind::Attachment(beside(&original, day.as_deref())), Some(path.with_file_name(original)))
        }
        (_, _, None) => (ConflictKind::Other, None),
    };
    let comparison = match &original {
        Some(original) => {
            let folders = (original.with_extension(""), own_folder(path));
            compare(folder, (original, path), matches!(what, ConflictKind::Text(_)).then_some(&folders))?
        }
        None => Comparison::Alone,
    };
    Ok(ConflictCopy { path: path.to_owned(), original, what, comparison })
}

/// The message whose text a file of this name in a box is a copy of.
fn text_stamp(name: &OsStr) -> Option<Stamp> {
    let (stem, tail) = name.as_bytes().split_at_checked(STEM_LENGTH)?;
    let tail = tail.to_ascii_lowercase();
    let is_text = tail.ends_with(b".txt") || tail.starts_with(b".txt.");
    Stamp::parse(stem).ok().filter(|_| is_text)
}

/// A name without the marks of sync tools, and the day that the last of them names, as `2026-01-02`.
fn unmarked(name: &OsStr) -> Option<(OsString, Option<String>)> {
    let mut name = name.as_bytes().to_vec();
    let mut found = None;
    while let Some((start, end)) = mark(&name) {
        let mark = name.drain(start..end).collect::<Vec<u8>>();
        found = found.or(Some(day(&mark)));
    }
    let day = found?;
    (!name.is_empty()).then(|| (OsString::from_vec(name), day))
}

/// The first day in a mark, written `20260101` or `2026-01-02`.
fn day(mark: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(mark);
    let part = text.split(|c: char| !c.is_ascii_digit() && c != '-').find_map(|part| {
        let digits: String = part.chars().filter(char::is_ascii_digit).take(8).collect();
        (digits.len() == 8 && digits.starts_with("20")).then_some(digits)
    })?;
    Some(format!("{}-{}-{}", part.get(..4)?, part.get(4..6)?, part.get(6..)?))
}

/// `a (conflict 2026-01-01).jpg`
fn beside(original: &OsStr, day: Option<&str>) -> OsString {
    let day = day.map_or(String::new(), |day| format!(" {day}"));
    inserted(original, &format!(" (conflict{day})"))
}

/// A name with more words before its extension.
fn inserted(name: &OsStr, words: &str) -> OsString {
    let path = Path::new(name);
    let mut new = path.file_stem().unwrap_or_default().to_owned();
    new.push(words);
    if let Some(extension) = path.extension() {
        new.push(".");
        new.push(extension);
    }
    new
}

/// The folder of attachments that a copy of a text has of its own if it is there, relative to the box.
pub fn own_folder(copy: &Path) -> PathBuf {
    copy.with_file_name(copy.file_stem().unwrap_or_default())
}

impl ConflictCopy {
    /// Whether there is a way to file it.
    pub fn can_be_filed(&self) -> bool {
        self.what != ConflictKind::Other
    }

    /// Makes it a message of its own at the next free second, or an attachment with a free name. Gives its new path,
    /// relative to the box.
    ///
    /// # Errors
    /// What the system says; everything is as it was.
    pub fn file(&self, outbox: &Path) -> io::Result<PathBuf> {
        match &self.what {
            ConflictKind::Text(stamp) => file_text(outbox, &self.path, *stamp),
            ConflictKind::Attachment(name) => file_attachment(outbox, &self.path, name),
            ConflictKind::Other => Err(io::Error::other("it is not a copy of a message or an attachment")),
        }
    }

    /// Moves it to the channel's trash. Gives its new path, relative to the channel.
    ///
    /// # Errors
    /// What the system says; nothing is lost.
    pub fn discard(&self, outbox: &Path) -> io::Result<PathBuf> {
        let channel = outbox.parent().unwrap_or(outbox);
        let dropped = folders_below(channel, Path::new(layout::TRASH_FOLDER))?;
        let place = dropped.join(&self.path);
        folders_below(&dropped, self.path.parent().unwrap_or(&self.path))?;
        let place = move_free(&outbox.join(&self.path), &place)?;
        let own = outbox.join(own_folder(&self.path));
        if matches!(self.what, ConflictKind::Text(_)) && is_folder(&own) {
            move_free(&own, &dropped.join(own_folder(&self.path)))?;
        }
        Ok(place.strip_prefix(outbox.parent().unwrap_or(outbox)).unwrap_or(&place).to_owned())
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

/// The attachments first, then the text: a message is complete before it is visible.
fn file_text(outbox: &Path, copy: &Path, stamp: Stamp) -> io::Result<PathBuf> {
    let taken = taken(outbox)?;
    let own = outbox.join(own_folder(copy));
    let free = (stamp.seconds().saturating_add(1)..).map_while(Stamp::from_seconds);
    for stamp in free.filter(|stamp| !taken.contains(stamp)) {
        let folder = outbox.join(stamp.to_string());
        let has_folder = is_folder(&own);
        if has_folder && !moved(&own, &folder)? {
            continue;
        }
        let text = Entry::Text(stamp).path();
        let done = moved(&outbox.join(copy), &outbox.join(&text));
        if has_folder && !matches!(done, Ok(true)) {
            atomic_write::rename_new(&folder, &own)?;
        }
        if done? {
            return Ok(text);
        }
    }
    Err(io::Error::other("there is no free second after it"))
}

/// Every second of a box that some name in it begins with, whatever it is.
fn taken(outbox: &Path) -> io::Result<BTreeSet<Stamp>> {
    let names = Folder::open(outbox)?.list()?;
    Ok(names.iter().filter_map(|(name, _)| leading_stamp(name.as_bytes())).collect())
}

fn file_attachment(outbox: &Path, copy: &Path, name: &OsStr) -> io::Result<PathBuf> {
    let place = move_free(&outbox.join(copy), &outbox.join(copy.with_file_name(name)))?;
    Ok(place.strip_prefix(outbox).unwrap_or(&place).to_owned())
}

/// Moves to this place, or to the first one beside it that is free. Gives the place.
fn move_free(from: &Path, wanted: &Path) -> io::Result<PathBuf> {
    let name = wanted.file_name().unwrap_or_default();
    let others = (2..).map(|number| wanted.with_file_name(inserted(name, &format!(" {number}"))));
    for place in std::iter::once(wanted.to_owned()).chain(others) {
        if moved(from, &place)? {
            return Ok(place);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Moves without replacing; tells whether the name was free.
fn moved(from: &Path, to: &Path) -> io::Result<bool> {
    match atomic_write::rename_new(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: &str = "2013-08-11T14-34-37Z";

    #[test]
    fn every_tools_mark_comes_off() {
        for (name, original, day) in [
            ("a.sync-conflict-20260101-120000-ABCDEFG.jpg", "a.jpg", Some("2026-01-01")),
            ("a.sync-conflict-20260101-120000.tar.gz", "a.tar.gz", Some("2026-01-01")),
            ("a.sync-conflict-20260101-120000-ABCDEFG", "a", Some("2026-01-01")),
            ("a.sync-conflict-20260101-1-A.sync-conflict-20260202-1-B.jpg", "a.jpg", Some("2026-01-01")),
            ("a (Brando's conflicted copy 2026-01-02).jpg", "a.jpg", Some("2026-01-02")),
            ("a (conflicted copy 2026-01-02 101010).jpg", "a.jpg", Some("2026-01-02")),
            ("a (SFConflict a@b.example 2026-01-02-10-00-00).jpg", "a.jpg", Some("2026-01-02")),
            ("a.Conflict.jpg", "a.jpg", None),
            ("a.jpg.conflict", "a.jpg", None),
            (".channel.sync-conflict-20260101-120000-ABCDEFG.toml", ".channel.toml", Some("2026-01-01")),
        ] {
            let expected = Some((original.into(), day.map(str::to_owned)));
            assert_eq!(unmarked(OsStr::new(name)), expected, "{name}");
        }
        for name in ["a.jpg", ".conflict", "conflicted copy", "a.conflicts.jpg"] {
            assert_eq!(unmarked(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn texts_are_known_by_their_stem_and_ending() {
        for tail in [".sync-conflict-20260101-120000-ABCDEFG.txt", ".txt.Conflict", " (B (home)'s conflicted copy).TXT"]
        {
            assert_eq!(text_stamp(OsStr::new(&format!("{X}{tail}"))), Stamp::parse(X.as_bytes()).ok(), "{tail}");
        }
        for name in ["notes.sync-conflict-1.txt", "2013-08-11T14-34-37Z.sync-conflict-1.md", "2013-08-11T14-34-37Z"] {
            assert_eq!(text_stamp(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn names_beside_keep_their_extension() {
        assert_eq!(beside(OsStr::new("a.jpg"), Some("2026-01-01")), "a (conflict 2026-01-01).jpg");
        assert_eq!(beside(OsStr::new("a"), None), "a (conflict)");
        assert_eq!(inserted(OsStr::new("a (conflict).jpg"), " 2"), "a (conflict) 2.jpg");
    }

    proptest! {
        #[test]
        fn no_name_is_too_strange(
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            mark in "(\\.sync-conflict-|conflicted copy|\\(sfconflict |\\.conflict)?",
            tail in "[)( .a]{0,9}",
        ) {
            let name = OsString::from_vec([bytes, mark.into_bytes(), tail.into_bytes()].concat());
            let _ = (unmarked(&name), text_stamp(&name));
        }
    }
}

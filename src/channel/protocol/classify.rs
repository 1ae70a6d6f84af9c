//! What a file in a box is, by its name alone, always with a reason.
//!
//! Holds the table of strict names and of the names that sync tools, editors and systems leave behind. No file is opened,
//! and a strange name is reported, never renamed.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::protocol::conflict_name::is_conflict;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::name_suggestion;
use crate::channel::protocol::stamp::{NotAStamp, STEM_LENGTH, Stamp};
use crate::fs::confined::Kind;

/// The verdict on one name in a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A message's text.
    Text(Stamp),
    /// A message's attachment folder.
    Folder(Stamp),
    /// A sync tool is still receiving it; the stamp says which message waits for it, if the name tells.
    Arriving(Option<Stamp>),
    /// A sync tool's conflict copy of this message.
    Conflict(Option<Stamp>),
    /// Not content, as expected: nothing to tell anybody who does not ask.
    Ignored(Reason),
    /// Not content, and its owner may have meant it to be: a warning.
    Foreign(Reason),
}

/// The verdict on one name below an attachment folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundAttachment {
    /// A file to show.
    File,
    /// A folder to look into.
    Folder,
    /// Still being received.
    Arriving,
    /// A sync tool's conflict copy.
    Conflict,
    /// Not content, as expected.
    Ignored(Reason),
    /// Not content, and worth a warning.
    Foreign(Reason),
}

/// Why something in a box is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "reason", content = "detail", rename_all = "kebab-case")]
pub enum Reason {
    /// The name begins with `.` or `~`.
    Hidden,
    /// A sync tool has not finished receiving it.
    Arriving,
    /// A sync tool's place-holder: available, not downloaded.
    Placeholder,
    /// A sync tool's conflict copy.
    Conflict,
    /// A sync tool's copy of an older version.
    OldVersion,
    /// An editor's, browser's or system's own file.
    Leftover,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Special,
    /// Not a message's name; the right one, if it can be guessed.
    NotAMessage(Option<String>),
    /// The form of a message's name, but no such day or time.
    NotADate,
    /// The name of a leap second.
    LeapSecond,
    /// A folder that bears a message's file name.
    FolderNamedLikeText,
    /// A folder that is no message's attachment folder.
    FolderWithoutStem,
    /// Attachments whose message is not there.
    WithoutMessage,
    /// An attachment of more than 4 GiB, or a picture of more than 256 MiB.
    TooLarge,
    /// An attachment beyond the first 10,000 of a message.
    TooMany,
    /// Attachments below more than eight folders.
    TooDeep,
    /// The system does not let us read it; what it said.
    Unreadable(String),
    /// It is read, and something in it does not count; what that is.
    Mistake(String),
    /// A draft by its own header.
    Draft,
    /// Dated in the future: held until it is due.
    Future,
    /// Not whole: held for what it lacks.
    Lacks(Missing),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Hidden => "hidden: its name begins with `.` or `~`",
            Self::Arriving => "still arriving: a sync tool has not finished it",
            Self::Placeholder => "a placeholder: the sync tool has not downloaded the file",
            Self::Conflict => "a sync tool's conflict copy",
            Self::OldVersion => "a sync tool's copy of an older version",
            Self::Leftover => "left by an editor, a browser or the system",
            Self::Link => "a symbolic link, which is never followed",
            Self::Special => "a pipe, socket or device",
            Self::NotAMessage(None) => "not a message's name (YYYY-MM-DDTHH-MM-SSZ.txt)",
            Self::NotAMessage(Some(name)) => return write!(f, "not a message's name; `{name}` would be"),
            Self::NotADate => "not a date: that day or time does not exist",
            Self::LeapSecond => "a leap second, which cannot be a message's time",
            Self::FolderNamedLikeText => "a folder with the name of a message's file",
            Self::FolderWithoutStem => "a folder that belongs to no message",
            Self::WithoutMessage => "attachments whose message has not arrived",
            Self::TooLarge => "larger than 4 GiB, or a picture larger than 256 MiB",
            Self::TooMany => "beyond the first 10,000 attachments of its message",
            Self::TooDeep => "more than eight folders deep",
            Self::Unreadable(error) => return write!(f, "not readable: {error}"),
            Self::Mistake(what) => return f.write_str(what),
            Self::Draft => "a draft by its header",
            Self::Future => "dated in the future: held until it is due",
            Self::Lacks(Missing::Attachments(names)) => {
                return write!(f, "held: waiting for {}", Missing::names_in_words(names));
            }
            Self::Lacks(Missing::Parts) => "held: a sync tool is still receiving a part of it",
            Self::Lacks(Missing::Text) => "held for a minute: it is empty",
        };
        f.write_str(words)
    }
}

/// Judges a name directly inside a box.
pub fn classify(name: &OsStr, kind: Kind) -> Found {
    let bytes = name.as_bytes();
    match noise(bytes) {
        Some(Noise::Arriving) => return Found::Arriving(leading_stamp(bytes)),
        Some(Noise::Conflict) => return Found::Conflict(leading_stamp(bytes)),
        Some(Noise::Is(reason)) => return Found::Ignored(reason),
        None => {}
    }
    match kind {
        Kind::Link => Found::Foreign(Reason::Link),
        Kind::Other => Found::Foreign(Reason::Special),
        Kind::Folder => classify_folder(bytes),
        Kind::File => classify_file(bytes),
    }
}

/// Judges a name below an attachment folder.
pub fn classify_attachment(name: &OsStr, kind: Kind) -> FoundAttachment {
    match noise(name.as_bytes()) {
        Some(Noise::Arriving) => return FoundAttachment::Arriving,
        Some(Noise::Conflict) => return FoundAttachment::Conflict,
        Some(Noise::Is(reason)) => return FoundAttachment::Ignored(reason),
        None => {}
    }
    match kind {
        Kind::Link => FoundAttachment::Foreign(Reason::Link),
        Kind::Other => FoundAttachment::Foreign(Reason::Special),
        Kind::Folder => FoundAttachment::Folder,
        Kind::File => FoundAttachment::File,
    }
}

fn classify_file(name: &[u8]) -> Found {
    let reason = match name.strip_suffix(b".txt").map(Stamp::parse) {
        Some(Ok(stamp)) => return Found::Text(stamp),
        Some(Err(NotAStamp::NoSuchTime)) => Reason::NotADate,
        Some(Err(NotAStamp::LeapSecond)) => Reason::LeapSecond,
        Some(Err(NotAStamp::Form)) | None => Reason::NotAMessage(name_suggestion::suggest(name)),
    };
    Found::Foreign(reason)
}

fn classify_folder(name: &[u8]) -> Found {
    if let Ok(stamp) = Stamp::parse(name) {
        return Found::Folder(stamp);
    }
    let text_name = name.strip_suffix(b".txt").is_some_and(|stem| Stamp::parse(stem).is_ok());
    Found::Foreign(if text_name { Reason::FolderNamedLikeText } else { Reason::FolderWithoutStem })
}

enum Noise {
    Arriving,
    Conflict,
    Is(Reason),
}

/// Names that sync tools, editors and systems make, matched without regard to case.
fn noise(name: &[u8]) -> Option<Noise> {
    let first = name.first()?;
    // A strict name is decided by its first byte and its length, so the common case costs nothing.
    if first.is_ascii_digit()
        && (name.len() == STEM_LENGTH || name.len() == STEM_LENGTH + 4)
        && name.get(4) == Some(&b'-')
    {
        let tail = name.get(STEM_LENGTH..).unwrap_or_default();
        if name.get(STEM_LENGTH - 1) == Some(&b'Z') && (tail.is_empty() || tail == b".txt") {
            return None;
        }
    }
    let lower = String::from_utf8_lossy(name).to_lowercase();
    let starts = |prefix: &str| lower.starts_with(prefix);
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| lower.ends_with(suffix));
    if starts(".syncthing.") || starts("~syncthing~") || ends(&[".!sync", ".syncpart", ".synctemp"]) {
        return Some(Noise::Arriving);
    }
    if ends(&[".rsls", ".bts", ".icloud"]) || starts(".rsl~") {
        return Some(Noise::Is(Reason::Placeholder));
    }
    if is_conflict(&lower) {
        return Some(Noise::Conflict);
    }
    if starts(".") || starts("~") {
        return Some(Noise::Is(Reason::Hidden));
    }
    if is_version(&lower) {
        return Some(Noise::Is(Reason::OldVersion));
    }
    let leftover = ends(&[".part", ".crdownload", ".swp", ".swx", ".syncold", "~"])
        || ["4913", "thumbs.db", "desktop.ini"].contains(&lower.as_str())
        || (starts("#") && ends(&["#"]));
    leftover.then_some(Noise::Is(Reason::Leftover))
}

/// `a~20260101-120000.txt`, as Syncthing's versioning names its copies.
fn is_version(lower: &str) -> bool {
    let Some((_, tail)) = lower.rsplit_once('~') else {
        return false;
    };
    let time = tail.as_bytes().get(..15).unwrap_or_default();
    let rest = tail.get(15..).unwrap_or_default();
    time.len() == 15
        && time.iter().enumerate().all(|(at, byte)| if at == 8 { *byte == b'-' } else { byte.is_ascii_digit() })
        && (rest.is_empty() || rest.starts_with('.'))
}

/// The stamp that a sync tool's name for a message begins with, behind the tool's own prefix.
pub(crate) fn leading_stamp(name: &[u8]) -> Option<Stamp> {
    let prefixes: [&[u8]; 3] = [b".syncthing.", b"~syncthing~", b"."];
    let bare = prefixes.iter().find_map(|prefix| name.strip_prefix(*prefix)).unwrap_or(name);
    Stamp::parse(bare.get(..STEM_LENGTH)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "2013-08-11T14-34-37Z";

    fn file(name: &str) -> Found {
        classify(OsStr::new(name), Kind::File)
    }

    fn stamp() -> Stamp {
        Stamp::parse(X.as_bytes()).unwrap()
    }

    #[test]
    fn strict_names_are_messages() {
        assert_eq!(file(&format!("{X}.txt")), Found::Text(stamp()));
        assert_eq!(classify(OsStr::new(X), Kind::Folder), Found::Folder(stamp()));
    }

    #[test]
    fn sync_tools_partial_files_hold_their_message() {
        for name in [".syncthing.X.txt.tmp", "~syncthing~X.txt.tmp", "X.txt.!sync", "X.txt.!Sync", "X.txt.SyncPart"] {
            assert_eq!(file(&name.replacen('X', X, 1)), Found::Arriving(Some(stamp())), "{name}");
        }
        let hashed = format!(".syncthing.{}.tmp", "a".repeat(64));
        assert_eq!(file(&hashed), Found::Arriving(None));
    }

    #[test]
    fn conflict_copies_are_no_messages() {
        for name in [
            "X.sync-conflict-20260101-120000-ABCDEFG.txt",
            "X.sync-conflict-20260101-120000.txt",
            "X (Brando's conflicted copy 2026-01-02).txt",
            "X (SFConflict a@b.example 2026-01-02-10-00-00).txt",
            "X.Conflict.txt",
        ] {
            assert_eq!(file(&name.replacen('X', X, 1)), Found::Conflict(Some(stamp())), "{name}");
        }
    }

    #[test]
    fn noise_is_ignored_quietly() {
        for (name, reason) in [
            ("X.txt.rsls", Reason::Placeholder),
            (".X.txt.icloud", Reason::Placeholder),
            ("X~20260101-120000.txt", Reason::OldVersion),
            ("X.txt.part", Reason::Leftover),
            (".X.txt.swp", Reason::Hidden),
            ("X.txt~", Reason::Leftover),
            ("4913", Reason::Leftover),
            (".~lock.X#", Reason::Hidden),
            ("Thumbs.db", Reason::Leftover),
            ("desktop.ini", Reason::Leftover),
            ("._X.txt", Reason::Hidden),
            (".DS_Store", Reason::Hidden),
            (".channel.toml", Reason::Hidden),
        ] {
            assert_eq!(file(&name.replacen('X', X, 1)), Found::Ignored(reason), "{name}");
        }
    }

    #[test]
    fn near_misses_come_with_the_right_name() {
        for name in [
            "X.TXT",
            "X.txt ",
            "X.txt.txt",
            "2013-08-11t14-34-37z.txt",
            "2013-8-11T14-34-37Z.txt",
            "2013-08-11T14:34:37Z.txt",
            "2013-08-11 14-34-37.md",
            "２０１３-08-11T14-34-37Z.txt",
            "X",
        ] {
            let expected = Found::Foreign(Reason::NotAMessage(Some(format!("{X}.txt"))));
            assert_eq!(file(&name.replacen('X', X, 1)), expected, "{name}");
        }
    }

    #[test]
    fn foreign_files_have_no_suggestion() {
        for name in ["notes.md", "README.md", "photo.jpg", "2013.txt"] {
            assert_eq!(file(name), Found::Foreign(Reason::NotAMessage(None)), "{name}");
        }
    }

    #[test]
    fn impossible_times_are_not_rolled_over() {
        assert_eq!(file("2026-02-30T00-00-00Z.txt"), Found::Foreign(Reason::NotADate));
        assert_eq!(file("0000-01-01T00-00-00Z.txt"), Found::Foreign(Reason::NotADate));
        assert_eq!(file("2016-12-31T23-59-60Z.txt"), Found::Foreign(Reason::LeapSecond));
    }

    #[test]
    fn kinds_matter_as_much_as_names() {
        let text = format!("{X}.txt");
        assert_eq!(classify(OsStr::new(&text), Kind::Link), Found::Foreign(Reason::Link));
        assert_eq!(classify(OsStr::new(&text), Kind::Other), Found::Foreign(Reason::Special));
        assert_eq!(classify(OsStr::new(&text), Kind::Folder), Found::Foreign(Reason::FolderNamedLikeText));
        assert_eq!(classify(OsStr::new("misc"), Kind::Folder), Found::Foreign(Reason::FolderWithoutStem));
        let broken = OsStr::from_bytes(b"2013-08-11T14-34-37Z\xff.txt");
        assert!(matches!(classify(broken, Kind::File), Found::Foreign(Reason::NotAMessage(_))));
    }
}

//! What is replicated of a box, and the keys by which a document has it: the one door from a document's key, which comes from the
//! network, to a path inside a box.

use std::borrow::Borrow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::channel::protocol::classify::{FoundAttachment, classify_attachment};
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Kind;

/// The longest path that travels, in bytes: an announcement of it has to fit a gossip message of 4,096 bytes.
const MAX_PATH: usize = 2048;

/// The endings of a channel's icon.
const ICONS: [&str; 7] = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico"];

/// The path of a file that is replicated, relative to its box: a message's text, one of its attachments, the channel's
/// profile or its icon.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(Box<[u8]>);

/// What a document's key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A file; one without content has a key of its own, because an entry without content is a deletion.
    File {
        /// Which.
        item: Item,
        /// Whether it is without content.
        empty: bool,
    },
    /// The name and the device of the entry's author.
    Author,
    /// Where the document's writers have gone.
    Moved,
    /// The names that the document's owner has bound to authors, and who wrote what several signed.
    Names,
}

/// The last byte of a key, behind a NUL. Since no path holds a NUL, no key is the beginning of another: setting a key
/// erases whatever begins with it.
const FILE: u8 = b'f';
const EMPTY: u8 = b'e';
const AUTHOR: u8 = b'a';
const MOVED: u8 = b'm';
const NAMES: u8 = b'n';

impl Item {
    /// Takes a path with `/` between its names; `None` for whatever is no part of a channel.
    pub fn parse(path: &[u8]) -> Option<Self> {
        if path.len() > MAX_PATH {
            return None;
        }
        let travels = match Entry::parse(path) {
            Some(Entry::Text(_)) => true,
            Some(Entry::Attachment(_, relative)) => {
                let names = relative.as_bytes().split(|&byte| byte == b'/').map(OsStr::from_bytes);
                names.map(|name| classify_attachment(name, Kind::File)).all(|found| found == FoundAttachment::File)
            }
            None => path == layout::PROFILE_FILE.as_bytes() || is_icon(path),
        };
        travels.then(|| Self(path.into()))
    }

    /// The bytes, exactly as on disk.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as the system takes it.
    pub fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The message that it is a part of.
    pub fn stamp(&self) -> Option<Stamp> {
        match Entry::parse(&self.0)? {
            Entry::Text(stamp) | Entry::Attachment(stamp, _) => Some(stamp),
        }
    }

    /// Whether it is a message's text: of what is replicated only attachments lie in folders.
    pub fn is_text(&self) -> bool {
        !self.is_hidden() && !self.is_attachment()
    }

    /// Whether it is an attachment.
    pub fn is_attachment(&self) -> bool {
        self.0.contains(&b'/')
    }

    /// The key of its content in a document.
    pub fn key(&self, empty: bool) -> Vec<u8> {
        [&*self.0, &[0, if empty { EMPTY } else { FILE }]].concat()
    }

    /// Whether it is no part of a message, but says something about the channel: its profile, or its icon.
    pub fn is_hidden(&self) -> bool {
        self.0.first() == Some(&b'.')
    }

    /// The channel's profile.
    pub fn profile() -> Self {
        Self(layout::PROFILE_FILE.as_bytes().into())
    }

    /// The text of the message with this stamp.
    pub fn text(stamp: Stamp) -> Self {
        Self(format!("{stamp}.txt").into_bytes().into())
    }
}

impl Borrow<[u8]> for Item {
    /// The order of items is that of their bytes.
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Item {
    /// In quotes and on one line, whatever a stranger has called the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl Key {
    /// Reads a key; `None` for one that means nothing here, which is then counted and left alone.
    pub fn parse(key: &[u8]) -> Option<Self> {
        let (path, [0, kind]) = key.split_last_chunk::<2>()? else {
            return None;
        };
        match *kind {
            FILE | EMPTY => Some(Self::File { item: Item::parse(path)?, empty: *kind == EMPTY }),
            AUTHOR if path.is_empty() => Some(Self::Author),
            MOVED if path.is_empty() => Some(Self::Moved),
            NAMES if path.is_empty() => Some(Self::Names),
            _ => None,
        }
    }

    /// The key's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::File { item, empty } => item.key(*empty),
            Self::Author => vec![0, AUTHOR],
            Self::Moved => vec![0, MOVED],
            Self::Names => vec![0, NAMES],
        }
    }
}

fn is_icon(path: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(path) else {
        return false;
    };
    let lower = name.to_ascii_lowercase();
    let ours = [".missive", ".syncthing", ".kept-", "._"].iter().any(|prefix| lower.starts_with(prefix));
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    name.len() <= 100 && name.starts_with('.') && plain && !ours && ICONS.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Component;

    const X: &str = "2013-08-11T14-34-37Z";

    #[test]
    fn what_belongs_to_a_channel_travels() {
        for path in
            [format!("{X}.txt"), format!("{X}/a.jpg"), format!("{X}/b/c d"), ".channel.toml".into(), ".icon.png".into()]
        {
            let item = Item::parse(path.as_bytes()).unwrap_or_else(|| panic!("{path}"));
            let kinds = (matches!(Entry::parse(item.as_bytes()), Some(Entry::Text(_))), item.as_bytes()[0] == b'.');
            assert_eq!((item.is_text(), !item.is_text() && !item.is_attachment()), kinds);
            for empty in [false, true] {
                assert_eq!(Key::parse(&item.key(empty)), Some(Key::File { item: item.clone(), empty }));
            }
        }
        for key in [Key::Author, Key::Moved, Key::Names] {
            assert_eq!(Key::parse(&key.bytes()), Some(key));
        }
    }

    #[test]
    fn nothing_else_does() {
        for path in [
            "",
            ".",
            "..",
            "notes.md",
            "/etc/passwd",
            "../2013-08-11T14-34-37Z.txt",
            "2013-02-30T00-00-00Z.txt",
            "2013-08-11T14-34-37Z/..",
            "2013-08-11T14-34-37Z/../x",
            "2013-08-11T14-34-37Z//x",
            "2013-08-11T14-34-37Z/.hidden",
            "2013-08-11T14-34-37Z/a.!sync",
            "2013-08-11T14-34-37Z/.syncthing.a.tmp",
            ".missive-tmp-1-1",
            ".missive.png",
            ".authors.toml",
            ".stfolder",
            ".a/b.png",
            "2013-08-11T14-34-37Z/a\0b",
            "2013-08-11T14-34-37Z.txt\0",
            "2013-08-11T14-34-37Z/1/2/3/4/5/6/7/8/9",
            ".icon.png/x",
        ] {
            assert_eq!(Item::parse(path.as_bytes()), None, "{path:?}");
        }
        assert_eq!(Item::parse(format!("{X}/{}", "a".repeat(4096)).as_bytes()), None);
    }

    #[test]
    fn no_key_is_the_beginning_of_another() {
        let keys: Vec<Vec<u8>> =
            [format!("{X}/photo"), format!("{X}/photo.jpg"), format!("{X}.txt"), format!("{X}/photo/a")]
                .iter()
                .flat_map(|path| [false, true].map(|empty| Item::parse(path.as_bytes()).unwrap().key(empty)))
                .chain([Key::Author.bytes(), Key::Moved.bytes()])
                .collect();
        for one in &keys {
            for other in keys.iter().filter(|other| *other != one) {
                assert!(!other.starts_with(one));
            }
        }
    }

    proptest! {
        #[test]
        fn no_key_leaves_its_box(path in "[./\\\\a-z0-9:~ ]{0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for key in [[format!("{X}/{path}").as_bytes(), &[0, FILE]].concat(), [path.as_bytes(), &[0, EMPTY]].concat(), bytes] {
                if let Some(Key::File { item, .. }) = Key::parse(&key) {
                    prop_assert!(item.path().components().all(|c| matches!(c, Component::Normal(_))));
                }
            }
        }
    }
}

//! What lies in a message's stem folder.
//!
//! Owns the walk below it: at any depth up to eight, in name order, every odd file with its reason. Refuses to open files.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::channel::protocol::classify::{FoundAttachment, Reason, classify_attachment};
use crate::channel::protocol::entry::{MAX_DEPTH, RelativePath};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::{Card, Mark};
use crate::fs::confined::Folder;
use crate::media::Format;

/// A larger attachment is not shown, in bytes: a sparse file of a stranger's could fill the disk with nothing.
pub const MAX_LENGTH: u64 = 4 << 30;
/// A larger picture is not shown either: it would have to be in memory as a whole to lose its metadata.
pub const MAX_PICTURE: u64 = 256 << 20;
/// A message with more attachments shows the first ones; the rest are reported.
pub const MAX_FILES: usize = 10_000;

/// A file below a stem folder that is not shown: its path relative to the box, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The path relative to the box.
    pub path: PathBuf,
    /// Why it is not shown.
    pub found: FoundAttachment,
}

impl Oddity {
    /// Whether it is a file or folder that the system does not let us look at.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.found, FoundAttachment::Foreign(Reason::Unreadable(_)))
    }
}

/// What a stem folder holds.
#[derive(Debug, Default)]
pub struct Listed {
    /// The files to show, in name order.
    pub files: Vec<(RelativePath, Mark)>,
    /// The files that are not shown.
    pub oddities: Vec<Oddity>,
}

/// A message's attachments by their names, made once for all the addresses in its text.
#[derive(Debug)]
pub struct Names {
    own: String,
    numbers: HashMap<String, usize>,
}

impl Names {
    /// Those of a card.
    pub fn new(card: &Card) -> Self {
        let mut numbers = HashMap::with_capacity(card.attachments.len());
        // Of two names that differ in composition alone, the first is meant.
        for (number, file) in card.attachments.iter().enumerate() {
            numbers.entry(composed(&file.path.text())).or_insert(number);
        }
        Self { own: format!("{}/", card.stamp), numbers }
    }

    /// The number of the attachment, counted from 0, that a path names: below the stem folder, or from the message's file.
    pub fn find(&self, path: &str) -> Option<usize> {
        if self.numbers.is_empty() {
            return None;
        }
        self.numbers.get(&composed(path.strip_prefix(&self.own).unwrap_or(path))).copied()
    }

    /// The same for an address as it stands in a text: as it is first, for a name may hold a percent sign, and decoded then.
    pub fn find_address(&self, address: &str) -> Option<usize> {
        let plain = address.strip_prefix("./").unwrap_or(address);
        self.find(plain).or_else(|| self.find(&percent_decode_str(plain).decode_utf8_lossy()))
    }
}

/// A name with its letters composed: one system composes them, another takes them apart.
fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// Lists a message's stem folder.
pub fn list(folder: &Folder, stamp: Stamp) -> Listed {
    list_named(folder, Path::new(&stamp.to_string()))
}

/// Lists a folder as if it were a stem folder.
pub(crate) fn list_named(folder: &Folder, stem: &Path) -> Listed {
    let mut listed = Listed::default();
    walk(folder, stem, None, &mut listed);
    listed.files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let surplus = listed.files.split_off(listed.files.len().min(MAX_FILES));
    for (path, _) in surplus {
        listed.odd(stem.join(path.as_path()), FoundAttachment::Foreign(Reason::TooMany));
    }
    listed
}

/// How long an attachment of this name may be, in bytes.
pub fn most(path: &RelativePath) -> u64 {
    let name = path.name();
    let picture = name.rsplit_once('.').is_some_and(|(_, extension)| Format::of_extension(extension).is_some());
    if picture { MAX_PICTURE } else { MAX_LENGTH }
}

fn walk(folder: &Folder, path: &Path, below: Option<&RelativePath>, listed: &mut Listed) {
    let entries = folder.child(path).and_then(|child| child.list().map(|entries| (child, entries)));
    let (child, entries) = match entries {
        Ok(entries) => entries,
        Err(error) => {
            return listed.odd(path.to_owned(), FoundAttachment::Foreign(Reason::Unreadable(error.to_string())));
        }
    };
    for (name, kind) in entries {
        match classify_attachment(&name, kind) {
            FoundAttachment::File => listed.file(&child, path, below, &name),
            FoundAttachment::Folder => match joined(below, &name).filter(|path| depth(path) < MAX_DEPTH) {
                Some(relative) => walk(folder, &path.join(&name), Some(&relative), listed),
                None => listed.odd(path.join(&name), FoundAttachment::Foreign(Reason::TooDeep)),
            },
            odd => listed.odd(path.join(&name), odd),
        }
    }
}

fn joined(below: Option<&RelativePath>, name: &OsStr) -> Option<RelativePath> {
    match below {
        Some(path) => path.join(name),
        None => RelativePath::parse(name.as_bytes()),
    }
}

fn depth(path: &RelativePath) -> usize {
    path.as_bytes().split(|byte| *byte == b'/').count()
}

impl Listed {
    /// Whether the stem folder holds files to show and nothing else, so that its own time tells of every change of names.
    pub fn is_plain(&self) -> bool {
        self.oddities.is_empty() && self.files.iter().all(|(path, _)| !path.as_bytes().contains(&b'/'))
    }

    fn odd(&mut self, path: PathBuf, found: FoundAttachment) {
        self.oddities.push(Oddity { path, found });
    }

    fn file(&mut self, child: &Folder, path: &Path, below: Option<&RelativePath>, name: &OsStr) {
        let unreadable = |error: String| FoundAttachment::Foreign(Reason::Unreadable(error));
        match (child.stat(Path::new(name)), joined(below, name)) {
            (Ok(stat), Some(relative)) if stat.len > most(&relative) => {
                self.odd(path.join(name), FoundAttachment::Foreign(Reason::TooLarge));
            }
            (Ok(stat), Some(relative)) => self.files.push((relative, stat.into())),
            (Err(error), _) => self.odd(path.join(name), unreadable(error.to_string())),
            (_, None) => self.odd(path.join(name), FoundAttachment::Foreign(Reason::TooDeep)),
        }
    }
}

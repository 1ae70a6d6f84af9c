//! Lists what lies in a message's stem folder: at most eight folders deep, in name order, every odd file with its reason. No
//! file is opened.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::channel::protocol::classify::{FoundAttachment, Reason, classify_attachment};
use crate::channel::protocol::entry::{MAX_DEPTH, RelativePath};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::file_mark::FileMark;
use crate::fs::confined::Folder;
use crate::media::attachment_kind::AttachmentKind;

/// A larger attachment is not shown, in bytes: a sparse file of a stranger's could fill the disk with nothing.
pub const MAX_ATTACHMENT_BYTES: u64 = 4 << 30;
/// A larger picture is not shown either: it would have to be in memory as a whole to lose its metadata.
pub const MAX_PICTURE_BYTES: u64 = 256 << 20;
/// A message with more attachments shows the first ones; the rest are reported.
pub const MAX_ATTACHMENTS: usize = 10_000;

/// A file below a stem folder that is not shown: its path relative to the box, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFile {
    /// The path relative to the box.
    pub path: PathBuf,
    /// Why it is not shown.
    pub found: FoundAttachment,
}

impl SkippedFile {
    /// Whether it is a file or folder that the system does not let us look at.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.found, FoundAttachment::Foreign(Reason::Unreadable(_)))
    }
}

/// What a stem folder holds.
#[derive(Debug, Default)]
pub struct FolderListing {
    /// The files to show, in name order.
    pub files: Vec<(RelativePath, FileMark)>,
    /// The files that are not shown.
    pub oddities: Vec<SkippedFile>,
}

/// Lists a message's stem folder.
pub fn list(folder: &Folder, stamp: Stamp) -> FolderListing {
    list_named(folder, Path::new(&stamp.to_string()))
}

/// Lists a folder as if it were a stem folder.
pub(crate) fn list_named(folder: &Folder, stem: &Path) -> FolderListing {
    let mut listed = FolderListing::default();
    walk(folder, stem, None, &mut listed);
    listed.files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let surplus = listed.files.split_off(listed.files.len().min(MAX_ATTACHMENTS));
    for (path, _) in surplus {
        listed.odd(stem.join(path.as_path()), FoundAttachment::Foreign(Reason::TooMany));
    }
    listed
}

/// How long an attachment of this name may be, in bytes.
pub fn max_length(path: &RelativePath) -> u64 {
    let is_picture = AttachmentKind::from_name(&path.name()).promised_picture().is_some();
    if is_picture { MAX_PICTURE_BYTES } else { MAX_ATTACHMENT_BYTES }
}

fn walk(folder: &Folder, path: &Path, below: Option<&RelativePath>, listed: &mut FolderListing) {
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

impl FolderListing {
    /// Whether the stem folder holds files to show and nothing else, so that its own time tells of every change of names.
    pub fn is_plain(&self) -> bool {
        self.oddities.is_empty() && self.files.iter().all(|(path, _)| !path.as_bytes().contains(&b'/'))
    }

    fn odd(&mut self, path: PathBuf, found: FoundAttachment) {
        self.oddities.push(SkippedFile { path, found });
    }

    fn file(&mut self, child: &Folder, path: &Path, below: Option<&RelativePath>, name: &OsStr) {
        let unreadable = |error: String| FoundAttachment::Foreign(Reason::Unreadable(error));
        match (child.stat(Path::new(name)), joined(below, name)) {
            (Ok(stat), Some(relative)) if stat.len > max_length(&relative) => {
                self.odd(path.join(name), FoundAttachment::Foreign(Reason::TooLarge));
            }
            (Ok(stat), Some(relative)) => self.files.push((relative, stat.into())),
            (Err(error), _) => self.odd(path.join(name), unreadable(error.to_string())),
            (_, None) => self.odd(path.join(name), FoundAttachment::Foreign(Reason::TooDeep)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_the_limits_that_hold() {
        let words = format!(
            "larger than {} GiB, or a picture larger than {} MiB",
            MAX_ATTACHMENT_BYTES >> 30,
            MAX_PICTURE_BYTES >> 20
        );
        assert_eq!(Reason::TooLarge.to_string(), words);
        assert_eq!((MAX_ATTACHMENTS, MAX_DEPTH), (10_000, 8));
        assert_eq!(Reason::TooMany.to_string(), "beyond the first 10,000 attachments of its message");
        assert_eq!(Reason::TooDeep.to_string(), "more than eight folders deep");
    }
}

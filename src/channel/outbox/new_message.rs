//! A new message: a text and the files that go with it, before it is sent.
//!
//! Collects the user's files under the names that they will have. Files that readers would not be shown are refused: hidden
//! files, links, pipes.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::channel::error::Error;
use crate::channel::protocol::classify::{FoundAttachment, Reason, classify_attachment};
use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::{header, message_file};
use crate::channel::snapshot::attachments::{list_named, max_length};
use crate::channel::snapshot::listing::why;
use crate::fs::confined::{Folder, Kind};
use crate::markdown::{self, Dialect};
use crate::media::attachment_kind::AttachmentKind;
use crate::media::{Content, Metadata, SNIFFED, SensitiveMetadata, lasting_metadata};

/// A text and its attachments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// The bytes of the message's file, header and all.
    pub text: Vec<u8>,
    /// The files that go with it, each name once.
    pub attachments: Vec<NewAttachment>,
}

impl NewMessage {
    /// Whether it says nothing: neither words nor a file. Pictures speak for themselves.
    pub fn is_empty(&self) -> bool {
        header::is_blank(&self.text) && self.attachments.is_empty()
    }
}

/// A file to attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttachment {
    /// Its path below the message's folder.
    pub name: RelativePath,
    /// Where it is now; the last name is not a link.
    pub path: PathBuf,
    /// Its length in bytes.
    pub len: u64,
    /// Whether it is a copy that was made for this message, so that a second name for it does instead of a second copy.
    pub is_ours: bool,
}

/// Files to attach, and what was left out of folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The files.
    pub files: Vec<NewAttachment>,
    /// Each path that was left out, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Takes files, and folders with all that is in them.
///
/// A link that is named here is followed, one that is found in a folder is not.
///
/// # Errors
/// [`Error::Attachment`] and [`Error::UnreadableAttachment`] when one of these paths is nothing that can be attached;
/// [`Error::SameName`].
pub fn gather(paths: &[PathBuf]) -> Result<Gathered, Error> {
    let mut gathered = Gathered::default();
    let mut names = HashSet::new();
    for path in paths {
        let refuse = |why: String| Error::Attachment { path: path.clone(), why };
        let unreadable = |source| Error::UnreadableAttachment { path: path.clone(), source };
        let real = path.canonicalize().map_err(unreadable)?;
        let name = path.file_name().or(real.file_name()).unwrap_or_default().to_owned();
        gathered.take(&real, &name).map_err(refuse)?;
        if !names.insert(name.clone()) {
            return Err(Error::SameName { name: name.to_string_lossy().into_owned() });
        }
    }
    Ok(gathered)
}

impl NewAttachment {
    /// What kind of file it is; one that cannot be read is of the kind that its name promises.
    pub fn kind(&self) -> AttachmentKind {
        let content = self.beginning(SNIFFED).map(|beginning| Content::sniff(&beginning));
        AttachmentKind::new(&self.name.name(), content.unwrap_or_default())
    }

    fn beginning(&self, length: usize) -> Option<Vec<u8>> {
        let parent = Folder::open(self.path.parent()?).ok()?;
        parent.read(Path::new(self.path.file_name()?), length as u64).ok().map(|(bytes, _)| bytes)
    }

    /// What its metadata reveal that stay in the copy on a site, if they do; nothing if it cannot be read.
    pub fn lasting_metadata(&self) -> Option<SensitiveMetadata> {
        let parent = Folder::open(self.path.parent()?).ok()?;
        let (file, stat) = parent.file(Path::new(self.path.file_name()?)).ok()?;
        let mut file = BufReader::new(file);
        let metadata = Metadata::in_whole_file(&mut file, stat.len, &self.name.name());
        lasting_metadata(file, stat.len).filter(|_| metadata == Some(Metadata::Lasting))
    }

    /// Whether it has a second name, which it gets when it is sent.
    pub(crate) fn has_second_name(&self) -> bool {
        self.is_ours && self.path.symlink_metadata().is_ok_and(|metadata| metadata.nlink() > 1)
    }

    /// Whether a file is this one under another name.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        matches!((self.path.symlink_metadata(), path.symlink_metadata()), (Ok(a), Ok(b)) if same(&a, &b))
    }
}

/// A text's title or first words.
pub fn first_words(text: &[u8]) -> String {
    let text = message_file::decode(text.to_vec()).text;
    let parted = header::part(&text);
    let summary = markdown::summarise(parted.body, Dialect::default());
    parted.header.title.or(summary.title).unwrap_or_else(|| markdown::first_words(&summary.excerpt))
}

/// The files of a draft's folder.
pub(crate) fn kept(folder: &Path, stem: &str) -> Gathered {
    let mut gathered = Gathered::default();
    if let Ok(open) = Folder::open(folder) {
        gathered.list(&open, folder, OsStr::new(stem), None);
    }
    gathered
}

impl Gathered {
    fn take(&mut self, real: &Path, name: &OsStr) -> Result<(), String> {
        let metadata = real.metadata().map_err(|error| error.to_string())?;
        let kind = match () {
            () if metadata.is_file() => Kind::File,
            () if metadata.is_dir() => Kind::Folder,
            () => Kind::Other,
        };
        let relative = RelativePath::parse(name.as_bytes());
        match (classify_attachment(name, kind), relative) {
            (FoundAttachment::File, Some(name)) if metadata.len() <= max_length(&name) => {
                let len = metadata.len();
                self.files.push(NewAttachment { name, path: real.to_owned(), len, is_ours: false });
                Ok(())
            }
            (FoundAttachment::File, Some(_)) => Err(Reason::TooLarge.to_string()),
            (FoundAttachment::Folder, Some(name)) => {
                let (Some(parent), Some(last)) = (real.parent(), real.file_name()) else {
                    return Err("that is everything".to_owned());
                };
                let open = Folder::open(parent).map_err(|error| error.to_string())?;
                self.list(&open, parent, last, Some(&name));
                Ok(())
            }
            (odd, _) => Err(why(odd).0.to_string()),
        }
    }

    /// Takes what lies in the folder `stem` below `parent`, which is open; the names begin with `above`.
    fn list(&mut self, open: &Folder, parent: &Path, stem: &OsStr, above: Option<&RelativePath>) {
        let listed = list_named(open, Path::new(stem));
        for (below, mark) in listed.files {
            let path = parent.join(stem).join(below.as_path());
            let name = match above {
                Some(above) => above.join(below.as_path().as_os_str()),
                None => Some(below),
            };
            match name {
                Some(name) => self.files.push(NewAttachment { name, path, len: mark.len, is_ours: above.is_none() }),
                None => self.skipped.push((path, Reason::TooDeep.to_string())),
            }
        }
        let skipped = listed.oddities.into_iter().map(|odd| (parent.join(odd.path), why(odd.found).0.to_string()));
        self.skipped.extend(skipped);
    }

    /// The names directly in the message's folder, each once.
    pub(crate) fn tops(files: &[NewAttachment]) -> Vec<OsString> {
        let mut tops: Vec<OsString> = files.iter().map(|file| file.name.first().to_owned()).collect();
        tops.sort_unstable();
        tops.dedup();
        tops
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(gathered: &Gathered) -> Vec<String> {
        gathered.files.iter().map(|file| file.name.text().into_owned()).collect()
    }

    #[test]
    fn folders_are_taken_without_what_nobody_would_see() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("trip/day 1")).unwrap();
        for name in ["a.txt", "trip/b.jpg", "trip/day 1/c.jpg", "trip/.secret", ".hidden"] {
            std::fs::write(at(name), name).unwrap();
        }
        symlink("/etc/passwd", at("trip/link")).unwrap();
        symlink(at("a.txt"), at("named.txt")).unwrap();
        let gathered = gather(&[at("trip/"), at("a.txt"), at("named.txt")]).unwrap();
        assert_eq!(names(&gathered), ["trip/b.jpg", "trip/day 1/c.jpg", "a.txt", "named.txt"]);
        assert_eq!(gathered.skipped.len(), 2, "{:?}", gathered.skipped);
        assert!(matches!(gather(&[at(".hidden")]), Err(Error::Attachment { .. })));
        assert!(matches!(gather(&[at("nowhere")]), Err(Error::UnreadableAttachment { .. })));
        assert!(matches!(gather(&["/dev/null".into()]), Err(Error::Attachment { .. })));
        assert!(matches!(gather(&[at("a.txt"), at("trip/../a.txt")]), Err(Error::SameName { .. })));
    }
}

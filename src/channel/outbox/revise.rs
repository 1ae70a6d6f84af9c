//! Changing a message of one's own.
//!
//! Everything is made ready first; the text is replaced last and in one step. Attachments that are taken off go to the
//! trash. A change that was not seen is never written over.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::outbox::new_message::{Gathered, NewAttachment};
use crate::channel::outbox::send;
use crate::channel::outbox::trash;
use crate::channel::protocol::entry::{Entry, RelativePath};
use crate::channel::protocol::header;
use crate::channel::protocol::header::Header;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachments;
use crate::fs::atomic_write;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::{Folder, Kind};

/// A longer text is not edited, in bytes.
const MAX_TEXT: u64 = 256 << 20;

/// How a message is to be changed.
#[derive(Debug)]
pub struct Revision<'a> {
    /// Its bytes as they were read.
    pub before: &'a [u8],
    /// Its bytes as they are to be.
    pub after: &'a [u8],
    /// Files that come to it.
    pub attach: &'a [NewAttachment],
    /// Attachments, or folders of them, that are taken off, by their paths below the message's folder.
    pub detach: &'a [RelativePath],
    /// The time that its header is to give for the change, in seconds since 1970.
    pub updated: Option<i64>,
}

/// A message's bytes as they are.
///
/// # Errors
/// [`Error::Gone`]; else as the system says.
pub fn read(channel: &Channel, stamp: Stamp) -> Result<Vec<u8>, Error> {
    match Folder::open(&channel.outbox()?)?.read(&Entry::Text(stamp).path(), MAX_TEXT) {
        Ok((bytes, _)) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Gone { id: stamp.to_string() }),
        Err(error) => Err(error.into()),
    }
}

/// Changes a message; gives the path of its text.
///
/// # Errors
/// [`Error::Changed`]; [`Error::NoSuchAttachment`]; [`Error::SameName`]; [`Error::Header`]; [`Error::Io`]. The message is as
/// it was then.
pub fn revise(channel: &Channel, stamp: Stamp, revision: &Revision<'_>, now: Stamp) -> Result<PathBuf, Error> {
    let outbox = channel.outbox()?;
    atomic_write::sweep(&outbox);
    let stem = outbox.join(stamp.to_string());
    check(&outbox, stamp, revision)?;
    let path = outbox.join(Entry::Text(stamp).path());
    let header = Header { updated: revision.updated, ..Header::default() };
    let text = header::with(revision.after, &header).ok_or(Error::Header)?;
    let mut hidden = Temporary::file(&path, &text)?;
    let _alone = send::lock_folder(&outbox);
    let mut undo = Undo { stem: &stem, trashed: Vec::new() };
    let done = undo.detach(channel, stamp, revision.detach, now).and_then(|()| {
        let added = send::add(&outbox, &stamp.to_string(), revision.attach)?;
        let replaced = unchanged(channel, stamp, revision.before).and_then(|()| Ok(hidden.replace(&path)?));
        replaced.inspect_err(|_| added.take_away())
    });
    if done.is_err() {
        undo.back();
    } else {
        undo.tidy();
    }
    done.map(|()| path)
}

fn unchanged(channel: &Channel, stamp: Stamp, before: &[u8]) -> Result<(), Error> {
    if read(channel, stamp)? == before { Ok(()) } else { Err(Error::Changed { id: stamp.to_string() }) }
}

/// What can be told before anything is written.
fn check(outbox: &Path, stamp: Stamp, revision: &Revision<'_>) -> Result<(), Error> {
    let (folder, stem) = (Folder::open(outbox)?, PathBuf::from(stamp.to_string()));
    let kind = |path: &Path| folder.stat(&stem.join(path)).map(|stat| stat.kind).ok();
    for name in revision.detach {
        if !matches!(kind(name.as_path()), Some(Kind::File | Kind::Folder)) {
            let listed = attachments::list(&folder, stamp);
            let there = listed.files.iter().map(|(path, _)| path.text().into_owned()).collect();
            return Err(Error::NoSuchAttachment { id: stamp.to_string(), name: name.text().into_owned(), there });
        }
    }
    let is_taken = |top: &OsStr| {
        kind(Path::new(top)).is_some() && !revision.detach.iter().any(|name| name.as_bytes() == top.as_bytes())
    };
    match Gathered::tops(revision.attach).into_iter().find(|top| is_taken(top)) {
        Some(top) => Err(Error::SameName { name: top.to_string_lossy().into_owned() }),
        None => Ok(()),
    }
}

/// The way back for attachments that were taken off.
struct Undo<'a> {
    stem: &'a Path,
    trashed: Vec<(RelativePath, PathBuf)>,
}

impl Undo<'_> {
    fn detach(&mut self, channel: &Channel, stamp: Stamp, names: &[RelativePath], now: Stamp) -> Result<(), Error> {
        for name in names {
            let place = trash::put_attachment(channel, stamp, name.as_path(), now)?;
            self.trashed.push((name.clone(), place));
        }
        Ok(())
    }

    /// Removes folders that hold nothing any more.
    fn tidy(self) {
        for (name, _) in self.trashed {
            for folder in
                self.stem.join(name.as_path()).ancestors().skip(1).take_while(|above| above.starts_with(self.stem))
            {
                let _ = std::fs::remove_dir(folder);
            }
        }
    }

    fn back(self) {
        for (name, place) in self.trashed {
            // What cannot go back is still in the trash.
            let _ = atomic_write::rename_new(&place, &self.stem.join(name.as_path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::outbox::new_message::{NewMessage, gather};

    #[test]
    fn a_change_that_was_not_seen_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("blog/outbox")).unwrap();
        for name in ["a.jpg", "b.jpg"] {
            std::fs::write(at(name), name).unwrap();
        }
        let channel = Channel::open(&at("blog")).unwrap();
        let stamp = Stamp::from_seconds(5).unwrap();
        let message = NewMessage { text: b"one".to_vec(), attachments: gather(&[at("a.jpg")]).unwrap().files };
        let sent = send::send(&channel, &message, stamp).unwrap();
        let attach = gather(&[at("b.jpg")]).unwrap().files;
        let detach = [RelativePath::parse(b"a.jpg").unwrap()];
        let mut revision =
            Revision { before: b"other", after: b"two", attach: &attach, detach: &detach, updated: Some(7) };
        let stem = sent.path.with_extension("");
        assert!(matches!(revise(&channel, stamp, &revision, stamp), Err(Error::Changed { .. })));
        assert!(stem.join("a.jpg").exists() && !stem.join("b.jpg").exists());
        assert_eq!(std::fs::read(&sent.path).unwrap(), b"one");
        revision.before = b"one";
        revise(&channel, stamp, &revision, stamp).unwrap();
        assert!(!stem.join("a.jpg").exists() && stem.join("b.jpg").exists());
        assert_eq!(std::fs::read(&sent.path).unwrap(), b"---\nupdated: 1970-01-01T00:00:07Z\n---\n\ntwo");
        assert_eq!(std::fs::read_dir(sent.path.parent().unwrap()).unwrap().count(), 2, "no litter");
    }
}

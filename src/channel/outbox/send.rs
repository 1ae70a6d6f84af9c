//! Sending: a new message or a draft becomes a message in the outbox.
//!
//! Attachments are written first and the text gets its name last. Nothing is ever overwritten, and of what could not be
//! finished nothing is seen.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::outbox::new_message::{Gathered, NewAttachment, NewMessage};
use crate::channel::protocol::classify::{Found, classify};
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::atomic_write;
use crate::fs::atomic_write::{Temporary, flush_names, rename_new};
use crate::fs::confined::Folder;
use crate::fs::create_folders::folders_below;

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub stamp: Stamp,
    /// Its text's path.
    pub path: PathBuf,
}

/// Sends a new message at this time, or in the next free second.
///
/// # Errors
/// [`Error::OnlyListens`]; [`Error::SameName`]; [`Error::Io`]. Whatever it is, the outbox shows nothing of it.
pub fn send(channel: &Channel, message: &NewMessage, at: Stamp) -> Result<Sent, Error> {
    let outbox = channel.outbox()?;
    atomic_write::sweep(&outbox);
    settle(&outbox, Staged::new(&outbox, message)?, at)
}

/// The first second from this one on that no message and no folder of attachments bears the name of.
///
/// # Errors
/// [`Error::OnlyListens`]; [`Error::NoSecond`].
pub fn first_free(channel: &Channel, at: Stamp) -> Result<Stamp, Error> {
    let outbox = channel.outbox()?;
    let mut stamp = at;
    while !is_free_stem(&outbox, &stamp.to_string()) {
        stamp = stamp.next().ok_or(Error::NoSecond)?;
    }
    Ok(stamp)
}

fn is_free_stem(folder: &Path, stem: &str) -> bool {
    let is_there = |name: &str| folder.join(name).symlink_metadata().is_ok();
    !is_there(&format!("{stem}.txt")) && !is_there(stem)
}

/// Gives what was made ready its names, from this second on.
pub(crate) fn settle(outbox: &Path, mut staged: Staged, at: Stamp) -> Result<Sent, Error> {
    let _alone = lock_folder(outbox);
    let mut stamp = at;
    while !staged.settle(outbox, &stamp.to_string())? {
        stamp = stamp.next().ok_or(Error::NoSecond)?;
    }
    Ok(Sent { stamp, path: outbox.join(Entry::Text(stamp).path()) })
}

/// Keeps others of our kind out of a folder while names are given in it. Where a folder cannot be locked, a lost race for a
/// name is noticed all the same.
pub(crate) fn lock_folder(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// A message that lies in a folder under hidden names, whole and flushed to the disk.
#[derive(Debug)]
pub(crate) struct Staged {
    text: Text,
    files: Option<Temporary>,
}

#[derive(Debug)]
enum Text {
    New(Temporary),
    /// A draft's text, which is moved: at every moment it is either a draft or a message, and never both.
    Draft(PathBuf),
}

impl Staged {
    /// Makes a message ready in the folder where it is to be.
    pub(crate) fn new(folder: &Path, message: &NewMessage) -> Result<Self, Error> {
        let files = stage_files(folder, &message.attachments)?;
        Ok(Self { text: Text::New(Temporary::file(&folder.join("text"), &message.text)?), files })
    }

    /// Makes a draft ready to be moved to a folder.
    pub(crate) fn from_draft(folder: &Path, text: &Path, files: &[NewAttachment]) -> Result<Self, Error> {
        fs::File::open(text)?.sync_all()?;
        Ok(Self { text: Text::Draft(text.to_owned()), files: stage_files(folder, files)? })
    }

    /// Gives it its names; tells whether they were free.
    pub(crate) fn settle(&mut self, folder: &Path, stem: &str) -> Result<bool, Error> {
        let (text, files) = (folder.join(format!("{stem}.txt")), folder.join(stem));
        if !is_free_stem(folder, stem) {
            return Ok(false);
        }
        if let Some(hidden) = &mut self.files
            && !is_free(hidden.settle(&files))?
        {
            return Ok(false);
        }
        let done = is_free(self.text.settle(&text));
        if !matches!(done, Ok(true))
            && let Some(hidden) = &mut self.files
        {
            hidden.withdraw()?;
        }
        Ok(done?)
    }
}

impl Text {
    fn settle(&mut self, target: &Path) -> io::Result<()> {
        match self {
            Self::New(hidden) => hidden.settle(target),
            Self::Draft(path) => match rename_new(path, target) {
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    atomic_write::create(target, &fs::read(&*path)?)?;
                    fs::remove_file(path)
                }
                done => done,
            },
        }
    }
}

/// Whether a name was free.
fn is_free(named: io::Result<()>) -> io::Result<bool> {
    match named {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Copies attachments into a hidden folder, flushed to the disk.
fn stage_files(folder: &Path, files: &[NewAttachment]) -> Result<Option<Temporary>, Error> {
    if files.is_empty() {
        return Ok(None);
    }
    let hidden = Temporary::folder(&folder.join("files"))?;
    let mut folders = BTreeSet::from([hidden.path().to_owned()]);
    for file in files {
        let target = hidden.path().join(file.name.as_path());
        if let Some(above) = target.parent().filter(|above| !folders.contains(*above)) {
            folders_below(hidden.path(), above.strip_prefix(hidden.path()).unwrap_or(above))?;
            let below = above.ancestors().take_while(|above| *above != hidden.path());
            folders.extend(below.map(Path::to_owned));
        }
        copy(file, &target).map_err(|error| refusal(file, error))?;
    }
    for folder in &folders {
        flush_names(folder);
    }
    Ok(Some(hidden))
}

/// The second file of a name, and a file that cannot be read, are the message's fault, the rest is the disk's.
fn refusal(file: &NewAttachment, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::SameName { name: file.name.text().into_owned() },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => error.into(),
        _ => Error::UnreadableAttachment { path: file.path.clone(), source: error },
    }
}

/// Removes attachments from the outbox that were to go with these files' draft when its sending was cut off before its text.
pub(crate) fn reclaim(outbox: &Path, files: &[NewAttachment]) {
    let Some(file) = files.iter().find(|file| file.has_second_name()) else {
        return;
    };
    // What stays behind is reported as attachments without their message, and the draft goes under another second.
    for (name, kind) in Folder::open(outbox).and_then(|folder| folder.list()).unwrap_or_default() {
        let stem = outbox.join(&name);
        if matches!(classify(&name, kind), Found::Folder(_))
            && stem.with_extension("txt").symlink_metadata().is_err()
            && file.is(&stem.join(file.name.as_path()))
        {
            let _ = std::fs::remove_dir_all(stem);
        }
    }
}

/// Copies with the mode that new files get: a reader's sync tool must be able to read it.
fn copy(file: &NewAttachment, target: &Path) -> io::Result<()> {
    if file.is_ours && std::fs::hard_link(&file.path, target).is_ok() {
        return Ok(());
    }
    let (Some(above), Some(name)) = (file.path.parent(), file.path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let (mut from, _) = Folder::open(above)?.file(Path::new(name))?;
    let mut into = File::create_new(target)?;
    io::copy(&mut from, &mut into)?;
    into.sync_all()
}

/// Attachments that were added to a message or a draft, and can be taken away again.
#[derive(Debug, Default)]
pub(crate) struct Added(Vec<PathBuf>);

/// Adds attachments to what is there already, each name new.
///
/// # Errors
/// [`Error::SameName`]; [`Error::Io`]. Nothing was added then.
pub(crate) fn add(folder: &Path, stem: &str, files: &[NewAttachment]) -> Result<Added, Error> {
    let Some(mut hidden) = stage_files(folder, files)? else {
        return Ok(Added::default());
    };
    let stem = folder.join(stem);
    if stem.symlink_metadata().is_err() {
        hidden.settle(&stem)?;
        return Ok(Added(vec![stem]));
    }
    let mut added = Added::default();
    for top in Gathered::tops(files) {
        let target = stem.join(&top);
        if let Err(error) = rename_new(&hidden.path().join(&top), &target) {
            added.take_away();
            let name = top.to_string_lossy().into_owned();
            let is_taken = error.kind() == io::ErrorKind::AlreadyExists;
            return Err(if is_taken { Error::SameName { name } } else { error.into() });
        }
        added.0.push(target);
    }
    Ok(added)
}

impl Added {
    /// Takes them away again.
    pub(crate) fn take_away(self) {
        for path in self.0 {
            if std::fs::remove_file(&path).is_err() {
                let _ = std::fs::remove_dir_all(&path);
            }
        }
    }
}

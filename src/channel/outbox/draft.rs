//! Drafts: messages that are not sent yet, in `drafts/`, which stays on this machine.
//!
//! Begins, changes, schedules, sends and discards them. At every moment a text is either a draft or a message.

mod lock;
pub mod name;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::channel::outbox::draft::lock::DraftLock;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::protocol::layout::DRAFTS_FOLDER;

use crate::channel::error::Error;
use crate::channel::folder::Channel;
use crate::channel::outbox::new_message::{NewAttachment, NewMessage, kept};
use crate::channel::outbox::send;
use crate::channel::outbox::send::{Sent, Staged};
use crate::channel::outbox::trash;
use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::atomic_write;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::{Folder, Kind};
use crate::fs::create_folders::folders_below;
use crate::fs::named_error::named;

/// A longer text is no draft of ours, in bytes.
const MAX_TEXT: u64 = 256 << 20;

/// The folder of a channel's drafts.
pub fn folder(channel: &Channel) -> PathBuf {
    channel.path.join(DRAFTS_FOLDER)
}

/// Whether one of a channel's drafts is open in an editor.
pub fn is_any_open(channel: &Channel) -> bool {
    lock::is_any_taken(&folder(channel))
}

/// The names of all drafts, in the order of their kinds and times. Where the folder is not there, there are none.
///
/// # Errors
/// [`Error::Drafts`] when the folder cannot be read.
pub fn list(channel: &Channel) -> Result<Vec<DraftName>, Error> {
    let folder = folder(channel);
    let names = match Folder::open(&folder).and_then(|open| open.list()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Drafts { folder, source }),
    };
    let name = |(name, kind): &(std::ffi::OsString, Kind)| match (name.to_str()?, kind) {
        (name, Kind::File) => {
            let stem = name.strip_suffix(".txt")?;
            DraftName::parse(stem).filter(|parsed| parsed.to_string() == stem)
        }
        (name, Kind::Folder) => DraftName::parse(name).filter(|parsed| parsed.to_string() == name),
        _ => None,
    };
    let mut drafts: Vec<DraftName> = names.iter().filter_map(name).collect();
    drafts.sort_unstable();
    drafts.dedup();
    Ok(drafts)
}

/// When the next draft is due that is not due yet; `None` too when drafts cannot be read, which [`send_due`] says.
pub fn next_due(channel: &Channel, now: i64) -> Option<Stamp> {
    let due = |name: &DraftName| if let DraftName::Scheduled(stamp) = name { Some(*stamp) } else { None };
    list(channel).ok()?.iter().filter_map(due).find(|stamp| stamp.seconds() > now)
}

/// A draft that was due, and what became of it.
pub type Due = (DraftName, Result<Sent, Error>);

/// Sends every draft that is due, under the time at which it was. A draft that is open elsewhere is left alone.
///
/// # Errors
/// [`Error::Drafts`] when the drafts cannot be read.
pub fn send_due(channel: &Channel, now: i64) -> Result<Vec<Due>, Error> {
    let mut done = Vec::new();
    for name in list(channel)? {
        let DraftName::Scheduled(due) = name else {
            continue;
        };
        if due.seconds() > now {
            continue;
        }
        match Draft::open(channel, name) {
            // Attachments whose text is gone are no message.
            Ok(draft) if draft.has_text() => done.push((name, draft.send(channel, due))),
            Ok(_) | Err(Error::OpenElsewhere { .. } | Error::NoSuchDraft { .. }) => {}
            Err(error) => done.push((name, Err(error))),
        }
    }
    Ok(done)
}

/// The attachments of a draft, whoever has it open.
pub fn attachments(channel: &Channel, name: DraftName) -> Vec<NewAttachment> {
    kept(&folder(channel), &name.to_string()).files
}

/// What a draft is as it is now, whoever has it open: its text is always whole.
///
/// # Errors
/// [`Error::NoSuchDraft`]; else as the system says.
pub fn read(channel: &Channel, name: DraftName) -> Result<NewMessage, Error> {
    let text =
        Folder::open(&folder(channel)).and_then(|folder| folder.read(Path::new(&format!("{name}.txt")), MAX_TEXT));
    match text {
        Ok((text, _)) => Ok(NewMessage { text, attachments: attachments(channel, name) }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(no_such(channel, &name.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// A draft that is open here and nowhere else.
#[derive(Debug)]
pub struct Draft {
    /// Its name.
    pub name: DraftName,
    folder: PathBuf,
    _lock: DraftLock,
}

impl Draft {
    /// Begins a draft at this time, or in the next free second. Attachments are copied at once, so that they are safe.
    ///
    /// # Errors
    /// [`Error::OnlyListens`]; [`Error::SameName`]; [`Error::Io`].
    pub fn begin(channel: &Channel, message: &NewMessage, now: Stamp) -> Result<Self, Error> {
        let folder = create_folder(channel)?;
        let staged = Staged::new(&folder, message)?;
        settle(folder, staged, DraftName::Unsent, now)
    }

    /// Opens a draft.
    ///
    /// # Errors
    /// [`Error::NoSuchDraft`]; [`Error::OpenElsewhere`]; [`Error::Io`].
    pub fn open(channel: &Channel, name: DraftName) -> Result<Self, Error> {
        let folder = folder(channel);
        let no_such = || no_such(channel, &name.to_string());
        if !list(channel)?.contains(&name) {
            return Err(no_such());
        }
        let lock = DraftLock::take(&folder, name)?.ok_or(Error::OpenElsewhere { name: name.to_string() })?;
        // It may have been sent before the lock was taken.
        list(channel)?.contains(&name).then_some(Self { name, folder, _lock: lock }).ok_or_else(no_such)
    }

    /// Opens the changes to a message that were left, or begins them with this text; tells whether they were left.
    ///
    /// # Errors
    /// [`Error::OnlyListens`]; [`Error::OpenElsewhere`]; [`Error::Io`].
    pub fn for_message(channel: &Channel, stamp: Stamp, text: &[u8]) -> Result<(Self, bool), Error> {
        let folder = create_folder(channel)?;
        let name = DraftName::Edit(stamp);
        let lock = DraftLock::take(&folder, name)?.ok_or(Error::OpenElsewhere { name: name.to_string() })?;
        let draft = Self { name, folder, _lock: lock };
        let left = draft.has_text();
        if !left {
            Temporary::file(&draft.base_path(), text)?.replace(&draft.base_path())?;
            draft.save(text)?;
        }
        Ok((draft, left))
    }

    /// Where changes to a message remember what the message was when they began.
    fn base_path(&self) -> PathBuf {
        self.folder.join(format!(".{}.base", self.name))
    }

    /// What the message was when these changes to it began.
    pub fn base(&self) -> Option<Vec<u8>> {
        Some(Folder::open(&self.folder).ok()?.read(Path::new(&format!(".{}.base", self.name)), MAX_TEXT).ok()?.0)
    }

    /// Its text's path.
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.txt", self.name))
    }

    fn files(&self) -> PathBuf {
        self.folder.join(self.name.to_string())
    }

    /// Whether its text is there.
    pub fn has_text(&self) -> bool {
        self.path().symlink_metadata().is_ok_and(|metadata| metadata.is_file())
    }

    /// What it is as it is now.
    ///
    /// # Errors
    /// As the system says.
    pub fn contents(&self) -> Result<NewMessage, Error> {
        let text = format!("{}.txt", self.name);
        let text = Folder::open(&self.folder).and_then(|folder| folder.read(Path::new(&text), MAX_TEXT));
        // What is wrong may be that the whole channel was moved away.
        let place = self.path();
        let (text, _) = text.map_err(|error| named(&place, error))?;
        Ok(NewMessage { text, attachments: self.attachments() })
    }

    /// Its attachments.
    pub fn attachments(&self) -> Vec<NewAttachment> {
        kept(&self.folder, &self.name.to_string()).files
    }

    /// Gives it this text, whole or not at all.
    ///
    /// # Errors
    /// As the system says; it is as it was then.
    pub fn save(&self, text: &[u8]) -> Result<(), Error> {
        Ok(Temporary::file(&self.path(), text)?.replace(&self.path())?)
    }

    /// Adds attachments.
    ///
    /// # Errors
    /// [`Error::SameName`]; [`Error::Io`].
    pub fn attach(&self, files: &[NewAttachment]) -> Result<(), Error> {
        send::add(&self.folder, &self.name.to_string(), files).map(drop)
    }

    /// Takes an attachment off it, and the folders that it leaves empty.
    ///
    /// # Errors
    /// As the system says.
    pub fn detach(&self, name: &RelativePath) -> Result<(), Error> {
        let path = self.files().join(name.as_path());
        fs::remove_file(&path)?;
        for folder in path.ancestors().skip(1).take_while(|above| above.starts_with(self.files())) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Sends it at this time, or in the next free second. At every moment its text is either a draft or a message.
    ///
    /// # Errors
    /// As [`send::send`]; it is still a draft then.
    pub fn send(self, channel: &Channel, at: Stamp) -> Result<Sent, Error> {
        let outbox = channel.outbox()?;
        atomic_write::sweep(&outbox);
        let files = self.attachments();
        send::reclaim(&outbox, &files);
        let staged = Staged::from_draft(&outbox, &self.path(), &files)?;
        let sent = send::settle(&outbox, staged, at)?;
        self.remove_files();
        Ok(sent)
    }

    /// Lets it wait until this time, or the next free second.
    ///
    /// # Errors
    /// [`Error::Io`]; it is still what it was then.
    pub fn schedule(self, due: Stamp) -> Result<Self, Error> {
        let staged = Staged::from_draft(&self.folder, &self.path(), &self.attachments())?;
        let scheduled = settle(self.folder.clone(), staged, DraftName::Scheduled, due)?;
        self.remove_files();
        Ok(scheduled)
    }

    /// Puts it into the trash; gives where its text is then.
    ///
    /// # Errors
    /// As the system says.
    pub fn discard(self, channel: &Channel, now: Stamp) -> Result<PathBuf, Error> {
        // A scheduled one bears a message's name, and must not come back as one that was deleted.
        let stem = match self.name {
            DraftName::Scheduled(due) => DraftName::Unsent(due),
            name => name,
        };
        let place = trash::put(channel, [&self.path(), &self.files()], &stem.to_string(), now)?;
        let _ = std::fs::remove_file(self.base_path());
        Ok(place)
    }

    /// Forgets it: it holds nothing that anybody wrote.
    ///
    /// # Errors
    /// As the system says.
    pub fn forget(self) -> Result<(), Error> {
        fs::remove_file(self.path())?;
        self.remove_files();
        Ok(())
    }

    /// Removes what is left of a draft whose sending was cut off behind its text: attachments that the message has too.
    fn remove_what_was_sent(self) {
        let left = kept(&self.folder, &self.name.to_string());
        if !self.has_text() && left.skipped.is_empty() && left.files.iter().all(NewAttachment::has_second_name) {
            self.remove_files();
        }
    }

    /// The text is what counts: what cannot be removed of the rest is shown in the list of drafts.
    fn remove_files(&self) {
        let _ = std::fs::remove_dir_all(self.files());
        let _ = std::fs::remove_file(self.base_path());
    }
}

/// Says that there is no such draft, and which ones there are; or why the drafts cannot be listed.
pub fn no_such(channel: &Channel, name: &str) -> Error {
    match list(channel) {
        Ok(names) => {
            let there = names.iter().map(DraftName::to_string).collect();
            Error::NoSuchDraft { name: name.to_owned(), folder: folder(channel), there }
        }
        Err(error) => error,
    }
}

/// The folder of drafts, made if it is not there. A channel that was moved away is not made anew.
///
/// # Errors
/// [`Error::OnlyListens`]; [`Error::Io`].
pub fn create_folder(channel: &Channel) -> Result<PathBuf, Error> {
    channel.outbox()?;
    let folder = folders_below(&channel.path, Path::new(DRAFTS_FOLDER))?;
    atomic_write::sweep(&folder);
    for draft in list(channel)?.into_iter().filter_map(|name| Draft::open(channel, name).ok()) {
        draft.remove_what_was_sent();
    }
    Ok(folder)
}

/// Gives a draft the first free name; it is locked from the beginning.
fn settle(folder: PathBuf, mut staged: Staged, kind: fn(Stamp) -> DraftName, first: Stamp) -> Result<Draft, Error> {
    let mut stamp = first;
    loop {
        let name = kind(stamp);
        if let Some(lock) = DraftLock::take(&folder, name)?
            && staged.settle(&folder, &name.to_string())?
        {
            return Ok(Draft { name, folder, _lock: lock });
        }
        stamp = stamp.next().ok_or(Error::NoSecond)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::outbox::new_message::gather;

    fn channel() -> (tempfile::TempDir, Channel) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blog");
        std::fs::create_dir_all(path.join("outbox")).unwrap();
        (dir, Channel::open(&path).unwrap())
    }

    fn stamp(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds).unwrap()
    }

    fn message(dir: &Path, text: &str) -> NewMessage {
        let file = dir.join("a.jpg");
        std::fs::write(&file, "a").unwrap();
        NewMessage { text: text.into(), attachments: gather(&[file]).unwrap().files }
    }

    #[test]
    fn drafts_that_cannot_be_read_are_not_called_none() {
        let (_dir, channel) = channel();
        assert_eq!(list(&channel).unwrap(), []);
        std::fs::write(folder(&channel), "no folder").unwrap();
        assert!(matches!(list(&channel), Err(Error::Drafts { .. })));
        assert!(matches!(send_due(&channel, 9), Err(Error::Drafts { .. })));
        assert_eq!(next_due(&channel, 9), None);
    }

    #[test]
    fn names_are_read_back() {
        for name in [DraftName::Unsent(stamp(0)), DraftName::Scheduled(stamp(1)), DraftName::Edit(stamp(2))] {
            assert_eq!(DraftName::parse(&name.to_string()), Some(name));
            assert_eq!(DraftName::parse(&format!("{name}.txt")), Some(name));
        }
        for text in ["", "draft-", "draft", "edit-x", "draft-edit-1970-01-01T00-00-00Z", "../1970-01-01T00-00-00Z"] {
            assert_eq!(DraftName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_draft_is_either_a_draft_or_a_message() {
        let (dir, channel) = channel();
        let draft = Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(5)).unwrap();
        assert_eq!(list(&channel).unwrap(), [DraftName::Unsent(stamp(5))]);
        assert!(matches!(Draft::open(&channel, draft.name), Err(Error::OpenElsewhere { .. })));
        let other = Draft::begin(&channel, &message(dir.path(), "Other"), stamp(5)).unwrap();
        assert_eq!(other.name, DraftName::Unsent(stamp(6)));
        let sent = draft.send(&channel, stamp(9)).unwrap();
        assert_eq!(std::fs::read(&sent.path).unwrap(), b"Hello");
        assert!(sent.path.with_extension("").join("a.jpg").is_file());
        let next = other.send(&channel, stamp(9)).unwrap();
        assert_eq!((next.stamp, list(&channel).unwrap()), (stamp(10), Vec::new()));
        assert_eq!(std::fs::read_dir(folder(&channel)).unwrap().count(), 0, "no lock is left");
    }

    #[test]
    fn what_is_due_is_sent_once_and_the_rest_waits() {
        let (dir, channel) = channel();
        for due in [10, 10, 30] {
            let draft = Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(5)).unwrap();
            draft.schedule(stamp(due)).unwrap();
        }
        assert_eq!(next_due(&channel, 5), Some(stamp(10)));
        assert_eq!(send_due(&channel, 9).unwrap().len(), 0);
        let held = Draft::open(&channel, DraftName::Scheduled(stamp(11))).unwrap();
        let sent: Vec<_> = send_due(&channel, 20).unwrap().into_iter().map(|(_, sent)| sent.unwrap().stamp).collect();
        assert_eq!(sent, [stamp(10)], "another one is open elsewhere");
        drop(held);
        let sent: Vec<_> = send_due(&channel, 20).unwrap().into_iter().map(|(_, sent)| sent.unwrap().stamp).collect();
        assert_eq!((sent, next_due(&channel, 20)), (vec![stamp(11)], Some(stamp(30))));
        assert!(send_due(&channel, 20).unwrap().is_empty());
    }

    #[test]
    fn a_draft_that_cannot_be_sent_stays() {
        let (dir, channel) = channel();
        let draft = Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(5)).unwrap();
        std::fs::remove_dir(channel.path.join("outbox")).unwrap();
        std::fs::write(channel.path.join("outbox"), "").unwrap();
        assert!(draft.send(&channel, stamp(9)).is_err());
        let draft = Draft::open(&channel, DraftName::Unsent(stamp(5))).unwrap();
        assert_eq!((draft.contents().unwrap().text, draft.attachments().len()), (b"Hello".to_vec(), 1));
    }

    #[test]
    fn what_a_sending_that_was_cut_off_left_is_taken_away() {
        let (dir, channel) = channel();
        let draft = Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(5)).unwrap();
        let outbox = channel.path.join("outbox");
        let (ours, theirs) = (outbox.join(stamp(9).to_string()), outbox.join(stamp(8).to_string()));
        for folder in [&ours, &theirs] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(theirs.join("a.jpg"), "a").unwrap();
        std::fs::hard_link(draft.files().join("a.jpg"), ours.join("a.jpg")).unwrap();
        let sent = draft.send(&channel, stamp(8)).unwrap();
        assert_eq!((sent.stamp, theirs.is_dir()), (stamp(9), true), "its own second is free again");
    }

    #[test]
    fn attachments_without_a_text_go_only_if_the_message_has_them() {
        let (dir, channel) = channel();
        for seconds in [5, 6] {
            let draft = Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(seconds)).unwrap();
            std::fs::remove_file(draft.path()).unwrap();
        }
        let file = folder(&channel).join(DraftName::Unsent(stamp(5)).to_string()).join("a.jpg");
        std::fs::hard_link(file, channel.path.join("elsewhere")).unwrap();
        Draft::begin(&channel, &message(dir.path(), "Hello"), stamp(7)).unwrap();
        assert_eq!(list(&channel).unwrap(), [DraftName::Unsent(stamp(6)), DraftName::Unsent(stamp(7))]);
    }
}

//! Where the folders of the book's channels are now: people rename them, exchange them, copy them, and take disks out.
//!
//! `folder_id.rs` says what tells a folder from others, and why. This file decides with it. A folder that was renamed without any doubt
//! is followed: the book gets its new name. Where there is a doubt, a person is asked, and nothing of the folder is shared until then.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout::STATE_FOLDER;
use crate::channel::protocol::name::ChannelName;
use crate::channel::reading::marks::ChannelKey;
use crate::channel::reading::marks::store::MarkStore;
use crate::fs::confined::Folder;
use crate::sync::error::Error;
use crate::sync::keys::book::{Book, Document, NODE_FOLDER};
use crate::sync::keys::folder_id;
use crate::sync::keys::folder_id::{AnotherFolder, FolderId, FolderMark};
use crate::sync::replica::baseline::Baseline;
use crate::sync::{hex, item_log_file};
use crate::text::shell;

/// The folder of the baselines in the node's, each of which has its document's id for its name.
pub const BASELINES: &str = "agreed";

/// What became of a channel's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It has the name that the book has.
    Here,
    /// It has this name now.
    Renamed(ChannelName),
    /// Another folder has its name, and nothing says that this is the channel.
    Replaced,
    /// There is none of its name, and each of these may be it.
    Unclear(Vec<ChannelName>),
    /// There is none, nor anything like it.
    Gone,
}

/// A folder in the data folder that is a channel, or was one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    id: Option<FolderId>,
    inode: Option<String>,
}

type AllSeen = BTreeMap<ChannelName, Seen>;

/// A channel of the book, and its folder as it was seen last.
#[derive(Clone, Copy)]
struct Known<'a> {
    name: &'a ChannelName,
    mark: Option<&'a FolderMark>,
}

/// The book after it has followed what was renamed.
#[derive(Debug)]
pub struct Followed {
    /// The book.
    pub book: Book,
    /// The channels that have another name now.
    pub renamed: BTreeMap<ChannelName, ChannelName>,
    /// Where the folder of each of its channels is, by the name that it has in the book now.
    pub found: BTreeMap<ChannelName, Whereabouts>,
    /// What somebody has to see to.
    pub warnings: Vec<String>,
}

/// Looks for the folders of all channels of the book, and gives those that were renamed their new names in it.
///
/// # Errors
/// As [`Book::read`]; [`Error::Io`] when the data folder can't be listed.
pub fn follow(data: &Path) -> Result<Followed, Error> {
    let mut book = Book::read(data)?;
    let mut renamed = BTreeMap::new();
    let mut found = look(data, &book)?;
    let mut failed = None;
    if found.is_news(&book) {
        match Book::change(data, |book| note(data, book)) {
            Ok(names) => {
                renamed = names;
                book = Book::read(data)?;
                found = look(data, &book)?;
            }
            // A disk that is full or read-only keeps nobody from what has not moved.
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = &failed {
        tracing::debug!(%error, "where the folders are can't be noted");
    }
    let unnoted = found.renamed().into_iter().map(|(old, new)| {
        let why = failed.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("`{old}` is called `{new}` now, which can't be noted, so it is not synced: {why}")
    });
    let warnings = unnoted.chain(found.warnings(&book)).collect();
    Ok(Followed { book, renamed, found: found.channels, warnings })
}

/// Notes what there is to note, and gives the channels that were renamed.
fn note(data: &Path, book: &mut Book) -> Result<BTreeMap<ChannelName, ChannelName>, Error> {
    // Another program may have followed them meanwhile.
    let found = look(data, book)?;
    let renamed = found.renamed();
    keep_marks(data, &renamed);
    found.note(data, book);
    book.rename(&renamed);
    Ok(renamed)
}

/// Says of messages under their channel's new name what is said of them under the old one. A mark is worth no failure.
pub fn keep_marks(data: &Path, renamed: &BTreeMap<ChannelName, ChannelName>) {
    let keys: Vec<_> = renamed.iter().map(|(old, new)| (ChannelKey::named(old), ChannelKey::named(new))).collect();
    if !keys.is_empty()
        && let Err(error) = MarkStore::below(data).rename(&keys, &uuid::Uuid::new_v4().simple().to_string())
    {
        tracing::warn!(%error, "what was read of a renamed channel could not be noted");
    }
}

/// Whether the folder of a document's channel was seen with this id.
fn has_mark(document: &Document, id: FolderId) -> bool {
    document.folder.as_ref().is_some_and(|mark| mark.id == id)
}

/// Has the keys of a channel belong to the folder of another name, or to another folder of the same name, because somebody said so.
///
/// # Errors
/// When the folder should get an id of its own and can't.
pub fn bind(data: &Path, book: &mut Book, channel: &ChannelName, folder: &ChannelName) -> io::Result<()> {
    let path = data.join(folder.as_os_str());
    let mut others = book.documents.iter().filter(|document| document.channel != *channel);
    if folder_id::read(&path).is_some_and(|id| others.any(|document| has_mark(document, id))) {
        folder_id::write(&path, FolderId::random())?;
    }
    for document in book.documents.iter_mut().filter(|document| document.channel == *channel) {
        document.folder = None;
    }
    book.rename(&BTreeMap::from([(channel.clone(), folder.clone())]));
    Ok(())
}

/// What is asked when a channel's box can't be read; `folder` is the box.
pub fn question(channel: &ChannelName, folder: &Path, error: &io::Error) -> String {
    if let Some(inner) = error.get_ref()
        && inner.is::<AnotherFolder>()
    {
        return replaced(channel);
    }
    let place = folder.display();
    match folder.parent() {
        Some(above) if error.kind() == io::ErrorKind::NotFound && above.symlink_metadata().is_err() => {
            let way_out = shell::missive("rename", &[channel, &"NEW-NAME"]);
            format!(
                "there is no folder {}, so nothing is synced and nothing is deleted; move it back, mount its disk, or say what it is called now: {way_out}",
                above.display()
            )
        }
        _ if error.kind() == io::ErrorKind::NotFound => {
            format!("there is no folder {place}, so nothing is synced and nothing is deleted; move it back")
        }
        _ => format!("{place} can't be read: {error}"),
    }
}

fn replaced(channel: &ChannelName) -> String {
    format!(
        "the folder `{channel}` is not the one that was shared, so nothing in it is synced; put the right one there, or sync this one in its place: {}",
        shell::missive("rename", &[channel, channel])
    )
}

/// What a look at the data folder has found.
struct Look {
    channels: BTreeMap<ChannelName, Whereabouts>,
    seen: AllSeen,
}

fn look(data: &Path, book: &Book) -> Result<Look, Error> {
    let seen = survey(data)?;
    let is_alike = |channel: &ChannelName, folder: &ChannelName| {
        let mut documents = book.documents.iter().filter(|document| document.channel == *channel);
        documents.any(|document| is_alike(data, document, folder))
    };
    Ok(Look { channels: decide(&known(book), &seen, is_alike), seen })
}

fn known(book: &Book) -> Vec<Known<'_>> {
    let names: BTreeSet<&ChannelName> = book.documents.iter().map(|document| &document.channel).collect();
    names.into_iter().map(|name| Known { name, mark: mark_of(book, name) }).collect()
}

/// How the folder of a channel was seen last.
fn mark_of<'a>(book: &'a Book, channel: &ChannelName) -> Option<&'a FolderMark> {
    book.documents.iter().filter(|document| document.channel == *channel).find_map(|document| document.folder.as_ref())
}

/// The folders that are channels, or were. A data folder that is not there has none.
fn survey(data: &Path) -> io::Result<AllSeen> {
    let entries = match fs_err::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(AllSeen::new()),
        Err(error) => return Err(error),
    };
    let mut seen = AllSeen::new();
    for entry in entries {
        let entry = entry?;
        // The book is text: a name that is none can't stand in it.
        let Some(name) = ChannelName::parse(&entry.file_name()).filter(|name| name.as_os_str().to_str().is_some())
        else {
            continue;
        };
        let path = entry.path();
        let folder = Seen { id: folder_id::read(&path), inode: folder_id::inode(&path) };
        if folder.id.is_some() || Side::BOTH.iter().any(|side| path.join(side.name()).is_dir()) {
            seen.insert(name, folder);
        }
    }
    Ok(seen)
}

/// Whether a folder holds what a document had: a message of the same name, or the very profile.
fn is_alike(data: &Path, document: &Document, folder: &ChannelName) -> bool {
    let path = data.join(STATE_FOLDER).join(NODE_FOLDER).join(BASELINES).join(hex::encode(&document.id));
    let baseline: Baseline = item_log_file::read(&path);
    let Ok(folder) = Folder::open(&data.join(folder.as_os_str()).join(document.side.name())) else {
        return false;
    };
    baseline.files().iter().any(|(item, agreed)| {
        if item.is_text() {
            return folder.stat(item.path()).is_ok();
        }
        let holds = || folder.read(item.path(), agreed.stat.len().saturating_add(1)).map(|(bytes, _)| bytes);
        item.is_hidden() && holds().is_ok_and(|bytes| *blake3::hash(&bytes).as_bytes() == agreed.hash)
    })
}

/// Decides where the folder of each channel is. `is_alike` tells whether a folder holds what a channel had.
fn decide(
    known: &[Known<'_>],
    seen: &AllSeen,
    is_alike: impl Fn(&ChannelName, &ChannelName) -> bool,
) -> BTreeMap<ChannelName, Whereabouts> {
    let mut found: BTreeMap<ChannelName, Whereabouts> =
        known.iter().map(|channel| (channel.name.clone(), whereabouts(*channel, known, seen, &is_alike))).collect();
    // Two channels can't have one name: who was renamed to a name that stays another's is asked about.
    while let Some((name, to)) = colliding(&found) {
        found.insert(name, Whereabouts::Unclear(vec![to]));
    }
    found
}

/// A channel that was renamed to the name of another one, and that name.
fn colliding(found: &BTreeMap<ChannelName, Whereabouts>) -> Option<(ChannelName, ChannelName)> {
    let mut taken: BTreeMap<&ChannelName, usize> = BTreeMap::new();
    for (name, place) in found {
        *taken.entry(if let Whereabouts::Renamed(to) = place { to } else { name }).or_default() += 1;
    }
    found.iter().find_map(|(name, place)| match place {
        Whereabouts::Renamed(to) if taken.get(to).is_some_and(|channels| *channels > 1) => {
            Some((name.clone(), to.clone()))
        }
        _ => None,
    })
}

fn whereabouts(
    channel: Known<'_>,
    known: &[Known<'_>],
    seen: &AllSeen,
    is_alike: &impl Fn(&ChannelName, &ChannelName) -> bool,
) -> Whereabouts {
    let here = seen.get(channel.name);
    let is_free = |folder: &&Seen| !is_anothers(folder, channel, known, seen);
    let Some(mark) = channel.mark else {
        // Nothing was noted of it yet, so it goes by its name.
        return match here {
            Some(folder) if is_free(&folder) => Whereabouts::Here,
            Some(_) => Whereabouts::Replaced,
            None => like(channel, known, seen, is_alike),
        };
    };
    if here.is_some_and(|folder| folder.id == Some(mark.id)) {
        return Whereabouts::Here;
    }
    let is_very = |folder: &Seen| folder.inode.as_ref() == Some(&mark.inode);
    // It may have come back without its id, from a backup that leaves out hidden files.
    if here.filter(is_free).is_some_and(|folder| is_very(folder) || is_alike(channel.name, channel.name)) {
        return Whereabouts::Here;
    }
    // Whoever has removed the id has not moved the folder.
    let very = names_of(seen, |folder| is_very(folder) && folder.id.is_none_or(|id| id == mark.id));
    if let [name] = very.as_slice() {
        return Whereabouts::Renamed(name.clone());
    }
    match names_of(seen, |folder| folder.id == Some(mark.id)) {
        copies if !copies.is_empty() => Whereabouts::Unclear(copies),
        _ if here.is_some() => Whereabouts::Replaced,
        _ => like(channel, known, seen, is_alike),
    }
}

/// The names of the folders of which this is true.
fn names_of(seen: &AllSeen, is_it: impl Fn(&Seen) -> bool) -> Vec<ChannelName> {
    seen.iter().filter(|(_, folder)| is_it(folder)).map(|(name, _)| name.clone()).collect()
}

/// A channel of which nothing is found for certain: folders without a channel in the book that hold what it had.
fn like(
    channel: Known<'_>,
    known: &[Known<'_>],
    seen: &AllSeen,
    is_alike: &impl Fn(&ChannelName, &ChannelName) -> bool,
) -> Whereabouts {
    let is_known = |name: &ChannelName| known.iter().any(|other| other.name == name);
    let is_any = |id: FolderId| known.iter().any(|other| other.mark.is_some_and(|mark| mark.id == id));
    let free = seen.iter().filter(|(name, folder)| !is_known(name) && !folder.id.is_some_and(is_any));
    let alike: Vec<ChannelName> =
        free.filter(|(name, _)| is_alike(channel.name, name)).map(|(name, _)| name.clone()).collect();
    if alike.is_empty() { Whereabouts::Gone } else { Whereabouts::Unclear(alike) }
}

/// Whether a folder is that of another channel, which was renamed.
fn is_anothers(folder: &Seen, channel: Known<'_>, known: &[Known<'_>], seen: &AllSeen) -> bool {
    let others = known.iter().filter(|other| other.name != channel.name);
    let has_its_id = |other: &&Known<'_>| other.mark.is_some_and(|mark| folder.id == Some(mark.id));
    others.filter(has_its_id).any(|other| seen.get(other.name).is_none_or(|its| its.id != folder.id))
}

impl Look {
    fn renamed(&self) -> BTreeMap<ChannelName, ChannelName> {
        let renamed = |(name, place): (&ChannelName, &Whereabouts)| match place {
            Whereabouts::Renamed(to) => Some((name.clone(), to.clone())),
            _ => None,
        };
        self.channels.iter().filter_map(renamed).collect()
    }

    /// The folders that have the names of their channels, with what the book remembers of them.
    fn here<'a>(&'a self, book: &'a Book) -> impl Iterator<Item = (&'a ChannelName, &'a Seen, Option<&'a FolderMark>)> {
        let is_here = move |channel: &Known<'_>| self.channels.get(channel.name) == Some(&Whereabouts::Here);
        let here = known(book).into_iter().filter(is_here);
        here.filter_map(|channel| Some((channel.name, self.seen.get(channel.name)?, channel.mark)))
    }

    /// Whether there is something to note in the book.
    fn is_news(&self, book: &Book) -> bool {
        !self.renamed().is_empty() || self.here(book).any(|(_, folder, mark)| differs(folder, mark))
    }

    /// Notes how the folders look that have the names of their channels: they may have come from a backup or another disk.
    fn note(&self, data: &Path, book: &mut Book) {
        let ids: BTreeSet<FolderId> =
            book.documents.iter().filter_map(|document| document.folder.as_ref()).map(|mark| mark.id).collect();
        let mut marks = BTreeMap::new();
        for (name, folder, mark) in self.here(book) {
            let (Some(mark), Some(inode)) = (mark, &folder.inode) else {
                continue;
            };
            let id = folder.id.filter(|id| !ids.contains(id)).unwrap_or(mark.id);
            if folder.id != Some(id)
                && let Err(error) = folder_id::write(&data.join(name.as_os_str()), id)
            {
                tracing::debug!(%error, "a channel's folder could not get its id");
            }
            marks.insert(name.clone(), FolderMark { id, inode: inode.clone() });
        }
        for document in &mut book.documents {
            if let Some(mark) = marks.get(&document.channel) {
                document.folder = Some(mark.clone());
            }
        }
    }

    fn warnings(&self, book: &Book) -> Vec<String> {
        let asked = self.channels.iter().filter_map(|(name, place)| match place {
            Whereabouts::Replaced => Some(replaced(name)),
            Whereabouts::Unclear(folders) => Some(unclear(name, folders)),
            _ => None,
        });
        let mut copies = Vec::new();
        for (name, _, mark) in self.here(book) {
            let strangers = self.seen.iter().filter(|(other, _)| !self.channels.contains_key(*other));
            let same = strangers.filter(|(_, folder)| mark.is_some_and(|mark| folder.id == Some(mark.id)));
            copies.extend(same.map(|(copy, _)| copied(copy, name)));
        }
        asked.chain(copies).collect()
    }
}

/// Whether a folder looks otherwise than it was seen last.
fn differs(folder: &Seen, mark: Option<&FolderMark>) -> bool {
    mark.is_none_or(|mark| (folder.id, folder.inode.as_ref()) != (Some(mark.id), Some(&mark.inode)))
}

fn unclear(channel: &ChannelName, folders: &[ChannelName]) -> String {
    let names: Vec<String> = folders.iter().map(|name| format!("`{name}`")).collect();
    let commands: Vec<String> = folders.iter().map(|name| shell::missive("rename", &[channel, name])).collect();
    format!(
        "there is no folder `{channel}` any more, and {} may be that channel, so nothing of it is synced; if so: {}",
        names.join(" or "),
        commands.join(" or ")
    )
}

fn copied(copy: &ChannelName, channel: &ChannelName) -> String {
    format!(
        "`{copy}` is a copy of the channel `{channel}`, and is not synced; to share it as a channel of its own: {}",
        shell::missive("share", &[copy])
    )
}

#[cfg(test)]
mod tests;

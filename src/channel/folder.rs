//! Finding, opening and making channels in a data folder.
//!
//! The kind of a channel follows from which boxes its folder holds; it is written down nowhere.

use std::io;
use std::path::{Path, PathBuf};

use crate::channel::error::Error;
use crate::channel::error::NoBox;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::fs::atomic_write;

/// A channel's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: ChannelName,
    /// Its folder, absolute.
    pub path: PathBuf,
    /// Its kind.
    pub kind: Kind,
}

impl Channel {
    /// Opens the channel in the folder `path`.
    ///
    /// # Errors
    /// [`Error::NotABox`] when what has a box's name is none; [`Error::NotAChannel`] when it holds neither box;
    /// [`Error::Name`] when it is hidden; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let path = fs_err::canonicalize(path)?;
        if let Some(error) = no_box(&path) {
            return Err(error);
        }
        let name = path.file_name().unwrap_or_default();
        let name = ChannelName::parse(name).ok_or_else(|| Error::Name { name: name.to_string_lossy().into_owned() })?;
        let kind = kind_of(&path).ok_or_else(|| Error::NotAChannel { path: path.clone() })?;
        Ok(Self { name, path, kind })
    }

    /// Makes a channel of this kind with an empty profile but for its id and title.
    ///
    /// The boxes appear in one step: the folder is made ready under a hidden name and renamed.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is something of that name; [`Error::Io`].
    pub fn make(data: &Path, name: &ChannelName, kind: Kind, profile: &Profile) -> Result<Self, Error> {
        let path = data.join(name.as_os_str());
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path });
        }
        fs_err::create_dir_all(data)?;
        atomic_write::sweep(data);
        let temporary = atomic_write::temporary_beside(&path);
        let made = fill(&temporary, kind, profile).and_then(|()| Ok(fs_err::rename(&temporary, &path)?));
        if let Err(error) = made {
            // What stays behind is hidden, and swept later.
            let _ = fs_err::remove_dir_all(&temporary);
            return Err(error);
        }
        Self::open(&path)
    }

    /// The folder of one's own messages.
    ///
    /// # Errors
    /// [`Error::OnlyListens`] when there is none; [`Error::NotABox`] when it is no folder.
    pub fn outbox(&self) -> Result<PathBuf, Error> {
        let outbox = self.path.join(Side::Outbox.name());
        match outbox.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => Ok(outbox),
            // Unless it became a folder just now.
            Ok(_) => Self::open(&self.path).map(|_| outbox),
            Err(_) => Err(Error::OnlyListens { name: self.name.to_string() }),
        }
    }

    /// Takes away a channel that nothing was put into since it was made; tells whether it is gone.
    ///
    /// # Errors
    /// As the system says.
    pub fn unmake(&self) -> io::Result<bool> {
        if !is_as_made(&self.path)? {
            return Ok(false);
        }
        // Under a hidden name nobody puts anything into it, and what came at the last moment is seen.
        let hidden = atomic_write::temporary_beside(&self.path);
        fs_err::rename(&self.path, &hidden)?;
        if !is_as_made(&hidden)? {
            fs_err::rename(&hidden, &self.path)?;
            return Ok(false);
        }
        fs_err::remove_dir_all(&hidden)?;
        Ok(true)
    }
}

/// A channel that was made a moment ago. It is taken away again unless it is kept: what failed leaves nothing behind.
#[derive(Debug)]
#[must_use]
pub struct NewChannel {
    channel: Option<Channel>,
}

impl NewChannel {
    /// Makes a channel as [`Channel::make`] does.
    ///
    /// # Errors
    /// As [`Channel::make`].
    pub fn new(data: &Path, name: &ChannelName, kind: Kind, profile: &Profile) -> Result<Self, Error> {
        Ok(Self { channel: Some(Channel::make(data, name, kind, profile)?) })
    }

    /// Keeps it.
    pub fn keep(mut self) {
        self.channel = None;
    }
}

impl Drop for NewChannel {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            // A folder that cannot be taken away is an empty channel, which harms nobody.
            drop(channel.unmake());
        }
    }
}

/// Whether a channel's folder holds nothing but its id and boxes, and they nothing but a profile.
fn is_as_made(path: &Path) -> io::Result<bool> {
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == layout::FOLDER_ID_FILE {
            continue;
        }
        let is_box = Side::BOTH.iter().any(|side| entry.file_name() == side.name()) && entry.file_type()?.is_dir();
        if !is_box {
            return Ok(false);
        }
        for file in fs_err::read_dir(entry.path())? {
            let name = file?.file_name();
            if name != layout::PROFILE_FILE && name != layout::AUTHORS_FILE {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn fill(folder: &Path, kind: Kind, profile: &Profile) -> Result<(), Error> {
    fs_err::create_dir(folder)?;
    if kind != Kind::Broadcast {
        fs_err::create_dir(folder.join(Side::Inbox.name()))?;
    }
    if kind != Kind::Subscription {
        let outbox = folder.join(Side::Outbox.name());
        fs_err::create_dir(&outbox)?;
        // One that says nothing is no file: it comes with the messages of those who have made the channel.
        if *profile != Profile::default() {
            let text = toml::to_string(profile).map_err(io::Error::other)?;
            atomic_write::create(&outbox.join(layout::PROFILE_FILE), text.as_bytes())?;
        }
    }
    Ok(())
}

/// Which kind of channel a folder is; `None` when it has neither box. A link is no box.
fn kind_of(path: &Path) -> Option<Kind> {
    let has = |side: Side| path.join(side.name()).symlink_metadata().is_ok_and(|meta| meta.is_dir());
    match (has(Side::Inbox), has(Side::Outbox)) {
        (true, true) => Some(Kind::Message),
        (false, true) => Some(Kind::Broadcast),
        (true, false) => Some(Kind::Subscription),
        (false, false) => None,
    }
}

/// What is wrong in a channel's folder where something of a box's name is no folder. Nobody who reads or writes is then shown
/// half of a channel as if it were all of it.
fn no_box(path: &Path) -> Option<Error> {
    Side::BOTH.into_iter().find_map(|side| {
        let kind = path.join(side.name()).symlink_metadata().ok()?.file_type();
        let what = match () {
            () if kind.is_dir() => return None,
            () if kind.is_symlink() => NoBox::Link,
            () => NoBox::Other,
        };
        Some(Error::NotABox { folder: path.to_owned(), side, what })
    })
}

/// The folders of a data folder that would be channels, or whole ones, if what has a box's name were a folder; in the order of
/// their names. Where the folder cannot be listed there are none.
pub fn with_no_box(data: &Path) -> Vec<Error> {
    let entries = fs_err::read_dir(data).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| ChannelName::parse(&entry.file_name()).is_some())
        .filter_map(|entry| Some((entry.file_name(), no_box(&entry.path())?)))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.into_iter().map(|(_, error)| error).collect()
}

/// Every channel in a data folder, by name. A data folder that does not exist holds none.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be listed.
pub fn discover(data: &Path) -> Result<Vec<Channel>, Error> {
    let entries = match fs_err::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut channels = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if let (Some(name), Some(kind)) = (ChannelName::parse(&entry.file_name()), kind_of(&path)) {
            channels.push(Channel { name, path, kind });
        }
    }
    channels.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(channels)
}

/// Opens the channel of this name in a data folder.
///
/// # Errors
/// [`Error::NoSuchChannel`] with the nearest name; else as [`Channel::open`].
pub fn named(data: &Path, name: &ChannelName) -> Result<Channel, Error> {
    let path = data.join(name.as_os_str());
    if path.is_dir() {
        return Channel::open(&path);
    }
    let wanted = name.to_string();
    let nearest = discover(data)?
        .into_iter()
        .map(|channel| channel.name.to_string())
        .max_by(|a, b| strsim::jaro_winkler(&wanted, a).total_cmp(&strsim::jaro_winkler(&wanted, b)))
        .filter(|near| strsim::jaro_winkler(&wanted, near) > 0.75);
    Err(Error::NoSuchChannel { name: wanted, folder: data.to_owned(), nearest })
}

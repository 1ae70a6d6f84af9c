//! The data folder, as far as channels come into it and leave it.
//!
//! Some of its folders are channels, and others may become ones. No box is looked into.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::daemon::cycle::ChannelCycle;
use crate::watch::{Scope, Touched, WatchedPlace};

/// Makes what is remembered of a channel.
type Make<'a> = Box<dyn Fn(Channel) -> ChannelCycle<'a> + Send + 'a>;

/// The data folder.
pub(super) struct DataFolder<'a> {
    path: PathBuf,
    make: Make<'a>,
    /// The folder with links resolved.
    real: PathBuf,
    /// The folders in it that are no channels.
    others: Vec<PathBuf>,
}

impl<'a> DataFolder<'a> {
    pub(super) fn new(path: PathBuf, make: Make<'a>) -> Self {
        Self { real: real(&path), path, make, others: Vec::new() }
    }

    /// Its path, as it was given.
    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    pub(super) fn make(&self, channel: Channel) -> ChannelCycle<'a> {
        (self.make)(channel)
    }

    /// The channels that are in it now, by the names that they have there.
    ///
    /// # Errors
    /// As the system says; a folder that is not there holds none.
    pub(super) fn look(&mut self) -> io::Result<BTreeMap<ChannelName, Channel>> {
        self.real = real(&self.path);
        let entries = match fs_err::read_dir(&self.real) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        self.others.clear();
        let mut channels = BTreeMap::new();
        for entry in entries {
            let (path, name) = (entry.path(), ChannelName::parse(&entry.file_name()));
            match (name, Channel::open(&path)) {
                (Some(name), Ok(channel)) => drop(channels.insert(name.clone(), Channel { name, ..channel })),
                (Some(_), Err(_)) if path.is_dir() => self.others.push(real(&path)),
                _ => {}
            }
        }
        self.others.sort();
        Ok(channels)
    }

    /// Where it is noticed that a channel comes or goes. A folder becomes a channel when it gets a box.
    pub(super) fn places(&self) -> Vec<WatchedPlace> {
        const BOXES: &[&str] = &[Side::Inbox.name(), Side::Outbox.name()];
        let other = |path: &PathBuf| WatchedPlace { path: path.clone(), scope: Scope::Names(BOXES) };
        let own = WatchedPlace { path: self.real.clone(), scope: Scope::Children };
        [own].into_iter().chain(self.others.iter().map(other)).collect()
    }

    /// Whether a channel may have come or gone.
    pub(super) fn is_concerned(&self, touched: &Touched) -> bool {
        let concerns = |path: &PathBuf| {
            let above = path.parent();
            *path == self.real || above == Some(&*self.real) || above.is_some_and(|above| self.is_other(above))
        };
        match touched {
            Touched::Everything => true,
            Touched::Paths(paths) => paths.iter().any(concerns),
        }
    }

    fn is_other(&self, path: &Path) -> bool {
        self.others.binary_search_by(|other| other.as_path().cmp(path)).is_ok()
    }
}

/// A place is watched where it lies, and a link to it is not followed.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

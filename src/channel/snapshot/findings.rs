//! What a look finds besides the messages to show: closed boxes, files that are not shown, messages that are held.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;

use crate::channel::error::NoBox;
use crate::channel::folder::Channel;
use crate::channel::protocol::classify::{Reason, leading_stamp};
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::listing::HiddenName;
use crate::channel::snapshot::look_options::LookOptions;
use crate::fs::confined::Folder;

/// The state of one box.
#[derive(Debug)]
pub enum BoxState {
    /// It is there and was read.
    Open(Folder),
    /// There is no such folder.
    Missing,
    /// It is there and cannot be read; what the system said.
    Unreadable(String),
}

impl BoxState {
    /// Opens a box for a look, unless the look is into the other one only.
    pub(super) fn open(channel: &Channel, side: Side, look: LookOptions) -> Self {
        if look.only.is_some_and(|only| only != side) {
            return Self::Missing;
        }
        let path = channel.path.join(side.name());
        match Folder::open(&path) {
            Ok(folder) => Self::Open(folder),
            Err(_) if path.is_symlink() => Self::Unreadable(format!("it is {}", NoBox::Link)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Missing,
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

/// A file that is not shown, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Hidden {
    /// Which box it is in.
    pub side: Side,
    /// Its path relative to the box.
    pub path: PathBuf,
    /// Why it is not shown.
    #[serde(flatten)]
    pub reason: Reason,
    /// Whether its owner may have meant it to be shown, so that it counts as a warning.
    pub warning: bool,
}

/// A message that is not to be shown now.
#[derive(Clone, Debug)]
pub struct Held {
    /// The message.
    pub card: Arc<Card>,
    /// Why.
    pub reason: Reason,
    /// When it is to be looked at again, in seconds since 1970; a draft waits for its author.
    pub until: Option<i64>,
}

impl Hidden {
    /// The message that it belongs to by its name, if it belongs to one.
    fn message(&self) -> Option<Stamp> {
        let first = self.path.components().next()?;
        leading_stamp(first.as_os_str().as_bytes())
    }

    /// The path relative to the channel, as people write it: `inbox/…`.
    pub fn in_channel(&self) -> PathBuf {
        Path::new(self.side.name()).join(&self.path)
    }
}

/// What a look found besides messages to show and messages that wait.
#[derive(Debug, Default)]
pub struct Findings {
    /// What messages lack, whether they are held for it or not any more.
    pub missing: HashMap<(Side, Stamp), Missing>,
    /// Messages whose text cannot be read now; their last known card is shown if there is one.
    pub unreadable: HashSet<(Side, Stamp)>,
    /// Every file that is not shown.
    pub hidden: Vec<Hidden>,
    /// What is wrong with messages that are shown all the same.
    pub problems: Vec<(Side, Stamp, String)>,
}

impl Findings {
    /// How many of them count as a warning.
    pub(super) fn warnings(&self) -> usize {
        self.hidden.iter().filter(|hidden| hidden.warning).count() + self.problems.len()
    }

    /// How many files are not shown for this reason.
    pub fn count(&self, reason: &Reason) -> usize {
        self.hidden.iter().filter(|hidden| hidden.reason == *reason).count()
    }

    /// The messages of which a sync tool is still receiving a part.
    pub(super) fn arriving(&self) -> HashSet<(Side, Stamp)> {
        let arriving = self.hidden.iter().filter(|hidden| hidden.reason == Reason::Arriving);
        arriving.filter_map(|hidden| Some((hidden.side, hidden.message()?))).collect()
    }

    pub(super) fn hide(&mut self, side: Side, path: PathBuf, reason: Reason, warning: bool) {
        self.hidden.push(Hidden { side, path, reason, warning });
    }

    pub(super) fn hide_all(&mut self, side: Side, hidden: impl IntoIterator<Item = HiddenName>) {
        self.hidden.extend(hidden.into_iter().map(|(path, reason, warning)| Hidden { side, path, reason, warning }));
    }

    /// Puts what people read into an order that does not depend on the disk.
    pub(super) fn order(&mut self) {
        self.hidden.sort_by(|a, b| (a.side, &a.path).cmp(&(b.side, &b.path)));
        self.problems.sort_by_key(|(side, stamp, _)| (*side, *stamp));
    }
}

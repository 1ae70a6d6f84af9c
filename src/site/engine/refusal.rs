//! Where a build is refused: before it begins, or before it changes anything.
//!
//! The reasons are an output that is something else already, a box that has lost all its messages, a profile of one's own that
//! is there and says nothing, and a file that is somebody else's.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::channel::Channel;
use crate::channel::protocol::classify::{Found, classify};
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Problem;
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::fs::confined::{Folder, Kind};
use crate::markdown::Trust;

use crate::site::engine::manifest;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::stage::is_same;
use crate::site::error::SiteError;

/// The folders of a channel that hold what a site must not be written among.
const KEPT: [&str; 5] =
    [Side::Inbox.name(), Side::Outbox.name(), layout::DRAFTS_FOLDER, layout::TRASH_FOLDER, layout::THEME_FOLDER];

/// What tells a folder from every other one, whatever it is called: two names may lead to one folder by a mount, or
/// because case does not count there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn from_folder(folder: &Path) -> Option<Self> {
        folder.metadata().ok().filter(std::fs::Metadata::is_dir).map(|meta| Self(meta.dev(), meta.ino()))
    }

    /// That of a folder in a channel, where a link is none.
    fn within(channel: &Path, name: &str) -> Option<Self> {
        let meta = channel.join(name).symlink_metadata().ok().filter(std::fs::Metadata::is_dir)?;
        Some(Self(meta.dev(), meta.ino()))
    }
}

/// Refuses an output that holds this channel, lies in one of its folders that are kept for something else, or lies in
/// another channel or among keys.
pub(crate) fn a_channel(channel: &Channel, output: &Path) -> Result<(), SiteError> {
    let there = Identity::from_folder(output);
    if there.is_some() && channel.path.ancestors().any(|above| Identity::from_folder(above) == there) {
        return refused(output, "it contains the channel");
    }
    let own = Identity::from_folder(&channel.path);
    let kept = KEPT.map(|name| (name, Identity::within(&channel.path, name)));
    // The data folder need not be among the folders above an output: that one may be mounted elsewhere.
    let state = channel.path.parent().and_then(|data| Identity::within(data, layout::STATE_FOLDER));
    for above in output.ancestors() {
        let Some(here) = Identity::from_folder(above).map(Some) else {
            continue;
        };
        let taken = kept.iter().find(|(name, folder)| *folder == here || own == here && is_called(output, above, name));
        if let Some((name, _)) = taken {
            return refused(output, &format!("it is the channel's `{name}`, or inside it"));
        }
        if state == here {
            return refused(output, "it contains missive's keys");
        }
        if own == here {
            // Whatever lies above the channel holds it, and its own folders were looked at below it.
            return Ok(());
        }
    }
    elsewhere(output)
}

/// Whether a path leads through the name `name` in the folder `above`, which need not be there yet.
fn is_called(path: &Path, above: &Path, name: &str) -> bool {
    let first = path.strip_prefix(above).ok().and_then(|below| below.components().next());
    first.is_some_and(|first| first.as_os_str().eq_ignore_ascii_case(name))
}

/// Refuses an output that lies in any channel or among keys, or is a folder that holds channels.
pub(crate) fn elsewhere(output: &Path) -> Result<(), SiteError> {
    for above in output.ancestors() {
        if above.file_name().is_some_and(|name| name == layout::STATE_FOLDER) {
            return refused(output, "it contains missive's keys");
        }
        if let Some(name) = channel_at(above) {
            return refused(output, &format!("it is the channel `{name}`, or inside it"));
        }
        if let Some(side) = box_at(above) {
            return refused(output, &format!("it is an `{side}`, or inside one"));
        }
    }
    if output.join(layout::STATE_FOLDER).is_dir() {
        return refused(output, "it is a data folder");
    }
    // A site has folders by the thousand, and was no data folder when its manifest was made.
    if is_site(output) {
        return Ok(());
    }
    let inside = std::fs::read_dir(output).into_iter().flatten().flatten();
    match inside.filter_map(|entry| channel_at(&entry.path())).min() {
        Some(name) => refused(output, &format!("it contains the channel `{name}`")),
        None => Ok(()),
    }
}

/// The name of the channel that a folder is, and no site. That a folder has one called `inbox` is not enough: so has many a
/// home.
fn channel_at(folder: &Path) -> Option<ChannelName> {
    let name = ChannelName::parse(folder.file_name()?)?;
    let boxes = Side::BOTH.map(|side| Identity::within(folder, side.name()).map(|_| folder.join(side.name())));
    let mut boxes = boxes.into_iter().flatten().peekable();
    boxes.peek()?;
    let is_among_channels = || folder.parent().is_some_and(|data| data.join(layout::STATE_FOLDER).is_dir());
    ((is_among_channels() || boxes.any(|folder| is_in_use(&folder))) && !is_site(folder)).then_some(name)
}

/// Whether a box holds a profile or a message, by its first files: it may be any folder, of any size.
fn is_in_use(folder: &Path) -> bool {
    const MANY: usize = 1_000;
    let is_message = |name: &OsStr| matches!(classify(name, Kind::File), Found::Text(_));
    let mut names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).take(MANY);
    folder.join(layout::PROFILE_FILE).symlink_metadata().is_ok() || names.any(|name| is_message(&name))
}

/// The box that a folder is by its name, in whatever may become a channel.
fn box_at(folder: &Path) -> Option<Side> {
    let side = Side::from_name(folder.file_name()?)?;
    let above = folder.parent()?;
    ChannelName::parse(above.file_name()?)?;
    (Identity::within(above, side.name()).is_some() && !is_site(above)).then_some(side)
}

/// Whether a folder is a site: that of a conversation has folders of the boxes' names.
fn is_site(folder: &Path) -> bool {
    folder.join(manifest::FILE_NAME).symlink_metadata().is_ok()
}

fn refused(output: &Path, what: &str) -> Result<(), SiteError> {
    Err(SiteError::OutputIsBox { path: output.to_owned(), what: what.to_owned() })
}

/// A box that had messages and has none now is a mistake until somebody says otherwise.
///
/// `only` is the one box that is looked at, if it is not both.
pub(crate) fn emptying(snapshot: &Snapshot, only: Option<Side>, manifest: &Manifest) -> Result<(), SiteError> {
    for (side, had) in Side::BOTH.into_iter().zip(manifest.messages) {
        let looked_at = only.is_none_or(|only| only == side);
        let has = snapshot.all.iter().any(|card| card.side == side);
        if had == 0 || has || !looked_at {
            continue;
        }
        let state = match &snapshot.seen_box(side).state {
            BoxState::Open(_) => "is empty".to_owned(),
            BoxState::Missing => "is not there".to_owned(),
            BoxState::Unreadable(error) => format!("cannot be read ({error})"),
        };
        return Err(SiteError::BoxIsEmpty { side, messages: had, state });
    }
    Ok(())
}

/// Every id in the feeds follows from one's own profile, so one that is there and cannot be read must not count as none.
/// Where it is somebody else's, in an inbox or in an outbox that others own, the last good one counts: it never keeps
/// anything from being built.
pub(crate) fn a_lost_profile(snapshot: &Snapshot) -> Result<(), SiteError> {
    match &snapshot.outbox.profile_problem {
        Some(problem) if snapshot.box_trust(Side::Outbox).of_profile() == Trust::Own => {
            let path = snapshot.channel.path.join(Side::Outbox.name()).join(layout::PROFILE_FILE);
            Err(SiteError::Profile { path, problem: Problem::clone(problem) })
        }
        _ => Ok(()),
    }
}

/// Nothing that somebody else put into the output is overwritten: only what the manifest names is ours. Each file comes
/// with what it will say, if that is known before it is made. What is no folder where one is needed is refused whatever
/// the manifest says: it is never written through.
pub(crate) fn overwriting<'p>(
    folder: &OutputFolder<'_>,
    force: bool,
    previous: &PreviousOutput,
    written: impl Iterator<Item = (&'p OutPath, Option<&'p [u8]>)>,
) -> Result<(), SiteError> {
    let Some(output) = folder.folder() else {
        return Ok(());
    };
    let check = Check { folder, output, previous, takes_over: force || previous.manifest.lossy };
    let mut looked_at = HashSet::new();
    for (file, bytes) in written {
        let path = file.as_path();
        let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).collect();
        above.reverse();
        let mut is_there = true;
        for above in above {
            if is_there && !check.is_ours(above) && looked_at.insert(above) {
                is_there = check.is_folder(above)?;
            }
        }
        if !check.is_ours(path) || previous.found.gone.contains(file) {
            check.file(path, bytes)?;
        }
    }
    Ok(())
}

/// What is looked at before an output is changed.
struct Check<'a> {
    folder: &'a OutputFolder<'a>,
    output: &'a Folder,
    previous: &'a PreviousOutput,
    /// Whether other files of the output may be overwritten.
    takes_over: bool,
}

impl Check<'_> {
    fn is_ours(&self, path: &Path) -> bool {
        path.to_str().and_then(OutPath::new).is_some_and(|path| self.previous.manifest.entries.contains_key(&path))
    }

    /// Refuses what is no folder; tells whether anything is there.
    fn is_folder(&self, path: &Path) -> Result<bool, SiteError> {
        match self.output.stat(path).map(|stat| stat.kind) {
            Ok(Kind::Folder) => Ok(true),
            Ok(Kind::File) => Err(SiteError::InTheWay { path: self.folder.at(path) }),
            Ok(kind) => Err(SiteError::Foreign { path: self.folder.at(path), kind }),
            Err(_) => Ok(false),
        }
    }

    /// Refuses what is in a file's place and must not be replaced.
    fn file(&self, path: &Path, bytes: Option<&[u8]>) -> Result<(), SiteError> {
        let Ok(stat) = self.output.stat(path) else {
            return Ok(());
        };
        let gives_way = match stat.kind {
            Kind::Folder => holds_only(self.output, path, &|path| self.is_ours(path)).unwrap_or(false),
            // What is there already with the same bytes is nobody's loss.
            Kind::File => self.may_replace(path) || bytes.is_some_and(|bytes| is_same(self.output, path, bytes)),
            Kind::Link | Kind::Other => self.may_replace(path),
        };
        let path = self.folder.at(path);
        match stat.kind {
            _ if gives_way => Ok(()),
            Kind::Link | Kind::Other => Err(SiteError::Foreign { path, kind: stat.kind }),
            Kind::File | Kind::Folder => Err(SiteError::InTheWay { path }),
        }
    }

    fn may_replace(&self, path: &Path) -> bool {
        self.takes_over || self.is_ours(path)
    }
}

/// Whether everything in a folder that gives way to a file is ours.
fn holds_only(output: &Folder, folder: &Path, ours: &dyn Fn(&Path) -> bool) -> io::Result<bool> {
    for (name, kind) in output.child(folder)?.list()? {
        let path = folder.join(name);
        let is_ours = if kind == Kind::Folder { holds_only(output, &path, ours)? } else { ours(&path) };
        if !is_ours {
            return Ok(false);
        }
    }
    Ok(true)
}

//! When a build must not begin, or must not go on.
//!
//! Owns the refusals: an output that is a box, a box that has lost all its messages, a profile that is there and says
//! nothing, a file that is somebody else's.

use std::collections::HashSet;
use std::path::Path;

use walkdir::WalkDir;

use crate::channel::Channel;
use crate::channel::entry::Side;
use crate::channel::profile::{self, Problem};
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::markdown::Trust;

use super::Error;
use super::before::Before;
use super::build::Request;
use super::manifest::Manifest;
use super::out_path::OutPath;
use super::publish::is_same;

/// Refuses an output that is a box, holds one or lies in one, of this channel or any other.
pub(super) fn a_box(channel: &Channel, output: &Path) -> Result<(), Error> {
    if channel.path.starts_with(output) {
        return Err(Error::OutputIsBox { path: output.to_owned() });
    }
    within_a_box(output)
}

/// Refuses an output that is a box of any channel, or lies in one.
pub(super) fn within_a_box(output: &Path) -> Result<(), Error> {
    let is_box = |path: &Path| {
        Side::BOTH.iter().any(|side| path.file_name() == Some(side.name().as_ref()))
            && path.parent().is_some_and(|parent| Channel::open(parent).is_ok())
    };
    if output.ancestors().any(is_box) {
        return Err(Error::OutputIsBox { path: output.to_owned() });
    }
    Ok(())
}

/// A box that had messages and has none now is a mistake until somebody says otherwise.
pub(super) fn emptying(request: &Request<'_>, manifest: &Manifest) -> Result<(), Error> {
    if request.manner.allow_empty {
        return Ok(());
    }
    for (side, had) in Side::BOTH.into_iter().zip(manifest.messages) {
        let looked_at = request.options.only.is_none_or(|only| only == side);
        let has = request.snapshot.all.iter().any(|card| card.side == side);
        if had == 0 || has || !looked_at {
            continue;
        }
        let state = match request.snapshot.side(side) {
            BoxState::Open(_) => "is empty".to_owned(),
            BoxState::Missing => "is not there".to_owned(),
            BoxState::Unreadable(error) => format!("cannot be read ({error})"),
        };
        return Err(Error::BoxIsEmpty { side, messages: had, state });
    }
    Ok(())
}

/// Every id in the feeds follows from the profile, so one that cannot be read now must not count as none. One of the wrong
/// form is a mistake to be mended where it is one's own; where it is somebody else's, the last good one counts.
pub(super) fn a_lost_profile(snapshot: &Snapshot) -> Result<(), Error> {
    for (side, problem) in Side::BOTH.into_iter().zip(&snapshot.profile_problems) {
        match problem {
            Some(Problem::Form(_)) if snapshot.box_trust(side).of_profile() == Trust::Theirs => {}
            Some(problem) => {
                let path = snapshot.channel.path.join(side.name()).join(profile::FILE_NAME);
                return Err(Error::Profile { path, problem: problem.clone() });
            }
            None => {}
        }
    }
    Ok(())
}

/// Nothing that somebody else put into the output is overwritten: only what the manifest names is ours. Each file comes
/// with what it will say, if that is known before it is made.
pub(super) fn overwriting<'p>(
    output: &Path,
    force: bool,
    before: &Before,
    written: impl Iterator<Item = (&'p OutPath, Option<&'p [u8]>)>,
) -> Result<(), Error> {
    if force || before.manifest.lossy || before.fresh {
        return Ok(());
    }
    let ours = |path: &Path| {
        path.to_str().and_then(OutPath::new).is_some_and(|path| before.manifest.entries.contains_key(&path))
    };
    let mut looked_at = HashSet::new();
    for (file, bytes) in written.filter(|(file, _)| !ours(file.as_path())) {
        for (depth, path) in file.as_path().ancestors().enumerate() {
            if path.as_os_str().is_empty() || ours(path) || !looked_at.insert(path.to_owned()) {
                continue;
            }
            let there = output.join(path);
            let Ok(meta) = there.symlink_metadata() else {
                continue;
            };
            let folder = meta.is_dir();
            let harmless = if depth > 0 { folder } else { folder && holds_only_ours(&there, path, &ours) };
            // What is there already with the same bytes is nobody's loss.
            if !harmless && !bytes.is_some_and(|bytes| is_same(&there, bytes)) {
                return Err(Error::InTheWay { path: there });
            }
        }
    }
    Ok(())
}

/// Whether everything in a folder that gives way to a file is ours.
fn holds_only_ours(folder: &Path, relative: &Path, ours: &dyn Fn(&Path) -> bool) -> bool {
    WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| !entry.file_type().is_dir())
        .all(|entry| entry.path().strip_prefix(folder).is_ok_and(|inside| ours(&relative.join(inside))))
}

//! Changes as a scan finds them, where the system does not report them.
//!
//! Each scan is compared with the one before, by equality and never by which is newer. It reads no file and follows no link.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use walkdir::WalkDir;

use crate::difference::{Difference, difference};
use crate::watch::touched_paths::Touched;
use crate::watch::watched_place::{Scope, WatchedPlace};

/// The shortest time between two scans; tests are not kept waiting.
const MIN_INTERVAL: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 500 });
/// The pause after a scan is so many times as long as the scan: one part in twenty of a processor at most.
const REST_FACTOR: u32 = 20;

/// What is seen of an entry.
///
/// No inode: some network file systems give a file another one at every look.
#[derive(Clone, Copy, Debug)]
struct Trace {
    /// Its type and rights.
    mode: u32,
    /// When it was modified, in seconds and nanoseconds.
    modified: (i64, i64),
    /// Its length; none for a folder.
    len: Option<u64>,
}

impl Trace {
    /// A folder is modified whenever an entry of it comes or goes, and that is noticed at the entry.
    fn is_same(self, other: Self) -> bool {
        let modified = self.len.is_none() || self.modified == other.modified;
        modified && (self.mode, self.len) == (other.mode, other.len)
    }
}

type Traces = BTreeMap<PathBuf, Trace>;

/// Looks at places and compares.
#[derive(Debug, Default)]
pub(super) struct PollingWatcher {
    seen: Vec<(WatchedPlace, Traces)>,
    /// What the caller was told to look at since our last look.
    told: Touched,
    look_at: Option<Instant>,
}

impl PollingWatcher {
    /// Sets the places. Those that were there keep what they looked like, so that nothing between two looks is missed.
    pub(super) fn set_places(&mut self, places: &[WatchedPlace], stopped: &dyn Fn() -> bool) {
        let start = Instant::now();
        let mut before = std::mem::take(&mut self.seen);
        for place in places {
            if let Some(kept) = before.iter().position(|(old, _)| old == place) {
                self.seen.push(before.swap_remove(kept));
            } else if let Some(traces) = traces(place, stopped) {
                self.seen.push((place.clone(), traces));
                // The caller looks at what is new to it.
                self.told.merge(Touched::from(place.path.clone()));
            }
        }
        self.rest_since(start);
    }

    /// Takes note of what the caller was told to look at.
    pub(super) fn tell(&mut self, touched: &Touched) {
        self.told.merge(touched.clone());
    }

    /// When to look next.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Looks at every place and gives what differs from last time.
    pub(super) fn look(&mut self, stopped: &dyn Fn() -> bool) -> Touched {
        let start = Instant::now();
        let mut touched = Touched::default();
        for (place, before) in &mut self.seen {
            let Some(now) = traces(place, stopped) else {
                break;
            };
            touched.merge(compare(&place.path, before, &now));
            if place.scope == Scope::Tree {
                touched.merge(between(&self.told, before, &now));
            }
            *before = now;
        }
        self.told = Touched::default();
        self.rest_since(start);
        touched
    }

    fn rest_since(&mut self, start: Instant) {
        let now = Instant::now();
        let next = now.checked_add(rest(now.saturating_duration_since(start)));
        // A short look at one more place does not cut short the rest after a long one.
        self.look_at = self.look_at.max(next);
    }
}

/// How long to rest after a look that took so long.
fn rest(took: Duration) -> Duration {
    took.saturating_mul(REST_FACTOR).max(MIN_INTERVAL)
}

/// Gives what differs; all of the place, when it came or went itself.
fn compare(place: &Path, before: &Traces, now: &Traces) -> Touched {
    if before.contains_key(place) != now.contains_key(place) {
        return Touched::from(place.to_owned());
    }
    let differing = difference(now, before, |now, before| now.is_same(**before)).map(|difference| match difference {
        Difference::Missing(path, _) | Difference::Differing(path, _, _) | Difference::Surplus(path, _) => path.clone(),
    });
    let mut touched = Touched::default();
    touched.merge(Touched::Paths(differing.collect()));
    touched
}

/// Gives what the caller may have seen between two looks of ours and is no more.
///
/// What comes after one look and goes before the next differs in neither, but its folder was modified. It matters only
/// where the caller looked meanwhile, which it did where it was told to.
fn between(told: &Touched, before: &Traces, now: &Traces) -> Touched {
    let mut again = Touched::default();
    for (folder, trace) in now.iter().filter(|(_, trace)| trace.len.is_none()) {
        if before.get(folder).is_some_and(|before| before.modified == trace.modified) {
            continue;
        }
        again.merge(match told {
            Touched::Paths(paths) if !folder.ancestors().any(|above| paths.contains(above)) => {
                let below = paths.range(folder.clone()..).take_while(|path| path.starts_with(folder));
                Touched::Paths(below.filter(|path| path.parent() == Some(folder)).cloned().collect())
            }
            _ => Touched::from(folder.clone()),
        });
    }
    again
}

/// Looks at a place; nothing when it is no folder, `None` when it was told to stop.
fn traces(place: &WatchedPlace, stopped: &dyn Fn() -> bool) -> Option<Traces> {
    let Some(own) = place.path.symlink_metadata().ok().filter(Metadata::is_dir) else {
        return Some(Traces::new());
    };
    let mut traces = match place.scope {
        Scope::Tree => tree(&place.path, usize::MAX, stopped)?,
        Scope::Children => tree(&place.path, 1, stopped)?,
        Scope::Names(names) => {
            let paths = names.iter().map(|name| place.path.join(name));
            paths.filter_map(|path| path.symlink_metadata().ok().map(|metadata| (path, trace(&metadata)))).collect()
        }
    };
    traces.insert(place.path.clone(), trace(&own));
    Some(traces)
}

/// Looks at everything below a folder, down to a depth. What cannot be read is not there: the caller could not read it either.
fn tree(folder: &Path, depth: usize, stopped: &dyn Fn() -> bool) -> Option<Traces> {
    let mut traces = Traces::new();
    let walk = WalkDir::new(folder).min_depth(1).max_depth(depth).follow_root_links(false);
    for entry in walk.into_iter().filter_map(Result::ok) {
        if stopped() {
            return None;
        }
        if let Ok(metadata) = entry.metadata() {
            traces.insert(entry.into_path(), trace(&metadata));
        }
    }
    Some(traces)
}

fn trace(metadata: &Metadata) -> Trace {
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    Trace { mode: metadata.mode(), modified, len: (!metadata.is_dir()).then_some(metadata.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces_of(entries: &[(&str, u64)]) -> Traces {
        let entry = |(path, len): &(&str, u64)| {
            (PathBuf::from(path), Trace { mode: 0, modified: (0, 0), len: (*len > 0).then_some(*len) })
        };
        entries.iter().map(entry).collect()
    }

    fn paths<const N: usize>(paths: [&str; N]) -> Touched {
        Touched::Paths(paths.map(PathBuf::from).into())
    }

    #[test]
    fn what_is_new_other_or_gone_is_touched() {
        let before = traces_of(&[("/p", 0), ("/p/a", 1), ("/p/b", 1), ("/p/c", 1)]);
        let now = traces_of(&[("/p", 0), ("/p/a", 1), ("/p/b", 2), ("/p/d", 1)]);
        assert_eq!(compare(Path::new("/p"), &before, &now), paths(["/p/b", "/p/c", "/p/d"]));
    }

    #[test]
    fn what_came_and_went_unseen_is_told_where_the_caller_was_looking() {
        let before = traces_of(&[("/p", 0), ("/p/a", 0), ("/p/a/b", 0), ("/p/c", 0)]);
        let mut now = before.clone();
        for folder in ["/p", "/p/a/b"] {
            now.get_mut(Path::new(folder)).unwrap().modified = (1, 0);
        }
        assert_eq!(compare(Path::new("/p"), &before, &now), Touched::default());
        for (told, again) in [
            (Touched::default(), Touched::default()),
            (Touched::Everything, paths(["/p", "/p/a/b"])),
            (paths(["/p/a", "/q"]), paths(["/p/a", "/p/a/b"])),
            (paths(["/p/gone", "/p/gone/x"]), paths(["/p/gone"])),
            (paths(["/p/c", "/p/a/b/x"]), paths(["/p/c", "/p/a/b/x"])),
        ] {
            assert_eq!(between(&told, &before, &now), again, "{told:?}");
        }
    }

    #[test]
    fn a_place_that_comes_or_goes_is_all_of_it() {
        let (none, some) = (Traces::new(), traces_of(&[("/p", 0), ("/p/a", 1)]));
        assert_eq!(compare(Path::new("/p"), &none, &some), paths(["/p"]));
        assert_eq!(compare(Path::new("/p"), &some, &none), paths(["/p"]));
        assert_eq!(compare(Path::new("/p"), &none, &none), Touched::default());
    }

    #[test]
    fn looking_costs_one_part_in_twenty_at_most() {
        assert_eq!(rest(Duration::from_millis(1)), MIN_INTERVAL);
        assert_eq!(rest(Duration::from_millis(400)), Duration::from_secs(8));
    }
}

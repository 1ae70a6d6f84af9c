//! Changes as the system reports them (inotify, `FSEvents`).
//!
//! The system's watches stick to a folder, and a path can get another one: so they are compared with what lies at the path, and
//! repaired. Where the system does not report all changes, an error says so, and whoever asked polls instead.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::lock::{read, write};
use crate::watch::folder_identity::{Identity, identity};
use crate::watch::native_error::NativeError;
use crate::watch::pending_changes::{PendingChanges, WatchProblem};
use crate::watch::touched_paths::Touched;
use crate::watch::watched_place::{Scope, WatchedPlace};

/// How often a missing place is looked for, if no other watch would report that it comes.
const MISSING_PLACE_INTERVAL: Duration = Duration::from_secs(1);

/// The places by their paths as the system spells them. They may be many, so each is found by its path.
type Roots = HashMap<PathBuf, Vec<WatchedPlace>>;

/// The watch of one folder.
#[derive(Debug)]
struct FolderWatch {
    mode: RecursiveMode,
    /// The folder that is watched, if one is.
    held: Option<Identity>,
    /// It was there and could not be watched, because it changed meanwhile.
    again: bool,
}

/// Watches places with what the system offers.
#[derive(Debug)]
pub(super) struct NativeWatcher {
    watcher: RecommendedWatcher,
    /// Shared with the thread that takes the reports.
    places: Arc<RwLock<Roots>>,
    folders: BTreeMap<PathBuf, FolderWatch>,
    look_at: Option<Instant>,
    /// `None` where there is no table of mounts; the rescan finds what it would have reported.
    #[cfg(target_os = "linux")]
    _mounts: Option<crate::watch::mount_table::Mounts>,
}

impl NativeWatcher {
    /// Starts to listen; what is reported goes to the pending changes.
    ///
    /// # Errors
    /// Why this system or process gets no reports.
    pub(super) fn new(pending: &Arc<PendingChanges>) -> Result<Self, NativeError> {
        let places: Arc<RwLock<Roots>> = Arc::default();
        let (told, to) = (Arc::clone(&places), Arc::clone(pending));
        let handler = move |event| notice(event, &read(&told), &to);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config)?;
        #[cfg(target_os = "linux")]
        let to = Arc::clone(pending);
        Ok(Self {
            watcher,
            places,
            folders: BTreeMap::new(),
            look_at: None,
            #[cfg(target_os = "linux")]
            _mounts: crate::watch::mount_table::Mounts::listen(move || to.note_problem(WatchProblem::Look)).ok(),
        })
    }

    /// Sets the places; the watches of those that were there are left alone.
    ///
    /// # Errors
    /// Why the changes of one of them would not be reported.
    pub(super) fn set_places(&mut self, places: &[WatchedPlace]) -> Result<(), NativeError> {
        let mut roots = Roots::new();
        let mut wanted: BTreeMap<PathBuf, RecursiveMode> = BTreeMap::new();
        for place in places {
            let root = root(place);
            let mode = if place.scope == Scope::Tree { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            wanted.insert(root.clone(), mode);
            roots.entry(root).or_default().push(place.clone());
        }
        *write(&self.places) = roots;
        let watcher = &mut self.watcher;
        self.folders.retain(|root, folder| {
            let kept = wanted.get(root) == Some(&folder.mode);
            if !kept {
                // It fails only where there is nothing to take away.
                let _ = watcher.unwatch(root);
            }
            kept
        });
        for (root, mode) in wanted {
            if !self.folders.contains_key(&root) {
                let mut folder = FolderWatch { mode, held: None, again: false };
                folder.take_hold(&root, &mut self.watcher)?;
                self.folders.insert(root, folder);
            }
        }
        self.plan_look();
        Ok(())
    }

    /// Looks whether every place is the folder that is watched, and watches it where not. Gives the places where it was
    /// not.
    ///
    /// # Errors
    /// Why changes are not reported any more.
    pub(super) fn repair(&mut self, problems: &BTreeSet<WatchProblem>) -> Result<Touched, NativeError> {
        // New folders may be among what was not reported, so every watch is made again.
        let lost = problems.contains(&WatchProblem::Lost);
        let mut amiss = if lost { Touched::Everything } else { Touched::default() };
        for (root, folder) in &mut self.folders {
            let broken = lost || problems.contains(&WatchProblem::Broken(root.clone()));
            if broken || identity(root) != folder.held {
                let held = folder.held.take().is_some();
                // It fails only where the watch went with its folder.
                let _ = self.watcher.unwatch(root);
                tracing::debug!(folder = %root.display(), was_watched = held, "watching again what lies at this path now");
                folder.take_hold(root, &mut self.watcher)?;
                if held || folder.held.is_some() {
                    let places = read(&self.places);
                    let places = places.get(root).into_iter().flatten();
                    amiss.merge(Touched::Paths(places.map(|place| place.path.clone()).collect()));
                }
            }
        }
        self.plan_look();
        Ok(amiss)
    }

    /// When to look for what is missing; `None` while all is watched, and then nothing ever wakes up.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Waits until all new folders that were told of so far are watched themselves.
    ///
    /// They are told of first and watched then. Whoever looks into one in between would miss what comes into it after
    /// the look and before the watch.
    pub(super) fn catch_up(&mut self) {
        // Requests are answered in order, after the events; this one is refused, as no path holds a NUL. Elsewhere it
        // is not needed, and would make the watch let go for a moment.
        if cfg!(target_os = "linux") {
            let _ = self.watcher.unwatch(Path::new("/\0"));
        }
    }

    fn plan_look(&mut self) {
        let places = read(&self.places);
        let unwatched = |(root, folder): (&PathBuf, &FolderWatch)| {
            folder.held.is_none() && (folder.again || !announced(root, &places, |above| self.is_held(above)))
        };
        let wanted = self.folders.iter().any(unwatched);
        drop(places);
        self.look_at = wanted.then(|| Instant::now() + MISSING_PLACE_INTERVAL);
    }

    fn is_held(&self, root: &Path) -> bool {
        self.folders.get(root).is_some_and(|folder| folder.held.is_some())
    }
}

impl FolderWatch {
    /// Watches the folder, if there is one. A folder that goes meanwhile is a missing one.
    fn take_hold(&mut self, root: &Path, watcher: &mut RecommendedWatcher) -> Result<(), NativeError> {
        // Asked before, so that another folder taking its place now is found by comparing.
        let found = identity(root);
        self.again = false;
        if found.is_none() {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        if let Some(kind) = crate::watch::unreliable_file_systems::unreliable(root) {
            return Err(NativeError::Unreliable { path: root.to_owned(), kind });
        }
        match watcher.watch(root, self.mode) {
            Ok(()) => self.held = found,
            Err(error) if is_not_found(&error) => {
                // Part of it may be watched, and what vanished may have been far below.
                let _ = watcher.unwatch(root);
                self.again = true;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Whether another place would tell of it if something appeared at `root`.
fn announced(root: &Path, places: &Roots, is_held: impl Fn(&Path) -> bool) -> bool {
    root.ancestors().skip(1).any(|above| {
        let below = root.strip_prefix(above).unwrap_or(root);
        places.get(above).is_some_and(|places| places.iter().any(|place| place.counts(below))) && is_held(above)
    })
}

/// macOS tells real paths, so the way to a place is resolved there; elsewhere a link on the way may yet change.
fn root(place: &WatchedPlace) -> PathBuf {
    let absolute = std::path::absolute(&place.path).unwrap_or_else(|_| place.path.clone());
    let real = match (absolute.parent(), absolute.file_name()) {
        (Some(above), Some(name)) if cfg!(target_os = "macos") => {
            above.canonicalize().ok().map(|above| above.join(name))
        }
        _ => None,
    };
    real.unwrap_or(absolute)
}

/// Takes in what the system reports.
fn notice(event: notify::Result<Event>, places: &Roots, pending: &PendingChanges) {
    match event {
        Err(error) if is_not_found(&error) => pending.note_problem(WatchProblem::Look),
        Err(error) => pending.fail(error.into()),
        Ok(event) if event.need_rescan() => pending.note_problem(WatchProblem::Lost),
        Ok(event) if is_change(event.kind) => {
            for path in event.paths {
                sift(&path, event.kind, places, pending);
            }
        }
        Ok(_) => {}
    }
}

/// Our own reading opens files and folders, and must not wake us.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

fn sift(path: &Path, kind: EventKind, places: &Roots, pending: &PendingChanges) {
    for above in path.ancestors() {
        let (Some(places), Ok(below)) = (places.get(above), path.strip_prefix(above)) else {
            continue;
        };
        let own = below == Path::new("");
        if own && !is_inner(kind) {
            pending.note_problem(doubt(above));
        }
        for place in places.iter().filter(|place| place.counts(below)) {
            let path = if own { place.path.clone() } else { place.path.join(below) };
            pending.touch(Touched::from(path));
        }
    }
}

/// Whether a folder to which this happened is still where it was.
fn is_inner(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)))
}

/// Only inotify watches folders; the others watch paths, and what came back there is watched.
fn doubt(root: &Path) -> WatchProblem {
    if cfg!(target_os = "linux") { WatchProblem::Broken(root.to_owned()) } else { WatchProblem::Look }
}

fn is_not_found(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

//! Noticing changes by being told.
//!
//! Owns the system's watches on the places and their repair: they stick to a folder, and a path can get another one.
//! Refuses to know when a burst is over, and what to do where the system does not tell.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::io::Errno;

use super::identity::{Identity, identity};
use crate::lock::{read, write};
use crate::watch::pending_changes::{Slate, Trouble};
use crate::watch::touched_paths::Touched;
use crate::watch::watched_place::{Place, Scope};

/// How often a place is looked for that is missing and that no other watch would tell of.
const LOOK: Duration = Duration::from_secs(1);

/// The places by their paths as the system spells them. They may be many, so each is found by its path.
type Roots = HashMap<PathBuf, Vec<Place>>;

/// The watch of one folder.
#[derive(Debug)]
struct Arm {
    mode: RecursiveMode,
    /// The folder that is watched, if one is.
    held: Option<Identity>,
    /// It was there and could not be watched, because it changed meanwhile.
    again: bool,
}

/// Watches places with what the system offers.
#[derive(Debug)]
pub(super) struct Native {
    watcher: RecommendedWatcher,
    /// Shared with the thread that is told.
    places: Arc<RwLock<Roots>>,
    arms: BTreeMap<PathBuf, Arm>,
    look_at: Option<Instant>,
    /// `None` where there is no table of mounts; the rescan finds what it would have told.
    #[cfg(target_os = "linux")]
    _mounts: Option<super::mounts::Mounts>,
}

impl Native {
    /// Starts to listen; what is noticed goes to the slate.
    ///
    /// # Errors
    /// The reason why this system or process cannot be told of changes.
    pub(super) fn new(slate: &Arc<Slate>) -> Result<Self, String> {
        let places: Arc<RwLock<Roots>> = Arc::default();
        let (told, to) = (Arc::clone(&places), Arc::clone(slate));
        let handler = move |event| notice(event, &read(&told), &to);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config).map_err(|error| reason(&error))?;
        #[cfg(target_os = "linux")]
        let to = Arc::clone(slate);
        Ok(Self {
            watcher,
            places,
            arms: BTreeMap::new(),
            look_at: None,
            #[cfg(target_os = "linux")]
            _mounts: super::mounts::Mounts::listen(move || to.trouble(Trouble::Look)).ok(),
        })
    }

    /// Sets the places; the watches of those that were there are left alone.
    ///
    /// # Errors
    /// The reason why the changes of one of them would not be told.
    pub(super) fn over(&mut self, places: &[Place]) -> Result<(), String> {
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
        self.arms.retain(|root, arm| {
            let kept = wanted.get(root) == Some(&arm.mode);
            if !kept {
                // It fails only where there is nothing to take away.
                let _ = watcher.unwatch(root);
            }
            kept
        });
        for (root, mode) in wanted {
            if !self.arms.contains_key(&root) {
                let mut arm = Arm { mode, held: None, again: false };
                arm.take_hold(&root, &mut self.watcher)?;
                self.arms.insert(root, arm);
            }
        }
        self.plan_look();
        Ok(())
    }

    /// Looks whether every place is the folder that is watched, and watches it where not. Gives the places where it was
    /// not.
    ///
    /// # Errors
    /// The reason why changes are not told any more.
    pub(super) fn mend(&mut self, troubles: &BTreeSet<Trouble>) -> Result<Touched, String> {
        if let Some(reason) = troubles.iter().find_map(|trouble| match trouble {
            Trouble::Failed(reason) => Some(reason.clone()),
            _ => None,
        }) {
            return Err(reason);
        }
        // New folders may be among what was not told, so every watch is made again.
        let lost = troubles.contains(&Trouble::Lost);
        let mut amiss = if lost { Touched::Everything } else { Touched::default() };
        for (root, arm) in &mut self.arms {
            let broken = lost || troubles.contains(&Trouble::Broken(root.clone()));
            if broken || identity(root) != arm.held {
                let held = arm.held.take().is_some();
                let _ = self.watcher.unwatch(root);
                arm.take_hold(root, &mut self.watcher)?;
                if held || arm.held.is_some() {
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
        let unwatched = |(root, arm): (&PathBuf, &Arm)| {
            arm.held.is_none() && (arm.again || !announced(root, &places, |above| self.is_held(above)))
        };
        let wanted = self.arms.iter().any(unwatched);
        drop(places);
        self.look_at = wanted.then(|| Instant::now() + LOOK);
    }

    fn is_held(&self, root: &Path) -> bool {
        self.arms.get(root).is_some_and(|arm| arm.held.is_some())
    }
}

impl Arm {
    /// Watches the folder, if there is one. A folder that goes meanwhile is a missing one.
    fn take_hold(&mut self, root: &Path, watcher: &mut RecommendedWatcher) -> Result<(), String> {
        // Asked before, so that another folder taking its place now is found by comparing.
        let found = identity(root);
        self.again = false;
        if found.is_none() {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        if let Some(kind) = crate::watch::unreliable_file_systems::foreign(root) {
            return Err(format!("{} is on {kind}, which does not tell of changes made elsewhere", root.display()));
        }
        match watcher.watch(root, self.mode) {
            Ok(()) => self.held = found,
            Err(error) if is_not_found(&error) => {
                // Part of it may be watched, and what vanished may have been far below.
                let _ = watcher.unwatch(root);
                self.again = true;
            }
            Err(error) => return Err(reason(&error)),
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
fn root(place: &Place) -> PathBuf {
    let absolute = std::path::absolute(&place.path).unwrap_or_else(|_| place.path.clone());
    let real = match (absolute.parent(), absolute.file_name()) {
        (Some(above), Some(name)) if cfg!(target_os = "macos") => {
            above.canonicalize().ok().map(|above| above.join(name))
        }
        _ => None,
    };
    real.unwrap_or(absolute)
}

/// Takes in what the system told.
fn notice(event: notify::Result<Event>, places: &Roots, slate: &Slate) {
    match event {
        Err(error) if is_not_found(&error) => slate.trouble(Trouble::Look),
        Err(error) => slate.trouble(Trouble::Failed(reason(&error))),
        Ok(event) if event.need_rescan() => slate.trouble(Trouble::Lost),
        Ok(event) if is_change(event.kind) => {
            for path in event.paths {
                sift(&path, event.kind, places, slate);
            }
        }
        Ok(_) => {}
    }
}

/// Our own reading opens files and folders, and must not wake us.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

fn sift(path: &Path, kind: EventKind, places: &Roots, slate: &Slate) {
    for above in path.ancestors() {
        let (Some(places), Ok(below)) = (places.get(above), path.strip_prefix(above)) else {
            continue;
        };
        let own = below == Path::new("");
        if own && !is_inner(kind) {
            slate.trouble(doubt(above));
        }
        for place in places.iter().filter(|place| place.counts(below)) {
            let path = if own { place.path.clone() } else { place.path.join(below) };
            slate.touch(Touched::from(path));
        }
    }
}

/// Whether a folder to which this happened is still where it was.
fn is_inner(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)))
}

/// Only inotify watches folders; the others watch paths, and what came back there is watched.
fn doubt(root: &Path) -> Trouble {
    if cfg!(target_os = "linux") { Trouble::Broken(root.to_owned()) } else { Trouble::Look }
}

fn is_not_found(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Says why the system does not tell of changes, and what would help.
fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "the system's limit of watched folders is reached (fs.inotify.max_user_watches)".to_owned()
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
            "the system's limit of watching programs is reached (fs.inotify.max_user_instances)".to_owned()
        }
        ErrorKind::Io(io) => match error.paths.first() {
            Some(path) => format!("{}: {io}", path.display()),
            None => io.to_string(),
        },
        _ => error.to_string(),
    }
}

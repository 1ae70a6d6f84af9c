//! What a watch tells and what it does not, the same for both means wherever they promise the same.

mod places;
mod waits;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::watch::{Detection, Detector, Scope, Touched, WakeReason, Watch, WatchedPlace};

const NAMES: Scope = Scope::Names(&["inbox", "outbox", "title.txt"]);
const LONG: Duration = Duration::from_secs(10);

fn is_polling(watch: &Watch) -> bool {
    matches!(watch.detector, Detector::Polling(_))
}

/// A channel with two boxes and a watch over it.
struct Scene {
    dir: tempfile::TempDir,
    watch: Watch,
    /// Long enough to be sure that nothing will be told.
    patience: Duration,
}

impl Scene {
    fn new(detection: Detection) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["channel/inbox/2026-11-22T13-35-04Z/deep", "channel/outbox", "channel/site", "aside"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let patience = Duration::from_millis(if detection == Detection::Polling { 300 } else { 150 });
        let mut scene = Self { dir, watch: Watch::new(detection, Duration::ZERO), patience };
        scene.watch.set_places(vec![scene.place("channel", NAMES), scene.place("channel/inbox", Scope::Tree)]);
        assert_eq!((scene.watch.take_fallback(), is_polling(&scene.watch)), (None, detection == Detection::Polling));
        // Where a caller that was told to look at a place may be looking still, a change below it is everything.
        scene.is_silent();
        scene
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn place(&self, path: &str, scope: Scope) -> WatchedPlace {
        WatchedPlace { path: self.at(path), scope }
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    /// What is told next; a place itself is everything here.
    fn tick(&mut self) -> Touched {
        match self.watch.wait(Some(LONG)) {
            WakeReason::Tick(touched) if self.watch.places.iter().any(|place| touched.names(&place.path)) => {
                Touched::Everything
            }
            WakeReason::Tick(touched) => touched,
            woken => panic!("{woken:?} instead of a tick"),
        }
    }

    /// Waits until all that is going to be told was told.
    fn rest(&mut self) -> (usize, Touched) {
        let (mut ticks, mut all) = (0, Touched::default());
        while let WakeReason::Tick(touched) = self.watch.wait(Some(self.patience)) {
            ticks += 1;
            all.merge(touched);
        }
        (ticks, all)
    }

    #[track_caller]
    fn tells(&mut self, path: &str) {
        let path = self.at(path);
        let told = |touched: &Touched| match touched {
            Touched::Everything => panic!("everything instead of {}", path.display()),
            Touched::Paths(paths) => paths.contains(&path),
        };
        while !told(&self.tick()) {}
        told(&self.rest().1);
    }

    #[track_caller]
    fn tells_everything(&mut self) {
        while self.tick() != Touched::Everything {}
        self.rest();
    }

    #[track_caller]
    fn is_silent(&mut self) {
        assert_eq!(self.watch.wait(Some(self.patience)), WakeReason::Due);
    }
}

/// Runs the same story over both means.
fn both(story: impl Fn(Scene) + Copy + Send) {
    std::thread::scope(|scope| {
        for detection in [Detection::Auto, Detection::Polling] {
            scope.spawn(move || story(Scene::new(detection)));
        }
    });
}

#[test]
fn tells_what_happens_to_a_file_in_a_tree() {
    both(|mut scene| {
        scene.is_silent();
        let file = "channel/inbox/2026-11-22T13-35-04Z.txt";
        scene.write(file, "one");
        scene.tells(file);
        scene.write(file, "one and more");
        scene.tells(file);
        fs::set_permissions(scene.at(file), fs::Permissions::from_mode(0o600)).unwrap();
        scene.tells(file);
        fs::remove_file(scene.at(file)).unwrap();
        scene.tells(file);
        scene.is_silent();
    });
}

#[test]
fn tells_what_is_renamed_into_a_tree_and_out_of_it() {
    both(|mut scene| {
        let file = "channel/inbox/2026-11-22T13-35-05Z.txt";
        scene.write("aside/new", "text");
        fs::rename(scene.at("aside/new"), scene.at(file)).unwrap();
        scene.tells(file);
        fs::rename(scene.at(file), scene.at("aside/old")).unwrap();
        scene.tells(file);
    });
}

#[test]
fn tells_what_happens_in_folders_old_and_new() {
    both(|mut scene| {
        let deep = "channel/inbox/2026-11-22T13-35-04Z/deep/picture.jpg";
        scene.write(deep, "jpg");
        scene.tells(deep);
        let (stem, deeper) = ("channel/inbox/2026-11-22T13-35-06Z", "channel/inbox/2026-11-22T13-35-06Z/a/b/c");
        fs::create_dir_all(scene.at(deeper)).unwrap();
        scene.tells(stem);
        scene.write(&format!("{deeper}/late.jpg"), "jpg");
        scene.tells(&format!("{deeper}/late.jpg"));
        fs::rename(scene.at(stem), scene.at("aside/stem")).unwrap();
        scene.tells(stem);
        scene.write("aside/stem/a/b/c/later.jpg", "jpg");
        scene.is_silent();
        fs::rename(scene.at("aside/stem"), scene.at(stem)).unwrap();
        scene.tells(stem);
        scene.write(&format!("{deeper}/late.jpg"), "other jpg");
        scene.tells(&format!("{deeper}/late.jpg"));
    });
}

#[test]
fn an_edit_of_equal_length_is_told() {
    both(|mut scene| {
        let file = "channel/inbox/2026-11-22T13-35-07Z.txt";
        scene.write(file, "one");
        scene.tells(file);
        scene.write(file, "two");
        let earlier = SystemTime::now() - Duration::from_hours(1);
        fs::File::open(scene.at(file)).unwrap().set_modified(earlier).unwrap();
        scene.tells(file);
    });
}

#[test]
fn of_names_only_these_are_told() {
    both(|mut scene| {
        scene.write("channel/title.txt", "title");
        scene.tells("channel/title.txt");
        scene.write("channel/.title.txt.tmp", "title");
        scene.write("channel/site/index.html", "html");
        scene.write("channel/site.html", "html");
        scene.write("channel/outbox/2026-11-22T13-35-04Z.txt", "in a folder of that name");
        fs::remove_dir_all(scene.at("channel/site")).unwrap();
        scene.write("aside/file", "beside");
        scene.is_silent();
        fs::rename(scene.at("channel/.title.txt.tmp"), scene.at("channel/title.txt")).unwrap();
        scene.tells("channel/title.txt");
        fs::remove_dir_all(scene.at("channel/outbox")).unwrap();
        scene.tells("channel/outbox");
    });
}

#[test]
fn reading_is_not_told() {
    both(|mut scene| {
        scene.write("channel/inbox/2026-11-22T13-35-08Z.txt", "text");
        scene.write("channel/title.txt", "title");
        scene.rest();
        for entry in walkdir::WalkDir::new(scene.at("channel")).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() {
                fs::read(entry.path()).unwrap();
            }
        }
        scene.is_silent();
    });
}

#[test]
fn a_burst_is_few_ticks_and_every_path_is_told() {
    both(|mut scene| {
        let paths: Vec<PathBuf> = (0..200).map(|n| scene.at(&format!("channel/inbox/{n}.txt"))).collect();
        for path in &paths {
            fs::write(path, "text").unwrap();
        }
        let (ticks, touched) = scene.rest();
        assert!((1..=5).contains(&ticks), "{ticks} ticks");
        let Touched::Paths(told) = touched else { panic!("everything") };
        assert!(paths.iter().all(|path| told.contains(path)));
    });
}

#[test]
fn what_came_and_went_between_two_looks_is_told_where_the_caller_looked() {
    let mut scene = Scene::new(Detection::Polling);
    let stem = "channel/inbox/2026-11-22T13-35-09Z";
    fs::create_dir(scene.at(stem)).unwrap();
    assert!(matches!(scene.tick(), Touched::Paths(paths) if paths.contains(&scene.at(stem))));
    scene.write(&format!("{stem}/a.jpg"), "the caller, looking into the new folder, sees it");
    std::thread::sleep(Duration::from_millis(20));
    fs::remove_file(scene.at(&format!("{stem}/a.jpg"))).unwrap();
    assert_eq!(scene.tick(), Touched::from(scene.at(stem)));
    scene.is_silent();
}

#[test]
fn paths_are_spelled_as_their_place_was() {
    both(|mut scene| {
        let spelled = scene.at("aside/../channel/./inbox");
        scene.watch.set_places(vec![WatchedPlace { path: spelled.clone(), scope: Scope::Tree }]);
        scene.is_silent();
        scene.write("channel/inbox/a.txt", "text");
        let Touched::Paths(paths) = scene.tick() else { panic!("everything") };
        assert!(paths.contains(&spelled.join("a.txt")), "{paths:?}");
    });
}

#[test]
fn a_link_is_not_followed() {
    both(|mut scene| {
        std::os::unix::fs::symlink(scene.at("aside"), scene.at("channel/inbox/link")).unwrap();
        scene.tells("channel/inbox/link");
        let link = scene.place("channel/inbox/link", Scope::Tree);
        scene.watch.set_places(vec![scene.place("channel/inbox", Scope::Tree), scene.place("channel", NAMES), link]);
        scene.write("aside/file.txt", "text");
        scene.is_silent();
    });
}

#[test]
fn of_children_all_are_told_and_nothing_below_them() {
    both(|mut scene| {
        scene.watch.set_places(vec![scene.place("", Scope::Children)]);
        scene.rest();
        scene.write("channel/inbox/a.txt", "text");
        fs::create_dir(scene.at("aside/folder")).unwrap();
        scene.is_silent();
        fs::create_dir(scene.at("new")).unwrap();
        scene.tells("new");
        fs::rename(scene.at("new"), scene.at("renamed")).unwrap();
        scene.tells("renamed");
        fs::remove_dir(scene.at("renamed")).unwrap();
        scene.tells("renamed");
    });
}

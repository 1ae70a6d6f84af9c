//! What a watch tells and what it does not, the same for both means wherever they promise the same.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use super::{Detector, Scope, Touched, Watch};
use crate::watch::native_watcher::NativeError;
use crate::watch::{Detection, WakeReason, Waker, WatchedPlace};

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
fn a_box_that_is_removed_and_made_again_is_watched_again() {
    both(|mut scene| {
        fs::remove_dir_all(scene.at("channel/inbox")).unwrap();
        scene.tells_everything();
        scene.is_silent();
        fs::create_dir(scene.at("channel/inbox")).unwrap();
        scene.tells_everything();
        for _ in 0..2 {
            scene.write("channel/inbox/after.txt", "text");
            scene.tells("channel/inbox/after.txt");
        }
    });
}

#[test]
fn a_box_that_is_exchanged_at_once_is_watched_again() {
    let mut scene = Scene::new(Detection::Auto);
    for round in 0..5 {
        fs::create_dir_all(scene.at("aside/next/sub")).unwrap();
        fs::remove_dir_all(scene.at("channel/inbox")).unwrap();
        fs::rename(scene.at("aside/next"), scene.at("channel/inbox")).unwrap();
        scene.tells_everything();
        let file = format!("channel/inbox/sub/{round}.txt");
        scene.write(&file, "text");
        scene.tells(&file);
    }
}

#[test]
fn a_box_that_is_renamed_away_and_back_is_watched_again() {
    both(|mut scene| {
        fs::rename(scene.at("channel/inbox"), scene.at("aside/inbox")).unwrap();
        scene.tells_everything();
        scene.write("aside/inbox/away.txt", "text");
        scene.is_silent();
        fs::rename(scene.at("aside/inbox"), scene.at("channel/inbox")).unwrap();
        scene.tells_everything();
        scene.write("channel/inbox/back.txt", "text");
        scene.tells("channel/inbox/back.txt");
    });
}

#[test]
fn a_whole_channel_that_goes_and_comes_back_is_watched_again() {
    both(|mut scene| {
        fs::rename(scene.at("channel"), scene.at("gone")).unwrap();
        scene.tells_everything();
        scene.write("gone/inbox/away.txt", "text");
        scene.is_silent();
        fs::rename(scene.at("gone"), scene.at("channel")).unwrap();
        scene.tells_everything();
        scene.write("channel/inbox/back.txt", "text");
        scene.tells("channel/inbox/back.txt");
        scene.write("channel/title.txt", "text");
        scene.tells("channel/title.txt");
    });
}

#[test]
fn a_place_that_does_not_exist_yet_is_awaited() {
    both(|mut scene| {
        let (early, late) = (scene.place("channel/outbox", Scope::Tree), scene.place("nowhere/yet", Scope::Tree));
        fs::remove_dir(&early.path).unwrap();
        scene.rest();
        scene.watch.set_places(vec![scene.place("channel", NAMES), early, late]);
        scene.is_silent();
        for folder in ["channel/outbox", "nowhere/yet"] {
            fs::create_dir_all(scene.at(folder)).unwrap();
            scene.tells_everything();
            scene.write(&format!("{folder}/a.txt"), "text");
            scene.tells(&format!("{folder}/a.txt"));
        }
    });
}

#[test]
fn a_missing_box_is_announced_by_its_channel_and_needs_no_looking() {
    let mut scene = Scene::new(Detection::Auto);
    assert_eq!(scene.watch.look_at(), None);
    fs::remove_dir_all(scene.at("channel/inbox")).unwrap();
    scene.tells_everything();
    assert_eq!(scene.watch.look_at(), None);
    fs::remove_dir_all(scene.at("channel")).unwrap();
    scene.tells_everything();
    assert!(scene.watch.look_at().is_some());
    fs::create_dir_all(scene.at("channel/inbox")).unwrap();
    scene.tells_everything();
    assert_eq!(scene.watch.look_at(), None);
}

#[test]
fn setting_the_places_anew_loses_nothing() {
    both(|mut scene| {
        scene.write("channel/inbox/before.txt", "text");
        scene.watch.set_places(vec![scene.place("channel/inbox", Scope::Tree), scene.place("aside", Scope::Tree)]);
        scene.tells("channel/inbox/before.txt");
        scene.write("channel/title.txt", "no longer watched");
        scene.is_silent();
        scene.write("aside/new.txt", "text");
        scene.tells("aside/new.txt");
    });
}

#[test]
fn what_changes_before_the_first_wait_is_told() {
    both(|mut scene| {
        scene.watch = Watch::new(scene.watch.detection, Duration::ZERO);
        scene.watch.set_places(vec![scene.place("channel/inbox", Scope::Tree)]);
        scene.write("channel/inbox/a.txt", "text");
        let path = scene.at("channel/inbox/a.txt");
        assert!(match scene.tick() {
            Touched::Everything => true,
            Touched::Paths(paths) => paths.contains(&path),
        });
    });
}

#[test]
fn setting_the_same_places_changes_nothing() {
    both(|mut scene| {
        for name in ["a", "b", "c"] {
            let file = format!("channel/inbox/{name}.txt");
            scene.write(&file, "text");
            scene.tells(&file);
            let look = scene.watch.look_at();
            scene.watch.set_places(vec![scene.place("channel", NAMES), scene.place("channel/inbox", Scope::Tree)]);
            assert_eq!(scene.watch.look_at(), look);
        }
    });
}

#[test]
fn a_place_that_gets_other_rights_is_everything() {
    both(|mut scene| {
        for (place, mode) in [("channel/inbox", 0o700), ("channel", 0o700)] {
            fs::set_permissions(scene.at(place), fs::Permissions::from_mode(mode)).unwrap();
            scene.tells_everything();
        }
        scene.write("channel/inbox/a.txt", "text");
        scene.tells("channel/inbox/a.txt");
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
fn the_bell_ends_this_wait_and_all_later_ones() {
    both(|mut scene| {
        let waker: Waker = scene.watch.waker();
        let ringer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            waker.stop();
        });
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Stop);
        scene.write("channel/inbox/a.txt", "text");
        assert_eq!(scene.watch.wait(None), WakeReason::Stop);
        ringer.join().unwrap();
    });
}

#[test]
fn what_is_due_comes_in_time_and_loses_nothing() {
    both(|mut scene| {
        let start = Instant::now();
        assert_eq!(scene.watch.wait(Some(Duration::from_millis(60))), WakeReason::Due);
        assert!(start.elapsed() >= Duration::from_millis(60));
        scene.write("channel/inbox/a.txt", "text");
        assert_eq!(scene.watch.wait(Some(Duration::ZERO)), WakeReason::Due);
        scene.tells("channel/inbox/a.txt");
    });
}

#[test]
fn from_time_to_time_everything_is_told() {
    both(|mut scene| {
        scene.watch.rescan = Duration::from_secs(1);
        let start = Instant::now();
        for _ in 0..2 {
            assert_eq!(scene.tick(), Touched::Everything);
        }
        assert!(start.elapsed() > Duration::from_millis(1_900));
    });
}

#[test]
fn lost_events_are_everything_and_new_folders_among_them_are_watched() {
    let mut scene = Scene::new(Detection::Auto);
    scene.watch.pending.note_problem(crate::watch::pending_changes::WatchProblem::Lost);
    scene.tells_everything();
    scene.write("channel/inbox/2026-11-22T13-35-04Z/deep/a.jpg", "jpg");
    scene.tells("channel/inbox/2026-11-22T13-35-04Z/deep/a.jpg");
}

#[test]
fn where_the_system_stops_telling_it_polls_and_says_so_once() {
    let mut scene = Scene::new(Detection::Auto);
    scene.watch.pending.fail(NativeError::TooManyFolders(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
    scene.tells_everything();
    assert!(is_polling(&scene.watch));
    assert_eq!(
        scene.watch.take_fallback().as_deref(),
        Some(
            "changes are found by scanning at intervals, because the system's limit of watched folders is reached \
             (fs.inotify.max_user_watches)"
        )
    );
    assert_eq!(scene.watch.take_fallback(), None);
    scene.write("channel/inbox/a.txt", "text");
    scene.tells("channel/inbox/a.txt");
}

fn system(command: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(command).args(arguments).arg(path).output().is_ok_and(|output| output.status.success())
}

fn mount(path: &Path) -> bool {
    system("mount", &["-t", "tmpfs", "none"], path)
}

#[test]
#[ignore = "needs root, who mounts disks"]
fn a_disk_can_be_taken_out_and_put_back() {
    let mut scene = Scene::new(Detection::Auto);
    let disk = scene.at("aside");
    assert!(mount(&disk), "only root may mount");
    fs::create_dir(scene.at("aside/inbox")).unwrap();
    scene.watch.set_places(vec![scene.place("aside", NAMES), scene.place("aside/inbox", Scope::Tree)]);
    scene.write("aside/inbox/a.txt", "text");
    scene.tells("aside/inbox/a.txt");
    assert!(system("umount", &[], &disk), "the watch keeps the disk busy");
    scene.tells_everything();
    assert!(mount(&disk));
    fs::create_dir(scene.at("aside/inbox")).unwrap();
    scene.tells_everything();
    scene.write("aside/inbox/b.txt", "text");
    scene.tells("aside/inbox/b.txt");
    assert!(system("umount", &[], &disk));
}

#[test]
fn of_a_place_that_is_exchanged_only_its_own_path_is_told() {
    both(|mut scene| {
        fs::rename(scene.at("channel/inbox"), scene.at("aside/inbox")).unwrap();
        assert_eq!(scene.rest().1, Touched::from(scene.at("channel/inbox")));
        fs::create_dir(scene.at("channel/inbox")).unwrap();
        assert_eq!(scene.rest().1, Touched::from(scene.at("channel/inbox")));
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

#[test]
fn a_call_ends_one_wait_at_once_and_loses_nothing() {
    both(|mut scene| {
        let waker = scene.watch.waker();
        let caller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            waker.call();
        });
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Called);
        caller.join().unwrap();
        scene.is_silent();
        let waker = scene.watch.waker();
        waker.touch(Touched::from(scene.at("channel/inbox/a.txt")));
        waker.call();
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Called);
        scene.tells("channel/inbox/a.txt");
    });
}

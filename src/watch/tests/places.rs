//! Places that go, come back, are exchanged, or are set anew.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::watch::tests::{NAMES, Scene, both};
use crate::watch::{Detection, Scope, Touched, Watch};

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

fn system(command: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(command).args(arguments).arg(path).output().is_ok_and(|output| output.status.success())
}

fn mount(path: &Path) -> bool {
    system("mount", &["-t", "tmpfs", "none"], path)
}

#[test]
#[ignore = "needs root, who may mount"]
fn a_disk_can_be_taken_out_and_put_back() {
    let mut scene = Scene::new(Detection::Auto);
    let disk = scene.at("aside");
    assert!(mount(&disk));
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

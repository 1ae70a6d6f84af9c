//! What somebody else puts into an output: nothing outside of it is read, overwritten, appended to or removed, and nothing
//! is waited for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use missive::site::SiteError;

use crate::scene::{Scene, assert_same, files, words};

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";

/// What may lie in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    LinkToFile,
    LinkToFolder,
    Dangling,
    Pipe,
    Socket,
    HardLink,
}

const ODD: [Odd; 6] = [Odd::LinkToFile, Odd::LinkToFolder, Odd::Dangling, Odd::Pipe, Odd::Socket, Odd::HardLink];

/// A channel with a site, and files beside it that are nobody's business.
fn scene() -> Scene {
    let scene = Scene::new().message(FIRST, "# One\n\n#tag [a](a.csv)").attachment(FIRST, "a.csv", b"1,2").attachment(
        FIRST,
        "deep/b.csv",
        b"3,4",
    );
    scene.build().report();
    for file in
        ["precious/index.html", "precious/01.html", "precious/a.csv", "precious/deep/b.csv", "precious/tag.html"]
    {
        let path = scene.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "precious").unwrap();
    }
    scene
}

fn precious(scene: &Scene) -> BTreeMap<String, Vec<u8>> {
    files(&scene.root().join("precious"))
}

/// Puts something into the place of whatever lies there.
fn put(scene: &Scene, odd: Odd, place: &str) {
    let (path, folder) = (scene.site().join(place), scene.root().join("precious"));
    match path.symlink_metadata() {
        Ok(there) if there.is_dir() => fs::remove_dir_all(&path).unwrap(),
        Ok(_) => fs::remove_file(&path).unwrap(),
        Err(_) => {}
    }
    lay(odd, &path, &folder);
}

fn lay(odd: Odd, path: &Path, folder: &Path) {
    match odd {
        Odd::LinkToFile => symlink(folder.join("index.html"), path).unwrap(),
        Odd::LinkToFolder => symlink(folder, path).unwrap(),
        Odd::Dangling => symlink(folder.join("nothing"), path).unwrap(),
        Odd::Pipe => pipe(path),
        Odd::Socket => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        Odd::HardLink => fs::hard_link(folder.join("index.html"), path).unwrap(),
    }
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Changes something about every page.
fn changed(scene: Scene) -> Scene {
    scene
        .settings("[site]\ntitle = \"Another title\"\n")
        .message(SECOND, "# Two\n\n#tag")
        .remove(&format!("outbox/{FIRST}/deep"))
}

#[test]
fn what_lies_in_the_place_of_a_file_of_ours_is_replaced() {
    for place in ["index.html", "2026/01.html", "tag/tag.html", &format!("{FIRST}/a.csv"), "assets/letter.css"] {
        for odd in ODD {
            let scene = scene();
            put(&scene, odd, place);
            let before = precious(&scene);
            let story = format!("{odd:?} at {place}");
            scene.build().report();
            assert_eq!(precious(&scene), before, "{story}");
            if odd != Odd::HardLink {
                assert_same(&scene.built(), &scene.clean(), &story);
            }
            let scene = changed(scene);
            scene.build().report();
            assert_eq!(precious(&scene), before, "{story}");
            // A file that nothing makes anew is believed to be what its name in the record says.
            if odd != Odd::HardLink || place.contains("html") {
                assert_same(&scene.built(), &scene.clean(), &story);
            }
        }
    }
}

#[test]
fn what_lies_in_the_place_of_a_file_that_is_not_wanted_any_more_is_removed_and_not_followed() {
    for odd in ODD {
        let scene = scene();
        put(&scene, odd, &format!("{FIRST}/deep/b.csv"));
        let before = precious(&scene);
        let scene = changed(scene);
        scene.build().report();
        assert_eq!(precious(&scene), before, "{odd:?}");
        assert_same(&scene.built(), &scene.clean(), &format!("{odd:?}"));
        assert!(!scene.has(&format!("{FIRST}/deep")), "{odd:?}");
    }
}

#[test]
fn what_lies_in_the_place_of_a_folder_is_named_and_nothing_is_written() {
    for place in ["2026", "tag", "assets", FIRST] {
        for odd in [Odd::LinkToFile, Odd::LinkToFolder, Odd::Dangling, Odd::Pipe, Odd::Socket] {
            for force in [false, true] {
                let mut scene = scene();
                put(&scene, odd, place);
                let (before, site) = (precious(&scene), scene.built());
                scene = changed(scene);
                scene.manner.force = force;
                let error = scene.build().error();
                let is_named = matches!(&error, SiteError::Foreign { path, .. } if *path == scene.site().join(place));
                assert!(is_named, "{odd:?} at {place}: {error}");
                assert_eq!(precious(&scene), before, "{odd:?} at {place}");
                assert_same(&scene.built(), &site, &format!("{odd:?} at {place}"));
                fs::remove_file(scene.site().join(place)).unwrap();
                scene.build().report();
                assert_same(&scene.built(), &scene.clean(), &format!("{odd:?} at {place} is gone"));
            }
        }
    }
}

#[test]
fn what_lies_in_the_place_of_the_record_is_named_and_the_stages_gives_way() {
    for odd in [Odd::LinkToFile, Odd::LinkToFolder, Odd::Dangling, Odd::Pipe, Odd::Socket] {
        let scene = changed(scene());
        let before = precious(&scene);
        put(&scene, odd, ".missive-manifest");
        let error = scene.build().error();
        assert!(
            matches!(&error, SiteError::Foreign { path, .. } if path.ends_with(".missive-manifest")),
            "{odd:?}: {error}"
        );
        assert_eq!(precious(&scene), before, "{odd:?}");
        let scene = changed(self::scene());
        let before = precious(&scene);
        put(&scene, odd, ".missive-stage");
        scene.build().report();
        assert_eq!(precious(&scene), before, "{odd:?}");
        assert_same(&scene.built(), &scene.clean(), &format!("{odd:?} at the stage"));
    }
}

#[test]
fn nothing_is_appended_to_a_record_that_has_a_second_name() {
    let scene = scene();
    let other = scene.root().join("precious/record");
    fs::hard_link(scene.site().join(".missive-manifest"), &other).unwrap();
    let before = precious(&scene);
    let scene = changed(scene);
    scene.build().report();
    assert_eq!(precious(&scene), before);
    assert_same(&scene.built(), &scene.clean(), "a second name");
}

#[test]
fn a_new_file_is_not_written_through_a_link_and_a_new_site_not_over_one() {
    for odd in ODD {
        let scene = scene();
        put(&scene, odd, &format!("{SECOND}.html"));
        let before = precious(&scene);
        let scene = changed(scene);
        let error = scene.build().error();
        let path = scene.site().join(format!("{SECOND}.html"));
        let is_named = match &error {
            SiteError::Foreign { path: named, .. } => odd != Odd::HardLink && *named == path,
            SiteError::InTheWay { path: named } => odd == Odd::HardLink && *named == path,
            _ => false,
        };
        assert!(is_named, "{odd:?}: {error}");
        assert_eq!(precious(&scene), before, "{odd:?}");
        let output = scene.root().join("new");
        lay(odd, &output, &scene.root().join("precious"));
        assert!(matches!(scene.build_gated(&output, &|| Ok(())).error(), SiteError::Foreign { .. }), "{odd:?}");
        lay(odd, &scene.root().join(".fresh.missive-new"), &scene.root().join("precious"));
        scene.build_gated(&scene.root().join("fresh"), &|| Ok(())).report();
        assert_eq!(precious(&scene), before, "{odd:?}");
        assert_same(&files(&scene.root().join("fresh")), &scene.clean(), &format!("{odd:?} where a site grows"));
    }
}

#[test]
fn a_link_that_a_person_names_leads_to_the_output() {
    let scene = Scene::new().message(FIRST, "# One");
    fs::create_dir_all(scene.root().join("disk/out")).unwrap();
    symlink(scene.root().join("disk"), scene.root().join("way")).unwrap();
    symlink(scene.root().join("disk/out"), scene.root().join("link")).unwrap();
    for output in ["link", "way/out", "way/new"] {
        let (_, err) = words(&scene.run(&["build", "blog", "-o", output]));
        assert!(!err.contains("error"), "{output}: {err}");
    }
    assert!(scene.root().join("disk/out/index.html").is_file() && scene.root().join("disk/new/index.html").is_file());
    assert!(scene.root().join("link").symlink_metadata().unwrap().is_symlink());
}

#[test]
fn folders_that_become_links_while_builds_run_lead_nowhere() {
    let scene = scene();
    let before = precious(&scene);
    let is_over = AtomicBool::new(false);
    let places: Vec<PathBuf> = ["2026", "tag", FIRST].map(|place| scene.site().join(place)).to_vec();
    let folder = scene.root().join("precious");
    let scene = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for place in &places {
                    let held = place.with_extension("held");
                    // A build may have made or removed any of them in between.
                    let is_swapped = fs::rename(place, &held).is_ok() && symlink(&folder, place).is_ok();
                    std::thread::yield_now();
                    if is_swapped {
                        fs::remove_file(place).ok();
                        fs::rename(&held, place).ok();
                    }
                }
            }
        });
        let mut scene = scene;
        for round in 0..60 {
            scene = scene.settings(&format!("[site]\ntitle = \"Title {round}\"\n"));
            scene = if round % 2 == 0 {
                scene.remove(&format!("outbox/{FIRST}/deep"))
            } else {
                scene.attachment(FIRST, "deep/b.csv", b"3,4")
            };
            // It may succeed or fail, as the links lie.
            drop(scene.build());
        }
        is_over.store(true, Ordering::Relaxed);
        scene
    });
    assert_eq!(precious(&scene), before);
    for place in &places {
        if place.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
            fs::remove_file(place).unwrap();
        }
        fs::remove_dir_all(place.with_extension("held")).ok();
    }
    // What could not be reached to be removed when it was to be is nobody's since.
    let mut scene = scene;
    scene.manner.force = true;
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "quiet again");
}

#[test]
fn an_output_that_is_something_else_is_refused() {
    let scene = Scene::new()
        .message(FIRST, "text")
        .file("drafts/x.txt", b"")
        .file("theme/a.css", b"")
        .file("trash/x/y.txt", b"")
        .file("../other/outbox/2026-01-01T10-00-00Z.txt", b"other")
        .file("../.missive/keys.toml", b"")
        .file("../elsewhere/of/another/outbox/2026-01-01T10-00-00Z.txt", b"other")
        .file("../elsewhere/deep/inbox/letters.txt", b"a folder of that name is no channel yet");
    symlink(scene.path("drafts"), scene.root().join("link")).unwrap();
    let before = files(scene.root());
    let root = fs::canonicalize(scene.root()).unwrap();
    let at = |place: &str| root.join(place).display().to_string();
    for (output, place, what) in [
        ("blog/drafts", "blog/drafts", "it is the channel's `drafts`, or inside it"),
        ("link", "blog/drafts", "it is the channel's `drafts`, or inside it"),
        ("link/new", "blog/drafts/new", "it is the channel's `drafts`, or inside it"),
        ("blog/trash/x", "blog/trash/x", "it is the channel's `trash`, or inside it"),
        ("blog/theme", "blog/theme", "it is the channel's `theme`, or inside it"),
        ("blog/outbox/site", "blog/outbox/site", "it is the channel's `outbox`, or inside it"),
        // It would become a conversation.
        ("blog/inbox", "blog/inbox", "it is the channel's `inbox`, or inside it"),
        ("blog/Inbox/new", "blog/Inbox/new", "it is the channel's `inbox`, or inside it"),
        ("blog", "blog", "it contains the channel"),
        (".", "", "it contains the channel"),
        ("other", "other", "it is the channel `other`, or inside it"),
        ("other/site", "other/site", "it is the channel `other`, or inside it"),
        (".missive", ".missive", "it contains missive's keys"),
        (".missive/new/site", ".missive/new/site", "it contains missive's keys"),
        ("elsewhere/of", "elsewhere/of", "it contains the channel `another`"),
        ("elsewhere/deep/inbox/new", "elsewhere/deep/inbox/new", "it is an `inbox`, or inside one"),
    ] {
        let run = scene.run(&["build", "blog", "-o", output]);
        let place = at(place).trim_end_matches('/').to_owned();
        let error = format!(
            "error: {place} cannot be the output: {what}\n  hint: choose another output folder with `-o DIR`\n"
        );
        assert_eq!((run.status.code(), words(&run)), (Some(1), (String::new(), error)), "{output}");
    }
    let all = scene.run(&["build", "--all", "-o", "other/site"]);
    assert_eq!(all.status.code(), Some(1), "{:?}", words(&all));
    assert_eq!(files(scene.root()), before);
    // A link that bears the name of such a folder is none, wherever it leads.
    let scene = scene.remove("trash");
    symlink(scene.root(), scene.path("trash")).unwrap();
    for output in ["blog/site", "blog/public", "site", "elsewhere/new"] {
        let run = scene.run(&["build", "blog", "-o", output]);
        assert!(run.status.success(), "{output}: {:?}", words(&run));
    }
}

#[test]
fn the_site_of_a_conversation_is_no_channel() {
    let scene = Scene::conversation()
        .file("inbox/2026-01-01T10-00-00Z.txt", b"theirs")
        .file("outbox/2026-01-02T10-00-00Z.txt", b"mine")
        .file("../theirs/inbox/2026-01-02T10-00-00Z.txt", b"x");
    for _ in 0..2 {
        for args in [["build", "blog", "-o", "out/talk", "--force"], ["build", "--all", "-o", "room", "blog"]] {
            let run = scene.run(&args);
            assert!(run.status.success(), "{:?}", words(&run));
        }
        let run = scene.run(&["build", "theirs", "-o", "out"]);
        assert!(run.status.success(), "{:?}", words(&run));
    }
}

#[test]
fn a_link_in_a_reading_room_leads_nowhere() {
    let scene = scene().file("../other/outbox/2026-01-01T10-00-00Z.txt", b"other");
    assert!(scene.run(&["build", "--all", "-o", "room"]).status.success());
    let room = scene.root().join("room");
    let before = precious(&scene);
    fs::remove_dir_all(room.join("other")).unwrap();
    symlink(scene.root().join("precious"), room.join("other")).unwrap();
    fs::remove_file(room.join("index.html")).unwrap();
    symlink(scene.root().join("precious/index.html"), room.join("index.html")).unwrap();
    let run = scene.run(&["build", "--all", "-o", "room"]);
    let (_, err) = words(&run);
    assert_eq!(run.status.code(), Some(1), "{err}");
    assert!(err.contains("/room/other is in the way: it is a symbolic link, which is never followed\n"), "{err}");
    assert_eq!(precious(&scene), before);
    assert!(room.join("index.html").symlink_metadata().unwrap().is_file(), "the rest is built");
    // The channel goes, and with it whatever the room knows of its site.
    let scene = scene.remove("../other");
    let run = scene.run(&["build", "--all", "-o", "room", "--allow-empty"]);
    assert!(run.status.success(), "{:?}", words(&run));
    assert_eq!(precious(&scene), before);
}

#[test]
fn a_pipe_is_no_file_that_anybody_waits_for() {
    let scene = Scene::new().message(FIRST, "text");
    let at = |name: &str| scene.root().join(name);
    fs::create_dir_all(at("home/.config/missive")).unwrap();
    fs::create_dir_all(at("blog/theme")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    pipe(&at("pipe"));
    let whole = fs::canonicalize(scene.root()).unwrap();
    let what = "it is a pipe, socket or device, not a file";
    for (place, args) in [
        ("blog/missive.toml", &["build", "blog"][..]),
        ("blog/theme/list.html", &["build", "blog"]),
        ("home/.config/missive/config.toml", &["channels"]),
    ] {
        pipe(&at(place));
        let run = scene.run(args);
        let (_, err) = words(&run);
        assert_eq!(run.status.code(), Some(1), "{place}: {err}");
        assert!(err.contains(what) && err.contains(place), "{place}: {err}");
        fs::remove_file(at(place)).unwrap();
    }
    for name in ["pipe", "socket", "/dev/zero"] {
        let run = scene.run(&["compose", "blog", "-F", name]);
        let (_, err) = words(&run);
        assert_eq!(run.status.code(), Some(1), "{name}: {err}");
        assert!(err.contains(what) && err.contains("`… | missive compose CHANNEL -`"), "{name}: {err}");
        let run = scene.run(&["compose", "blog", "-m", "x", "-a", name]);
        assert_eq!(run.status.code(), Some(1), "{name}: {:?}", words(&run));
    }
    assert_eq!(fs::read_dir(whole.join("blog/outbox")).unwrap().count(), 1);
    // A file that is reached through a link, and what a shell has opened, are taken.
    fs::write(at("text"), "A text.").unwrap();
    symlink(at("text"), at("link")).unwrap();
    assert!(scene.run(&["compose", "blog", "-F", "link"]).status.success());
    let run = scene.environment().shell("missive compose blog -F <(echo from the shell)");
    assert!(run.status.success(), "{:?}", words(&run));
    assert_eq!(fs::read_dir(whole.join("blog/outbox")).unwrap().count(), 3);
}

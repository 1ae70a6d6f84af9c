//! What happens to what is in the output already.

use std::fs;
use std::path::Path;

use missive::site::SiteError;

use crate::scene::{Scene, assert_same, words};

#[test]
fn files_in_the_way_are_named_and_left_alone() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir_all(scene.site()).unwrap();
    fs::write(scene.site().join("index.html"), "mine").unwrap();
    let error = scene.build().error();
    assert!(matches!(&error, SiteError::InTheWay { path } if path.ends_with("index.html")), "{error}");
    assert_eq!(fs::read_dir(scene.site()).unwrap().count(), 1);
    assert_eq!(scene.page("index.html"), "mine");
}

#[test]
fn force_takes_the_output_over() {
    let mut scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir_all(scene.site()).unwrap();
    fs::write(scene.site().join("index.html"), "mine").unwrap();
    scene.manner.force = true;
    scene.build().report();
    assert!(scene.page("index.html").contains("text"));
}

#[test]
fn other_peoples_files_stay() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir_all(scene.site().join("2026")).unwrap();
    fs::write(scene.site().join("CNAME"), "example.org").unwrap();
    fs::write(scene.site().join("2026/mine.txt"), "mine").unwrap();
    scene.build().report();
    let mut scene = scene.remove("outbox/2026-01-01T10-00-00Z.txt");
    scene.manner.allow_empty = true;
    scene.build().report();
    assert_eq!((scene.page("CNAME").as_str(), scene.page("2026/mine.txt").as_str()), ("example.org", "mine"));
    assert!(!scene.has("2026/01.html"));
}

#[test]
fn a_file_of_ours_does_not_overwrite_one_that_came_in_between() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    scene.build().report();
    fs::write(scene.site().join("2026-02-01T10-00-00Z.html"), "mine").unwrap();
    let scene = scene.message("2026-02-01T10-00-00Z", "text");
    assert!(matches!(scene.build().error(), SiteError::InTheWay { .. }));
    assert_eq!(scene.page("2026-02-01T10-00-00Z.html"), "mine");
}

#[test]
fn a_box_that_vanished_never_empties_a_site() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    scene.build().report();
    let before = scene.built();
    let mut scene = scene.remove("outbox/2026-01-01T10-00-00Z.txt");
    assert!(matches!(scene.build().error(), SiteError::BoxIsEmpty { messages: 1, .. }));
    assert_same(&scene.built(), &before, "refused");
    scene.manner.allow_empty = true;
    scene.build().report();
    assert!(!scene.has("2026-01-01T10-00-00Z.html"));
    assert_same(&scene.built(), &scene.clean(), "allowed");
}

#[test]
fn half_a_conversation_that_vanished_stops_the_build() {
    let scene = Scene::conversation()
        .file("inbox/2026-01-01T10-00-00Z.txt", b"theirs")
        .file("outbox/2026-01-02T10-00-00Z.txt", b"mine");
    scene.build().report();
    let before = scene.built();
    let scene = scene.remove("inbox");
    assert!(matches!(scene.build().error(), SiteError::BoxIsEmpty { .. }));
    assert_same(&scene.built(), &before, "refused");
}

#[test]
fn the_output_cannot_be_a_box() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    for output in ["outbox", "outbox/site", ""] {
        let output = fs::canonicalize(scene.root()).unwrap().join("blog").join(output);
        let error = scene.build_gated(output.to_str().unwrap().trim_end_matches('/').as_ref(), &|| Ok(())).error();
        assert!(matches!(error, SiteError::OutputIsBox { .. }), "{error}");
    }
}

#[test]
fn no_way_round_leads_into_a_box() {
    let scene = Scene::subscription().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir(scene.path("theme")).unwrap();
    std::os::unix::fs::symlink(scene.path(""), scene.root().join("link")).unwrap();
    fs::create_dir_all(scene.root().join("other/inbox")).unwrap();
    for output in ["blog/inbox", "link/inbox/p/q", "blog/theme/../inbox/zz/q", "other/inbox/x", "blog", "."] {
        let run = scene.run(&["build", "blog", "-o", output]);
        assert_eq!(run.status.code(), Some(1), "{output}: {:?}", crate::scene::words(&run));
    }
    assert_eq!(crate::scene::files(&scene.path("inbox")).len(), 1);
    assert!(crate::scene::files(&scene.root().join("other")).is_empty());
}

#[test]
fn an_empty_output_is_filled_where_it_is() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir(scene.site()).unwrap();
    let before = std::os::unix::fs::MetadataExt::ino(&fs::metadata(scene.site()).unwrap());
    scene.build().report();
    assert_eq!(
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(scene.site()).unwrap()),
        before,
        "it may be a mount point"
    );
    assert_same(&scene.built(), &scene.clean(), "filled");
}

#[test]
fn a_file_where_a_folder_is_needed_is_in_the_way() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    fs::create_dir(scene.site()).unwrap();
    fs::write(scene.site().join("2026"), "mine").unwrap();
    assert!(matches!(scene.build().error(), SiteError::InTheWay { path } if path.ends_with("2026")));
    assert_eq!(fs::read_dir(scene.site()).unwrap().count(), 1);
}

#[test]
fn two_builds_at_once_wait_for_each_other() {
    let mut scene = Scene::new();
    for day in 1..=28 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), "text");
    }
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.run(&["build", "blog", "-o", "out"]))).collect();
        for run in runs {
            let run = run.join().unwrap();
            assert!(run.status.success(), "{:?}", crate::scene::words(&run));
        }
    });
    assert_same(&scene.built(), &scene.clean(), "four at once");
}

/// Overwrites a file of the site in place, and keeps its time of modification, as a tool may that brings an old copy.
fn change(scene: &Scene, path: &str, change: impl Fn(String) -> String) {
    let file = scene.site().join(path);
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    fs::write(&file, change(scene.page(path))).unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
}

fn site() -> Scene {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "some text")
        .attachment("2026-01-01T10-00-00Z", "notes.bin", b"attached")
        .message("2026-01-02T10-00-00Z", "more");
    scene.build().report();
    scene
}

#[test]
fn what_was_changed_by_hand_is_written_anew() {
    let scene = site();
    let before = scene.built();
    for path in ["index.html", "atom.xml", "feed.json", "tag/index.html", "2026-01-01T10-00-00Z/notes.bin"] {
        if !scene.has(path) {
            continue;
        }
        for (kind, edit) in [
            ("longer", (|text| text + "x") as fn(String) -> String),
            ("as long", |text| text.replacen('t', "T", 1)),
            ("empty", |_| String::new()),
        ] {
            change(&scene, path, edit);
            let report = scene.build().report();
            let written: Vec<_> =
                report.written.iter().map(|file| (file.path.as_str(), file.reasons.clone())).collect();
            assert_eq!(written, [(path, vec!["changed by hand"])], "{kind}");
            assert_same(&scene.built(), &before, kind);
            scene.build().wrote([]);
        }
    }
}

#[test]
fn what_took_a_files_place_gives_way() {
    let scene = site();
    let before = scene.built();
    fs::write(scene.root().join("precious"), "mine").unwrap();
    for put in [
        (|file, precious| std::os::unix::fs::symlink(precious, file)) as fn(&Path, &Path) -> std::io::Result<()>,
        |file, _| fs::create_dir(file),
        |file, precious| fs::hard_link(precious, file),
        |_, _| Ok(()),
    ] {
        fs::remove_file(scene.site().join("index.html")).unwrap();
        assert!(!scene.has("index.html"));
        put(&scene.site().join("index.html"), &scene.root().join("precious")).unwrap();
        scene.build().wrote(["index.html"]);
        assert_same(&scene.built(), &before, "the page is there again");
        assert_eq!(fs::read_to_string(scene.root().join("precious")).unwrap(), "mine");
    }
}

#[test]
fn a_copy_without_its_times_is_read_once_and_nothing_is_written() {
    // An attachment that was just put there is compared again until its time tells.
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "some text");
    scene.build().report();
    let copy = scene.root().join("copy");
    let copied = std::process::Command::new("cp").arg("-r").arg(scene.site()).arg(&copy).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(scene.site()).unwrap();
    fs::rename(&copy, scene.site()).unwrap();
    let old = fs::File::options().write(true).open(scene.site().join(".missive-manifest")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let inode = |path: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(scene.site().join(path)).unwrap());
    let saved = || fs::metadata(scene.site().join(".missive-manifest")).unwrap().modified().unwrap();
    let page = inode("index.html");
    scene.build().wrote([]);
    assert_eq!(inode("index.html"), page, "a page that says the same stays");
    assert!(saved() > std::time::SystemTime::UNIX_EPOCH, "what was read is remembered");
    std::thread::sleep(std::time::Duration::from_millis(50));
    scene.build().wrote([]);
    let remembered = saved();
    std::thread::sleep(std::time::Duration::from_millis(50));
    scene.build().wrote([]);
    assert_eq!(saved(), remembered, "and not read again");
    change(&scene, "index.html", |text| text.replacen('t', "T", 1));
    scene.build().wrote(["index.html"]);
}

#[test]
fn a_manifest_dated_in_the_future_hides_no_change() {
    let scene = site();
    let manifest = fs::File::options().write(true).open(scene.site().join(".missive-manifest")).unwrap();
    manifest.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(1_000_000)).unwrap();
    change(&scene, "index.html", |text| text.replacen('t', "T", 1));
    scene.build().wrote(["index.html"]);
}

#[test]
fn a_change_by_hand_is_said() {
    let scene = site();
    scene.run(&["build", "blog"]);
    for page in ["site/index.html", "site/2026-01-01T10-00-00Z.html"] {
        fs::write(scene.path(page), "mine").unwrap();
    }
    let (out, messages) = words(&scene.run(&["build", "blog", "--explain"]));
    let note = "note: 2 pages were changed by hand and are written anew: 2026-01-01T10-00-00Z.html, index.html\n";
    assert!(messages.contains(note), "{messages}");
    assert!(out.contains("index.html: changed by hand\n"), "{out}");
    assert!(!fs::read_to_string(scene.path("site/index.html")).unwrap().contains("mine"));
    let (out, messages) = words(&scene.run(&["build", "blog"]));
    assert!(out.contains("nothing to do") && !messages.contains("by hand"), "{out}{messages}");
}

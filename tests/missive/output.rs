//! What happens to what is in the output already.

use std::fs;

use missive::site::SiteError;

use crate::scene::{Scene, assert_same};

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

//! What no mishap may touch: inboxes, the outbox on a full or closed disk, and what was written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use snapbox::str;

use super::{OLD, ended, fails, run, seen, texts, with_editor};
use crate::disk::Disk;
use crate::scene::{Scene, until};
use crate::test_environment::{NOBODY, assert_says};

#[test]
fn nobody_writes_into_a_subscription() {
    let scene = Scene::subscription().message(OLD, "x");
    let before = listing(&scene);
    let refused = scene.session(&[
        &["compose", "blog", "-m", "x"],
        &["compose", "blog", "-m", "x", "--draft"],
        &["compose", "blog", "-m", "x", "--at", "in 2h"],
        &["edit", "blog", OLD, "-m", "x"],
        &["delete", "blog", OLD, "--yes"],
        &["delete", "blog", "--undo"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive compose blog -m x
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1

$ missive compose blog -m x --draft
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1

$ missive compose blog -m x --at 'in 2h'
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1

$ missive edit blog 2026-01-01T10-00-00Z -m x
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1

$ missive delete blog 2026-01-01T10-00-00Z --yes
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1

$ missive delete blog --undo
--- messages
error: `blog` is a subscription: you can only read it
  hint: `missive new NAME` makes a channel of your own
--- exit 1
"#]],
    );
    assert_eq!(listing(&scene), before);
    assert!(!scene.path("drafts").exists() && !scene.path("trash").exists());
}

type Times = (i64, i64, i64, i64);

/// Every name in the inbox with all that `lstat` tells of changes, and the bytes of every file.
fn listing(scene: &Scene) -> Vec<(PathBuf, Times, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(scene.path("inbox")).sort_by_file_name();
    entries
        .into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.path().symlink_metadata().unwrap();
            let bytes = if meta.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
            let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
            (entry.path().to_owned(), times, bytes)
        })
        .collect()
}

#[test]
fn an_inbox_is_never_written() {
    let scene = Scene::conversation()
        .file("inbox/2026-01-02T10-00-00Z.txt", b"theirs")
        .file("inbox/2026-01-02T10-00-00Z/a.jpg", b"a")
        .file("inbox/.missive-tmp-1073741824-0", b"left by them");
    let before = listing(&scene);
    fs::write(scene.root().join("b.jpg"), "b").unwrap();
    run(&scene, &["compose", "blog", "-m", "x", "--reply-to", "2026-01-02T10-00-00Z", "-a", "b.jpg"]);
    run(&scene, &["compose", "blog", "-m", "x", "--reply-to", "inbox/2026-01-02T10-00-00Z"]);
    run(&scene, &["compose", "blog", "-m", "x", "--at", "in 1s"]);
    with_editor(&scene, "echo x >>\"$1\"", &["compose", "blog"], 0);
    let own = scene.snapshot().all.iter().rev().find(|card| card.side.name() == "outbox").unwrap().stamp.to_string();
    run(&scene, &["edit", "blog", &own, "-m", "y", "-a", "b.jpg"]);
    run(&scene, &["delete", "blog", &own, "--yes"]);
    run(&scene, &["delete", "blog", "--undo"]);
    until("it is due", || run(&scene, &["compose", "blog", "--due"]).0.contains("Sent "));
    let refused = scene.session(&[
        &["edit", "blog", "2026-01-02T10-00-00Z", "-m", "mine"],
        &["edit", "blog", "inbox/2026-01-02T10-00-00Z", "-m", "mine"],
        &["delete", "blog", "2026-01-02T10-00-00Z", "--yes"],
        &["delete", "blog", "inbox/2026-01-02T10-00-00Z", "--yes"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive edit blog 2026-01-02T10-00-00Z -m mine
--- messages
error: `inbox/2026-01-02T10-00-00Z` is somebody else's message: you can only change your own
  hint: missive never changes an inbox; to answer: missive compose CHANNEL --reply-to ID
--- exit 1

$ missive edit blog inbox/2026-01-02T10-00-00Z -m mine
--- messages
error: `inbox/2026-01-02T10-00-00Z` is somebody else's message: you can only change your own
  hint: missive never changes an inbox; to answer: missive compose CHANNEL --reply-to ID
--- exit 1

$ missive delete blog 2026-01-02T10-00-00Z --yes
--- messages
error: `inbox/2026-01-02T10-00-00Z` is somebody else's message: you can only change your own
  hint: missive never changes an inbox; to answer: missive compose CHANNEL --reply-to ID
--- exit 1

$ missive delete blog inbox/2026-01-02T10-00-00Z --yes
--- messages
error: `inbox/2026-01-02T10-00-00Z` is somebody else's message: you can only change your own
  hint: missive never changes an inbox; to answer: missive compose CHANNEL --reply-to ID
--- exit 1
"#]],
    );
    assert_eq!(listing(&scene), before);
}

#[test]
fn what_a_crash_left_is_swept_by_the_next_message() {
    let scene = Scene::new().file("outbox/.missive-tmp-1073741824-0/a.jpg", b"a");
    let scene = scene.file("outbox/.missive-tmp-1073741824-1", b"half").file("drafts/.missive-tmp-1073741824-2", b"x");
    run(&scene, &["compose", "blog", "-m", "x"]);
    assert_eq!(seen(&scene, "outbox").len(), 1);
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
fn an_outbox_that_is_closed_costs_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    fs::create_dir(scene.path("drafts")).unwrap();
    fs::set_permissions(scene.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let environment = scene.environment().set("HOME", scene.root()).user(NOBODY);
    environment.give(&scene.path("drafts"));
    environment.give(&scene.path("outbox"));
    fs::set_permissions(scene.path("outbox"), fs::Permissions::from_mode(0o555)).unwrap();
    assert_says(
        environment.session(&[&["compose", "blog", "-m", "words", "-a", "a.jpg"]]),
        str![[r#"
$ missive compose blog -m words -a a.jpg
--- messages
error: failed to create directory `[ROOT]/blog/outbox/.missive-tmp-[NUMBER]`: Permission denied (os error 13)
  hint: your text is saved as a draft; `missive drafts edit blog draft-[NOW]` continues it, `missive drafts send blog draft-[NOW]` sends it
--- exit 1
"#]],
    );
    assert!(seen(&scene, "outbox").is_empty());
    assert_eq!(texts(&scene, "drafts"), ["words\n"]);
    fs::set_permissions(scene.path("outbox"), fs::Permissions::from_mode(0o755)).unwrap();
    ended(&environment.run(&["drafts", "send", "blog"]), 0);
    assert_eq!((texts(&scene, "outbox"), seen(&scene, "outbox").len()), (vec!["words\n".into()], 2));
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
#[ignore = "needs root, who mounts small disks"]
fn a_disk_that_is_full_shows_nothing_and_loses_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("big.jpg"), vec![7; 200_000]).unwrap();
    let outbox = Disk::on(&scene.path("outbox"), "64k");
    let talk = fails(&scene, &["compose", "blog", "-m", "words", "-a", "big.jpg"]);
    assert!(talk.contains("No space left") && talk.contains("your text is saved"), "{talk}");
    assert!(seen(&scene, "outbox").is_empty());
    assert_eq!(texts(&scene, "drafts"), ["words\n"]);
    run(&scene, &["compose", "blog", "-m", "small, to another disk"]);
    assert_eq!(texts(&scene, "outbox"), ["small, to another disk\n"]);
    let id = scene.snapshot().all[0].stamp.to_string();
    run(&scene, &["delete", "blog", &id, "--yes"]);
    assert!(seen(&scene, "outbox").is_empty());
    run(&scene, &["delete", "blog", "--undo"]);
    assert_eq!(texts(&scene, "outbox"), ["small, to another disk\n"]);
    drop(outbox);
    run(&scene, &["drafts", "send", "blog"]);
    assert_eq!((texts(&scene, "outbox"), seen(&scene, "outbox").len()), (vec!["words\n".into()], 2));
    let _drafts = Disk::on(&scene.path("drafts"), "64k");
    let talk = fails(&scene, &["compose", "blog", "-m", "again", "-a", "big.jpg"]);
    assert!(talk.contains("No space left") && talk.contains("your text is saved"), "{talk}");
    assert_eq!((texts(&scene, "drafts"), seen(&scene, "drafts").len()), (vec!["again\n".into()], 1));
}

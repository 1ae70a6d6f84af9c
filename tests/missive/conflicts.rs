//! `missive check --fix`: conflict copies become messages of their own or go to the trash.

use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use snapbox::str;

use crate::scene::{Scene, files, words};
use crate::test_environment::{assert_says, started};

const X: &str = "2026-01-01T10-00-00Z";
const NEXT: &str = "2026-01-01T10-00-01Z";
const MARK: &str = "sync-conflict-20260102-120000-ABCDEFG";

fn scene() -> Scene {
    Scene::new().message(X, "one\ntwo\nthree\n").file(&format!("outbox/{X}.{MARK}.txt"), b"one\n2\nthree\n")
}

/// The files of the channel, without what a build made.
fn there(scene: &Scene) -> Vec<String> {
    files(&scene.path("")).into_keys().collect()
}

fn settled(scene: &Scene) -> Vec<Value> {
    let output = scene.run(&["check", "blog", "--fix", "--yes", "--json"]);
    let (out, talk) = words(&output);
    assert!(output.status.success(), "{out}{talk}");
    let report: Value = serde_json::from_str(&out).unwrap();
    report["channels"][0]["conflicts"].as_array().unwrap().clone()
}

#[test]
fn a_conflict_copy_becomes_a_message_at_the_next_free_second() {
    let scene = scene()
        .message(NEXT, "taken")
        .file("outbox/2026-01-01T10-00-02Z/waits.txt", b"taken by attachments")
        .file("outbox/.syncthing.2026-01-01T10-00-03Z.txt.tmp", b"taken by what arrives");
    let before = fs::metadata(scene.path(&format!("outbox/{X}.{MARK}.txt"))).unwrap().modified().unwrap();
    let conflicts = settled(&scene);
    assert_eq!(conflicts[0]["outcome"], "filed");
    assert_eq!(conflicts[0]["detail"], "outbox/2026-01-01T10-00-04Z.txt");
    assert_eq!(conflicts[0]["comparison"]["lines"].as_array().unwrap(), &[" one", "-two", "+2", " three"]);
    let filed = scene.path("outbox/2026-01-01T10-00-04Z.txt");
    assert_eq!(fs::read(&filed).unwrap(), b"one\n2\nthree\n");
    assert_eq!(fs::metadata(&filed).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read(scene.path(&format!("outbox/{X}.txt"))).unwrap(), b"one\ntwo\nthree\n");
    assert_eq!(settled(&scene), [] as [Value; 0]);
    assert_says(
        scene.session(&[&["check", "blog"]]),
        str![[r#"
$ missive check blog
blog: 3 messages, no warnings
  outbox/.syncthing.2026-01-01T10-00-03Z.txt.tmp: still arriving: a sync tool has not finished it
  outbox/2026-01-01T10-00-02Z: attachments whose message has not arrived
"#]],
    );
}

#[test]
fn an_equal_copy_goes_to_the_trash_and_nothing_is_deleted_or_overwritten() {
    let dropped = format!("{X}.{MARK}.txt");
    let scene =
        scene().file(&format!("outbox/{dropped}"), b"one\ntwo\nthree\n").file(&format!("trash/{dropped}"), b"old");
    assert_eq!(settled(&scene)[0]["outcome"], "dropped");
    let second = format!("trash/{X}.{MARK} 2.txt");
    assert_eq!(there(&scene), [format!("outbox/{X}.txt"), second.clone(), format!("trash/{dropped}")]);
    assert_eq!(fs::read(scene.path(&second)).unwrap(), b"one\ntwo\nthree\n");
}

#[test]
fn a_copys_own_attachments_go_where_it_goes() {
    let own = format!("{X} (Brando's conflicted copy 2026-01-02)");
    let filed = Scene::new()
        .message(X, "same")
        .attachment(X, "a.txt", b"a")
        .file(&format!("outbox/{own}.txt"), b"same")
        .file(&format!("outbox/{own}/a.txt"), b"b");
    assert_eq!(settled(&filed)[0]["detail"], format!("outbox/{NEXT}.txt"), "its attachments differ");
    assert_eq!(fs::read(filed.path(&format!("outbox/{NEXT}/a.txt"))).unwrap(), b"b");
    let dropped = Scene::new()
        .message(X, "same")
        .attachment(X, "a.txt", b"a")
        .file(&format!("outbox/{own}.txt"), b"same")
        .file(&format!("outbox/{own}/a.txt"), b"a");
    let conflicts = settled(&dropped);
    assert_eq!((conflicts.len(), &conflicts[0]["outcome"]), (1, &"dropped".into()));
    assert_eq!(
        there(&dropped),
        [
            format!("outbox/{X}.txt"),
            format!("outbox/{X}/a.txt"),
            format!("trash/{own}.txt"),
            format!("trash/{own}/a.txt")
        ]
    );
}

#[test]
fn attachments_get_a_free_name_beside() {
    let scene = Scene::new()
        .message(X, "x")
        .attachment(X, "a.jpg", b"a")
        .attachment(X, "a (conflict 2026-01-02).jpg", b"taken")
        .attachment(X, &format!("a.{MARK}.jpg"), b"b")
        .attachment(X, "deep/b.Conflict.jpg", b"c")
        .attachment(X, "deep/b.jpg", b"c");
    settled(&scene);
    assert_eq!(
        there(&scene),
        [
            format!("outbox/{X}.txt"),
            format!("outbox/{X}/a (conflict 2026-01-02) 2.jpg"),
            format!("outbox/{X}/a (conflict 2026-01-02).jpg"),
            format!("outbox/{X}/a.jpg"),
            format!("outbox/{X}/deep/b.jpg"),
            format!("trash/{X}/deep/b.Conflict.jpg"),
        ]
    );
}

#[test]
fn what_is_no_messages_copy_and_what_is_theirs_is_left() {
    let scene = Scene::conversation()
        .file("outbox/.channel.toml", b"title = \"A\"\n")
        .file(&format!("outbox/.channel.{MARK}.toml"), b"title = \"B\"\n")
        .file(&format!("inbox/{X}.txt"), b"x")
        .file(&format!("inbox/{X}.{MARK}.txt"), b"x");
    std::os::unix::fs::symlink("/etc/passwd", scene.path(&format!("outbox/{X}.{MARK}.txt"))).unwrap();
    let before = there(&scene);
    let conflicts = settled(&scene);
    assert_eq!(conflicts.len(), 3);
    assert!(conflicts.iter().all(|conflict| conflict["outcome"] == "left"), "{conflicts:?}");
    assert_eq!(there(&scene), before);
    assert!(scene.path(&format!("outbox/{X}.{MARK}.txt")).symlink_metadata().unwrap().is_symlink());
}

#[test]
fn without_a_terminal_and_without_yes_it_only_shows() {
    let scene = scene();
    let before = there(&scene);
    let check: &[&str] = &["check", "blog"];
    assert_says(
        scene.session(&[&["check", "blog", "--fix"], &["check", "blog", "--fix", "--strict"], check]),
        str![[r#"
$ missive check blog --fix
blog: 1 message, 1 warning
  outbox/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt: nothing was changed; `--yes` would keep it as a message of its own
    differs from outbox/2026-01-01T10-00-00Z.txt:
     one
    -two
    +2
     three

$ missive check blog --fix --strict
blog: 1 message, 1 warning
  outbox/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt: nothing was changed; `--yes` would keep it as a message of its own
    differs from outbox/2026-01-01T10-00-00Z.txt:
     one
    -two
    +2
     three
--- exit 1

$ missive check blog
blog: 1 message, 1 warning
  outbox/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt: a sync tool's conflict copy
`missive check --fix` resolves the conflict copies in an outbox.
"#]],
    );
    assert_eq!(there(&scene), before);
}

/// Runs `check --fix` with these keys typed at a terminal; gives both streams.
fn typed(scene: &Scene, keys: &str) -> (String, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs: OwnedFd = fs::File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap().into();
    let mut ours = fs::File::from(ours);
    let mut command = scene.environment().command(&["check", "./blog", "--fix"]);
    let child = started(command.stdin(theirs).stdout(Stdio::piped()).stderr(Stdio::piped()));
    drop(command);
    ours.write_all(keys.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    words(&output)
}

#[test]
fn at_a_terminal_each_is_asked_for() {
    let more = || {
        scene()
            .file("outbox/2026-01-02T10-00-00Z.Conflict.txt", b"alone")
            .file("outbox/2026-01-03T10-00-00Z.Conflict.txt", b"last")
    };
    let scene = more();
    let (out, talk) = typed(&scene, "what?\nd\n\ns\n");
    assert_says(
        scene.environment().redacted(&format!("{out}--- messages\n{talk}")),
        str![[r#"
blog: 2 messages, 1 warning
  outbox/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt: moved to trash/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt
  outbox/2026-01-02T10-00-00Z.Conflict.txt: kept as outbox/2026-01-02T10-00-01Z.txt
  outbox/2026-01-03T10-00-00Z.Conflict.txt: skipped
--- messages
outbox/2026-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt:
    differs from outbox/2026-01-01T10-00-00Z.txt:
     one
    -two
    +2
     three
[r]e-file, [d]rop to trash, [s]kip? (Enter: re-file) [r]e-file, [d]rop to trash, [s]kip? (Enter: re-file) outbox/2026-01-02T10-00-00Z.Conflict.txt:
    outbox/2026-01-02T10-00-00Z.txt is not there
[r]e-file, [d]rop to trash, [s]kip? (Enter: re-file) outbox/2026-01-03T10-00-00Z.Conflict.txt:
    outbox/2026-01-03T10-00-00Z.txt is not there
[r]e-file, [d]rop to trash, [s]kip? (Enter: re-file) 
"#]],
    );
    assert!(scene.path("outbox/2026-01-02T10-00-01Z.txt").exists());
    assert!(scene.path(&format!("trash/{X}.{MARK}.txt")).exists());
    let scene = more();
    let before = there(&scene);
    let (out, talk) = typed(&scene, "\u{4}");
    assert_eq!(talk.matches("(Enter: ").count(), 1, "whoever ends it is asked no more: {talk}");
    assert_eq!((there(&scene), out.matches("nothing was changed").count()), (before, 3), "{out}");
}

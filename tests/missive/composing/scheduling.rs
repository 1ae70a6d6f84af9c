//! Messages with a time of their own: they wait as drafts, and are sent when they are due.

use std::fs;
use std::process::Stdio;

use snapbox::str;

use super::{OLD, json, run, seen, texts};
use crate::scene::{Scene, until};
use crate::test_environment::{assert_says, started};

#[test]
fn a_scheduled_message_waits_and_is_sent_when_it_is_due() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "abc").unwrap();
    let (out, _) = run(&scene, &["compose", "blog", "-m", "soon", "--at", "in 2s", "-a", "a.jpg"]);
    assert!(out.contains("Scheduled for") && out.contains("missive compose --due blog"), "{out}");
    run(&scene, &["compose", "blog", "-m", "later", "--at", "2099-12-24 18:00"]);
    assert_eq!(run(&scene, &["compose", "blog", "--due"]), ("Nothing is due.\n".to_owned(), String::new()));
    let due = json(&scene, &["drafts"])["drafts"][0]["scheduled"].as_str().unwrap().to_owned();
    assert!(seen(&scene, "outbox").is_empty());
    until("it is due", || run(&scene, &["compose", "--due"]).0.contains(&format!("Sent {due}.")));
    assert!(scene.path(&format!("outbox/{due}/a.jpg")).exists());
    assert_eq!((texts(&scene, "outbox"), texts(&scene, "drafts")), (vec!["soon\n".into()], vec!["later\n".into()]));
    assert_eq!(run(&scene, &["compose", "--due"]), ("Nothing is due.\n".to_owned(), String::new()));
    let refused = scene.session(&[
        &["compose", "blog", "-m", "x", "--at", "2020-01-01 18:00"],
        &["compose", "blog", "-m", "x", "--at", "soon"],
        &["compose", "blog", "-m", "x", "--at", "2099-12-25 18:00"],
        &["drafts"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive compose blog -m x --at '2020-01-01 18:00'
--- messages
error: `2020-01-01 18:00` is in the past: it means 1 January 2020, 18:00 UTC
  hint: choose a later time, or leave `--at` out to send the message now
--- exit 1

$ missive compose blog -m x --at soon
--- messages
error: `soon` is not a time; try `2026-11-22`, `2026-11`, `2026-11-22 18:00`, `3d` (three days ago), `in 2h`, `yesterday`, `18:00` or `tomorrow 9:00`; times are UTC unless an offset follows, as in `18:00+01:00`
  hint: add a time zone: `18:00 Europe/Berlin`, or `18:00 local` for the clock here
--- exit 1

$ missive compose blog -m x --at '2099-12-25 18:00'
Scheduled for 25 December 2099, 18:00 UTC.
`missive watch blog` sends it if it is running then, and so does `missive compose --due blog`.
[ROOT]/blog/drafts/2099-12-25T18-00-00Z.txt

$ missive drafts
blog
  2099-12-24T18-00-00Z: “later”, scheduled for 24 December 2099, 18:00 UTC
  2099-12-25T18-00-00Z: “x”, scheduled for 25 December 2099, 18:00 UTC
"#]],
    );
}

#[test]
fn a_watch_sends_what_is_due_and_shows_it() {
    let scene = Scene::new().message(OLD, "# Before");
    run(&scene, &["compose", "blog", "-m", "# Planned before", "--at", "in 2s"]);
    let talk = fs::File::create(scene.root().join("talk")).unwrap();
    let mut watch = scene.environment().command(&["watch", "blog", "-o", "out"]);
    let mut child = started(watch.stdout(Stdio::null()).stderr(talk));
    let page = || fs::read_to_string(scene.site().join("index.html")).unwrap_or_default();
    until("the first site", || page().contains("Before"));
    assert!(!page().contains("Planned"));
    until("what was planned before", || page().contains("Planned before"));
    run(&scene, &["compose", "blog", "-m", "# Planned meanwhile", "--at", "in 2s"]);
    until("what was planned meanwhile", || page().contains("Planned meanwhile"));
    child.kill().unwrap();
    child.wait().unwrap();
    let talk = fs::read_to_string(scene.root().join("talk")).unwrap();
    assert_eq!(talk.lines().filter(|line| line.starts_with("sent 20")).count(), 2, "{talk}");
    assert!(seen(&scene, "drafts").is_empty());
}

//! Searching: which messages are found, in which order, and how they are shown.

use serde_json::Value;
use snapbox::str;

use crate::scene::{Scene, words};
use crate::test_environment::assert_says;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

fn shelf() -> Scene {
    let scene = Scene::conversation()
        .file(&format!("inbox/{FIRST}.txt"), "# Coffee\n\nThe crème brûlée of Café Zoë. #food".as_bytes())
        .file(&format!("outbox/{SECOND}.txt"), b"tea, not coffee, at the harbour")
        .file(&format!("outbox/{SECOND}/a.jpg"), b"x")
        .file("inbox/.channel.toml", b"author = \"Brando\"\n");
    let other = scene.root().join("other/outbox");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join(format!("{THIRD}.txt")), "The harbour,\nagain").unwrap();
    scene
}

#[track_caller]
fn found(scene: &Scene, args: &[&str]) -> Vec<String> {
    let output = scene.run(&[&["search", "--json"], args].concat());
    let (out, talk) = words(&output);
    assert!(output.status.success(), "{args:?}: {talk}");
    let report: Value = serde_json::from_str(&out).unwrap();
    report["messages"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_language_is_understood_and_the_newest_comes_first() {
    let scene = shelf();
    let cases: [(&[&str], &[&str]); 14] = [
        (&["harbour"], &[THIRD, SECOND]),
        (&["-n", "1", "harbour"], &[THIRD]),
        (&["--in", "blog", "harbour"], &[SECOND]),
        (&["COFFEE"], &[SECOND, FIRST]),
        (&["coffee", "-tea"], &[FIRST]),
        (&["-tea", "coffee"], &[FIRST]),
        (&["creme brulee"], &[FIRST]),
        (&["harbour, again"], &[THIRD]),
        (&["\"harbour, again\""], &[THIRD]),
        (&["tag:food"], &[FIRST]),
        (&["from:brando"], &[FIRST]),
        (&["from:me", "in:blog"], &[SECOND]),
        (&["has:attachment"], &[SECOND]),
        (&["after:2026-01-02", "before:2026-01-03"], &[SECOND]),
    ];
    for (args, expected) in cases {
        assert_eq!(found(&scene, args), expected, "{args:?}");
    }
}

#[test]
fn each_line_has_what_read_takes() {
    let scene = shelf();
    assert_says(
        scene.session(&[&["search", "harbour"]]),
        str![[r#"
$ missive search harbour
other 2026-01-03T10-00-00Z        The harbour, again
blog outbox/2026-01-02T10-00-00Z  …at the harbour
"#]],
    );
    let (out, _) = words(&scene.run(&["search", "harbour"]));
    for line in out.lines() {
        let typed: Vec<&str> = line.split_whitespace().take(2).collect();
        let (out, talk) = words(&scene.run(&[&["read"], typed.as_slice()].concat()));
        assert!(out.contains("harbour"), "{talk}");
    }
    let (out, _) = words(&scene.run(&["search", "--color", "always", "brulee"]));
    assert!(out.contains("\u{1b}[1m\u{1b}[4mbrûlée\u{1b}[0m"), "{out}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let scene = shelf();
    let session = scene.session(&[
        &["search", "tga:x"],
        &["search", "\"open"],
        &["search", "after:soon"],
        &["search", "tea", "--json"],
        &["search"],
        &["search", "zebra"],
    ]);
    assert_says(
        session,
        str![[r#"
$ missive search tga:x
--- messages
error: unknown `tga:`; known are `tag:`, `from:`, `in:`, `has:`, `after:`, `before:`; to search for it as text, put it in quotation marks
  hint: `missive search --help` explains the query
--- exit 2

$ missive search "open
--- messages
error: a quotation mark is not closed in `"open`
  hint: `missive search --help` explains the query
--- exit 2

$ missive search after:soon
--- messages
error: `soon` is not a time; try `2026-11-22`, `2026-11`, `2026-11-22 18:00`, `3d` (three days ago), `in 2h`, `yesterday`, `18:00` or `tomorrow 9:00`; times are UTC unless an offset follows, as in `18:00+01:00`
  hint: `missive search --help` explains the query
--- exit 2

$ missive search tea --json
--- messages
error: `--json` comes after the words, but options must come before them
  hint: to search for it: missive search -- WORDS
--- exit 2

$ missive search
--- messages
error: the following required arguments were not provided:
  <WORDS>...

Usage: missive search <WORDS>...

For more information, try '--help'.
--- exit 2

$ missive search zebra
--- messages
no messages found
"#]],
    );
}

#[test]
fn searching_reads_nothing_for_anybody() {
    let scene = shelf();
    found(&scene, &["coffee"]);
    assert!(!scene.root().join(".missive").exists());
}

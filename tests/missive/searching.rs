//! Searching: which messages are found, in which order, and how they are shown.

use serde_json::Value;

use crate::scene::{Scene, words};

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
    let (out, _) = words(&scene.run(&["search", "harbour"]));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(lines[0].ends_with("The harbour, again") && lines[1].ends_with("at the harbour"), "{out}");
    for line in lines {
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
    for (args, message) in [
        (&["search", "tga:x"] as &[&str], "unknown `tga:`"),
        (&["search", "\"open"], "not closed"),
        (&["search", "after:soon"], "is not a time"),
        (&["search", "tea", "--json"], "options must come before them"),
        (&["search"], "WORDS"),
    ] {
        let output = scene.run(args);
        let (out, talk) = words(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {talk}");
        assert!(out.is_empty() && talk.contains(message), "{args:?}: {talk}");
    }
    let nothing = scene.run(&["search", "zebra"]);
    assert_eq!(nothing.status.code(), Some(0));
    assert_eq!(words(&nothing), (String::new(), "no messages found\n".to_owned()));
}

#[test]
fn searching_reads_nothing_for_anybody() {
    let scene = shelf();
    found(&scene, &["coffee"]);
    assert!(!scene.root().join(".missive").exists());
}

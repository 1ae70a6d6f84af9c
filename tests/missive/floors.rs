//! Arrows go down: which part of the crate may import which.

use std::path::Path;

/// Each part of the crate with its floor; a part may import parts of lower floors only.
const FLOORS: [(&str, i8); 15] = [
    ("lock", -2),
    ("text", -1),
    ("fs", 0),
    ("difference", 0),
    ("console", 1),
    ("markdown", 0),
    ("media", 0),
    ("channel", 1),
    ("watch", 1),
    ("article", 2),
    ("site", 3),
    ("web", 3),
    ("sync", 3),
    ("commands", 4),
    ("cli", 5),
];

fn floor(part: &str) -> i8 {
    FLOORS.iter().find(|(name, _)| *name == part).unwrap_or_else(|| panic!("`{part}` has no floor")).1
}

fn part_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_go_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut arrows = 0;
    for entry in walkdir::WalkDir::new(&src)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "rs"))
    {
        let relative = entry.path().strip_prefix(&src).unwrap();
        let from = part_of(relative);
        if from == "lib" || from == "main" {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(text.starts_with("//!"), "{} does not say what it owns", relative.display());
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for rest in line.split("crate::").skip(1) {
                let names: Vec<String> = match rest.strip_prefix('{') {
                    Some(list) => list
                        .split(['}', ';'])
                        .next()
                        .unwrap()
                        .split(',')
                        .map(|name| name.trim().split("::").next().unwrap().to_owned())
                        .collect(),
                    None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()],
                };
                for to in names.into_iter().filter(|to| *to != from) {
                    arrows += 1;
                    assert!(floor(&to) < floor(&from), "{}: {from} must not import {to}", relative.display());
                }
            }
        }
    }
    assert!(arrows > 20, "the test sees the imports");
}

#[test]
fn no_room_without_a_concept() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in walkdir::WalkDir::new(&src).into_iter().map(Result::unwrap) {
        let name = entry.path().file_stem().unwrap().to_str().unwrap();
        for forbidden in ["util", "utils", "helper", "helpers", "common", "misc", "shared", "prelude"] {
            assert_ne!(name, forbidden);
        }
    }
}

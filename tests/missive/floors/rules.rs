//! What the house asks of arrows between files and of external crates, each as a function from the source to what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use crate::floors::crate_source::{Arrow, CrateSource};
use crate::floors::homes::{FLOORS, HOMES, WALLS};

/// File names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "misc", "shared", "prelude", "stuff", "lib_util"];

/// One thing that is wrong, with a short key under which it can be an exception for a while.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) key: String,
    pub(crate) words: String,
}

impl Violation {
    pub(crate) fn new(key: String, words: String) -> Self {
        Self { key, words }
    }
}

/// The room that a file belongs to: its first folder, or its own name.
pub(crate) fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Arrows that lead upwards, or to another room of the same floor.
pub(crate) fn upward_arrows(source: &CrateSource) -> Vec<Violation> {
    let wrong = source.arrows.iter().filter_map(|Arrow { from, to, line, path, .. }| {
        let (here, there) = (room(from), room(to));
        if here == there || here == "lib" {
            return None;
        }
        let words = match (floor(here), floor(there)) {
            (Some(own), Some(other)) if other < own => return None,
            (Some(_), Some(_)) => format!(
                "src/{from}:{line} names `{path}` of src/{to}, but `{here}` may only use what lies below it: move what \
                 both need to a lower floor, or hand it in as an argument"
            ),
            (None, _) => format!("src/{from}: `{here}` has no floor: give it one in FLOORS"),
            (_, None) => format!("src/{to}: `{there}` has no floor: give it one in FLOORS"),
        };
        Some(Violation::new(format!("{from} -> {to}"), words))
    });
    once_each(wrong)
}

/// Arrows through a wall within a room.
pub(crate) fn arrows_through_walls(source: &CrateSource) -> Vec<Violation> {
    let wrong = source.arrows.iter().filter_map(|Arrow { from, to, line, path, .. }| {
        WALLS.iter().find(|(here, there, _)| is_within(from, here) && is_within(to, there)).map(|(here, there, why)| {
            let words =
                format!("src/{from}:{line} names `{path}` of src/{to}, but `{here}` must not know `{there}`: {why}");
            Violation::new(format!("{from} -> {to}"), words)
        })
    });
    once_each(wrong)
}

/// Whether a file is this one, or lies in the folder of this name.
pub(crate) fn is_within(file: &str, place: &str) -> bool {
    file == place
        || file.strip_suffix(".rs") == Some(place)
        || file.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

/// Files that need each other, directly or by way of others. Each group is one violation, with one way round it.
pub(crate) fn circles(source: &CrateSource) -> Vec<Violation> {
    let mut arrows: BTreeMap<&str, BTreeMap<&str, &Arrow>> = BTreeMap::new();
    for arrow in source.arrows.iter().filter(|arrow| !arrow.is_module && arrow.from != "lib.rs") {
        arrows.entry(&arrow.from).or_default().entry(&arrow.to).or_insert(arrow);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|file| (*file, reachable(&arrows, file))).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (file, reach) in &reached {
        if !reach.contains(file) || seen.contains(file) {
            continue;
        }
        let members: Vec<&str> =
            reach.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(file))).copied().collect();
        seen.extend(members.iter().copied());
        let way = way_round(&arrows, file);
        let steps: Vec<String> = way
            .iter()
            .map(|arrow| format!("  src/{}:{} names `{}` of src/{}", arrow.from, arrow.line, arrow.path, arrow.to))
            .collect();
        let words = format!(
            "{} files need each other: {}. One way round:\n{}\nMove what two of them need into a third file, or hand it in as \
             an argument",
            members.len(),
            members.join(", "),
            steps.join("\n")
        );
        found.push(Violation::new(members.join(" "), words));
    }
    found
}

fn reachable<'a>(arrows: &BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(file) = open.pop() {
        for to in arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}

/// The shortest way from a file back to itself.
fn way_round<'a>(arrows: &BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>, file: &str) -> Vec<&'a Arrow> {
    let mut ways: std::collections::VecDeque<Vec<&Arrow>> =
        arrows.get(file).into_iter().flat_map(BTreeMap::values).map(|arrow| vec![*arrow]).collect();
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last().unwrap();
        if last.to == file {
            return way;
        }
        if seen.insert(last.to.as_str()) {
            for arrow in arrows.get(last.to.as_str()).into_iter().flat_map(BTreeMap::values) {
                ways.push_back([way.as_slice(), &[*arrow]].concat());
            }
        }
    }
    unreachable!("{file} lies on a circle");
}

/// External crates that are named outside their homes.
pub(crate) fn crates_away_from_home(source: &CrateSource) -> Vec<Violation> {
    let own = ["std", "core", "alloc"];
    let wrong = source.externals.iter().filter(|external| !own.contains(&external.krate.as_str())).filter_map(|external| {
        let (from, krate, line) = (&external.from, &external.krate, external.line);
        let words = match HOMES.iter().find(|(name, _)| name == krate) {
            None => format!("src/{from}:{line} uses `{krate}`, which has no home: say in HOMES where it may be used"),
            Some((_, homes)) if homes.contains(&"*") || homes.iter().any(|home| is_within(from, home)) => return None,
            Some((_, homes)) => format!(
                "src/{from}:{line} uses `{krate}`, whose home is {}: ask there for what is needed, in our own types",
                homes.join(", ")
            ),
        };
        Some(Violation::new(format!("{from} {krate}"), words))
    });
    once_each(wrong)
}

/// Files that do not open with what is in them, or whose name does not say it.
pub(crate) fn files_without_a_concept(source: &CrateSource) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, content) in &source.files {
        if !content.text.starts_with("//!") {
            let words = format!("src/{file}:1 does not open with `//!`: say in plain words what is in the file");
            found.push(Violation::new(file.clone(), words));
        }
        let name = file.trim_end_matches(".rs").rsplit('/').find(|name| *name != "mod").unwrap();
        if EMPTY_NAMES.contains(&name) || file.split('/').any(|part| EMPTY_NAMES.contains(&part)) {
            let words = format!("src/{file}: the name says nothing: name the file by the one concept that it holds");
            found.push(Violation::new(file.clone(), words));
        }
    }
    found
}

/// The first of the violations with the same key.
fn once_each(found: impl Iterator<Item = Violation>) -> Vec<Violation> {
    let mut first = BTreeMap::new();
    for violation in found {
        first.entry(violation.key).or_insert(violation.words);
    }
    first.into_iter().map(|(key, words)| Violation::new(key, words)).collect()
}

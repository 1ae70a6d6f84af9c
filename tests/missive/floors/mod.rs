//! The house's rules, held by reading the source: arrows go down and make no circle, external crates stay at home, files say
//! what they hold, and nothing grows too large.
//!
//! A rule that fails says file, line and the way out. What is wrong today stands in `exceptions.rs`, and the tests fail too
//! where a line of it is no longer needed: each failure prints the list as it should be, ready to be put there.
//! After files were moved, `EXCEPTIONS=overwrite cargo test --test missive floors` writes the lists anew. Read the diff then: no
//! list may become longer.

mod crate_source;
mod exceptions;
mod figures;
mod homes;
mod rules;
mod synthetic;

use std::path::Path;
use std::sync::Mutex;

use crate::floors::crate_source::CrateSource;
use crate::floors::figures::{Figure, TooLarge};
use crate::floors::rules::Violation;

fn here() -> CrateSource {
    CrateSource::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &dependencies())
}

/// The external crates, as the code names them.
fn dependencies() -> Vec<String> {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let names = manifest["dependencies"].as_table().unwrap().keys();
    names.map(|name| name.replace('-', "_")).collect()
}

/// What is wrong and no exception, and exceptions that nothing needs; with the list as it should be.
fn only(known: &[&str], found: &[Violation], list: &str) -> Option<String> {
    // Of a circle that an exception names, any part may be left.
    let is_known = |found: &Violation| {
        known.iter().any(|known| found.key.split(' ').all(|word| known.split(' ').any(|known| known == word)))
    };
    let new: Vec<&str> = found.iter().filter(|found| !is_known(found)).map(|found| found.words.as_str()).collect();
    let gone: Vec<&&str> = known.iter().filter(|known| !found.iter().any(|found| found.key == **known)).collect();
    let lines: Vec<String> = found.iter().map(|found| format!("    {:?},", found.key)).collect();
    complaint(&new.join("\n"), &gone, known.is_sorted(), list, &lines)
}

/// What is too large and no exception, exceptions that grew, and exceptions that nothing needs.
fn at_most(known: &[(&str, usize, &str)], found: &[Figure], limit: usize, list: &str) -> Option<String> {
    let allowed = |figure: &Figure| known.iter().find(|(what, ..)| *what == figure.what);
    let new: Vec<String> = found
        .iter()
        .filter(|figure| allowed(figure).is_none_or(|(_, most, _)| figure.count > *most))
        .map(|Figure { what, count, line }| {
            format!("src/{what} (line {line}) has {count}, at most {limit}: split it by concept")
        })
        .collect();
    let gone: Vec<&str> =
        known.iter().map(|(what, ..)| *what).filter(|what| !found.iter().any(|figure| figure.what == *what)).collect();
    let lines: Vec<String> = found
        .iter()
        .map(|figure| {
            format!("    ({:?}, {}, {:?}),", figure.what, figure.count, allowed(figure).map_or("", |known| known.2))
        })
        .collect();
    complaint(&new.join("\n"), &gone, known.is_sorted(), list, &lines)
}

fn complaint(
    new: &str,
    gone: &[impl std::fmt::Debug],
    is_sorted: bool,
    list: &str,
    lines: &[String],
) -> Option<String> {
    if std::env::var_os("EXCEPTIONS").is_some_and(|wish| wish == "overwrite") {
        renew(list, lines);
        return None;
    }
    let is_well = new.is_empty() && gone.is_empty() && is_sorted;
    let words =
        format!("{new}\n\nno longer needed in {list}: {gone:?}\n\n{list} as it is now:\n{}\n", lines.join("\n"));
    (!is_well).then_some(words)
}

/// Writes a list of exceptions anew.
fn renew(list: &str, lines: &[String]) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/missive/floors/exceptions.rs");
    let text = std::fs::read_to_string(&path).unwrap();
    let Some(begin) = text.find(&format!("const {list}:")) else { return };
    let begin = begin + text[begin..].find("= &[").unwrap() + "= ".len();
    let end = begin + text[begin..].find("];").unwrap();
    let lines = if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join("\n")) };
    std::fs::write(path, format!("{}&[{lines}{}", &text[..begin], &text[end..])).unwrap();
}

#[track_caller]
fn assert_none<const N: usize>(complaints: [Option<String>; N]) {
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// One test for all rules of arrows, since each has to read the whole source.
#[test]
fn arrows_go_down_and_make_no_circle_and_crates_stay_at_home() {
    let source = here();
    assert!(source.arrows.len() > 500 && source.externals.len() > 500, "the test sees the imports");
    assert_none([
        only(exceptions::UPWARD_ARROWS, &rules::upward_arrows(&source), "UPWARD_ARROWS"),
        only(exceptions::ARROWS_THROUGH_WALLS, &rules::arrows_through_walls(&source), "ARROWS_THROUGH_WALLS"),
        only(exceptions::CIRCLES, &rules::circles(&source), "CIRCLES"),
        only(exceptions::CRATES_AWAY_FROM_HOME, &rules::crates_away_from_home(&source), "CRATES_AWAY_FROM_HOME"),
        only(&[], &rules::files_without_a_concept(&source), "nothing"),
    ]);
}

#[test]
fn every_dependency_has_a_home() {
    let dependencies = dependencies();
    let homes: Vec<&str> = homes::HOMES.iter().map(|(name, _)| *name).collect();
    assert!(homes.is_sorted(), "HOMES is sorted by name");
    let gone: Vec<&&str> = homes.iter().filter(|home| !dependencies.iter().any(|name| name == **home)).collect();
    assert!(gone.is_empty(), "in HOMES and no longer in Cargo.toml: {gone:?}");
    let homeless: Vec<&String> = dependencies.iter().filter(|name| !homes.contains(&name.as_str())).collect();
    assert!(homeless.is_empty(), "in Cargo.toml and not in HOMES: {homeless:?}");
}

/// One test for all figures, since each has to read the whole source.
#[test]
fn functions_structs_and_files_are_one_idea_each() {
    let found = TooLarge::of(&here());
    let closures: Vec<String> = found
        .named_closures
        .iter()
        .map(|Figure { what, line, count }| format!("src/{what} (line {line}): {count} lines"))
        .collect();
    let too_many = format!(
        "{} closures have a name and more than two lines, {} may: make a function of the new one\n{}",
        closures.len(),
        exceptions::NAMED_CLOSURES,
        closures.join("\n")
    );
    assert_none([
        at_most(exceptions::LONG_FUNCTIONS, &found.functions, figures::MAX_FUNCTION_LINES, "LONG_FUNCTIONS"),
        at_most(exceptions::MANY_PARAMETERS, &found.parameters, figures::MAX_PARAMETERS, "MANY_PARAMETERS"),
        at_most(exceptions::LARGE_STRUCTS, &found.structs, figures::MAX_FIELDS, "LARGE_STRUCTS"),
        at_most(exceptions::LONG_FILES, &found.files, figures::MAX_FILE_LINES, "LONG_FILES"),
        (closures.len() > exceptions::NAMED_CLOSURES).then_some(too_many),
    ]);
}

//! Clocks that differ: it is said at both sides, and nothing is lost.

use std::path::PathBuf;

use super::people::{Person, until};
use super::{FIRST, SECOND};
use crate::test_environment::wait_for_the_next_second;

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

/// The library that lends a program a clock; it comes with `faketime`.
fn lender() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
    folders
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists())
        .expect("faketime is installed")
}

/// By how much the clocks of others are said to be ahead, in minutes.
fn ahead(person: &Person) -> Option<i64> {
    Some(person.status()["clock"].as_i64()? / 60)
}

#[test]
fn an_hour_between_two_clocks_is_said_at_both_sides() {
    let preload = format!("LD_PRELOAD={}", lender().display());
    let mut azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "too early\n");
    azureen.lives_under(&["/usr/bin/env", &preload, "FAKETIME=+1h", "FAKETIME_DONT_FAKE_MONOTONIC=1"]);
    azureen.starts();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until(&[&azureen, &brando], "both hear of it", || {
        ahead(&brando).is_some_and(|minutes| (58..=60).contains(&minutes))
            && ahead(&azureen).is_some_and(|minutes| (-60..=-58).contains(&minutes))
    });
    let said = [&brando, &azureen].map(|person| person.does(&["status"]));
    assert!(said[0].contains("this computer's clock is 1 h behind the others'"), "{}", said[0]);
    assert!(said[1].contains("this computer's clock is 1 h ahead of the others'"), "{}", said[1]);
    wait_for_the_next_second();
    azureen.stops();
    azureen.lives_under(&[]);
    azureen.starts();
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"in time\n");
    until(&[&azureen, &brando], "what is written by the right clock arrives", || {
        brando.has(&format!("{INBOX}/{SECOND}.txt"))
    });
    until(&[&azureen, &brando], "nobody complains any more", || ahead(&azureen).is_none() && ahead(&brando).is_none());
    assert!(azureen.has(&format!("{OUTBOX}/{FIRST}.txt")), "nothing is lost");
}

//! Kills at any moment: what was begun is finished by the next start, at both sides.
//!
//! `REPLICATION_KILLS` says how many there are, and `REPLICATION_MEGABYTES` how large the attachment is.

use std::time::{Duration, Instant};

use super::FIRST;
use super::people::{Person, until_same};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

/// A number that the environment may say.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Lets a moment pass that is no wait for anything.
fn moment(milliseconds: u64) {
    let end = Instant::now() + Duration::from_millis(milliseconds);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Moments that differ from run to run.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut state =
        u64::from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos()) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[test]
fn kills_at_both_sides_end_in_the_same_folders() {
    let mut dice = dice();
    let mut azureen = Person::author("Azureen", "blog").running();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    for turn in 0..number("REPLICATION_KILLS", 60) {
        let stem = format!("2026-02-01T10-{:02}-{:02}Z", turn / 60 % 60, turn % 60);
        azureen.writes(&format!("{OUTBOX}/{stem}/photo"), &vec![u8::try_from(turn % 251).unwrap(); 40_000]);
        azureen.writes(&format!("{OUTBOX}/{stem}.txt"), format!("turn {turn}\n").as_bytes());
        azureen.writes(&format!("{OUTBOX}/{FIRST}.txt"), format!("changed in turn {turn}\n").as_bytes());
        moment(dice(250));
        let victim = if turn % 2 == 0 { &mut azureen } else { &mut brando };
        victim.is_killed();
        victim.starts_but_waits_for_nothing("127.0.0.1:0");
    }
    until_same((&azureen, OUTBOX), (&brando, INBOX), "both hold the same");
    let is_left = |name: &String| [".missive", ".kept-", "sync-conflict"].iter().any(|part| name.contains(part));
    let all = brando.everything(INBOX).into_iter().chain(azureen.everything(OUTBOX));
    assert_eq!(all.filter(is_left).collect::<Vec<_>>(), [""; 0], "nothing is left lying about");
}

/// What a node that is killed has not noted: on what its boxes and documents agreed.
fn forgets_what_was_agreed(person: &Person) {
    std::fs::remove_dir_all(person.path(".missive/sync/agreed")).unwrap();
}

#[test]
fn an_edit_after_a_kill_is_the_authors_own_and_no_conflict() {
    let mut azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "one\n").running();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    for (victim, text) in [("author", "two\n"), ("reader", "three\n")] {
        let person = if victim == "author" { &mut azureen } else { &mut brando };
        // The store writes down what it has taken in, but not at once.
        moment(1000);
        person.is_killed();
        forgets_what_was_agreed(person);
        azureen.writes(&format!("{OUTBOX}/{FIRST}.txt"), text.as_bytes());
        let person = if victim == "author" { &mut azureen } else { &mut brando };
        person.starts();
        until_same((&azureen, OUTBOX), (&brando, INBOX), "the edit arrives");
        assert_eq!(brando.holds(&format!("{INBOX}/{FIRST}.txt")).as_deref(), Some(text));
    }
    for (person, folder) in [(&azureen, OUTBOX), (&brando, INBOX)] {
        let names = person.everything(folder);
        assert!(!names.iter().any(|name| name.contains("sync-conflict") || name.contains(".kept-")), "{names:?}");
    }
}

#[test]
fn a_large_attachment_arrives_in_spite_of_kills_at_both_sides() {
    let mut dice = dice();
    let azureen = Person::author("Azureen", "blog");
    let megabytes = number("REPLICATION_MEGABYTES", 30);
    let reel =
        |turn: u32| (0..1_000_000_u32).map(move |at| (at.wrapping_add(turn).wrapping_mul(2_654_435_761) >> 24) as u8);
    let film: Vec<u8> = (0..megabytes).flat_map(reel).collect();
    azureen.writes(&format!("{OUTBOX}/{FIRST}/film"), &film);
    drop(film);
    azureen.writes(&format!("{OUTBOX}/{FIRST}.txt"), b"a film\n");
    let mut azureen = azureen.running();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    for turn in 0..4 {
        moment(dice(10 * u64::from(megabytes)));
        let victim = if turn % 2 == 0 { &mut brando } else { &mut azureen };
        victim.is_killed();
        victim.starts_but_waits_for_nothing("127.0.0.1:0");
    }
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the film arrives whole");
}

//! An outbox that is empty or gone deletes nothing elsewhere, unless somebody says so.

use std::fs;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "blog")
        .message(&format!("{OUTBOX}/{FIRST}/photo"), "a photo")
        .message(&format!("{OUTBOX}/{FIRST}.txt"), "one\n")
        .message(&format!("{OUTBOX}/{SECOND}.txt"), "two\n")
        .running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "all arrives");
    (azureen, brando)
}

fn asks(person: &Person) -> bool {
    person.document("blog", "outbox")["question"].is_string()
}

#[test]
fn an_emptied_outbox_asks_before_anything_is_deleted() {
    let (mut azureen, brando) = both();
    let before = brando.channel(INBOX);
    azureen.empties(OUTBOX);
    until(&[&azureen], "the question is asked", || asks(&azureen));
    let told = azureen.does(&["status"]);
    assert!(
        told.contains("readers have 2 messages from it") && told.contains("missive sync --yes-delete-all blog"),
        "{told}"
    );
    azureen.stops();
    azureen.starts();
    until(&[&azureen], "the question is asked after a new start", || asks(&azureen));
    until(&[&azureen], "the two have met", || azureen.document("blog", "outbox")["compared"].is_number());
    assert_eq!(brando.channel(INBOX), before);
    azureen.stops();
    azureen.reaches(&["sync", "--yes-delete-all", "blog", "--once"]);
    until(&[&brando], "all is deleted", || brando.names(INBOX).iter().all(|name| name == ".channel.toml"));
    assert!(brando.everything("harbour/trash").iter().any(|name| name.ends_with(&format!("{FIRST}/photo"))));
    assert!(!asks(&azureen));
    // The leave is used up.
    azureen.writes(&format!("{OUTBOX}/{FIRST}.txt"), b"again\n");
    azureen.starts();
    until(&[&brando], "a new message arrives", || brando.has(&format!("{INBOX}/{FIRST}.txt")));
    azureen.removes(&format!("{OUTBOX}/{FIRST}.txt"));
    until(&[&azureen], "the question is asked anew", || asks(&azureen));
}

#[test]
fn the_answer_may_be_given_while_the_node_runs() {
    let (azureen, brando) = both();
    azureen.empties(OUTBOX);
    until(&[&azureen], "the question is asked", || asks(&azureen));
    azureen.reaches(&["sync", "--yes-delete-all", "blog", "--once"]);
    until(&[&azureen, &brando], "all is deleted", || brando.names(INBOX).iter().all(|name| name == ".channel.toml"));
}

#[test]
fn an_outbox_that_is_renamed_away_deletes_nothing_and_may_come_back() {
    let (mut azureen, brando) = both();
    let before = brando.channel(INBOX);
    fs::rename(azureen.path(OUTBOX), azureen.path("blog/away")).unwrap();
    until(&[&azureen], "the question is asked", || asks(&azureen));
    azureen.stops();
    azureen.starts();
    until(&[&azureen], "the question is asked after a new start", || asks(&azureen));
    assert_eq!(brando.channel(INBOX), before);
    fs::rename(azureen.path("blog/away"), azureen.path(OUTBOX)).unwrap();
    azureen.writes(&format!("{OUTBOX}/2026-01-05T10-00-00Z.txt"), b"back again\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it goes on");
    assert!(!asks(&azureen));
}

#[test]
fn a_channel_that_is_gone_deletes_nothing() {
    let (mut azureen, brando) = both();
    let before = brando.channel(INBOX);
    // Within the data folder it would only have another name.
    fs::rename(azureen.path("blog"), azureen.root().join("away")).unwrap();
    until(&[&azureen], "the question is asked", || asks(&azureen));
    azureen.is_killed();
    azureen.starts();
    until(&[&azureen], "the question is asked after a new start", || asks(&azureen));
    assert_eq!(brando.channel(INBOX), before);
    fs::rename(azureen.root().join("away"), azureen.path("blog")).unwrap();
    azureen.writes(&format!("{OUTBOX}/2026-01-05T10-00-00Z.txt"), b"back again\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it goes on");
}

#[test]
fn some_deletions_are_no_question() {
    let (azureen, brando) = both();
    azureen.removes(&format!("{OUTBOX}/{FIRST}.txt"));
    azureen.removes(&format!("{OUTBOX}/{FIRST}"));
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the deletion arrives");
    assert_eq!(brando.names(INBOX), [".channel.toml", &format!("{SECOND}.txt")]);
}

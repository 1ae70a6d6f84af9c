//! What was deleted stays deleted, whoever was away meanwhile; and a backup that brings it back makes no endless exchange.

use super::people::{Person, until, until_quiet, until_same};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

const MESSAGES: usize = 200;
const DELETED: usize = 180;

fn stamp(number: usize) -> String {
    format!("2026-01-01T10-{:02}-{:02}Z", number / 60, number % 60)
}

/// Azureen with many messages, and Brando who has them all.
fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "blog");
    for number in 0..MESSAGES {
        azureen.writes(&format!("{OUTBOX}/{}.txt", stamp(number)), format!("message {number}\n").as_bytes());
    }
    let azureen = azureen.running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "all arrives");
    (azureen, brando)
}

fn delete_most(azureen: &Person) {
    for number in 0..DELETED {
        azureen.removes(&format!("{OUTBOX}/{}.txt", stamp(number)));
    }
}

/// What is in both boxes and in both folders of the trash.
fn everything(azureen: &Person, brando: &Person) -> [Vec<String>; 4] {
    [azureen.names(OUTBOX), azureen.everything("blog/trash"), brando.names(INBOX), brando.everything("harbour/trash")]
}

#[test]
fn what_was_deleted_while_a_reader_was_away_is_deleted_for_good() {
    for author_is_first in [true, false] {
        let (mut azureen, mut brando) = both();
        brando.stops();
        delete_most(&azureen);
        let kept = MESSAGES - DELETED + 1;
        until(&[&azureen], "the deletions are published", || {
            azureen.document("blog", "outbox")["messages"] == MESSAGES - DELETED
        });
        azureen.stops();
        let mut order = [&mut azureen, &mut brando];
        if !author_is_first {
            order.reverse();
        }
        order.into_iter().for_each(Person::starts);
        let people = [&azureen, &brando];
        until(&people, "the deletions arrive", || brando.names(INBOX).len() == kept);
        let [outbox, trash, inbox, read] = until_quiet(&people, "it is quiet", || everything(&azureen, &brando));
        assert_eq!((outbox.len(), &outbox), (kept, &inbox), "author first: {author_is_first}");
        assert_eq!(trash, Vec::<String>::new(), "nothing comes back at the author's");
        assert_eq!(read.len(), DELETED, "each deleted file is in the reader's trash once");
    }
}

#[test]
fn a_restored_data_folder_makes_no_endless_exchange_and_tells_what_was_decided() {
    let (mut azureen, brando) = both();
    azureen.stops();
    let backup = azureen.backs_up("backup");
    azureen.starts();
    delete_most(&azureen);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the deletions arrive");
    azureen.stops();
    azureen.restores(&backup, "");
    azureen.starts();
    let people = [&azureen, &brando];
    until(&people, "the author is told that her folder is older than what was published", || says_something(&azureen));
    let [outbox, trash, inbox, read] = until_quiet(&people, "it is quiet", || everything(&azureen, &brando));
    assert!(trash.len() <= DELETED && read.len() <= DELETED, "no file goes to the trash twice: {trash:?} {read:?}");
    // Either answer is one: what is a question differs between the two until it is answered.
    let (all, few) = (MESSAGES + 1, MESSAGES - DELETED + 1);
    assert!([all, few].contains(&outbox.len()) && [all, few].contains(&inbox.len()), "{outbox:?} {inbox:?}");
    assert!(outbox.len() + trash.len() >= all, "nothing is lost");
}

/// Whether somebody is asked or told something about the channel.
fn says_something(azureen: &Person) -> bool {
    let document = azureen.document("blog", "outbox");
    document["question"].is_string() || document["problems"].as_array().is_some_and(|all| !all.is_empty())
}

#[test]
fn a_restored_outbox_makes_no_endless_exchange_and_tells_what_was_decided() {
    let (mut azureen, brando) = both();
    let backup = azureen.backs_up("backup");
    delete_most(&azureen);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the deletions arrive");
    azureen.stops();
    azureen.restores(&backup, OUTBOX);
    azureen.starts();
    let people = [&azureen, &brando];
    until(&people, "the author is asked about what has come back", || {
        azureen.document("blog", "outbox")["question"]
            .as_str()
            .is_some_and(|asked| asked.contains("restored from a backup"))
    });
    let before = until_quiet(&people, "it is quiet", || everything(&azureen, &brando));
    assert_eq!([before[0].len(), before[2].len()], [MESSAGES + 1, MESSAGES - DELETED + 1], "both stay as they are");
    azureen.stops();
    azureen.reaches(&["sync", "--yes-publish-returned", "blog", "--once"]);
    azureen.starts();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "what has come back is given to readers");
    let [_, trash, inbox, read] =
        until_quiet(&[&azureen, &brando], "it is quiet again", || everything(&azureen, &brando));
    assert_eq!(
        (inbox.len(), trash.len(), read.len()),
        (MESSAGES + 1, 0, DELETED),
        "each deleted file went to the trash once"
    );
}

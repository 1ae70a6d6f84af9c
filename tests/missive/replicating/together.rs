//! Several people write one channel.

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const BOX: &str = "team/outbox";

/// Azureen and Brando, who write a channel together, and are in step.
fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n").running();
    let brando = Person::new("Brando");
    brando.joins(&azureen.write_key("team"), "team", "Brando");
    let brando = brando.running();
    until_same((&azureen, BOX), (&brando, BOX), "the first message arrives");
    (azureen, brando)
}

/// The messages of a channel, in any order.
fn texts(person: &Person, folder: &str) -> Vec<String> {
    let files = person.channel(folder).into_iter();
    let mut texts: Vec<String> =
        files.filter(|(name, _)| name.ends_with("Z.txt")).map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    texts.sort();
    texts
}

#[test]
fn both_write_and_both_are_named() {
    let (azureen, brando) = both();
    brando.writes(&format!("{BOX}/{SECOND}.txt"), b"by Brando\n");
    until_same((&azureen, BOX), (&brando, BOX), "Brando's arrives");
    assert_eq!(texts(&azureen, BOX), ["by Azureen\n", "by Brando\n"]);
    let cooper = Person::new("Cooper").subscribed(&azureen.key("team"), "team").running();
    let named = |person: &Person, path: &str| {
        let authors = person.holds(path).unwrap_or_default();
        authors.contains("Azureen") && authors.contains("Brando") && authors.contains(FIRST) && authors.contains(SECOND)
    };
    until(&[&azureen, &brando, &cooper], "everybody knows who wrote what", || {
        named(&azureen, "team/outbox/.authors.toml")
            && named(&brando, "team/outbox/.authors.toml")
            && named(&cooper, "team/inbox/.authors.toml")
    });
    until_same((&azureen, BOX), (&cooper, "team/inbox"), "a reader has both");
    let read = cooper.does(&["read", "team", "--json"]);
    assert!(read.contains("\"Azureen\"") && read.contains("\"Brando\""), "{read}");
    // Each may change and delete what the other wrote.
    azureen.writes(&format!("{BOX}/{SECOND}.txt"), b"by Brando, changed by Azureen\n");
    until(&[&azureen, &brando, &cooper], "a change arrives everywhere", || {
        [(&brando, BOX), (&cooper, "team/inbox")]
            .iter()
            .all(|(person, folder)| person.channel(folder) == azureen.channel(BOX))
    });
    brando.removes(&format!("{BOX}/{FIRST}.txt"));
    until(&[&azureen, &brando, &cooper], "a deletion arrives everywhere", || {
        [(&azureen, BOX), (&cooper, "team/inbox")]
            .iter()
            .all(|(person, folder)| person.channel(folder) == brando.channel(BOX))
    });
    assert_eq!(texts(&azureen, BOX), ["by Brando, changed by Azureen\n"]);
}

#[test]
fn two_messages_of_the_same_second_both_survive() {
    let (mut azureen, mut brando) = both();
    let cooper = Person::new("Cooper").subscribed(&azureen.key("team"), "team").running();
    until_same((&azureen, BOX), (&cooper, "team/inbox"), "a reader is there");
    brando.stops();
    // Each alone at first: both are shared before they meet.
    azureen.writes(&format!("{BOX}/{THIRD}/azureen.jpg"), b"hers");
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"Azureen's of the second\n");
    until_same((&azureen, BOX), (&cooper, "team/inbox"), "Azureen's is shared");
    azureen.is_killed();
    brando.writes(&format!("{BOX}/{THIRD}/brando.jpg"), b"his");
    brando.writes(&format!("{BOX}/{THIRD}.txt"), b"Brando's of the second\n");
    // Brando is cut off from Cooper, who has Azureen's.
    brando.starts();
    until(&[&brando, &cooper], "Brando's is shared", || {
        brando.document("team", "outbox")["messages"].as_u64() >= Some(2)
    });
    azureen.starts();
    let all = ["Azureen's of the second\n", "Brando's of the second\n", "by Azureen\n"];
    until(&[&azureen, &brando, &cooper], "everybody has both", || {
        [(&azureen, BOX), (&brando, BOX), (&cooper, "team/inbox")]
            .iter()
            .all(|(person, folder)| texts(person, folder) == all)
    });
    until_same((&azureen, BOX), (&brando, BOX), "the two are the same");
    until_same((&azureen, BOX), (&cooper, "team/inbox"), "the reader has the same");
    // One has the next free second, and its attachment went along.
    let next = THIRD.replace("-00Z", "-01Z");
    assert_eq!(azureen.holds(&format!("{BOX}/{THIRD}.txt")).as_deref(), Some("Azureen's of the second\n"));
    assert_eq!(azureen.holds(&format!("{BOX}/{next}.txt")).as_deref(), Some("Brando's of the second\n"));
    assert!(azureen.has(&format!("{BOX}/{THIRD}/azureen.jpg")) && azureen.has(&format!("{BOX}/{next}/brando.jpg")));
    assert_eq!(azureen.names(BOX).len(), 6, "{:?}", azureen.names(BOX));
}

#[test]
fn two_who_wrote_the_same_second_alone_meet() {
    let (mut azureen, mut brando) = both();
    azureen.stops();
    brando.stops();
    for (person, name) in [(&mut azureen, "Azureen"), (&mut brando, "Brando")] {
        person.writes(&format!("{BOX}/{THIRD}/{name}.jpg"), name.as_bytes());
        person.writes(&format!("{BOX}/{THIRD}.txt"), format!("{name}'s\n").as_bytes());
        person.starts();
        until(&[person], "it is shared with nobody there", || person.document("team", "outbox")["messages"] == 2);
        person.stops();
    }
    azureen.starts();
    brando.starts();
    until(&[&azureen, &brando], "both have both", || {
        [&azureen, &brando].iter().all(|person| texts(person, BOX) == ["Azureen's\n", "Brando's\n", "by Azureen\n"])
    });
    until_same((&azureen, BOX), (&brando, BOX), "the two are the same");
    let next = THIRD.replace("-00Z", "-01Z");
    assert_eq!(
        azureen.holds(&format!("{BOX}/{next}/Brando.jpg")).as_deref(),
        Some("Brando"),
        "{:?}",
        azureen.names(BOX)
    );
    assert_eq!(
        azureen.holds(&format!("{BOX}/{THIRD}/Azureen.jpg")).as_deref(),
        Some("Azureen"),
        "{:?}",
        azureen.names(BOX)
    );
    let cooper = Person::new("Cooper");
    cooper.reaches(&["subscribe", &brando.key("team"), "team"]);
    until_same((&azureen, BOX), (&cooper, "team/inbox"), "a reader has the same");
}

#[test]
fn changes_at_both_sides_at_once_end_in_a_conflict_copy() {
    let (mut azureen, mut brando) = both();
    azureen.stops();
    brando.stops();
    azureen.writes(&format!("{BOX}/{FIRST}.txt"), b"changed by Azureen\n");
    azureen.starts();
    until(&[&azureen], "hers is shared", || azureen.document("team", "outbox")["bytes"].as_u64() > Some(0));
    azureen.stops();
    brando.writes(&format!("{BOX}/{FIRST}.txt"), b"changed by Brando, later\n");
    brando.starts();
    azureen.starts();
    until(&[&azureen, &brando], "both have one of them", || {
        let [one, other] = [&azureen, &brando].map(|person| person.holds(&format!("{BOX}/{FIRST}.txt")));
        one.is_some() && one == other
    });
    let everything = |person: &Person| -> Vec<String> {
        let names = person
            .everything(BOX)
            .into_iter()
            .chain(person.everything("team/trash").into_iter().map(|name| format!("../trash/{name}")));
        names
            .filter(|name| name.contains("sync-conflict") || name.contains("trash"))
            .filter_map(|name| person.holds(&format!("{BOX}/{name}")))
            .collect()
    };
    let winner = azureen.holds(&format!("{BOX}/{FIRST}.txt")).unwrap();
    let loser = if winner.contains("Brando") { "changed by Azureen\n" } else { "changed by Brando, later\n" };
    let kept = [everything(&azureen), everything(&brando)].concat();
    assert!(kept.iter().any(|text| text == loser), "`{loser}` is lost; kept: {kept:?}, shown: {winner}");
}

#[test]
fn a_conflict_copy_is_kept_where_nothing_was_shared_yet() {
    let (azureen, mut brando) = both();
    brando.stops();
    azureen.writes(&format!("{BOX}/{FIRST}.txt"), b"changed by Azureen\n");
    brando.writes(&format!("{BOX}/{FIRST}.txt"), b"changed by Brando\n");
    until(&[&azureen], "hers is shared", || azureen.document("team", "outbox")["bytes"].as_u64() > Some(0));
    brando.starts();
    until_same((&azureen, BOX), (&brando, BOX), "the two are the same but for the copies");
}

#[test]
fn a_reader_is_given_the_key_for_writing_later() {
    let azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n").running();
    let brando = Person::new("Brando");
    brando.reaches(&["subscribe", &azureen.key("team"), "team"]);
    let refused = brando.refused_by_others(&["join", &azureen.write_key("team"), "team-2"]);
    assert!(refused.contains("you have that channel already") && refused.contains("missive keys forget"), "{refused}");
    assert!(!brando.has("team-2"));
}

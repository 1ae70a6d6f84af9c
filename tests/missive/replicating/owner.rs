//! A channel that several write has one owner: nobody else changes its profile, moves its readers, names its authors, or becomes the
//! author of what somebody else wrote.

use std::fs;
use std::time::Duration;

use missive::channel::authorship::authors::Authors;
use missive::channel::authorship::signers::{Key, Signers};
use missive::channel::protocol::stamp::Stamp;
use missive::fs::confined::Folder;
use missive::sync::keys::ticket::Ticket;
use serde_json::Value;
use snapbox::str;

use super::people::{Person, until, until_same};
use super::stranger::{Manner, Stranger};
use super::{FIRST, SECOND, THIRD};
use crate::test_environment::assert_says;

const BOX: &str = "team/outbox";
const INBOX: &str = "team/inbox";
const HERS: &str = "title = \"The harbour\"\nauthor = \"Azureen\"\n";

fn azureen() -> Person {
    Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n").running()
}

/// Azureen, who owns a channel; Cooper, who reads it; and Eve, who was given its key for writing.
fn three() -> (Person, Person, Stranger) {
    let azureen = azureen();
    let cooper = Person::new("Cooper").subscribed(&azureen.key("team"), "team").running();
    until_same((&azureen, BOX), (&cooper, INBOX), "the channel arrives");
    let eve = eve(&azureen);
    (azureen, cooper, eve)
}

/// Eve, who was given a channel's key for writing.
fn eve(azureen: &Person) -> Stranger {
    let key = azureen.write_key("team");
    until(&[azureen], "the channel is shared", || azureen.document("team", "outbox")["messages"] == 1);
    let eve = Stranger::writing(&key);
    eve.has(&[azureen], 3);
    eve
}

/// The key of an author whom `keys trust` lists, by one of its flags.
fn key_of(person: &Person, flag: &str) -> String {
    let report: Value = serde_json::from_str(&person.does(&["keys", "trust", "team", "--json"])).unwrap();
    let line = report["authors"].as_array().unwrap().iter().find(|line| line[flag] == true).cloned();
    line.unwrap()["key"].as_str().unwrap().to_owned()
}

/// What a box's `.authors.toml` says.
fn authors(person: &Person, folder: &str) -> Authors {
    let read = Folder::open(&person.path(folder)).ok().and_then(|folder| Authors::read(&folder).ok().flatten());
    read.unwrap_or_default()
}

fn key(hex: &str) -> Key {
    Key::parse(hex).unwrap()
}

/// Who is said to have written a message.
fn signers(person: &Person, folder: &str, stem: &str) -> Option<Signers> {
    authors(person, folder).messages.get(&Stamp::parse(stem.as_bytes()).unwrap()).cloned()
}

/// Whether `status` says this of a box.
fn says(person: &Person, side: &str, words: &str) -> bool {
    let problems = person.document("team", side)["problems"].clone();
    problems.as_array().is_some_and(|all| all.iter().any(|problem| problem.as_str().unwrap().contains(words)))
}

#[test]
fn a_co_writer_who_signs_the_profile_is_told_of_and_nothing_else_happens() {
    let (azureen, mut cooper, eve) = three();
    eve.signs(".channel.toml", b"title = \"Eve's\"\nauthor = \"Eve\"\n", 0);
    eve.signs(".icon.png", b"an icon", 0);
    eve.compares();
    let words = format!("key {} tried to change `.channel.toml` and to change `.icon.png`", &eve.signs_with()[..8]);
    for (person, side) in [(&azureen, "outbox"), (&cooper, "inbox")] {
        until(&[&azureen, &cooper], "it is told", || says(person, side, &words));
        assert!(person.does(&["status"]).contains(&format!(
            "{words}; only the channel's owner can (key {}), so nothing was changed",
            &key_of(&azureen, "own")[..8]
        )));
        assert_eq!(person.holds(&format!("team/{side}/.channel.toml")).as_deref(), Some(HERS));
        assert!(!person.has(&format!("team/{side}/.icon.png")));
    }
    // The very bytes of hers, signed by another: still hers.
    eve.signs(".channel.toml", HERS.as_bytes(), 0);
    eve.compares();
    cooper.stops();
    cooper.starts();
    let hers = "title = \"The harbour, anew\"\nauthor = \"Azureen\"\n";
    azureen.writes(&format!("{BOX}/.channel.toml"), hers.as_bytes());
    until(&[&azureen, &cooper], "what she changes herself arrives", || {
        cooper.holds(&format!("{INBOX}/.channel.toml")).as_deref() == Some(hers)
    });
    assert_eq!(key_of(&cooper, "owner"), key_of(&azureen, "own"));
}

#[test]
fn a_co_writer_moves_no_readers() {
    let (azureen, cooper, eve) = three();
    eve.notes(b'm', &Stranger::new().key());
    eve.compares();
    let words = format!("key {} tried to move its readers to another key", &eve.signs_with()[..8]);
    until(&[&azureen, &cooper], "it is told", || says(&cooper, "inbox", &words) && says(&azureen, "outbox", &words));
    assert_eq!(cooper.document("team", "inbox")["moved"], Value::Null);
    assert_says(
        cooper.session(&["keys", "follow", "team"]),
        str![[r#"
$ missive keys follow team
--- messages
error: the author of `team` has made no new key
  hint: nothing was changed
--- exit 1
"#]],
    );

    let brando = Person::new("Brando");
    brando.joins(&azureen.write_key("team"), "team", "Brando");
    let before = fs::read(brando.path(".missive/keys.toml")).unwrap();
    assert_says(
        brando.session(&["keys", "rotate", "team"]),
        str![[r#"
$ missive keys rotate team
--- messages
error: only the owner of `team` can make new keys; its readers would ignore yours
  hint: ask its owner for `missive keys rotate team`; a channel of your own: `missive new CHANNEL`
--- exit 1
"#]],
    );
    assert_eq!(fs::read(brando.path(".missive/keys.toml")).unwrap(), before);
    // The owner's own word counts.
    azureen.does(&["keys", "rotate", "team"]);
    until(&[&azureen, &cooper], "the reader is told", || cooper.document("team", "inbox")["moved"].is_string());
    cooper.does(&["keys", "follow", "team"]);
    azureen.writes(&format!("{BOX}/{SECOND}.txt"), b"by the new key\n");
    until_same((&azureen, BOX), (&cooper, INBOX), "she goes on");
    assert_eq!(key_of(&cooper, "owner"), key_of(&azureen, "own"));
}

#[test]
fn who_signs_the_same_bytes_is_not_their_author_whatever_time_is_claimed() {
    let (mut azureen, mut cooper, eve) = three();
    // Who is met at once with the author can't be told apart from her: what a comparison brought may come half a second after it.
    std::thread::sleep(Duration::from_secs(2));
    eve.signs(&format!("{FIRST}.txt"), b"by Azureen\n", 1_000_000);
    eve.signs(&format!("{SECOND}.txt"), b"by Eve\n", 0);
    eve.compares();
    let (hers, eves) = (key(&key_of(&azureen, "own")), key(&eve.signs_with()));
    for _ in 0..2 {
        until(&[&azureen, &cooper], "what is Eve's arrives", || {
            [(&azureen, BOX), (&cooper, INBOX)]
                .iter()
                .all(|(person, folder)| person.has(&format!("{folder}/{SECOND}.txt")))
        });
        for (person, folder) in [(&azureen, BOX), (&cooper, INBOX)] {
            assert_eq!(signers(person, folder, FIRST), Some(hers.into()), "{folder}");
            assert_eq!(signers(person, folder, SECOND), Some(eves.into()), "{folder}");
        }
        assert_eq!((authors(&azureen, BOX).own, authors(&cooper, INBOX).own), (vec![hers], vec![]));
        // That is remembered.
        for person in [&mut azureen, &mut cooper] {
            person.stops();
            person.starts();
        }
    }
}

#[test]
fn what_others_wrote_stays_theirs_under_new_keys() {
    let (mut azureen, cooper, eve) = three();
    eve.signs(&format!("{SECOND}/page.html"), b"<script>", 0);
    eve.signs(&format!("{SECOND}.txt"), b"by Eve\n", 0);
    eve.compares();
    until(&[&azureen], "what is Eve's arrives", || azureen.has(&format!("{BOX}/{SECOND}.txt")));
    let eves = Some(key(&eve.signs_with()).into());
    assert_eq!(signers(&azureen, BOX, SECOND), eves);
    azureen.does(&["keys", "rotate", "team"]);
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"by the new key\n");
    let has_three = |person: &Person| {
        let documents = person.status()["documents"].as_array().cloned();
        documents.is_some_and(|all| all.iter().any(|document| document["messages"] == 3))
    };
    until(&[&azureen], "all is shared by the new key", || has_three(&azureen));
    for _ in 0..2 {
        assert_eq!(signers(&azureen, BOX, SECOND), eves);
        assert_eq!(authors(&azureen, BOX).attachments, [].into());
        azureen.stops();
        azureen.starts();
        azureen.writes(&format!("{BOX}/{FIRST}.txt"), b"changed by Azureen\n");
        until(&[&azureen], "it goes on", || has_three(&azureen));
    }
    assert!(!azureen.does(&["status"]).contains("new key"), "she has made them herself");
    // Readers who follow hear it from her.
    until(&[&azureen, &cooper], "it is told", || cooper.document("team", "inbox")["moved"] != Value::Null);
    cooper.does(&["keys", "follow", "team"]);
    until_same((&azureen, BOX), (&cooper, INBOX), "all comes by the new key");
    until(&[&azureen, &cooper], "who wrote what comes, too", || signers(&cooper, INBOX, SECOND) == eves);
    let tried = |person: &Person| person.does(&["status"]).contains("tried to");
    assert!(!tried(&azureen) && !tried(&cooper), "nobody is accused");
}

#[test]
fn a_reader_who_meets_two_signers_at_once_shows_both_until_the_owner_has_decided() {
    let mut azureen = azureen();
    let eve = eve(&azureen);
    let place = azureen.status()["addresses"][0].as_str().unwrap().to_owned();
    let (hers, eves) = (key(&key_of(&azureen, "own")), key(&eve.signs_with()));
    let mut ticket = Ticket::parse(&azureen.key("team")).unwrap();
    azureen.stops();
    eve.signs(&format!("{FIRST}.txt"), b"by Azureen\n", 1_000_000);
    eve.signs(&format!("{SECOND}.txt"), b"by Eve\n", 0);
    ticket.peers.insert(0, eve.peer());
    let cooper = Person::new("Cooper").subscribed(&ticket.to_string(), "team").running();
    until(&[&cooper], "both are shown", || signers(&cooper, INBOX, FIRST) == Signers::new([hers, eves]));
    until(&[&cooper], "the message is there", || cooper.has(&format!("{INBOX}/{FIRST}.txt")));
    azureen.starts_at(&place);
    eve.compares();
    until(&[&azureen, &cooper], "the owner has decided", || signers(&cooper, INBOX, FIRST) == Some(hers.into()));
    until(&[&azureen, &cooper], "her profile arrives", || {
        cooper.holds(&format!("{INBOX}/.channel.toml")).as_deref() == Some(HERS)
    });
    // Nobody else decides anything.
    eve.notes(b'n', "anything");
    eve.compares();
    until(&[&cooper], "it is told", || says(&cooper, "inbox", "tried to name its authors"));
    assert_eq!(signers(&cooper, INBOX, FIRST), Some(hers.into()));
}

#[test]
fn the_owner_binds_names_and_nobody_has_the_owners() {
    let (azureen, cooper, eve) = three();
    let brando = Person::new("Brando");
    brando.joins(&azureen.write_key("team"), "team", "Brando");
    let brando = brando.running();
    until_same((&azureen, BOX), (&brando, BOX), "Brando is there");
    brando.writes(&format!("{BOX}/{SECOND}.txt"), b"by Brando\n");
    until(&[&azureen, &brando, &cooper], "Brando's name is bound", || {
        [(&azureen, BOX), (&brando, BOX), (&cooper, INBOX)].iter().all(|(person, folder)| {
            authors(person, folder).names.values().eq(["Azureen", "Brando"]) || {
                authors(person, folder).names.values().eq(["Brando", "Azureen"])
            }
        })
    });
    eve.notes(b'a', "name = \"Azure\u{301}en\"\n");
    eve.signs(&format!("{THIRD}.txt"), b"by Eve\n", 0);
    eve.compares();
    let eves = key(&eve.signs_with());
    for (person, folder) in [(&azureen, BOX), (&brando, BOX), (&cooper, INBOX)] {
        until(&[&azureen, &brando, &cooper], "Eve's claim is one", || {
            authors(person, folder).claimed.contains_key(&eves)
        });
        assert!(!authors(person, folder).names.contains_key(&eves), "{folder}");
        assert_eq!(authors(person, folder).owner, Some(key(&key_of(&azureen, "own"))));
    }
}

#[test]
fn a_profile_that_cannot_be_read_is_not_put_in_place() {
    let (azureen, cooper, _) = three();
    azureen.writes(&format!("{BOX}/.channel.toml"), b"title = [\n");
    until(&[&azureen, &cooper], "it is told", || says(&cooper, "inbox", "can't be read (line 1: "));
    assert!(cooper.does(&["status"]).contains("the channel's owner has changed `.channel.toml`, and it can't be read"));
    assert_eq!(cooper.holds(&format!("{INBOX}/.channel.toml")).as_deref(), Some(HERS));
    azureen.writes(&format!("{BOX}/.channel.toml"), b"title = \"Mended\"\n");
    until_same((&azureen, BOX), (&cooper, INBOX), "one that can be read arrives");
}

#[test]
fn who_wrote_a_message_is_noted_before_it_is_there() {
    let (azureen, _, eve) = three();
    // What can't be noted is not put in place.
    let note = azureen.path(&format!("{BOX}/.authors.toml"));
    fs::create_dir_all(note.join("in the way")).unwrap();
    eve.signs(&format!("{SECOND}/page.html"), b"<script>", 0);
    eve.signs(&format!("{SECOND}.txt"), b"by Eve\n", 0);
    eve.signs(&format!("{FIRST}/page.html"), b"<script>", 0);
    eve.compares();
    until(&[&azureen], "it is told", || {
        says(
            &azureen,
            "outbox",
            "the file `.authors.toml` can't be written, so no messages of others are put into the outbox",
        )
    });
    assert!(!azureen.has(&format!("{BOX}/{SECOND}")) && !azureen.has(&format!("{BOX}/{SECOND}.txt")));
    fs::remove_dir_all(&note).unwrap();
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"by Azureen too\n");
    until(&[&azureen], "it arrives then", || {
        azureen.has(&format!("{BOX}/{SECOND}.txt")) && azureen.has(&format!("{BOX}/{FIRST}/page.html"))
    });
    let (said, eves) = (authors(&azureen, BOX), key(&eve.signs_with()));
    assert_eq!(signers(&azureen, BOX, SECOND), Some(eves.into()));
    let files: Vec<String> =
        said.attachments.iter().map(|(file, by)| format!("{file} {}", by.keys() == [eves])).collect();
    assert_eq!(files, [format!("{FIRST}/page.html true")], "what differs from its message's");
}

#[test]
fn whoever_has_an_old_key_takes_the_first_who_signed_the_profile() {
    let mut azureen = azureen();
    let mut old = Ticket::parse(&azureen.key("team")).unwrap();
    let hers = missive::sync::hex::encode(&old.owner.unwrap());
    old.owner = None;
    let cooper = Person::new("Cooper").subscribed(&old.to_string(), "team").running();
    until_same((&azureen, BOX), (&cooper, INBOX), "the channel arrives");
    assert_eq!(key_of(&cooper, "owner"), hers);
    let eve = eve(&azureen);
    eve.signs(".channel.toml", b"title = \"Eve's\"\n", 1_000_000);
    eve.compares();
    until(&[&azureen, &cooper], "it is told", || says(&cooper, "inbox", "tried to change `.channel.toml`"));
    // Whoever comes now can't know whose it is, and takes nobody's profile until it is said.
    let place = azureen.status()["addresses"][0].as_str().unwrap().to_owned();
    eve.gives(b"by Azureen\n", Manner::Well);
    old.peers.insert(0, eve.peer());
    azureen.stops();
    let delilah = Person::new("Delilah").subscribed(&old.to_string(), "team").running();
    until(&[&delilah], "it is told", || says(&delilah, "inbox", "several keys have signed this channel's profile"));
    until(&[&delilah], "messages arrive", || delilah.has(&format!("{INBOX}/{FIRST}.txt")));
    assert!(!delilah.has(&format!("{INBOX}/.channel.toml")));
    azureen.starts_at(&place);
    delilah.reaches(&["subscribe", &azureen.key("team"), "--no-wait"]);
    until_same((&azureen, BOX), (&delilah, INBOX), "the owner's profile arrives");
    assert_eq!(key_of(&delilah, "owner"), hers);
    let mut other = Ticket::parse(&azureen.key("team")).unwrap();
    other.owner = Some([7; 32]);
    let said = delilah.refused_by_others(&["subscribe", &other.to_string()]);
    assert!(
        said.contains("the new key names 07070707 as the owner of this channel, but the saved key names"),
        "{said}"
    );
}

#[test]
fn a_conversation_knows_the_other_sides_key_from_the_first_moment() {
    let azureen = Person::new("Azureen").running();
    let code: Value = serde_json::from_str(&azureen.does(&["invite", "team", "--as", "Azureen", "--json"])).unwrap();
    let brando = Person::new("Brando");
    brando.reaches(&["accept", code["code"].as_str().unwrap(), "team", "--as", "azureen"]);
    let book =
        |person: &Person| -> toml::Value { toml::from_str(&person.holds(".missive/keys.toml").unwrap()).unwrap() };
    let owner = |person: &Person, side: &str| {
        let documents = book(person)["document"].as_array().unwrap().clone();
        documents.iter().find(|document| document["box"].as_str() == Some(side)).unwrap()["owner"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(owner(&azureen, "inbox"), owner(&brando, "outbox"));
    assert_eq!(owner(&brando, "inbox"), owner(&azureen, "outbox"));
    assert_ne!(owner(&brando, "inbox"), owner(&azureen, "inbox"));
}

#[test]
fn the_owners_other_device_is_the_owner_too() {
    let (mut azureen, mut cooper, _) = three();
    let file = azureen.root().join("keys.age").to_string_lossy().into_owned();
    azureen.does_with(&["keys", "export", &file], "correct horse\n");
    let place = azureen.status()["addresses"][0].as_str().unwrap().to_owned();
    azureen.is_killed();
    let mut anew = Person::new("Azureen again");
    anew.does_with(&["keys", "restore", "--yes", &file], "correct horse\n");
    anew.starts_at(&place);
    cooper.stops();
    cooper.starts();
    until_same((&anew, BOX), (&cooper, INBOX), "all comes back from the reader");
    let hers = "title = \"From another device\"\nauthor = \"Azureen\"\n";
    anew.writes(&format!("{BOX}/.channel.toml"), hers.as_bytes());
    until(&[&anew, &cooper], "what is changed there arrives", || {
        cooper.holds(&format!("{INBOX}/.channel.toml")).as_deref() == Some(hers)
    });
    assert_eq!(key_of(&anew, "own"), key_of(&azureen, "own"));
}

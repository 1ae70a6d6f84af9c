//! The same data folder on two computers: one of them gets keys of its own, and nothing is lost.

use missive::channel::authorship::authors::Authors;
use missive::fs::confined::Folder;
use serde_json::{Value, json};

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const BOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";
const FOURTH: &str = "2026-01-04T10-00-00Z";

/// The keys that count as one's own, in hexadecimal digits.
fn own(person: &Person) -> Vec<String> {
    let read = Folder::open(&person.path(BOX)).ok().and_then(|folder| Authors::read(&folder).ok().flatten());
    read.unwrap_or_default().own.iter().map(ToString::to_string).collect()
}

fn new_device(person: &Person, more: &[&str]) -> Value {
    let said = person.does(&[&["keys", "new-device", "--json"], more].concat());
    serde_json::from_str(&said).unwrap()
}

fn text(report: &Value, key: &str) -> String {
    report[key].as_str().unwrap().to_owned()
}

/// Azureen, who writes a blog on two computers that have the same keys, and Brando, who reads it.
fn three() -> (Person, Person, Person) {
    let mut desktop = Person::author("Azureen", "blog").message(&format!("{BOX}/{FIRST}.txt"), "one\n").running();
    let brando = Person::new("Brando").subscribed(&desktop.key("blog"), "harbour").running();
    until_same((&desktop, BOX), (&brando, INBOX), "the first message arrives");
    desktop.stops();
    let laptop = desktop.second_computer("Azureen's laptop").running();
    desktop.starts();
    (desktop, laptop, brando)
}

#[test]
fn what_both_computers_with_the_same_keys_write_comes_to_a_reader_and_both_are_told() {
    let (desktop, laptop, brando) = three();
    let all = [&desktop, &laptop, &brando];
    desktop.writes(&format!("{BOX}/{SECOND}.txt"), b"from the desktop\n");
    laptop.writes(&format!("{BOX}/{THIRD}.txt"), b"from the laptop\n");
    until(&all, "both messages arrive", || {
        [SECOND, THIRD].iter().all(|stem| brando.has(&format!("{INBOX}/{stem}.txt")))
    });
    for person in [&desktop, &laptop] {
        until(&all, "it is told", || person.does(&["status"]).contains("another computer writes with this one's keys"));
    }
}

#[test]
fn the_second_computer_becomes_a_second_author_and_nothing_is_lost() {
    let (desktop, mut laptop, brando) = three();
    let all = [&desktop, &brando];
    laptop.writes(&format!("{BOX}/{SECOND}.txt"), b"from the laptop, with the same keys\n");
    until(&[&laptop], "it is in its document", || laptop.document("blog", "outbox")["messages"] == 2);
    laptop.stops();
    let said = laptop.does(&["keys", "new-device", "--as", "Azureen (laptop)"]);
    let trust = said.lines().find_map(|line| line.trim().strip_prefix("missive ")).unwrap().to_owned();
    assert_eq!(
        said,
        format!(
            "This data folder has a new device key and a new author key. Nothing else was changed, and your earlier messages still count as yours.\n\
             The other computer stays the owner of `blog`: only it can change the title, make new keys and confirm the names of authors.\n\
             So that what you write here counts as yours there too, run on the other computer:\n  missive {trust}\n\
             If this was the wrong computer: missive keys new-device --undo\n"
        )
    );
    let trust: Vec<&str> = trust.split(' ').collect();
    let [_, _, "blog", key] = trust[..] else { panic!("{trust:?}") };
    assert!(
        laptop.refused(&["keys", "rotate", "blog"]).contains("only the owner of `blog` can make new keys"),
        "the desktop is the owner"
    );
    // The other computer trusts it before anything has come.
    let said = desktop.does(&trust);
    assert!(said.starts_with(&format!("Messages of key {} in blog now count as your own", &key[..8])), "{said}");
    laptop.starts();
    laptop.writes(&format!("{BOX}/{THIRD}.txt"), b"from the laptop, with its own keys\n");
    desktop.writes(&format!("{BOX}/{FOURTH}.txt"), b"from the desktop\n");
    until(&[&desktop, &laptop, &brando], "all have all", || {
        let everything = brando.channel(INBOX);
        everything.len() == 5 && [&desktop, &laptop].iter().all(|person| person.channel(BOX) == everything)
    });
    for person in [&desktop, &laptop] {
        until(&all, "all of it is one's own", || own(person).len() == 2);
        let authors = person.does(&["keys", "trust", "blog"]);
        assert!(authors.lines().all(|line| line.contains("you") || line.contains("trusted")), "{authors}");
    }
    // What either changes or deletes arrives, whoever wrote it.
    laptop.removes(&format!("{BOX}/{FIRST}.txt"));
    desktop.writes(&format!("{BOX}/{THIRD}.txt"), b"changed on the desktop\n");
    until(&[&desktop, &laptop, &brando], "all have the same again", || {
        let everything = brando.channel(INBOX);
        everything.len() == 4
            && everything[&format!("{THIRD}.txt")] == b"changed on the desktop\n"
            && [&desktop, &laptop].iter().all(|person| person.channel(BOX) == everything)
    });
}

#[test]
fn keys_are_not_changed_while_something_syncs() {
    let mut azureen = Person::author("Azureen", "blog").running();
    azureen.key("blog");
    let before = azureen.holds(".missive/keys.toml");
    let said = azureen.refused(&["keys", "new-device"]);
    assert_eq!(
        said,
        "error: the keys can't be changed while missive syncs this data folder\n  \
         hint: stop `missive sync`, `missive serve` or `missive watch` on this computer, then run: missive keys new-device\n"
    );
    assert_eq!(azureen.holds(".missive/keys.toml"), before);
    azureen.stops();
    let said = azureen.refused(&["keys", "new-device", "--undo"]);
    assert!(said.contains("this data folder had no other keys before"), "{said}");
    let nobody = Person::new("Nobody");
    let said = nobody.refused(&["keys", "new-device"]);
    assert!(said.contains("no other computer can have the same ones") && !nobody.has(".missive"), "{said}");
}

#[test]
fn whoever_changed_the_wrong_computer_goes_back() {
    let mut azureen = Person::author("Azureen", "blog").message(&format!("{BOX}/{FIRST}.txt"), "one\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, BOX), (&brando, INBOX), "the first message arrives");
    let before = azureen.status()["device"].clone();
    azureen.stops();
    let changed = new_device(&azureen, &[]);
    assert_eq!(
        changed["channels"],
        json!([{
            "channel": "blog",
            "was_owner": true,
            "owner": false,
            "trust": format!("missive keys trust blog {}", text(&changed, "author")),
        }])
    );
    azureen.starts();
    assert_ne!(azureen.status()["device"], before);
    azureen.writes(&format!("{BOX}/{SECOND}.txt"), b"two\n");
    until(&[&azureen, &brando], "it is signed by the new author", || {
        azureen.document("blog", "outbox")["messages"] == 2 && own(&azureen).len() == 2
    });
    azureen.stops();
    let back = new_device(&azureen, &["--undo"]);
    assert_eq!(text(&back, "author"), text(&changed, "former_author"));
    assert_eq!(back["channels"][0]["owner"], true);
    azureen.starts();
    assert_eq!(azureen.status()["device"], before);
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"three\n");
    until_same((&azureen, BOX), (&brando, INBOX), "it goes on");
    let authors = azureen.does(&["keys", "trust", "blog"]);
    assert!(authors.contains("owner · you") && authors.contains("trusted · 1 message"), "{authors}");
    azureen.does(&["keys", "rotate", "blog"]);
}

#[test]
fn keys_that_are_restored_beside_the_old_computer_say_what_to_do() {
    let azureen = Person::author("Azureen", "blog").message(&format!("{BOX}/{FIRST}.txt"), "one\n").running();
    azureen.key("blog");
    let file = azureen.root().join("keys.age").to_string_lossy().into_owned();
    azureen.does_with(&["keys", "export", &file], "correct horse\n");
    let second = Person::new("Azureen's laptop");
    let said = second.does_with(&["keys", "restore", &file, "--yes"], "correct horse\n");
    let words = "For others, this is now the computer that the file comes from. If that one still runs missive, run this here before `missive sync`: missive keys new-device\n";
    assert!(said.ends_with(words), "{said}");
    second.does(&["keys", "new-device"]);
    assert_eq!(second.does(&["keys"]), "blog (outbox): reads and writes\n");
}

//! What `missive status` tells: "up to date" only where nothing is missing, and else what waits, for whom, why and since when.

use super::people::{Person, until, until_same};
use super::stranger::{Manner, Stranger};
use super::{FIRST, SECOND, THIRD};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

fn azureen() -> Person {
    Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n").running()
}

fn state(person: &Person, channel: &str, side: &str) -> String {
    person.document(channel, side)["state"].as_str().unwrap_or_default().to_owned()
}

/// The line of `status` about a box.
fn line(person: &Person, channel: &str) -> String {
    let told = person.does(&["status"]);
    told.lines().find(|line| line.starts_with(channel)).unwrap_or_default().to_owned()
}

#[test]
fn the_author_knows_when_a_reader_has_everything() {
    let azureen = azureen();
    let key = azureen.key("blog");
    until(&[&azureen], "nobody is there", || line(&azureen, "blog") == "blog (outbox): no one has connected yet");
    let mut brando = Person::new("Brando").subscribed(&key, "harbour").running();
    let has_all = || line(&azureen, "blog").ends_with(" · 1 peer · 1 reader has everything");
    until(&[&azureen, &brando], "the reader says that it has everything", has_all);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "which is true");
    assert_eq!(state(&azureen, "blog", "outbox"), "up-to-date");
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"another\n");
    until(&[&azureen, &brando], "and of the next message too", || {
        azureen.document("blog", "outbox")["messages"] == 2 && has_all()
    });
    brando.stops();
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"a third\n");
    until(&[&azureen, &brando], "what the reader has not heard of it does not have", || {
        let told = line(&azureen, "blog");
        told.contains("your latest changes have not reached anyone for ")
            && told.ends_with(" · no one is connected · no reader has everything yet")
    });
    assert_eq!(state(&azureen, "blog", "outbox"), "unsent");
}

#[test]
fn what_is_beyond_a_limit_is_told_to_both_sides() {
    let azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/{FIRST}/film"), &vec![7; 50_000]);
    let brando = Person::new("Brando");
    brando.prefers("[sync.channels.harbour]\nattachment_limit = \"20 kB\"\n[sync.channels.harbor]\nfiles_limit = 1\n");
    let brando = brando.subscribed(&azureen.key("blog"), "harbour").running();
    until(&[&azureen, &brando], "the film is left out", || state(&brando, "harbour", "inbox") == "limited");
    let told = brando.does(&["status"]);
    let line = told.lines().next().unwrap();
    assert!(line.starts_with("harbour (inbox): up to date "), "{told}");
    assert!(line.ends_with(", except 1 file beyond the limits · 1 peer"), "{told}");
    for said in [
        "  its own limits: texts 1 MB, attachments 20 kB, all files together 20 GB, 200,000 files\n",
        &format!("  {FIRST}/film: not downloaded: 50 kB, limit 20 kB\n"),
        "  to download one anyway: missive sync --fetch PATH harbour\n",
        "note: your settings have limits for `harbor`, but no synced channel has that name\n",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let lacks = || {
        let told = azureen.does(&["status"]);
        told.contains(" · no reader has everything yet\n") && told.contains(": still lacks 1 file (0 B), asked ")
    };
    until(&[&azureen, &brando], "the author knows", lacks);
    brando.reaches(&["sync", "harbour", "--fetch", &format!("{FIRST}/film"), "--once"]);
    until(&[&azureen, &brando], "it is asked for, and comes", || state(&brando, "harbour", "inbox") == "up-to-date");
    let film = azureen.document("blog", "outbox")["peers"][0]["has"].clone();
    assert!(film["told"].is_number(), "{film}");
}

#[test]
fn what_nobody_sends_is_waited_for_and_named() {
    let stranger = Stranger::new();
    stranger.writes(SECOND, "a good one\n");
    stranger.says(format!("{FIRST}.txt").as_bytes(), stranger.gives(b"a letter\n", Manner::Lacks), 9);
    let brando = Person::new("Brando").subscribed(&stranger.key(), "harbour").running();
    until(&[&brando], "it is said to wait", || state(&brando, "harbour", "inbox") == "waiting");
    let told = brando.does(&["status"]);
    let (line, rest) = told.split_once('\n').unwrap();
    assert!(line.starts_with("harbour (inbox): waiting for 1 file (9 B) for "), "{told}");
    assert!(line.contains(" s · the connected peer does not send it"), "{told}");
    assert!(rest.starts_with(&format!("  {FIRST}.txt: not received yet\n")), "{told}");
    assert!(!told.contains("up to date"), "{told}");
    drop(stranger);
    until(&[&brando], "nobody is there any more", || line_of_alone(&brando));
}

fn line_of_alone(person: &Person) -> bool {
    let line = line(person, "harbour");
    line.starts_with("harbour (inbox): waiting for 1 file (9 B) for ") && line.contains(" · no one is connected")
}

#[test]
fn who_starts_alone_says_as_of_when_it_is_up_to_date() {
    let mut azureen = azureen();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the message arrives");
    until(&[&azureen, &brando], "all is known", || state(&brando, "harbour", "inbox") == "up-to-date");
    brando.stops();
    azureen.stops();
    let told = brando.does(&["status"]);
    assert!(told.starts_with("Sync is not running. This is the state when it last ran, just now.\n"), "{told}");
    brando.starts();
    until(&[&brando], "it says as of when", || {
        let line = line(&brando, "harbour");
        line.starts_with("harbour (inbox): up to date as of ") && line.contains(" ago · no one is connected")
    });
    assert_eq!(state(&brando, "harbour", "inbox"), "offline");
}

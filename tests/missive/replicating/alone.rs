//! The node of a data folder is the only one, and others ask it.

use snapbox::str;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND};
use crate::test_environment::assert_says;

#[test]
fn a_second_node_is_refused_while_others_may_ask() {
    let mut azureen =
        Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    azureen.key("blog");
    until(&[&azureen], "the message is shared", || azureen.document("blog", "outbox")["messages"] == 1);
    assert_says(
        azureen.session_among_others(&["sync"]),
        str![[r#"
$ missive sync
--- messages
error: another missive is already syncing [ROOT]/data
  hint: `missive status` shows its state
--- exit 1
"#]],
    );
    assert_eq!(azureen.status()["running"], true);
    azureen.stops();
    let last = azureen.status();
    assert_eq!((&last["running"], &last["documents"][0]["messages"]), (&false.into(), &1.into()));
    assert!(azureen.does(&["status"]).contains("Sync is not running"));
    azureen.starts();
    azureen.is_killed();
    assert_eq!(azureen.status()["running"], false);
    azureen.starts();
}

#[test]
fn without_anything_shared_status_says_how_to_begin() {
    let azureen = Person::new("Azureen");
    assert_eq!(
        azureen.does(&["status"]),
        "Nothing is shared yet. Start with `missive share CHANNEL`, `missive subscribe KEY` or `missive invite NAME`.\n"
    );
    assert_eq!(azureen.everything(""), [""; 0]);
}

#[test]
fn once_ends_when_all_is_in_step_and_fails_when_nobody_comes() {
    let mut azureen =
        Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour");
    let said = brando.reaches(&["sync", "--once"]);
    assert!(said.contains("harbour (inbox): up to date"), "{said}");
    assert_eq!(brando.channel("harbour/inbox"), azureen.channel("blog/outbox"));
    azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"another\n");
    brando.reaches(&["sync", "--once"]);
    assert_eq!(brando.channel("harbour/inbox"), azureen.channel("blog/outbox"));
    azureen.is_killed();
    let output = brando.run(&["sync", "--once", "--wait", "1s", "--offline", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("harbour (inbox): up to date as of ") && said.contains("no one is connected"), "{said}");
}

#[test]
fn a_very_deep_data_folder_works() {
    let azureen = Person::deep("Azureen").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let brando = Person::deep("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, "blog/outbox"), (&brando, "harbour/inbox"), "a message arrives");
    assert_says(
        azureen.session_among_others(&["sync"]),
        str![[r#"
$ missive sync
--- messages
error: another missive is already syncing [ROOT]/data/a folder within many folders/a folder within many folders/a folder within many folders/a folder within many folders/a folder within many folders/a folder within many folders/a folder within many folders/a folder within many folders
  hint: `missive status` shows its state
--- exit 1
"#]],
    );
    assert_eq!(brando.status()["running"], true);
}

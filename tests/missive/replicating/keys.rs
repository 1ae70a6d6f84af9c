//! Keys: listed, kept safe, changed, forgotten; and keys that cannot be used.

use snapbox::str;

use super::people::{Person, refused, until, until_same};
use super::{FIRST, SECOND, THIRD};
use crate::test_environment::assert_says;

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

fn azureen() -> Person {
    Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n").running()
}

#[test]
fn keys_that_cannot_be_used_are_refused_in_words_and_make_nothing() {
    let azureen = azureen();
    let brando = Person::new("Brando");
    let (read, write) = (azureen.key("blog"), azureen.write_key("blog"));
    let foreign = format!("doc{}", "a2".repeat(60));
    for (command, key, why) in [
        ("subscribe", &read[..read.len() - 1], "the key is damaged"),
        ("subscribe", &read[..30], "the key is damaged"),
        ("subscribe", "missive-read-", "the key is damaged"),
        ("subscribe", "https://example.org/", "that is not a missive key"),
        ("subscribe", "", "that is not a missive key"),
        ("subscribe", &foreign, "that is a key of another program"),
        ("subscribe", &write, "that is a write key"),
        ("join", &read, "that is a read key"),
        ("join", &write[..write.len() - 3], "the key is damaged"),
    ] {
        let said = brando.refused_by_others(&[command, key, "harbour"]);
        assert!(said.contains(why), "{command} {key}: {said}");
        assert!(!brando.has("harbour") && !brando.has(".missive/keys.toml"), "{command} {key}");
    }
    for key in [&read, &write] {
        let command = if key == &read { "subscribe" } else { "join" };
        let said = azureen.refused_by_others(&[command, key, "again"]);
        assert!(said.contains("you are already an author of that channel: `blog`"), "{said}");
        assert!(!azureen.has("again"));
    }
    brando.subscribes(&format!("https://example.org/blog/#{}", read.to_uppercase()), "harbour");
    let said = brando.refused_by_others(&["subscribe", &read, "again"]);
    assert!(said.contains("you have that channel already: `harbour`") && !brando.has("again"), "{said}");
    assert_says(
        brando.session_among_others(&["subscribe", &Person::author("Cooper", "x").key("x"), "harbour"]),
        str![[r#"
$ missive subscribe missive-read-[KEY] harbour
--- messages
error: [ROOT]/data/harbour already exists
  hint: choose another name; nothing was changed
--- exit 1
"#]],
    );
    assert_eq!(brando.does(&["keys"]), "harbour (inbox): reads\n");
    assert_eq!(azureen.does(&["keys"]), "blog (outbox): reads and writes\n");
}

#[test]
fn keys_come_back_into_a_fresh_data_folder_and_the_channel_goes_on() {
    let mut azureen = azureen();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    let file = azureen.root().join("keys.age").to_string_lossy().into_owned();
    let said = azureen.does_with(&["keys", "export", &file], "correct horse\n");
    assert!(said.contains("Without the passphrase nobody can open this file, including you."), "{said}");
    assert!(!std::fs::read_to_string(&file).unwrap_or_default().contains("secret"));
    let place = azureen.status()["addresses"][0].as_str().unwrap_or_default().to_owned();
    azureen.is_killed();

    let mut anew = Person::new("Azureen again");
    let args = ["keys", "restore", &file, "--yes"];
    let said = refused("anew", &args, &anew.run_with(&args, "wrong horse\n"));
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(!anew.has("blog") && anew.does(&["keys"]).contains("No keys yet"));
    let said = refused("anew", &args, &anew.run_with(&args, ""));
    assert!(said.contains("passphrase"), "{said}");
    anew.does_with(&args, "correct horse\n");
    assert_eq!(anew.does(&["keys"]), "blog (outbox): reads and writes\n");
    // Her messages come from a reader, since nobody else has them: Brando is told where she is by her key.
    anew.starts_at(&place);
    let key = anew.key("blog");
    let cooper = Person::new("Cooper");
    cooper.subscribes(&key, "harbour");
    brando.stops();
    brando.starts();
    until_same((&brando, INBOX), (&anew, OUTBOX), "her messages come back");
    assert!(anew.has(&format!("{OUTBOX}/{FIRST}.txt")));
    anew.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"on it goes\n");
    until_same((&anew, OUTBOX), (&brando, INBOX), "what she writes arrives");
    assert!(brando.has(&format!("{INBOX}/{SECOND}.txt")));
}

#[test]
fn readers_follow_new_keys() {
    let azureen = azureen();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    let old = azureen.key("blog");
    assert_says(
        brando.session(&["keys", "follow", "harbour"]),
        str![[r#"
$ missive keys follow harbour
--- messages
error: the author of `harbour` has made no new key
  hint: nothing was changed
--- exit 1
"#]],
    );
    let said = azureen.does(&["keys", "rotate", "blog"]);
    assert!(said.contains("`blog` has new keys") && said.contains("missive keys follow"), "{said}");
    assert_ne!(azureen.key("blog"), old);
    until(&[&azureen, &brando], "the reader is told", || brando.document("harbour", "inbox")["moved"].is_string());
    assert!(brando.does(&["status"]).contains("its author has a new key: missive keys follow harbour"));
    brando.does(&["keys", "follow", "harbour"]);
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"by the new key\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "what is written under the new key arrives");
    assert_eq!(brando.names(INBOX).len(), 3);
    assert_says(
        brando.session(&["keys", "rotate", "harbour"]),
        str![[r#"
$ missive keys rotate harbour
--- messages
error: there is no key for the outbox of `harbour`, because another tool carries it
  hint: ask its author for a read key, then run `missive subscribe KEY`
--- exit 1
"#]],
    );
    // Who has the old key only gets nothing new.
    let cooper = Person::new("Cooper").subscribed(&old, "harbour").running();
    until(&[&azureen, &cooper], "the old key still points on", || {
        cooper.document("harbour", "inbox")["moved"].is_string()
    });
    cooper.does(&["keys", "follow", "harbour"]);
    until_same((&azureen, OUTBOX), (&cooper, INBOX), "who comes late follows too");
}

#[test]
fn keys_are_forgotten_and_the_folder_stays() {
    let azureen = azureen();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    let before = brando.channel(INBOX);
    let said = brando.does(&["keys", "forget", "harbour"]);
    assert!(said.contains("Its folder stays as it was"), "{said}");
    until(&[&brando], "it is no longer kept", || brando.status()["documents"] == serde_json::json!([]));
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"for others\n");
    let cooper = Person::new("Cooper");
    cooper.reaches(&["subscribe", &azureen.key("blog"), "harbour"]);
    assert!(cooper.has(&format!("{INBOX}/{SECOND}.txt")));
    assert_eq!(brando.channel(INBOX), before);
    assert_says(
        brando.session(&["keys", "forget", "harbour"]),
        str![[r#"
$ missive keys forget harbour
--- messages
error: there is no key of `harbour`
  hint: `missive keys` lists them
--- exit 1
"#]],
    );
    // It may be subscribed to again, into the same folder.
    brando.stops();
    brando.subscribes(&azureen.key("blog"), "harbour");
    brando.starts();
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"for all\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it goes on");
}

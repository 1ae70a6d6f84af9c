//! A conversation in one exchange.

use snapbox::str;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND};
use crate::test_environment::assert_says;

/// The code of an invitation.
fn invites(person: &Person, name: &str, more: &[&str]) -> String {
    let args = [&["invite", name, "--json"], more].concat();
    let report: serde_json::Value = serde_json::from_str(&person.does(&args)).unwrap();
    report["code"].as_str().unwrap().to_owned()
}

const NO_KEYS: &str = "No keys yet: missive share CHANNEL, missive subscribe KEY, missive invite NAME\n";

fn phrase(person: &Person, channel: &str) -> String {
    let phrase = ["outbox", "inbox"].map(|side| person.document(channel, side)["phrase"].clone());
    assert_eq!(phrase[0], phrase[1]);
    phrase[0].as_str().unwrap_or_default().to_owned()
}

/// How many conversations and channels somebody has.
fn channels(person: &Person) -> usize {
    std::fs::read_dir(person.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name() != ".missive")
        .count()
}

#[test]
fn one_code_makes_a_conversation_of_two() {
    let azureen = Person::new("Azureen").running();
    let brando = Person::new("Brando");
    let code = invites(&azureen, "brando", &["--as", "Azureen"]);
    let said = brando.reaches(&["accept", &code, "--as", "Brando"]);
    assert!(said.contains("Read these words to each other") && brando.has("azureen/outbox"), "{said}");
    let brando = brando.running();
    azureen.writes(&format!("brando/outbox/{FIRST}.txt"), b"hello Brando\n");
    brando.writes(&format!("azureen/outbox/{SECOND}.txt"), b"hello Azureen\n");
    until_same((&azureen, "brando/outbox"), (&brando, "azureen/inbox"), "Azureen's arrives");
    until_same((&azureen, "brando/inbox"), (&brando, "azureen/outbox"), "Brando's arrives");
    assert!(brando.has(&format!("azureen/inbox/{FIRST}.txt")) && azureen.has(&format!("brando/inbox/{SECOND}.txt")));
    let words = phrase(&azureen, "brando");
    assert_eq!(words.split_whitespace().count(), 6, "{words}");
    assert_eq!(words, phrase(&brando, "azureen"));
    assert!(said.contains(&words) && azureen.does(&["status"]).contains(&format!("check words: {words}")));

    // It is good for one.
    let cooper = Person::new("Cooper");
    assert_says(
        cooper.session_among_others(&["accept", &code, "azureen"]),
        str![[r#"
$ missive accept missive-invite-[KEY] azureen
--- messages
Looking for Azureen … Press ctrl-c to stop; it continues whenever `missive sync` runs.
error: the other side refused the invitation: this code has been used already
  hint: ask for a new code; nothing was changed
--- exit 1
"#]],
    );
    assert_eq!((channels(&cooper), cooper.does(&["keys"]).as_str()), (0, NO_KEYS));
    assert_says(
        azureen.session(&["invite", "brando"]),
        str![[r#"
$ missive invite brando
--- messages
error: `brando` is already a conversation with someone
  hint: choose another name: missive invite NAME
--- exit 1
"#]],
    );
    assert_eq!(azureen.does(&["keys"]).lines().count(), 2);
}

#[test]
fn what_cannot_be_accepted_is_refused_in_words_and_makes_nothing() {
    let azureen = Person::author("Azureen", "blog").running();
    let brando = Person::new("Brando");
    let code = invites(&azureen, "brando", &[]);
    assert_says(
        azureen.session_among_others(&["accept", &code]),
        str![[r#"
$ missive accept missive-invite-[KEY]
--- messages
error: this is your own invitation
  hint: give the code to the other person; they run `missive accept CODE`
--- exit 1
"#]],
    );
    assert_eq!(channels(&azureen), 2);
    let short = &code[..code.len() - 4];
    let damaged = code.replace("missive-invite-", "missive-read-");
    let wrong = [azureen.key("blog").as_str(), short, "hello", &damaged]
        .map(|wrong| brando.session_among_others(&["accept", wrong, "azureen"]));
    let other = ["subscribe", "join"].map(|command| brando.session_among_others(&[command, &code]));
    assert_says(
        [wrong.as_slice(), &other].concat().join("\n"),
        str![[r#"
$ missive accept missive-read-[KEY] azureen
--- messages
error: that is a key, not an invitation code
  hint: use a read key with `missive subscribe`, and a write key with `missive join`
--- exit 1

$ missive accept missive-invite-[KEY] azureen
--- messages
error: the key is damaged: a part of it is missing or mistyped; copy the whole key
  hint: `missive share` and `missive invite` print keys; copy the whole key
--- exit 1

$ missive accept hello azureen
--- messages
error: that is not a missive key: a key begins with `missive-read-`, `missive-write-` or `missive-invite-`
  hint: `missive share` and `missive invite` print keys; copy the whole key
--- exit 1

$ missive accept missive-read-[KEY] azureen
--- messages
error: the key is damaged: a part of it is missing or mistyped; copy the whole key
  hint: `missive share` and `missive invite` print keys; copy the whole key
--- exit 1

$ missive subscribe missive-invite-[KEY]
--- messages
error: that is an invitation to a conversation
  hint: accept it with `missive accept CODE`
--- exit 1

$ missive join missive-invite-[KEY]
--- messages
error: that is an invitation to a conversation
  hint: accept it with `missive accept CODE`
--- exit 1
"#]],
    );
    assert_eq!(channels(&brando), 0);
}

#[test]
fn an_expired_code_is_refused() {
    let azureen = Person::new("Azureen").running();
    let code = invites(&azureen, "brando", &["--expires", "1s"]);
    let brando = Person::new("Brando");
    let begun = std::time::Instant::now();
    until(&[&azureen], "two seconds have passed", || begun.elapsed() > std::time::Duration::from_millis(2100));
    assert_says(
        brando.session_among_others(&["accept", &code, "azureen"]),
        str![[r#"
$ missive accept missive-invite-[KEY] azureen
--- messages
error: this invitation code has expired
  hint: ask the person who sent it for a new one (`missive invite NAME`)
--- exit 1
"#]],
    );
    assert_eq!(channels(&brando), 0);
}

#[test]
fn a_code_that_was_withdrawn_is_refused_by_the_other_side() {
    let azureen = Person::new("Azureen").running();
    let code = invites(&azureen, "brando", &[]);
    azureen.does(&["keys", "forget", "brando"]);
    let brando = Person::new("Brando");
    assert_says(
        brando.session_among_others(&["accept", &code, "azureen"]),
        str![[r#"
$ missive accept missive-invite-[KEY] azureen
--- messages
Looking for the other side … Press ctrl-c to stop; it continues whenever `missive sync` runs.
error: the other side refused the invitation: this code was not made here, or was withdrawn
  hint: ask for a new code; nothing was changed
--- exit 1
"#]],
    );
    assert_eq!(azureen.status()["documents"], serde_json::json!([]));
    assert_eq!((channels(&brando), brando.does(&["keys"]).as_str()), (0, NO_KEYS), "a refused code leaves nothing");
}

#[test]
fn what_was_there_before_a_code_was_refused_stays() {
    let azureen = Person::new("Azureen").running();
    let code = invites(&azureen, "brando", &[]);
    azureen.does(&["keys", "forget", "brando"]);
    // A channel of one's own, and one that somebody has begun to write in.
    let brando = Person::new("Brando");
    brando.does(&["new", "friend", "--message"]);
    let refused = brando.refused_by_others(&["accept", &code, "friend"]);
    assert!(refused.contains("your folder `friend` stays as it is"), "{refused}");
    assert!(brando.has("friend/inbox") && brando.has("friend/outbox/.channel.toml"));
    assert_eq!(brando.does(&["keys"]), NO_KEYS);
    brando.reaches(&["accept", &code, "azureen", "--no-wait"]);
    brando.writes(&format!("azureen/outbox/{FIRST}.txt"), b"are you there?\n");
    let mut brando = brando.running();
    until(&[&brando], "the refusal is told", || {
        brando.status()["warnings"].as_array().is_some_and(|all| !all.is_empty())
    });
    assert_eq!(
        brando.status()["warnings"],
        serde_json::json!([
            "the invitation to `azureen` was refused: this code was not made here, or was withdrawn; to delete it: missive keys forget azureen"
        ])
    );
    brando.stops();
    assert_says(
        brando.session_among_others(&["accept", &code]),
        str![[r#"
$ missive accept missive-invite-[KEY]
--- messages
Looking for the other side … Press ctrl-c to stop; it continues whenever `missive sync` runs.
error: the other side refused the invitation: this code was not made here, or was withdrawn
  hint: ask for a new code; your folder `azureen` stays as it is
--- exit 1
"#]],
    );
    assert_eq!(brando.holds(&format!("azureen/outbox/{FIRST}.txt")).as_deref(), Some("are you there?\n"));
    assert_eq!(brando.does(&["keys"]), NO_KEYS);
}

#[test]
fn a_code_that_was_accepted_before_is_recognised() {
    let mut azureen = Person::new("Azureen").running();
    let code = invites(&azureen, "brando", &["--as", "Azureen"]);
    azureen.stops();
    let brando = Person::new("Brando");
    for code in [code.clone(), code.to_uppercase(), format!("https://example.org/#{code}")] {
        let said = brando.reaches(&["accept", &code, "--no-wait"]);
        assert!(said.contains("The invitation is saved"), "{said}");
        assert_eq!(channels(&brando), 1);
    }
    azureen.starts();
    let said = brando.reaches(&["accept", &code]);
    assert!(said.contains("Read these words to each other"), "{said}");
    // From now on it is known by its six words, whoever is there.
    azureen.stops();
    for name in [None, Some("another")] {
        let again = brando.reaches(&[&["accept", &code][..], name.as_slice()].concat());
        let (path, rest) = said.split_once('\n').unwrap();
        assert_eq!(
            again,
            format!("{path}\nYou have already accepted this invitation; the conversation is `azureen`.\n{rest}")
        );
    }
    assert_eq!((channels(&brando), brando.has("azureen/inbox")), (1, true));
    assert_eq!(brando.does(&["keys"]), "azureen (outbox): reads and writes\nazureen (inbox): reads\n");
}

#[test]
fn an_acceptance_waits_for_the_inviter() {
    let mut azureen = Person::new("Azureen").running();
    azureen.stops();
    let code = invites(&azureen, "brando", &[]);
    let brando = Person::new("Brando");
    let said = brando.reaches(&["accept", &code, "azureen", "--no-wait"]);
    assert!(said.contains("The other side is offline. The invitation is saved"), "{said}");
    let brando = brando.running();
    until(&[&brando], "it is told that the other side is awaited", || {
        brando.status()["accepting"] == serde_json::json!(["azureen"])
    });
    assert!(
        brando.does(&["status"]).contains("azureen: the invitation is accepted; the other side has not answered yet")
    );
    brando.writes(&format!("azureen/outbox/{FIRST}.txt"), b"are you there?\n");
    azureen.starts();
    until_same((&azureen, "brando/inbox"), (&brando, "azureen/outbox"), "the conversation begins");
    assert!(azureen.has(&format!("brando/inbox/{FIRST}.txt")));
    azureen.writes(&format!("brando/outbox/{SECOND}.txt"), b"I am\n");
    until_same((&azureen, "brando/outbox"), (&brando, "azureen/inbox"), "the answer arrives");
    assert_eq!(phrase(&azureen, "brando"), phrase(&brando, "azureen"));
    assert_eq!(brando.status()["accepting"], serde_json::json!([]));
}

#[test]
fn an_inviter_who_is_asked_twice_by_the_same_device_agrees() {
    let azureen = Person::new("Azureen").running();
    let brando = Person::new("Brando");
    let code = invites(&azureen, "brando", &[]);
    let first = brando.reaches(&["accept", &code, "azureen"]);
    assert!(first.contains("Read these words"), "{first}");
    assert_eq!(azureen.document("brando", "outbox")["phrase"].as_str().map(|words| first.contains(words)), Some(true));
}

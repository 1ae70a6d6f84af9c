//! Channels whose folders are renamed, exchanged, copied and taken away: their keys follow them, and nothing private is shared.

use missive::sync::keys::ticket::{Opens, Ticket};
use serde_json::{Value, json};

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const INBOX: &str = "harbour/inbox";

/// Azureen, who writes a blog, and Brando, who reads it.
fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the first message arrives");
    (azureen, brando)
}

/// What a channel's key opens.
fn opens(person: &Person, channel: &str) -> Opens {
    Ticket::parse(&person.key(channel)).unwrap().opens
}

/// What is asked about a channel's box.
fn question(person: &Person, channel: &str, side: &str) -> String {
    person.document(channel, side)["question"].as_str().unwrap_or_default().to_owned()
}

/// Whether the node says this.
fn warns(person: &Person, words: &str) -> bool {
    person.status()["warnings"].as_array().is_some_and(|all| all.contains(&json!(words)))
}

#[test]
fn a_channel_that_is_renamed_while_nothing_runs_goes_on() {
    let (mut azureen, brando) = both();
    let key = opens(&azureen, "blog");
    azureen.stops();
    azureen.moves("blog", "journal");
    // The key is asked for before anything has run.
    assert_eq!(opens(&azureen, "journal"), key);
    azureen.moves("journal", "letters");
    azureen.starts();
    azureen.writes(&format!("letters/outbox/{SECOND}.txt"), b"two\n");
    until_same((&azureen, "letters/outbox"), (&brando, INBOX), "it goes on");
    assert_eq!(opens(&azureen, "letters"), key);
    assert_eq!(azureen.does(&["keys"]), "letters (outbox): reads and writes\n");
    assert_eq!(azureen.status()["warnings"], json!([]));
}

#[test]
fn a_channel_that_is_renamed_while_the_node_runs_goes_on_at_both_ends() {
    let (azureen, brando) = both();
    azureen.moves("blog", "journal");
    brando.moves("harbour", "the sea");
    azureen.writes(&format!("journal/outbox/{SECOND}.txt"), b"two\n");
    until_same((&azureen, "journal/outbox"), (&brando, "the sea/inbox"), "what is written next arrives");
    azureen.removes(&format!("journal/outbox/{FIRST}.txt"));
    until_same((&azureen, "journal/outbox"), (&brando, "the sea/inbox"), "and so do deletions");
    assert_eq!(brando.does(&["keys"]), "the sea (inbox): reads\n");
    assert!(!azureen.has("blog") && !brando.has("harbour"), "nothing is made anew");
}

#[test]
fn what_is_renamed_before_it_is_shared_is_nothing_special() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n").running();
    azureen.moves("blog", "journal");
    let brando = Person::new("Brando").subscribed(&azureen.key("journal"), "harbour").running();
    until_same((&azureen, "journal/outbox"), (&brando, INBOX), "it arrives");
}

#[test]
fn two_channels_that_are_exchanged_keep_their_readers_and_their_secrets() {
    let azureen = Person::author("Azureen", "blog")
        .message(&format!("blog/outbox/{FIRST}.txt"), "for all\n")
        .message("diary/outbox/.channel.toml", "title = \"Diary\"\n")
        .message(&format!("diary/outbox/{FIRST}.txt"), "for Cooper\n")
        .running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    let cooper = Person::new("Cooper").subscribed(&azureen.key("diary"), "diary").running();
    let all = [&azureen, &brando, &cooper];
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the blog arrives");
    until_same((&azureen, "diary/outbox"), (&cooper, "diary/inbox"), "the diary arrives");
    azureen.moves("blog", "aside");
    azureen.moves("diary", "blog");
    azureen.moves("aside", "diary");
    azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"for Cooper, too\n");
    azureen.writes(&format!("diary/outbox/{THIRD}.txt"), b"for all, too\n");
    until(&all, "each gets what is theirs", || {
        brando.has(&format!("{INBOX}/{THIRD}.txt")) && cooper.has(&format!("diary/inbox/{SECOND}.txt"))
    });
    assert_eq!(brando.names(INBOX), [".channel.toml", &format!("{FIRST}.txt"), &format!("{THIRD}.txt")]);
    assert_eq!(brando.holds(&format!("{INBOX}/{FIRST}.txt")).as_deref(), Some("for all\n"));
    assert_eq!(cooper.names("diary/inbox"), [".channel.toml", &format!("{FIRST}.txt"), &format!("{SECOND}.txt")]);
    assert_eq!(cooper.holds(&format!("diary/inbox/{FIRST}.txt")).as_deref(), Some("for Cooper\n"));
}

#[test]
fn a_private_folder_in_the_place_of_a_channel_is_never_shared() {
    let (azureen, brando) = both();
    let away = azureen.root().join("away");
    std::fs::rename(azureen.path("blog"), &away).unwrap();
    azureen.writes(&format!("private/outbox/{SECOND}.txt"), b"private\n");
    azureen.moves("private", "blog");
    let words = "the folder `blog` is not the one that was shared, so nothing in it is synced; put the right one there, or sync this one in its place: missive rename blog blog";
    until(&[&azureen], "it is asked about", || warns(&azureen, words) && question(&azureen, "blog", "outbox") == words);
    assert!(azureen.does(&["status"]).contains(words));
    assert_eq!(brando.names(INBOX), [".channel.toml", &format!("{FIRST}.txt")]);
    // The right one is put back, and all is as before.
    azureen.removes("blog");
    std::fs::rename(&away, azureen.path("blog")).unwrap();
    azureen.writes(&format!("blog/outbox/{THIRD}.txt"), b"three\n");
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "it goes on");
    assert!(!brando.has(&format!("{INBOX}/{SECOND}.txt")));
    until(&[&azureen], "nothing is asked any more", || azureen.status()["warnings"] == json!([]));
}

#[test]
fn a_folder_in_the_place_of_a_subscription_gets_nothing() {
    let (azureen, brando) = both();
    let away = brando.root().join("away");
    std::fs::rename(brando.path("harbour"), &away).unwrap();
    brando.writes(&format!("news/inbox/{FIRST}.txt"), b"from another tool\n");
    brando.moves("news", "harbour");
    until(&[&brando], "it is asked about", || question(&brando, "harbour", "inbox").contains("not the one"));
    azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"two\n");
    azureen.removes(&format!("blog/outbox/{FIRST}.txt"));
    until(&[&azureen, &brando], "what is new is known", || brando.document("harbour", "inbox")["messages"] == 1);
    assert_eq!(brando.everything("harbour"), [format!("inbox/{FIRST}.txt")]);
    assert_eq!(brando.holds(&format!("{INBOX}/{FIRST}.txt")).as_deref(), Some("from another tool\n"));
    brando.removes("harbour");
    std::fs::rename(&away, brando.path("harbour")).unwrap();
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "it goes on where it belongs");
}

#[test]
fn somebody_can_say_that_another_folder_is_the_channel() {
    let (mut azureen, brando) = both();
    azureen.stops();
    azureen.removes("blog");
    azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"begun anew\n");
    azureen.starts();
    until(&[&azureen], "it is asked about", || question(&azureen, "blog", "outbox").contains("not the one"));
    let said = azureen.does(&["rename", "blog", "blog"]);
    let place = azureen.path("blog").display().to_string();
    assert_eq!(said, format!("{place}\nThe keys of `blog` belong to this folder now.\n"));
    until(&[&azureen, &brando], "it is shared", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "and what is gone is gone");
}

#[test]
fn of_a_channel_and_its_copy_the_one_of_that_name_is_shared() {
    let (mut azureen, brando) = both();
    azureen.copies("blog", "blog-copy");
    let words = "`blog-copy` is a copy of the channel `blog`, and is not synced; to share it as a channel of its own: missive share blog-copy";
    until(&[&azureen], "it is told", || warns(&azureen, words));
    azureen.writes(&format!("blog-copy/outbox/{SECOND}.txt"), b"in the copy\n");
    azureen.writes(&format!("blog/outbox/{THIRD}.txt"), b"three\n");
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the channel goes on");
    assert!(!brando.has(&format!("{INBOX}/{SECOND}.txt")));
    // Without the original nobody knows what the copy is.
    azureen.stops();
    azureen.removes("blog");
    let said = azureen.refused(&["share", "blog-copy"]);
    assert_eq!(
        said,
        "error: `blog-copy` may be the channel `blog`, whose folder is gone and whose keys are still here\n  \
         hint: if it is: missive rename blog blog-copy; if `blog` is gone for good: missive keys forget blog\n"
    );
    azureen.does(&["rename", "blog", "blog-copy"]);
    azureen.starts();
    until(&[&azureen, &brando], "it goes on from the copy", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    assert_eq!(azureen.does(&["keys"]), "blog-copy (outbox): reads and writes\n");
}

#[test]
fn a_conversation_is_one_folder() {
    let mut azureen = Person::new("Azureen").running();
    let brando = Person::new("Brando");
    let code = azureen.does(&["invite", "brando", "--json"]);
    let code: Value = serde_json::from_str(&code).unwrap();
    brando.reaches(&["accept", code["code"].as_str().unwrap(), "azureen"]);
    let brando = brando.running();
    azureen.writes(&format!("brando/outbox/{FIRST}.txt"), b"hello\n");
    until_same((&azureen, "brando/outbox"), (&brando, "azureen/inbox"), "hers arrives");
    azureen.stops();
    azureen.moves("brando", "my friend");
    brando.moves("azureen", "my other friend");
    azureen.starts();
    brando.writes(&format!("my other friend/outbox/{SECOND}.txt"), b"hello to you\n");
    until_same((&brando, "my other friend/outbox"), (&azureen, "my friend/inbox"), "his arrives");
    azureen.writes(&format!("my friend/outbox/{THIRD}.txt"), b"so it goes\n");
    until_same((&azureen, "my friend/outbox"), (&brando, "my other friend/inbox"), "and hers again");
}

#[test]
fn a_channel_that_is_nowhere_is_asked_about_and_found_when_it_comes_back() {
    let (mut azureen, brando) = both();
    let away = azureen.root().join("away");
    azureen.stops();
    std::fs::rename(azureen.path("blog"), &away).unwrap();
    azureen.starts();
    let place = azureen.path("blog").display().to_string();
    let words = format!(
        "there is no folder {place}, so nothing is synced and nothing is deleted; move it back, mount its disk, or say what it is called now: missive rename blog NEW-NAME"
    );
    until(&[&azureen], "it is asked about", || question(&azureen, "blog", "outbox") == words);
    let said = azureen.refused(&["rename", "blog", "journal"]);
    assert!(said.contains("neither `blog` nor `journal` is the folder of that channel"), "{said}");
    assert!(brando.has(&format!("{INBOX}/{FIRST}.txt")), "nothing is deleted");
    std::fs::rename(&away, azureen.path("journal")).unwrap();
    azureen.writes(&format!("journal/outbox/{SECOND}.txt"), b"two\n");
    until_same((&azureen, "journal/outbox"), (&brando, INBOX), "it is found under another name");
}

#[test]
fn the_command_renames_while_a_node_or_a_server_runs() {
    let (azureen, brando) = both();
    let key = opens(&azureen, "blog");
    let said = azureen.does(&["rename", "blog", "journal"]);
    let place = azureen.path("journal").display().to_string();
    assert_eq!(
        said.lines().take(2).collect::<Vec<_>>(),
        [&*place, "Renamed `blog` to `journal`. Its keys stay the same; whoever has the channel notices nothing."]
    );
    azureen.writes(&format!("journal/outbox/{SECOND}.txt"), b"two\n");
    until_same((&azureen, "journal/outbox"), (&brando, INBOX), "it goes on");
    brando.does(&["rename", "harbour", "sea"]);
    azureen.writes(&format!("journal/outbox/{THIRD}.txt"), b"three\n");
    until_same((&azureen, "journal/outbox"), (&brando, "sea/inbox"), "under whatever name");
    assert_eq!(opens(&azureen, "journal"), key);
    assert_eq!(azureen.status()["warnings"], json!([]));
}

#[test]
fn a_program_that_is_cut_off_while_it_renames_leaves_what_the_next_one_completes() {
    let (mut azureen, brando) = both();
    azureen.is_killed();
    // The folder is renamed before the keys are.
    azureen.moves("blog", "journal");
    let said = azureen.does(&["rename", "blog", "journal"]);
    assert!(
        said.ends_with("The keys of `blog` belong to `journal` now; whoever has the channel notices nothing.\n"),
        "{said}"
    );
    azureen.starts();
    azureen.writes(&format!("journal/outbox/{SECOND}.txt"), b"two\n");
    until_same((&azureen, "journal/outbox"), (&brando, INBOX), "it goes on");
}

#[test]
fn a_large_attachment_of_a_renamed_channel_arrives_at_a_new_reader() {
    let (mut azureen, brando) = both();
    azureen.writes(&format!("blog/outbox/{SECOND}/film"), &vec![7; 3_000_000]);
    azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"a film\n");
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the film arrives");
    drop(brando);
    azureen.stops();
    azureen.moves("blog", "journal");
    azureen.starts();
    let cooper = Person::new("Cooper").subscribed(&azureen.key("journal"), "harbour").running();
    until_same((&azureen, "journal/outbox"), (&cooper, INBOX), "the film arrives from its new place");
}

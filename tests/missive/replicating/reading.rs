//! Sharing and subscribing: what is written here is read there.

use std::fs;

use snapbox::str;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};
use crate::scene::png;
use crate::test_environment::assert_says;

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

/// Azureen with a message in her channel, and her node running.
fn azureen() -> Person {
    Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n").running()
}

/// Bytes of this length that no two of are alike.
fn noise(len: usize) -> Vec<u8> {
    let mut state = len as u64 | 1;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).to_le_bytes()[0]
    })
    .take(len)
    .collect()
}

#[test]
fn one_command_subscribes_and_shows_the_messages() {
    let azureen = azureen();
    let brando = Person::new("Brando");
    let said = brando.reaches(&["subscribe", &azureen.key("blog")]);
    assert_eq!(brando.channel("the-harbour/inbox"), azureen.channel(OUTBOX));
    assert!(said.contains("The harbour: 1 message, ") && said.contains("missive read the-harbour"), "{said}");
    assert!(brando.does(&["read", "the-harbour"]).contains("hello"));
    until(&[&azureen], "Azureen hears of her reader", || {
        azureen.document("blog", "outbox")["peers"].as_array().is_some_and(|peers| peers.len() == 1)
    });
    let shared = azureen.does(&["share", "blog"]);
    assert!(
        shared.contains("Anyone with this read key can read blog") && !shared.contains("leave this running"),
        "{shared}"
    );
    let written = azureen.does(&["share", "blog", "--write"]);
    assert!(written.contains("can write in blog, and all readers see it"), "{written}");
    assert_says(
        brando.session(&["share", "the-harbour", "--write"]),
        str![[r#"
$ missive share the-harbour --write
--- messages
error: you only read `the-harbour`, so you have no write key
  hint: ask one of its authors for it: they run `missive share CHANNEL --write`
--- exit 1
"#]],
    );
}

#[test]
fn messages_follow_as_they_are_written_changed_and_deleted() {
    let azureen = azureen();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    let follows = |what: &str| until_same((&azureen, OUTBOX), (&brando, INBOX), what);
    follows("the first message arrives");
    let attachments = [
        ("photo", noise(70)),
        ("photo.jpg", noise(16 * 1024 + 1)),
        ("photo.jpg.txt", Vec::new()),
        ("a/b/c/deep", noise(10)),
        ("a/b.txt", noise(11)),
        ("ünï cødé \u{1f600} 'q' & <b>", noise(12)),
        ("film", noise(3_000_000)),
        ("exactly", noise(16 * 1024)),
    ];
    for (name, bytes) in &attachments {
        azureen.writes(&format!("{OUTBOX}/{SECOND}/{name}"), bytes);
    }
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"with files\n");
    follows("a message with attachments arrives");
    assert_eq!(brando.names(INBOX).len(), 3 + attachments.len());
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"");
    follows("an empty message arrives");
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"no longer empty\n");
    azureen.writes(&format!("{OUTBOX}/{SECOND}/photo"), b"");
    azureen.writes(&format!("{OUTBOX}/{SECOND}/film"), &noise(2_999_999));
    follows("what was changed is followed");
    azureen.removes(&format!("{OUTBOX}/{SECOND}/photo"));
    follows("an attachment is deleted, and the one whose name begins alike stays");
    assert!(brando.has(&format!("{INBOX}/{SECOND}/photo.jpg")));
    azureen.removes(&format!("{OUTBOX}/{SECOND}.txt"));
    azureen.removes(&format!("{OUTBOX}/{SECOND}"));
    follows("a message is deleted");
    until(&[&brando], "its folder is gone", || !brando.has(&format!("{INBOX}/{SECOND}")));
    let trash = brando.everything("harbour/trash");
    for name in [format!("{SECOND}.txt"), format!("{SECOND}/photo.jpg"), format!("{SECOND}/film")] {
        assert!(trash.iter().any(|path| path.ends_with(&format!("-inbox/{name}"))), "{name}: {trash:?}");
    }
    assert_eq!(brando.document("harbour", "inbox")["problems"], serde_json::json!([]));
}

#[test]
fn what_is_written_and_deleted_by_commands_travels() {
    let azureen = azureen();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    azureen.does_with(&["compose", "blog", "-"], "written by a command\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "a composed message arrives");
    assert_eq!(brando.names(INBOX).len(), 3);
    azureen.does(&["delete", "blog", FIRST, "--yes"]);
    until(&[&brando], "a deletion arrives", || !brando.has(&format!("{INBOX}/{FIRST}.txt")));
    azureen.does(&["delete", "blog", "--undo"]);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "what was brought back arrives again");
    assert!(brando.has(&format!("{INBOX}/{FIRST}.txt")));
}

#[test]
fn the_profile_and_the_icon_travel_and_nothing_else_does() {
    let azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/.icon.png"), &png(16, 16));
    let junk = [
        ".hidden",
        ".DS_Store",
        "Thumbs.db",
        "notes.md",
        ".missive-tmp-1-1",
        ".syncthing.x.tmp",
        "x.txt~",
        ".x.txt.swp",
        "a folder/x.txt",
        "2026-01-01T10-00-00Z/.hidden",
        "2026-01-01T10-00-00Z/.syncthing.x.tmp",
        "2026-01-01T10-00-00Z.sync-conflict-20260101-120000-ABCDEFG.txt",
    ];
    for name in junk {
        azureen.writes(&format!("{OUTBOX}/{name}"), b"junk");
    }
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"after the junk\n");
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until(&[&azureen, &brando], "all is here", || brando.channel(INBOX).len() == 4);
    assert_eq!(
        brando.everything(INBOX),
        [".channel.toml", ".icon.png", &format!("{FIRST}.txt"), &format!("{SECOND}.txt")]
    );
    azureen.writes(&format!("{OUTBOX}/.channel.toml"), b"title = \"The new harbour\"\n");
    until(&[&brando], "a new title arrives", || brando.document("harbour", "inbox")["title"] == "The new harbour");
}

#[test]
fn a_reader_hands_the_key_on_and_gives_all_with_the_author_gone() {
    let mut azureen = azureen();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first reader has all");
    azureen.is_killed();
    let cooper = Person::new("Cooper");
    cooper.reaches(&["subscribe", &brando.key("harbour"), "harbour"]);
    assert_eq!(cooper.channel(INBOX), azureen.channel(OUTBOX));
    assert_says(
        cooper.session(&["share", "harbour", "--write"]),
        str![[r#"
$ missive share harbour --write
--- messages
error: you only read `harbour`, so you have no write key
  hint: ask one of its authors for it: they run `missive share CHANNEL --write`
--- exit 1
"#]],
    );
}

#[test]
fn an_author_comes_back_at_another_port() {
    let mut azureen = azureen();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    azureen.stops();
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"written with no node running\n");
    let port = fs::read_to_string(azureen.path(".missive/sync/port")).unwrap();
    let _occupied = std::net::UdpSocket::bind(format!("127.0.0.1:{port}")).unwrap();
    azureen.starts();
    assert_ne!(fs::read_to_string(azureen.path(".missive/sync/port")).unwrap(), port);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "what was written meanwhile arrives");
    until(&[&brando], "all is in step", || brando.is_up_to_date("harbour", "inbox"));
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"live again\n");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "what is written from now on arrives");
}

#[test]
fn both_start_again_and_fetch_nothing() {
    let mut azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/{FIRST}/film"), &noise(3_000_000));
    azureen.writes(&format!("{OUTBOX}/{FIRST}/photo"), &noise(20_000));
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "all is here");
    until(&[&brando], "all is in step", || brando.is_up_to_date("harbour", "inbox"));
    brando.stops();
    azureen.stops();
    let told = brando.does(&["status"]);
    assert!(told.contains("Sync is not running") && told.contains("harbour (inbox): up to date"), "{told}");
    let channels = brando.does(&["channels"]);
    assert!(channels.contains("up to date ") && channels.contains(" ago · no one is connected"), "{channels}");
    assert_eq!(brando.status()["running"], false);
    azureen.starts();
    brando.starts();
    until(&[&azureen, &brando], "all is in step again", || {
        brando.is_up_to_date("harbour", "inbox") && azureen.is_up_to_date("blog", "outbox")
    });
    let document = brando.document("harbour", "inbox");
    assert_eq!((&document["fetched"], &document["messages"]), (&0.into(), &1.into()), "{document}");
    assert_eq!(brando.channel(INBOX), azureen.channel(OUTBOX));
}

#[test]
fn thousands_of_messages_arrive() {
    // More than the engine's queues of events hold: 1,024 is the longest.
    let azureen = Person::author("Azureen", "blog");
    for number in 0..1500 {
        let (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60);
        let path = azureen.path(&format!("{OUTBOX}/2025-03-01T{hour:02}-{minute:02}-{second:02}Z.txt"));
        fs::write(path, format!("# Number {number}\n\nNothing else.\n")).unwrap();
    }
    let key = azureen.key("blog");
    let azureen = azureen.running();
    let count = azureen.names(OUTBOX).len();
    let brando = Person::new("Brando");
    until(&[&azureen], "all are shared", || azureen.document("blog", "outbox")["messages"] == count - 1);
    assert!(azureen.key("blog").len() > key.len(), "it tells where she is");
    let said = brando.reaches(&["subscribe", &azureen.key("blog"), "harbour"]);
    assert!(said.contains(&format!("{} messages", missive_grouped(count - 1))), "{said}");
    assert!(brando.channel(INBOX) == azureen.channel(OUTBOX));
}

/// A number as the program shows it.
fn missive_grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

#[test]
fn five_readers_are_served_at_once() {
    let azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/{FIRST}/film"), &noise(3_000_000));
    let key = azureen.key("blog");
    let mut readers = ["one", "two", "three", "four", "five"].map(|name| Person::new(name).subscribed(&key, "harbour"));
    for reader in &mut readers {
        reader.starts_but_waits_for_nothing("127.0.0.1:0");
    }
    for reader in &readers {
        until_same((&azureen, OUTBOX), (reader, INBOX), "each has all");
    }
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"for all of you\n");
    for reader in &readers {
        until_same((&azureen, OUTBOX), (reader, INBOX), "each has the new message");
    }
    until(&[&azureen], "the author knows them", || {
        azureen.document("blog", "outbox")["peers"].as_array().is_some_and(|peers| peers.len() == 5)
    });
}

#[test]
fn a_text_above_the_limit_is_left_out_until_it_is_asked_for() {
    let azureen = azureen();
    let long = "a line of text\n".repeat(80_000);
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), long.as_bytes());
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"short\n");
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until(&[&azureen, &brando], "the rest arrives, and the long one is named", || {
        let left_out = &brando.document("harbour", "inbox")["not_fetched"][0];
        brando.has(&format!("{INBOX}/{THIRD}.txt"))
            && brando.has(&format!("{INBOX}/{FIRST}.txt"))
            && left_out["path"] == format!("{SECOND}.txt")
            && left_out["why"]["reason"] == "large"
    });
    assert!(!brando.has(&format!("{INBOX}/{SECOND}.txt")));
    let told = brando.does(&["status"]);
    assert!(told.contains(&format!("{SECOND}.txt: not downloaded: 1.2 MB, limit 1 MB")), "{told}");
    assert!(told.contains("missive sync --fetch PATH harbour"), "{told}");
    brando.stops();
    brando.reaches(&["sync", "harbour", "--fetch", &format!("{SECOND}.txt"), "--once"]);
    assert_eq!(brando.channel(INBOX), azureen.channel(OUTBOX));
    assert_eq!(brando.document("harbour", "inbox")["not_fetched"], serde_json::json!([]));
}

#[test]
fn what_is_asked_for_while_a_node_runs_is_fetched_by_it() {
    let azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), "a line of text\n".repeat(80_000).as_bytes());
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until(&[&azureen, &brando], "the long one is left out", || {
        brando.document("harbour", "inbox")["not_fetched"][0].is_object()
    });
    brando.reaches(&["sync", "harbour", "--fetch", &format!("inbox/{SECOND}.txt"), "--once"]);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it arrives");
}

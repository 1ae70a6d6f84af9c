//! Whoever hands out a key may say anything behind it: each such thing is refused or skipped with a plain word, and nothing is
//! written but messages in the inbox.

use std::fs;

use missive::sync::keys::ticket::Ticket;

use super::people::{Person, until, until_same};
use super::stranger::{Manner, Stranger};
use super::{FIRST, SECOND, THIRD};
use crate::test_environment::wait_for_the_next_second;

const INBOX: &str = "strange/inbox";

/// Brando, who subscribed to a stranger's channel and runs a node.
fn brando(stranger: &Stranger) -> Person {
    Person::new("Brando").subscribed(&stranger.key(), "strange").running()
}

/// A count that `status` tells of the strange inbox.
fn told(person: &Person, what: &str) -> u64 {
    person.document("strange", "inbox")[what].as_u64().unwrap_or_default()
}

/// What a process holds in memory, in bytes.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn keys_that_name_no_part_of_a_channel_are_counted_and_write_nothing() {
    let stranger = Stranger::new();
    let hash = stranger.gives(b"owned\n", Manner::Well);
    let long = format!("{FIRST}/{}", "a".repeat(4096));
    let long_name = format!("{FIRST}/{}", "b".repeat(300));
    let wicked: &[&[u8]] = &[
        b"../2026-01-01T10-00-00Z.txt",
        b"../../outside.txt",
        b"/etc/passwd",
        b"/tmp/outside",
        b"2026-01-01T10-00-00Z/../../outside",
        b"2026-01-01T10-00-00Z/..",
        b"2026-01-01T10-00-00Z/.",
        b"2026-01-01T10-00-00Z//outside",
        b"2026-01-01T10-00-00Z/.hidden",
        b"2026-01-01T10-00-00Z/a\0b",
        b"2026-01-01T10-00-00Z.txt/outside",
        b"2026-13-01T10-00-00Z.txt",
        b"..\\outside.txt",
        b"C:\\outside.txt",
        b"CON",
        b".missive/keys.toml",
        b".missive-tmp-1-1",
        b".authors.toml",
        b".stfolder/x",
        b"",
        b"\0",
        b"\xff\xfe",
        long.as_bytes(),
        long_name.as_bytes(),
    ];
    for key in wicked {
        stranger.says(key, hash, 6);
    }
    for key in [&b"2026-01-01T10-00-00Z.txt"[..], b"no kind\0", b"2026-01-01T10-00-00Z.txt\0z", b"x\0a", b"x\0m"] {
        stranger.enters(key, hash, 6);
    }
    // What is a name on one system and none on another is a name here.
    let allowed =
        ["CON", "a:b", "a\\..\\b", "photo", "Photo", "PHOTO", "-rf", "a\u{202e}gpj.exe", " ", "\u{1b}[31mred"];
    for name in allowed {
        stranger.says(format!("{SECOND}/{name}").as_bytes(), hash, 6);
    }
    stranger.writes(SECOND, "a good one\n");
    let brando = brando(&stranger);
    until(&[&brando], "what is good arrives", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    until(&[&brando], "the rest is counted", || told(&brando, "refused") >= wicked.len() as u64);
    let mut expected: Vec<String> = allowed.iter().map(|name| format!("{SECOND}/{name}")).collect();
    expected.push(format!("{SECOND}.txt"));
    expected.sort();
    let mut here = brando.names(INBOX);
    here.sort();
    assert_eq!(here, expected);
    let outside = brando.everything("").into_iter().filter(|name| !name.starts_with(".missive/"));
    let is_ours = |name: &String| name.starts_with(&format!("{INBOX}/")) || name == "strange/.missive-id";
    assert!(outside.clone().all(|name| is_ours(&name)), "{:?}", outside.collect::<Vec<_>>());
    let around: Vec<_> = fs::read_dir(brando.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(around.iter().all(|name| ["data", "home", "log"].iter().any(|known| name == known)), "{around:?}");
    assert!(!std::path::Path::new("/tmp/outside").exists());
    let said = brando.does(&["status"]);
    assert!(said.contains("entries refused: no part of a channel"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[test]
fn lengths_that_lie_are_noticed_before_and_after_fetching() {
    let stranger = Stranger::new();
    let short = stranger.gives(b"short", Manner::Well);
    let poured = stranger.gives(b"a spring", Manner::Pours);
    let says = |path: String, hash, len| stranger.says(path.as_bytes(), hash, len);
    says(format!("{FIRST}/huge"), short, 4_200_000_000);
    says(format!("{FIRST}/endless"), short, u64::MAX);
    says(format!("{FIRST}.txt"), stranger.gives(b"a book", Manner::Well), 3_000_000_000);
    says(format!("{SECOND}/longer"), short, 17);
    says(format!("{SECOND}/shorter"), stranger.gives(b"longer than it says", Manner::Well), 2);
    says(format!("{THIRD}/poured"), poured, 8);
    stranger.writes(SECOND, "a good one\n");
    let brando = brando(&stranger);
    until(&[&brando], "what is good arrives", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    until(&[&brando], "what is poured was asked for", || stranger.asked(poured) > 0);
    until(&[&brando], "the liars are counted", || told(&brando, "refused") >= 2);
    assert_eq!(brando.everything(INBOX), [format!("{SECOND}.txt")]);
    let said = brando.does(&["status"]);
    for why in [
        format!("{FIRST}/huge: not downloaded: 4.2 GB, limit 1 GB"),
        format!("{FIRST}.txt: not downloaded: 3 GB, limit 1 MB"),
        format!("{FIRST}/endless: not downloaded: "),
    ] {
        assert!(said.contains(&why), "{why}: {said}");
    }
}

#[test]
fn ten_thousand_files_are_bounded_by_the_limit() {
    let stranger = Stranger::new();
    let tiny = stranger.gives(b".", Manner::Well);
    for number in 0..10_000 {
        let path = format!("{FIRST}/{number:05}");
        stranger.enters(&[path.as_bytes(), if number % 2 == 0 { b"\0e" } else { b"\0f" }].concat(), tiny, 1);
    }
    stranger.writes(SECOND, "a good one\n");
    let mut brando = Person::new("Brando").subscribed(&stranger.key(), "strange");
    brando.prefers("[sync]\nfiles_limit = 500\n");
    brando.starts();
    until(&[&brando], "what fits is here", || brando.names(INBOX).len() >= 500 && told(&brando, "arriving") == 0);
    assert_eq!(brando.names(INBOX).len(), 500);
    assert!(brando.has(&format!("{INBOX}/{SECOND}.txt")), "a message is worth more than files without one");
    let said = brando.does(&["status"]);
    assert!(said.contains("beyond the first 500 files"), "{said}");
    let most = memory(brando.process());
    assert!(most < 300 << 20, "{most} bytes");
}

#[test]
fn a_channel_takes_no_more_room_than_it_may() {
    let stranger = Stranger::new();
    for number in 0..20 {
        let bytes = vec![number; 10_000];
        let path = format!("2026-03-01T10-00-{number:02}Z/file");
        stranger.says(path.as_bytes(), stranger.gives(&bytes, Manner::Well), 10_000);
    }
    let mut brando = Person::new("Brando").subscribed(&stranger.key(), "strange");
    brando.prefers("[sync]\nchannel_limit = \"100 kB\"\nattachment_limit = \"20 kB\"\n");
    brando.starts();
    until(&[&brando], "what fits is here", || brando.everything(INBOX).len() == 10 && told(&brando, "arriving") == 0);
    let said = brando.does(&["status"]);
    assert!(said.contains("10 kB more than the channel's limit of 100 kB"), "{said}");
    assert!(brando.has(&format!("{INBOX}/2026-03-01T10-00-19Z/file")), "the newest first");
}

#[test]
fn what_grows_beyond_a_limit_stays_as_it_was() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    azureen.writes(&format!("blog/outbox/{FIRST}/film"), &[1; 10_000]);
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "strange");
    brando.prefers("[sync]\nattachment_limit = \"20 kB\"\n");
    brando.starts();
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "what is small arrives");
    azureen.writes(&format!("blog/outbox/{FIRST}/film"), &vec![2; 100_000]);
    until(&[&azureen, &brando], "it is said", || {
        brando.does(&["status"]).contains("film: not downloaded: 100 kB, limit 20 kB")
    });
    assert_eq!(fs::read(brando.path(&format!("{INBOX}/{FIRST}/film"))).unwrap(), [1; 10_000]);
    azureen.writes(&format!("blog/outbox/{FIRST}/film"), &[3; 15_000]);
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "what is small again arrives");
}

#[test]
fn a_document_that_is_filled_without_end_is_left() {
    let stranger = Stranger::new();
    let tiny = stranger.gives(b".", Manner::Well);
    for number in 0..10_400 {
        stranger.says(format!("{FIRST}/{number}").as_bytes(), tiny, 1);
    }
    let mut brando = Person::new("Brando").subscribed(&stranger.key(), "strange");
    brando.prefers("[sync]\nfiles_limit = 100\n");
    brando.starts();
    until(&[&brando], "it is said", || {
        let question = brando.document("strange", "inbox")["question"].clone();
        question
            .as_str()
            .is_some_and(|said| said.contains("more than 10200 entries into it, so missive has stopped syncing it"))
    });
    assert!(brando.everything(INBOX).len() <= 100);
}

#[test]
fn what_is_written_and_taken_back_again_and_again_fills_no_disk() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "strange");
    brando.prefers("[sync]\nchannel_limit = \"200 kB\"\n");
    brando.starts();
    for turn in 0..6_u8 {
        // Each deletion has a second of its own.
        wait_for_the_next_second();
        // A file that comes and goes again and again is left alone, so it is another one each time.
        let file = format!("blog/outbox/{FIRST}/file{turn}");
        azureen.writes(&file, &vec![turn; 10_000]);
        until_same((&azureen, "blog/outbox"), (&brando, INBOX), "it arrives");
        azureen.removes(&file);
        until_same((&azureen, "blog/outbox"), (&brando, INBOX), "it is taken back");
    }
    until(&[&brando], "the trash holds a tenth of the limit and little more", || {
        (1..=2).contains(&brando.everything("strange/trash").len())
    });
}

#[test]
fn answers_that_end_at_any_byte_are_asked_for_again() {
    let stranger = Stranger::new();
    let mut expected = Vec::new();
    for at in 0..48_usize {
        let text = format!("cut after {at:02} bytes of the answer, once\n");
        let manner = if at % 12 == 5 { Manner::HangsUpOnce(at) } else { Manner::CutOnce(at) };
        let hash = stranger.gives(text.as_bytes(), manner);
        let path = format!("2026-03-01T10-00-{at:02}Z.txt");
        stranger.says(path.as_bytes(), hash, text.len() as u64);
        expected.push((path, text.into_bytes()));
    }
    let brando = brando(&stranger);
    until(&[&brando], "all arrive whole", || brando.channel(INBOX).into_iter().eq(expected.iter().cloned()));
    assert_eq!(brando.everything(INBOX).len(), expected.len(), "and nothing is left lying about");
    assert_eq!(brando.status()["warnings"], serde_json::json!([]), "and nobody takes it for a fault here");
}

#[test]
fn a_peer_that_stalls_or_has_nothing_is_passed_over() {
    for manner in [Manner::Stalls, Manner::Lacks, Manner::Pours] {
        let mut azureen =
            Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
        azureen.key("blog");
        until(&[&azureen], "it is shared", || azureen.document("blog", "outbox")["messages"] == 1);
        let stranger = Stranger::reading(&azureen.key("blog"));
        let hash = stranger.gives(b"hello\n", manner);
        stranger.has(&[&azureen], 2);
        let mut key = Ticket::parse(&azureen.key("blog")).unwrap();
        key.peers.insert(0, stranger.peer());
        azureen.stops();
        let brando = Person::new("Brando").subscribed(&key.to_string(), "strange").running();
        until(&[&brando], "the stranger is asked", || stranger.asked(hash) > 0);
        assert!(!brando.has(&format!("{INBOX}/{FIRST}.txt")));
        azureen.starts();
        until_same((&azureen, "blog/outbox"), (&brando, INBOX), "it comes from whoever has it");
    }
}

#[test]
fn what_is_announced_for_next_year_is_no_message() {
    let mut stranger = Stranger::new();
    stranger.writes(FIRST, "a good one\n");
    let brando = brando(&stranger);
    until(&[&brando], "the first arrives", || brando.has(&format!("{INBOX}/{FIRST}.txt")));
    stranger.is_heard();
    stranger.announces(&format!("{SECOND}.txt"), "from next year\n", 365 * 24 * 3600);
    stranger.announces(&format!("{THIRD}.txt"), "from now\n", 0);
    until(&[&brando], "what is of today arrives", || brando.has(&format!("{INBOX}/{THIRD}.txt")));
    assert!(!brando.has(&format!("{INBOX}/{SECOND}.txt")), "and what is of tomorrow does not");
}

#[test]
fn noise_in_the_swarm_keeps_nobody_from_hearing() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "strange").running();
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the first arrives");
    let mut stranger = Stranger::reading(&azureen.key("blog"));
    stranger.is_heard();
    for number in 0..3000_u32 {
        stranger.shouts([&[0, 1, 2][..], &number.to_le_bytes()].concat());
    }
    for (stem, text) in [(SECOND, "in the noise\n"), (THIRD, "after the noise\n")] {
        azureen.writes(&format!("blog/outbox/{stem}.txt"), text.as_bytes());
        until_same((&azureen, "blog/outbox"), (&brando, INBOX), text);
    }
    for person in [&azureen, &brando] {
        let most = memory(person.process());
        assert!(most < 300 << 20, "{most} bytes");
    }
}

#[test]
fn a_reader_who_forges_entries_moves_nobody() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "strange").running();
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "the first arrives");
    let mut stranger = Stranger::reading(&azureen.key("blog"));
    stranger.is_heard();
    stranger.announces(&format!("{FIRST}.txt"), "never said\n", 0);
    stranger.announces(&format!("{SECOND}.txt"), "never said\n", 0);
    azureen.writes(&format!("blog/outbox/{THIRD}.txt"), b"said\n");
    until_same((&azureen, "blog/outbox"), (&brando, INBOX), "what was said arrives");
    assert_eq!(azureen.names("blog/outbox"), [".channel.toml", &format!("{FIRST}.txt"), &format!("{THIRD}.txt")]);
    assert_eq!(azureen.holds(&format!("blog/outbox/{FIRST}.txt")).as_deref(), Some("hello\n"));
}

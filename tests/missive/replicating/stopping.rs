//! A signal at any moment ends a command cleanly: a channel has its key and a key its channel, or there is neither.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use missive::sync::keys::book::Book;

use super::people::Person;
use crate::scene::words;
use crate::test_environment::stop;

/// The moments after the start at which the signal comes, in milliseconds: closer together at the beginning.
const MOMENTS: [u64; 12] = [0, 2, 5, 10, 20, 35, 60, 100, 160, 250, 370, 500];

const SIGTERM: i32 = 15;

/// Lets a program run for a moment, then asks it to stop, and gives how it ended.
fn stopped_after(child: Child, moment: Duration) -> Output {
    let begun = Instant::now();
    while begun.elapsed() < moment {
        std::thread::sleep(Duration::from_millis(1));
    }
    stop(&child);
    child.wait_with_output().unwrap()
}

/// Asserts that channels and keys belong together, and that nothing is left lying about.
#[track_caller]
fn is_whole(person: &Person, story: &str) {
    let book = Book::read(&person.path("")).unwrap();
    let mut with_keys: Vec<String> = book.documents.iter().map(|document| document.channel.to_string()).collect();
    with_keys.dedup();
    let mut folders: Vec<String> = std::fs::read_dir(person.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".missive")
        .collect();
    folders.sort();
    // What was written before the command began has no key yet.
    folders.retain(|name| name != "plain");
    with_keys.retain(|name| name != "plain");
    assert_eq!(with_keys, folders, "{story}");
    let left: Vec<String> = person.everything("").into_iter().filter(|name| name.contains("missive-tmp")).collect();
    assert_eq!(left, [""; 0], "{story}");
}

/// Sends SIGTERM at many moments to a command in a fresh data folder, and looks what is left each time.
fn ends_cleanly(args: &[&str]) {
    let begun = |moment: u64| {
        let story = format!("{args:?} after {moment} ms");
        let person = Person::author("Azureen", "plain").message("plain/outbox/2026-01-01T10-00-00Z.txt", "hello\n");
        if args[0] != "share" {
            person.key("plain");
        }
        let output = stopped_after(person.begins(args), Duration::from_millis(moment));
        let (out, talk) = words(&output);
        let story = format!("{story}: {:?} {out}{talk}", output.status);
        // Before the program has begun there is nobody who could hear; a command that waits for nobody says that it was interrupted.
        let is_early = output.status.signal() == Some(SIGTERM) && out.is_empty() && talk.is_empty();
        let is_short = args[0] == "share" || args[0] == "invite";
        let is_clean = output.status.code() == Some(0) || is_short && output.status.code() == Some(130);
        assert!(is_early || is_clean, "{story}");
        assert!(!talk.contains("panicked") && !talk.contains("error"), "{story}");
        is_whole(&person, &story);
        // The next one begins as if nothing had been.
        assert_eq!(person.status()["running"], false, "{story}");
        person.does(&["share", "plain", "--key-only"]);
    };
    std::thread::scope(|scope| {
        let all: Vec<_> =
            MOMENTS.chunks(3).map(|moments| scope.spawn(move || moments.iter().copied().for_each(begun))).collect();
        for one in all {
            one.join().unwrap();
        }
    });
}

const QUIET: [&str; 3] = ["--offline", "--listen", "127.0.0.1:0"];

#[test]
fn sync_ends_cleanly_at_any_moment() {
    ends_cleanly(&[&["sync"][..], &QUIET].concat());
}

#[test]
fn watch_ends_cleanly_at_any_moment() {
    ends_cleanly(&[&["watch", "plain"][..], &QUIET].concat());
}

#[test]
fn serve_ends_cleanly_at_any_moment() {
    ends_cleanly(&[&["serve", "--port", "0"][..], &QUIET].concat());
}

#[test]
fn subscribe_ends_cleanly_at_any_moment() {
    let key = Person::author("Cooper", "blog").key("blog");
    ends_cleanly(&[&["subscribe", &key, "harbour"][..], &QUIET].concat());
}

#[test]
fn accept_ends_cleanly_at_any_moment() {
    let cooper = Person::new("Cooper");
    let report: serde_json::Value = serde_json::from_str(&cooper.does(&["invite", "azureen", "--json"])).unwrap();
    ends_cleanly(&[&["accept", report["code"].as_str().unwrap(), "cooper"][..], &QUIET].concat());
}

#[test]
fn share_and_invite_end_cleanly_at_any_moment() {
    ends_cleanly(&["share", "plain"]);
    ends_cleanly(&["invite", "brando"]);
}

#[test]
fn two_signals_end_it_cleanly() {
    let azureen = Person::author("Azureen", "plain");
    azureen.key("plain");
    let child = azureen.begins(&[&["sync"][..], &QUIET].concat());
    super::people::until(&[&azureen], "it runs", || azureen.status()["running"] == true);
    stop(&child);
    stop(&child);
    let output = child.wait_with_output().unwrap();
    assert!([Some(0), Some(130)].contains(&output.status.code()), "{:?}", output.status);
    is_whole(&azureen, "interrupted twice");
}

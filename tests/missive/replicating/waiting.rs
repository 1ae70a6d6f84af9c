//! What is said while somebody waits.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::FIRST;
use super::people::{Person, until};
use crate::test_environment::stop;

/// Something takes longer than a second only on a machine that has much to do.
const SOON: Duration = Duration::from_secs(3);

const QUIET: [&str; 3] = ["--offline", "--listen", "127.0.0.1:0"];

/// The first line that a command says, how long that took, and all that it said and printed when it was stopped then.
fn first_words(person: &Person, args: &[&str]) -> (String, Duration, String) {
    let begun = Instant::now();
    let mut child = person.begins(&[args, &QUIET].concat());
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    talk.read_line(&mut first).unwrap();
    let took = begun.elapsed();
    stop(&child);
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{first}{rest}");
    (first, took, rest)
}

/// What was said before the result, but for the word that the end takes a moment, which is said where it does.
fn said_before<'a>(said: &'a str, result: &str) -> &'a str {
    let before = said.strip_suffix(result).unwrap_or(said);
    before.strip_prefix("Stopping … finishing writes and closing connections\n").unwrap_or(before)
}

#[test]
fn it_is_said_at_once_what_is_waited_for() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n");
    let report: serde_json::Value =
        serde_json::from_str(&azureen.does(&["invite", "brando", "--as", "Azureen", "--json"])).unwrap();
    let (key, code) = (azureen.key("blog"), report["code"].as_str().unwrap().to_owned());
    let brando = Person::new("Brando");
    let (first, took, rest) = first_words(&brando, &["accept", &code]);
    assert_eq!(first, "Looking for Azureen … Press ctrl-c to stop; it continues whenever `missive sync` runs.\n");
    assert!(took < SOON, "{took:?}");
    let saved =
        "The other side is offline. The invitation is saved; it completes once both of you run `missive sync`.\n";
    let placed = |channel: &str| format!("{}\n", brando.path(channel).display());
    assert_eq!(said_before(&rest, saved), placed("azureen"), "{rest}");
    let (first, took, rest) = first_words(&brando, &["subscribe", &key, "harbour"]);
    let looking = "Looking for someone who has “The harbour” … Press ctrl-c to stop; it continues whenever `missive sync` runs.\n";
    assert_eq!(first, looking);
    assert!(took < SOON, "{took:?}");
    let saved = "Subscribed. No one with this channel is online yet; messages arrive once `missive sync` is running and someone is.\n";
    assert_eq!(said_before(&rest, saved), placed("harbour"), "{rest}");
    let write = azureen.write_key("blog");
    let (first, ..) = first_words(&Person::new("Cooper"), &["join", &write, "team"]);
    assert_eq!(first, looking);
}

#[test]
fn a_node_that_stops_says_so_or_is_gone_already() {
    // Somebody is dialled who does not answer: nobody waits for that.
    let gone = Person::author("Cooper", "blog").running();
    let key = gone.key("blog");
    drop(gone);
    let azureen = Person::author("Azureen", "blog").subscribed(&key, "news");
    azureen.key("blog");
    for args in [&["sync"][..], &["serve", "--port", "0"], &["watch", "blog"]] {
        let mut child = azureen.begins(&[args, &QUIET].concat());
        // What the program before it has left word of is not meant.
        until(&[&azureen], "it dials", || {
            azureen.status()["running"] == true && azureen.document("news", "inbox")["peers"] != serde_json::json!([])
        });
        let asked = Instant::now();
        stop(&child);
        let mut talk = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        // The end of its words is its own end.
        let mut before = Vec::new();
        talk.find(|line| {
            before.push(line.clone());
            line.starts_with("Stopping …")
        });
        assert!(asked.elapsed() < SOON, "{args:?}: {:?}", asked.elapsed());
        let rest: Vec<String> = talk.collect();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{args:?}: {status:?} {before:#?} {rest:#?}");
        assert!(asked.elapsed() < SOON, "{args:?}: {:?}", asked.elapsed());
    }
}

#[test]
fn lines_at_a_terminal_are_written_when_they_changed() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour");
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut command = brando.under(&["env", "TERM=xterm"], &[&["sync"][..], &QUIET].concat());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(terminal).spawn().unwrap();
    drop(command);
    let (tell, told) = std::sync::mpsc::channel();
    let mut master = std::fs::File::from(master);
    std::thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        while let Ok(len) = master.read(&mut bytes) {
            if tell.send(String::from_utf8_lossy(&bytes[..len]).into_owned()).is_err() {
                return;
            }
        }
    });
    until(&[&azureen, &brando], "all is here", || brando.is_up_to_date("harbour", "inbox"));
    // From here on only the seconds change.
    while told.recv_timeout(Duration::from_millis(1100)).is_ok_and(|text| !text.contains("up to date")) {}
    while told.try_recv().is_ok() {}
    let begun = Instant::now();
    let (mut writes, mut shown) = (0, String::new());
    while let Some(left) = Duration::from_secs(3).checked_sub(begun.elapsed()) {
        if let Ok(text) = told.recv_timeout(left) {
            writes += text.matches("harbour (inbox)").count();
            shown += &text;
        }
    }
    stop(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!((1..=6).contains(&writes), "{writes} times in three seconds: {shown:?}");
}

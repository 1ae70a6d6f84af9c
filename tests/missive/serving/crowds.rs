//! Many at once.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Served;

#[test]
fn two_hundred_pages_that_are_open_all_hear_of_a_message() {
    let served = Served::new();
    let mut listening: Vec<_> = (0..200).map(|_| served.listen("")).collect();
    served.say("blog", "to all of you");
    for one in &mut listening {
        assert_eq!(one.next_of("message").data["channel"], "blog");
    }
    assert_eq!(served.get("/channels/blog").done()["outbox_count"], 3);
    // Half of them go away without a word.
    listening.truncate(100);
    served.say("blog", "to who is left");
    for one in &mut listening {
        assert_eq!(one.next_of("message").data["box"], "outbox");
    }
}

/// How soon an ordinary request is answered while others hold on: at once, also on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Lets this process have as many files open as the system allows.
fn many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// Asserts that reading and writing go on as if nobody else were there.
#[track_caller]
fn is_answered_at_once(served: &Served) {
    for number in 0..5 {
        let start = Instant::now();
        served.get("/channels/blog").done();
        assert_eq!(served.get("/").status, 200);
        served.say("blog", &format!("meanwhile {number}"));
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    }
}

#[test]
fn a_thousand_idle_streams_keep_nobody_waiting() {
    many_files();
    let served = Served::new();
    let streams: Vec<_> = (0..1_000).map(|_| served.ask("GET", "/events").begin(b"", 0)).collect();
    is_answered_at_once(&served);
    let mut answers = streams.into_iter().map(|mut wire| {
        let mut start = [0; 12];
        wire.read_exact(&mut start).map(|()| String::from_utf8_lossy(&start).into_owned())
    });
    let refused = answers.by_ref().filter(|start| start.as_ref().is_ok_and(|start| start == "HTTP/1.1 503")).count();
    assert_eq!(refused, 1_000 - 256, "those beyond their share are told so");
    // Who goes gives its place back.
    drop(answers);
    crate::scene::until("a place for another one", || {
        let mut wire = served.ask("GET", "/events").begin(b"", 0);
        let mut start = [0; 12];
        wire.read_exact(&mut start).is_ok() && start.ends_with(b"200")
    });
}

#[test]
fn a_thousand_who_say_nothing_or_half_of_it_keep_nobody_waiting() {
    many_files();
    let served = Served::new();
    let half = served.ask("POST", "/channels/talk/messages").header("Content-Type", "application/json");
    let mut idle: Vec<_> = (0..700).map(|_| super::http::connect(served.port)).collect();
    for number in 0..300 {
        let mut wire = super::http::connect(served.port);
        let said: &[u8] = if number % 2 == 0 { b"GET /channels HTTP/1.1\r\nHo" } else { b"P" };
        let _ = wire.write_all(said);
        idle.push(wire);
    }
    let bodies: Vec<_> = (0..60).map(|_| half.begin(b"{", 1_000)).collect();
    is_answered_at_once(&served);
    drop((idle, bodies));
    is_answered_at_once(&served);
}

#[test]
fn a_thousand_posts_at_once_lose_nothing() {
    let served = Served::with(&["--rescan", "0"], &[]);
    let start = Instant::now();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let post = |thread: usize| {
            let served = &served;
            scope.spawn(move || {
                let one = |number: usize| {
                    let body = json!({ "body": format!("{thread} {number}") });
                    let sent = served.ask("POST", "/channels/blog/messages").json(&body).send().done();
                    assert_eq!(sent["body"], body["body"]);
                    sent["message_id"].as_str().unwrap().to_owned()
                };
                (0..50).map(one).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..20).map(post).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1_000, "each has a second of its own");
    let texts: BTreeSet<String> = served
        .below("blog/outbox")
        .iter()
        .filter(|name| !name.starts_with("2013"))
        .map(|name| std::fs::read_to_string(served.data("blog/outbox").join(name)).unwrap())
        .collect();
    let said: BTreeSet<String> =
        (0..20).flat_map(|thread| (0..50).map(move |number| format!("{thread} {number}"))).collect();
    assert_eq!(texts, said);
    let channel = served.get("/channels/blog").done();
    let shown = channel["outbox_count"].as_u64().unwrap() + channel["held"].as_u64().unwrap();
    assert_eq!(shown, 1_002, "those of the last minutes wait for their time, and are there");
    assert!(start.elapsed() < Duration::from_mins(2));
}

#[test]
fn a_draft_that_many_save_at_once_is_one_of_theirs() {
    let served = Served::new();
    let draft = served.tell(served.ask("POST", "/channels/blog/drafts").json(&json!({ "text": "first" }))).done();
    let url = draft["url"].as_str().unwrap();
    let version = draft["version"].as_str().unwrap();
    let done: Vec<u16> = std::thread::scope(|scope| {
        let save = |number: usize| {
            let ask = served.ask("PUT", url).json(&json!({ "text": format!("by {number}") }));
            scope.spawn(move || ask.header("If-Match", version).send().status)
        };
        let threads: Vec<_> = (0..10).map(save).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 1, "{done:?}");
    assert_eq!(done.iter().filter(|status| **status == 412).count(), 9, "{done:?}");
    let sent: Vec<u16> = std::thread::scope(|scope| {
        let send = |_| scope.spawn(|| served.ask("POST", &format!("{url}/send")).send().status);
        let threads: Vec<_> = (0..10).map(send).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(sent.iter().filter(|status| **status == 201).count(), 1, "{sent:?}");
    assert!(sent.iter().all(|status| [201, 404].contains(status)), "{sent:?}");
    assert_eq!(served.get("/channels/blog").done()["outbox_count"], 3);
}

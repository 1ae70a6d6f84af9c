//! Requests that bring too much, too little, the wrong thing, or nothing for a long time.

use std::io::{Read, Write};
use std::net::Shutdown;

use serde_json::json;

use super::http::Answer;
use super::{SECOND, Served};
use crate::scene::until;

/// What lies in the boxes and drafts of a channel, but for an empty folder of drafts.
fn lying(served: &Served) -> Vec<String> {
    served.below("talk").into_iter().filter(|name| name != "drafts").collect()
}

#[test]
fn a_text_that_is_too_long_is_refused_in_words() {
    let served = Served::new();
    let before = lying(&served);
    let long = "x".repeat((1 << 20) + 1);
    let post = || served.ask("POST", "/channels/talk/messages");
    for ask in [
        post().form(&[("body", &long)]),
        post().json(&json!({ "body": long })),
        post().files(&[("body", &long)], &[]),
        post().files(&[("body", &"x".repeat(3 << 20))], &[]),
        served.ask("POST", "/channels/talk/drafts").json(&json!({ "text": long })),
        served.ask("POST", "/api/preview").json(&json!({ "channel": "talk", "text": long })),
    ] {
        assert_eq!(served.tell(ask).refused(413), "a message's text is at most 1 MiB long");
    }
    for huge in [7 << 20, 30 << 20] {
        served.tell(post().json(&json!({ "body": "x".repeat(huge) }))).refused(413);
        served.tell(post().form(&[("body", &"x".repeat(huge))])).refused(413);
    }
    assert_eq!(lying(&served), before);
    served.tell(post().json(&json!({ "body": &long[1..] }))).done();
    let escaped = "\u{1}".repeat(1 << 20);
    let message = served.tell(post().json(&json!({ "body": escaped }))).done();
    let file = format!("talk/outbox/{}.txt", message["message_id"].as_str().unwrap());
    assert!(std::fs::read(served.data(&file)).unwrap() == escaped.as_bytes(), "as long as JSON can make it");
}

#[test]
fn a_form_of_too_many_parts_is_refused() {
    let served = Served::new();
    let before = lying(&served);
    let fields: Vec<(String, &str)> = (0..2_001).map(|number| (number.to_string(), "x")).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let post = || served.ask("POST", "/channels/talk/messages");
    assert_eq!(served.tell(post().files(&fields, &[])).refused(413), "the form has more than 2000 fields");
    let files: Vec<(String, &[u8])> = (0..1_001).map(|number| (format!("{number}.txt"), &b"x"[..])).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(served.tell(post().files(&[], &files)).refused(413), "at most 1000 files can be sent at once");
    assert_eq!(lying(&served), before);
}

#[test]
fn what_is_no_text_is_told_apart() {
    let served = Served::new();
    let before = lying(&served);
    let messages = "/channels/talk/messages";
    for mime in ["text/plain", "application/xml", "application/octet-stream", "nonsense", ""] {
        served.tell(served.ask("POST", messages).body(mime, "body=x")).refused(415);
        served.tell(served.ask("POST", "/channels/talk/drafts").body(mime, "{\"text\":\"x\"}")).refused(415);
        let files = format!("/channels/talk/outbox/{SECOND}/attachments");
        served.tell(served.ask("POST", &files).body(mime, "x")).refused(415);
        let marks = format!("/channels/talk/outbox/{SECOND}/marks");
        served.tell(served.ask("POST", &marks).body(mime, "{}")).refused(415);
    }
    for body in ["", "{", "[]", "null", "{\"body\":1}", "{\"text\":\"x\"}", "{\"body\":\"\\ud800\"}", "\u{feff}{}", "x"]
    {
        served.tell(served.ask("POST", messages).body("application/json", body)).refused(400);
    }
    let deep = "[".repeat(100_000);
    served.tell(served.ask("POST", messages).body("application/json", deep)).refused(400);
    for form in
        ["", "--edge", "nonsense", "--edge\r\n\r\n\r\n--edge--\r\n", "--edge\r\nContent-Disposition: x\r\n\r\nx"]
    {
        let ask = served.ask("POST", messages).body("multipart/form-data; boundary=edge", form);
        served.tell(ask).refused(400);
    }
    served.tell(served.ask("POST", messages).body("multipart/form-data", "x")).refused(400);
    assert_eq!(lying(&served), before);
}

#[test]
fn an_upload_that_is_cut_off_leaves_nothing() {
    let served = Served::new();
    let before = lying(&served);
    let part = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.bin\"\r\n\r\n".to_vec();
    let part = [part, vec![b'x'; 3 << 20]].concat();
    let draft = served.tell(served.ask("POST", "/channels/talk/drafts").json(&json!({ "text": "x" }))).done();
    let mine = format!("/channels/talk/outbox/{SECOND}/attachments");
    let drafted = format!("{}/attachments", draft["url"].as_str().unwrap());
    let is_begun = || served.below("talk/drafts").iter().any(|name| name.starts_with('.') && name.ends_with("/0"));
    for path in ["/channels/talk/messages", "/channels/talk/drafts", &mine, &drafted] {
        let ask = served.ask("POST", path).header("Content-Type", "multipart/form-data; boundary=edge");
        // One says that no more comes, the other just goes away.
        let mut wire = ask.begin(&part, 50 << 20);
        until("a file that is being received", is_begun);
        wire.shutdown(Shutdown::Write).unwrap();
        if let Some(answer) = Answer::read(&mut wire, false) {
            answer.refused(400);
        }
        until("nothing after the first", || !is_begun());
        let wire = ask.begin(&part, 50 << 20);
        until("a file that is being received", is_begun);
        drop(wire);
        until("nothing after the second", || !is_begun());
    }
    served.tell(served.ask("DELETE", draft["url"].as_str().unwrap())).done();
    let left: Vec<String> = lying(&served).into_iter().filter(|name| !name.starts_with("trash")).collect();
    assert_eq!(left, before);
    assert_eq!(served.texts("/channels/talk/outbox").len(), 1);
}

#[test]
fn a_text_that_is_cut_off_is_no_message() {
    let served = Served::new();
    let before = lying(&served);
    for mime in ["application/x-www-form-urlencoded", "application/json"] {
        let ask = served.ask("POST", "/channels/talk/messages").header("Content-Type", mime);
        let mut wire = ask.begin(b"body=half+of+it", 1_000);
        wire.shutdown(Shutdown::Write).unwrap();
        if let Some(answer) = Answer::read(&mut wire, false) {
            answer.refused(400);
        }
    }
    let head = format!("POST /channels/talk/messages HTTP/1.1\r\nHost: localhost:{}\r\n", served.port);
    for rest in [
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut wire = super::http::connect(served.port);
        wire.write_all(format!("{head}{rest}").as_bytes()).unwrap();
        wire.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        let _ = wire.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 5") && !answer.starts_with("HTTP/1.1 2"), "{rest}: {answer}");
    }
    assert_eq!(lying(&served), before);
}

#[test]
fn who_is_slow_holds_nobody_up() {
    let served = Served::new();
    let half =
        served.ask("POST", "/channels/talk/messages").header("Content-Type", "multipart/form-data; boundary=edge");
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut wire = super::http::connect(served.port);
        wire.write_all(b"GET /channels HTTP/1.1\r\nHo").unwrap();
        slow.push(wire);
        slow.push(
            half.begin(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nx", 1_000),
        );
        slow.push(super::http::connect(served.port));
    }
    let start = std::time::Instant::now();
    for number in 0..10 {
        served.say("talk", &format!("meanwhile {number}"));
        served.get("/channels").done();
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn a_head_that_does_not_end_is_not_waited_for() {
    let served = Served::new();
    let mut wire = super::http::connect(served.port);
    wire.write_all(b"GET /channels HTTP/1.1\r\nHost: loc").unwrap();
    let mut answer = String::new();
    let _ = wire.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    let huge = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\nX: {}\r\n\r\n", served.port, "x".repeat(1 << 20));
    let mut wire = super::http::connect(served.port);
    let _ = wire.write_all(huge.as_bytes());
    let mut answer = Vec::new();
    let _ = wire.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn who_hangs_up_early_harms_nobody() {
    let served = Served::new();
    for number in 0..20 {
        let text = format!("hung up {number}");
        let ask = served.ask("POST", "/channels/talk/messages").form(&[("body", &text)]);
        let wire = ask.begin(&ask.body, ask.body.len());
        // Whether it is still sent is nobody's to say, but it is sent whole or not at all.
        if number % 2 == 0 {
            wire.shutdown(Shutdown::Write).unwrap();
        }
        drop(wire);
    }
    drop(served.listen(""));
    assert_eq!(served.say("talk", "still here")["body"], "still here");
    let is_whole = |text: &String| {
        let known = ["Mine", "still here"].iter().any(|known| text.starts_with(known));
        known || text.starts_with("hung up ") && text.len() <= 10
    };
    // What was sent before the line went dead may still be on its way to the disk.
    until("nothing half-done", || !served.below("talk").iter().any(|name| name.contains("/.missive-tmp")));
    assert!(served.texts("/channels/talk/outbox").iter().all(is_whole));
}

#[test]
fn a_program_that_names_no_type_sends_a_form() {
    let served = Served::new();
    let mut ask = served.ask("POST", "/channels/talk/messages");
    ask.body = b"body=plain".to_vec();
    assert_eq!(served.tell(ask).done()["body"], "plain");
}

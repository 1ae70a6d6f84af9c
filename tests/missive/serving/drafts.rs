//! Drafts: begun, changed, sent and thrown away.

use std::path::Path;

use serde_json::{Value, json};

use super::{FIRST, SECOND, Served};

const ALL: &str = "/channels/talk/drafts";

#[track_caller]
fn begin(served: &Served, text: &str) -> Value {
    let answer = served.tell(served.ask("POST", ALL).json(&json!({ "text": text })));
    assert_eq!(answer.status, 201);
    let draft = answer.done();
    assert_eq!(answer.header("location"), draft["url"].as_str());
    draft
}

fn url(draft: &Value) -> &str {
    draft["url"].as_str().unwrap()
}

#[test]
fn a_letter_is_begun_changed_and_sent() {
    let served = Served::new();
    let draft = begin(&served, "Dear");
    assert_eq!(served.get(ALL).done(), json!([draft]));
    assert_eq!(served.get(url(&draft)).done(), draft);
    let save = |version: Option<&str>, text: &str| {
        let ask = served.ask("PUT", url(&draft)).json(&json!({ "text": text }));
        served.tell(match version {
            Some(version) => ask.header("If-Match", version),
            None => ask,
        })
    };
    let version = format!("\"{}\"", draft["version"].as_str().unwrap());
    let saved = save(Some(&version), "Dear you").done();
    assert_eq!(saved["text"], "Dear you");
    assert_ne!(saved["version"], draft["version"]);
    let words = save(Some(&version), "Dear me").refused(412);
    assert_eq!(words, "the draft was changed elsewhere in the meantime");
    assert_eq!(served.get(url(&draft)).done()["text"], "Dear you", "nothing is written over");
    assert_eq!(save(Some(&version), "Dear you").done()["text"], "Dear you", "what is there already is no conflict");
    assert_eq!(save(None, "Dear all").done()["text"], "Dear all");
    assert_eq!(save(Some("*"), "Dear everybody").done()["text"], "Dear everybody");
    assert_eq!(served.texts("/channels/talk/outbox").len(), 1, "a draft is no message");
    let sent = served.tell(served.ask("POST", &format!("{}/send", url(&draft))));
    assert_eq!((sent.status, &sent.done()["body"]), (201, &json!("Dear everybody")));
    assert_eq!(sent.header("location"), sent.done()["url"].as_str());
    assert_eq!(served.get(ALL).done(), json!([]));
    served.get(url(&draft)).refused(404);
    served.tell(served.ask("POST", &format!("{}/send", url(&draft)))).refused(404);
    assert_eq!(served.texts("/channels/talk/outbox")[0], "Dear everybody");
}

#[test]
fn an_answer_names_the_message_that_it_answers() {
    let served = Served::new();
    let reply = json!({ "text": "Yes.", "reply": format!("inbox/{FIRST}") });
    let draft = served.tell(served.ask("POST", ALL).json(&reply)).done();
    assert!(draft["text"].as_str().unwrap().contains(FIRST), "{draft}");
    // What it answers may be gone by now, which is no reason to lose what was written.
    let gone = json!({ "text": "Yes.", "reply": "inbox/1999-01-01T00-00-00Z" });
    served.tell(served.ask("POST", ALL).json(&gone)).done();
    let nothing = json!({ "text": "Yes.", "reply": "inbox/yesterday" });
    served.tell(served.ask("POST", ALL).json(&nothing)).refused(400);
    assert_eq!(served.get(ALL).done().as_array().unwrap().len(), 2);
}

#[test]
fn an_answer_is_told_with_what_it_answers() {
    let served = Served::new();
    served.put("talk/inbox/.channel.toml", b"id = \"urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a\"\n");
    let reply = json!({ "text": "Yes.", "reply": format!("inbox/{FIRST}") });
    let draft = served.tell(served.ask("POST", ALL).json(&reply)).done();
    let entry = draft["text"].as_str().unwrap().lines().nth(1).unwrap().strip_prefix("in-reply-to: ").unwrap();
    assert!(entry.starts_with("urn:uuid:"), "{draft}");
    let sent = served.tell(served.ask("POST", &format!("{}/send", url(&draft)))).done();
    let page = format!("/read/talk/inbox/{FIRST}");
    let answered = json!({ "said": entry, "here": true, "box": "inbox", "id": FIRST, "title": "Theirs" });
    assert_eq!(sent["in_reply_to"], answered);
    let shown = served.ask("GET", sent["page"].as_str().unwrap()).send();
    assert!(
        shown.text().contains(&format!("In reply to <a class=\"u-in-reply-to\" href=\"{page}\"")),
        "{}",
        shown.text()
    );
    // What they wrote names boxes from their side.
    let theirs = "2026-01-09T10-00-00Z";
    served.put(&format!("talk/inbox/{theirs}.txt"), format!("---\nin-reply-to: inbox/{SECOND}\n---\nAh.").as_bytes());
    let told = || served.get(&format!("/channels/talk/inbox/{theirs}"));
    crate::scene::until("their answer", || told().status == 200);
    let answered = told().done()["in_reply_to"].clone();
    let title = "Mine, with attachments.";
    assert_eq!(
        answered,
        json!({ "said": format!("inbox/{SECOND}"), "here": true, "box": "outbox", "id": SECOND, "title": title })
    );
    let gone = json!({ "text": "Yes.", "reply": "inbox/1999-01-01T00-00-00Z" });
    let draft = served.tell(served.ask("POST", ALL).json(&gone)).done();
    let sent = served.tell(served.ask("POST", &format!("{}/send", url(&draft)))).done();
    assert_eq!((&sent["in_reply_to"]["here"], &sent["in_reply_to"]["title"]), (&json!(false), &Value::Null));
    let shown = served.ask("GET", sent["page"].as_str().unwrap()).send();
    assert!(shown.text().contains("In reply to a message that is not here"), "{}", shown.text());
}

#[test]
fn files_come_to_a_draft_and_leave_it() {
    let served = Served::new();
    let form = served.ask("POST", ALL).files(&[("body", "With files")], &[("a.txt", b"1")]);
    let draft = served.tell(form).done();
    assert_eq!(draft["attachments"][0]["name"], "a.txt");
    let files = format!("{}/attachments", url(&draft));
    let more =
        served.tell(served.ask("POST", &files).files(&[], &[("a.txt", b"2"), ("A.TXT", b"3"), ("b.html", b"4")]));
    let names = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names(&more.done()["attachments"]),
        ["a-2.txt", "A-3.TXT", "b.html"],
        "no name twice, whatever its case"
    );
    let mut there = names(&served.get(&files).done());
    there.sort();
    assert_eq!(there, ["A-3.TXT", "a-2.txt", "a.txt", "b.html"]);
    assert_eq!(served.get(&format!("{files}/a-2.txt")).body, b"2");
    let page = served.get(&format!("{files}/b.html"));
    assert!(page.header("content-disposition").unwrap().starts_with("attachment"));
    assert!(page.header("content-security-policy").unwrap().contains("sandbox"));
    served.tell(served.ask("DELETE", &format!("{files}/A-3.TXT"))).done();
    served.tell(served.ask("DELETE", &format!("{files}/A-3.TXT"))).refused(404);
    served.tell(served.ask("POST", &files).files(&[], &[])).refused(400);
    let sent = served.tell(served.ask("POST", &format!("{}/send", url(&draft)))).done();
    assert_eq!(names(&served.get(sent["attachments_url"].as_str().unwrap()).done()), ["a-2.txt", "a.txt", "b.html"]);
    let left: Vec<String> = served.below("talk/drafts").into_iter().filter(|name| !name.starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_name_of_full_length_is_made_another_one_too() {
    let served = Served::new();
    let long = format!("{}.txt", "ö".repeat(125));
    let name = format!("{}x", "n".repeat(254));
    let files: [(&str, &[u8]); 4] = [(&long, b"1"), (&long, b"2"), (&name, b"3"), (&name, b"4")];
    let draft = served.tell(served.ask("POST", ALL).files(&[("body", "long")], &files)).done();
    assert_eq!(draft["attachments"].as_array().unwrap().len(), 4);
    for file in draft["attachments"].as_array().unwrap() {
        assert_eq!(served.get(file["url"].as_str().unwrap()).body.len(), 1);
    }
}

#[test]
fn files_that_nobody_would_see_are_not_taken() {
    let served = Served::new();
    for name in [".hidden", "~x", "x.part", "Thumbs.db", "..", ".syncthing.a.tmp", &"n".repeat(300)] {
        let form = served.ask("POST", ALL).files(&[("body", "x")], &[(name, b"1")]);
        served.tell(form).refused(422);
    }
    for (given, name) in [("../../escape.txt", "escape.txt"), ("C:\\x\\y.txt", "y.txt"), ("/etc/passwd", "passwd")] {
        let draft = served.tell(served.ask("POST", ALL).files(&[("body", "x")], &[(given, b"1")])).done();
        assert_eq!(draft["attachments"][0]["name"], name);
    }
    assert_eq!(served.below("").iter().filter(|name| name.contains("escape") && !name.contains("drafts/")).count(), 0);
}

#[test]
fn a_draft_that_is_thrown_away_lies_in_the_trash() {
    let served = Served::new();
    let draft = begin(&served, "Never mind");
    served.tell(served.ask("DELETE", url(&draft))).done();
    served.get(url(&draft)).refused(404);
    served.tell(served.ask("DELETE", url(&draft))).refused(404);
    let trash = served.below("talk/trash");
    let text = trash.iter().find(|name| Path::new(name).extension().is_some_and(|kind| kind == "txt")).unwrap();
    assert_eq!(std::fs::read_to_string(served.data("talk/trash").join(text)).unwrap(), "Never mind");
}

#[test]
fn nothing_is_sent_that_says_nothing() {
    let served = Served::new();
    let draft = begin(&served, " \n");
    let words = served.tell(served.ask("POST", &format!("{}/send", url(&draft)))).refused(400);
    assert_eq!(words, "there is nothing to send: the text is empty");
    assert_eq!(served.get(url(&draft)).done()["text"], " \n", "it is a draft all the same");
    for body in ["", " \n\t"] {
        served.tell(served.ask("POST", "/channels/talk/messages").form(&[("body", body)])).refused(400);
    }
    served.tell(served.ask("POST", "/channels/talk/messages").form(&[("text", "x")])).refused(400);
    assert_eq!(served.texts("/channels/talk/outbox").len(), 1);
}

#[test]
fn who_only_listens_cannot_write() {
    let served = Served::new();
    for path in ["/channels/news/messages", "/channels/news/outbox"] {
        let words = served.tell(served.ask("POST", path).form(&[("body", "x")])).refused(403);
        assert_eq!(words, "`news` is a subscription: you can only read it");
    }
    served.tell(served.ask("POST", "/channels/news/drafts").json(&json!({ "text": "x" }))).refused(403);
    served.tell(served.ask("POST", "/channels/nobody/messages").form(&[("body", "x")])).refused(404);
    assert_eq!(served.below("news"), ["inbox".to_owned(), format!("inbox/{FIRST}.txt")]);
}

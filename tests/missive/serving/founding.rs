//! The founding program's API, to the letter.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{FIRST, SECOND, Served};
use crate::scene::{png, until};

/// The members of an object, but for those that came later.
fn founding(value: &Value, later: &[&str]) -> Value {
    let members = value.as_object().unwrap().clone();
    members.into_iter().filter(|(name, _)| !later.contains(&name.as_str())).collect::<serde_json::Map<_, _>>().into()
}

const CHANNELS_LATER: [&str; 12] = [
    "kind",
    "title",
    "unread",
    "newest",
    "arriving",
    "conflicts",
    "held",
    "warnings",
    "sync",
    "site_url",
    "feed_url",
    "drafts_url",
];
const MESSAGES_LATER: [&str; 8] = ["message_id", "channel", "title", "tags", "read", "starred", "page", "author"];

#[test]
fn the_channels_are_listed_with_the_boxes_that_they_have() {
    let served = Served::new();
    let channels = served.get("/channels").done();
    let channels: Vec<Value> =
        channels.as_array().unwrap().iter().map(|channel| founding(channel, &CHANNELS_LATER)).collect();
    assert_eq!(
        channels,
        [
            json!({ "url": "/channels/blog", "messages_url": "/channels/blog/messages", "name": "blog",
                "outbox_count": 2, "outbox_url": "/channels/blog/outbox" }),
            json!({ "url": "/channels/news", "messages_url": "/channels/news/messages", "name": "news",
                "inbox_count": 1, "inbox_url": "/channels/news/inbox" }),
            json!({ "url": "/channels/talk", "messages_url": "/channels/talk/messages", "name": "talk",
                "inbox_count": 1, "inbox_url": "/channels/talk/inbox",
                "outbox_count": 1, "outbox_url": "/channels/talk/outbox" }),
        ]
    );
    for channel in channels {
        assert_eq!(founding(&served.get(channel["url"].as_str().unwrap()).done(), &CHANNELS_LATER), channel);
    }
    served.get("/channels/nobody").refused(404);
}

/// A list as the founding client keeps it: `Backbone.Collection.set` of Backbone 1.0.0 (backbone.js, line 680), as far as it says
/// which models stay, are merged and come in. A model is known by its member `id`; one without is always a new one.
#[derive(Default)]
struct Collection(Vec<Value>);

impl Collection {
    /// What `fetch` does with an answer: known models are merged, new ones appended, and the others removed.
    fn fetch(&mut self, answer: &Value) {
        let mut stays: Vec<bool> = vec![false; self.0.len()];
        let mut new: Vec<Value> = Vec::new();
        for model in answer.as_array().unwrap() {
            let known = |other: &Value| model.get("id").is_some_and(|id| other.get("id") == Some(id));
            if let Some(at) = self.0.iter().position(known) {
                stays[at] = true;
                self.0[at].as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
            } else if let Some(at) = new.iter().position(known) {
                new[at].as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
            } else {
                new.push(model.clone());
            }
        }
        let mut stays = stays.into_iter();
        self.0.retain(|_| stays.next().unwrap());
        self.0.extend(new);
    }

    fn urls(&self) -> Vec<&str> {
        self.0.iter().map(|model| model["url"].as_str().unwrap()).collect()
    }
}

fn urls(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|model| model["url"].as_str().unwrap()).collect()
}

#[test]
fn the_founding_client_shows_each_list_as_it_is_answered() {
    let same = format!("talk/outbox/{FIRST}.txt");
    let served = Served::with(&[], &[(&same, b"In the second of theirs")]);
    let mut list = Collection::default();
    // One list, fetched again and again: a channel, what was sent meanwhile, another channel, each box.
    for path in
        ["talk/messages", "talk/messages", "blog/messages", "talk/inbox", "talk/outbox", "talk/messages", "news/inbox"]
    {
        let path = format!("/channels/{path}");
        for _ in 0..2 {
            let answer = served.get(&path).done();
            list.fetch(&answer);
            assert_eq!(list.urls(), urls(&answer), "{path}");
            if !path.ends_with("inbox") {
                served.say(path.split('/').nth(2).unwrap(), "the newest");
            }
        }
    }
    let both = served.get("/channels/talk/messages").done();
    let of_first = urls(&both).into_iter().filter(|url| url.ends_with(FIRST)).count();
    assert_eq!(of_first, 2, "theirs and mine of one second");
    list.fetch(&served.get("/channels").done());
    assert_eq!(list.urls(), ["/channels/blog", "/channels/news", "/channels/talk"]);
}

#[test]
fn nothing_that_is_answered_has_a_member_by_which_backbone_would_merge() {
    let served = Served::new();
    let sent = served.say("blog", "new");
    let message = sent["url"].as_str().unwrap();
    let attached =
        served.tell(served.ask("POST", &format!("{message}/attachments")).files(&[], &[("a.txt", b"a")])).done();
    let draft = served.tell(served.ask("POST", "/channels/blog/drafts").json(&json!({ "text": "x" }))).done();
    let mut answers = vec![sent.clone(), attached, draft.clone()];
    let files = format!("/channels/talk/outbox/{SECOND}/attachments");
    for path in [
        "/channels",
        "/channels/talk",
        "/channels/talk/messages",
        "/channels/talk/inbox",
        "/channels/talk/outbox",
        message,
        &files,
        "/channels/blog/drafts",
        draft["url"].as_str().unwrap(),
        "/api/search?q=post",
    ] {
        answers.push(served.get(path).done());
    }
    for answer in answers {
        assert!(!answer.to_string().contains("\"id\":"), "{answer}");
    }
    assert!(message.ends_with(sent["message_id"].as_str().unwrap()));
}

#[test]
fn messages_come_newest_first_and_whole() {
    let served = Served::new();
    let messages = served.get("/channels/talk/messages").done();
    let messages: Vec<Value> =
        messages.as_array().unwrap().iter().map(|message| founding(message, &MESSAGES_LATER)).collect();
    assert_eq!(
        messages,
        [
            json!({ "box": "outbox", "date": "2013-08-11T14:34:38.000Z", "body": "Mine, with attachments.",
                "url": format!("/channels/talk/outbox/{SECOND}"),
                "attachments_url": format!("/channels/talk/outbox/{SECOND}/attachments"), "has_attachments": true }),
            json!({ "box": "inbox", "date": "2013-08-11T14:34:37.000Z", "body": "# Theirs\n\nHello, *you*. #tag\n",
                "url": format!("/channels/talk/inbox/{FIRST}"),
                "attachments_url": format!("/channels/talk/inbox/{FIRST}/attachments"), "has_attachments": false }),
        ]
    );
    for message in &messages {
        assert_eq!(founding(&served.get(message["url"].as_str().unwrap()).done(), &MESSAGES_LATER), *message);
    }
    assert_eq!(served.texts("/channels/talk/inbox"), ["# Theirs\n\nHello, *you*. #tag\n"]);
    assert_eq!(served.texts("/channels/talk/outbox"), ["Mine, with attachments."]);
    served.get("/channels/blog/inbox").refused(404);
    served.get("/channels/news/outbox").refused(404);
    served.get(&format!("/channels/talk/inbox/{SECOND}")).refused(404);
    served.get(&format!("/channels/news/outbox/{FIRST}")).refused(404);
}

#[test]
fn attachments_are_listed_with_types_and_sent_byte_for_byte() {
    let served = Served::new();
    let base = format!("/channels/talk/outbox/{SECOND}/attachments");
    let list = served.get(&base).done();
    let list: Vec<Value> = list.as_array().unwrap().iter().map(|file| founding(file, &["size"])).collect();
    assert_eq!(
        list,
        [
            json!({ "name": "a b/p%20.png", "type": "image/png", "url": format!("{base}/a%20b/p%2520.png") }),
            json!({ "name": "notes.txt", "type": "text/plain", "url": format!("{base}/notes.txt") }),
        ]
    );
    assert_eq!(served.get(list[0]["url"].as_str().unwrap()).body, png(3, 4));
    assert_eq!(served.get(list[1]["url"].as_str().unwrap()).body, b"some notes");
    served.get(&format!("{base}/nothing.txt")).refused(404);
    assert_eq!(served.get(&format!("/channels/talk/inbox/{FIRST}/attachments")).done(), json!([]));
}

#[test]
fn a_text_that_is_posted_is_a_message_and_a_file() {
    let served = Served::new();
    let path = "/channels/blog/messages";
    for ask in [
        served.ask("POST", path).form(&[("body", "By form: ä & ö\r\nnext")]),
        served.ask("POST", path).json(&json!({ "body": "By JSON: ä & ö\nnext" })),
        served.ask("POST", path).files(&[("body", "With a form for files: ä & ö\r\nnext")], &[]),
    ] {
        let message = served.tell(ask).done();
        let body = message["body"].as_str().unwrap();
        assert!(body.ends_with(": ä & ö\nnext"), "{body}");
        assert_eq!((&message["box"], &message["has_attachments"]), (&json!("outbox"), &json!(false)));
        assert_eq!(served.get(message["url"].as_str().unwrap()).done(), message);
        let file = served.data(&format!("blog/outbox/{}.txt", message["message_id"].as_str().unwrap()));
        assert_eq!(std::fs::read_to_string(file).unwrap(), body);
        assert_eq!(served.texts(path)[0], body, "the newest is first");
    }
    assert_eq!(served.get("/channels/blog").done()["outbox_count"], 5);
}

#[test]
fn posts_in_one_second_get_seconds_of_their_own() {
    let served = Served::new();
    let said: Vec<String> = (0..8).map(|number| format!("post {number}")).collect();
    let ids: BTreeSet<String> =
        said.iter().map(|text| served.say("blog", text)["message_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 8);
    let texts = served.texts("/channels/blog/messages?limit=8");
    assert!(texts.iter().eq(said.iter().rev()), "{texts:?}");
}

#[test]
fn a_long_text_is_seen_whole_or_not_at_all() {
    let served = Served::new();
    let long = "wörter ".repeat(100_000);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                let names = served.below("blog/outbox");
                for name in names.iter().filter(|name| !name.starts_with('.') && !name.starts_with("2013")) {
                    assert_eq!(std::fs::read_to_string(served.data("blog/outbox").join(name)).unwrap(), long);
                    seen += 1;
                }
                for text in served.texts("/channels/blog/messages?limit=1") {
                    assert!(text == long || text.len() < 100, "{} bytes", text.len());
                }
            }
            seen
        });
        for _ in 0..3 {
            served.say("blog", &long);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        watching.join().unwrap()
    });
    assert!(seen > 0);
}

#[test]
fn files_are_attached_to_a_message_that_was_posted() {
    let served = Served::new();
    let message = served.say("talk", "Files follow.");
    let url = message["attachments_url"].as_str().unwrap();
    let files: [(&str, &[u8]); 2] = [("one.txt", b"1"), ("zwei ü.bin", b"\0\xff")];
    let answer = served.tell(served.ask("POST", url).files(&[], &files)).done();
    let names: Vec<&str> =
        answer["attachments"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one.txt", "zwei ü.bin"]);
    let list = served.get(url).done();
    for (file, (_, bytes)) in list.as_array().unwrap().iter().zip(files) {
        assert_eq!(served.get(file["url"].as_str().unwrap()).body, bytes);
    }
    assert_eq!(served.get(message["url"].as_str().unwrap()).done()["has_attachments"], true);
    let again = served.tell(served.ask("POST", url).files(&[], &[("one.txt", b"other")])).done();
    assert_eq!(again["attachments"][0]["name"], "one-2.txt", "nothing is written over");
    let words = served.tell(served.ask("POST", url).files(&[], &[])).refused(400);
    assert_eq!(words, "the request has no file");
}

#[test]
fn a_text_may_name_the_files_that_follow_it() {
    let served = Served::new();
    let message = served.say("blog", "Look: ![](picture.png)");
    assert_eq!(message["body"], "Look: ![](picture.png)");
    let url = message["attachments_url"].as_str().unwrap();
    served.tell(served.ask("POST", url).files(&[], &[("picture.png", &png(3, 4))])).done();
    assert_eq!(served.get(message["url"].as_str().unwrap()).done()["has_attachments"], true);
    assert_eq!(served.texts("/channels/blog/messages")[0], "Look: ![](picture.png)");
}

#[test]
fn a_text_that_says_that_it_is_a_draft_is_answered_and_waits() {
    let served = Served::new();
    let message = served.say("blog", "---\ndraft: true\n---\nNot yet");
    assert!(served.data(&format!("blog/outbox/{}.txt", message["message_id"].as_str().unwrap())).exists());
    assert_eq!(served.get("/channels/blog").done()["held"], 1);
    assert_eq!(served.texts("/channels/blog/messages").len(), 2);
}

#[test]
fn what_is_no_message_is_never_shown() {
    let strange: [(&str, &[u8]); 9] = [
        ("talk/inbox/.2014-01-01T10-00-00Z.txt.part", b"secret"),
        ("talk/inbox/.syncthing.2014-01-01T10-00-00Z.txt.tmp", b"secret"),
        ("talk/inbox/2014-01-02T10-00-00Z.txt.part", b"secret"),
        ("talk/inbox/notes.md", b"secret"),
        ("talk/inbox/2014-13-01T10-00-00Z.txt", b"secret"),
        ("talk/inbox/2014-01-01T10-00-00Z.sync-conflict-20260102-120000-ABCDEFG.txt", b"secret"),
        ("talk/inbox/2013-08-11T14-34-37Z/.hidden.txt", b"secret"),
        ("talk/inbox/2013-08-11T14-34-37Z/movie.mp4.part", b"secret"),
        ("talk/notes.txt", b"secret"),
    ];
    let served = Served::with(&[], &strange);
    std::os::unix::fs::symlink("/etc/hostname", served.data("talk/inbox/2014-01-03T10-00-00Z.txt")).unwrap();
    served.put("talk/inbox/2014-01-05T10-00-00Z.txt", b"the last of all");
    until("the last one", || served.texts("/channels/talk/inbox").len() == 2);
    for path in ["/channels/talk/messages", "/channels/talk/inbox", "/api/search?q=secret", "/everything"] {
        assert!(!served.get(path).text().contains("secret\""), "{path}");
    }
    for stem in ["2014-01-01T10-00-00Z", "2014-01-02T10-00-00Z", "2014-01-03T10-00-00Z", "2014-13-01T10-00-00Z"] {
        served.get(&format!("/channels/talk/inbox/{stem}")).refused(404);
    }
    let attachments = format!("/channels/talk/inbox/{FIRST}/attachments");
    assert_eq!(served.get(&attachments).done(), json!([]));
    served.get(&format!("{attachments}/.hidden.txt")).refused(404);
    served.get(&format!("{attachments}/movie.mp4.part")).refused(404);
}

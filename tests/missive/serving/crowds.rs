//! Many at once.

use std::collections::BTreeSet;
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
                    sent["id"].as_str().unwrap().to_owned()
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

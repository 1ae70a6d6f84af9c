//! What happens, told as it happens.

use std::time::Duration;

use serde_json::json;

use super::{FIRST, SECOND, Served};
use crate::scene::until;

/// Long enough for what is not to come.
const SILENCE: Duration = Duration::from_millis(700);

#[test]
fn a_message_is_told_of_when_it_arrives() {
    let served = Served::new();
    let mut listening = served.listen("").begun();
    served.put("talk/inbox/2014-01-01T10-00-00Z.txt", b"# Breaking\n\nnews");
    let event = listening.next_of("message");
    assert_eq!((&event.data["channel"], &event.data["box"]), (&json!("talk"), &json!("inbox")));
    assert_eq!(event.data["message_id"], "2014-01-01T10-00-00Z");
    assert_eq!(event.data["url"], "/read/talk/inbox/2014-01-01T10-00-00Z");
    assert_eq!(event.data["label"], "Breaking");
    assert!(event.id.unwrap() > 0);
    assert_eq!(served.texts("/channels/talk/inbox")[0], "# Breaking\n\nnews", "what is told of is there");
    served.say("blog", "Mine");
    assert_eq!(listening.next_of("message").data["channel"], "blog");
    let url = format!("/channels/talk/inbox/{FIRST}/marks");
    served.tell(served.ask("POST", &url).json(&json!({ "starred": true }))).done();
    assert_eq!(listening.next_of("channel").data, json!({ "channel": "blog" }));
    assert_eq!(listening.next_of("channel").data, json!({ "channel": "talk" }));
}

#[test]
fn who_comes_back_hears_what_was_missed() {
    let served = Served::new();
    let before = served.listen("").begun().last.unwrap();
    for text in ["one", "two", "three"] {
        served.say("blog", text);
    }
    let mut listening = served.listen(&format!("?after={before}"));
    let mut numbers = Vec::new();
    for _ in 0..6 {
        let event = listening.next();
        assert!(event.name == "message" || event.name == "channel", "{event:?}");
        numbers.push(event.id.unwrap());
    }
    assert!(numbers.iter().copied().eq(before + 1..=before + 6), "each once, in order: {numbers:?}");
    let ask = served.ask("GET", "/events?after=1").header("Last-Event-ID", &numbers[3].to_string());
    let mut again = super::http::Listening::open(&ask);
    assert_eq!(again.next().id, Some(numbers[4]), "what the browser says counts more than the address");
    let mut refreshed = served.listen("?after=3");
    assert_eq!(refreshed.next().name, "refresh", "a number of another run");
    let nothing = served.listen(&format!("?after={}", numbers[5])).within(SILENCE);
    assert_eq!(nothing, None);
}

#[test]
fn a_stream_that_breaks_at_once_loses_nothing() {
    let served = Served::new();
    let before = served.listen("").begun().last.unwrap();
    served.say("blog", "one");
    let mut listening = served.listen(&format!("?after={before}"));
    let first = listening.next();
    // The line before the first event must not name a later one, or a browser that hears no more skips the rest.
    assert_eq!(first.id, Some(before + 1));
    assert_eq!(served.listen(&format!("?after={before}")).hello(), Some(before));
}

#[test]
fn who_was_away_too_long_looks_at_everything_again() {
    let served = Served::with(&["--rescan", "0"], &[]);
    let before = served.listen("").begun().last.unwrap();
    for round in 0..300 {
        let marks = json!({ "starred": round % 2 == 0 });
        let url = format!("/channels/talk/inbox/{FIRST}/marks");
        served.ask("POST", &url).json(&marks).send().done();
        let draft = served.ask("POST", "/channels/talk/drafts").json(&json!({ "text": "x" })).send().done();
        served.ask("DELETE", draft["url"].as_str().unwrap()).send().done();
    }
    let mut listening = served.listen(&format!("?after={before}"));
    let event = listening.next();
    assert_eq!(event.name, "refresh");
    assert!(event.id.unwrap() > before + 512);
}

#[test]
fn a_page_of_a_site_is_told_of_its_own_file_only() {
    let served = Served::new();
    let first = format!("{FIRST}.html");
    assert_eq!(served.get(&format!("/site/blog/{first}")).status, 200);
    let mut page = served.listen(&format!("?site=blog&page={first}"));
    let mut front = served.listen("?site=blog&page=index.html");
    let mut other = served.listen("?site=talk&page=index.html");
    let state = page.next();
    assert_eq!((state.name.as_str(), &state.data["error"]), ("page", &json!(null)));
    let (version, front_version) = (state.data["version"].clone(), front.next().data["version"].clone());
    assert_eq!(other.next().data["version"], json!(null), "a site that nobody asked for is not built");
    served.put("blog/outbox/2014-06-01T10-00-00Z.txt", b"Far from the first");
    assert_ne!(front.next().data["version"], front_version, "the front page has a new message");
    assert_eq!((page.within(SILENCE), other.within(SILENCE)), (None, None), "other pages are as they were");
    served.put(&format!("blog/outbox/{FIRST}.txt"), b"First post, changed");
    let changed = page.next();
    assert_ne!(changed.data["version"], version);
    let text = served.get(&format!("/site/blog/{first}")).text();
    assert!(text.contains("First post, changed"));
    let version = changed.data["version"].as_str().unwrap().replace('"', "&quot;");
    assert!(text.contains(&format!("data-version=\"{version}\"")), "a page names the version that is told");
}

#[test]
fn a_site_that_cannot_be_built_says_so_until_it_can() {
    let served = Served::new();
    assert_eq!(served.get("/site/blog/").status, 200);
    let mut page = served.listen("?site=blog&page=index.html");
    let version = page.next().data["version"].clone();
    served.put("blog/theme/entry.html", b"{{ broken");
    let failed = page.next();
    assert!(failed.data["error"].as_str().unwrap().contains("entry.html"), "{failed:?}");
    assert_eq!(failed.data["version"], version, "the last good page stays");
    assert_eq!(served.get("/site/blog/").status, 200);
    std::fs::remove_dir_all(served.data("blog/theme")).unwrap();
    assert_eq!(page.next().data["error"], json!(null));
    until("the page", || served.get(&format!("/site/blog/{SECOND}.html")).status == 200);
}

#[test]
fn what_is_no_page_has_no_stream() {
    let served = Served::new();
    for query in ["site=nobody&page=index.html", "site=blog&page=../x", "site=blog&page=.missive-manifest"] {
        served.get(&format!("/events?{query}")).refused(404);
    }
}

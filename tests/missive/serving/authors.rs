//! Who wrote each message of a box that several people write, in the API, in the app and as it changes.

use serde_json::Value;

use super::{FIRST, SECOND, Served};
use crate::authors::signed;

#[test]
fn the_api_and_the_app_say_who_wrote_a_message() {
    let names = ["Azureen", "<script>alert(1)</script>\u{202e}"];
    let file = signed(&names, &[(FIRST, 1), ("2014-01-01T10-00-00Z", 2)]);
    let served = Served::with(
        &[],
        &[("news/inbox/.authors.toml", file.as_bytes()), ("news/inbox/2014-01-01T10-00-00Z.txt", b"More news")],
    );
    let authors = |path: &str| -> Vec<Value> {
        served.get(path).done().as_array().unwrap().iter().map(|message| message["author"].clone()).collect()
    };
    assert_eq!(authors("/channels/news/messages"), ["<script>alert(1)</script>", "Azureen"]);
    assert_eq!(served.get(&format!("/channels/news/inbox/{FIRST}")).done()["author"], "Azureen");
    assert_eq!(authors("/api/search?q=from:azureen"), ["Azureen"]);
    let alone = served.get(&format!("/channels/blog/outbox/{SECOND}")).done();
    assert!(alone.get("author").is_none(), "only where several write: {alone}");
    for path in
        ["/read/news", &format!("/read/news/inbox/{FIRST}"), "/read/news/inbox/2014-01-01T10-00-00Z", "/search?q=news"]
    {
        let page = String::from_utf8(served.get(path).body).unwrap();
        assert!(!page.contains("<script>alert") && !page.contains('\u{202e}'), "{path}");
        assert!(page.contains("Azureen") || page.contains("&lt;script&gt;alert(1)"), "{path}: {page}");
    }
}

#[test]
fn a_name_that_is_bound_later_is_shown_at_once() {
    let served = Served::with(&[], &[("news/inbox/.authors.toml", signed(&["", ""], &[(FIRST, 1)]).as_bytes())]);
    let path = format!("/channels/news/inbox/{FIRST}");
    served.put("news/inbox/.authors.toml", signed(&["", "Brando"], &[(FIRST, 1)]).as_bytes());
    let mut listening = served.listen("").begun();
    assert_eq!(served.get(&path).done()["author"], "key 01010101");
    served.put("news/inbox/.authors.toml", signed(&["Azureen", "Brando"], &[(FIRST, 1)]).as_bytes());
    assert_eq!(listening.next_of("channel").data["channel"], "news");
    assert_eq!(served.get(&path).done()["author"], "Azureen");
    served.put("news/inbox/.authors.toml", b"[names");
    crate::scene::until("no author", || served.ask("GET", &path).send().json().get("author").is_none());
}

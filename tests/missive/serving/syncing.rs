//! How channels are synced, as the app and its API say it.

use serde_json::json;

use super::Served;

/// How a node left a channel that ran last: one file is beyond the limits, and nobody is connected.
const LAST: &str = r#"{"device": "", "addresses": [], "accepting": [], "warnings": [], "documents": [{
    "channel": "news", "box": "inbox", "writes": false, "title": null, "messages": 1, "bytes": 13,
    "arriving": 0, "arriving_bytes": 0, "left_out": {"limited": 1}, "fetched": 0,
    "not_fetched": [{"path": "2013-08-11T14-34-37Z/film", "why": {"reason": "large", "bytes": 5000, "limit": 1000}}],
    "changed_here": [], "refused": 0, "question": null, "problems": [], "telling": false, "compared": null,
    "last_compared": 1000, "peers": [], "phrase": null, "moved": null}]}"#;

#[test]
fn a_page_says_what_status_says() {
    let mut served = Served::ready();
    served.put(".missive/sync/last.json", LAST.as_bytes());
    served.start(&[]);
    let news = served.get("/channels/news").done();
    let words = news["sync"][0]["words"].as_str().unwrap();
    let (before, after) = words.split_once(" years ago").unwrap();
    assert!(before.starts_with("sync is not running · up to date as of "), "{words}");
    assert_eq!(after, ", except 1 file beyond the limits · no one is connected");
    let expected = json!([{
        "box": "inbox",
        "state": "limited",
        "words": words,
        "details": ["2013-08-11T14-34-37Z/film: not downloaded: 5 kB, limit 1 kB"],
    }]);
    assert_eq!(news["sync"], expected);
    let all = served.get("/channels").done();
    let synced: Vec<_> = all.as_array().unwrap().iter().map(|channel| &channel["sync"]).collect();
    assert_eq!(synced, [&json!([]), &expected, &json!([])]);
    for page in ["/", "/read/news"] {
        let page = served.get(page).text();
        assert!(page.contains(words) && page.contains("film: not downloaded: 5 kB, limit 1 kB"), "{page}");
    }
    assert!(!served.get("/read/blog").text().contains("up to date"));
}

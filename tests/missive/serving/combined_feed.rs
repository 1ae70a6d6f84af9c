//! All channels through one address, for feed readers.

use super::Served;

#[test]
fn a_feed_reader_follows_every_channel_through_one_address() {
    let served = Served::new();
    let answer = served.ask("GET", "/planet.atom").send();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/atom+xml; charset=utf-8")));
    let feed = answer.text();
    for words in ["Second post", "Theirs", "News of today", "/planet.atom\"", "/site/blog/"] {
        assert!(feed.contains(words), "{words}: {feed}");
    }
    let tag = answer.header("etag").unwrap();
    assert_eq!(served.ask("GET", "/planet.atom").header("If-None-Match", tag).send().status, 304);
    served.say("blog", "Fresh from the press");
    assert!(served.ask("GET", "/planet.atom").send().text().contains("Fresh from the press"));
}

#[test]
fn a_feed_reader_takes_the_list_of_all_feeds() {
    let served = Served::new();
    let answer = served.ask("GET", "/opml").send();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/x-opml; charset=utf-8")));
    let list = answer.text();
    for name in ["talk", "blog", "news"] {
        let feed = format!("/site/{name}/atom.xml");
        assert!(list.contains(&feed), "{list}");
        let answer = served.ask("GET", &feed).send();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/atom+xml; charset=utf-8")));
    }
}

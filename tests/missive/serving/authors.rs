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
fn what_a_co_writer_wrote_in_the_outbox_is_not_the_users_own() {
    let theirs = "2014-01-01T10-00-00Z";
    let text = "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/\"><b class=\"mine\">x</b>";
    let files = ["a.html", "a.svg", "a.pdf"].map(|name| (name, b"<script>".as_slice()));
    let beside = |stem: &str| files.map(|(name, bytes)| (format!("blog/outbox/{stem}/{name}"), bytes));
    let mut all: Vec<(String, &[u8])> = beside(FIRST).into_iter().chain(beside(theirs)).collect();
    all.extend([FIRST, theirs].map(|stem| (format!("blog/outbox/{stem}.txt"), text.as_bytes())));
    let signed = signed(&["Azureen", ""], &[(theirs, 1)]);
    all.push(("blog/outbox/.authors.toml".to_owned(), signed.as_bytes()));
    let all: Vec<(&str, &[u8])> = all.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
    let served = Served::with(&[], &all);
    let page = |stem: &str| String::from_utf8(served.get(&format!("/read/blog/outbox/{stem}")).body).unwrap();
    let (mine, foreign) = (page(FIRST), page(theirs));
    assert!(!mine.contains("0;url=") && mine.contains("class=\"mine\""), "{mine}");
    assert!(
        !foreign.contains("0;url=") && !foreign.contains("class=\"mine\"") && foreign.contains("<b>x</b>"),
        "{foreign}"
    );
    let saved = |stem: &str, name: &str| {
        let answer = served.get(&format!("/channels/blog/outbox/{stem}/attachments/{name}"));
        let is_saved = answer.header("content-disposition").is_some_and(|how| how.starts_with("attachment"));
        let is_sandboxed = answer.header("content-security-policy").unwrap().contains("sandbox");
        (is_saved, is_sandboxed)
    };
    assert_eq!(
        ["a.html", "a.svg", "a.pdf"].map(|name| saved(FIRST, name)),
        [(false, true), (false, true), (false, false)]
    );
    assert_eq!(
        ["a.html", "a.svg", "a.pdf"].map(|name| saved(theirs, name)),
        [(true, true), (true, true), (true, true)]
    );
    // Trusted from now on, and no more.
    served.put(
        "blog/outbox/.authors.toml",
        signed.replace("own = [", &format!("own = [\"{}\", ", "01".repeat(32))).as_bytes(),
    );
    crate::scene::until("it is trusted", || page(theirs).contains("class=\"mine\""));
    assert_eq!(saved(theirs, "a.html"), (false, true));
    served.put("blog/outbox/.authors.toml", b"own = [");
    crate::scene::until("nothing is trusted", || {
        !page(FIRST).contains("class=\"mine\"") && !page(theirs).contains("class=\"mine\"")
    });
    assert_eq!(saved(FIRST, "a.html"), (true, true));
}

#[test]
fn a_name_that_is_bound_later_is_shown_at_once() {
    let served = Served::with(&[], &[("news/inbox/.authors.toml", signed(&["", ""], &[(FIRST, 1)]).as_bytes())]);
    let path = format!("/channels/news/inbox/{FIRST}");
    served.put("news/inbox/.authors.toml", signed(&["", "Brando"], &[(FIRST, 1)]).as_bytes());
    let mut listening = served.listen("").begun();
    assert_eq!(served.get(&path).done()["author"], "key 01010101");
    served.put("news/inbox/.authors.toml", signed(&["Azureen", "Brando"], &[(FIRST, 1)]).as_bytes());
    // What was written before may be told of now, too.
    let shows = |told: usize| {
        assert_eq!(listening.next_of("channel").data["channel"], "news");
        (served.get(&path).done()["author"] == "Azureen").then_some(told)
    };
    assert!((0..2).find_map(shows).is_some(), "it is shown as soon as that is told");
    served.put("news/inbox/.authors.toml", b"[names");
    crate::scene::until("no author", || served.ask("GET", &path).send().json().get("author").is_none());
}

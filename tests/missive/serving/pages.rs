//! The app's pages, as far as they are more than a frame: the texts of messages in them.

use super::{FIRST, Served};

const THIRD: &str = "2013-08-11T14-34-39Z";

/// The page of a conversation with one more message in a box, and a picture beside it.
fn page(side: &str, text: &str) -> String {
    let picture = crate::scene::png(3, 4);
    let files: [(&str, &[u8]); 2] =
        [(&format!("talk/{side}/{THIRD}/p.png"), &picture), (&format!("talk/{side}/{THIRD}.txt"), text.as_bytes())];
    let served = Served::with(&[], &files);
    let answer = served.ask("GET", "/read/talk").send();
    assert_eq!(answer.status, 200);
    answer.text()
}

#[test]
fn a_tag_of_html_costs_no_picture_and_no_link() {
    let text = format!(
        "Press <kbd>Ctrl</kbd>. ![one](p.png) <img src=\"p.png\" alt=\"two\"> [first]({FIRST}.txt) #word \
         <a href=\"p.png\">three</a> [web](https://example.org/?a=b&c)"
    );
    for side in ["inbox", "outbox"] {
        let page = page(side, &text);
        let picture = format!("/channels/talk/{side}/{THIRD}/attachments/p.png");
        for part in [
            "<kbd>Ctrl</kbd>",
            &format!("src=\"{picture}\" alt=\"one\""),
            &format!("src=\"{picture}\" alt=\"two\""),
            &format!("href=\"{picture}\""),
            &format!("href=\"/read/talk/inbox/{FIRST}\""),
            "href=\"/search?q=tag%3Aword\"",
            "href=\"https://example.org/?a=b&amp;c\"",
        ] {
            assert!(page.contains(part), "{side}: {part}\n{page}");
        }
        assert!(!page.contains('\u{1}'));
    }
}

#[test]
fn nobody_forges_an_address_of_the_app() {
    let page =
        page("inbox", "<b>x</b> <a href=\"&#1;//evil.example/\">y</a> <img src=\"&#x1;/channels/talk/outbox/z\">");
    assert!(!page.contains("evil.example") && !page.contains("outbox/z"), "{page}");
}

#[test]
fn a_page_of_long_messages_shows_as_many_as_it_can_hold() {
    let novel = (("word ".repeat(200) + "\n\n").repeat(1_000)) + "the end";
    let names: Vec<String> = (1..=9).map(|day| format!("news/inbox/2026-01-{day:02}T10-00-00Z.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), novel.as_bytes())).collect();
    let served = Served::with(&[], &files);
    let page = served.ask("GET", "/read/news").send().text();
    assert_eq!(page.matches("the end").count(), 8);
    assert!(
        page.contains("<a href=\"/read/news/inbox/2026-01-01T10-00-00Z\">The whole message is on its own page.</a>")
    );
    assert!(served.ask("GET", "/read/news/inbox/2026-01-01T10-00-00Z").send().text().contains("the end"));
}

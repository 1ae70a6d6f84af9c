//! By keyboard alone.

use crate::app::Data;
use crate::browser::{Browser, ENTER, ESCAPE, TAB};

/// The heading of the message that has the focus.
const AT: &str = "document.activeElement.querySelector('h2, .title a')?.innerText";

#[test]
fn single_keys_lead_from_message_to_message_and_from_page_to_page() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/");
    browser.press('j');
    assert_eq!(browser.ask(AT), "Ana");
    browser.press('j');
    assert_eq!(browser.ask(AT), "Notebook");
    browser.press(ENTER);
    browser.until_at("/read/notebook");

    browser.press('j');
    assert_eq!(browser.ask(AT), "A cat");
    browser.press('j');
    browser.press('j');
    assert_eq!(browser.ask(AT), "On apples");
    browser.press('k');
    browser.press('k');
    assert_eq!(browser.ask(AT), "A cat");
    browser.press('o');
    browser.until_at("/read/notebook/outbox/2026-10-20T08-00-00Z");
    browser.press('j');
    browser.until_at("/read/notebook/outbox/2026-10-09T08-00-00Z");
    browser.press('k');
    browser.until_at("/read/notebook/outbox/2026-10-20T08-00-00Z");
    browser.press('s');
    browser.until_shown(".item.starred .above", "Starred");
    browser.press('u');
    browser.until_at("/read/notebook");
    browser.press('c');
    browser.until_at("/write/notebook");
    assert_eq!(browser.ask("document.activeElement.id"), "text");
    // In a text they are letters.
    browser.press('u');
    browser.press('?');
    assert_eq!(browser.value("#text"), "u?");
}

#[test]
fn keys_answer_a_message_search_go_places_and_explain_themselves() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana");
    browser.press('j');
    browser.press('m');
    browser.until("!document.querySelector('.item').matches('.unread')");
    browser.press('m');
    browser.until("document.querySelector('.item').matches('.unread')");
    browser.press('r');
    browser.until_at("/write/ana?reply=inbox/2026-11-03T07-30-00Z");

    browser.goto("/read/ana");
    browser.press('/');
    browser.until_at("/search");
    assert_eq!(browser.ask("document.activeElement.id"), "q");
    for (key, place) in [('e', "/everything"), ('d', "/drafts"), ('h', "/")] {
        browser.goto("/keys");
        browser.press('g');
        browser.press(key);
        browser.until_at(place);
    }

    browser.press('?');
    browser.until_shown("dialog h2", "Keyboard shortcuts");
    assert!(browser.text("dialog").contains("next message"));
    browser.press(ESCAPE);
    browser.until_gone("dialog");
}

#[test]
fn tab_reaches_all_there_is_and_shows_where_it_is() {
    let app = Data::of_three_channels()
        .file("ana/drafts/draft-2026-11-05T10-00-00Z.txt", "Half a letter")
        .file("ana/drafts/draft-2026-11-05T10-00-00Z/cat.jpg", crate::app::PHOTO)
        .serve();
    let browser = Browser::open(&app);
    let pages = [
        "/",
        "/read/ana",
        "/read/ana/inbox/2026-11-03T07-30-00Z",
        "/search?q=the",
        "/drafts",
        "/write/ana/draft-2026-11-05T10-00-00Z",
        "/keys",
    ];
    for page in pages {
        browser.goto(page);
        // What was read meanwhile changes the page, not what can be reached.
        browser.until_gone(".item.unread, #read-all");
        browser.run(
            "document.activeElement.blur();
            const all = 'a[href], button, input:not([type=hidden]), textarea, summary';
            window.reachable = new Set([...document.querySelectorAll(all)]
                .filter(e => e.checkVisibility()));
            window.hidden = [];
            document.addEventListener('focusin', ({ target }) => {
                const style = getComputedStyle(target), box = target.getBoundingClientRect();
                const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
                const across = box.width > 1 && box.right > 0 && box.left < innerWidth;
                const seen = across && box.bottom > 0 && box.top < innerHeight;
                if (!outline || !seen) hidden.push(`${target.outerHTML} ${outline} ${seen}`);
                reachable.delete(target);
            });",
            Vec::new(),
        );
        let all = browser.ask("reachable.size").as_u64().unwrap();
        assert!(all > 4, "{page}");
        for _ in 0..all + 3 {
            browser.press(TAB);
        }
        assert_eq!(browser.ask("[...reachable].map(e => e.outerHTML)"), serde_json::json!([]), "{page}");
        assert_eq!(browser.ask("hidden"), serde_json::json!([]), "{page}");
    }
}

#[test]
fn the_first_tab_offers_to_skip_to_the_text() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana");
    browser.press(TAB);
    assert_eq!(browser.ask("document.activeElement.innerText"), "Skip to the text");
    browser.press(ENTER);
    browser.until("document.activeElement.id === 'main'");
}

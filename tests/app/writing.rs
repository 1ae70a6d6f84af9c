//! Writing: pictures, drafts that survive, and what happens when the server or another tab gets in the way.

use std::fs;

use serde_json::{Value, json};

use crate::app::{App, Data, PHOTO, PICTURE};
use crate::browser::{Browser, ENTER};

const STATE: &str = "document.querySelector('#state').textContent";

/// Drops a file on an element, as a hand does it.
fn drop_file(browser: &Browser, css: &str, name: &str, mime: &str, bytes: &[u8]) {
    let statements = "
        const [css, name, type, bytes] = arguments;
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
        for (const kind of ['dragenter', 'dragover', 'drop']) {
            const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
            document.querySelector(css).dispatchEvent(event);
        }";
    browser.run(statements, vec![json!(css), json!(name), json!(mime), json!(bytes)]);
}

/// The only draft of a channel.
fn draft(app: &App, channel: &str) -> String {
    let names = app.names(&format!("{channel}/drafts"));
    let texts: Vec<&String> = names.iter().filter(|name| Some("txt") == name.rsplit('.').next()).collect();
    assert_eq!(texts.len(), 1, "{names:?}");
    app.read(&format!("{channel}/drafts/{}", texts[0]))
}

#[test]
fn a_letter_with_a_dropped_and_a_chosen_picture_is_sent_by_keys_and_both_are_shown() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/notebook");
    browser.fill("#text", "# Two pictures\n\nHere they are:\n");
    drop_file(&browser, "#text", "an icon.png", "image/png", PICTURE);
    browser.until_shown("#files", "an icon.png");
    browser.until("!document.querySelector('#files progress')");
    assert_eq!(browser.value("#text"), "# Two pictures\n\nHere they are:\n![](an%20icon.png)");

    let chosen = app.aside("cat.jpg", PHOTO);
    browser.fill("#file", chosen.to_str().unwrap());
    browser.until_shown("#files", "cat.jpg");
    browser.until("document.querySelectorAll('#files li > button').length === 2");
    browser.choose("Preview");
    browser.until("[...document.querySelectorAll('#preview img')].filter(e => e.naturalWidth > 0).length === 2");

    browser.click("#text");
    browser.press_with_control(ENTER);
    browser.until_shown("h1", "Two pictures");
    assert!(browser.place().starts_with("/read/notebook/outbox/"), "{}", browser.place());
    browser.until("[...document.querySelectorAll('article img')].filter(e => e.naturalWidth > 0).length === 2");

    let stem = browser.place().rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        app.read(&format!("notebook/outbox/{stem}.txt")),
        "# Two pictures\n\nHere they are:\n![](an%20icon.png)"
    );
    assert_eq!(app.names(&format!("notebook/outbox/{stem}")), ["an icon.png", "cat.jpg"]);
    assert_eq!(fs::read(app.path(&format!("notebook/outbox/{stem}/an icon.png"))).unwrap(), PICTURE);
    assert_eq!(fs::read(app.path(&format!("notebook/outbox/{stem}/cat.jpg"))).unwrap(), PHOTO);
    assert_eq!(app.names("notebook/drafts"), Vec::<String>::new());
    assert!(browser.mischief().is_empty(), "{:?}", browser.mischief());
}

#[test]
fn a_file_that_was_attached_by_mistake_is_taken_away_again() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    let chosen = app.aside("wrong #1 100%.txt", b"not this one");
    browser.fill("#file", chosen.to_str().unwrap());
    browser.until("document.querySelectorAll('#files li > button').length === 1");
    assert_eq!(browser.texts("#files li a"), ["wrong #1 100%.txt"]);
    browser.click("#files li button");
    browser.until_gone("#files li");
    browser.fill("#text", "Nothing attached");
    browser.choose("Send");
    browser.until_shown("article", "Nothing attached");
    assert!(!browser.has("article .files"));
}

#[test]
fn a_reply_says_what_it_answers() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana/inbox/2026-11-03T07-30-00Z");
    browser.choose("Reply");
    browser.until_at("/write/ana?reply=inbox/2026-11-03T07-30-00Z");
    assert_eq!(browser.text("h1"), "Reply");
    assert_eq!(browser.text(".reply"), "In reply to The train");
    browser.fill("#text", "I will be there.");
    browser.until(&format!("{STATE} === 'Saved'"));
    browser.choose("Send");
    browser.until_shown("article", "I will be there.");
    assert_eq!(browser.text("article .reply"), "In reply to The train");
    assert!(!browser.text("article").contains("in-reply-to"));
}

#[test]
fn what_was_saved_outlives_a_server_that_is_killed() {
    let mut app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    browser.fill("#text", "Dear Ana,\n\nthis took me an hour to write. ćwiczenie 🌰");
    browser.until(&format!("{STATE} === 'Saved'"));
    app.kill();
    app.start();
    browser.reload();
    assert_eq!(browser.value("#text"), "Dear Ana,\n\nthis took me an hour to write. ćwiczenie 🌰");
    assert_eq!(browser.text("h1"), "Draft");
    browser.goto("/drafts");
    assert_eq!(browser.texts(".drafts .title"), ["Dear Ana, this took me an hour to write. ćwiczenie 🌰"]);
}

#[test]
fn what_is_typed_while_the_server_is_away_is_kept_and_saved_when_it_is_back() {
    let mut app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    browser.fill("#text", "Before. ");
    browser.until(&format!("{STATE} === 'Saved'"));
    app.kill();
    browser.fill("#text", "Meanwhile. ");
    browser.until(&format!("{STATE}.startsWith('Not saved: missive does not answer')"));
    browser.fill("#text", "Still here.");
    assert_eq!(browser.value("#text"), "Before. Meanwhile. Still here.");
    app.start();
    browser.until(&format!("{STATE} === 'Saved'"));
    assert_eq!(draft(&app, "ana"), "Before. Meanwhile. Still here.");
}

#[test]
fn a_page_that_is_left_while_the_server_is_away_offers_its_text_again() {
    let mut app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    app.kill();
    browser.fill("#text", "Almost lost.");
    browser.until(&format!("{STATE}.startsWith('Not saved')"));
    app.start();
    browser.run("window.onbeforeunload = null; location.replace(location.href)", Vec::new());
    let _ = browser.accept_question();
    browser.until("document.readyState === 'complete'");
    if browser.value("#text") != "Almost lost." {
        browser.until_shown("#problem", "This text was not saved when you left this page.");
        browser.choose("Restore it");
    }
    browser.until(&format!("{STATE} === 'Saved'"));
    assert_eq!(draft(&app, "ana"), "Almost lost.");
}

#[test]
fn two_tabs_with_one_draft_lose_neither_text() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    browser.fill("#text", "One.");
    browser.until(&format!("{STATE} === 'Saved'"));
    let place = browser.place();
    let first = browser.new_tab();
    browser.goto(&place);
    browser.fill("#text", " From the second.");
    browser.until(&format!("{STATE} === 'Saved'"));
    browser.switch_to(&first);
    browser.fill("#text", " From the first.");
    browser.until_shown("#problem", "This draft was changed elsewhere, for example in another tab or in a terminal.");
    assert_eq!(browser.value("#text"), "One. From the first.");
    assert_eq!(draft(&app, "ana"), "One. From the second.");
    browser.click("#problem summary");
    assert_eq!(browser.text("#problem pre"), "One. From the second.");

    browser.choose("Keep my text");
    browser.until(&format!("{STATE} === 'Saved'"));
    assert_eq!(draft(&app, "ana"), "One. From the first.");
}

#[test]
fn a_draft_that_another_tab_has_sent_can_be_kept_as_a_new_one() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    browser.fill("#text", "Sent by the second.");
    browser.until(&format!("{STATE} === 'Saved'"));
    let place = browser.place();
    let first = browser.new_tab();
    browser.goto(&place);
    browser.choose("Send");
    browser.until_shown("article", "Sent by the second.");
    browser.switch_to(&first);
    browser.fill("#text", " And more.");
    browser.until_shown("#problem", "This draft was sent or discarded elsewhere.");
    browser.choose("Keep the text as a new draft");
    browser.until(&format!("{STATE} === 'Saved'"));
    assert_eq!(draft(&app, "ana"), "Sent by the second. And more.");
}

#[test]
fn an_empty_letter_is_not_sent_and_a_draft_is_discarded() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/ana");
    browser.choose("Send");
    browser.until_shown("#problem", "There is nothing to send: the text is empty.");
    browser.fill("#text", "A slip of paper");
    browser.until(&format!("{STATE} === 'Saved'"));
    browser.goto("/drafts");
    assert_eq!(browser.text("#nav-drafts"), "Drafts (1)");
    browser.choose("Discard");
    browser.until_shown("main", "No drafts.");
    browser.until("document.querySelector('#nav-drafts').textContent === 'Drafts'");
    assert_eq!(app.names("ana/drafts"), Vec::<String>::new());
}

#[test]
fn the_preview_follows_the_text() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/write/notebook");
    browser.fill("#text", "# Bread\n\n*Flour* and water.");
    browser.choose("Preview");
    browser.until_shown("#preview h2.p-name", "Bread");
    assert_eq!(browser.texts("#preview em"), ["Flour"]);
    browser.fill("#text", "\n\n- salt\n- time");
    browser.until("document.querySelectorAll('#preview li').length === 2");
    browser.choose("Preview");
    assert_eq!(browser.ask("document.querySelector('#preview').hidden"), Value::Bool(true));
}

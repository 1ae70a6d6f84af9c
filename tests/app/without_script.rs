//! Without a script: everything that can be done is a link or a form.

use crate::app::{Data, PICTURE};
use crate::browser::Browser;

#[test]
fn a_reader_without_script_reads_marks_and_searches() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::without_script(&app);
    browser.goto("/");
    assert_eq!(browser.text("h1"), "28 unread messages");
    browser.choose("Ana");
    browser.until_at("/read/ana");
    assert_eq!(browser.texts(".flag.is-unread"), ["Unread", "Unread", ""]);
    browser.choose("Star");
    browser.until_shown(".is-starred", "Starred");
    // It comes back to the message.
    browser.until("(location.pathname + location.hash).startsWith('/read/ana#')");
    browser.choose("Remove the star");
    browser.until_gone(".starred");
    browser.choose("Mark as read");
    browser.until("document.querySelectorAll('.item.unread').length === 1");
    browser.choose("The train");
    browser.until_at("/read/ana/inbox/2026-11-03T07-30-00Z");
    browser.choose("Mark as unread");
    browser.until("document.querySelectorAll('.item.unread').length === 2");
    browser.choose("Mark all as read");
    browser.until_gone(".item.unread");

    browser.goto("/read/weather");
    browser.click(".turn [rel=prev]");
    browser.until_shown("article h2", "Day 6");
    let second = browser.place();
    browser.choose("Mark as read");
    browser.until("document.querySelectorAll('.item.unread').length === 5");
    assert_eq!(browser.place().split('#').next(), Some(second.as_str()), "still on the second page");

    browser.choose("Search");
    browser.until_at("/search");
    browser.fill("#q", "ripe\u{e007}");
    browser.until_shown(".results mark", "ripe");
    browser.choose("Keyboard shortcuts");
    browser.until_shown("h1", "Keyboard shortcuts");
}

#[test]
fn a_writer_without_script_writes_attaches_previews_sends_and_discards() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::without_script(&app);
    browser.goto("/");
    browser.choose("Write");
    browser.until_at("/write");
    browser.choose("Notebook");
    browser.until_at("/write/notebook");
    browser.fill("#text", "# Plums\n\nTwo lines:\nžluté.\n");
    browser.fill("#file", app.aside("plum tree.png", PICTURE).to_str().unwrap());
    browser.choose("Save draft");
    browser.until_shown("h1", "Draft");
    assert_eq!(browser.texts("#files li a"), ["plum tree.png"]);
    assert_eq!(browser.value("#text"), "# Plums\n\nTwo lines:\nžluté.\n");
    let draft = browser.place();
    let stem = draft.rsplit('/').next().unwrap().to_owned();
    assert_eq!(app.read(&format!("notebook/drafts/{stem}.txt")), "# Plums\n\nTwo lines:\nžluté.\n");

    browser.fill("#text", "![](<plum tree.png>)\n");
    browser.choose("Preview");
    browser.until("document.querySelector('#preview img')?.naturalWidth > 0");
    assert_eq!(browser.text("#preview .p-name"), "Plums");
    assert_eq!(browser.value("#text"), "# Plums\n\nTwo lines:\nžluté.\n![](<plum tree.png>)\n");

    browser.goto("/drafts");
    assert_eq!(browser.texts(".drafts .title"), ["Plums"]);
    browser.choose("Continue writing");
    browser.until_at(&draft);
    browser.choose("Send");
    browser.until_shown("h1", "Plums");
    browser.until("document.querySelector('article img').naturalWidth > 0");
    let sent = browser.place().rsplit('/').next().unwrap().to_owned();
    assert_eq!(std::fs::read(app.path(&format!("notebook/outbox/{sent}/plum tree.png"))).unwrap(), PICTURE);

    browser.goto("/write/ana");
    browser.choose("Send");
    browser.until_shown("#problem", "There is nothing to send: the text is empty.");
    browser.fill("#text", "Not this.");
    browser.choose("Save draft");
    browser.until_shown("h1", "Draft");
    browser.choose("Discard");
    browser.until_at("/read/ana");
    browser.goto("/drafts");
    assert_eq!(browser.text("main p"), "No drafts. Messages that you have not sent yet are kept here.");
}

#[test]
fn a_newcomer_without_script_begins_a_channel_and_an_invitation() {
    let app = Data::new().serve();
    let browser = Browser::without_script(&app);
    browser.goto("/");
    assert_eq!(browser.text("h1"), "Welcome");
    assert_eq!(browser.texts(".choices h2"), ["Write", "Read", "Talk"]);
    browser.fill("#make", "a/b\u{e007}");
    browser.until_shown(
        "#make-wrong",
        "“a/b” cannot be a channel's name. Any file name will do that does not begin with “.”.",
    );
    assert_eq!(browser.value("#make"), "a/b", "what was typed is there still");
    browser.fill("#subscribe", "nonsense\u{e007}");
    browser.until("document.querySelector('#subscribe-wrong') !== null");
    browser.goto("/");
    browser.fill("#make", "garden");
    browser.choose("Make the channel");
    browser.until_at("/write/garden");
    browser.fill("#text", "The first words.");
    browser.choose("Send");
    browser.until_shown(".e-content", "The first words.");
    browser.goto("/");
    browser.choose("New channel");
    browser.until_at("/begin");
    browser.fill("#invite", "ana");
    browser.choose("Make an invitation code");
    browser.until_shown("h1", "Your invitation is ready");
    assert!(browser.value("#code").starts_with("missive-invite-"));
    browser.choose("Open the conversation");
    browser.until_at("/read/ana");
}

#[test]
fn a_file_that_is_ticked_goes_when_the_form_is_sent_in() {
    let app = Data::of_three_channels()
        .file("ana/drafts/draft-2026-11-05T10-00-00Z.txt", "With a cat\n")
        .file("ana/drafts/draft-2026-11-05T10-00-00Z/a & b.png", PICTURE)
        .file("ana/drafts/draft-2026-11-05T10-00-00Z/kept.png", PICTURE)
        .serve();
    let browser = Browser::without_script(&app);
    browser.goto("/write/ana/draft-2026-11-05T10-00-00Z");
    assert_eq!(browser.texts("#files li a"), ["a & b.png", "kept.png"]);
    browser.click("#files li input");
    browser.choose("Save draft");
    browser.until("document.querySelectorAll('#files li').length === 1");
    assert_eq!(app.names("ana/drafts/draft-2026-11-05T10-00-00Z"), ["kept.png"]);
}

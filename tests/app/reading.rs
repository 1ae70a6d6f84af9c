//! Reading: from the channels to a message, and what comes in meanwhile.

use crate::app::Data;
use crate::browser::Browser;

#[test]
fn a_reader_goes_from_the_channels_to_a_message_and_what_was_read_is_unread_no_more() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/");
    assert_eq!(browser.title(), "(28) missive");
    assert_eq!(browser.text("h1"), "28 unread messages");
    assert_eq!(browser.texts("h2"), ["Conversations", "Broadcasts", "Subscriptions"]);
    assert_eq!(browser.texts(".channels .title"), ["Ana\n2 unread", "Notebook", "The weather\n26 unread"]);

    browser.choose("Ana");
    browser.until_at("/read/ana");
    assert_eq!(browser.texts("article h2"), ["The train", "Ana 2 November 2026", "Me 2 November 2026"]);
    browser.choose("The train");
    browser.until_at("/read/ana/inbox/2026-11-03T07-30-00Z");
    assert_eq!(browser.text("h1"), "The train");
    assert!(browser.text("article").contains("It leaves at 9:14 from platform 3."));
    assert_eq!(browser.texts(".turn a"), ["Earlier\nOf course! I bring the chestnuts."]);

    browser.back();
    browser.until_at("/read/ana");
    browser.until("!document.querySelector('.item').matches('.unread')");

    browser.goto("/");
    browser.until_shown("h1", "unread message");
    assert!(!browser.texts(".channels .title").contains(&"Ana\n2 unread".to_owned()));
}

#[test]
fn a_message_that_is_looked_at_for_a_moment_is_read_and_can_be_made_unread() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana");
    assert_eq!(browser.ask("document.querySelectorAll('.item.unread').length"), 2);
    browser.until_gone(".item.unread");
    browser.until("document.title === '(26) Ana · missive'");
    browser.choose("Mark as unread");
    browser.until_shown(".item.unread .above", "Unread");
    browser.reload();
    assert_eq!(browser.ask("document.querySelectorAll('.item.unread').length"), 1);

    browser.choose("Star");
    browser.until_shown(".item.starred", "Starred");
    browser.until_shown("#said", "");
    browser.reload();
    assert!(browser.has(".item.starred"));
}

#[test]
fn older_messages_are_a_page_away() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/weather");
    let first = browser.texts("article h2");
    assert_eq!((first.len(), first[0].as_str(), first[19].as_str()), (20, "Day 26", "Day 7"));
    browser.click(".turn [rel=prev]");
    browser.until("document.querySelectorAll('article').length === 6");
    assert_eq!(browser.texts("article h2"), ["Day 6", "Day 5", "Day 4", "Day 3", "Day 2", "Day 1"]);
    browser.click(".turn [rel=next]");
    browser.until_at("/read/weather");

    browser.goto("/everything");
    assert_eq!(browser.texts("article h2")[0], "The train");
    browser.click(".turn [rel=prev]");
    browser.until("document.querySelectorAll('article').length === 12");
    assert_eq!(browser.texts("article h2").last().unwrap(), "Day 1");
}

#[test]
fn a_message_that_arrives_shows_itself_and_is_announced() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana");
    browser.until_gone(".item.unread");
    browser.ask("window.stays = 'the same page'");
    app.arrives("ana/inbox/2026-11-04T12-00-00Z.txt", "# I am at the station\n\nWhere are you?\n");
    browser.until_shown("article h2", "I am at the station");
    browser.until("document.querySelector('#said').textContent === 'New message in Ana'");
    assert_eq!(browser.texts("article h2")[0], "I am at the station");
    assert_eq!(browser.ask("window.stays"), "the same page");
    assert_eq!(browser.ask("document.querySelector('#said').ariaLive"), "polite");

    // A text that is corrected or taken back is so on the page, too.
    app.arrives("ana/inbox/2026-11-04T12-00-00Z.txt", "# I am at the wrong station\n");
    browser.until_shown("article h2", "I am at the wrong station");
    std::fs::remove_file(app.path("ana/inbox/2026-11-04T12-00-00Z.txt")).unwrap();
    browser.until("document.querySelectorAll('article').length === 3");
}

#[test]
fn other_tabs_learn_of_a_message_through_one_stream() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/");
    let home = browser.new_tab();
    browser.goto("/read/notebook");
    let notebook = browser.tab();
    browser.new_tab();
    browser.goto("/read/ana");
    app.arrives("ana/inbox/2026-11-04T12-00-00Z.txt", "Hello?\n");
    browser.until_shown("article", "Hello?");
    browser.switch_to(&notebook);
    browser.until_shown("nav.side", "Ana");
    browser.switch_to(&home);
    browser.until_shown(".channels", "Hello?");
}

#[test]
fn a_channel_that_is_made_appears_and_one_that_is_removed_goes() {
    let app = Data::new().serve();
    let browser = Browser::open(&app);
    browser.goto("/");
    assert_eq!(browser.text("h1"), "Welcome");
    app.arrives("letters/outbox/2026-11-04T12-00-00Z.txt", "# First\n");
    browser.until_shown("main", "letters");
    browser.until_shown("main", "First");
    assert_eq!(browser.texts(".home .more"), ["New channel"], "it is the page of the channels now, as after a reload");
    std::fs::remove_dir_all(app.path("letters")).unwrap();
    browser.until_shown(".begin h1", "Welcome");
}

#[test]
fn a_search_finds_words_marks_them_and_says_what_is_wrong_with_a_question() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/search");
    browser.fill("#q", "platform\u{e007}");
    browser.until_at("/search?q=platform");
    assert_eq!(browser.texts(".results .title"), ["The train"]);
    assert_eq!(browser.texts(".results mark"), ["platform"]);
    browser.choose("The train");
    browser.until_shown("h1", "The train");
    browser.goto("/search?q=tag%3Agarden");
    assert_eq!(browser.texts(".results .title"), ["On apples"]);
    browser.goto("/search?q=after%3Anonsense");
    assert!(browser.text("[role=alert]").contains("nonsense"));
    assert_eq!(browser.value("#q"), "after:nonsense");
    browser.goto("/search?q=nowheretobefound");
    assert_eq!(browser.text("[role=status]"), "No messages found.");
}

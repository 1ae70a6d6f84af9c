//! The sites as others will see them: they show themselves again when they are other than before.

use std::fs;

use crate::app::{App, Data};
use crate::browser::Browser;

const APPLES: &str = "/site/notebook/2026-10-01T08-00-00Z.html";
const CAT: &str = "/site/notebook/2026-10-20T08-00-00Z.html";

fn until_built(app: &App, path: &str, words: &str) {
    app.until(&format!("{path} says {words}"), |app| app.get(path).1.contains(words));
}

/// Waits until a page listens to what becomes of it, and forgets how often it was loaded.
fn settle(browser: &Browser) {
    browser.until("performance.getEntriesByType('resource').some(e => e.name.includes('/app/reload.js'))");
    browser.until("document.readyState === 'complete'");
    browser.ask("sessionStorage.loads = 0");
}

#[test]
fn a_page_of_a_site_reloads_when_its_own_file_is_written_and_not_for_another() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto(APPLES);
    browser.until_shown("h1", "On apples");
    settle(&browser);

    app.arrives("notebook/outbox/2026-10-20T08-00-00Z.txt", "# A cat\n\nShe has gone.\n");
    until_built(&app, CAT, "She has gone.");
    app.arrives("notebook/outbox/2026-10-01T08-00-00Z.txt", "# On apples\n\nAll are eaten. #garden\n");
    browser.until_shown("article", "All are eaten.");
    browser.until("document.readyState === 'complete'");
    assert_eq!(browser.ask("sessionStorage.loads"), "1", "loaded for its own change only");
    assert!(browser.mischief().is_empty(), "{:?}", browser.mischief());
}

#[test]
fn the_front_page_of_a_site_shows_a_message_that_was_just_sent() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/site/notebook/");
    settle(&browser);
    app.arrives("notebook/outbox/2026-11-20T08-00-00Z.txt", "# Snow\n\nIt fell at night.\n");
    browser.until_shown("main", "Snow");
    browser.until("document.readyState === 'complete'");
    assert_eq!(browser.ask("sessionStorage.loads"), "1");
}

#[test]
fn a_mistake_in_a_theme_is_shown_over_the_page_with_its_place_until_it_is_mended() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto(APPLES);
    settle(&browser);
    let whole = include_str!("../../themes/letter/base.html");
    let broken = whole.replacen("<head>", "<head>\n{% if %}", 1);
    app.arrives("notebook/theme/base.html", &broken);
    browser.until_shown("[role=alert]", "This site cannot be built");
    let line = 1 + broken.lines().position(|line| line == "{% if %}").unwrap();
    let words = browser.text("[role=alert] pre");
    assert!(words.contains("base.html") && words.contains(&line.to_string()), "{words}");
    assert!(browser.text("article").contains("The first ones are ripe."), "the page before is still there");
    browser.picture("preview-mistake", 1280);

    app.arrives(
        "notebook/theme/base.html",
        whole.replacen("<head>", "<head>\n<meta name=\"mended\" content=\"yes\">", 1),
    );
    browser.until_gone("[role=alert] pre");
    browser.until("!!document.querySelector('meta[name=mended]')");

    // Somebody who comes while it is broken sees the page as it was, and the mistake.
    app.arrives("notebook/theme/base.html", &broken);
    browser.until_shown("[role=alert]", "This site cannot be built");
    browser.goto("/site/notebook/");
    browser.until_shown("[role=alert]", "This site cannot be built");
    fs::remove_dir_all(app.path("notebook/theme")).unwrap();
    browser.until_gone("[role=alert] pre");
}

#[test]
fn a_site_that_could_never_be_built_says_so_as_a_page() {
    let app = Data::of_three_channels().file("notebook/theme/base.html", "{% if %}").serve();
    let browser = Browser::open(&app);
    browser.goto("/site/notebook/");
    assert_eq!(browser.text("h1"), "That did not work");
    let words = browser.text("main");
    assert!(words.contains("base.html"), "{words}");
}

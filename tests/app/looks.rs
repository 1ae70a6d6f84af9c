//! Every page for everybody: nothing for axe-core to complain of, in light and in dark, and nothing wider than a phone.
//!
//! Keeps pictures of all of them in `target/screenshots/app`.

use std::fs;

use serde_json::Value;

use crate::app::{App, Data, PHOTO};
use crate::browser::{Browser, Ink};

/// Wider than a phone.
const TABLE: &str = "| a | b | c | d | e | f |\n|-|-|-|-|-|-|\n| one two three | four five six | seven eight nine \
    | ten eleven twelve | thirteen fourteen | fifteen sixteen |\n";
const PHONE: u32 = 360;
const DESK: u32 = 1280;

fn furnished() -> App {
    let long = "supercalifragilisticexpialidocious-".repeat(8);
    Data::of_three_channels()
        .with_the_example()
        .file("ana/drafts/draft-2026-11-05T10-00-00Z.txt", "# Saturday\n\nI come by train.\n\n![](chelsea.jpg)\n")
        .file("ana/drafts/draft-2026-11-05T10-00-00Z/chelsea.jpg", PHOTO)
        .file("ana/drafts/draft-2026-11-05T10-00-00Z/a list of what to bring along.txt", "chestnuts")
        .file("notebook/drafts/draft-2026-11-06T10-00-00Z.txt", "Something about leaves")
        .file("long/inbox/.channel.toml", format!("title = \"A channel with a name that takes its time and {long}\"\n"))
        .file("long/inbox/2026-11-01T10-00-00Z.txt", format!("# {long}\n\n{long}\n\n`{long}`\n\n    {long}\n"))
        .file(&format!("long/inbox/2026-11-01T10-00-00Z/{}.pdf", &long[..100]), "no pdf")
        .file("long/inbox/2026-11-01T09-00-00Z.txt", TABLE)
        .file("long/inbox/2026-11-01T11-00-00Z.sync-conflict-20261101-120000-ABCDEFG.txt", "a copy")
        .serve()
}

/// The pages by the names of their pictures.
const PAGES: [(&str, &str); 18] = [
    ("home", "/"),
    ("begin", "/begin"),
    ("everything", "/everything"),
    ("channel", "/read/notebook"),
    ("conversation", "/read/ana"),
    ("example", "/read/example"),
    ("long", "/read/long"),
    ("message", "/read/notebook/outbox/2026-10-20T08-00-00Z"),
    ("message-in-conversation", "/read/ana/inbox/2026-11-03T07-30-00Z"),
    ("search-empty", "/search"),
    ("search", "/search?q=the"),
    ("search-mistake", "/search?q=after%3Anonsense"),
    ("drafts", "/drafts"),
    ("write-where", "/write"),
    ("write", "/write/notebook"),
    ("write-preview", "/write/ana/draft-2026-11-05T10-00-00Z?preview=1"),
    ("keys", "/keys"),
    ("error", "/read/nobody"),
];

fn axe() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/node/node_modules/axe-core/axe.min.js");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}, which tests/run installs: {error}"))
}

/// What axe-core has to say, in lines.
fn complaints(browser: &Browser, axe: &str) -> Vec<String> {
    browser.evaluate(&format!("{axe}; 0"));
    let found = browser.evaluate("axe.run(document).then(found => found.violations)");
    let lines = found.as_array().unwrap().iter().flat_map(|violation| {
        let nodes = violation["nodes"].as_array().unwrap().iter();
        nodes.map(|node| format!("{}: {} {}", violation["id"], node["html"], node["failureSummary"]))
    });
    lines.collect()
}

/// What stands out of the window to the right, if the page can be pushed sideways.
fn too_wide(browser: &Browser) -> Value {
    browser.ask(
        "document.documentElement.scrollWidth <= innerWidth && innerWidth <= 360 ? [] :
        [`${document.documentElement.scrollWidth} of ${innerWidth}`, ...[...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > 361).slice(0, 8).map(e => e.outerHTML.slice(0, 200))]",
    )
}

fn all_pages_are_in_order(ink: Ink) {
    let app = furnished();
    let browser = Browser::open(&app);
    let (axe, mut wrong) = (axe(), Vec::new());
    browser.ink(ink);
    let suffix = if ink == Ink::Dark { "-dark" } else { "" };
    let mut look = |name: &str| {
        for width in [DESK, PHONE] {
            browser.size(width, 800);
            let phone = if width == PHONE { "-phone" } else { "" };
            for line in complaints(&browser, &axe) {
                wrong.push(format!("{name}{suffix}{phone}: {line}"));
            }
            if width == PHONE && too_wide(&browser) != serde_json::json!([]) {
                wrong.push(format!("{name} is wider than a phone: {:#}", too_wide(&browser)));
            }
            browser.picture(&format!("{name}{suffix}{phone}"), width);
        }
        browser.size(DESK, 800);
        for line in browser.mischief() {
            wrong.push(format!("{name}: refused {line}"));
        }
    };
    for (name, path) in PAGES {
        browser.size(DESK, 800);
        browser.goto(path);
        look(name);
    }
    browser.goto("/read/notebook");
    browser.press('?');
    browser.until_shown("dialog h2", "Keyboard shortcuts");
    look("keys-dialog");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_is_for_everybody_and_fits_a_phone_in_light() {
    all_pages_are_in_order(Ink::Light);
}

#[test]
fn every_page_is_for_everybody_and_fits_a_phone_in_dark() {
    all_pages_are_in_order(Ink::Dark);
}

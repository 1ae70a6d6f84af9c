//! That no text costs more than in proportion to its length, however it is made: twice the text, twice the work.
//!
//! Work is counted and never timed: events, weights, bytes written, questions asked, and the steps of what looks further
//! ahead than it goes.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::terminal::lay_out;
use super::{LinkContext, Target, bounds, render, sanitize, summarise};
use crate::markdown::dialect::Dialect;
use crate::markdown::events::for_each_event;
use crate::markdown::rules::{RawHtml, Rules, Trust};
use crate::markdown::terminal::Page;

/// The Markdown that costs most.
fn everything() -> Dialect {
    Dialect::from_names(Dialect::names())
}

/// How somebody else's text is shown, with its code in colour or not.
fn theirs(highlight: bool) -> Rules {
    Rules {
        trust: Trust::Theirs,
        dialect: everything(),
        contents: false,
        raw_html: RawHtml::Checked,
        highlight,
        remote_media: false,
    }
}

/// What a text is made of, so many bytes of it.
type Make = fn(usize) -> String;

/// Texts that cost more than in proportion somewhere: here before, in other programs, or in a library.
const KINDS: [(&str, Make); 42] = [
    ("formulas", |n| "$x$ ".repeat(n / 4)),
    ("formulas of commands", |n| format!("${}$ ", r"\not".repeat(200)).repeat(n / 802)),
    ("open formulas", |n| "$a ".repeat(n / 3)),
    ("names in brackets", |n| "[[a]] ".repeat(n / 6)),
    ("raised", |n| "^a^".repeat(n / 3)),
    ("raised and not lowered", |n| "^a~".repeat(n / 3)),
    ("definitions", |n| "a\n: b\n\n".repeat(n / 7)),
    ("bare addresses", |n| "www.a.b ".repeat(n / 8)),
    ("addresses of people", |n| "a@b.c ".repeat(n / 6)),
    ("quotes to be set", |n| "\"a\" -- ".repeat(n / 7)),
    ("ampersands", |n| "&".repeat(n)),
    ("described by ampersands", |n| format!("![{}](p.png)", "&".repeat(n))),
    ("ampersands behind html", |n| format!("<b>x</b> {}", "&".repeat(n))),
    ("entities", |n| "&amp;".repeat(n / 5)),
    ("open entities", |n| "&a".repeat(n / 2)),
    ("references to characters", |n| "&#1".repeat(n / 3)),
    ("headings", |n| "# a\n".repeat(n / 4)),
    ("underlined headings", |n| "a\n=\n".repeat(n / 4)),
    ("equal attributes", |n| format!("<div{}>", " src=x".repeat(n / 6))),
    ("scripts", |n| "<script></script>".repeat(n / 17)),
    ("elements that are opened anew", |n| opened(n / 2) + "\n\n" + &"<p>".repeat(n / 6)),
    ("hashtags", |n| "#a ".repeat(n / 3)),
    ("links to attachments", |n| "[x](p.png) ".repeat(n / 11)),
    ("pictures", |n| "![x](p.png)\n\n".repeat(n / 13)),
    ("a table with a long head", |n| format!("|{}|\n|-|\n{}", "a".repeat(n / 2), "|b\n".repeat(n / 6))),
    ("a wide table", |n| "|a".repeat(n / 8) + "\n" + &"|-".repeat(n / 8) + "\n" + &"|b|\n".repeat(n / 8)),
    ("a long reference", |n| format!("[a]: /{}\n\n{}", "x".repeat(n / 2), "[a] ".repeat(n / 8))),
    ("references", |n| numbered(n / 10, |at| format!("[{at}]: /x\n"))),
    ("footnotes", |n| numbered(n / 20, |at| format!("[^{at}]\n\n[^{at}]: x\n\n"))),
    ("open emphasis", |n| "*a **a ".repeat(n / 7)),
    ("growing fences", |n| (1..).map(|at| "`".repeat(at) + " ").take(n.isqrt()).collect()),
    ("lists", |n| "- a\n".repeat(n / 4)),
    ("tasks", |n| "- [ ] a\n".repeat(n / 8)),
    ("quotes", |n| "> a\n".repeat(n / 4)),
    ("nested lists", |n| (0..n.isqrt()).map(|at| "  ".repeat(at) + "- a\n").collect()),
    ("comments", |n| "<!-- ".repeat(n / 5)),
    ("small elements", |n| "<i>a</i>".repeat(n / 8)),
    ("code", |n| "`a` ".repeat(n / 4)),
    ("blocks of code", |n| "```rust\nfn a() {}\n```\n".repeat(n / 22)),
    ("backslashes", |n| "\\".repeat(n)),
    ("hard breaks", |n| "a\\\n".repeat(n / 3)),
    ("combining letters", |n| "e\u{301}".repeat(n / 3)),
];

fn opened(n: usize) -> String {
    numbered(n / 14, |at| format!("<b title=a{at}>"))
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, at| text + &part(at))
}

/// A message with one attachment that counts what it is asked.
#[derive(Default)]
struct Counting {
    asked: AtomicUsize,
}

impl Counting {
    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

impl LinkContext for Counting {
    fn attachment(&self, path: &str) -> Option<Target> {
        self.count();
        let media = super::Media::Picture(None);
        (path == "p.png").then(|| Target { number: 0, address: "m/p.png".to_owned(), media, save_as: None })
    }

    fn page(&self, _: &str) -> Option<String> {
        self.count();
        None
    }

    fn tag(&self, tag: &str) -> Option<String> {
        self.count();
        Some(format!("tag/{tag}.html"))
    }

    fn anchor(&self) -> &'static str {
        "m-2026-01-01T10-00-00Z"
    }
}

/// The work that a text makes: its summary, its page, its place in a feed, its lines in a terminal.
fn steps(text: &str) -> usize {
    let mut events = 0;
    let mut meter = bounds::Meter::new(text);
    let _ = for_each_event(text, everything(), |event, _| {
        events += 1;
        meter.spend(&event)
    });
    let summary = summarise(text, everything());
    let around = Counting::default();
    let rules = theirs(true);
    let html = render(text, false, rules, &around).html;
    assert!(sanitize::is_affordable_for_feed(&html));
    let cleaning = sanitize::steps(&html) / 4_096;
    let asked = Cell::new(0);
    let page = Page { width: 80, styled: true, skip_title: false, dialect: everything() };
    let lines = lay_out(text, page, &|_| {
        asked.set(asked.get() + 1);
        None
    });
    let found = summary.tags.len() + summary.links.len();
    let asked = around.asked.into_inner() + asked.get();
    events + meter.spent(text) + html.len() + cleaning + asked + lines.len() + found
}

#[test]
fn twice_the_text_is_twice_the_work() {
    for (name, make) in KINDS {
        let counts: Vec<usize> = [12_000, 24_000, 48_000].into_iter().map(|length| steps(&make(length))).collect();
        let [one, two, four] = counts.as_slice() else { panic!("three lengths") };
        // What is plain text from some length on costs less than in proportion.
        assert!(*two <= one * 9 / 4 + 2_000 && *four <= two * 9 / 4 + 2_000, "{name}: {counts:?}");
    }
}

#[test]
fn the_longest_text_of_every_kind_becomes_no_more_than_it_may() {
    for (name, make) in KINDS {
        let text = make(bounds::MAX_TEXT / 8);
        let rules = theirs(false);
        let html = render(&text, false, rules, &Counting::default()).html;
        assert!(html.len() <= bounds::max_html(text.len()), "{name}: {}", html.len());
        // A page that shows only the beginning offers the rest, and the card of the message knows that it has to.
        let is_cut = html.contains("this page shows its beginning");
        assert_eq!(summarise(&text, everything()).is_cut, is_cut, "{name}");
    }
}

#[test]
fn a_long_book_is_no_bomb() {
    let chapter = "# A chapter\n\nIt was a [dark](https://example.org/night) and *stormy* night & no end of it.\n\n";
    let prose = "Words of a novel that is read from its beginning to its end, as novels are. ".repeat(6) + "\n\n";
    let book = (chapter.to_owned() + &prose.repeat(4)).repeat(500);
    assert!(book.len() > bounds::MAX_TEXT * 9 / 10 && book.len() <= bounds::MAX_TEXT, "{}", book.len());
    assert!(!summarise(&book, everything()).is_cut);
}

#[test]
fn a_cover_of_many_bombs_is_no_more_than_one() {
    // An element for the look of text that is open where a paragraph begins is opened again in each.
    let text = opened(14_000) + "\n\n" + &"<p>".repeat(1_000);
    let rules = theirs(false);
    let html = render(&text, false, rules, &Counting::default()).html;
    assert!(html.contains("&lt;b title=a0&gt;") && html.len() < 64 << 10, "{}", html.len());
    // What has no partner is shown as text, whoever wrote it.
    let html = render("<b>bold\n\nand <i>more", false, rules, &Counting::default()).html;
    assert!(html.contains("&lt;b&gt;bold"), "{html}");
}

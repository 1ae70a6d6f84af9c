//! What missive does differently, each kind by its name and with its reason.
//!
//! What can be undone is set aside before two pages are compared, so that the rest of the example still counts, and it's
//! counted in how many examples it matters. What can't be is a policy, with the examples that it changes.

use std::collections::BTreeMap;

use crate::conformance::ANCHOR;
use crate::conformance::normal_form::Piece;

/// Something that is undone before two pages are compared.
pub(crate) struct SetAside {
    pub(crate) name: &'static str,
    /// Changes what missive wrote, what the specification says, or both.
    pub(crate) apply: fn(&mut Vec<Piece>, &mut Vec<Piece>),
    /// In how many examples it alone makes the difference.
    pub(crate) examples: usize,
}

/// Something that missive does differently on purpose.
pub(crate) struct Policy {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) examples: &'static [&'static str],
}

/// In the order in which they are undone.
pub(crate) const SET_ASIDE: &[SetAside] = &[
    // A link within a site begins with a mark that becomes `../` or an absolute address, as the page needs it.
    SetAside { name: "the site's root", apply: |ours, _| change_attributes(ours, without_root), examples: 31 },
    // Two messages stand on one page, so every id has its message's prefix, and every link to it.
    SetAside { name: "the prefix of ids", apply: |ours, _| change_attributes(ours, without_prefix), examples: 1 },
    // Every heading can be linked.
    SetAside { name: "ids of headings", apply: |ours, _| change_attributes(ours, without_heading_id), examples: 40 },
    // … and has a link to itself, which a theme shows when somebody points at it.
    SetAside { name: "links of headings", apply: |ours, _| remove_heading_links(ours), examples: 40 },
    // The first level is the message's title, and an outline may not skip a level.
    SetAside { name: "levels of headings", apply: |_, theirs| move_levels(theirs), examples: 29 },
    // What scrolls by itself can be reached by keyboard.
    SetAside { name: "focus of code", apply: |ours, _| change_attributes(ours, without_focus), examples: 80 },
    // Pictures below the first are fetched when they are about to be seen.
    SetAside { name: "lazy pictures", apply: |ours, _| change_attributes(ours, without_lazy), examples: 1 },
    // A picture alone in its paragraph, with a title, is a figure with a caption.
    SetAside { name: "figures", apply: |ours, _| undo_figures(ours), examples: 10 },
    // A wide table scrolls in a region of its own.
    SetAside { name: "regions of tables", apply: |ours, _| undo_regions(ours), examples: 23 },
    // `align` is gone from HTML; a class does it, and left is where text begins anyway.
    SetAside { name: "alignment in tables", apply: |_, theirs| change_attributes(theirs, as_class), examples: 2 },
    // Notes are numbered, and both their links say to a screen reader what they are.
    SetAside { name: "markup of footnotes", apply: undo_footnotes, examples: 3 },
    // A task says to a screen reader whether it is done, and its item is marked for the style sheet.
    SetAside { name: "tasks", apply: |ours, _| change_attributes(ours, without_task), examples: 5 },
];

/// What differs on purpose.
pub(crate) const POLICIES: &[Policy] = &[
    Policy {
        name: "no tag filter",
        reason: "a filter of nine elements keeps nobody out: one's own text may hold any, and others' text is sanitised",
        examples: &["extensions 22", "gfm 652"],
    },
    Policy {
        name: "tags without a partner",
        reason: "`<host>` means put yours here, and an open `<div>` would take the rest of a page into itself; both are shown as text",
        examples: &[
            "spec 21", "spec 31", "spec 150", "spec 151", "spec 155", "spec 156", "spec 157", "spec 158", "spec 165",
            "spec 173", "spec 174", "spec 175", "spec 184", "spec 187", "spec 201", "spec 344", "spec 476", "spec 477",
            "spec 491", "spec 494", "spec 524", "spec 536", "spec 613", "spec 614", "spec 615", "spec 616", "spec 617",
            "spec 623", "spec 630", "spec 631", "spec 642", "spec 643",
        ],
    },
    Policy {
        name: "comments",
        reason: "comments, instructions and declarations are for nobody who reads the page",
        examples: &[
            "spec 177", "spec 179", "spec 180", "spec 181", "spec 182", "spec 183", "spec 308", "spec 309", "spec 625",
            "spec 626", "spec 627", "spec 628", "spec 629",
        ],
    },
    Policy {
        name: "bare addresses",
        reason: "an address is a link, as on GitHub, whose own examples say so",
        examples: &["spec 602", "spec 606", "spec 608", "spec 611", "spec 612"],
    },
];

type Attributes = BTreeMap<String, String>;

fn change_attributes(pieces: &mut [Piece], change: fn(&str, &mut Attributes)) {
    for piece in pieces {
        if let Piece::Start { name, attributes } = piece {
            change(name, attributes);
        }
    }
}

fn change_value(attributes: &mut Attributes, name: &str, change: impl Fn(&str) -> Option<String>) {
    if let Some(changed) = attributes.get(name).and_then(|value| change(value)) {
        attributes.insert(name.to_owned(), changed);
    }
}

fn without_root(_: &str, attributes: &mut Attributes) {
    for name in ["href", "src"] {
        change_value(attributes, name, |value| value.strip_prefix('\u{1}').map(str::to_owned));
    }
}

fn without_prefix(_: &str, attributes: &mut Attributes) {
    change_value(attributes, "href", |value| Some(format!("#{}", value.strip_prefix(&format!("#{ANCHOR}-"))?)));
}

fn without_heading_id(element: &str, attributes: &mut Attributes) {
    if level(element).is_some() && attributes.get("id").is_some_and(|id| id.starts_with(&format!("{ANCHOR}-"))) {
        attributes.remove("id");
    }
}

fn remove_heading_links(pieces: &mut Vec<Piece>) {
    let mut in_link = false;
    pieces.retain(|piece| {
        let was_in_link = in_link;
        in_link = (in_link || piece.attribute("class") == Some("anchor")) && !piece.ends("a");
        !(in_link || was_in_link)
    });
}

fn without_focus(element: &str, attributes: &mut Attributes) {
    if matches!(element, "pre" | "div") {
        attributes.remove("tabindex");
    }
}

fn without_lazy(element: &str, attributes: &mut Attributes) {
    if element == "img" {
        attributes.remove("loading");
    }
}

fn as_class(element: &str, attributes: &mut Attributes) {
    if matches!(element, "td" | "th")
        && let Some(align) = attributes.remove("align")
        && align != "left"
    {
        attributes.insert("class".to_owned(), align);
    }
}

fn without_task(element: &str, attributes: &mut Attributes) {
    match element {
        "li" if attributes.get("class").is_some_and(|class| class == "task") => _ = attributes.remove("class"),
        "input" => _ = attributes.remove("aria-label"),
        _ => {}
    }
}

/// Notes in both forms become marks and a list without attributes; their numbers, their order and their texts stay.
fn undo_footnotes(ours: &mut Vec<Piece>, theirs: &mut Vec<Piece>) {
    for pieces in [ours, theirs] {
        let mut in_notes = false;
        let mut in_way_back = false;
        pieces.retain_mut(|piece| {
            if in_way_back {
                in_way_back = !piece.ends("a");
                return !in_way_back;
            }
            in_notes = (in_notes || piece.attribute("class") == Some("footnotes")) && !piece.ends("section");
            in_way_back = is_way_back(piece);
            if in_notes && (piece.starts("section") || piece.starts("li")) || in_way_back || is_mark(piece) {
                clear(piece);
            }
            true
        });
    }
}

/// Whether it is the link from a text to its note.
fn is_mark(piece: &Piece) -> bool {
    piece.attribute("role") == Some("doc-noteref") || piece.attribute("data-footnote-ref").is_some()
}

/// Whether it is the link from a note to the text.
fn is_way_back(piece: &Piece) -> bool {
    piece.attribute("role") == Some("doc-backlink") || piece.attribute("data-footnote-backref").is_some()
}

fn clear(piece: &mut Piece) {
    if let Piece::Start { attributes, .. } = piece {
        attributes.clear();
    }
}

/// The level of a heading by the name of its element.
fn level(element: &str) -> Option<u8> {
    let level = element.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

/// Levels as missive gives them: from 2 on, and at most one below the heading before.
fn move_levels(pieces: &mut [Piece]) {
    let mut now = 1;
    for piece in pieces {
        match piece {
            Piece::Start { name, attributes } if attributes.is_empty() => {
                let Some(level) = level(name) else { continue };
                now = level.clamp(2, 6).min(now + 1);
                *name = format!("h{now}");
            }
            Piece::End(name) if level(name).is_some() => *name = format!("h{now}"),
            _ => {}
        }
    }
}

/// `<figure><img><figcaption>title</figcaption></figure>` is a paragraph with a picture that has a title.
fn undo_figures(pieces: &mut Vec<Piece>) {
    let mut at = 0;
    while at + 5 < pieces.len() {
        let [start, image, caption, Piece::Text(title), end, close] = &pieces[at..at + 6] else {
            at += 1;
            continue;
        };
        let is_figure = start.starts("figure")
            && image.starts("img")
            && caption.starts("figcaption")
            && end.ends("figcaption")
            && close.ends("figure");
        if is_figure {
            let mut image = image.clone();
            if let Piece::Start { attributes, .. } = &mut image {
                attributes.insert("title".to_owned(), title.clone());
            }
            let start = Piece::Start { name: "p".to_owned(), attributes: Attributes::new() };
            pieces.splice(at..at + 6, [start, image, Piece::End("p".to_owned())]);
        }
        at += 1;
    }
}

/// The `<div class="table">` round a table goes, with its end tag.
fn undo_regions(pieces: &mut Vec<Piece>) {
    let is_region = |piece: &Piece| piece.starts("div") && piece.attribute("class") == Some("table");
    while let Some(at) = pieces.iter().position(is_region) {
        pieces.remove(at);
        let table = pieces[at..].iter().position(|piece| piece.ends("table")).expect("a table in its region");
        assert!(pieces.remove(at + table + 1).ends("div"), "a region ends behind its table");
    }
}

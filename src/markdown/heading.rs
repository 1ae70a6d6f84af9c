//! Headings inside a message: their level and their anchor.
//!
//! An anchor begins with the message's own prefix, so that no text can name an element of the page or clash with another
//! message on the same page.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use pulldown_cmark::HeadingLevel;

use crate::markdown::html_text::push_text;

/// The headings of one message.
pub(super) struct Headings {
    /// Where the heading that is being read stands in the HTML, and its text.
    open: Option<(usize, String)>,
    /// The level of the one before; 1 is the message's title.
    level: u8,
    anchors: Anchors,
}

impl Headings {
    /// The headings of a message, before the first.
    pub(super) fn new() -> Self {
        Self { open: None, level: 1, anchors: Anchors::default() }
    }

    /// Opens a heading, which stands behind `html`.
    pub(super) fn open(&mut self, html: &str) {
        self.open = Some((html.len(), String::new()));
    }

    /// Adds text to the id of the heading that is being read.
    pub(super) fn gather(&mut self, text: &str) {
        if let Some((_, heading)) = &mut self.open {
            heading.push_str(text);
        }
    }

    /// Writes the tags round the heading that was being read; `anchor` is the prefix of the message's ids.
    pub(super) fn close(&mut self, html: &mut String, at: HeadingLevel, anchor: &str) {
        self.level = level(at, self.level);
        let Some((start, text)) = self.open.take() else {
            return;
        };
        let level = self.level;
        let mut opening = format!("<h{level} id=\"{anchor}-");
        push_text(&mut opening, &self.anchors.name(&text));
        opening.push_str("\">");
        html.insert_str(start, &opening);
        let _ = writeln!(html, "</h{level}>");
    }
}

/// Gives each heading of one message an id that no other has.
#[derive(Default)]
struct Anchors {
    seen: HashSet<String>,
    counts: HashMap<String, usize>,
}

impl Anchors {
    /// The part of an id behind the message's prefix, for a heading of this text.
    fn name(&mut self, text: &str) -> String {
        let slug = slug(text);
        let mut name = slug.clone();
        while !self.seen.insert(name.clone()) {
            let count = self.counts.entry(slug.clone()).or_insert(1);
            *count += 1;
            name = format!("{slug}-{count}");
        }
        name
    }
}

/// The name of a heading's anchor: lower case, letters and digits kept, everything else one hyphen.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "section".to_owned() } else { slug }
}

/// The level on the page, 2 to 6 and at most one below the heading before it: the first level belongs to the message's
/// title, and a screen reader's outline must not skip any.
fn level(level: HeadingLevel, before: u8) -> u8 {
    (level as u8).clamp(2, 6).min(before + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_within_a_message() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.name("Why & how?"), "why-how");
        assert_eq!(anchors.name("Why — how"), "why-how-2");
        assert_eq!(anchors.name("why how 2"), "why-how-2-2");
        assert_eq!(anchors.name("!!!"), "section");
        assert_eq!(anchors.name("Ελλάδα 東京"), "ελλάδα-東京");
    }
}

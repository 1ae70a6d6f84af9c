//! Headings inside a message: their level and their id.

use std::fmt::Write;

use pulldown_cmark::HeadingLevel;

use super::anchors::Anchors;
use crate::markdown::html_text::push_text;

/// The headings of one message.
pub(super) struct Headings {
    /// Where the heading that is being read stands in the HTML, and its text.
    open: Option<(usize, String)>,
    /// The level of the one before; 1 is the message's title.
    level: u8,
}

impl Headings {
    /// The headings of a message, before the first.
    pub(super) fn new() -> Self {
        Self { open: None, level: 1 }
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

    /// Writes the tags round the heading that was being read; `prefix` is that of the message's ids.
    pub(super) fn close(&mut self, html: &mut String, at: HeadingLevel, prefix: &str, anchors: &mut Anchors) {
        self.level = level(at, self.level);
        let Some((start, text)) = self.open.take() else {
            return;
        };
        let level = self.level;
        let mut opening = format!("<h{level} id=\"{prefix}-");
        push_text(&mut opening, &anchors.name(&text));
        opening.push_str("\">");
        html.insert_str(start, &opening);
        let _ = writeln!(html, "</h{level}>");
    }
}

/// The level on the page, 2 to 6 and at most one below the heading before it: the first level belongs to the message's
/// title, and a screen reader's outline must not skip any.
fn level(level: HeadingLevel, before: u8) -> u8 {
    (level as u8).clamp(2, 6).min(before + 1)
}

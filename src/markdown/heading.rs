//! Headings inside a message: their level and their id.

use std::fmt::Write;

use pulldown_cmark::HeadingLevel;

use super::anchors::Anchors;
use crate::markdown::html_text::push_text;

/// Where a text is in a title that the page shows in its own place.
enum Title {
    /// The text's first heading is one.
    Expected,
    /// It is being read.
    Open,
    /// It was read, or there is none.
    Read(String),
}

/// The headings of one message.
pub(super) struct Headings {
    title: Title,
    anchors: Anchors,
    /// Where the heading that is being read stands in the HTML, and its text.
    open: Option<(usize, String)>,
    /// The level of the one before; 1 is the message's title.
    level: u8,
    /// All that were read: the level on the page, the id behind the message's prefix, the text.
    read: Vec<(u8, String, String)>,
}

impl Headings {
    /// The headings of a message, before the first, which is left out if it is the title.
    pub(super) fn new(has_title: bool) -> Self {
        let title = if has_title { Title::Expected } else { Title::Read(String::new()) };
        Self { title, anchors: Anchors::default(), open: None, level: 1, read: Vec::new() }
    }

    /// The ids that are given so far.
    pub(super) fn anchors(&mut self) -> &mut Anchors {
        &mut self.anchors
    }

    /// Whether the title is being read.
    pub(super) fn is_in_title(&self) -> bool {
        matches!(self.title, Title::Open)
    }

    /// The title's HTML, without its element.
    pub(super) fn into_title(self) -> String {
        if let Title::Read(title) = self.title { title } else { String::new() }
    }

    /// Opens a heading, which stands behind `html`.
    pub(super) fn open(&mut self, html: &str) {
        if matches!(self.title, Title::Expected) {
            self.title = Title::Open;
        } else {
            self.open = Some((html.len(), String::new()));
        }
    }

    /// Adds text to the id of the heading that is being read.
    pub(super) fn gather(&mut self, text: &str) {
        if let Some((_, heading)) = &mut self.open {
            heading.push_str(text);
        }
    }

    /// Writes the tags round the heading that was being read; `prefix` is that of the message's ids. The title is taken out.
    pub(super) fn close(&mut self, html: &mut String, at: HeadingLevel, prefix: &str) {
        if self.is_in_title() {
            self.title = Title::Read(std::mem::take(html));
            return;
        }
        self.level = level(at, self.level);
        let Some((start, text)) = self.open.take() else {
            return;
        };
        let level = self.level;
        let mut opening = format!("<h{level} id=\"{prefix}-");
        let name = self.anchors.name(&text);
        push_text(&mut opening, &name);
        opening.push_str("\">");
        html.insert_str(start, &opening);
        push_link(html, prefix, &name);
        let _ = writeln!(html, "</h{level}>");
        self.read.push((level, name, text));
    }

    /// A list of the headings, each a link, nested as they are; empty where there are fewer than two.
    pub(super) fn contents(&self, prefix: &str) -> String {
        if self.read.len() < 2 {
            return String::new();
        }
        let mut html = String::from("<nav class=\"contents\" aria-label=\"Contents\">\n");
        let mut open: Vec<u8> = Vec::new();
        for (level, name, text) in &self.read {
            while open.last().is_some_and(|last| last > level) {
                open.pop();
                html.push_str("</li></ul>");
            }
            if open.last() == Some(level) {
                html.push_str("</li>\n<li>");
            } else {
                open.push(*level);
                html.push_str("<ul><li>");
            }
            let _ = write!(html, "<a href=\"#{prefix}-");
            push_text(&mut html, name);
            html.push_str("\">");
            push_text(&mut html, text.trim());
            html.push_str("</a>");
        }
        html.extend(open.iter().map(|_| "</li></ul>"));
        html.push_str("\n</nav>\n");
        html
    }
}

/// What a heading's link to itself begins with; a theme shows it when somebody points at the heading.
pub(super) const LINK: &str = "<a class=\"anchor\" ";

/// What it ends with.
pub(super) const LINK_END: &str = "\" aria-label=\"Link to this heading\"></a>";

fn push_link(html: &mut String, prefix: &str, name: &str) {
    html.push_str(LINK);
    let _ = write!(html, "href=\"#{prefix}-");
    push_text(html, name);
    html.push_str(LINK_END);
}

/// The level on the page, 2 to 6 and at most one below the heading before it: the first level belongs to the message's
/// title, and a screen reader's outline must not skip any.
fn level(level: HeadingLevel, before: u8) -> u8 {
    (level as u8).clamp(2, 6).min(before + 1)
}

//! What a text may cost: the limits that keep a Markdown bomb from mattering. What goes beyond them is shown as plain text;
//! everything before it stays what it is.
//!
//! All of them are counts, never clocks, so that the same text gives the same page on every machine. They count what a text
//! is made of (how deep it nests, what its events become) and never its bytes: a table in a block of code is no list. All of
//! them follow from the text alone, so that its card knows already what its page will show ([`Meter`]).

use std::borrow::Cow;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde::{Deserialize, Serialize};

use super::html_text::without_comments;
use super::math;

/// How much of a text is read as Markdown, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// How much of what is not read as Markdown its page shows, in bytes.
pub(super) const MAX_PLAIN: usize = 64 << 10;
/// How deep blocks and spans may nest.
pub(super) const MAX_DEPTH: usize = 64;
/// How many block marks (`>`, list bullets) may open one line. The parser looks at all that are open once for each line that
/// follows, so that a text could cost as much as the square of its length.
const MAX_LINE_MARKS: usize = 256;
/// How many lines with more marks may stand in code.
const MAX_MARKED_LINES: usize = 8;

/// Why the rest of a text is shown as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// It is longer than what is read as Markdown.
    Length,
    /// Its blocks nest too deep.
    Depth,
    /// It would become too much HTML.
    Html,
}

/// How far a text is read as Markdown, in bytes, and why no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where the rest begins.
    pub(super) end: usize,
    /// Why there is a rest.
    pub(super) limit: Option<Limit>,
}

impl Extent {
    /// What can be told before a text is parsed.
    pub(super) fn before_parsing(text: &str) -> Self {
        let whole = Self { end: text.len(), limit: None };
        let long = || Self { end: paragraph_end(text, MAX_TEXT), limit: Some(Limit::Length) };
        let extent = if text.len() <= MAX_TEXT { whole } else { long() };
        match deep_line(text.get(..extent.end).unwrap_or_default()) {
            Some(end) => Self { end, limit: Some(Limit::Depth) },
            None => extent,
        }
    }

    /// What is read as Markdown.
    pub(super) fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(..self.end).unwrap_or_default()
    }

    /// What is shown as it is, but for comments, which are for nobody.
    pub(super) fn rest<'t>(&self, text: &'t str) -> Cow<'t, str> {
        without_comments(text.get(self.end..).unwrap_or_default())
    }
}

/// The last place before `most` where a paragraph ends, else where a line does.
fn paragraph_end(text: &str, most: usize) -> usize {
    let head = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    // Never within a comment, whose rest would be shown.
    let open = head.rfind("<!--").filter(|at| head.get(*at..).is_some_and(|comment| !comment.contains("-->")));
    let head = open.and_then(|at| head.get(..at)).unwrap_or(head);
    head.rfind("\n\n").or_else(|| head.rfind('\n')).map_or(0, |at| at + 1)
}

/// Where a line begins that too many block marks open and that is no code.
fn deep_line(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut in_code = 0;
    for line in text.split_inclusive('\n') {
        if line_marks(line) > MAX_LINE_MARKS {
            in_code += 1;
            if in_code > MAX_MARKED_LINES || !is_code_at(text, at) {
                return Some(at);
            }
        }
        at += line.len();
    }
    None
}

/// Whether the line that begins there stands in a block of code or HTML, as the parser sees it.
fn is_code_at(text: &str, at: usize) -> bool {
    let until = text.get(..at).unwrap_or_default().to_owned() + "x";
    let mut block = false;
    for (event, range) in Parser::new_ext(&until, Options::empty()).into_offset_iter() {
        if let Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) = event {
            block = range.end >= until.len();
        }
    }
    block
}

/// The largest HTML that a message may become, in bytes. A novel of a megabyte with a link in every third line fits.
const MAX_HTML: usize = 4 << 20;
/// How many bytes of HTML each byte of a text may become: a list of the shortest links becomes ten.
const MAX_GROWTH: usize = 16;
/// What a short text may become all the same, in bytes.
const MIN_HTML: usize = 512 << 10;
/// What is kept of a text that would become more than it may, in bytes of HTML.
const KEPT_HTML: usize = 128 << 10;

/// The largest HTML that a text of `len` bytes may become; headings, tables and links can multiply a text.
pub(super) fn max_html(len: usize) -> usize {
    len.saturating_mul(MAX_GROWTH).clamp(MIN_HTML, MAX_HTML)
}

/// What is left of a text's budget, in bytes of HTML, and how deep its events nest.
///
/// Events are weighed by what they can become at most, whatever lies around the text, so every reader of its events comes
/// to the same verdict: the summary, which has to say whether a page will show only the text's beginning, and the page.
pub(super) struct Meter {
    left: usize,
    depth: usize,
    in_heading: bool,
}

impl Meter {
    /// The budget of a text.
    pub(super) fn new(text: &str) -> Self {
        Self { left: max_html(text.len()), depth: 0, in_heading: false }
    }

    /// The budget of the beginning of a text that has no room as a whole.
    pub(super) fn for_beginning(text: &str) -> Self {
        Self { left: max_html(text.len()).min(KEPT_HTML), ..Self::new(text) }
    }

    /// Whether the next event begins something that lies in nothing else.
    pub(super) fn is_at_top(&self) -> bool {
        self.depth == 0
    }

    /// The limit that was reached.
    pub(super) fn limit(&self) -> Limit {
        if self.depth > MAX_DEPTH { Limit::Depth } else { Limit::Html }
    }

    /// Takes an event into account; `None` when the text costs too much.
    pub(super) fn spend(&mut self, event: &Event<'_>) -> Option<()> {
        self.left = self.left.checked_sub(self.weight(event))?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// What has been spent of a text's budget.
    #[cfg(test)]
    pub(super) fn spent(&self, text: &str) -> usize {
        max_html(text.len()) - self.left
    }

    fn weight(&mut self, event: &Event<'_>) -> usize {
        match event {
            Event::Start(tag) => {
                self.in_heading |= matches!(tag, Tag::Heading { .. });
                weight_of_tag(tag)
            }
            Event::End(end) => {
                self.in_heading &= !matches!(end, pulldown_cmark::TagEnd::Heading(_));
                8
            }
            // A heading's text stands in its id, too, where a letter may become two.
            Event::Text(text) | Event::Code(text) if self.in_heading => 16 + weight_of_text(text) + 6 * text.len(),
            Event::Text(text) => weight_of_text(text),
            Event::Code(text) => 16 + weight_of_text(text),
            Event::InlineMath(formula) | Event::DisplayMath(formula) => math::max_html(formula),
            Event::Html(html) | Event::InlineHtml(html) => 16 + 2 * html.len(),
            Event::FootnoteReference(_) => 256,
            Event::TaskListMarker(_) => 80,
            Event::SoftBreak | Event::HardBreak | Event::Rule => 8,
        }
    }
}

fn weight_of_tag(tag: &Tag<'_>) -> usize {
    // What an address leads to may have a longer name than it; a character may need three bytes for each of its own.
    const ADDRESS: usize = 96;
    match tag {
        Tag::Link { dest_url, title, .. } => ADDRESS + 3 * dest_url.len() + weight_of_text(title),
        Tag::Image { dest_url, title, .. } => 2 * ADDRESS + 3 * dest_url.len() + weight_of_text(title),
        // Its id stands in its link to itself, too.
        Tag::Heading { .. } => 256,
        Tag::CodeBlock(_) | Tag::Table(_) | Tag::FootnoteDefinition(_) | Tag::BlockQuote(Some(_)) => 128,
        _ => 24,
    }
}

/// `&`, `<`, `>` and `"` become up to six bytes, a hashtag a link.
fn weight_of_text(text: &str) -> usize {
    const TAG: usize = 96;
    let escaped = text.bytes().filter(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"')).count();
    let is_tag =
        |at: &usize| text.as_bytes().get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let tags = memchr::memchr_iter(b'#', text.as_bytes()).filter(is_tag).count();
    text.len() + 5 * escaped + TAG * tags + weight_of_addresses(text)
}

/// A bare address stands in its link, too, where a character may need three bytes for each of its own.
fn weight_of_addresses(text: &str) -> usize {
    const LINK: usize = 64;
    let count = |what: &str| memchr::memmem::find_iter(text.as_bytes(), what).count();
    let addresses = memchr::memchr_iter(b'@', text.as_bytes()).count() + count("://") + count("www.");
    if addresses == 0 { 0 } else { LINK * addresses + 3 * text.len() }
}

/// Counts the block marks before the first other character of a line: `>`, bullets and numbers of lists (`CommonMark`,
/// sections 5.1 and 5.2). A line of only dashes or stars, as long as one likes, is a rule and nests nothing (section 4.1).
fn line_marks(line: &str) -> usize {
    let mut rest = line.trim_start_matches([' ', '\t']);
    let mut marks = 0;
    while let Some(after) = behind_mark(rest) {
        marks += 1;
        rest = after.trim_start_matches([' ', '\t']);
    }
    if marks > MAX_LINE_MARKS && is_rule(line) { 0 } else { marks }
}

/// What follows the block mark that a line begins with.
fn behind_mark(line: &str) -> Option<&str> {
    if let Some(after) = line.strip_prefix('>') {
        return Some(after);
    }
    let after = match line.strip_prefix(['-', '*', '+']) {
        Some(after) => after,
        None => line.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')'])?,
    };
    (after.is_empty() || after.starts_with([' ', '\t', '\n'])).then_some(after)
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.bytes().all(|byte| matches!(byte, b'-' | b' ')) || line.bytes().all(|byte| matches!(byte, b'*' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_are_read_whole() {
        let boxes = "+-".repeat(500) + "+\n";
        let quoted = "> ".repeat(400) + "deep\n";
        for text in [
            "# A title\n\n> a quote\n\n- [a](b)\n\n---\n\n[^1]: note".to_owned(),
            "-".repeat(5_000),
            "- ".repeat(5_000),
            format!("```\n{boxes}```\n{boxes}"),
            format!("```\n{quoted}```\n\n- x\n\n      code\n"),
            "[".repeat(50_000),
            "[^a]".repeat(5_000),
            "<".repeat(50_000),
        ] {
            assert_eq!(Extent::before_parsing(&text), Extent { end: text.len(), limit: None }, "{text:.20}");
        }
    }

    #[test]
    fn what_nests_without_end_is_read_to_where_it_begins() {
        let quoted = "> ".repeat(400) + "deep\n";
        for (before, bomb) in [
            ("", ">".repeat(50_000)),
            ("# A title\n\n", "- ".repeat(500) + "x"),
            ("x\n", "1. ".repeat(500) + "x"),
            ("```\na\n```\n", quoted.clone()),
            ("> ```\n> a\n\n", quoted.clone()),
        ] {
            let extent = Extent::before_parsing(&format!("{before}{bomb}"));
            assert_eq!(extent, Extent { end: before.len(), limit: Some(Limit::Depth) }, "{before}{bomb:.20}");
        }
        let code = format!("```\n{}", quoted.repeat(MAX_MARKED_LINES + 1));
        assert_eq!(Extent::before_parsing(&code).limit, Some(Limit::Depth));
    }

    #[test]
    fn a_long_text_is_read_to_the_end_of_a_paragraph() {
        let text = "a b\n\n".repeat(MAX_TEXT / 5 + 10);
        let extent = Extent::before_parsing(&text);
        assert_eq!(extent.limit, Some(Limit::Length));
        assert!(extent.of(&text).ends_with('\n') && extent.end > MAX_TEXT - 10 && extent.end <= MAX_TEXT);
        assert_eq!(extent.of(&text).len() + extent.rest(&text).len(), text.len());
        assert_eq!(Extent::before_parsing(&"a".repeat(MAX_TEXT + 1)).end, 0);
    }
}

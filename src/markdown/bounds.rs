//! What a text may cost: the limits that keep a Markdown bomb from mattering. A text beyond them is shown as plain text.
//!
//! All of them are counts, never clocks, so that the same text gives the same page on every machine. All of them follow from
//! the text alone, so that its card knows already what its page will show ([`Meter`]).

use pulldown_cmark::{Event, Tag};

/// The longest text that is read as Markdown, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// How much of a longer text its page shows, in bytes.
pub(super) const MAX_PLAIN: usize = 64 << 10;
/// How deep blocks and spans may nest.
pub(super) const MAX_DEPTH: usize = 64;
/// How many footnote marks a text may hold.
const MAX_FOOTNOTES: usize = 1_000;
/// How many block marks (`>`, list bullets) may open one line.
const MAX_LINE_MARKS: usize = 64;
/// How many openings of links, comments or sections a text may hold.
const MAX_OPENINGS: usize = 20_000;

/// Whether a text is cheap enough to be read as Markdown.
pub(super) fn affordable(text: &str) -> bool {
    text.len() <= MAX_TEXT && openings_affordable(text) && text.lines().all(|line| line_marks(line) <= MAX_LINE_MARKS)
}

/// The largest HTML that a message may become, in bytes. A novel of a megabyte with a link in every third line fits.
const MAX_HTML: usize = 4 << 20;
/// How many bytes of HTML each byte of a text may become: a list of the shortest links becomes ten.
const MAX_GROWTH: usize = 16;
/// What a short text may become all the same, in bytes.
const MIN_HTML: usize = 256 << 10;

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
            Event::Text(text) | Event::Code(text) if self.in_heading => 16 + weight_of_text(text) + 2 * text.len(),
            Event::Text(text) => weight_of_text(text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => 16 + weight_of_text(text),
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
        Tag::Link { dest_url, .. } => ADDRESS + 3 * dest_url.len(),
        Tag::Image { dest_url, title, .. } => 2 * ADDRESS + 3 * dest_url.len() + weight_of_text(title),
        Tag::Heading { .. } => 96,
        Tag::CodeBlock(_) | Tag::Table(_) | Tag::FootnoteDefinition(_) => 128,
        _ => 24,
    }
}

/// `&`, `<`, `>` and `"` become up to six bytes, a hashtag a link.
fn weight_of_text(text: &str) -> usize {
    const TAG: usize = 96;
    let escaped = text.bytes().filter(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"')).count();
    let is_tag =
        |at: &usize| text.as_bytes().get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    text.len() + 5 * escaped + TAG * memchr::memchr_iter(b'#', text.as_bytes()).filter(is_tag).count()
}

fn openings_affordable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut openings = 0;
    let mut footnotes = 0;
    for at in memchr::memchr2_iter(b'[', b'<', bytes) {
        openings += 1;
        footnotes += usize::from(bytes.get(at..at + 2) == Some(b"[^"));
    }
    openings <= MAX_OPENINGS && footnotes <= MAX_FOOTNOTES
}

/// Counts the block marks before the first other character of a line.
fn line_marks(line: &str) -> usize {
    let marks = line
        .bytes()
        .take_while(|byte| matches!(byte, b'>' | b'-' | b'*' | b'+' | b' ' | b'\t'))
        .filter(|byte| !matches!(byte, b' ' | b'\t'))
        .count();
    if marks > MAX_LINE_MARKS && is_rule(line) { 0 } else { marks }
}

/// A line of only dashes or stars, as long as one likes, is a rule or an underline and nests nothing.
fn is_rule(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b'-' | b' ')) || line.bytes().all(|byte| matches!(byte, b'*' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_are_affordable() {
        assert!(affordable("# A title\n\n> a quote\n\n- [a](b)\n\n---\n\n[^1]: note"));
        assert!(affordable(&"-".repeat(5_000)));
    }

    #[test]
    fn bombs_are_not() {
        for bomb in [
            ">".repeat(50_000),
            "[".repeat(50_000),
            "[^a]".repeat(5_000),
            "- ".repeat(500) + "x",
            "a".repeat(MAX_TEXT + 1),
        ] {
            assert!(!affordable(&bomb), "{bomb:.20}");
        }
    }
}

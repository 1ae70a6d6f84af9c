//! A text as plain words: for titles, excerpts, feeds, descriptions and what a search shows.
//!
//! It says what a reader of the page reads, in the same order: no marks, no addresses, no comments. Footnotes stand elsewhere
//! on the page and are left out. Each block is a line.

use pulldown_cmark::{Event, Tag, TagEnd};

use super::dialect::Dialect;
use super::html_text::harmless;
use super::html_words::words_of;
use super::reading::read;

/// The words of a text by where they stand.
#[derive(Default)]
pub(super) struct PlainText {
    /// Those of a first-line heading.
    pub(super) title: String,
    /// Those of the text.
    pub(super) text: String,
    /// What its pictures show.
    pub(super) descriptions: String,
    /// How much is gathered of each, in bytes.
    most: usize,
    wants_title: bool,
    in_title: bool,
    images: usize,
    notes: usize,
    /// Where the block begins in the text that is being read.
    block: usize,
}

impl PlainText {
    /// Gathers so many bytes of each; the first heading is the title if there is one.
    pub(super) fn new(has_title: bool, most: usize) -> Self {
        Self { wants_title: has_title, most, ..Self::default() }
    }

    /// Whether the title is being read.
    pub(super) fn is_in_title(&self) -> bool {
        self.in_title
    }

    /// Takes the words of an event.
    pub(super) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(end) => self.close(*end),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(text);
            }
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            Event::Html(html) | Event::InlineHtml(html) => self.html(html),
            Event::Rule => self.end_block(),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } if std::mem::take(&mut self.wants_title) => self.in_title = true,
            Tag::Image { .. } => self.images += 1,
            Tag::FootnoteDefinition(_) => self.notes += 1,
            Tag::List(_) | Tag::Item | Tag::Paragraph => self.end_block(),
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::Image => {
                self.images -= 1;
                self.descriptions.push(' ');
            }
            TagEnd::FootnoteDefinition => self.notes -= 1,
            TagEnd::Heading(_) if self.in_title => self.in_title = false,
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link => {}
            TagEnd::TableCell => self.push(" "),
            _ => self.end_block(),
        }
    }

    fn end_block(&mut self) {
        let is_empty = self.text.get(self.block..).is_none_or(|block| block.trim().is_empty());
        if is_empty {
            self.text.truncate(self.block);
        } else {
            self.text.push('\n');
        }
        self.block = self.text.len();
    }

    fn html(&mut self, html: &str) {
        for (number, line) in words_of(html).split('\n').enumerate() {
            if number > 0 && !self.in_title && self.notes == 0 {
                self.end_block();
            }
            self.push(line);
        }
    }

    fn push(&mut self, text: &str) {
        if self.notes > 0 {
            return;
        }
        let text = harmless(text);
        if self.in_title {
            push(&mut self.title, &text, self.most);
            return;
        }
        if self.images > 0 {
            push(&mut self.descriptions, &text, self.most);
        }
        // A picture among words is one of them.
        if self.images == 0 || self.text.get(self.block..).is_some_and(|block| !block.trim().is_empty()) {
            push(&mut self.text, &text, self.most);
        }
    }
}

fn push(into: &mut String, text: &str, most: usize) {
    if into.len() < most {
        into.push_str(text);
    }
}

/// All words of a text, a line for each block; of its pictures' descriptions where it has no other.
pub fn plain_text(text: &str, dialect: Dialect) -> String {
    let most = text.len().saturating_mul(2);
    let read = read(
        text,
        dialect,
        || PlainText::new(false, most),
        |words, event, _| {
            words.take(&event);
            Some(())
        },
    );
    let mut words = read
        .made
        .map(|words| if words.text.trim().is_empty() { words.descriptions } else { words.text })
        .unwrap_or_default();
    words.push_str(&read.extent.rest(text));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_reader_reads() {
        for (text, expected) in [
            ("A *fine* [day](x.md)[^1].\n\n[^1]: A note.", "A fine day."),
            ("Use ssh to <host> with <b>the</b> key<!-- secret -->.", "Use ssh to <host> with the key."),
            ("![a](a.png) ![b](b.png)", "a b"),
            ("See ![the pier](p.png) now.", "See the pier now."),
            ("<figure><figcaption>The &amp; pier</figcaption></figure>", "The & pier"),
            ("<!-- secret -->\n\nwords", "words"),
            ("<script>let a;</script>\n\nwords", "words"),
            ("# One\n\n- a\n- b\n\n|c|d|\n|-|-|\n|e|f|", "One\na\nb\nc d\ne f"),
            ("[^1]: only\n\n[^1]", ""),
        ] {
            let words = plain_text(text, Dialect::default());
            let lines: Vec<String> =
                words.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            assert_eq!(lines.join("\n"), expected, "{text}");
        }
    }
}

//! What a text says of itself without being shown: title, excerpt, tags, and where it points.
//!
//! Lists, feeds and archives name a message by these rules. They follow from the parsed text and are cut between graphemes,
//! so no list shows half a tag or half an entity.

use std::collections::HashSet;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::balance::is_balanced;
use super::bounds;
use super::highlight::MIN_BLOCK;
use super::tags::{hashtags, normal_tag};
use crate::markdown::events::for_each_event;
use crate::markdown::html_text::harmless;

/// The length of an excerpt, in graphemes.
const EXCERPT: usize = 200;
/// The length of the words that stand for a title, in graphemes.
const FIRST_WORDS: usize = 60;
/// How much of a text is gathered for its excerpt, in bytes: four for each grapheme are plenty.
const GATHERED: usize = EXCERPT * 4;
/// The length of a beginning that may stand for the whole, in bytes.
const BEGINNING: usize = 3 << 10;
/// How many tags of a text count.
const MAX_TAGS: usize = 100;
/// How many relative links are remembered.
const MAX_LINKS: usize = 1_000;

/// What a text says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The text of a first-line `# Title`.
    pub title: Option<String>,
    /// The first words of the text, or of its pictures' descriptions when it has no other.
    pub excerpt: String,
    /// Hashtags in their normal form, each once, in order of appearance.
    pub tags: Vec<String>,
    /// Whether it shows a picture from elsewhere on the web.
    pub shows_remote: bool,
    /// Whether HTML in it does not close what it opens, so that it could only be shown as text.
    pub is_unbalanced: bool,
    /// Whether a page shows only its beginning.
    pub is_cut: bool,
    /// The relative addresses that it links or shows, each once.
    pub links: Vec<String>,
    /// How much of it is code in a named language, which a page shows in colour, in bytes; a block counts half a kilobyte
    /// more than it has.
    pub code: u32,
}

/// Reads what a text says of itself.
pub fn summarise(text: &str) -> Summary {
    if !bounds::affordable(text) {
        return plain_summary(text);
    }
    // Whether a page shows all of a long text follows from all of it.
    let beginning = sufficient_beginning(text).filter(|_| text.len() <= bounds::MAX_PLAIN);
    let beginning = beginning.and_then(Reader::read).filter(Reader::has_enough);
    beginning.or_else(|| Reader::read(text)).map_or_else(|| plain_summary(text), Reader::finish)
}

/// The summary of a text that costs too much to be read as Markdown.
fn plain_summary(text: &str) -> Summary {
    let is_cut = text.len() > bounds::MAX_PLAIN;
    Summary { excerpt: cut(&plain_start(text), EXCERPT), is_cut, ..Summary::default() }
}

/// The beginning of a long text, if the rest holds nothing that a summary looks for: no tag, no relative link, no code, no
/// definition that the beginning could refer to. Most of a long text's bytes need not be read twice then.
fn sufficient_beginning(text: &str) -> Option<&str> {
    let mut end = BEGINNING.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (head, _) = text.split_at_checked(end).filter(|(_, tail)| !tail.is_empty())?;
    let (head, tail) = text.split_at_checked(head.rfind("\n\n")? + 1)?;
    let relative = |at: usize| {
        let address = tail.get(at + 1..).unwrap_or_default();
        tail.get(..at).is_some_and(|before| before.ends_with(']')) && !address.starts_with("http")
    };
    let bytes = tail.as_bytes();
    let tag =
        |at: usize| tail.as_bytes().get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || b"/!?".contains(byte));
    let plain = !tail.contains("![")
        && !tail.contains("```")
        && !tail.contains("~~~")
        && hashtags(tail, None).next().is_none()
        && !memchr::memchr_iter(b'<', bytes).any(tag)
        && !memchr::memchr_iter(b'(', bytes).any(relative)
        && !memchr::memchr_iter(b']', bytes).any(|at| bytes.get(at + 1) == Some(&b':'));
    plain.then_some(head)
}

/// Whether a block of code says which language it is in.
fn names_language(kind: &CodeBlockKind<'_>) -> bool {
    matches!(kind, CodeBlockKind::Fenced(info) if !info.trim().is_empty())
}

/// The first words of an excerpt, cut at a word where possible.
pub fn first_words(excerpt: &str) -> String {
    cut(excerpt, FIRST_WORDS)
}

/// Whether the first line is an ATX heading of the first level.
fn starts_with_title(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let indented = line.len() - line.trim_start_matches(' ').len();
    indented < 4 && line.trim_start_matches(' ').strip_prefix('#').is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// The words of a text by where they stand, as far as an excerpt can need them.
#[derive(Default)]
struct Words {
    title: String,
    text: String,
    /// What its pictures show.
    descriptions: String,
}

#[derive(Default)]
struct Reader {
    wants_title: bool,
    in_title: bool,
    code: Option<bool>,
    links: usize,
    images: usize,
    last: Option<char>,
    words: Words,
    html: String,
    /// The links of the summary, for finding them again.
    known: HashSet<String>,
    summary: Summary,
}

impl Reader {
    /// Reads a text; `None` when it costs too much.
    fn read(text: &str) -> Option<Self> {
        let mut reader = Self { wants_title: starts_with_title(text), ..Self::default() };
        let mut meter = bounds::Meter::new(text);
        for_each_event(text, |event| {
            meter.spend(&event)?;
            reader.take(&event);
            Some(())
        })?;
        Some(reader)
    }

    /// Whether more text would change nothing in the excerpt.
    fn has_enough(&self) -> bool {
        self.words.text.len() >= GATHERED && !self.words.text.trim().is_empty()
    }

    fn take(&mut self, event: &Event<'_>) {
        if !matches!(event, Event::Text(_)) {
            self.last = matches!(event, Event::Code(_)).then_some('`');
        }
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(end) => self.close(*end),
            Event::Text(text) => self.text(text),
            Event::Code(text) => self.words(text),
            Event::SoftBreak | Event::HardBreak => self.words(" "),
            Event::Html(html) | Event::InlineHtml(html) => self.html.push_str(html),
            _ => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        if matches!(tag, Tag::List(_) | Tag::Item | Tag::Paragraph) {
            self.words(" ");
        }
        self.in_title = std::mem::take(&mut self.wants_title) && matches!(tag, Tag::Heading { .. }) || self.in_title;
        match tag {
            Tag::CodeBlock(kind) => {
                self.code = Some(names_language(kind));
                self.count_code(MIN_BLOCK);
            }
            Tag::Link { dest_url, .. } => {
                self.links += 1;
                self.link(dest_url);
            }
            Tag::Image { dest_url, .. } => {
                self.images += 1;
                self.summary.shows_remote |= dest_url.starts_with("http");
                self.link(dest_url);
            }
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::CodeBlock => self.code = None,
            TagEnd::Link => self.links -= 1,
            TagEnd::Image => self.images -= 1,
            TagEnd::Heading(_) => self.in_title = false,
            _ => {}
        }
        if !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) {
            self.words(" ");
            self.words.descriptions.push(' ');
        }
    }

    /// Counts code of the block that is being read, if it is in a named language.
    fn count_code(&mut self, bytes: usize) {
        if self.code == Some(true) {
            self.summary.code = self.summary.code.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    fn link(&mut self, address: &str) {
        let relative = !address.is_empty() && !address.starts_with(['#', '/']) && !address.contains(':');
        if relative && self.summary.links.len() < MAX_LINKS && self.known.insert(address.to_owned()) {
            self.summary.links.push(address.to_owned());
        }
    }

    fn text(&mut self, text: &str) {
        self.count_code(text.len());
        if self.code.is_none() && self.links == 0 && self.images == 0 && !self.in_title {
            for range in hashtags(text, self.last) {
                if self.summary.tags.len() < MAX_TAGS
                    && let Some(tag) = text.get(range).and_then(normal_tag)
                    && !self.summary.tags.contains(&tag)
                {
                    self.summary.tags.push(tag);
                }
            }
        }
        self.words(text);
        self.last = text.chars().next_back();
    }

    fn words(&mut self, text: &str) {
        let into = match () {
            () if self.in_title => &mut self.words.title,
            () if self.images > 0 => &mut self.words.descriptions,
            () => &mut self.words.text,
        };
        if into.len() < GATHERED {
            into.push_str(&harmless(text));
        }
    }

    fn finish(mut self) -> Summary {
        let Words { title, text, descriptions } = &self.words;
        let words = if text.trim().is_empty() { descriptions } else { text };
        self.summary.is_unbalanced = !is_balanced(&self.html);
        self.summary.excerpt = cut(words, EXCERPT);
        self.summary.title = Some(cut(title, EXCERPT)).filter(|title| !title.is_empty());
        self.summary
    }
}

/// The first lines of a text that is not read as Markdown.
fn plain_start(text: &str) -> String {
    text.chars().take(EXCERPT * 4).collect()
}

/// Folds white space and cuts to `most` graphemes, at a word's end if there is one in the second half.
fn cut(text: &str, most: usize) -> String {
    let mut folded = String::with_capacity(most * 2);
    // One letter, one byte: where that holds, a little more than what is shown is enough to know.
    let mut ascii = true;
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
        ascii &= word.is_ascii();
        if ascii && folded.len() > most {
            break;
        }
    }
    if folded.len() <= most {
        return folded;
    }
    let end = if ascii { Some(most) } else { folded.grapheme_indices(true).nth(most).map(|(end, _)| end) };
    let Some(end) = end else {
        return folded;
    };
    let head = folded.get(..end).unwrap_or_default();
    let at_word = head.rfind(' ').filter(|space| *space >= end / 2).unwrap_or(end);
    format!("{}…", head.get(..at_word).unwrap_or_default().trim_end_matches([',', ';', ':', '.', '-', '–', '—']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_first_line_heading_is_the_title() {
        let summary = summarise("# A *fine* `title` #\n\nThe text, with **weight**.\n");
        assert_eq!(summary.title.as_deref(), Some("A fine title"));
        assert_eq!(summary.excerpt, "The text, with weight.");
    }

    #[test]
    fn other_headings_are_no_title() {
        for text in
            ["## Second\n\ntext", "words\n\n# Later", "\n# After a blank line", "Setext\n===\n\nx", "#hashtag first"]
        {
            assert_eq!(summarise(text).title, None, "{text:?}");
        }
    }

    #[test]
    fn tags_are_not_taken_from_code_links_or_the_title() {
        let summary =
            summarise("# On #title\n\nA #Tag and #tag, `#code`, [#link](x), <https://e.example/#frag>\n\n    #block\n");
        assert_eq!(summary.tags, ["tag"]);
    }

    #[test]
    fn pictures_speak_when_nothing_else_does() {
        let summary = summarise("![A cat on a wall](cat.jpg)\n\n![A dog](STEM/dog.jpg)");
        assert_eq!(summary.excerpt, "A cat on a wall A dog");
        assert_eq!(summary.links, ["cat.jpg", "STEM/dog.jpg"]);
    }

    proptest! {
        #[test]
        fn a_beginning_stands_for_the_whole_only_where_it_can(
            parts in proptest::collection::vec(
                prop_oneof![
                    5 => Just("Plain words of a paragraph, with *emphasis* and [a link](https://example.org/).\n\n"),
                    1 => Just("A #tag in it.\n\n"),
                    1 => Just("[relative](photo.jpg)\n\n"),
                    1 => Just("[reference][r] and a note[^n]\n\n"),
                    1 => Just("[r]: photo.jpg\n\n"),
                    1 => Just("[^n]: the note #other\n\n"),
                    1 => Just("```\ncode #no\n\nmore\n```\n\n"),
                    1 => Just("<div>\n\n"),
                    1 => Just("</div>\n\n"),
                    1 => Just("![](https://example.org/x.png)\n\n## Heading\n\n"),
                ],
                0..120,
            ),
        ) {
            let text = parts.concat();
            prop_assert_eq!(summarise(&text), Reader::read(&text).unwrap().finish());
        }
    }

    #[test]
    fn cuts_between_graphemes_and_words() {
        let long = summarise(&"👩‍💻 word ".repeat(100)).excerpt;
        assert!(long.ends_with("word…") || long.ends_with("👩‍💻…"), "{long}");
        assert_eq!(cut(&"é".repeat(300), 10), format!("{}…", "é".repeat(10)));
    }
}

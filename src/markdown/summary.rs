//! What a text says of itself without being shown: title, excerpt, tags, and where it points.
//!
//! Lists, feeds and archives name a message by these rules. They follow from the parsed text and are cut between graphemes,
//! so no list shows half a tag or half an entity.

use std::collections::HashSet;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Tag, TagEnd};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::bounds;
use super::bounds::Extent;
use super::dialect::Dialect;
use super::finding::{Finding, What};
use super::highlight::MIN_BLOCK;
use super::html_balance::Balance;
use super::html_tokens::{Part, parts};
use super::link::is_elsewhere;
use super::plain_text::PlainText;
use super::reading::{Read, read};
use super::running_text::{Mark, marks};
use super::srcset;
use super::tags::{hashtags, normal_tag};

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
    /// Hashtags as they are first written, without their `#`, each once, in order of appearance.
    pub tags: Vec<String>,
    /// Whether it shows a picture from elsewhere on the web.
    pub shows_remote: bool,
    /// What its author should know of, in order.
    pub findings: Vec<Finding>,
    /// Whether a page shows only its beginning.
    pub is_cut: bool,
    /// The relative addresses that it links or shows, each once; a message that is named is `[[name]]`.
    pub links: Vec<String>,
    /// How much of it is code in a named language, which a page shows in colour, in bytes; a block counts half a kilobyte
    /// more than it has.
    pub code: u32,
}

/// Reads what a text says of itself.
pub fn summarise(text: &str, dialect: Dialect) -> Summary {
    // Whether a page shows all of a long text follows from all of it.
    if let Some(beginning) = sufficient_beginning(text).filter(|_| text.len() <= bounds::MAX_PLAIN) {
        let read = Reader::read(beginning, dialect);
        if let Some(reader) = read.made.filter(|reader| read.extent.limit.is_none() && reader.has_enough()) {
            return reader.finish();
        }
    }
    let read = Reader::read(text, dialect);
    let rest = read.extent.rest(text);
    let mut summary = match read.made {
        Some(reader) => reader.finish(),
        None => Summary { excerpt: cut(&plain_start(&rest), EXCERPT), ..Summary::default() },
    };
    summary.is_cut = rest.len() > bounds::MAX_PLAIN;
    summary.findings = findings(text, read.balance, read.extent);
    summary
}

/// What a text's author should know of, with the lines.
fn findings(text: &str, balance: Balance, extent: Extent) -> Vec<Finding> {
    let line = |at: usize| 1 + memchr::memchr_iter(b'\n', text.as_bytes().get(..at).unwrap_or_default()).count();
    let found = balance.found.into_iter();
    let limit = extent.limit.map(|limit| Finding { line: line(extent.end), what: What::Plain(limit) });
    found.map(|found| Finding { line: line(found.piece) + found.lines, what: found.what }).chain(limit).collect()
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

struct Reader {
    code: Option<bool>,
    links: usize,
    images: usize,
    last: Option<char>,
    words: PlainText,
    /// The links of the summary, for finding them again.
    known: HashSet<String>,
    summary: Summary,
}

impl Reader {
    fn new(has_title: bool) -> Self {
        Self {
            code: None,
            links: 0,
            images: 0,
            last: None,
            words: PlainText::new(has_title, GATHERED),
            known: HashSet::new(),
            summary: Summary::default(),
        }
    }

    /// Reads a text as far as it is read as Markdown.
    fn read(text: &str, dialect: Dialect) -> Read<Self> {
        let has_title = starts_with_title(text);
        read(
            text,
            dialect,
            || Self::new(has_title),
            |reader, event, _| {
                reader.take(&event);
                Some(())
            },
        )
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
            Event::Html(html) | Event::InlineHtml(html) => self.html(html),
            _ => {}
        }
        self.words.take(event);
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::CodeBlock(kind) => {
                self.code = Some(names_language(kind));
                self.count_code(MIN_BLOCK);
            }
            Tag::Link { link_type, dest_url, .. } => {
                self.links += 1;
                match link_type {
                    LinkType::WikiLink { .. } => self.remember(&format!("[[{dest_url}]]")),
                    LinkType::Email => {}
                    _ => self.link(dest_url),
                }
            }
            Tag::Image { dest_url, .. } => {
                self.images += 1;
                self.picture(dest_url);
            }
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::CodeBlock => self.code = None,
            TagEnd::Link => self.links -= 1,
            TagEnd::Image => self.images -= 1,
            _ => {}
        }
    }

    /// The addresses in HTML count as those in Markdown.
    fn html(&mut self, html: &str) {
        for part in parts(html) {
            let Part::Start(tag) = part else { continue };
            for (name, value) in &tag.attributes {
                match name.as_str() {
                    "src" if tag.name == "img" => self.picture(value.trim()),
                    "href" | "src" | "poster" | "data" | "xlink:href" => self.link(value.trim()),
                    "srcset" | "imagesrcset" => srcset::candidates(value).for_each(|(address, _)| self.link(address)),
                    _ => {}
                }
            }
        }
    }

    fn picture(&mut self, address: &str) {
        self.summary.shows_remote |= is_elsewhere(address);
        self.link(address);
    }

    /// Counts code of the block that is being read, if it is in a named language.
    fn count_code(&mut self, bytes: usize) {
        if self.code == Some(true) {
            self.summary.code = self.summary.code.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    fn link(&mut self, address: &str) {
        let relative = !address.is_empty() && !address.starts_with(['#', '/']) && !address.contains(':');
        if relative {
            self.remember(address);
        }
    }

    fn remember(&mut self, address: &str) {
        if self.summary.links.len() < MAX_LINKS && self.known.insert(address.to_owned()) {
            self.summary.links.push(address.to_owned());
        }
    }

    fn text(&mut self, text: &str) {
        self.count_code(text.len());
        if self.code.is_none() && self.links == 0 && self.images == 0 && !self.words.is_in_title() {
            // What is no tag is an address, in which a `#` begins none.
            let tags =
                if memchr::memchr(b'#', text.as_bytes()).is_some() { marks(text, self.last) } else { Vec::new() };
            for mark in tags {
                if self.summary.tags.len() < MAX_TAGS
                    && let Mark::Tag(range) = mark
                    && let Some(word) = text.get(range)
                    && normal_tag(word).is_some_and(|tag| !self.summary.has_tag(&tag))
                {
                    self.summary.tags.push(word.trim_start_matches('#').nfc().collect());
                }
            }
        }
        self.last = text.chars().next_back();
    }

    fn finish(mut self) -> Summary {
        let PlainText { title, text, descriptions, .. } = &self.words;
        let words = if text.trim().is_empty() { descriptions } else { text };
        self.summary.excerpt = cut(words, EXCERPT);
        self.summary.title = Some(cut(title, EXCERPT)).filter(|title| !title.is_empty());
        self.summary
    }
}

impl Summary {
    fn has_tag(&self, normal: &str) -> bool {
        self.tags.iter().any(|known| normal_tag(known).as_deref() == Some(normal))
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
        let summary = summarise("# A *fine* `title` #\n\nThe text, with **weight**.\n", Dialect::default());
        assert_eq!(summary.title.as_deref(), Some("A fine title"));
        assert_eq!(summary.excerpt, "The text, with weight.");
    }

    #[test]
    fn other_headings_are_no_title() {
        for text in
            ["## Second\n\ntext", "words\n\n# Later", "\n# After a blank line", "Setext\n===\n\nx", "#hashtag first"]
        {
            assert_eq!(summarise(text, Dialect::default()).title, None, "{text:?}");
        }
    }

    #[test]
    fn tags_are_not_taken_from_code_links_or_the_title() {
        let summary = summarise(
            "# On #title\n\nA #Tag and #tag, `#code`, [#link](x), <https://e.example/#frag>\n\n    #block\n",
            Dialect::default(),
        );
        assert_eq!(summary.tags, ["Tag"]);
    }

    #[test]
    fn pictures_speak_when_nothing_else_does() {
        let summary = summarise("![A cat on a wall](cat.jpg)\n\n![A dog](STEM/dog.jpg)", Dialect::default());
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
            let mut whole = Reader::read(&text, Dialect::default()).made.unwrap().finish();
            whole.findings = summarise(&text, Dialect::default()).findings;
            prop_assert_eq!(summarise(&text, Dialect::default()), whole);
        }
    }

    #[test]
    fn cuts_between_graphemes_and_words() {
        let long = summarise(&"👩‍💻 word ".repeat(100), Dialect::default()).excerpt;
        assert!(long.ends_with("word…") || long.ends_with("👩‍💻…"), "{long}");
        assert_eq!(cut(&"é".repeat(300), 10), format!("{}…", "é".repeat(10)));
    }
}

//! Where a text's header block begins and ends, by its lines alone.

use crate::channel::protocol::header::key_lines::{bare_sections, flat};
use crate::channel::protocol::header::pair::bare_says_draft;

/// A longer block is none, in lines.
pub(super) const MAX_LINES: usize = 64;
/// A block with a longer line is none, in bytes.
pub(super) const MAX_LINE: usize = 2_000;

/// How a block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `key: value` lines between two lines `---`.
    Yaml,
    /// TOML between two lines `+++`.
    Toml,
    /// `Key: value` lines up to the first empty line.
    Bare,
}

impl Form {
    /// The line before and behind a block.
    pub(super) fn fence(self) -> Option<&'static str> {
        match self {
            Self::Yaml => Some("---"),
            Self::Toml => Some("+++"),
            Self::Bare => None,
        }
    }
}

/// A block that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    /// Its form.
    pub(super) form: Form,
    /// Its lines without the fences.
    pub(super) inner: &'a str,
    /// How many lines it has, the fences counted.
    pub(super) lines: usize,
    /// What is behind it.
    pub(super) body: &'a str,
}

/// What a text begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning<'a> {
    /// No header.
    Plain,
    /// A header block.
    Block(Block<'a>),
    /// What begins as a block and is none within reason: the lines that it may have, and what is wrong.
    TooLong(&'a str),
    /// Lines that begin as a header without fences and do not go on as one.
    NotOne(&'a str),
}

/// Looks at the beginning of a text.
pub(super) fn find(text: &str) -> Beginning<'_> {
    for form in [Form::Yaml, Form::Toml] {
        if let Some((fence, inside)) = form.fence().and_then(|fence| Some((fence, opened(text, fence)?))) {
            return match fenced(inside, fence, MAX_LINES, MAX_LINE) {
                Some((inner, body, lines)) => Beginning::Block(Block { form, inner, lines: lines + 2, body }),
                None => Beginning::TooLong(unclosed(inside, fence)),
            };
        }
    }
    bare(text)
}

/// What follows the line that is a fence.
fn opened<'a>(text: &'a str, fence: &str) -> Option<&'a str> {
    let (line, rest) = text.strip_prefix(fence)?.split_once('\n')?;
    line.trim().is_empty().then_some(rest)
}

/// What stands before the closing fence and behind it, and how many lines are before it.
fn fenced<'a>(text: &'a str, fence: &str, most: usize, longest: usize) -> Option<(&'a str, &'a str, usize)> {
    let mut at = 0;
    for (count, line) in text.split_inclusive('\n').take(most).enumerate() {
        if line.trim_end() == fence {
            return Some((text.get(..at)?, text.get(at + line.len()..)?, count));
        }
        if line.len() > longest {
            return None;
        }
        at += line.len();
    }
    None
}

/// The lines of a block that is not closed within reason: up to its fence, wherever that is, or to the first empty line.
fn unclosed<'a>(text: &'a str, fence: &str) -> &'a str {
    fenced(text, fence, usize::MAX, usize::MAX).map_or_else(|| paragraph(text).0, |(inner, ..)| inner)
}

/// The lines up to the first empty one, and what follows.
fn paragraph(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            break;
        }
        at += line.len();
    }
    text.split_at(at)
}

/// The keys by which a header without fences begins.
const FIRST_KEYS: [&str; 18] = [
    "title", "date", "tags", "category", "author", "authors", "summary", "slug", "status", "draft", "lang", "modified",
    "keywords", "subtitle", "template", "save_as", "updated", "toc",
];

fn bare(text: &str) -> Beginning<'_> {
    let is_first = |line: &str| flat(line).is_some_and(|(key, _)| FIRST_KEYS.contains(&key.as_str()));
    // Nearly every text goes no further.
    if !text.lines().next().is_some_and(is_first) {
        return Beginning::Plain;
    }
    let (inner, body) = paragraph(text);
    let lines = inner.lines().count();
    if lines > MAX_LINES || inner.lines().any(|line| line.len() > MAX_LINE) {
        return Beginning::NotOne(inner);
    }
    if is_bare_header(inner, body) {
        Beginning::Block(Block { form: Form::Bare, inner, lines, body })
    } else {
        Beginning::NotOne(inner)
    }
}

/// Whether lines `Key: value` are a header and not the beginning of a text, such as a review that begins with `Title:` and
/// `Author:`.
///
/// They are one if they say that the message is a draft, or if they have a title, another key with a value that only a
/// program asks for (tags, the name of a file, a date that begins with the year), and a text behind them.
fn is_bare_header(inner: &str, body: &str) -> bool {
    let Some(sections) = bare_sections(inner.lines()) else {
        return false;
    };
    let has = |is: fn(&str, &str) -> bool| sections.iter().any(|section| is(&section.key, section.first));
    let has_title = has(|key, value| key == "title" && !value.is_empty());
    has(bare_says_draft) || has_title && has(is_for_a_program) && !body.trim().is_empty()
}

fn is_for_a_program(key: &str, value: &str) -> bool {
    let is_word = !value.is_empty() && !value.contains(char::is_whitespace);
    match key {
        "tags" | "keywords" | "category" => !value.is_empty(),
        "slug" | "lang" | "draft" | "toc" | "template" | "save_as" | "url" | "in-reply-to" => is_word,
        "status" => is_word && value.eq_ignore_ascii_case("published"),
        "date" | "modified" | "updated" => is_date(value),
        _ => false,
    }
}

/// Whether a value begins with a day as programs write it, `2026-11-28`.
fn is_date(value: &str) -> bool {
    let day = value.as_bytes().get(..10).unwrap_or_default();
    let is_right = |(at, byte): (usize, &u8)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() };
    day.len() == 10 && day.iter().enumerate().all(is_right)
}

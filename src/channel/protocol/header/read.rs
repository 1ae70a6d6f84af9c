//! Parts a text from its header block.

use crate::channel::protocol::header::block::{Beginning, Block, Form, MAX_LINE, MAX_LINES, find};
use crate::channel::protocol::header::fields::{Header, is_of_headers, is_read};
use crate::channel::protocol::header::key_lines::{Section, bare_sections, flat, sections};
use crate::channel::protocol::header::pair::{Pair, Value, bare_says_draft, line_says_draft};
use crate::channel::protocol::header::{toml_lines, yaml};

/// So much of a line is repeated in a message, in characters.
const MAX_SHOWN: usize = 80;

/// A message's text, parted from its header.
#[derive(Debug, PartialEq, Eq)]
pub struct SplitText<'a> {
    /// The header, empty when there is none.
    pub header: Header,
    /// The text behind it.
    pub body: &'a str,
    /// What was wrong with it, in words.
    pub problems: Vec<String>,
}

impl<'a> SplitText<'a> {
    /// A text without a header that counts.
    fn plain(text: &'a str) -> Self {
        Self { header: Header::default(), body: text, problems: Vec::new() }
    }

    /// A text whose block is shown, because of this. If the block says that the message is a draft, it is one.
    fn unread(text: &'a str, lines: &str, why: &str) -> Self {
        let draft = lines.lines().any(line_says_draft);
        let held = if draft { "; it says draft, so the message is held" } else { "" };
        let problems = vec![format!("its header is shown as text, because {why}{held}")];
        Self { header: Header { draft, ..Header::default() }, body: text, problems }
    }
}

/// Parts a text from its header block, if it begins with one.
pub fn part(text: &str) -> SplitText<'_> {
    let block = match find(text) {
        Beginning::Plain => return SplitText::plain(text),
        Beginning::Block(block) => block,
        Beginning::TooLong(lines) => return too_long(text, lines),
        Beginning::NotOne(lines) => return not_one(text, lines),
    };
    match pairs(&block) {
        Ok(pairs) => with_header(block.body, &pairs),
        Err(Some(why)) => SplitText::unread(text, block.inner, &why),
        Err(None) => SplitText::plain(text),
    }
}

fn with_header<'a>(body: &'a str, pairs: &[Pair]) -> SplitText<'a> {
    let mut header = Header::default();
    let mut problems = Vec::new();
    for pair in pairs {
        if let Err(problem) = header.set(pair) {
            problems.push(format!("line {}: {problem}", pair.line));
        }
    }
    SplitText { header, body: body.trim_start_matches('\n'), problems }
}

/// What begins as a block and goes on for too long is one only by its first line, and never a header.
fn too_long<'a>(text: &'a str, lines: &str) -> SplitText<'a> {
    let first = lines.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    let key = flat(first).map(|(key, _)| key).or_else(|| toml_lines::key_of(first));
    if !key.is_some_and(|key| is_of_headers(&key) || lines.lines().any(line_says_draft)) {
        return SplitText::plain(text);
    }
    let why = format!("no line like its first one closes it within {MAX_LINES} lines of at most {MAX_LINE} bytes");
    SplitText::unread(text, lines, &why)
}

/// Lines that begin like a header without fences are text; nothing is said of them unless they say draft.
fn not_one<'a>(text: &'a str, lines: &str) -> SplitText<'a> {
    let says_draft = |line: &str| flat(line).is_some_and(|(key, value)| bare_says_draft(&key, value.trim()));
    if lines.lines().any(says_draft) {
        return SplitText::unread(text, lines, "not every line up to the first empty one is `Key: value`");
    }
    SplitText::plain(text)
}

/// The keys of a block; what makes it a text is the error, `None` where it was hardly meant as a header.
fn pairs(block: &Block<'_>) -> Result<Vec<Pair>, Option<String>> {
    let inner = block.inner;
    match block.form {
        Form::Yaml => {
            let sections = sections(inner.lines()).map_err(|at| Some(not_a_key(inner, at)))?;
            if let Some(section) = sections.iter().find(|section| !section.is_flat)
                && !sections.iter().any(|section| is_of_headers(&section.key))
            {
                // The key's own line may be of the flat form, and what follows it is not.
                return Err(Some(not_a_key(inner, section.lines.start + usize::from(!section.more.is_empty()))));
            }
            Ok(sections.iter().filter(|section| is_worth_reading(section)).map(yaml_pair).collect())
        }
        Form::Toml => match toml_lines::pairs(inner, 2) {
            Ok(pairs) if pairs.is_empty() => Err(None),
            Ok(pairs) => Ok(pairs),
            Err(at) if inner.lines().any(|line| toml_lines::key_of(line).is_some()) => {
                Err(Some(format!("line {} is not TOML", at + 2)))
            }
            Err(_) => Err(None),
        },
        Form::Bare => Ok(bare_sections(inner.lines()).unwrap_or_default().iter().map(bare_pair).collect()),
    }
}

fn not_a_key(inner: &str, at: usize) -> String {
    let line: String = inner.lines().nth(at).unwrap_or_default().chars().take(MAX_SHOWN).collect();
    format!("line {} is not `key: value`: {line}", at + 2)
}

/// A value of several lines whose key nobody knows is not looked into.
fn is_worth_reading(section: &Section<'_>) -> bool {
    section.more.is_empty() || is_read(&section.key)
}

fn yaml_pair(section: &Section<'_>) -> Pair {
    let (key, line) = (section.key.clone(), section.lines.start + 2);
    if section.more.is_empty() {
        return Pair { key, value: yaml::one_line(section.first), raw: Some(section.first.to_owned()), line };
    }
    Pair { key, value: yaml::value(section.first, &section.more), raw: None, line }
}

/// Without fences a value has no quotes, and goes on in the lines below it.
fn bare_pair(section: &Section<'_>) -> Pair {
    let more = section.more.iter().map(|line| line.trim());
    let text = std::iter::once(section.first).chain(more).collect::<Vec<_>>().join(" ").trim().to_owned();
    let value = match () {
        () if text.is_empty() => Value::Empty,
        () if section.key == "tags" && text.contains(';') => Value::List(text.split(';').map(str::to_owned).collect()),
        () => Value::Text(text),
    };
    Pair { key: section.key.clone(), value, raw: None, line: section.lines.start + 1 }
}

//! Adds to a header block, in the form that it has.

use chrono::{DateTime, SecondsFormat};

use crate::channel::protocol::header::block::{Beginning, Form, find};
use crate::channel::protocol::header::fields::Header;
use crate::channel::protocol::header::key_lines::{bare_sections, sections};
use crate::channel::protocol::header::read::part;
use crate::channel::protocol::header::toml_lines;
use crate::channel::protocol::message_file;

/// A text whose header says this too; a header block is made if there is none. Every other line is kept byte for byte.
///
/// Tags come to those that are there, any other value takes the place of an older one. `None` when it could not be read
/// back as it was meant: a value of several lines or of many, or a block that would be too long to be one.
pub fn with(text: &[u8], more: &Header) -> Option<Vec<u8>> {
    let before = message_file::decode(text.to_vec()).text;
    let parted = part(&before);
    let has_block = parted.body.len() < before.len();
    let header = parted.header.with(more);
    if more.lines(Form::Yaml, &header.tags).is_empty() {
        return Some(text.to_vec());
    }
    let raw = Split::new(text, has_block);
    // Old encodings and old line ends hide the lines of the block.
    let split = raw.or_else(|| Split::new(before.as_bytes(), has_block))?;
    // A block that is text and says draft holds the message no longer when another one stands before it.
    let more = Header { draft: more.draft || header.draft && !has_block, ..more.clone() };
    let after = [split.mark, &split.with_lines(&more.lines(split.form, &header.tags)), split.body].concat();
    let again = message_file::decode(after.clone()).text;
    let read = part(&again);
    (read.header == header && read.body == parted.body.trim_start_matches('\n')).then_some(after)
}

/// A text behind the header block of another one, if it has none of its own.
pub fn kept(before: &[u8], after: &[u8]) -> Vec<u8> {
    let decoded = [before, after].map(|text| message_file::decode(text.to_vec()).text);
    let [has_old, has_new] = decoded.each_ref().map(|text| part(text).body.len() < text.len());
    match Split::new(before, has_old) {
        Some(split) if has_old && !has_new => [&split.block.concat(), b"\n".as_slice(), after].concat(),
        _ => after.to_vec(),
    }
}

/// Whether a text says nothing behind its header.
pub fn is_blank(text: &[u8]) -> bool {
    part(&message_file::decode(text.to_vec()).text).body.trim().is_empty()
}

/// A text in its parts, as bytes.
struct Split<'a> {
    /// The byte-order mark.
    mark: &'a [u8],
    form: Form,
    /// The lines of the block with its fences; none where there is no block.
    block: Vec<&'a [u8]>,
    /// What is behind.
    body: &'a [u8],
}

impl<'a> Split<'a> {
    /// Splits a text; `None` when there should be a block and is none.
    fn new(text: &'a [u8], has_block: bool) -> Option<Self> {
        const MARK: usize = 3;
        if matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            return None;
        }
        let (mark, text) = text.split_at(if text.starts_with(b"\xef\xbb\xbf") { MARK } else { 0 });
        if !has_block {
            return Some(Self { mark, form: Form::Yaml, block: Vec::new(), body: text });
        }
        let lossy = String::from_utf8_lossy(text);
        let Beginning::Block(found) = find(&lossy) else {
            return None;
        };
        let block: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').take(found.lines).collect();
        let (_, body) = text.split_at(block.iter().map(|line| line.len()).sum());
        Some(Self { mark, form: found.form, block, body })
    }

    /// The block with these lines in it.
    fn with_lines(&self, lines: &[(&str, String)]) -> Vec<u8> {
        let end = if self.block.first().is_some_and(|line| line.ends_with(b"\r\n")) { "\r\n" } else { "\n" };
        let (opening, mut inner, closing): (_, Vec<Vec<u8>>, _) = match (self.form.fence(), self.block.as_slice()) {
            (Some(_), [opening, inner @ .., closing]) => {
                (opening.to_vec(), inner.iter().map(|line| line.to_vec()).collect(), closing.to_vec())
            }
            (Some(fence), _) => {
                let fence = format!("{fence}{end}").into_bytes();
                (fence.clone(), Vec::new(), [fence, end.into()].concat())
            }
            (None, inner) => (Vec::new(), inner.iter().map(|line| line.to_vec()).collect(), Vec::new()),
        };
        for (key, value) in lines {
            let line = match self.form {
                Form::Toml => format!("{key} = {value}{end}"),
                Form::Yaml | Form::Bare => format!("{key}: {value}{end}"),
            };
            place(&mut inner, self.form, key, line.into_bytes(), end);
        }
        [opening, inner.concat(), closing].concat()
    }
}

/// Puts a line in the place of the last one with its key and of what continues that, or behind all others.
fn place(inner: &mut Vec<Vec<u8>>, form: Form, key: &str, line: Vec<u8>, end: &str) {
    let texts: Vec<String> = inner.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let lines = texts.iter().map(|line| line.trim_end_matches(['\r', '\n']));
    let found = match form {
        Form::Yaml => sections(lines)
            .unwrap_or_default()
            .into_iter()
            .rfind(|section| section.key == key)
            .map(|section| section.lines),
        Form::Bare => bare_sections(lines)
            .unwrap_or_default()
            .into_iter()
            .rfind(|section| section.key == key)
            .map(|section| section.lines),
        // Whether the line is of the right table shows when it is read back.
        Form::Toml => {
            lines.clone().position(|line| toml_lines::key_of(line).is_some_and(|name| name == key)).map(|at| at..at + 1)
        }
    };
    let found = found.unwrap_or_else(|| {
        let is_table = |line: &String| form == Form::Toml && line.trim_start().starts_with('[');
        let last = texts.iter().position(is_table).unwrap_or(texts.len());
        last..last
    });
    if let Some(before) = found.start.checked_sub(1).and_then(|at| inner.get_mut(at))
        && !before.ends_with(b"\n")
    {
        before.extend(end.bytes());
    }
    inner.splice(found, [line]);
}

impl Header {
    /// The lines that say this in a block of this form, with all tags that there are to be.
    fn lines(&self, form: Form, tags: &[String]) -> Vec<(&'static str, String)> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        let updated = self.updated.and_then(time).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let text = |value: &str| text(form, value);
        let lines = [
            ("title", self.title.as_deref().map(text)),
            ("tags", (!self.tags.is_empty()).then(|| list(form, tags))),
            ("updated", updated),
            ("summary", self.summary.as_deref().map(text)),
            ("lang", self.lang.as_deref().map(text)),
            ("in-reply-to", self.in_reply_to.map(|reply| text(&reply.to_string()))),
            ("draft", self.draft.then(|| "true".to_owned())),
            ("toc", self.toc.then(|| "true".to_owned())),
        ];
        lines.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

/// A value as it is written: as it stands, or in quotes where it would be read otherwise.
fn text(form: Form, value: &str) -> String {
    match form {
        Form::Bare => value.to_owned(),
        Form::Yaml if is_plain(value) => value.to_owned(),
        Form::Yaml | Form::Toml => in_quotes(value),
    }
}

/// Whether a value of one line is read as it stands.
fn is_plain(value: &str) -> bool {
    value.trim() == value && !value.is_empty() && !value.starts_with(['"', '\'', '#']) && !value.contains(" #")
}

/// A text in double quotes, as YAML and TOML have it.
fn in_quotes(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list(form: Form, tags: &[String]) -> String {
    let is_read_otherwise = |tag: &String| tag.starts_with(['[', '"', '\'', '#']) || tag.contains(" #");
    match form {
        Form::Toml => in_brackets(tags.iter().map(|tag| in_quotes(tag))),
        Form::Yaml if tags.iter().any(is_read_otherwise) => {
            in_brackets(tags.iter().map(|tag| if is_word(tag) { tag.clone() } else { in_quotes(tag) }))
        }
        Form::Yaml | Form::Bare => tags.join(", "),
    }
}

fn in_brackets(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// Whether a tag means itself in brackets.
fn is_word(tag: &str) -> bool {
    is_plain(tag) && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '+'))
}

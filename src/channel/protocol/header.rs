//! Reads and writes the optional header block of a message: `---`, `key: value` lines, `---`, at the very beginning.
//!
//! It is a flat list; what has another form is text. Unknown keys stay in the file and are ignored here.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

use crate::channel::protocol::message_file;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::markdown::normal_tag;

const MAX_LINES: usize = 64;
const MAX_LINE: usize = 2_000;

/// What a message's header says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Header {
    /// `title`
    pub title: Option<String>,
    /// `tags`, separated by commas
    pub tags: Vec<String>,
    /// `updated`, an RFC 3339 time, in seconds since 1970
    pub updated: Option<i64>,
    /// `summary`
    pub summary: Option<String>,
    /// `lang`, a BCP 47 tag
    pub lang: Option<String>,
    /// `in-reply-to`: an entry's id, a message's id or `box/id`
    pub in_reply_to: Option<ReplyTo>,
    /// `draft: true` keeps the message off every site
    pub draft: bool,
}

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

/// Parts a text from its header block, if it begins with one.
pub fn part(text: &str) -> SplitText<'_> {
    let whole = |problems| SplitText { header: Header::default(), body: text, problems };
    let Some((lines, body)) = block(text) else {
        return whole(Vec::new());
    };
    let mut header = Header::default();
    let mut problems = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((key, value)) = key_value(line) else {
            return whole(vec![format!("its header is shown as text, because this line is not `key: value`: {line}")]);
        };
        if let Err(problem) = header.set(&key, value) {
            problems.push(problem);
        }
    }
    SplitText { header, body: body.trim_start_matches('\n'), problems }
}

/// What follows the rest of a line that holds only white space.
fn after_line_end(text: &str) -> Option<&str> {
    let (line, rest) = text.split_once('\n')?;
    line.trim().is_empty().then_some(rest)
}

/// The lines between the opening and the closing `---`, and what is behind; `None` when there are none within reason.
fn block(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("---").and_then(after_line_end)?;
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MAX_LINES) {
        if line.trim_end() == "---" {
            return Some((text.get(..at)?, text.get(at + line.len()..)?));
        }
        if line.len() > MAX_LINE {
            return None;
        }
        at += line.len();
    }
    None
}

fn key_value(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once(':')?;
    let valid = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    valid.then(|| (key.to_ascii_lowercase(), unquoted(value.trim())))
}

/// People who come from YAML put quotes round values.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

impl Header {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Ok(());
        }
        match key {
            "title" => self.title = Some(value.to_owned()),
            "summary" => self.summary = Some(value.to_owned()),
            "tags" => self.tags = tags(value),
            "lang" => self.lang = Some(language(value)?),
            "updated" => self.updated = Some(time(value)?),
            "in-reply-to" => self.in_reply_to = Some(reply(value)?),
            // Whatever is meant by another word, keeping a text back is the mistake that can be mended.
            "draft" => self.draft = !matches!(value.to_ascii_lowercase().as_str(), "false" | "no"),
            _ => {}
        }
        Ok(())
    }
}

/// A text whose header says this too; a header block is made if there is none. Every other line is kept byte for byte.
///
/// Tags come to those that are there, any other value takes the place of an older one. `None` when it could not be read
/// back as it was meant: a value of several lines or of many, or a block that would be too long to be one.
pub fn with(text: &[u8], more: &Header) -> Option<Vec<u8>> {
    let before = message_file::decode(text.to_vec()).text;
    let parted = part(&before);
    let has_block = parted.body.len() < before.len();
    let header = parted.header.with(more);
    let lines = more.lines(&header.tags);
    if lines.is_empty() {
        return Some(text.to_vec());
    }
    let raw = split(text, has_block);
    // Old encodings and old line ends hide the lines of the block.
    let (mark, block, body) = raw.or_else(|| split(before.as_bytes(), has_block))?;
    let after = [mark, &written(&block, &lines), body].concat();
    let again = message_file::decode(after.clone()).text;
    let read = part(&again);
    (read.header == header && read.body == parted.body.trim_start_matches('\n')).then_some(after)
}

/// A text behind the header block of another one, if it has none of its own.
pub fn kept(before: &[u8], after: &[u8]) -> Vec<u8> {
    let decoded = [before, after].map(|text| message_file::decode(text.to_vec()).text);
    let [has_old, has_new] = decoded.each_ref().map(|text| part(text).body.len() < text.len());
    match split(before, has_old) {
        Some((_, block, _)) if has_old && !has_new => [&block.concat(), b"\n".as_slice(), after].concat(),
        _ => after.to_vec(),
    }
}

/// Whether a text says nothing behind its header.
pub fn is_blank(text: &[u8]) -> bool {
    part(&message_file::decode(text.to_vec()).text).body.trim().is_empty()
}

/// A text's byte-order mark, the lines of its block with both fences, and what is behind.
type Split<'a> = (&'a [u8], Vec<&'a [u8]>, &'a [u8]);

/// Splits a text; `None` when there should be a block and is none.
fn split(text: &[u8], has_block: bool) -> Option<Split<'_>> {
    const MARK: usize = 3;
    if matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return None;
    }
    let (mark, text) = text.split_at(if text.starts_with(b"\xef\xbb\xbf") { MARK } else { 0 });
    if !has_block {
        return Some((mark, Vec::new(), text));
    }
    let lossy = String::from_utf8_lossy(text);
    let count = block(&lossy)?.0.matches('\n').count() + 2;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').take(count).collect();
    let (_, body) = text.split_at(lines.iter().map(|line| line.len()).sum());
    Some((mark, lines, body))
}

/// The block with these lines in it.
fn written(block: &[&[u8]], lines: &[(&str, String)]) -> Vec<u8> {
    let end = if block.first().is_some_and(|line| line.ends_with(b"\r\n")) { "\r\n" } else { "\n" };
    let fence = format!("---{end}").into_bytes();
    let mut kept: Vec<Vec<u8>> = match block {
        [opening, inner @ .., _] => [opening].into_iter().chain(inner).map(|line| line.to_vec()).collect(),
        _ => vec![fence.clone()],
    };
    for (key, value) in lines {
        let is_it = |line: &Vec<u8>| key_value(&String::from_utf8_lossy(line)).is_some_and(|(name, _)| name == *key);
        let line = format!("{key}: {value}{end}").into_bytes();
        match kept.iter_mut().skip(1).rfind(|line| is_it(line)) {
            Some(old) => *old = line,
            None => kept.push(line),
        }
    }
    match block.last() {
        Some(closing) => kept.push(closing.to_vec()),
        None => kept.extend([fence, end.into()]),
    }
    kept.concat()
}

impl Header {
    /// This header with what another one says.
    fn with(&self, more: &Self) -> Self {
        let mut tags = self.tags.clone();
        for tag in &more.tags {
            if !tags.iter().any(|known| normal_tag(known) == normal_tag(tag)) {
                tags.push(tag.clone());
            }
        }
        Self {
            title: more.title.clone().or_else(|| self.title.clone()),
            tags,
            updated: more.updated.or(self.updated),
            summary: more.summary.clone().or_else(|| self.summary.clone()),
            lang: more.lang.clone().or_else(|| self.lang.clone()),
            in_reply_to: more.in_reply_to.or(self.in_reply_to),
            draft: more.draft || self.draft,
        }
    }

    /// The lines that say this, with all tags that there are to be.
    fn lines(&self, tags: &[String]) -> Vec<(&'static str, String)> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        let updated = self.updated.and_then(time).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let lines = [
            ("title", self.title.as_deref().map(quoted)),
            ("tags", (!self.tags.is_empty()).then(|| list(tags))),
            ("updated", updated),
            ("summary", self.summary.as_deref().map(quoted)),
            ("lang", self.lang.clone()),
            ("in-reply-to", self.in_reply_to.map(|reply| reply.to_string())),
            ("draft", self.draft.then(|| "true".to_owned())),
        ];
        lines.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

/// A value that is read as it is: in quotes, where quotes or white space round it would be taken off.
fn quoted(value: &str) -> String {
    if unquoted(value.trim()) == value { value.to_owned() } else { format!("\"{value}\"") }
}

fn list(tags: &[String]) -> String {
    let list = tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>().join(", ");
    if list.starts_with(['[', '"', '\'']) { format!("[{list}]") } else { list }
}

fn tags(value: &str) -> Vec<String> {
    let list = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    list.split(',').map(|tag| unquoted(tag.trim()).to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// Whether a text has the form of a language tag (RFC 5646, section 2.1).
pub(crate) fn is_language(value: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    value.len() <= 35 && value.split('-').all(part)
}

fn language(value: &str) -> Result<String, String> {
    if is_language(value) {
        Ok(value.to_owned())
    } else {
        Err(format!("`lang: {value}` is not a language tag such as `en` or `pt-BR`"))
    }
}

fn time(value: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(value)
        .map(|time| time.timestamp())
        .map_err(|_| format!("`updated: {value}` is not a time such as `2026-11-22T13:35:04Z`"))
}

fn reply(value: &str) -> Result<ReplyTo, String> {
    ReplyTo::parse(value).ok_or_else(|| {
        format!("`in-reply-to: {value}` is not an id of a message or a feed entry, such as `2013-08-11T14-34-37Z`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_known_key() {
        let text = "---\ntitle: \"A: b\"\ntags: one, Two\nupdated: 2026-01-02T03:04:05+01:00\nsummary: s\nlang: pt-BR\n\
                    in-reply-to: inbox/2013-08-11T14-34-37Z\ndraft: true\nmood: fine\n---\n\nThe body.\n";
        let parted = part(text);
        assert_eq!(parted.body, "The body.\n");
        assert!(parted.problems.is_empty());
        let header = parted.header;
        assert_eq!(header.title.as_deref(), Some("A: b"));
        assert_eq!(header.tags, ["one", "Two"]);
        assert_eq!(header.updated, Some(1_767_319_445));
        assert_eq!(header.lang.as_deref(), Some("pt-BR"));
        assert_eq!(header.in_reply_to, ReplyTo::parse("inbox/2013-08-11T14-34-37Z"));
        assert!(header.draft);
    }

    #[test]
    fn a_block_that_is_there_is_added_to_and_kept_otherwise() {
        let more = Header { title: Some("New".into()), tags: vec!["One".into(), "Two".into()], ..Header::default() };
        for (before, after) in [
            ("Hello", "---\ntitle: New\ntags: One, Two\n---\n\nHello"),
            ("", "---\ntitle: New\ntags: One, Two\n---\n\n"),
            (
                "\u{feff}---\r\nMood:  fine \r\nTitle: old\r\n---\r\nHi\r\n",
                "\u{feff}---\r\nMood:  fine \r\ntitle: New\r\ntags: One, Two\r\n---\r\nHi\r\n",
            ),
            ("---\ntags: [\"one\", x]\n# note\n---", "---\ntags: one, x, Two\n# note\ntitle: New\n---"),
            ("---\nno header\n---\n", "---\ntitle: New\ntags: One, Two\n---\n\n---\nno header\n---\n"),
            ("---\rmood: fine\r---\rHi", "---\nmood: fine\ntitle: New\ntags: One, Two\n---\nHi"),
        ] {
            let with = with(before.as_bytes(), &more).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(with.as_deref(), Some(after), "{before:?}");
        }
        assert_eq!(with(b"\xff\n", &Header::default()).unwrap(), b"\xff\n");
        assert!(with(b"a\xff", &more).unwrap().ends_with(b"---\n\na\xff"));
    }

    #[test]
    fn a_text_without_a_header_keeps_the_old_one() {
        let before = b"---\ntitle: a\n---\nold".as_slice();
        assert_eq!(kept(before, b"new"), b"---\ntitle: a\n---\n\nnew");
        assert_eq!(kept(before, b"---\ntitle: b\n---\nnew"), b"---\ntitle: b\n---\nnew");
        assert_eq!(kept(b"old", b"new"), b"new");
        assert!(is_blank(b"---\ntitle: a\n---\n \n") && !is_blank(before));
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let title = |title: String| with(b"x", &Header { title: Some(title), ..Header::default() });
        assert_eq!(title("a\nb".into()), None);
        assert_eq!(title("a\u{2028}b".into()), None);
        assert_eq!(title("x".repeat(3_000)), None);
        assert_eq!(title(String::new()), None);
        assert_eq!(with(b"x", &Header { tags: vec!["a,b".into()], ..Header::default() }), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(
            title in proptest::option::of("[^\\p{Cc}\u{2028}\u{2029}\u{fffe}\u{ffff}]{1,80}"),
            summary in proptest::option::of("[ \"'a-z:#\\[\\]-]{1,40}"),
            tags in proptest::collection::hash_set("[a-zé\"'\\[\\]:#-]{1,8}", 0..5),
            updated in proptest::option::of(0..253_402_300_799_i64),
            draft: bool,
            body in "(---\r?\n)?[a-z: \r\n-]{0,40}",
        ) {
            let mut seen = std::collections::HashSet::new();
            let tags: Vec<_> = tags.into_iter().filter(|tag| seen.insert(normal_tag(tag))).collect();
            let header = Header { title, tags, updated, summary, draft, ..Header::default() };
            let before = message_file::decode(body.clone().into_bytes()).text;
            let expected = part(&before).header.with(&header);
            let after = with(body.as_bytes(), &header).unwrap();
            let after = message_file::decode(after).text;
            prop_assert_eq!(&part(&after).header, &expected);
            // A text to which nothing is added stays as it is, empty lines at its beginning included.
            let body = part(&before).body;
            let body = if header == Header::default() { body } else { body.trim_start_matches('\n') };
            prop_assert_eq!(part(&after).body, body);
            prop_assert_eq!(with(after.as_bytes(), &header).unwrap(), after.as_bytes(), "twice is once");
        }

        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..60), fence: bool) {
            let text = if fence { [b"---\n".as_slice(), &text, b"\n---\n"].concat() } else { text };
            let draft = Header { draft: true, ..Header::default() };
            prop_assert!(with(&text, &draft).is_some());
        }
    }

    #[test]
    fn a_block_of_another_form_is_text() {
        for text in [
            "---\nnot a header\n---\nx",
            "---\na: b\n",
            "--- x\na: b\n---\n",
            "\n---\na: b\n---\n",
            "---\n- a: b\n---\n",
        ] {
            let parted = part(text);
            assert_eq!((parted.body, parted.header == Header::default()), (text, true), "{text:?}");
        }
        assert_eq!(part("---\nnot a header\n---\nx").problems.len(), 1);
    }

    #[test]
    fn wrong_values_are_reported_and_harm_nothing() {
        let parted = part("---\nupdated: yesterday\nlang: <script>\ndraft: maybe\n---\nx");
        assert_eq!(parted.problems.len(), 2);
        assert!(parted.header.draft && parted.header.updated.is_none() && parted.header.lang.is_none());
    }

    #[test]
    fn an_alias_bomb_is_just_lines() {
        let bomb = format!("---\na: &a [lol]\n{}---\nx", "b: [*a,*a,*a]\n".repeat(60));
        assert_eq!(part(&bomb).body, "x");
        let long = format!("---\n{}---\nx", "k: v\n".repeat(100));
        assert_eq!(part(&long).body, long);
    }
}

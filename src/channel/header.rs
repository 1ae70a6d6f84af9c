//! The optional header block of a message.
//!
//! Owns its form: `---`, `key: value` lines, `---`, at the very beginning. A flat list and nothing more: what has another
//! form is text. Unknown keys are kept in the file and ignored here.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::entry::Side;
use super::stamp::Stamp;

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
    /// `in-reply-to`, a message id or `box/id`
    pub in_reply_to: Option<(Option<Side>, Stamp)>,
    /// `draft: true` keeps the message off every site
    pub draft: bool,
}

/// A message's text, parted from its header.
#[derive(Debug, PartialEq, Eq)]
pub struct Parted<'a> {
    /// The header, empty when there is none.
    pub header: Header,
    /// The text behind it.
    pub body: &'a str,
    /// What was wrong with it, in words.
    pub problems: Vec<String>,
}

/// Parts a text from its header block, if it begins with one.
pub fn part(text: &str) -> Parted<'_> {
    let whole = |problems| Parted { header: Header::default(), body: text, problems };
    let Some(rest) = text.strip_prefix("---").and_then(after_line_end) else {
        return whole(Vec::new());
    };
    let Some((lines, body)) = block(rest) else {
        return whole(Vec::new());
    };
    let mut header = Header::default();
    let mut problems = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((key, value)) = key_value(line) else {
            return whole(vec![format!(
                "its header block is read as text, because this line is no `key: value`: {line}"
            )]);
        };
        if let Err(problem) = header.set(&key, value) {
            problems.push(problem);
        }
    }
    Parted { header, body: body.trim_start_matches('\n'), problems }
}

/// What follows the rest of a line that holds only white space.
fn after_line_end(text: &str) -> Option<&str> {
    let (line, rest) = text.split_once('\n')?;
    line.trim().is_empty().then_some(rest)
}

/// Splits at the closing `---`; `None` when there is none within reason.
fn block(text: &str) -> Option<(&str, &str)> {
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

fn tags(value: &str) -> Vec<String> {
    let list = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    list.split(',').map(|tag| unquoted(tag.trim()).to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// Whether a text has the form of a language tag (RFC 5646, section 2.1).
pub(super) fn is_language(value: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    value.len() <= 35 && value.split('-').all(part)
}

fn language(value: &str) -> Result<String, String> {
    if is_language(value) {
        Ok(value.to_owned())
    } else {
        Err(format!("`lang: {value}` is no language tag such as `en` or `pt-BR`"))
    }
}

fn time(value: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(value)
        .map(|time| time.timestamp())
        .map_err(|_| format!("`updated: {value}` is no time such as `2026-11-22T13:35:04Z`"))
}

fn reply(value: &str) -> Result<(Option<Side>, Stamp), String> {
    let (side, id) = match value.split_once('/') {
        Some(("inbox", id)) => (Some(Side::Inbox), id),
        Some(("outbox", id)) => (Some(Side::Outbox), id),
        _ => (None, value),
    };
    Stamp::parse(id.as_bytes())
        .map(|stamp| (side, stamp))
        .map_err(|_| format!("`in-reply-to: {value}` is no message id such as `2013-08-11T14-34-37Z`"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            header.in_reply_to.map(|(side, stamp)| (side, stamp.to_string())),
            Some((Some(Side::Inbox), "2013-08-11T14-34-37Z".into()))
        );
        assert!(header.draft);
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

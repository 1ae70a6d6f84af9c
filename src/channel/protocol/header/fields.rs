//! What a header says, and how it is taken from the keys of a block.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::channel::protocol::header::language::Language;
use crate::channel::protocol::header::pair::{Pair, Value, is_no, is_yes, says_draft, unquoted};
use crate::channel::protocol::reply_to::ReplyTo;
use crate::markdown::normal_tag;

/// What a message's header says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Header {
    /// `title`
    pub title: Option<String>,
    /// `tags`, separated by commas or in a list
    pub tags: Vec<String>,
    /// `updated`, an RFC 3339 time, in seconds since 1970
    pub updated: Option<i64>,
    /// `summary`
    pub summary: Option<String>,
    /// `lang`, a BCP 47 tag
    pub lang: Option<String>,
    /// `in-reply-to`: an entry's id, a message's id or `box/id`
    pub in_reply_to: Option<ReplyTo>,
    /// `draft: true`, or what other programs say for it, keeps the message off every site
    pub draft: bool,
    /// `toc: true` asks for a table of contents
    pub toc: bool,
}

/// The keys that are read.
pub(super) const KEYS: [&str; 8] = ["title", "tags", "updated", "summary", "lang", "in-reply-to", "draft", "toc"];

/// Keys of other programs by which a block is known for a header.
const OTHERS_KEYS: [&str; 9] =
    ["status", "published", "publish", "slug", "layout", "permalink", "aliases", "categories", "lastmod"];

/// Whether a key tells that a block is a header, whatever form its other lines have.
pub(super) fn is_of_headers(key: &str) -> bool {
    KEYS.contains(&key) || OTHERS_KEYS.contains(&key)
}

/// Whether the value of a key is looked at.
pub(super) fn is_read(key: &str) -> bool {
    KEYS.contains(&key) || matches!(key, "status" | "published" | "publish")
}

impl Header {
    /// Takes what a key says; the error says what is wrong with it.
    pub(super) fn set(&mut self, pair: &Pair) -> Result<(), String> {
        let one = || one_text(pair);
        match pair.key.as_str() {
            "title" => self.title = one()?.or(self.title.take()),
            "summary" => self.summary = one()?.or(self.summary.take()),
            "tags" => self.tags = list(pair)?.unwrap_or(std::mem::take(&mut self.tags)),
            "updated" => self.updated = one()?.map(|value| time(&value)).transpose()?.or(self.updated),
            "in-reply-to" => self.in_reply_to = one()?.map(|value| reply(&value)).transpose()?.or(self.in_reply_to),
            "toc" => self.toc = one()?.is_some_and(|value| !is_no(&value)),
            "lang" => return self.set_language(one()?),
            "draft" | "status" | "published" | "publish" => self.draft |= pair_says_draft(pair),
            key => return self.set_unknown(key, pair),
        }
        Ok(())
    }

    fn set_language(&mut self, value: Option<String>) -> Result<(), String> {
        let Some(value) = value else {
            return Ok(());
        };
        let language = Language::parse(&value)
            .ok_or_else(|| format!("`lang: {value}` is not a language tag such as `en` or `pt-BR`"))?;
        let tag = language.tag;
        let mended = language.is_mended.then(|| format!("`lang: {value}` is read as the language tag `{tag}`"));
        self.lang = Some(tag);
        mended.map_or(Ok(()), Err)
    }

    /// An unknown key is ignored; one that is nearly a known one is told, and holds the message if it nearly says draft.
    fn set_unknown(&mut self, key: &str, pair: &Pair) -> Result<(), String> {
        let Some(near) = near_key(key) else {
            return Ok(());
        };
        if near == "draft"
            && let Value::Text(value) = &pair.value
        {
            self.draft |= is_yes(value);
        }
        Err(format!("`{key}` is not a header's key; did you mean `{near}`?"))
    }

    /// This header with what another one says.
    pub(super) fn with(&self, more: &Self) -> Self {
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
            toc: more.toc || self.toc,
        }
    }
}

/// The known key that one letter too many, too few or in another place makes of an unknown one.
fn near_key(key: &str) -> Option<&'static str> {
    match key {
        "tag" => return Some("tags"),
        "language" => return Some("lang"),
        "reply-to" => return Some("in-reply-to"),
        _ => {}
    }
    KEYS.into_iter().find(|known| is_near(known, key))
}

/// Of the short ones every second word would be a neighbour.
fn is_near(known: &str, key: &str) -> bool {
    known.len() >= 5 && known.as_bytes().first() == key.as_bytes().first() && strsim::osa_distance(known, key) == 1
}

/// The one text that a key says; `None` where it says nothing.
fn one_text(pair: &Pair) -> Result<Option<String>, String> {
    let key = &pair.key;
    match (&pair.value, &pair.raw) {
        (Value::Empty, _) => Ok(None),
        (Value::Text(text), _) => Ok(Some(on_one_line(text)).filter(|text| !text.is_empty())),
        (Value::List(_), Some(raw)) => Ok(Some(raw.clone())),
        (Value::List(_) | Value::Other, _) => Err(format!("`{key}` takes one text, not a list or a table")),
        (Value::Unreadable, _) => Err(unreadable(key)),
    }
}

fn on_one_line(text: &str) -> String {
    if !text.contains('\n') {
        return text.to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts that a key says; `None` where it says nothing.
fn list(pair: &Pair) -> Result<Option<Vec<String>>, String> {
    match &pair.value {
        Value::Empty => Ok(None),
        Value::Text(text) => Ok(Some(tags(text))),
        Value::List(items) => {
            let items = items.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
            Ok(Some(items.collect()))
        }
        Value::Other => Err(format!("`{}` takes words separated by commas, or a list of them", pair.key)),
        Value::Unreadable => Err(unreadable(&pair.key)),
    }
}

fn unreadable(key: &str) -> String {
    format!("the value of `{key}` cannot be read; in quotes it is taken as it stands")
}

/// A draft that cannot be read is one.
fn pair_says_draft(pair: &Pair) -> bool {
    match &pair.value {
        Value::Empty => false,
        Value::Text(value) => says_draft(&pair.key, value),
        Value::List(_) | Value::Other | Value::Unreadable => pair.key == "draft",
    }
}

fn tags(value: &str) -> Vec<String> {
    let list = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    list.split(',').map(|tag| unquoted(tag.trim()).to_owned()).filter(|tag| !tag.is_empty()).collect()
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

//! The search language: `words "exact phrase" -not tag:NAME from:NAME in:CHANNEL has:attachment after:DATE before:DATE`.
//!
//! Says whether a message matches. Its facts come in, and its text only when it is needed. Case and accents do not count
//! (`text/normalize.rs`), dates are read by `date_phrase.rs`.

use memchr::memmem::Finder;

use crate::channel::reading::date_phrase;
use crate::channel::reading::date_phrase::clipped;
use crate::channel::snapshot::card::Card;
use crate::text::normalize::{Folded, fold};

mod excerpt;

pub use excerpt::Excerpt;

/// The words that may stand before a colon.
const KEYS: [&str; 6] = ["tag", "from", "in", "has", "after", "before"];

/// The longest query that is read, in bytes, and the most words in it: each is looked for in every text.
const MAX_LENGTH: usize = 2_000;
const MAX_WORDS: usize = 100;
/// How much of what was typed an error repeats, in bytes.
const REPEATED: usize = 64;

/// How many bytes behind a match are looked at for each column of its line.
const BEHIND: usize = 16;

/// What can be wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is longer than any query has to be.
    #[error("a query may have at most {MAX_LENGTH} bytes and {MAX_WORDS} words; shorten it")]
    TooLong,
    /// A quotation mark has no second one.
    #[error("a quotation mark is not closed in `{text}`")]
    Quote {
        /// The query.
        text: String,
    },
    /// Nothing of that name can be asked for.
    #[error("unknown `{key}:`; {}; to search for it as text, put it in quotation marks", suggestion(*.nearest))]
    Key {
        /// What stands before the colon.
        key: String,
        /// The nearest that is known.
        nearest: Option<&'static str>,
    },
    /// Nothing stands behind the colon.
    #[error("`{key}:` needs a value")]
    Empty {
        /// What stands before the colon.
        key: &'static str,
    },
    /// A message cannot have that.
    #[error("unknown `has:{value}`; the only one is `has:attachment`")]
    Has {
        /// What stands behind the colon.
        value: String,
    },
    /// The date cannot be read.
    #[error(transparent)]
    When(#[from] date_phrase::Error),
}

fn suggestion(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("the nearest is `{key}:`"),
        None => format!("known are {}", KEYS.map(|key| format!("`{key}:`")).join(", ")),
    }
}

/// What is known of a message before its text is read.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts<'a> {
    /// Its card.
    pub card: &'a Card,
    /// Who wrote it.
    pub author: &'a str,
    /// The name of its channel.
    pub channel: &'a str,
}

/// A query, read and ready to be put to many messages.
#[derive(Clone, Debug, Default)]
pub struct Query {
    wanted: Terms,
    unwanted: Terms,
    from: Option<i64>,
    until: Option<i64>,
}

/// What a message must have, or must not.
#[derive(Clone, Debug, Default)]
struct Terms {
    words: Vec<Phrase>,
    tags: Vec<Vec<u8>>,
    authors: Vec<Phrase>,
    channels: Vec<Phrase>,
    attachment: bool,
}

impl Terms {
    /// How many words they are.
    fn count(&self) -> usize {
        let phrases = self.words.iter().chain(&self.authors).chain(&self.channels);
        phrases.map(|phrase| 1 + phrase.others.len()).sum::<usize>() + self.tags.len()
    }

    fn join(&mut self, other: Self) {
        self.words.extend(other.words);
        self.tags.extend(other.tags);
        self.authors.extend(other.authors);
        self.channels.extend(other.channels);
        self.attachment |= other.attachment;
    }
}

impl Query {
    /// Reads a query as it is typed into one field. `now` is in seconds since 1970.
    ///
    /// Words match anywhere, also within words; `"…"` holds words together, with any white space between them. A `-`
    /// before anything excludes it. Several `from:` or `in:` mean any of them, everything else must hold at once.
    /// `after:` counts from the beginning of what it names, `before:` up to that beginning.
    ///
    /// # Errors
    /// When a quotation mark is not closed, a key or date is not known, or a value is missing.
    pub fn parse(text: &str, now: i64) -> Result<Self, Error> {
        let mut query = Self::default();
        let mut rest = text.trim();
        if rest.len() > MAX_LENGTH {
            return Err(Error::TooLong);
        }
        while !rest.is_empty() {
            let (token, after) = Token::next(rest).ok_or_else(|| Error::Quote { text: clipped(text, REPEATED) })?;
            query.add(&token, now)?;
            rest = after.trim_start();
        }
        query.bounded()
    }

    /// Reads a query from a command line's arguments, where the shell has taken the quotation marks away: an argument is
    /// one word, phrase or `key:value`, whatever white space is in it. One that still has quotation marks is read as by
    /// [`Query::parse`].
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn from_arguments<S: AsRef<str>>(arguments: &[S], now: i64) -> Result<Self, Error> {
        let mut query = Self::default();
        if arguments.iter().map(|argument| argument.as_ref().len()).sum::<usize>() > MAX_LENGTH {
            return Err(Error::TooLong);
        }
        for argument in arguments.iter().map(AsRef::as_ref) {
            if argument.contains('"') {
                query.join(Self::parse(argument, now)?);
            } else if !argument.trim().is_empty() {
                query.add(&Token::from_text(argument.trim()), now)?;
            }
        }
        query.bounded()
    }

    /// The query, unless it has too many words: each costs a pass through every text, and those of a phrase one at each
    /// place where its first is.
    fn bounded(self) -> Result<Self, Error> {
        if self.wanted.count() + self.unwanted.count() > MAX_WORDS { Err(Error::TooLong) } else { Ok(self) }
    }

    /// Whether a message matches. Its text is asked for only if the rest leaves that open; a message without one is
    /// searched by its title.
    pub fn matches<T: AsRef<str>>(&self, facts: &MessageFacts<'_>, text: impl FnOnce() -> Option<T>) -> bool {
        self.facts_match(facts) && self.words_match(facts.card.title.as_deref().unwrap_or_default(), text)
    }

    /// A line about the first match in a text, about `columns` wide; `None` if none of the words is in it.
    pub fn excerpt(&self, text: &str, columns: usize) -> Option<Excerpt> {
        // Where the first match ends; a line about it needs no more of a long text than some behind that.
        let folded = fold(text);
        let first =
            self.wanted.words.iter().filter_map(|word| word.find_all(&folded).next()).map(|found| found.end).min()?;
        let folded = Folded::with_places(text, columns.saturating_mul(BEHIND).saturating_add(first));
        let mut found: Vec<_> = self.wanted.words.iter().flat_map(|word| word.find_all(&folded.bytes)).collect();
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, last| {
            let overlaps = next.start < last.end;
            last.end = if overlaps { last.end.max(next.end) } else { last.end };
            overlaps
        });
        let places: Vec<_> = found.iter().map(|range| folded.origin(range)).collect();
        Excerpt::around(text, &places, columns)
    }

    fn facts_match(&self, facts: &MessageFacts<'_>) -> bool {
        let card = facts.card;
        let moment = card.stamp.seconds();
        if self.from.is_some_and(|from| moment < from) || self.until.is_some_and(|until| moment >= until) {
            return false;
        }
        let attached = !card.attachments.is_empty();
        if self.wanted.attachment && !attached || self.unwanted.attachment && attached {
            return false;
        }
        self.tags_match(&card.tags)
            && named(&self.wanted.authors, &self.unwanted.authors, facts.author)
            && named(&self.wanted.channels, &self.unwanted.channels, facts.channel)
    }

    fn tags_match(&self, tags: &[String]) -> bool {
        let (wanted, unwanted) = (&self.wanted.tags, &self.unwanted.tags);
        if wanted.is_empty() && unwanted.is_empty() {
            return true;
        }
        let tags: Vec<_> = tags.iter().map(|tag| fold(tag)).collect();
        wanted.iter().all(|tag| tags.contains(tag)) && !unwanted.iter().any(|tag| tags.contains(tag))
    }

    fn words_match<T: AsRef<str>>(&self, title: &str, text: impl FnOnce() -> Option<T>) -> bool {
        if self.wanted.words.is_empty() && self.unwanted.words.is_empty() {
            return true;
        }
        let title = fold(title);
        let unwanted = |folded: &[u8]| self.unwanted.words.iter().any(|word| word.is_in(folded));
        let missing: Vec<_> = self.wanted.words.iter().filter(|word| !word.is_in(&title)).collect();
        if unwanted(&title) {
            return false;
        }
        if missing.is_empty() && self.unwanted.words.is_empty() {
            return true;
        }
        let text = text().map(|text| fold(text.as_ref())).unwrap_or_default();
        missing.iter().all(|word| word.is_in(&text)) && !unwanted(&text)
    }

    fn add(&mut self, token: &Token<'_>, now: i64) -> Result<(), Error> {
        let Token { not, key, value } = *token;
        let known = key.map(|key| known(key).ok_or_else(|| unknown(key))).transpose()?;
        if let Some(key) = known.filter(|_| value.trim().trim_start_matches('#').is_empty()) {
            return Err(Error::Empty { key });
        }
        let terms = if not { &mut self.unwanted } else { &mut self.wanted };
        match known {
            None => terms.words.extend(Phrase::new(value)),
            Some("tag") => terms.tags.push(fold(value.trim().trim_start_matches('#'))),
            Some("from") => terms.authors.extend(Phrase::new(value)),
            Some("in") => terms.channels.extend(Phrase::new(value)),
            Some("has") if matches!(value, "attachment" | "attachments") => terms.attachment = true,
            Some("has") => return Err(Error::Has { value: clipped(value, REPEATED) }),
            // What is not after a moment is before it, and the other way round.
            Some(key) if (key == "after") != not => self.start_at(date_phrase::parse(value, now)?.start),
            Some(_) => self.end_at(date_phrase::parse(value, now)?.start),
        }
        Ok(())
    }

    fn start_at(&mut self, moment: i64) {
        self.from = Some(self.from.map_or(moment, |from| from.max(moment)));
    }

    fn end_at(&mut self, moment: i64) {
        self.until = Some(self.until.map_or(moment, |until| until.min(moment)));
    }

    fn join(&mut self, other: Self) {
        self.wanted.join(other.wanted);
        self.unwanted.join(other.unwanted);
        if let Some(from) = other.from {
            self.start_at(from);
        }
        if let Some(until) = other.until {
            self.end_at(until);
        }
    }
}

/// Whether a name holds one of the wanted, if there are any, and none of the unwanted.
fn named(wanted: &[Phrase], unwanted: &[Phrase], name: &str) -> bool {
    if wanted.is_empty() && unwanted.is_empty() {
        return true;
    }
    let name = fold(name);
    (wanted.is_empty() || wanted.iter().any(|part| part.is_in(&name))) && !unwanted.iter().any(|part| part.is_in(&name))
}

fn known(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| known.eq_ignore_ascii_case(key))
}

fn unknown(key: &str) -> Error {
    let lower = key.to_ascii_lowercase();
    let near = |known: &&str| strsim::jaro_winkler(&lower, known);
    let nearest = KEYS.into_iter().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|key| near(key) > 0.7);
    Error::Key { key: clipped(key, REPEATED), nearest }
}

/// A word of the language: whether it excludes, what it asks about, and the value.
struct Token<'a> {
    not: bool,
    key: Option<&'a str>,
    value: &'a str,
}

impl<'a> Token<'a> {
    /// The next word of a query and what follows it; `None` when a quotation mark is not closed.
    fn next(text: &'a str) -> Option<(Self, &'a str)> {
        let start = Self::from_text(text);
        if let Some(quoted) = start.value.strip_prefix('"') {
            let (value, after) = quoted.split_once('"')?;
            return Some((Self { value, ..start }, after));
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, after) = text.split_at_checked(end)?;
        Some((Self::from_text(word), after))
    }

    /// The sign and the key at the beginning, and as value all that follows.
    fn from_text(text: &'a str) -> Self {
        let (not, bare) = match text.strip_prefix('-') {
            Some(bare) if !bare.is_empty() && !bare.starts_with(char::is_whitespace) => (true, bare),
            _ => (false, text),
        };
        let key = bare.split_once(':').filter(|(key, value)| {
            // `10:30`, `std::fmt` and `https://…` are words.
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic()) && !value.starts_with([':', '/'])
        });
        match key {
            Some((key, value)) => Self { not, key: Some(key), value },
            None => Self { not, key: None, value: bare },
        }
    }
}

/// Words that follow each other, folded.
#[derive(Clone, Debug)]
struct Phrase {
    first: Finder<'static>,
    others: Vec<Vec<u8>>,
}

impl Phrase {
    /// `None` when nothing is left of it that could be found.
    fn new(text: &str) -> Option<Self> {
        let folded = fold(text);
        let mut words = folded.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let first = Finder::new(words.next()?).into_owned();
        Some(Self { first, others: words.map(<[u8]>::to_vec).collect() })
    }

    fn is_in(&self, folded: &[u8]) -> bool {
        self.find_all(folded).next().is_some()
    }

    /// Where it is in a folded text.
    fn find_all<'a>(&'a self, folded: &'a [u8]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let mut from = 0;
        // One by one, since they may overlap: `ana split` is in `banana split`.
        let starts = std::iter::from_fn(move || {
            let start = from + self.first.find(folded.get(from..)?)?;
            from = start + 1;
            Some(start)
        });
        starts.filter_map(move |start| {
            let mut rest = folded.get(start + self.first.needle().len()..)?;
            for word in &self.others {
                let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
                rest = rest.get(spaces..).filter(|_| spaces > 0)?.strip_prefix(word.as_slice())?;
            }
            Some(start..folded.len() - rest.len())
        })
    }
}

#[cfg(test)]
mod tests;

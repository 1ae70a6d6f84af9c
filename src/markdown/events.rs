//! A text's events.
//!
//! Whoever reads a text (the page, its summary, the terminal) gets the same events. Three things are done to those of the
//! parser. Comments are dropped: nobody else ever sees them. A tag without a partner becomes text (`html_balance.rs`). And
//! neighbouring runs of text are joined, for a hashtag or an address could lie across them, unless a backslash parts them.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::dialect::Dialect;
use super::html_balance::{Balance, Pairing};
use super::html_tokens::{Part, StartTag, parts};
use super::scripts;

/// `visit` gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// A text's events, each with the byte of the text where it begins. Gives which tags of its HTML have partners.
///
/// # Errors
/// [`GaveUp`].
pub(super) fn for_each_event<'a>(
    text: &'a str,
    dialect: Dialect,
    visit: impl FnMut(Event<'a>, usize) -> Option<()>,
) -> Result<Balance, GaveUp> {
    let balance = balance(text, dialect);
    let mut reading = Reading {
        text,
        dialect,
        balance: &balance,
        tags: 0,
        is_literal: false,
        block: None,
        hidden: 0..0,
        run: None,
        visit,
    };
    for (event, range) in Parser::new_ext(text, dialect.options()).into_offset_iter() {
        reading.take(event, range)?;
    }
    reading.flush()?;
    Ok(balance)
}

/// Which tags of a text's HTML have partners.
fn balance(text: &str, dialect: Dialect) -> Balance {
    let mut pairing = Pairing::default();
    if memchr::memchr(b'<', text.as_bytes()).is_none() {
        return pairing.finish();
    }
    let mut block: Option<(String, usize)> = None;
    let mut hidden = 0..0;
    for (event, range) in Parser::new_ext(text, dialect.options()).into_offset_iter() {
        if hidden.contains(&range.start) {
            continue;
        }
        match event {
            Event::Start(Tag::HtmlBlock) => block = Some((String::new(), range.start)),
            Event::Html(html) => {
                if let Some((block, _)) = &mut block {
                    block.push_str(&html);
                }
            }
            Event::End(TagEnd::HtmlBlock) => {
                let (html, at) = block.take().unwrap_or_default();
                pairing.piece(&html, at);
                hidden = hidden_behind(text, &html, range.end);
            }
            Event::InlineHtml(html) => pairing.piece(&html, range.start),
            other => pairing.pass(&other),
        }
    }
    pairing.finish()
}

/// What a comment hides that begins in a block of HTML and ends behind it: Markdown ends such a block at an empty line, its
/// author at the `-->`. A comment without an end hides nothing more.
fn hidden_behind(text: &str, html: &str, end: usize) -> Range<usize> {
    if html.rfind("<!--").is_none_or(|at| html.get(at..).is_none_or(|comment| comment.contains("-->"))) {
        return 0..0;
    }
    text.get(end..).and_then(|rest| rest.find("-->")).map_or(0..0, |length| end..end + length + "-->".len())
}

/// A run of text.
struct Run {
    /// Where it stands.
    range: Range<usize>,
    /// What it says, if that is not what is written there.
    made: Option<String>,
}

/// A text that is being read.
struct Reading<'a, 'b, V> {
    text: &'a str,
    dialect: Dialect,
    balance: &'b Balance,
    /// How many tags have gone by.
    tags: usize,
    /// Whether the next text is a block of code or an address.
    is_literal: bool,
    /// The block of HTML that is being read, and where it begins.
    block: Option<(String, usize)>,
    /// What a comment hides that began in a block of HTML and ends behind it.
    hidden: Range<usize>,
    /// The run of text that is being read.
    run: Option<Run>,
    visit: V,
}

impl<'a, V: FnMut(Event<'a>, usize) -> Option<()>> Reading<'a, '_, V> {
    fn take(&mut self, event: Event<'a>, range: Range<usize>) -> Result<(), GaveUp> {
        if self.hidden.contains(&range.start) {
            return Ok(());
        }
        match event {
            Event::Text(text) => self.text(&text, range),
            Event::Start(Tag::HtmlBlock) => {
                self.block = Some((String::new(), range.start));
                Ok(())
            }
            Event::Html(html) => {
                if let Some((block, _)) = &mut self.block {
                    block.push_str(&html);
                }
                Ok(())
            }
            Event::End(TagEnd::HtmlBlock) => self.html_block(range.end),
            Event::InlineHtml(html) => {
                for event in self.shown(&html, false) {
                    self.pass(event, range.start)?;
                }
                Ok(())
            }
            other => {
                let is_literal = is_literal(&other);
                self.pass(other, range.start)?;
                self.is_literal = is_literal;
                Ok(())
            }
        }
    }

    /// Adds to the run of text, or begins a new one where what a backslash or a reference made would become another thing.
    fn text(&mut self, text: &str, range: Range<usize>) -> Result<(), GaveUp> {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let is_punctuation = !written.is_empty() && written.bytes().all(|byte| b"-.\"'".contains(&byte));
        // An address is not prose.
        let text = if is_punctuation && self.is_in_address(range.start) { written } else { text };
        // What the parser set where a straight mark stands; an apostrophe closes nothing.
        let is_set = matches!(written, "\"" | "'") && text != written;
        let is_apostrophe = text == "’" && self.is_within_word(&range);
        let text = if is_set && !is_apostrophe { self.dialect.quote(text).unwrap_or(text) } else { text };
        let first = text.as_bytes().first().copied();
        let is_escaped = first.is_some_and(|byte| {
            matches!(byte, b'#' | b'@' | b':' | b'.') && !is_as_written(self.text, range.start, byte)
        });
        if !is_escaped {
            self.join(text, range);
            return Ok(());
        }
        self.flush()?;
        if first != Some(b'#') {
            self.join(text, range);
            return Ok(());
        }
        (self.visit)(Event::Text("#".into()), range.start).ok_or(GaveUp)?;
        if let Some(rest) = text.get(1..).filter(|rest| !rest.is_empty()) {
            self.join(rest, range.end - rest.len()..range.end);
        }
        Ok(())
    }

    /// Whether the word that is written before this place begins as an address does.
    fn is_in_address(&self, at: usize) -> bool {
        const LONGEST: usize = 2 << 10;
        let from = self.text.floor_char_boundary(at.saturating_sub(LONGEST));
        let head = self.text.get(from..at).unwrap_or_default();
        let word = head.rsplit(char::is_whitespace).next().unwrap_or_default();
        word.contains("://") || word.contains("www.")
    }

    /// Whether a letter stands before and behind.
    fn is_within_word(&self, range: &Range<usize>) -> bool {
        let before = self.text.get(..range.start).and_then(|text| text.chars().next_back());
        let behind = self.text.get(range.end..).and_then(|text| text.chars().next());
        before.is_some_and(char::is_alphanumeric) && behind.is_some_and(char::is_alphanumeric)
    }

    fn join(&mut self, text: &str, range: Range<usize>) {
        let is_as_written = self.text.get(range.clone()) == Some(text);
        match &mut self.run {
            None => {
                let made = (!is_as_written).then(|| text.to_owned());
                self.run = Some(Run { range, made });
            }
            Some(Run { range: run, made: None }) if is_as_written && run.end == range.start => run.end = range.end,
            Some(run) => {
                let written = self.text.get(run.range.clone()).unwrap_or_default();
                run.made.get_or_insert_with(|| written.to_owned()).push_str(text);
                run.range.end = range.end;
            }
        }
    }

    fn html_block(&mut self, end: usize) -> Result<(), GaveUp> {
        let Some((html, at)) = self.block.take() else {
            return Ok(());
        };
        self.hidden = hidden_behind(self.text, &html, end);
        let events = self.shown(&html, true);
        let has_html = events.iter().any(|event| matches!(event, Event::Html(_)));
        let is_empty = events.iter().all(|event| matches!(event, Event::Text(text) if text.trim().is_empty()));
        if is_empty {
            return Ok(());
        }
        let tag = if has_html { Tag::HtmlBlock } else { Tag::Paragraph };
        let end = tag.to_end();
        self.pass(Event::Start(tag), at)?;
        for event in events {
            self.pass(event, at)?;
        }
        self.pass(Event::End(end), at)
    }

    /// What is shown of a piece of HTML: tags that have partners as HTML, others as text, comments not at all.
    fn shown(&mut self, html: &str, is_block: bool) -> Vec<Event<'a>> {
        let parts = parts(html);
        let first = self.tags;
        let is_tag = |part: &&Part<'_>| matches!(part, Part::Start(_) | Part::End { .. });
        self.tags += parts.iter().filter(is_tag).count();
        let has_html = (first..self.tags).any(|number| !self.balance.is_unpaired(number));
        let mut shown: Vec<(bool, String)> = Vec::new();
        let mut number = first;
        for part in &parts {
            let (is_html, source) = match part {
                Part::Start(StartTag { source, .. }) | Part::End { source, .. } => {
                    number += 1;
                    (!self.balance.is_unpaired(number - 1), *source)
                }
                Part::Text { source, words } => {
                    (has_html, if has_html || words.is_empty() { source } else { words.as_str() })
                }
                Part::Unfinished(source) => (false, *source),
                Part::Comment { .. } => continue,
            };
            match shown.last_mut() {
                // What was dropped behind a `<` must not make a tag of it.
                Some((true, text)) if is_html && text.ends_with('<') => {
                    text.pop();
                    text.push_str("&lt;");
                    text.push_str(source);
                }
                Some((is_same, text)) if *is_same == is_html => text.push_str(source),
                _ => shown.push((is_html, source.to_owned())),
            }
        }
        shown.into_iter().map(|(is_html, source)| event(is_html, is_block, source)).collect()
    }

    fn pass(&mut self, event: Event<'a>, at: usize) -> Result<(), GaveUp> {
        self.flush()?;
        (self.visit)(event, at).ok_or(GaveUp)
    }

    fn flush(&mut self) -> Result<(), GaveUp> {
        let Some(Run { range, made }) = self.run.take() else {
            return Ok(());
        };
        let written = self.text.get(range.clone()).unwrap_or_default();
        let text = made.map_or(CowStr::Borrowed(written), CowStr::from);
        if self.dialect.has_scripts() && !self.is_literal && text.contains(['^', '~']) {
            return scripts::events(&text).into_iter().try_for_each(|event| self.pass_on(event, range.start));
        }
        self.pass_on(Event::Text(text), range.start)
    }

    fn pass_on(&mut self, event: Event<'a>, at: usize) -> Result<(), GaveUp> {
        (self.visit)(event, at).ok_or(GaveUp)
    }
}

/// Whether what an event begins is text that nothing is read into: code, or an address that is its own text.
fn is_literal(event: &Event<'_>) -> bool {
    matches!(event, Event::Start(Tag::CodeBlock(_) | Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. }))
}

/// Whether the character that a run of text begins with stands there as it is, without a backslash before it.
fn is_as_written(text: &str, at: usize, byte: u8) -> bool {
    let bytes = text.as_bytes();
    bytes.get(at) == Some(&byte) && at.checked_sub(1).and_then(|at| bytes.get(at)) != Some(&b'\\')
}

fn event<'a>(is_html: bool, is_block: bool, source: String) -> Event<'a> {
    match (is_html, is_block) {
        (true, true) => Event::Html(source.into()),
        (true, false) => Event::InlineHtml(source.into()),
        (false, _) => Event::Text(source.into()),
    }
}

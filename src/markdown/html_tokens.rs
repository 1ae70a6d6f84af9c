//! HTML written by hand, taken apart by a library as browsers take it apart (HTML, section 13.2.5): names in any case, values
//! in either quotes or none, white space of any kind.

use html5gum::{DefaultEmitter, HtmlString, Span, Token, Tokenizer};

/// Elements whose text is none for readers.
const SILENT: [&str; 2] = ["script", "style"];

/// A part of a piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'h> {
    /// A start tag.
    Start(StartTag<'h>),
    /// An end tag.
    End {
        /// Its name in lower case.
        name: String,
        /// It as it is written.
        source: &'h str,
    },
    /// Text between tags.
    Text {
        /// It as it is written.
        source: &'h str,
        /// What it means, without references to characters; empty inside a script or a style sheet.
        words: String,
    },
    /// A tag that does not end.
    Unfinished(&'h str),
    /// A comment, a declaration or an instruction; whether it ends.
    Comment {
        /// Whether its end is there.
        is_whole: bool,
        /// It as it is written.
        source: &'h str,
    },
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag<'h> {
    /// Its name in lower case.
    pub(super) name: String,
    /// Names in lower case and decoded values, in the order in which they are written. The first of a name counts.
    pub(super) attributes: Vec<(String, String)>,
    /// Whether it ends in `/>`.
    pub(super) closes_itself: bool,
    /// It as it is written.
    pub(super) source: &'h str,
}

impl StartTag<'_> {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The parts of a piece of HTML, in order.
pub(super) fn parts(html: &str) -> Vec<Part<'_>> {
    let (instruction, rest) = instruction(html);
    let mut reader = Reader { html: rest, end: 0, is_silent: false, parts: instruction.into_iter().collect() };
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut has_open_comment = false;
    for Ok(token) in Tokenizer::new_with_emitter(rest, emitter) {
        match token {
            Token::Error(error) => has_open_comment |= error.value == html5gum::Error::EofInComment,
            Token::Comment(comment) => reader.comment(comment.span, !has_open_comment),
            other => reader.take(other),
        }
    }
    let left = rest.get(reader.end..).unwrap_or_default();
    if !left.is_empty() {
        reader.parts.push(Part::Unfinished(left));
    }
    reader.parts
}

/// Whether a piece of HTML begins with an instruction (`<?`) or a section (`<![CDATA[`), which Markdown ends elsewhere than
/// browsers do, and what follows it.
fn instruction(html: &str) -> (Option<Part<'_>>, &str) {
    let start = html.trim_start();
    for (open, close) in [("<?", "?>"), ("<![CDATA[", "]]>")] {
        if start.starts_with(open) {
            let end = start.find(close).map(|at| at + close.len());
            let (source, rest) = start.split_at_checked(end.unwrap_or(start.len())).unwrap_or((start, ""));
            return (Some(Part::Comment { is_whole: end.is_some(), source }), rest);
        }
    }
    (None, html)
}

struct Reader<'h> {
    html: &'h str,
    /// Where the last part ends.
    end: usize,
    /// Whether the next text stands in a script or a style sheet.
    is_silent: bool,
    parts: Vec<Part<'h>>,
}

impl<'h> Reader<'h> {
    fn take(&mut self, token: Token<usize>) {
        match token {
            Token::StartTag(tag) => {
                let source = self.source(tag.span);
                let mut attributes: Vec<_> = tag.attributes.into_iter().collect();
                attributes.sort_by_key(|(_, value)| value.span.start);
                let attributes =
                    attributes.into_iter().map(|(name, value)| (string(&name), string(&value.value))).collect();
                let name = string(&tag.name);
                self.is_silent = SILENT.contains(&name.as_str());
                self.parts.push(Part::Start(StartTag { name, attributes, closes_itself: tag.self_closing, source }));
            }
            Token::EndTag(tag) => {
                let source = self.source(tag.span);
                self.is_silent = false;
                self.parts.push(Part::End { name: string(&tag.name), source });
            }
            Token::String(text) => {
                let source = self.source(text.span);
                let words = if self.is_silent { String::new() } else { string(&text.value) };
                self.parts.push(Part::Text { source, words });
            }
            Token::Doctype(doctype) => self.comment(doctype.span, true),
            Token::Comment(_) | Token::Error(_) => {}
        }
    }

    fn comment(&mut self, span: Span<usize>, is_whole: bool) {
        let source = self.source(span);
        self.parts.push(Part::Comment { is_whole, source });
    }

    fn source(&mut self, span: Span<usize>) -> &'h str {
        self.end = span.end;
        self.html.get(span.start..span.end).unwrap_or_default()
    }
}

fn string(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_short(html: &str) -> String {
        let short = |part: &Part<'_>| match part {
            Part::Start(tag) => {
                let attributes: Vec<String> =
                    tag.attributes.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                format!("<{}{}>", tag.name, attributes.concat())
            }
            Part::End { name, .. } => format!("</{name}>"),
            Part::Text { words, .. } => words.clone(),
            Part::Unfinished(source) => format!("?{source}"),
            Part::Comment { is_whole, .. } => if *is_whole { "!" } else { "!?" }.to_owned(),
        };
        parts(html).iter().map(short).collect()
    }

    #[test]
    fn html_is_taken_apart_as_browsers_do() {
        for (html, expected) in [
            ("<IMG\nSRC = 'a &amp; b.png'\tPoster=c alt>t &lt;", "<img src=a & b.png poster=c alt=>t <"),
            ("<a/href='c'></A >", "<a href=c></a>"),
            ("<img data-src=x title=\" src='y'\" src=z src=q>", "<img data-src=x title= src='y' src=z>"),
            ("a < b <3 1<2", "a < b <3 1<2"),
            ("x <div title=\"open>", "x ?<div title=\"open>"),
            ("<a href=x", "?<a href=x"),
            ("<!-- <b> --><i>", "!<i>"),
            ("a<!-- <b>", "a!?"),
            ("<?php a > b ?>c", "!c"),
            ("<![CDATA[a>b]]>c", "!c"),
            ("<!DOCTYPE html>", "!"),
            ("<script>a<b</script>c", "<script></script>c"),
            ("<textarea><b></textarea>", "<textarea><b></textarea>"),
        ] {
            assert_eq!(in_short(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_written_stays_at_hand() {
        let html = "<B  title='&lt;'>a &lt; b</B\n>";
        let sources: Vec<&str> = parts(html)
            .into_iter()
            .map(|part| match part {
                Part::Start(tag) => tag.source,
                Part::End { source, .. } | Part::Text { source, .. } => source,
                _ => "",
            })
            .collect();
        assert_eq!(sources.concat(), html);
    }
}

//! HTML written by hand in a text.
//!
//! Two things happen to it here; everything else is passed on as it was written, and whether it may stay is for
//! `sanitize.rs`. A relative `src`, `href` or `poster` that names an attachment or a page is given the root's mark, so that
//! it leads to the same place from every page. And what would become a control character when a browser decodes it
//! (`&#1;`) becomes U+FFFD, so that no text can write that mark by itself.

use std::borrow::Cow;

use pulldown_cmark_escape::escape_href;

use super::link::{Destination, LinkJudge};
use crate::markdown::html_text::ROOT;

/// The attributes that hold an address of an attachment or page.
const ADDRESSES: [&str; 3] = ["src", "href", "poster"];

/// Rewrites the addresses of attachments and pages in a piece of raw HTML. Each byte is looked at once or twice.
pub(super) fn rooted<'a>(html: &'a str, judge: LinkJudge<'_>) -> Cow<'a, str> {
    let html = without_controls(html);
    let mut out = String::new();
    let mut written = 0;
    for value in addresses(&html) {
        let decoded = decoded(html.get(value.range.clone()).unwrap_or_default());
        let address = match judge.destination(&decoded) {
            Destination::Attachment(target) => target.address,
            Destination::Page(page) => page,
            _ => continue,
        };
        out.push_str(html.get(written..value.range.start).unwrap_or_default());
        push_value(&mut out, &address, value.is_quoted);
        written = value.range.end;
    }
    if written == 0 {
        return html;
    }
    out.push_str(html.get(written..).unwrap_or_default());
    out.into()
}

/// Writes an address with the root's mark; the quotes that are there stay.
fn push_value(out: &mut String, address: &str, is_quoted: bool) {
    let quote = if is_quoted { "" } else { "\"" };
    out.push_str(quote);
    out.push(ROOT);
    // Writing to a String cannot fail.
    let _ = escape_href(&mut *out, address);
    out.push_str(quote);
}

/// Puts U+FFFD in the place of every control character and of every reference that a browser would decode to one
/// (HTML, section 13.2.5.80): decimal or hexadecimal, with any number of zeros, with its semicolon or without.
fn without_controls(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut written = 0;
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(html.as_bytes().get(from..).unwrap_or_default(), b"&#") {
        let start = from + at;
        let (code, length) = reference(html.get(start + 2..).unwrap_or_default());
        from = start + 2 + length;
        if code.is_some_and(is_control) {
            out.push_str(html.get(written..start).unwrap_or_default());
            out.push('\u{fffd}');
            written = from;
        }
    }
    let html =
        if written == 0 { Cow::Borrowed(html) } else { Cow::Owned(out + html.get(written..).unwrap_or_default()) };
    let bare = |c: char| is_control(u32::from(c));
    if html.contains(bare) { html.replace(bare, "\u{fffd}").into() } else { html }
}

fn is_control(code: u32) -> bool {
    code < 0x20 && !matches!(code, 0x09 | 0x0a | 0x0d) || code == 0x7f
}

/// The number behind a `&#`, and how many bytes it takes with its semicolon; too large a number is the largest there is.
fn reference(text: &str) -> (Option<u32>, usize) {
    let (digits, radix, before) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 1),
        None => (text, 10, 0),
    };
    let values = digits.chars().map_while(|c| c.to_digit(radix));
    let (code, count) =
        values.fold((0_u32, 0), |(code, count), digit| (code.saturating_mul(radix).saturating_add(digit), count + 1));
    if count == 0 {
        return (None, 0);
    }
    let end = usize::from(digits.as_bytes().get(count) == Some(&b';'));
    (Some(code), before + count + end)
}

/// The character that a numbered reference means, without its `&`, and what follows it.
fn numbered(part: &str) -> Option<(char, &str)> {
    let (code, length) = reference(part.strip_prefix('#')?);
    Some((char::from_u32(code?)?, part.get(1 + length..)?))
}

/// A value with its references decoded, as far as file names need them.
fn decoded(value: &str) -> Cow<'_, str> {
    const NAMED: [(&str, char); 5] = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\'')];
    if !value.contains('&') {
        return value.into();
    }
    let mut out = String::with_capacity(value.len());
    let mut parts = value.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let named = NAMED.iter().find_map(|(name, c)| Some((*c, part.strip_prefix(name)?)));
        if let Some((c, rest)) = named.or_else(|| numbered(part)) {
            out.push(c);
            out.push_str(rest);
        } else {
            out.push('&');
            out.push_str(part);
        }
    }
    out.into()
}

/// Where the value of an attribute stands.
struct Value {
    range: std::ops::Range<usize>,
    is_quoted: bool,
}

/// The values of all attributes in a piece of HTML that hold addresses, in order, taken apart as browsers do
/// (HTML, section 13.2.5): names in any case, values in either quotes or none, white space of any kind.
fn addresses(html: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = Cursor { bytes: html.as_bytes(), at: 0 };
    while cursor.skip_to_tag() {
        while let Some(name) = cursor.attribute_name() {
            let Some(value) = cursor.value() else { continue };
            let name = html.get(name).unwrap_or_default();
            if ADDRESSES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                found.push(value);
            }
        }
    }
    found
}

/// A place in a piece of HTML that only moves forward.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, is: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len());
    }

    /// Moves behind a needle, or to the end.
    fn skip_behind(&mut self, needle: &[u8]) {
        let found = memchr::memmem::find(self.rest(), needle).map(|at| at + needle.len());
        self.at += found.unwrap_or(self.rest().len());
    }

    /// Moves behind the name of the next start tag.
    fn skip_to_tag(&mut self) -> bool {
        loop {
            let Some(found) = memchr::memchr(b'<', self.rest()) else {
                self.at = self.bytes.len();
                return false;
            };
            self.at += found + 1;
            if self.rest().starts_with(b"!--") {
                self.skip_behind(b"-->");
            } else if self.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
                self.skip_while(|byte| !byte.is_ascii_whitespace() && byte != b'>' && byte != b'/');
                return true;
            }
        }
    }

    /// The next attribute's name; `None` where the tag ends.
    fn attribute_name(&mut self) -> Option<std::ops::Range<usize>> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b'/');
        if self.peek()? == b'>' {
            return None;
        }
        let start = self.at;
        // A name may begin with `=`, and nothing else may hold one.
        self.at += 1;
        self.skip_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/'));
        Some(start..self.at)
    }

    /// The value behind a name, if there is one.
    fn value(&mut self) -> Option<Value> {
        self.skip_while(|byte| byte.is_ascii_whitespace());
        if self.peek()? != b'=' {
            return None;
        }
        self.at += 1;
        self.skip_while(|byte| byte.is_ascii_whitespace());
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''));
        self.at += usize::from(quote.is_some());
        let start = self.at;
        match quote {
            Some(quote) => self.skip_while(|byte| byte != quote),
            None => self.skip_while(|byte| !byte.is_ascii_whitespace() && byte != b'>'),
        }
        let range = start..self.at;
        // Of a value whose quote is not closed nobody knows where it ends.
        let is_whole = quote.is_none() || self.peek().is_some();
        self.at += usize::from(quote.is_some());
        is_whole.then_some(Value { range, is_quoted: quote.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(html: &str) -> Vec<&str> {
        addresses(html).into_iter().map(|value| &html[value.range]).collect()
    }

    #[test]
    fn addresses_are_found_as_browsers_find_them() {
        for (html, found) in [
            ("<img src=\"a.png\" alt=x>", vec!["a.png"]),
            ("<IMG\nSRC = 'a b.png'\tPoster=c>", vec!["a b.png", "c"]),
            ("<a href=a/b.png>x</a><a/href='c'>", vec!["a/b.png", "c"]),
            ("<img data-src=x title=\" src='y'\" src=z>", vec!["z"]),
            ("src=a <!-- <img src=b> --> <br> <img =src=c src=d", vec!["d"]),
            ("<img src=\"open", vec![]),
            ("<img src", vec![]),
            ("</a href=x> < img src=y> 1<2", vec![]),
        ] {
            assert_eq!(values(html), found, "{html}");
        }
    }

    #[test]
    fn no_reference_becomes_a_control_character() {
        for html in [
            "&#1;",
            "&#x1;",
            "&#X1;",
            "&#0;",
            "&#01",
            "&#x0000000000001x",
            "&#127;",
            "&#x1f;",
            "\u{1}",
            "&#12;",
            "&#000000000000001;",
        ] {
            let clean = without_controls(html);
            assert!(clean.starts_with('\u{fffd}'), "{html} {clean}");
            assert!(!clean.contains("&#"), "{html} {clean}");
        }
        // What is left of one is no other.
        assert_eq!(without_controls("&#&#1;1;"), "&#\u{fffd}1;");
        for html in ["", "&amp;#1;", "&#10;&#9;", "&#65;&#x41", "&#", "&#x", "&#;1;", "&#99999999999999;", "a&b"] {
            assert!(matches!(without_controls(html), Cow::Borrowed(same) if same == html), "{html}");
        }
    }

    #[test]
    fn references_in_file_names_are_read() {
        assert_eq!(decoded("a&amp;b &#99;&#x64;&quot;&nope;&"), "a&b cd\"&nope;&");
    }
}

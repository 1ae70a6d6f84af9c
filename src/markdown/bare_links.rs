//! Addresses that stand in running text without any markup: `www.example.org`, `https://…`, `someone@example.org`.
//!
//! By the rules of GitHub's Markdown (GFM, "Autolinks (extension)", and the examples of cmark-gfm where the text is silent).
//! Three things are stricter, because the rule there helps nobody: `www.` alone is no address, an address ends before a `]`
//! that was not opened in it, and at any white space, not only at ASCII's.
//!
//! Each byte of a text is looked at a fixed number of times, whatever the text.

use std::borrow::Cow;
use std::ops::Range;

/// The schemes that make a word an address.
const SCHEMES: [&str; 3] = ["http", "https", "ftp"];
/// What may stand before a mail address and belongs to it.
const MAIL_SCHEMES: [&str; 2] = ["mailto:", "xmpp:"];
/// What begins an address without a scheme.
const WWW: &str = "www.";

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BareLink<'t> {
    /// Where it stands in the text, in bytes.
    pub(super) range: Range<usize>,
    /// Where it leads: with its scheme, also where the text has none.
    pub(super) address: Cow<'t, str>,
}

/// The addresses in a text, in order. `before` is the character that precedes the text in its paragraph, if there is one.
pub(super) fn bare_links(text: &str, before: Option<char>) -> impl Iterator<Item = BareLink<'_>> {
    Finder { text, before, at: 0, linked: 0, taken: 0 }
}

struct Finder<'t> {
    text: &'t str,
    before: Option<char>,
    /// Where to look on.
    at: usize,
    /// Where the last link ends.
    linked: usize,
    /// What is before is in a link, or was read behind an `@`: no mail address may begin in it.
    taken: usize,
}

impl<'t> Iterator for Finder<'t> {
    type Item = BareLink<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(found) = memchr::memchr3(b':', b'w', b'@', self.text.as_bytes().get(self.at..)?) {
            let at = self.at + found;
            // `with_scheme`, `without_scheme` and `mail` move it on where they have read further in vain.
            self.at = at + 1;
            let rest = self.text.get(at..)?;
            let link = match rest.as_bytes().first()? {
                b':' if rest.starts_with("://") => self.with_scheme(at),
                b'w' if rest.starts_with(WWW) => self.without_scheme(at),
                b'@' => self.mail(at),
                _ => None,
            };
            if let Some(link) = link {
                self.at = link.range.end;
                self.linked = link.range.end;
                self.taken = link.range.end;
                return Some(link);
            }
        }
        None
    }
}

impl<'t> Finder<'t> {
    /// The character before a place.
    fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(..at).and_then(|head| head.chars().next_back()).or(self.before.filter(|_| at == 0))
    }

    /// The address whose `://` stands at a place.
    fn with_scheme(&mut self, colon: usize) -> Option<BareLink<'t>> {
        let start = colon - scheme_before(self.text.get(self.linked..colon)?)?;
        // A scheme that goes on before this text is another one.
        if self.char_before(start).is_some_and(|c| c.is_ascii_alphabetic()) {
            return None;
        }
        let host = colon + "://".len();
        self.text.get(host..)?.chars().next().filter(|first| is_host_char(*first))?;
        let range = self.whole(start, host)?;
        let address = self.text.get(range.clone())?.into();
        Some(BareLink { range, address })
    }

    /// The address whose `www.` stands at a place.
    fn without_scheme(&mut self, start: usize) -> Option<BareLink<'t>> {
        if self.char_before(start).is_some_and(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '~' | '(')) {
            return None;
        }
        let next = self.text.get(start + WWW.len()..)?.chars().next()?;
        if !is_host_char(next) && !matches!(next, '-' | '_') {
            return None;
        }
        let range = self.whole(start, start)?;
        let address = format!("http://{}", self.text.get(range.clone())?).into();
        Some(BareLink { range, address })
    }

    /// All of an address that begins at `start` and whose host's name begins at `host`; nothing when the name is none.
    fn whole(&mut self, start: usize, host: usize) -> Option<Range<usize>> {
        let rest = self.text.get(host..)?;
        let name_ends = rest.find(|c| !is_host_char(c) && !matches!(c, '-' | '_' | '.')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(name_ends)?;
        if let Some(last_two) = underscore_in_last_segments(name) {
            // What begins before them ends in them as well.
            self.at = self.at.max(host + last_two);
            return None;
        }
        let end = host + name_ends + path_length(behind);
        let end = start + trimmed(self.text.get(start..end)?);
        (end > host).then_some(start..end)
    }

    /// The mail address whose `@` stands at a place.
    fn mail(&mut self, at: usize) -> Option<BareLink<'t>> {
        let taken = std::mem::replace(&mut self.taken, at + 1);
        let head = self.text.get(taken..at)?;
        let local = head.bytes().rev().take_while(|byte| is_local(*byte)).count();
        let start = at - local;
        let goes_on_before = start == 0 && self.before.is_some_and(|c| u8::try_from(c).is_ok_and(is_local));
        if local == 0 || goes_on_before {
            return None;
        }
        let domain = mail_domain(self.text.get(at + 1..)?);
        let mut end = at + 1 + domain.length;
        self.at = end;
        // Behind it may stand what makes its end something else: the part before a second `@`, or a scheme.
        let behind = self.text.get(end..)?;
        if behind.starts_with('@') {
            return None;
        }
        self.taken = end;
        if !domain.is_valid || behind.starts_with("://") && scheme_before(self.text.get(at + 1..end)?).is_some() {
            return None;
        }
        let scheme = self.mail_scheme(taken, start);
        if scheme == Some("xmpp:") {
            end += resource_length(self.text.get(end..)?);
        }
        let range = start - scheme.map_or(0, str::len)..end;
        let written = self.text.get(range.clone())?;
        let address = if scheme.is_some() { written.into() } else { format!("mailto:{written}").into() };
        Some(BareLink { range, address })
    }

    /// The scheme right before the mail address at a place, unless it is the end of a longer word.
    fn mail_scheme(&self, taken: usize, start: usize) -> Option<&'static str> {
        let head = self.text.get(taken..start)?;
        let scheme = MAIL_SCHEMES.into_iter().find(|scheme| head.ends_with(scheme))?;
        self.char_before(start - scheme.len()).is_none_or(|c| !c.is_alphanumeric()).then_some(scheme)
    }
}

/// The length of the scheme at the end of a text.
fn scheme_before(text: &str) -> Option<usize> {
    let longest = SCHEMES.iter().map(|scheme| scheme.len()).max().unwrap_or_default();
    let letters = text.bytes().rev().take(longest + 1).take_while(u8::is_ascii_alphabetic).count();
    let scheme = text.get(text.len() - letters..)?;
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)).then_some(letters)
}

/// What may stand in the name of a host: no white space and no punctuation. Beyond ASCII the blocks of punctuation are left
/// out; a sign of another block ends no address either way, it would only be taken for a part of the name.
fn is_host_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let punctuation = matches!(c, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
        | '\u{3014}'..='\u{301f}' | '\u{30fb}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
        | '\u{ff3b}'..='\u{ff3d}' | '\u{ff5b}'..='\u{ff65}');
    !punctuation && !c.is_whitespace() && !c.is_control()
}

/// Where the last two segments of a host's name begin, if there is an underscore in them.
fn underscore_in_last_segments(name: &str) -> Option<usize> {
    let mut dots = name.rmatch_indices('.').map(|(dot, _)| dot + 1);
    let start = dots.nth(1).unwrap_or_default();
    name.get(start..)?.contains('_').then_some(start)
}

/// How far an address goes on behind its host's name: to white space, a `<`, or a `]` that was not opened in it.
fn path_length(text: &str) -> usize {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '<' => return at,
            '[' => open += 1,
            ']' if open == 0 => return at,
            ']' => open -= 1,
            c if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of an address without the punctuation of its sentence.
fn trimmed(address: &str) -> usize {
    let count = |wanted: u8| memchr::memchr_iter(wanted, address.as_bytes()).count();
    let (opened, mut closed) = (count(b'('), count(b')'));
    let mut rest = address;
    while let Some(last) = rest.bytes().next_back() {
        rest = match last {
            b'?' | b'!' | b'.' | b',' | b':' | b'*' | b'_' | b'~' | b'\'' | b'"' => without_last(rest),
            b')' if closed > opened => {
                closed -= 1;
                without_last(rest)
            }
            b';' => without_entity(without_last(rest)),
            _ => break,
        };
    }
    rest.len()
}

/// Without a last character of one byte.
fn without_last(text: &str) -> &str {
    text.get(..text.len().saturating_sub(1)).unwrap_or_default()
}

/// Without an `&name` at the end, which with the `;` behind it looks like an entity.
fn without_entity(text: &str) -> &str {
    let name = text.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    let before = text.get(..text.len() - name).unwrap_or_default();
    before.strip_suffix('&').filter(|_| name > 0).unwrap_or(text)
}

/// What may stand before the `@` of a mail address.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+')
}

/// What stands behind an `@`.
struct MailDomain {
    length: usize,
    is_valid: bool,
}

/// Reads the domain of a mail address: at least one dot, each with a letter or digit behind it, and a letter at the end.
fn mail_domain(text: &str) -> MailDomain {
    let bytes = text.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let (mut length, mut dots) = (0, 0);
    while let Some(byte) = bytes.get(length) {
        match byte {
            b'.' if is_word(length + 1) => dots += 1,
            b'-' | b'_' => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => break,
        }
        length += 1;
    }
    let last = length.checked_sub(1).and_then(|at| bytes.get(at));
    MailDomain { length, is_valid: dots > 0 && last.is_some_and(u8::is_ascii_alphabetic) }
}

/// The length of the resource behind a chat address (`/phone`); nothing when there is no word in it.
fn resource_length(text: &str) -> usize {
    if !text.starts_with('/') {
        return 0;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let resource = text.get(..text.find(|c| !is_part(c)).unwrap_or(text.len())).unwrap_or_default();
    resource.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len()
}

#[cfg(test)]
mod tests;

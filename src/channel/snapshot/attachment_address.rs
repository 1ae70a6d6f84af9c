//! Which attachment an address in a text means. Pages, the app, the terminal and whoever waits for attachments ask here, so
//! that they agree.
//!
//! An address is taken as it is written first, for a file's name may hold `%`, `#` and `?`. What it means otherwise is
//! percent-decoded, exactly once; then a fragment and a query behind the path do not count.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;

/// A message's attachments by their names, made once for all the addresses in its text.
#[derive(Debug)]
pub struct AttachmentIndex {
    own: String,
    numbers: HashMap<String, usize>,
}

/// The attachment that an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant<'a> {
    /// Its number among its message's attachments, counted from 0.
    pub number: usize,
    /// The place in it, such as `page=3`.
    pub fragment: Option<&'a str>,
}

impl Meant<'_> {
    /// The attachment's address with the place in it.
    pub fn address(&self, attachment: &str) -> String {
        self.fragment.map_or_else(|| attachment.to_owned(), |fragment| format!("{attachment}#{fragment}"))
    }
}

impl AttachmentIndex {
    /// The attachments of a card.
    pub fn new(card: &Card) -> Self {
        Self::from_paths(card.stamp, card.attachments.iter().map(|file| &file.path))
    }

    /// The attachments of the message with this id, in their order.
    pub fn from_paths<'a>(stamp: Stamp, paths: impl Iterator<Item = &'a RelativePath>) -> Self {
        let mut numbers = HashMap::new();
        // Of two names that differ in composition alone, the first is meant.
        for (number, path) in paths.enumerate() {
            numbers.entry(composed(&path.text())).or_insert(number);
        }
        Self { own: format!("{stamp}/"), numbers }
    }

    /// The attachment that an address in the message's text means: below its stem folder, or from its file.
    pub fn find<'a>(&self, address: &'a str) -> Option<Meant<'a>> {
        if self.numbers.is_empty() {
            return None;
        }
        let written = without_dot(address);
        if let Some(number) = self.number(written).or_else(|| self.number(&decoded(written))) {
            return Some(Meant { number, fragment: None });
        }
        let (path, fragment) = split(written)?;
        let number = self.number(path).or_else(|| self.number(&decoded(path)))?;
        Some(Meant { number, fragment })
    }

    fn number(&self, path: &str) -> Option<usize> {
        self.numbers.get(&composed(path.strip_prefix(&self.own).unwrap_or(path))).copied()
    }
}

/// The path of an address that means no file which is there: decoded once, without fragment and query.
pub(super) fn path(address: &str) -> Cow<'_, str> {
    let written = without_dot(address);
    decoded(split(written).map_or(written, |(path, _)| path))
}

fn without_dot(address: &str) -> &str {
    address.strip_prefix("./").unwrap_or(address)
}

/// An address's path and its fragment (RFC 3986, section 3); `None` where it is nothing but a path.
fn split(address: &str) -> Option<(&str, Option<&str>)> {
    let (before, fragment) = address.split_once('#').map_or((address, None), |(path, rest)| (path, Some(rest)));
    let path = before.split_once('?').map_or(before, |(path, _)| path);
    (path.len() < address.len()).then_some((path, fragment.filter(|fragment| !fragment.is_empty())))
}

fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

/// A name with its letters composed: one system composes them, another takes them apart.
fn composed(name: &str) -> String {
    name.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEM: &str = "2013-08-11T14-34-37Z";

    fn index(names: &[&str]) -> AttachmentIndex {
        let paths: Vec<RelativePath> = names.iter().map(|name| RelativePath::parse(name.as_bytes()).unwrap()).collect();
        AttachmentIndex::from_paths(Stamp::parse(STEM.as_bytes()).unwrap(), paths.iter())
    }

    /// The file that an address means, with the place in it.
    fn meant(names: &[&str], address: &str) -> Option<String> {
        let meant = index(names);
        meant.find(address).map(|meant| meant.address(names[meant.number]))
    }

    #[test]
    fn an_address_is_decoded_exactly_once() {
        let names = ["a%23b", "a#b", "a#b.txt", "doc.pdf", "deep/clip.mp4", "caf\u{e9} 1.jpg", "100%.txt", "what?.txt"];
        for (address, expected) in [
            ("a%2523b", Some("a%23b")),
            ("a%23b", Some("a%23b")),
            ("a#b", Some("a#b")),
            ("a%23b.txt", Some("a#b.txt")),
            ("2013-08-11T14-34-37Z/doc.pdf#page=3", Some("doc.pdf#page=3")),
            ("./doc.pdf?x", Some("doc.pdf")),
            ("deep/clip.mp4?x#t=10", Some("deep/clip.mp4#t=10")),
            ("deep%2Fclip.mp4", Some("deep/clip.mp4")),
            ("cafe%CC%81%201.jpg#", Some("caf\u{e9} 1.jpg")),
            ("100%.txt", Some("100%.txt")),
            ("100%25.txt", Some("100%.txt")),
            ("what?.txt", Some("what?.txt")),
            ("what%3F.txt#x", Some("what?.txt#x")),
            ("doc.pdf%23page=3", None),
            ("doc%252Epdf", None),
            ("other.pdf#page=3", None),
            ("#page=3", None),
        ] {
            assert_eq!(meant(&names, address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn what_is_not_there_is_named_by_its_path() {
        assert_eq!(path("./trip/day%201.jpg?x#y"), "trip/day 1.jpg");
        assert_eq!(path("a%2523b"), "a%23b");
    }
}

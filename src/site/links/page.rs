//! What one built page links, and which places in it can be linked.

use std::fs::File;
use std::io;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, IoReader, StartTag, Token, Tokenizer};

/// Something that a page holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// An id or name, which `#name` leads to.
    Place(&'a str),
    /// An address that the page links or shows.
    Address(&'a str),
    /// Where the page will be found, as it says itself.
    Canonical(&'a str),
}

/// The attributes that hold one address, by their elements.
const ADDRESSES: [(&str, &str); 14] = [
    ("a", "href"),
    ("area", "href"),
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("img", "src"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("track", "src"),
    ("video", "poster"),
    ("video", "src"),
];

/// Reads a page piece by piece and shows what it holds.
///
/// # Errors
/// Whatever the system says of the file.
pub(super) fn read(file: File, visit: &mut dyn FnMut(Found<'_>)) -> io::Result<()> {
    let mut emitter = DefaultEmitter::default();
    // The text of a script is no HTML.
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(IoReader::new(file), emitter) {
        if let Token::StartTag(tag) = token? {
            show(&tag, visit);
        }
    }
    Ok(())
}

fn show(tag: &StartTag<()>, visit: &mut dyn FnMut(Found<'_>)) {
    let element = String::from_utf8_lossy(&tag.name);
    let value = |name: &str| tag.attributes.get(name.as_bytes()).map(|value| text(value));
    if let Some(id) = value("id") {
        visit(Found::Place(&id));
    }
    if element == "a"
        && let Some(name) = value("name")
    {
        visit(Found::Place(&name));
    }
    if element == "link" {
        let rel = value("rel").unwrap_or_default().to_ascii_lowercase();
        let is = |kind: &str| rel.split_ascii_whitespace().any(|word| word == kind);
        if is("canonical") {
            visit(Found::Canonical(value("href").unwrap_or_default().trim()));
        }
        // Of these two nothing is fetched.
        if is("canonical") || is("preconnect") || is("dns-prefetch") {
            return;
        }
    }
    for (_, attribute) in ADDRESSES.iter().filter(|(known, _)| *known == element) {
        if let Some(address) = value(attribute) {
            visit(Found::Address(address.trim()));
        }
    }
    if matches!(&*element, "img" | "source")
        && let Some(set) = value("srcset")
    {
        sources(&set).for_each(|address| visit(Found::Address(address)));
    }
}

fn text(value: &HtmlString) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// The addresses of a `srcset` (HTML, section 4.8.4.2.1): up to white space, and what follows up to a comma says how large it is.
fn sources(set: &str) -> impl Iterator<Item = &str> {
    let mut rest = set;
    std::iter::from_fn(move || {
        let is_space = |c: char| c.is_ascii_whitespace();
        rest = rest.trim_start_matches(|c| is_space(c) || c == ',');
        let (word, behind) = rest.split_at_checked(rest.find(is_space).unwrap_or(rest.len()))?;
        let address = word.trim_end_matches(',');
        let has_size = address.len() == word.len();
        rest = if has_size { behind.split_once(',').map_or("", |(_, next)| next) } else { behind };
        (!address.is_empty()).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn found(html: &str) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(html.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut found = Vec::new();
        read(file, &mut |what| found.push(format!("{what:?}"))).unwrap();
        found
    }

    #[test]
    fn addresses_and_places_are_found_as_browsers_find_them() {
        let html = "<!doctype html><link rel=canonical href='https://a.example/'><link rel=\"preconnect\" href=x>
            <link rel=stylesheet href=a.css><h2 ID='one &amp; two'>x</h2><a name=three HREF = \" b.html#x \">y</a>
            <img src=c.png srcset='c.png, d.png 2x,e.png 640w' alt='<a href=no>'><video poster=f.jpg src=g.mp4>
            <!-- <a href=no> --><script>'<a href=no>'</script><object data=h.pdf></object><a href=\"open";
        assert_eq!(
            found(html),
            [
                "Canonical(\"https://a.example/\")",
                "Address(\"a.css\")",
                "Place(\"one & two\")",
                "Place(\"three\")",
                "Address(\"b.html#x\")",
                "Address(\"c.png\")",
                "Address(\"c.png\")",
                "Address(\"d.png\")",
                "Address(\"e.png\")",
                "Address(\"f.jpg\")",
                "Address(\"g.mp4\")",
                "Address(\"h.pdf\")",
            ]
        );
    }
}

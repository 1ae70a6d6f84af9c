//! HTML in a form in which two pages that mean the same are the same: attributes in order, entities resolved, white space
//! that no reader sees left out. The rules are those of `test/normalize.py`, by which cmark is tested.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// Elements before and behind which white space means nothing.
const BLOCKS: [&str; 36] = [
    "article",
    "aside",
    "blockquote",
    "body",
    "button",
    "canvas",
    "caption",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "iframe",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
];
const MORE_BLOCKS: [&str; 6] = ["map", "object", "progress", "tfoot", "thead", "ul"];

/// A tag, a text or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Start {
        name: String,
        attributes: BTreeMap<String, String>,
    },
    End(String),
    Text(String),
    /// A comment or declaration.
    Other(String),
}

impl Piece {
    /// Whether it is the start tag of this element.
    pub(crate) fn starts(&self, element: &str) -> bool {
        matches!(self, Self::Start { name, .. } if name == element)
    }

    /// Whether it is the end tag of this element.
    pub(crate) fn ends(&self, element: &str) -> bool {
        matches!(self, Self::End(name) if name == element)
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Start { attributes, .. } => attributes.get(wanted).map(String::as_str),
            _ => None,
        }
    }

    fn is_block(&self) -> bool {
        let (Self::Start { name, .. } | Self::End(name)) = self else { return false };
        BLOCKS.contains(&name.as_str()) || MORE_BLOCKS.contains(&name.as_str())
    }
}

/// Reads HTML as browsers do.
pub(crate) fn pieces(html: &str) -> Vec<Piece> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let Ok(tokens) = Tokenizer::new_with_emitter(html, emitter).collect::<Result<Vec<_>, _>>();
    let piece = |token| match token {
        Token::StartTag(tag) => {
            let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
            Some(Piece::Start { name: text(&tag.name), attributes })
        }
        Token::EndTag(tag) => Some(Piece::End(text(&tag.name))),
        Token::String(string) => Some(Piece::Text(text(&string))),
        Token::Comment(comment) => Some(Piece::Other(format!("<!--{}-->", text(&comment)))),
        Token::Doctype(doctype) => Some(Piece::Other(format!("<!DOCTYPE {}>", text(&doctype.name)))),
        Token::Error(_) => None,
    };
    tokens.into_iter().filter_map(piece).collect()
}

/// Leaves out the white space that no reader sees, and joins neighbouring texts.
pub(crate) fn without_invisible_space(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    let mut shown = Vec::new();
    let mut preformatted = 0_usize;
    for (at, piece) in joined.iter().enumerate() {
        preformatted = (preformatted + usize::from(piece.starts("pre"))).saturating_sub(usize::from(piece.ends("pre")));
        let Piece::Text(text) = piece else {
            shown.push(piece.clone());
            continue;
        };
        let edge = |neighbour: Option<&Piece>| neighbour.is_none_or(Piece::is_block);
        let mut text = Cow::Borrowed(text.as_str());
        if preformatted == 0 {
            let mut one_line = folded(&text);
            let before = at.checked_sub(1).and_then(|at| joined.get(at));
            if edge(before) || before.is_some_and(|piece| piece.starts("br")) {
                one_line.drain(..one_line.len() - one_line.trim_start_matches(' ').len());
            }
            if edge(joined.get(at + 1)) {
                one_line.truncate(one_line.trim_end_matches(' ').len());
            }
            text = one_line.into();
        }
        if !text.is_empty() {
            shown.push(Piece::Text(text.into_owned()));
        }
    }
    shown
}

/// Every run of white space is one space.
fn folded(text: &str) -> String {
    let mut folded = String::new();
    for c in text.chars() {
        let space = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        if !(space && folded.ends_with(' ')) {
            folded.push(if space { ' ' } else { c });
        }
    }
    folded
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { name, attributes } => {
                write!(f, "<{name}")?;
                attributes.iter().try_for_each(|(name, value)| write!(f, " {name}={value:?}"))?;
                f.write_str(">")
            }
            Self::End(name) => write!(f, "</{name}>"),
            Self::Text(text) => f.write_str(&text.replace('&', "&amp;").replace('<', "&lt;")),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Pieces as people can compare them.
pub(crate) fn shown(pieces: &[Piece]) -> String {
    pieces.iter().map(Piece::to_string).collect()
}

#[test]
fn two_ways_to_write_the_same_are_one() {
    for (left, right) in [
        ("<p>a  b</p>", "<p>a b</p>"),
        ("<p>a  b</p>", "<p> a b</p>"),
        ("<p>a  b</p>", "\n\t<p>\n\t\ta b\t\t</p>\n\t"),
        ("<br />", "<BR>"),
        ("<a title=\"bar\" HREF=\"foo\">x</a>", "<a href='foo' title=bar>x</a>"),
        ("&forall;&gt;&quot;", "∀>\""),
        ("<ul>\n<li>a\n</li></ul>", "<ul><li>a</li></ul>"),
    ] {
        assert_eq!(without_invisible_space(pieces(left)), without_invisible_space(pieces(right)), "{left}");
    }
}

#[test]
fn what_readers_see_is_kept() {
    for (left, right) in [
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        ("<em>a</em> b", "<em>a</em>b"),
        ("<p>&lt;b></p>", "<p><b></p>"),
        ("<a href=x>", "<a href=y>"),
        ("<a href>", "<a>"),
        ("<!-- a -->", "<!-- b -->"),
        ("a\u{a0}b", "a b"),
    ] {
        assert_ne!(without_invisible_space(pieces(left)), without_invisible_space(pieces(right)), "{left}");
    }
}

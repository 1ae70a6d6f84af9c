//! HTML without its tags, comments, scripts and style sheets; a tag that begins a block and `<br>` leave a line end.
//!
//! What is opened and never closed is shown as it is written, so that it cannot hide the rest of a message.

use pulldown_cmark::{Event, Parser};

use crate::markdown::balance::{Token, behind_tag, end_tag};

/// Elements whose text is none for readers.
const SILENT: [&str; 2] = ["script", "style"];
/// Elements before and behind which a new line begins.
const BLOCKS: [&str; 36] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "caption",
    "dd",
    "details",
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
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];
/// The longest entity, `&CounterClockwiseContourIntegral;`.
const LONGEST_ENTITY: usize = 33;

/// The text of a piece of HTML, entities resolved, with `\n` where a line ends and spaces for other white space.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_text(&mut text, before);
        let Some(token) = Token::at(tag) else {
            text.push('<');
            rest = tag.get(1..).unwrap_or_default();
            continue;
        };
        let Some(after) = behind(&token, tag) else {
            rest = tag;
            break;
        };
        if let Token::Start(name) | Token::End(name) = &token
            && BLOCKS.contains(&name.as_str())
        {
            text.push('\n');
        }
        rest = after;
    }
    push_text(&mut text, rest);
    text
}

/// What follows a tag, a comment, or an element that is silent; `None` when it does not end.
fn behind<'a>(token: &Token, html: &'a str) -> Option<&'a str> {
    match token {
        Token::Comment => html.get(4..)?.split_once("-->").map(|(_, after)| after),
        Token::Declaration => html.split_once('>').map(|(_, after)| after),
        Token::Start(name) if SILENT.contains(&name.as_str()) => behind_tag(end_tag(behind_tag(html)?, name)?),
        Token::Start(_) | Token::End(_) => behind_tag(html),
    }
}

fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, entity)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        push_spaced(out, before);
        let name = |c: char| c.is_ascii_alphanumeric() || c == '#';
        let length = entity.get(1..).and_then(|tail| tail.find(|c| !name(c))).unwrap_or_default() + 2;
        if (4..=LONGEST_ENTITY).contains(&length) && entity.get(..length).is_some_and(|entity| entity.ends_with(';')) {
            push_spaced(out, &resolved(entity.get(..length).unwrap_or_default()));
            rest = entity.get(length..).unwrap_or_default();
        } else {
            out.push('&');
            rest = entity.get(1..).unwrap_or_default();
        }
    }
    push_spaced(out, rest);
}

fn push_spaced(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
}

/// An entity as Markdown reads it, so that both ways of writing agree.
fn resolved(entity: &str) -> String {
    Parser::new(entity)
        .filter_map(|event| if let Event::Text(text) = event { Some(text.into_string()) } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        for (html, text) in [
            ("<b title='a>b'>bold</b> and <!-- not\nthis --><i>more</i>", "bold and more"),
            ("one<br/>two &amp; three&nbsp;four &mdash; &#65;&unknown; &", "one\ntwo & three\u{a0}four — A&unknown; &"),
            ("<style>p { x }</style><SCRIPT>if (a </b) {}</Script>x", "x"),
            ("a < b <kbd>Ctrl", "a < b Ctrl"),
            ("shown <!-- not closed", "shown <!-- not closed"),
            ("<script>rest", "<script>rest"),
            ("<a title=\"rest", "<a title=\"rest"),
        ] {
            assert_eq!(text_of(html), text, "{html}");
        }
    }
}

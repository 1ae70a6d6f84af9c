//! Whether HTML written by hand closes what it opens.
//!
//! One message's open `<div>` would take the rest of a page into itself, and a `</main>` would end it; a text whose HTML
//! does that is shown as text. It is not mended: guessing is worse.

use super::bounds::MAX_DEPTH;

/// Elements that have no end tag (HTML, section 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements whose end tag may be left out (HTML, section 13.1.2.4).
const OPTIONAL: [&str; 15] =
    ["p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "rp", "rt"];
/// Elements that hold text only, up to their own end tag.
const TEXT: [&str; 5] = ["script", "style", "textarea", "title", "iframe"];

/// Whether every element is closed where it belongs, every comment ends, no end tag stands alone, and nothing nests deeper
/// than Markdown may.
pub(super) fn is_balanced(html: &str) -> bool {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let Some(token) = Token::at(rest) else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let Some(after) = token.apply(&mut open, rest) else {
            return false;
        };
        if open.len() > MAX_DEPTH {
            return false;
        }
        rest = after;
    }
    open.iter().all(|name| OPTIONAL.contains(&name.as_str()))
}

pub(super) enum Token {
    Comment,
    Declaration,
    Start(String),
    End(String),
}

impl Token {
    pub(super) fn at(html: &str) -> Option<Self> {
        if html.starts_with("<!--") {
            return Some(Self::Comment);
        }
        match html.as_bytes().get(1)? {
            b'!' | b'?' => Some(Self::Declaration),
            b'/' => tag_name(html.get(2..)?).map(Self::End),
            _ => tag_name(html.get(1..)?).map(Self::Start),
        }
    }

    /// Takes the token into account; gives what follows it, or `None` when it breaks the balance.
    fn apply<'a>(self, open: &mut Vec<String>, html: &'a str) -> Option<&'a str> {
        match self {
            Self::Comment => html.get(4..)?.split_once("-->").map(|(_, after)| after),
            Self::Declaration => html.split_once('>').map(|(_, after)| after),
            Self::End(name) => {
                let after = behind_tag(html)?;
                if VOID.contains(&name.as_str()) {
                    return Some(after);
                }
                while open.last().is_some_and(|last| *last != name && OPTIONAL.contains(&last.as_str())) {
                    open.pop();
                }
                let closes = open.pop().is_some_and(|last| last == name) || OPTIONAL.contains(&name.as_str());
                closes.then_some(after)
            }
            Self::Start(name) => {
                let after = behind_tag(html)?;
                if TEXT.contains(&name.as_str()) {
                    return behind_tag(end_tag(after, &name)?);
                }
                // `<path/>` closes itself in a drawing or formula and nowhere else.
                let foreign = |name: &String| matches!(name.as_str(), "svg" | "math");
                let tag = html.get(..html.len() - after.len()).unwrap_or_default();
                let closed = tag.ends_with("/>") && (foreign(&name) || open.iter().any(foreign));
                if !closed && !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
                Some(after)
            }
        }
    }
}

/// The end tag of this name and what follows it, whatever tags stand before it. Looks no further than that.
pub(super) fn end_tag<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let is_it = |tag: Option<&[u8]>| tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
    let mut ends = memchr::memmem::find_iter(html.as_bytes(), b"</");
    ends.find(|at| is_it(html.as_bytes().get(at + 2..at + 2 + name.len()))).and_then(|at| html.get(at..))
}

/// The name that a tag begins with, in lower case.
fn tag_name(html: &str) -> Option<String> {
    html.chars().next().filter(char::is_ascii_alphabetic)?;
    let end = html.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(html.len());
    Some(html.get(..end)?.to_ascii_lowercase())
}

/// What follows a tag's `>`, which may stand in quotes before.
pub(super) fn behind_tag(html: &str) -> Option<&str> {
    let mut quote = None;
    for (at, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => return html.get(at + 1..),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_balanced() {
        for html in [
            "",
            "<kbd>Ctrl</kbd>",
            "<br><hr/><img src='a>b' alt=\"<p>\">",
            "<ul><li>one<li>two</ul>",
            "<p>one<p>two",
            "<!-- <div> --><details><summary>x</summary><p>y</details>",
            "<script>if (a < b) { x = '</div>'; }</script>",
            "<table><tr><td>1<td>2<tr><td>3</table>",
            "a < b and b > c",
            "<svg viewBox='0 0 1 1'><path d='M0 0'/><g><circle r='1' /></g></svg>",
        ] {
            assert!(is_balanced(html), "{html}");
        }
    }

    #[test]
    fn what_would_break_a_page_is_not() {
        for html in [
            "<div>",
            "<div/>",
            "</div>",
            "</div></article></main> hi <b>unclosed",
            "<b><i></b></i>",
            "<!-- open",
            "<div title=\"open>",
            "<script>x",
            "<textarea>",
        ] {
            assert!(!is_balanced(html), "{html}");
        }
    }
}

//! HTML without its tags, scripts and style sheets; a tag that begins or ends a block leaves a line end, and so does `<br>`.

use super::html_tokens::{Part, parts};

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

/// The text of a piece of HTML, references to characters resolved, with `\n` where a line ends and spaces for other white
/// space.
pub(super) fn words_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for part in parts(html) {
        match &part {
            Part::Start(tag) if BLOCKS.contains(&tag.name.as_str()) => text.push('\n'),
            Part::End { name, .. } if BLOCKS.contains(&name.as_str()) => text.push('\n'),
            Part::Text { words, .. } => push_spaced(&mut text, words),
            Part::Unfinished(source) => push_spaced(&mut text, source),
            Part::Start(_) | Part::End { .. } | Part::Comment { .. } => {}
        }
    }
    text
}

fn push_spaced(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
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
            ("<p>a</p><p>b</p>", "\na\n\nb\n"),
            ("<a title=\"rest", "<a title=\"rest"),
        ] {
            assert_eq!(words_of(html), text, "{html}");
        }
    }
}

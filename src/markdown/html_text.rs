//! Text as HTML and XML can hold it.

use std::borrow::Cow;

/// Stands in the rendered HTML wherever a link begins that is relative to the site's root.
///
/// Replaced by `../`, by nothing or by an absolute address when the HTML goes into a page or feed, so that one
/// conversion serves all of them. No text can hold it: control characters are made visible before, references to them are
/// left out of text and addresses ([`harmless`]) and replaced in raw HTML (`raw_html.rs`).
pub const ROOT: char = '\u{1}';

/// Pushes text with `&`, `<`, `>` and `"` escaped and control characters made harmless.
pub(super) fn push_text(html: &mut String, text: &str) {
    let text = harmless(text);
    // Writing to a String cannot fail.
    let _ = pulldown_cmark_escape::escape_html(html, &text);
}

/// Text as HTML shows it.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_text(&mut html, text);
    html
}

/// A text without the comments in it; one that does not end hides what follows.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once("<!--") else {
        return text.into();
    };
    let mut shown = before.to_owned();
    while let Some((_, after)) = rest.split_once("-->") {
        let (before, comment) = after.split_once("<!--").unwrap_or((after, ""));
        shown.push_str(before);
        rest = comment;
    }
    shown.into()
}

/// Replaces what neither HTML nor XML 1.0 (section 2.2) may hold, and an entity such as `&#1;` can still bring in, by nothing.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{fffe}' | '\u{ffff}');
    // 0xc2 and 0xef begin the encodings of the C1 controls and of U+FFFE. Without an early exit many bytes are looked at at once.
    let odd = |byte: u8| byte < 0x20 && byte != b'\n' && byte != b'\t' || matches!(byte, 0x7f | 0xc2 | 0xef);
    if text.bytes().fold(false, |any, byte| any | odd(byte)) && text.contains(control) {
        text.replace(control, "").into()
    } else {
        text.into()
    }
}

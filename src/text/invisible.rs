//! Characters that show nothing, or change how others read, and how they are made visible.
//!
//! The one list of them is here (Unicode Standard Annex 9 for direction, Annex 31 for characters of no width).

use std::fmt::Write;

/// Whether a character shows nothing or turns the direction of what follows it.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// A text with control characters and characters that turn its direction made visible; line ends and tabs stay, and so
/// do joiners where they have work to do: within an emoji, and between letters of scripts that write with them.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => shown.push('\u{2421}'),
            _ if joins(before, c, rest.clone().next()) => shown.push(c),
            _ if c.is_control() || is_unseen(c) => push_code(&mut shown, c),
            _ => shown.push(c),
        }
        before = Some(c);
    }
    shown
}

/// A name or a stranger's words within a line: [`visible`], and no line end that could begin a line of its own.
pub fn field(text: &str) -> String {
    visible(&text.replace('\n', "␊").replace('\t', "␉"))
}

/// A name on a page: every control character, joiner and character that shows nothing becomes its number, `⟨U+202E⟩`.
pub fn escaped(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || is_unseen(c) {
            push_code(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    shown
}

fn push_code(text: &mut String, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(text, "⟨U+{:04X}⟩", u32::from(c));
}

/// Whether a joiner or non-joiner changes how its neighbours look (Annex 31, section 2.3), so that it can hide nothing.
fn joins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    match c {
        '\u{200d}' if is_pictorial(after) => is_pictorial(before) || before == '\u{fe0f}',
        '\u{200c}' | '\u{200d}' => is_cursive(before) && is_cursive(after),
        _ => false,
    }
}

/// The blocks that emoji and their skin tones are taken from.
fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Letters and signs of the scripts whose shapes depend on their neighbours: Arabic and its relatives, those of India
/// and of South-East Asia, Mongolian.
fn is_cursive(c: char) -> bool {
    matches!(c, '\u{0620}'..='\u{08ff}' | '\u{0900}'..='\u{0dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_speaks_to_the_terminal() {
        assert_eq!(visible("a\x1b]0;title\x07\r\u{202e}b\u{9b}"), "a␛]0;title␇␍⟨U+202E⟩b⟨U+009B⟩");
        assert_eq!(field("a\nerror: b"), "a␊error: b");
    }

    #[test]
    fn names_on_pages_hide_nothing() {
        assert_eq!(escaped("invoice\u{202e}gpj.exe"), "invoice⟨U+202E⟩gpj.exe");
        assert_eq!(escaped("a\nb\u{200d}c"), "a⟨U+000A⟩b⟨U+200D⟩c");
    }

    #[test]
    fn joiners_stay_where_they_join() {
        for text in ["👩‍💻 ❤️‍🔥 👩🏽‍🚀", "می‌خواهم", "क्‍ष"] {
            assert_eq!(visible(text), text);
        }
        assert_eq!(visible("pay\u{200d}pal\u{200c} 👩\u{200d}"), "pay⟨U+200D⟩pal⟨U+200C⟩ 👩⟨U+200D⟩");
    }
}

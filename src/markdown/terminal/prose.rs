//! Running text and its styles.
//!
//! White space folds, and a painted line ends every style that it begins. What comes from a message is made visible on its
//! way in.

use std::ops::Range;

use crate::text::invisible::visible;
use crate::text::wrap::{columns, widths, wrap};

/// How a piece of text looks: no colours, so that it can be read on light and dark alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style(u8);

impl Style {
    pub(super) const NONE: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const DIM: Self = Self(2);
    pub(super) const ITALIC: Self = Self(4);
    pub(super) const UNDERLINE: Self = Self(8);
    pub(super) const STRIKE: Self = Self(16);

    /// Both at once.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Writes a text in this style and ends the style (ECMA-48, section 8.3.117).
    pub(super) fn paint(self, out: &mut String, text: &str) {
        const CODES: [(Style, &str); 5] = [
            (Style::BOLD, "\x1b[1m"),
            (Style::DIM, "\x1b[2m"),
            (Style::ITALIC, "\x1b[3m"),
            (Style::UNDERLINE, "\x1b[4m"),
            (Style::STRIKE, "\x1b[9m"),
        ];
        if text.is_empty() {
            return;
        }
        for (style, code) in CODES {
            if self.0 & style.0 != 0 {
                out.push_str(code);
            }
        }
        out.push_str(text);
        if self != Self::NONE {
            out.push_str("\x1b[0m");
        }
    }
}

/// Running text: lines that were asked for end in `\n`, all others are still to be found.
#[derive(Clone, Debug, Default)]
pub(super) struct Prose {
    text: String,
    /// Where a style begins, in ascending order.
    styles: Vec<(usize, Style)>,
}

impl Prose {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The length in bytes, for [`Prose::since`].
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What was pushed since the text had this length.
    pub(super) fn since(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default()
    }

    /// Adds text; white space becomes one space.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        self.begin(style);
        for c in visible(text).chars() {
            if !is_space(c) {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    /// Adds text whose spaces all count.
    pub(super) fn push_code(&mut self, text: &str, style: Style) {
        self.begin(style);
        self.text.push_str(&visible(&text.replace(is_space, " ")));
    }

    /// Ends a line, unless nothing is on it.
    pub(super) fn push_break(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Adds another text as it is.
    pub(super) fn append(&mut self, other: &Self) {
        self.begin(Style::NONE);
        let start = self.text.len();
        self.styles.extend(other.styles.iter().map(|(at, style)| (start + at, *style)));
        self.text.push_str(&other.text);
    }

    /// Its first `most` bytes or a little less, as running text without styles if something of it is left out.
    pub(super) fn shortened(&self, most: usize) -> Self {
        if self.text.len() <= most {
            return self.clone();
        }
        let mut short = Self::default();
        short.push(self.text.get(..self.text.floor_char_boundary(most)).unwrap_or_default(), Style::NONE);
        short.push("…", Style::NONE);
        short
    }

    fn begin(&mut self, style: Style) {
        if self.styles.last().map_or(Style::NONE, |last| last.1) != style {
            self.styles.push((self.text.len(), style));
        }
    }

    /// The width of the widest line, and of the widest piece that is not parted, in columns.
    pub(super) fn widths(&self) -> (usize, usize) {
        widths(&self.text)
    }

    /// The text's lines, at most `first` columns, then `rest`: byte ranges for [`Prose::paint`].
    pub(super) fn wrap(&self, first: usize, rest: usize) -> Vec<Range<usize>> {
        let text = self.text.trim_end_matches(['\n', ' ']);
        wrap(text, first, rest)
    }

    /// The width of a range, in columns.
    pub(super) fn columns(&self, range: &Range<usize>) -> usize {
        columns(self.line(range))
    }

    fn line(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// A range of the text in its styles, all of them ended.
    pub(super) fn paint(&self, range: &Range<usize>, styled: bool) -> String {
        let mut out = String::new();
        if !styled {
            out.push_str(self.line(range));
            return out;
        }
        let next = self.styles.partition_point(|(at, _)| *at <= range.start);
        let mut style = next.checked_sub(1).and_then(|last| self.styles.get(last)).map_or(Style::NONE, |(_, s)| *s);
        let mut start = range.start;
        for (at, following) in self.styles.iter().skip(next).take_while(|(at, _)| *at < range.end) {
            style.paint(&mut out, self.line(&(start..*at)));
            (start, style) = (*at, *following);
        }
        style.paint(&mut out, self.line(&(start..range.end)));
        out
    }
}

/// White space that folds: neither a space that holds its neighbours together nor an ideographic one.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_ends_with_its_line() {
        let mut prose = Prose::default();
        prose.push("plain ", Style::NONE);
        prose.push("bold  and\nlong", Style::BOLD.and(Style::UNDERLINE));
        prose.push(" end\x1b[31m", Style::NONE);
        let lines: Vec<String> = prose.wrap(10, 14).iter().map(|line| prose.paint(line, true)).collect();
        assert_eq!(lines, ["plain \x1b[1m\x1b[4mbold\x1b[0m", "\x1b[1m\x1b[4mand long\x1b[0m", "end␛[31m"]);
    }
}

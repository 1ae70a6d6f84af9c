//! Where a line ends: at spaces, between the characters of scripts that have none, and anywhere between graphemes when a
//! word is longer than a line. An address stays whole, so that it can be followed.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns of a terminal a text without line ends takes (Unicode Standard Annex 11, and emoji sequences as two).
pub fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// Parts a text into lines of at most `first` columns, then `rest`: byte ranges without the spaces at a line's end.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<Range<usize>> {
    let mut lines = Lines { done: Vec::new(), line: 0..0, used: 0, room: first, rest };
    for_each_line(text, |start, line| {
        lines.begin(start);
        for_each_atom(line, |atom| lines.take(line, start, &atom));
        lines.end();
    });
    lines.done
}

/// The width of a text's widest line, and of the widest piece of it that is not parted.
pub(crate) fn widths(text: &str) -> (usize, usize) {
    let mut widest = (0, 0);
    for_each_line(text, |_, line| {
        widest.0 = columns(line.trim_end_matches(' ')).max(widest.0);
        for_each_atom(line, |atom| widest.1 = atom.width.max(widest.1));
    });
    widest
}

fn for_each_line<'a>(text: &'a str, mut visit: impl FnMut(usize, &'a str)) {
    let mut start = 0;
    for line in text.split('\n') {
        visit(start, line);
        start += line.len() + 1;
    }
}

/// A piece of a line that is parted only when it is longer than a line.
struct Atom {
    range: Range<usize>,
    /// The spaces before it.
    gap: usize,
    width: usize,
}

fn for_each_atom(line: &str, mut visit: impl FnMut(Atom)) {
    let mut gap = 0;
    let mut start = 0;
    for word in line.split(' ') {
        if !word.is_empty() {
            let mut from = 0;
            for (to, width) in pieces(word) {
                visit(Atom { range: start + from..start + to, gap: std::mem::take(&mut gap), width });
                from = to;
            }
        }
        gap += 1;
        start += word.len() + 1;
    }
}

/// The pieces of a word: where each ends, and its width.
fn pieces(word: &str) -> Vec<(usize, usize)> {
    if word.is_ascii() {
        return vec![(word.len(), word.len())];
    }
    let mut pieces = Vec::new();
    let mut before = ("", 0);
    let mut width = 0;
    for (at, grapheme) in word.grapheme_indices(true) {
        let here = (grapheme, grapheme.width());
        if at > 0 && may_part(before, here) {
            pieces.push((at, width));
            width = 0;
        }
        width += here.1;
        before = here;
    }
    pieces.push((word.len(), width));
    pieces
}

/// What never begins a line, from Unicode Standard Annex 14 (CL, CP, EX, IS, NS, CJ) and Markdown's own marks.
const CLOSING: &str = "!%),.:;?]}\"'*`~[’”›»…‥—、。〃々〆〕〗〞〟〻・！％），．：；？］｝～」』】〉》〙〛\
    ーぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ";
/// What never ends a line (OP, QU, PR).
const OPENING: &str = "([{\"'*`~‘“‹«〈《「『【〔〖〘〚〝（［｛＄￥";

/// Whether a line may end between two graphemes, each with its width, without a space: beside the wide characters of
/// scripts that use none, and behind a dash. Hangul is wide and has spaces.
fn may_part(before: (&str, usize), after: (&str, usize)) -> bool {
    let first = |text: &str| text.chars().next().unwrap_or(' ');
    let wide = |(text, width): (&str, usize)| width == 2 && !matches!(first(text), '\u{ac00}'..='\u{d7a3}');
    (wide(before) || wide(after) || before.0 == "—")
        && !OPENING.contains(first(before.0))
        && !CLOSING.contains(first(after.0))
}

struct Lines {
    done: Vec<Range<usize>>,
    line: Range<usize>,
    used: usize,
    room: usize,
    rest: usize,
}

impl Lines {
    fn begin(&mut self, at: usize) {
        self.line = at..at;
        self.used = 0;
    }

    fn end(&mut self) {
        self.done.push(self.line.clone());
        self.room = self.rest;
    }

    /// Puts the next piece of `line`, which begins at `start`, onto this line or the next.
    fn take(&mut self, line: &str, start: usize, atom: &Atom) {
        let range = start + atom.range.start..start + atom.range.end;
        let width = self.used + atom.gap + atom.width;
        if width <= self.room {
            self.line.end = range.end;
            self.used = width;
            return;
        }
        if !self.line.is_empty() {
            self.end();
        }
        self.begin(range.start);
        let text = line.get(atom.range.clone()).unwrap_or_default();
        if atom.width <= self.room || text.contains("://") {
            self.line.end = range.end;
            self.used = atom.width;
        } else {
            self.part(text, range.start);
        }
    }

    /// Parts a piece that is longer than a line between its graphemes.
    fn part(&mut self, text: &str, start: usize) {
        for (at, grapheme) in text.grapheme_indices(true) {
            let width = grapheme.width();
            if self.used + width > self.room && !self.line.is_empty() {
                self.end();
                self.begin(start + at);
            }
            self.line.end = start + at + grapheme.len();
            self.used += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: usize) -> Vec<&str> {
        wrap(text, width, width).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn counts_what_a_terminal_shows() {
        for (text, width) in [("abc", 3), ("東京", 4), ("cafe\u{301}", 4), ("👩‍💻", 2), ("❤️", 2), ("🇬🇷", 2), ("שלום", 4)]
        {
            assert_eq!(columns(text), width, "{text}");
        }
    }

    #[test]
    fn parts_at_spaces() {
        assert_eq!(lines("one two  three four", 9), ["one two", "three", "four"]);
        assert_eq!(lines("  kept in front\nand  between", 20), ["  kept in front", "and  between"]);
        assert_eq!(lines("", 9), [""]);
        assert_eq!(lines("abcdefghijkl mn", 5), ["abcde", "fghij", "kl mn"]);
        assert_eq!(lines("see https://example.org/a/b now", 10), ["see", "https://example.org/a/b", "now"]);
    }

    #[test]
    fn parts_where_scripts_have_no_spaces() {
        assert_eq!(lines("雨の音で、目が覚めた。", 8), ["雨の音", "で、目が", "覚めた。"]);
        assert_eq!(lines("見る「東京」。", 6), ["見る", "「東", "京」。"]);
        assert_eq!(lines("메시지는 하나의", 10), ["메시지는", "하나의"]);
        assert_eq!(lines("e\u{301}e\u{301}e\u{301}", 2), ["e\u{301}e\u{301}", "e\u{301}"]);
    }
}

//! The line that shows a match and the words around it.
//!
//! White space folds, words stay whole where they can, and nothing is cut within a grapheme. Characters are those of the
//! text; whoever prints them makes them visible.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::wrap::columns;

/// A part of a text on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, with `…` where the text goes on.
    pub line: String,
    /// Where the matches are in it: byte ranges, in order, that do not overlap.
    pub matches: Vec<Range<usize>>,
}

impl Excerpt {
    /// The line about the first of the matches, which are byte ranges of the text in order.
    pub(super) fn around(text: &str, matches: &[Range<usize>], width: usize) -> Option<Self> {
        let first = matches.first()?;
        let start = start_before(text, first.start, width / 3);
        let mut excerpt = Self::default();
        if start > 0 {
            excerpt.line.push('…');
        }
        let tail = text.get(start..)?;
        let mut used = columns(&excerpt.line);
        for (at, grapheme) in tail.grapheme_indices(true) {
            let place = start + at..start + at + grapheme.len();
            used += excerpt.push(grapheme, &place, matches);
            // A match is shown whole, unless it alone is longer than some lines.
            if used + 1 >= width && (place.end >= first.end && !parts(matches, place.end) || used >= width * 3) {
                excerpt.cut(text.get(place.end..).unwrap_or_default());
                break;
            }
        }
        excerpt.line.truncate(excerpt.line.trim_end().len());
        Some(excerpt)
    }

    /// Adds a grapheme that lies at a place of the text; gives its width.
    fn push(&mut self, grapheme: &str, place: &Range<usize>, matches: &[Range<usize>]) -> usize {
        let from = self.line.len();
        match grapheme.chars().all(char::is_whitespace) {
            true if self.line.is_empty() || self.line.ends_with(' ') => {}
            true => self.line.push(' '),
            false => self.line.push_str(grapheme),
        }
        let to = self.line.len();
        let next = matches.partition_point(|found| found.end <= place.start);
        if matches.get(next).is_some_and(|found| found.start < place.end) && from < to {
            match self.matches.last_mut().filter(|last| last.end == from) {
                Some(last) => last.end = to,
                None => self.matches.push(from..to),
            }
        }
        columns(self.line.get(from..).unwrap_or_default())
    }

    /// Ends the line at a word, if that takes no match away.
    fn cut(&mut self, rest: &str) {
        if rest.trim().is_empty() {
            return;
        }
        let matched = self.matches.last().map_or(0, |last| last.end);
        if !rest.starts_with(char::is_whitespace)
            && let Some(space) = self.line.rfind(' ').filter(|space| *space >= matched)
        {
            self.line.truncate(space);
        }
        let end = self.line.trim_end_matches([' ', ',', ';', ':', '.', '-', '–', '—']).len();
        self.line.truncate(end.max(matched));
        self.line.push('…');
    }
}

/// Whether a place lies within a match.
fn parts(matches: &[Range<usize>], place: usize) -> bool {
    let next = matches.partition_point(|found| found.end <= place);
    matches.get(next).is_some_and(|found| found.start < place)
}

/// Where a line begins that shows up to `width` columns before a place: at a word, if one begins there.
fn start_before(text: &str, place: usize, width: usize) -> usize {
    let head = text.get(..place).unwrap_or_default();
    let mut used = 0;
    let mut start = place;
    for (at, grapheme) in head.grapheme_indices(true).rev() {
        used += columns(grapheme);
        if used > width {
            let shown = text.get(start..place).unwrap_or_default();
            let words = shown.find(char::is_whitespace).and_then(|space| shown.get(space..));
            return words.map_or(start, |words| place - words.trim_start().len());
        }
        start = at;
    }
    0
}

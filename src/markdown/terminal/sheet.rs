//! The lines of the page and the margin before them.
//!
//! Quotes, list items and notes put something before each line, and leave room for twenty columns, or for two thirds of a
//! page that is narrower still. Beyond that margins grow no further, however deep a text nests.

use super::prose::Style;
use crate::text::wrap::columns;

/// What one quote, item or note puts before its lines.
struct Margin {
    /// Before its first line, if that is still to come.
    first: Option<(String, usize)>,
    rest: String,
    width: usize,
}

/// The page as far as it is written.
pub(super) struct Sheet {
    out: String,
    width: usize,
    styled: bool,
    margins: Vec<Margin>,
}

impl Sheet {
    pub(super) fn new(width: usize, styled: bool) -> Self {
        Self { out: String::new(), width, styled, margins: Vec::new() }
    }

    /// How many bytes are written.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Puts a bar before the lines that follow.
    pub(super) fn open_quote(&mut self) {
        let (bar, style) = if self.styled { ("│", Style::DIM) } else { (">", Style::NONE) };
        let fits = self.indent() + 2 <= self.most();
        let mut rest = String::new();
        if fits {
            style.paint(&mut rest, bar);
            rest.push(' ');
        }
        self.margins.push(Margin { first: None, rest, width: if fits { 2 } else { 0 } });
    }

    /// Puts a mark before the line that follows, and its width before those after it.
    pub(super) fn open_item(&mut self, mark: &str, style: Style) {
        let wide = columns(mark);
        if self.first_indent() > self.most() {
            self.line("");
        }
        let width = if self.indent() + wide <= self.most() { wide } else { 0 };
        let mut first = String::new();
        style.paint(&mut first, mark.trim_end());
        first.push(' ');
        self.margins.push(Margin { first: Some((first, wide)), rest: " ".repeat(width), width });
    }

    /// Replaces a mark before it is written.
    pub(super) fn replace_mark(&mut self, mark: &str) {
        if self.margins.last().is_some_and(|margin| margin.first.is_some()) {
            self.margins.pop();
            self.open_item(mark, Style::NONE);
        }
    }

    /// Ends the innermost margin; a mark without a line gets one.
    pub(super) fn close(&mut self) {
        if self.margins.last().is_some_and(|margin| margin.first.is_some()) {
            self.line("");
        }
        self.margins.pop();
    }

    /// The columns left on the next line, and on those after it.
    pub(super) fn room(&self) -> (usize, usize) {
        (self.width.saturating_sub(self.first_indent()), self.width.saturating_sub(self.indent()))
    }

    /// Writes a line that is painted already.
    pub(super) fn line(&mut self, text: &str) {
        for margin in &mut self.margins {
            match margin.first.take() {
                Some((first, _)) => self.out.push_str(&first),
                None => self.out.push_str(&margin.rest),
            }
        }
        self.out.push_str(text);
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    /// Writes an empty line, if there is anything above it.
    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && self.margins.iter().all(|margin| margin.first.is_none()) {
            self.line("");
        }
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn most(&self) -> usize {
        self.width.saturating_sub(20).max(self.width / 3)
    }

    fn indent(&self) -> usize {
        self.margins.iter().map(|margin| margin.width).sum()
    }

    fn first_indent(&self) -> usize {
        self.margins.iter().map(|margin| margin.first.as_ref().map_or(margin.width, |(_, width)| *width)).sum()
    }
}

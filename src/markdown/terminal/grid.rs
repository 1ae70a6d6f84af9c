//! Tables: columns that line up, or one line for each cell where the page is too narrow for that.
//!
//! A column is never narrower than a word in it, and one with much text is never so narrow that reading it is a chore.

use pulldown_cmark::Alignment;

use super::prose::{Prose, Style};

/// The least width of a column with more text than that.
const READABLE: usize = 12;
/// What stands between two columns, and where it meets the line below the head.
const BETWEEN: usize = 3;

/// How much of a column's name stands before each of its cells, in bytes, where a table is no grid.
const LONGEST_NAME: usize = 200;

/// A table as it is read.
pub(super) struct Grid {
    alignments: Vec<Alignment>,
    /// The first is the head.
    rows: Vec<Vec<Prose>>,
    row: Vec<Prose>,
}

impl Grid {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new(), row: Vec::new() }
    }

    pub(super) fn push_cell(&mut self, cell: Prose) {
        self.row.push(cell);
    }

    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// The table's lines, painted, within `room` columns but for pieces that are never parted.
    pub(super) fn lay_out(&self, room: usize, styled: bool) -> Vec<String> {
        match self.widths(room) {
            Some(widths) => self.as_grid(&widths, styled),
            None => self.as_list(room, styled),
        }
    }

    /// A width for each column, if the page has room for all of them.
    fn widths(&self, room: usize) -> Option<Vec<usize>> {
        let between = BETWEEN * self.alignments.len().saturating_sub(1);
        let room = room.checked_sub(between).filter(|room| *room >= self.alignments.len())?;
        let mut columns = vec![Column::default(); self.alignments.len()];
        for cell in self.rows.iter().flat_map(|row| columns_of(row, self.alignments.len())) {
            if let (Some(column), Some(cell)) = (columns.get_mut(cell.0), cell.1) {
                column.see(cell.widths());
            }
        }
        let least: usize = columns.iter().map(Column::least).sum();
        (least <= room).then(|| share(&columns, room))
    }

    fn as_grid(&self, widths: &[usize], styled: bool) -> Vec<String> {
        let (bar, dash, cross) = if styled { ("│", "─", "─┼─") } else { ("|", "-", "-+-") };
        let dim = |text: &str| {
            let mut line = String::new();
            if styled { Style::DIM } else { Style::NONE }.paint(&mut line, text);
            line
        };
        let rule = dim(&widths.iter().map(|width| dash.repeat(*width)).collect::<Vec<_>>().join(cross));
        let bar = format!(" {} ", dim(bar));
        let rows = self.rows.iter().map(|row| self.row_lines(row, widths, &bar, styled));
        let gap = widths.iter().map(|width| " ".repeat(*width)).collect::<Vec<_>>().join(&bar);
        let mut out = Vec::new();
        let mut tall = false;
        for (number, lines) in rows.enumerate() {
            // Where a cell has several lines, only an empty one tells what belongs together.
            let was_tall = std::mem::replace(&mut tall, lines.len() > 1);
            match number {
                0 => {}
                1 => out.push(rule.clone()),
                _ if tall || was_tall => out.push(gap.clone()),
                _ => {}
            }
            out.extend(lines);
        }
        out
    }

    fn row_lines(&self, row: &[Prose], widths: &[usize], bar: &str, styled: bool) -> Vec<String> {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| cell.wrap(*width, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        let mut out = Vec::with_capacity(height);
        for number in 0..height {
            let mut line = String::new();
            for (column, width) in widths.iter().enumerate() {
                if column > 0 {
                    line.push_str(bar);
                }
                let range = cells.get(column).and_then(|lines| lines.get(number)).cloned().unwrap_or_default();
                let alignment = self.alignments.get(column).copied().unwrap_or(Alignment::None);
                if let Some(cell) = row.get(column) {
                    push_aligned(&mut line, &cell.paint(&range, styled), *width, cell.columns(&range), alignment);
                }
            }
            out.push(line);
        }
        out
    }

    /// `head: cell`, a line for each, with an empty line between rows.
    fn as_list(&self, room: usize, styled: bool) -> Vec<String> {
        let Some((head, rows)) = self.rows.split_first() else {
            return Vec::new();
        };
        // The head is said again for each row, so a long one would multiply the text.
        let names: Vec<Prose> = head.iter().map(|name| name.shortened(LONGEST_NAME)).collect();
        let mut out = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                out.push(String::new());
            }
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let mut line = Prose::default();
                if let Some(name) = names.get(column).filter(|name| !name.is_empty()) {
                    line.append(name);
                    line.push(": ", Style::NONE);
                }
                line.append(cell);
                push_hanging(&mut out, &line, room, styled);
            }
        }
        if rows.is_empty() {
            for name in head {
                push_hanging(&mut out, name, room, styled);
            }
        }
        out
    }
}

/// What a column's cells ask for.
#[derive(Clone, Copy, Default)]
struct Column {
    widest: usize,
    word: usize,
}

impl Column {
    fn see(&mut self, (line, word): (usize, usize)) {
        self.widest = self.widest.max(line);
        self.word = self.word.max(word);
    }

    fn least(&self) -> usize {
        self.widest.min(self.word.max(READABLE))
    }
}

fn columns_of(row: &[Prose], count: usize) -> impl Iterator<Item = (usize, Option<&Prose>)> {
    (0..count).map(|column| (column, row.get(column)))
}

/// Shares out the room: columns that need less than an equal share get what they need, the others share the rest.
fn share(columns: &[Column], mut room: usize) -> Vec<usize> {
    let mut widths: Vec<Option<usize>> = vec![None; columns.len()];
    loop {
        let open = widths.iter().filter(|width| width.is_none()).count();
        let Some(equal) = room.checked_div(open) else {
            break;
        };
        let of = |pick: &dyn Fn(&Column) -> Option<usize>| {
            let mut open = columns.iter().zip(&widths).enumerate().filter(|(_, (_, width))| width.is_none());
            open.find_map(|(at, (column, _))| Some((at, pick(column)?)))
        };
        // Those that cannot do with an equal share come first, for they make the others' smaller.
        let next = of(&|column| Some(column.least()).filter(|least| *least > equal))
            .or_else(|| of(&|column| Some(column.widest).filter(|widest| *widest <= equal)))
            .or_else(|| of(&|_| Some(equal)));
        if let Some((at, width)) = next
            && let Some(place) = widths.get_mut(at)
        {
            *place = Some(width);
            room = room.saturating_sub(width);
        }
    }
    widths.into_iter().map(Option::unwrap_or_default).collect()
}

fn push_aligned(out: &mut String, text: &str, width: usize, wide: usize, alignment: Alignment) {
    let spare = width.saturating_sub(wide);
    let before = match alignment {
        Alignment::Right => spare,
        Alignment::Center => spare / 2,
        Alignment::Left | Alignment::None => 0,
    };
    out.extend(std::iter::repeat_n(' ', before));
    out.push_str(text);
    out.extend(std::iter::repeat_n(' ', spare - before));
}

fn push_hanging(out: &mut Vec<String>, text: &Prose, room: usize, styled: bool) {
    const HANGING: &str = "  ";
    for (number, range) in text.wrap(room, room.saturating_sub(HANGING.len())).iter().enumerate() {
        let margin = if number == 0 { "" } else { HANGING };
        out.push(format!("{margin}{}", text.paint(range, styled)));
    }
}

//! Lines as a terminal shows them: without tabs, and without empty ones at the ends.

use crate::text::wrap::columns;

/// Lines without empty ones at the beginning and the end.
pub(super) fn trimmed(lines: &str) -> String {
    let lines = lines.trim_matches('\n');
    if lines.is_empty() { String::new() } else { format!("{lines}\n") }
}

/// Spaces for tabs, whose width would depend on what stands before the line. Tab stops are four columns apart, as they
/// are for `CommonMark` (0.31.2, section 2.2).
pub(super) fn untabbed(text: &str) -> String {
    const STOP: usize = 4;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut column = 0;
        for (count, part) in line.split('\t').enumerate() {
            if count > 0 {
                let width = STOP - column % STOP;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            out.push_str(part);
            column += columns(part);
        }
    }
    out
}

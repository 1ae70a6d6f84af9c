//! What a text may cost.
//!
//! Owns the limits that keep a Markdown bomb from mattering: a text beyond them is shown as plain text. All of them are
//! counts, never clocks, so that the same text gives the same page on every machine.

/// The longest text that is read as Markdown, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// How much of a longer text its page shows, in bytes.
pub(super) const MAX_PLAIN: usize = 64 << 10;
/// How deep blocks and spans may nest.
pub(super) const MAX_DEPTH: usize = 64;
/// How many footnote marks a text may hold.
const MAX_FOOTNOTES: usize = 1_000;
/// How many block marks (`>`, list bullets) may open one line.
const MAX_LINE_MARKS: usize = 64;
/// How many openings of links, comments or sections a text may hold.
const MAX_OPENINGS: usize = 20_000;

/// Whether a text is cheap enough to be read as Markdown.
pub(super) fn affordable(text: &str) -> bool {
    text.len() <= MAX_TEXT && openings_affordable(text) && text.lines().all(|line| line_marks(line) <= MAX_LINE_MARKS)
}

/// The largest HTML that a text of `len` bytes may become; reference definitions can multiply a text.
pub(super) fn max_html(len: usize) -> usize {
    len.saturating_mul(32).max(1 << 20)
}

fn openings_affordable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut openings = 0;
    let mut footnotes = 0;
    for at in memchr::memchr2_iter(b'[', b'<', bytes) {
        openings += 1;
        footnotes += usize::from(bytes.get(at..at + 2) == Some(b"[^"));
    }
    openings <= MAX_OPENINGS && footnotes <= MAX_FOOTNOTES
}

/// Counts the block marks before the first other character of a line.
fn line_marks(line: &str) -> usize {
    let marks = line
        .bytes()
        .take_while(|byte| matches!(byte, b'>' | b'-' | b'*' | b'+' | b' ' | b'\t'))
        .filter(|byte| !matches!(byte, b' ' | b'\t'))
        .count();
    if marks > MAX_LINE_MARKS && is_rule(line) { 0 } else { marks }
}

/// A line of only dashes or stars, as long as one likes, is a rule or an underline and nests nothing.
fn is_rule(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b'-' | b' ')) || line.bytes().all(|byte| matches!(byte, b'*' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_are_affordable() {
        assert!(affordable("# A title\n\n> a quote\n\n- [a](b)\n\n---\n\n[^1]: note"));
        assert!(affordable(&"-".repeat(5_000)));
    }

    #[test]
    fn bombs_are_not() {
        for bomb in [
            ">".repeat(50_000),
            "[".repeat(50_000),
            "[^a]".repeat(5_000),
            "- ".repeat(500) + "x",
            "a".repeat(MAX_TEXT + 1),
        ] {
            assert!(!affordable(&bomb), "{bomb:.20}");
        }
    }
}

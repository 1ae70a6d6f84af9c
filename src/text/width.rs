//! Cuts and wraps a text by columns: wide characters count two, and nothing is parted within a grapheme.
//!
//! Every text is made visible first, so what is measured is what will be shown.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::invisible::field;
use crate::text::wrap;

/// How many columns a text takes when it is shown within a line.
pub fn columns(text: &str) -> usize {
    wrap::columns(&field(text))
}

/// The beginning of a text that fits into so many columns, with `…` where it is cut.
pub fn cut(text: &str, width: usize) -> String {
    let text = field(text);
    if wrap::columns(&text) <= width {
        return text;
    }
    let mut used = 1;
    let fits = |grapheme: &&str| {
        used += wrap::columns(grapheme);
        used <= width
    };
    let cut: String = text.graphemes(true).take_while(fits).collect();
    if width == 0 { cut } else { format!("{}…", cut.trim_end()) }
}

/// Parts, `between` two of them, as lines of so many columns; a part is longer than a line only if it must be.
pub fn wrapped(parts: &[String], between: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if columns(line) + columns(between) + columns(part) <= width => {
                line.push_str(between);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns() {
        for (text, width, cut_text) in [
            ("hello", 5, "hello"),
            ("hello there", 7, "hello…"),
            ("東京タワー", 5, "東京…"),
            ("東京タワー", 6, "東京…"),
            ("👩‍💻👩‍💻", 3, "👩‍💻…"),
            ("a\u{202e}b", 9, "a⟨U+202E…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, width), cut_text);
            assert!(columns(&cut(text, width)) <= width);
        }
    }

    #[test]
    fn parts_stay_whole() {
        let parts = ["12 in", "30 out", "2 unread"].map(str::to_owned);
        assert_eq!(wrapped(&parts, ", ", 15), ["12 in, 30 out", "2 unread"]);
        assert_eq!(wrapped(&parts, ", ", 3), ["12 in", "30 out", "2 unread"]);
    }
}

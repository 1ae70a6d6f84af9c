//! An author's name as it can be shown on one line, and what it looks like: two names that look the same are one.

use unicode_segmentation::UnicodeSegmentation;

use crate::markdown::harmless;
use crate::text::invisible::is_unseen;
use crate::text::normalize::fold;

/// A longer name is cut, in characters.
const MAX_NAME: usize = 80;

/// What everybody calls themselves.
pub(crate) const ME: &str = "me";

/// What a name looks like: letters that look the same are the same, and what shows nothing is left out.
pub(super) fn look(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !is_blank(*c)).collect();
    let folded = fold(&shown);
    String::from_utf8_lossy(&folded).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that take room or none and show nothing, besides white space and those of no width: fillers, variation
/// selectors, tags (`Default_Ignorable_Code_Point` of the Unicode Character Database) and the empty Braille cell.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A name as one line of sane length, without characters that would turn what stands behind it; `None` if it shows nothing.
pub(crate) fn sane(name: &str) -> Option<String> {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let line = harmless(name).replace(|c: char| is_unseen(c) && !is_joiner(c), "");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = if line.chars().count() > MAX_NAME { cut(&line) } else { line };
    (!look(&line).is_empty()).then_some(line)
}

/// The beginning of a name that is too long, up to the end of a sign.
fn cut(name: &str) -> String {
    let mut used = 1;
    let fits = |grapheme: &&str| {
        used += grapheme.chars().count();
        used <= MAX_NAME
    };
    let beginning: String = name.graphemes(true).take_while(fits).collect();
    if beginning.is_empty() { beginning } else { format!("{}…", beginning.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_one_sane_line() {
        for (name, expected) in [
            ("  A \n b\t", Some("A b")),
            ("\u{1b}[31mred\u{7}\u{9b}", Some("[31mred")),
            ("a\u{202e}b\u{2066}c\u{200e}", Some("abc")),
            ("<script>alert(1)</script>", Some("<script>alert(1)</script>")),
            ("👩\u{200d}💻 می\u{200c}خواهم", Some("👩\u{200d}💻 می\u{200c}خواهم")),
            ("", None),
            (" \u{200b}\u{2800}\u{3164}\u{200d} ", None),
        ] {
            assert_eq!(sane(name).as_deref(), expected, "{name:?}");
        }
        assert_eq!(sane(&"x".repeat(80)), Some("x".repeat(80)));
        assert_eq!(sane(&"x".repeat(1_000)), Some("x".repeat(79) + "…"));
        let cut = sane(&format!("{}👩\u{200d}💻xx", "x".repeat(78))).unwrap();
        assert_eq!(cut, "x".repeat(78) + "…", "no part of a sign stays");
        assert_eq!(sane(&format!("a{}", "\u{301}".repeat(1_000))), None);
    }

    proptest! {
        #[test]
        fn whatever_is_sane_stays_so(name in any::<String>()) {
            if let Some(once) = sane(&name) {
                prop_assert!(once.chars().count() <= MAX_NAME && !once.contains(char::is_control));
                prop_assert_eq!(sane(&once), Some(once.clone()));
            }
        }
    }
}

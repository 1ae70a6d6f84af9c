//! When two names are one to a system that does not tell letters by case or composition.
//!
//! Full case folding (Unicode Standard, section 3.13, toCasefold) between canonical forms: `SS`, `ss` and `ß` are one, and
//! so are an accented letter and a letter with an accent behind it. macOS, Windows and Linux folders that fold case differ
//! in how much they take for one; none takes more.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

/// A name as such a system compares it. Never to be shown: it may be spelled otherwise.
pub fn casefold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let taken_apart: String = name.nfd().collect();
    UniCase::unicode(taken_apart).to_folded_case().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_some_system_takes_for_one_are_one() {
        for (a, b) in [
            ("Photo.JPG", "photo.jpg"),
            ("ß.txt", "SS.txt"),
            ("Straße", "STRASSE"),
            ("ẞ", "ß"),
            ("λόγος", "ΛΌΓΟΣ"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("\u{fb01}n", "FIN"),
            ("ſ", "S"),
            ("K", "k"),
            ("ǰ", "J\u{30c}"),
            ("\u{1f80}", "\u{1f88}"),
        ] {
            assert_eq!(casefold(a), casefold(b), "{a} {b}");
        }
        for (a, b) in [("i", "ı"), ("a", "á"), ("o", "ø"), ("ss", "s"), ("²", "2"), ("東", "东")] {
            assert_ne!(casefold(a), casefold(b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn folding_is_done_at_once_and_both_cases_are_one(name in any::<String>()) {
            let folded = casefold(&name);
            prop_assert_eq!(&casefold(&folded), &folded);
            prop_assert_eq!(casefold(&name.nfd().collect::<String>()), folded);
        }
    }
}

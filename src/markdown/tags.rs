//! Hashtags: where one begins and ends in running text, and when two are the same.

use unicode_normalization::UnicodeNormalization;

/// The longest tag, in characters.
const MAX_TAG: usize = 64;

/// The form in which tags are compared: composed (NFC), lower case, no `#`, no white space around.
pub fn normal_tag(tag: &str) -> Option<String> {
    let tag = tag.trim().trim_start_matches('#').trim();
    // As a whole, for the last letter of a Greek word depends on its being the last.
    let normal: String = tag.nfc().collect::<String>().to_lowercase().chars().take(MAX_TAG).collect();
    (!normal.is_empty() && !normal.chars().any(char::is_control)).then_some(normal)
}

/// The hashtags of a run of text, as byte ranges that include the `#`; `before` is the character that precedes the run.
pub(super) fn hashtags(text: &str, before: Option<char>) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    memchr::memchr_iter(b'#', text.as_bytes()).filter_map(move |at| {
        let previous = text.get(..at)?.chars().next_back().or(before);
        if previous.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '/' | '&' | '_')) {
            return None;
        }
        let tail = text.get(at + 1..)?;
        tail.chars().next().filter(|c| c.is_alphabetic())?;
        let length = tail.find(|c: char| !is_tag_char(c)).unwrap_or(tail.len());
        let word = tail.get(..length)?.trim_end_matches(|c| !is_word_char(c));
        (word.chars().count() <= MAX_TAG).then_some(at..at + 1 + word.len())
    })
}

/// A letter, a digit, or a mark on one (UAX 31, `XID_Continue`).
fn is_word_char(c: char) -> bool {
    !JOINERS.contains(&c) && (unicode_ident::is_xid_continue(c) || c.is_alphanumeric())
}

/// What may stand within a tag and not at its end: a hyphen or an underscore, and what joins the letters of a word in some
/// languages (UAX 31, section 2.3 and table 3a): the two joiners of Persian and Hindi, Catalan's and Japanese's middle dots.
const JOINERS: [char; 6] = ['_', '-', '\u{200c}', '\u{200d}', '\u{b7}', '\u{30fb}'];

fn is_tag_char(c: char) -> bool {
    is_word_char(c) || JOINERS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        hashtags(text, None).map(|range| &text[range]).collect()
    }

    #[test]
    fn a_letter_must_follow() {
        assert_eq!(found("#one and #two-three, not #4 or # five, a#b, ##six, x/#y"), ["#one", "#two-three"]);
        assert_eq!(found("(#Ærø) #東京。 #end-"), ["#Ærø", "#東京", "#end"]);
    }

    #[test]
    fn a_word_is_whole_in_every_language() {
        for word in [
            "#می‌خواهم",
            "#col·lecció",
            "#ハッシュ・タグ",
            "#हिन्दी",
            "#क्‍ष",
            "#Straße",
            "#ελληνικά",
            "#한국어",
            "#ไทยแลนด์",
        ] {
            assert_eq!(found(&format!("a {word}, b")), [word]);
        }
        // What joins letters ends no word.
        assert_eq!(found("#a\u{200c} #b· #c・, #d\u{200d}-"), ["#a", "#b", "#c", "#d"]);
    }

    #[test]
    fn case_and_composition_do_not_matter() {
        assert_eq!(normal_tag(" #Cafe\u{301} "), Some("café".to_owned()));
        assert_eq!(normal_tag("#ΛΌΓΟΣ"), normal_tag("#λόγος"));
        assert_ne!(normal_tag("#Maße"), normal_tag("#Masse"), "two words");
        assert_eq!(normal_tag("#"), None);
    }
}

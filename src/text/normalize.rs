//! Texts as they are compared in a search: case, accents and the shapes of quotation marks and dashes do not count.
//!
//! Compatibility decomposition (Unicode Standard Annex 15), without accents and points, in lower case, `ß` as `ss` and `ς`
//! as `σ`. Vowel signs and the marks that make other letters of Indian, Thai or Japanese ones stay. White space stays where
//! it is and becomes a space, so that a place in a folded text can be found in the text.

use std::sync::LazyLock;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use crate::text::invisible::is_unseen;

/// A folded text, and where each of its bytes comes from.
pub(crate) struct Folded {
    /// The folded text.
    pub(crate) bytes: Vec<u8>,
    /// For each byte the place of its character in the text.
    places: Vec<usize>,
    /// The length of the text as far as it is folded.
    len: usize,
}

impl Folded {
    /// Folds a text up to about so many bytes of the folded one, and remembers the places.
    pub(crate) fn with_places(text: &str, most: usize) -> Self {
        let capacity = text.len().min(most);
        let bytes = Vec::with_capacity(capacity);
        let mut folded = Self { bytes, places: Vec::with_capacity(capacity), len: text.len() };
        for (place, c) in text.char_indices() {
            if folded.bytes.len() >= most {
                // A match that ends here ends before this character.
                folded.len = place;
                break;
            }
            match u8::try_from(c).ok().filter(u8::is_ascii) {
                Some(byte) => folded.bytes.push(lower(byte)),
                None => push_char(&mut folded.bytes, c),
            }
            folded.places.resize(folded.bytes.len(), place);
        }
        folded
    }

    /// The bytes of the text that a range of folded bytes comes from, with the accents behind them.
    pub(crate) fn origin(&self, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let place = |at: usize| self.places.get(at).copied().unwrap_or(self.len);
        let last = place(range.end.saturating_sub(1));
        let beyond = self.places.iter().skip(range.end).find(|place| **place > last);
        place(range.start)..beyond.copied().unwrap_or(self.len)
    }
}

/// Folds a text.
pub(crate) fn fold(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (ascii, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let start = out.len();
        out.extend_from_slice(ascii.as_bytes());
        out.iter_mut().skip(start).for_each(|byte| *byte = lower(*byte));
        let end = tail.bytes().position(|byte| byte.is_ascii()).unwrap_or(tail.len());
        let (other, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        other.chars().for_each(|c| push_char(&mut out, c));
        rest = tail;
    }
    out
}

/// An ASCII byte in lower case; white space is a space.
fn lower(byte: u8) -> u8 {
    if matches!(byte, b'\t'..=b'\r') { b' ' } else { byte.to_ascii_lowercase() }
}

/// The characters whose folding is looked up: Latin, Greek, Cyrillic and all else below the ideographs.
const LOOKED_UP: u32 = 0x3100;
/// Folds to something that is no single character.
const SEVERAL: u32 = u32::MAX;
/// Folds to nothing.
const NOTHING: u32 = u32::MAX - 1;

static SINGLE: LazyLock<Vec<u32>> = LazyLock::new(|| (0..LOOKED_UP).map(folded).collect());

/// What the table says of a character: what it is folded to, if that is one character.
fn folded(number: u32) -> u32 {
    let mut out = String::new();
    if let Some(c) = char::from_u32(number) {
        fold_char(c, &mut |c| out.push(c));
    }
    let mut chars = out.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => u32::from(c),
        (None, _) => NOTHING,
        _ => SEVERAL,
    }
}

fn push_char(out: &mut Vec<u8>, c: char) {
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    match (c, SINGLE.get(c as usize).copied()) {
        ('\u{4e00}'..='\u{9fff}', _) => push(c),
        // A Hangul syllable is two or three letters, none of which folds further.
        ('\u{ac00}'..='\u{d7a3}', _) => decompose_compatible(c, push),
        (_, Some(NOTHING)) => {}
        (_, None | Some(SEVERAL)) => fold_char(c, &mut push),
        (_, Some(single)) => push(char::from_u32(single).unwrap_or(c)),
    }
}

fn fold_char(c: char, push: &mut impl FnMut(char)) {
    decompose_compatible(c, |part| {
        if is_accent(part) || is_unseen(part) {
            return;
        }
        for lower in part.to_lowercase() {
            match lower {
                'ß' => {
                    push('s');
                    push('s');
                }
                'ς' => push('σ'),
                '‘' | '’' | '‚' | '‛' | 'ʼ' | '′' => push('\''),
                '“' | '”' | '„' | '‟' | '«' | '»' | '″' => push('"'),
                '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => push('-'),
                lower if lower.is_whitespace() => push(' '),
                lower => push(lower),
            }
        }
    });
}

/// Accents above and below letters, and the points of Hebrew, Arabic and Syriac, by their combining class.
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 1 | 10..=36 | 200..=240)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        String::from_utf8(fold(text)).unwrap()
    }

    #[test]
    fn case_and_accents_do_not_count() {
        for (text, expected) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("cafe\u{301}", "cafe"),
            ("Straße STRASSE ẞ", "strasse strasse ss"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("ﬁn ² Ⅳ", "fin 2 iv"),
            ("İstanbul ISTANBUL", "istanbul istanbul"),
            ("Don’t “say” – «so»…", "don't \"say\" - \"so\"..."),
            ("soft\u{ad}hyphen\u{200b}\u{feff}", "softhyphen"),
            ("a\u{a0}b\u{3000}c\nd", "a b c d"),
            ("שָׁלוֹם", "שלום"),
            ("がか", "か\u{3099}か"),
            ("कि की", "कि की"),
            ("東京", "東京"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree(text in any::<String>()) {
            prop_assert_eq!(&Folded::with_places(&text, usize::MAX).bytes, &fold(&text));
            let beginning = Folded::with_places(&text, 5).bytes;
            prop_assert!(fold(&text).starts_with(&beginning) && (beginning.len() >= 5 || beginning.len() == fold(&text).len()));
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
        }

        #[test]
        fn origins_are_parts_of_the_text(text in "[aßéÉ\u{301}ﬁ東👩 ]{0,12}", a in 0usize..20, b in 0usize..20) {
            let places = Folded::with_places(&text, usize::MAX);
            let range = a.min(b).min(places.bytes.len())..a.max(b).min(places.bytes.len());
            if !range.is_empty() {
                let origin = places.origin(&range);
                prop_assert!(text.get(origin.clone()).is_some_and(|part| !part.is_empty()), "{origin:?}");
            }
        }
    }
}

//! What others' code says of an error, without the keys in it, for a log.
//!
//! The engine names documents by their ids, and a document's id is the key for reading it.

use std::fmt::Display;

use crate::text::invisible::field;

/// From so many letters and digits in a row on, a word may be a key: the shortest ones have 64 hexadecimal digits or 52 letters of
/// base 32.
const MIN_KEY: usize = 32;

/// The text of an error on one line, with every long word replaced by `…`.
pub fn redacted(error: &impl Display) -> String {
    let text = field(&error.to_string());
    let mut safe = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let end = part.strip_prefix(word).unwrap_or_default();
        safe.push_str(if word.len() < MIN_KEY { word } else { "…" });
        safe.push_str(end);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out_and_words_are_not() {
        let id = "0123456789abcdef".repeat(4);
        let said = format!("Failed to close Some(NamespaceId({id})) with PublicKey(ab12): “déjà vu” /tmp/x.txt");
        let wanted = "Failed to close Some(NamespaceId(…)) with PublicKey(ab12): “déjà vu” /tmp/x.txt";
        assert_eq!(redacted(&said), wanted);
        assert_eq!(redacted(&format!("missive-read-{id}")), "missive-read-…");
        assert_eq!(redacted(&""), "");
    }
}

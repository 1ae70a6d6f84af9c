//! What a fingerprint is: the hash of all that a file depends on, in a few named parts.
//!
//! A file is up to date while its fingerprint equals the one of the last build. The parts answer "why was this written?" from
//! the very comparison that decided it. Which page depends on what is said in `pages/page_fingerprint.rs`.

use serde::{Deserialize, Serialize};

/// All that a file of the site depends on, by part; equal means up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// What it says: the messages in it.
    pub text: u64,
    /// The attachments of those messages.
    pub attachments: u64,
    /// What is before and after it.
    pub around: u64,
    /// What the whole site has in common: profile and settings.
    pub site: u64,
    /// The templates.
    pub theme: u64,
}

impl Fingerprint {
    /// The parts in which two differ, in words.
    pub(crate) fn reasons(&self, old: &Self) -> Vec<&'static str> {
        let parts = [
            ("text", self.text, old.text),
            ("attachments", self.attachments, old.attachments),
            ("neighbours", self.around, old.around),
            ("profile or settings", self.site, old.site),
            ("theme", self.theme, old.theme),
        ];
        parts.into_iter().filter(|(_, new, old)| new != old).map(|(name, ..)| name).collect()
    }
}

/// The hash of a view or a part of one.
///
/// Every field that the type serialises counts, so a field that a page can show cannot be forgotten.
pub(crate) fn hash<T: Serialize + ?Sized>(value: &T) -> u64 {
    let mut hasher = Hasher::default();
    hasher.add(value);
    hasher.finish()
}

/// One hash of two hashes in order: a message page has two neighbours, and there are many message pages.
pub(crate) fn pair(first: u64, second: u64) -> u64 {
    // An odd constant without pattern, the golden ratio's; multiplying by it tells the first from the second.
    first.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ second
}

/// Hashes several values in order.
#[derive(Default)]
pub(crate) struct Hasher {
    bytes: Vec<u8>,
}

impl Hasher {
    /// Adds a value.
    pub(crate) fn add<T: Serialize + ?Sized>(&mut self, value: &T) {
        let bytes = std::mem::take(&mut self.bytes);
        // Views hold nothing that could fail to be written, and a vector always has room.
        self.bytes = postcard::to_extend(value, bytes).unwrap_or_default();
    }

    /// The hash of all that was added.
    pub(crate) fn finish(self) -> u64 {
        let mut sum = [0; 8];
        blake3::Hasher::new().update(&self.bytes).finalize_xof().fill(&mut sum);
        u64::from_le_bytes(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_the_parts_that_differ() {
        let old = Fingerprint { text: 1, theme: 1, ..Fingerprint::default() };
        let new = Fingerprint { text: 2, theme: 1, around: 5, ..Fingerprint::default() };
        assert_eq!(new.reasons(&old), ["text", "neighbours"]);
        assert!(new.reasons(&new).is_empty());
    }

    #[test]
    fn values_do_not_run_into_each_other() {
        assert_ne!(hash(&("ab", "c")), hash(&("a", "bc")));
        assert_ne!(pair(1, 2), pair(2, 1));
    }
}

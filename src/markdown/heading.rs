//! Headings inside a message: their level and their anchor.
//!
//! Owns the ids, which begin with the message's own prefix, so that no text can name an element of the page or clash
//! with another message on the same page.

use std::collections::HashMap;

use pulldown_cmark::HeadingLevel;

/// Gives each heading of one message an id that no other has.
#[derive(Default)]
pub(super) struct Anchors {
    seen: HashMap<String, usize>,
}

impl Anchors {
    /// The part of an id behind the message's prefix, for a heading of this text.
    pub(super) fn name(&mut self, text: &str) -> String {
        let slug = slug(text);
        let count = self.seen.entry(slug.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { slug } else { format!("{slug}-{count}") }
    }
}

/// The name of a heading's anchor: lower case, letters and digits kept, everything else one hyphen.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "section".to_owned() } else { slug }
}

/// The level on the page, 2 to 6: the first level belongs to the message's title.
pub(super) fn level(level: HeadingLevel) -> u8 {
    (level as u8).clamp(2, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_within_a_message() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.name("Why & how?"), "why-how");
        assert_eq!(anchors.name("Why — how"), "why-how-2");
        assert_eq!(anchors.name("!!!"), "section");
        assert_eq!(anchors.name("Ελλάδα 東京"), "ελλάδα-東京");
    }
}

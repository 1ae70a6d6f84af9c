//! Ids within a message: of its headings, and of its own HTML.
//!
//! An id begins with the message's own prefix, so that no text can name an element of the page or clash with another message
//! on the same page. Behind it stands what [`slug`] makes of a heading or of the id that the author wrote; the same is made of
//! what a link names, so that both agree.

use std::collections::{HashMap, HashSet};

use unicode_normalization::char::is_combining_mark;

/// Gives each place of one message an id that no other has.
#[derive(Default)]
pub(super) struct Anchors {
    seen: HashSet<String>,
    counts: HashMap<String, usize>,
}

impl Anchors {
    /// The part of an id behind the message's prefix, for a heading of this text. Of equal ones the second ends in `-1`, as
    /// people know it from the sites where they keep their code.
    pub(super) fn name(&mut self, text: &str) -> String {
        let slug = slug(text);
        let mut name = slug.clone();
        while !self.seen.insert(name.clone()) {
            let count = self.counts.entry(slug.clone()).or_default();
            *count += 1;
            name = format!("{slug}-{count}");
        }
        name
    }

    /// Takes note of an id that the author gave; `None` where another place has it.
    pub(super) fn take(&mut self, id: &str) -> Option<String> {
        let slug = slug(id);
        self.seen.insert(slug.clone()).then_some(slug)
    }
}

/// The name of a place: lower case, letters and digits kept, everything else one hyphen.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || !slug.is_empty() && is_combining_mark(c) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "section".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_within_a_message() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.name("Install"), "install");
        assert_eq!(anchors.name("install"), "install-1");
        assert_eq!(anchors.name("Install!"), "install-2");
        assert_eq!(anchors.name("install 1"), "install-1-1");
        assert_eq!(anchors.name("Why & how?"), "why-how");
        assert_eq!(anchors.name("!!!"), "section");
        assert_eq!(anchors.name("Ελλάδα 東京"), "ελλάδα-東京");
        assert_eq!(anchors.name("हिन्दी में"), "हिन्दी-में");
    }

    #[test]
    fn an_id_of_the_authors_own_comes_first() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.take("My_Own").as_deref(), Some("my-own"));
        assert_eq!(anchors.take("my-own"), None);
        assert_eq!(anchors.name("My own"), "my-own-1");
    }
}

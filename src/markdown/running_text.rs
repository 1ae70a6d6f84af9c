//! What stands in running text without any markup: hashtags and bare addresses.

use std::ops::Range;

use super::bare_links::{BareLink, bare_links};
use super::tags::hashtags;

/// Something that a run of text holds.
pub(super) enum Mark<'t> {
    /// A hashtag, with its `#`.
    Tag(Range<usize>),
    /// An address.
    Link(BareLink<'t>),
}

impl Mark<'_> {
    /// Where it stands in the text, in bytes.
    pub(super) fn range(&self) -> Range<usize> {
        match self {
            Self::Tag(range) => range.clone(),
            Self::Link(link) => link.range.clone(),
        }
    }
}

/// The hashtags and addresses of a run of text, in order; `before` is the character that precedes it. A `#` in an address
/// begins no tag.
pub(super) fn marks(text: &str, before: Option<char>) -> Vec<Mark<'_>> {
    let mut marks: Vec<Mark<'_>> = bare_links(text, before).map(Mark::Link).collect();
    let links: Vec<Range<usize>> = marks.iter().map(Mark::range).collect();
    let is_free = |tag: &Range<usize>| {
        let at = links.partition_point(|link| link.end <= tag.start);
        links.get(at).is_none_or(|link| link.start >= tag.end)
    };
    marks.extend(hashtags(text, before).filter(is_free).map(Mark::Tag));
    marks.sort_by_key(|mark| mark.range().start);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_in_an_address_begins_no_tag() {
        let text = "#one https://example.org/a?#two (#three) me@example.org #four";
        let found: Vec<&str> = marks(text, None).iter().map(|mark| &text[mark.range()]).collect();
        assert_eq!(found, ["#one", "https://example.org/a?#two", "#three", "me@example.org", "#four"]);
    }
}

//! An output that stays borrowed for as long as it is the same as its source.

use std::borrow::Cow;
use std::ops::Range;

/// Collects parts of a source, and bytes of one's own, and copies nothing before the first difference.
pub(super) struct PartialCopy<'a> {
    source: &'a [u8],
    /// While nothing was copied, the output is the source as far as here.
    same: usize,
    copied: Option<Vec<u8>>,
}

impl<'a> PartialCopy<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Self { source, same: 0, copied: None }
    }

    /// Appends a part of the source; nothing if it does not lie within.
    pub(super) fn keep(&mut self, part: Range<usize>) {
        let (start, bytes) = (part.start, self.source.get(part).unwrap_or_default());
        if self.copied.is_none() && start == self.same {
            self.same += bytes.len();
        } else {
            self.write(bytes);
        }
    }

    /// Appends bytes that need not be in the source, though they may be just the ones that stand there.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let ahead = self.source.get(self.same..).unwrap_or_default();
        match &mut self.copied {
            Some(copied) => copied.extend_from_slice(bytes),
            None if ahead.starts_with(bytes) => self.same += bytes.len(),
            None => {
                let mut copied = Vec::with_capacity(self.source.len());
                copied.extend_from_slice(self.source.get(..self.same).unwrap_or_default());
                copied.extend_from_slice(bytes);
                self.copied = Some(copied);
            }
        }
    }

    /// The output: borrowed if, and only if, it is the whole source.
    pub(super) fn finish(self) -> Cow<'a, [u8]> {
        match self.copied {
            Some(copied) => Cow::Owned(copied),
            None if self.same == self.source.len() => Cow::Borrowed(self.source),
            None => Cow::Owned(self.source.get(..self.same).unwrap_or_default().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::media::remove_metadata::partial_copy::PartialCopy;

    #[test]
    fn the_same_again_is_borrowed() {
        let mut kept = PartialCopy::new(b"one two three");
        kept.keep(0..4);
        kept.write(b"two ");
        kept.keep(8..13);
        assert!(matches!(kept.finish(), Cow::Borrowed(b"one two three")));
    }

    #[test]
    fn a_beginning_is_not_the_same() {
        let mut kept = PartialCopy::new(b"one two three");
        kept.keep(0..3);
        assert!(matches!(kept.finish(), Cow::Owned(bytes) if bytes == b"one"));
    }

    #[test]
    fn a_gap_and_a_difference_are_copied() {
        let mut kept = PartialCopy::new(b"one two three");
        kept.keep(0..4);
        kept.keep(8..13);
        assert_eq!(kept.finish(), &b"one three"[..]);

        let mut kept = PartialCopy::new(b"one two three");
        kept.keep(0..4);
        kept.write(b"or ");
        kept.keep(4..7);
        kept.keep(20..30);
        assert_eq!(kept.finish(), &b"one or two"[..]);
    }
}

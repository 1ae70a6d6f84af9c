//! Which bytes of a file a request asks for: the `Range` field (RFC 9110, section 14).
//!
//! One range of bytes is understood, which is all that players and downloads ask for. `headers::Range` is not used for this: it gives
//! ranges behind the end of the file too, takes signs for numbers, and forgets the last bytes of a file that is shorter than what is
//! asked for.

/// What is to be sent of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// All of it.
    Whole,
    /// These bytes, first and last, both included.
    Part(u64, u64),
    /// There are no such bytes.
    Nothing,
}

/// The number that digits spell, and nothing else: `parse` would take a sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Reads the field for a file of this many bytes. What is not understood, and more than one range, asks for the whole.
pub(crate) fn parse(field: &str, len: u64) -> Range {
    let Some(spec) = field.trim().strip_prefix("bytes=") else {
        return Range::Whole;
    };
    let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return Range::Whole;
    };
    match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Some(0) => Range::Nothing,
            Some(_) if len == 0 => Range::Nothing,
            Some(count) => Range::Part(len.saturating_sub(count), len - 1),
            None => Range::Whole,
        },
        (first, last) => match (number(first), number(last), last.is_empty()) {
            (Some(first), _, _) if first >= len => Range::Nothing,
            (Some(first), _, true) => Range::Part(first, len - 1),
            (Some(first), Some(last), false) if first <= last => Range::Part(first, last.min(len - 1)),
            _ => Range::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_players_ask() {
        for (field, range) in [
            ("bytes=0-", Range::Part(0, 99)),
            ("bytes=0-0", Range::Part(0, 0)),
            ("bytes=90-200", Range::Part(90, 99)),
            ("bytes=-10", Range::Part(90, 99)),
            ("bytes=-1000", Range::Part(0, 99)),
            ("bytes=100-", Range::Nothing),
            ("bytes=-0", Range::Nothing),
            ("bytes=5-4", Range::Whole),
            ("bytes=0-1,5-6", Range::Whole),
            ("bytes=+1-2", Range::Whole),
            ("lines=1-2", Range::Whole),
            ("", Range::Whole),
        ] {
            assert_eq!(parse(field, 100), range, "{field}");
        }
        assert_eq!((parse("bytes=0-", 0), parse("bytes=-5", 0)), (Range::Nothing, Range::Nothing));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn never_more_than_there_is(field in "(bytes=)?[0-9+ -]{0,24}", len in 0u64..50) {
            if let Range::Part(first, last) = parse(&field, len) {
                prop_assert!(first <= last && last < len);
            }
        }
    }
}

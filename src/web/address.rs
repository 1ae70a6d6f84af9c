//! Addresses of what the server shows.
//!
//! Owns how names become parts of a path: each encoded by itself, so that none can be more than one part. The way back is
//! never a path: whoever has a name from an address looks it up in a listing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::channel::entry::Side;
use crate::channel::stamp::Stamp;

/// What RFC 3986, section 2.3, leaves unencoded.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a name as one part of a path.
pub(super) fn part(name: &str) -> String {
    match name {
        // A browser would take them for steps, encoded or not.
        "." | ".." => format!("{name}%00"),
        name => utf8_percent_encode(name, PART).to_string(),
    }
}

/// Encodes a path below something, part by part.
pub(super) fn path(path: &str) -> String {
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The API's address of a channel.
pub(super) fn channel(name: &str) -> String {
    format!("/channels/{}", part(name))
}

/// The API's address of a message.
pub(super) fn message(name: &str, side: Side, stamp: Stamp) -> String {
    format!("{}/{side}/{stamp}", channel(name))
}

/// The API's address of an attachment.
pub(super) fn attachment(name: &str, side: Side, stamp: Stamp, file: &str) -> String {
    format!("{}/attachments/{}", message(name, side, stamp), path(file))
}

/// The API's address of a draft.
pub(super) fn draft(name: &str, draft: &str) -> String {
    format!("{}/drafts/{draft}", channel(name))
}

/// The app's page of a channel.
pub(super) fn reading(name: &str) -> String {
    format!("/read/{}", part(name))
}

/// The app's page of a message.
pub(super) fn reading_message(name: &str, side: Side, stamp: Stamp) -> String {
    format!("{}/{side}/{stamp}", reading(name))
}

/// The app's page for writing into a channel.
pub(super) fn writing(name: &str) -> String {
    format!("/write/{}", part(name))
}

/// The front page of a channel's site.
pub(super) fn site(name: &str) -> String {
    format!("/site/{}/", part(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part() {
        assert_eq!(part("Brando & Cooper/100%?#"), "Brando%20%26%20Cooper%2F100%25%3F%23");
        assert_eq!(part("東京.blog_~-"), "%E6%9D%B1%E4%BA%AC.blog_~-");
        assert!(!part("..").ends_with(".."));
        assert_eq!(path("a b/c.jpg"), "a%20b/c.jpg");
    }
}

//! Addresses of what the server shows.
//!
//! Each name is encoded by itself, so that none can be more than one part of a path. The way back is never a path: whoever has a
//! name from an address looks it up in a listing.

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::text::percent;

/// Encodes a name as one part of a path.
pub(super) fn part(name: &str) -> String {
    match name {
        // A browser would take them for steps, encoded or not.
        "." | ".." => format!("{name}%00"),
        name => percent::part(name),
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

/// An address of this server as a redirect may name it; `None` for one that a browser would take for another server's. What
/// begins with two slashes names a host, and a browser reads `\\` as `/`, and leaves out tabs and line ends (URL, section 4.4).
pub(super) fn local(given: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_local = given.starts_with('/') && !given.starts_with("//") && given.bytes().all(is_plain);
    is_local.then_some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_here() {
        for url in [
            "/",
            "/read/a?before=1#m",
            "/everything",
            "/read/%2F%2Fevil.example",
            "/a//b",
            "/./%09/x",
            "/@evil.example",
        ] {
            assert_eq!(local(url), Some(url));
        }
        for url in [
            "",
            "read",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/a b",
            "/a\r\nSet-Cookie: x",
            "/\u{0}",
            "/\u{a0}/evil.example",
            "https://evil.example",
            "HTTPS:evil.example",
            "javascript:alert(1)",
            "/ü",
        ] {
            assert_eq!(local(url), None, "{url:?}");
        }
    }

    #[test]
    fn a_name_is_one_part() {
        assert_eq!(part("Brando & Cooper/100%?#"), "Brando%20%26%20Cooper%2F100%25%3F%23");
        assert_eq!(part("東京.blog_~-"), "%E6%9D%B1%E4%BA%AC.blog_~-");
        assert!(!part("..").ends_with(".."));
        assert_eq!(path("a b/c.jpg"), "a%20b/c.jpg");
    }
}

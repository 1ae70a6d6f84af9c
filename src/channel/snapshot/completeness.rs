//! Whether a message has arrived whole.
//!
//! There is no list of a message's parts, so the answer follows from what its text names and what lies beside it.

use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::message_address;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachment_address;
use crate::channel::snapshot::attachment_address::AttachmentIndex;
use crate::channel::snapshot::card::Card;
use crate::media::attachment_kind::AttachmentKind;

/// How long a message is held for what it lacks, in seconds, unless said otherwise.
pub const DEFAULT_HOLD: i64 = 600;
/// Names that mean pages of the site, which one's own text may link.
pub const SITE_PAGES: [&str; 4] = ["index.html", "atom.xml", "feed.json", "robots.txt"];

/// What a message lacks, if anything; `arriving` tells whether a sync tool is still receiving a part of it.
pub fn what_is_missing(card: &Card, arriving: bool) -> Option<Missing> {
    let missing = missing_attachments(&card.links, card.attachments.iter().map(|file| &file.path), card.stamp);
    match () {
        () if !missing.is_empty() => Some(Missing::Attachments(missing)),
        () if arriving => Some(Missing::Parts),
        () if card.mark.len == 0 && card.attachments.is_empty() => Some(Missing::Text),
        () => None,
    }
}

/// The attachments that a text names by its relative addresses and that are not among those there.
pub(crate) fn missing_attachments<'a>(
    links: &[String],
    attachments: impl Iterator<Item = &'a RelativePath>,
    stamp: Stamp,
) -> Vec<String> {
    if links.is_empty() {
        return Vec::new();
    }
    let index = AttachmentIndex::from_paths(stamp, attachments);
    let own = format!("{stamp}/");
    let missing = links.iter().filter(|link| index.find(link).is_none()).filter_map(|link| {
        let path = attachment_address::path(link);
        names_attachment(&path, &own).map(str::to_owned)
    });
    missing.collect()
}

/// Whether a message is held for what an address in its text means, unless it is there.
pub(crate) fn is_awaited(link: &str, stamp: Stamp) -> bool {
    names_attachment(&attachment_address::path(link), &format!("{stamp}/")).is_some()
}

/// The attachment's name in an address that can mean nothing else: behind the message's own stem, or a bare file name.
///
/// A bare name needs the ending of a file that people attach, or `[see](below)` would be waited for.
fn names_attachment<'a>(path: &'a str, own: &str) -> Option<&'a str> {
    if let Some(name) = path.strip_prefix(own) {
        return (!name.is_empty()).then_some(name);
    }
    let (first, last) = (path.split('/').next().unwrap_or(path), path.rsplit('/').next().unwrap_or(path));
    let elsewhere = ["", "..", "inbox", "outbox"].contains(&first) || message_address::named(first).is_some();
    let is_file = !last.starts_with('.') && AttachmentKind::from_name(last).is_awaited();
    (!elsewhere && is_file && !SITE_PAGES.contains(&path)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEM: &str = "2013-08-11T14-34-37Z";

    fn counts(link: &str) -> bool {
        names_attachment(&attachment_address::path(link), &format!("{STEM}/")).is_some()
    }

    #[test]
    fn only_what_can_be_an_attachment_is_waited_for() {
        for link in [
            "photo.jpg",
            "2013-08-11T14-34-37Z/photo",
            "trip/day 1.jpg",
            "data.csv",
            "doc.pdf#page=3",
            "clip.mp4?x#t=10",
        ] {
            assert!(counts(link), "{link}");
        }
        for link in [
            "photo",
            "../x.jpg",
            "/x.jpg",
            "inbox/x.jpg",
            "2013-08-11T14-34-38Z/x.jpg",
            "2013-08-11T14-34-38Z.txt",
            "2013-08-11T14-34-38Z",
            "atom.xml",
            "page/1.html",
            "sitemap.xml",
            "example.org",
            "a.html#b",
            "a.php?b",
            "2013-08-11T14-34-37Z/",
            ".hidden",
        ] {
            assert!(!counts(link), "{link}");
        }
    }
}

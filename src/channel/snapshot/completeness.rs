//! Whether a message has arrived whole.
//!
//! Owns the judgement on what a message lacks, and how long it is waited for. Without a list of its parts nobody can
//! know; a pure function of what its text names and of what lies beside it. Refuses to look anything up.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::text::invisible::field;

/// How long a message is held for what it lacks, in seconds, unless said otherwise.
pub const HOLD: i64 = 600;
/// How long an empty file is held for its text, in seconds.
pub const HOLD_EMPTY: i64 = 60;
/// Names that mean pages of the site, which one's own text may link.
pub const SITE_PAGES: [&str; 4] = ["index.html", "atom.xml", "feed.json", "robots.txt"];
/// Endings that a bare name must have to mean an attachment where none is there: of `example.org` nobody can know.
const ENDINGS: [&str; 42] = [
    "7z", "aac", "avi", "avif", "bmp", "csv", "doc", "docx", "epub", "flac", "gif", "gpx", "gz", "heic", "ics", "jpeg",
    "jpg", "json", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "odp", "ods", "odt", "oga", "ogg", "ogv", "opus", "pdf",
    "png", "ppt", "pptx", "svg", "tar", "txt", "wav", "webm", "webp", "zip",
];

/// What a message lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// Attachments that its text names, as it names them.
    Attachments(Vec<String>),
    /// A part that a sync tool is still receiving.
    Rest,
    /// A text: the file is empty, and nothing is attached.
    Text,
}

impl Lack {
    /// What a message lacks, if anything; `arriving` tells whether a sync tool is still receiving a part of it.
    pub fn of(card: &Card, arriving: bool) -> Option<Self> {
        let missing = missing(&card.links, card.attachments.iter().map(|file| &file.path), card.stamp);
        match () {
            () if !missing.is_empty() => Some(Self::Attachments(missing)),
            () if arriving => Some(Self::Rest),
            () if card.mark.len == 0 && card.attachments.is_empty() => Some(Self::Text),
            () => None,
        }
    }

    /// Until when a message is held for it, given when its text arrived on this disk, all in seconds since 1970.
    ///
    /// `None` when it is not held any more, or when the clock must have been set back since: nobody waits a year.
    pub fn until(&self, arrived: i64, now: i64, hold: i64) -> Option<i64> {
        let hold = if *self == Self::Text { hold.min(HOLD_EMPTY) } else { hold };
        let until = arrived.saturating_add(hold);
        (now < until && arrived <= now.saturating_add(hold)).then_some(until)
    }

    /// The names of missing attachments as people read them: three at most, and how many more there are.
    pub fn names(names: &[String]) -> String {
        const MOST: usize = 3;
        let first: Vec<String> = names.iter().take(MOST).map(|name| field(name)).collect();
        let more = names.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", first.join(", "))
    }
}

/// The attachments that a text names by its relative addresses and that are not among those there.
pub(crate) fn missing<'a>(
    links: &[String],
    attachments: impl Iterator<Item = &'a RelativePath>,
    stamp: Stamp,
) -> Vec<String> {
    if links.is_empty() {
        return Vec::new();
    }
    let composed = |name: &str| name.nfc().collect::<String>();
    let there: HashSet<String> = attachments.map(|path| composed(&path.text())).collect();
    let own = format!("{stamp}/");
    let missing = links.iter().filter_map(|link| {
        let link = link.strip_prefix("./").unwrap_or(link);
        let decoded = percent_decode_str(link).decode_utf8_lossy();
        let name = decoded.strip_prefix(&own).unwrap_or(&decoded);
        let is_there =
            [link, &decoded].iter().any(|name| there.contains(&composed(name.strip_prefix(&own).unwrap_or(name))));
        (!is_there && names_attachment(link, name, &own)).then(|| name.to_owned())
    });
    missing.collect()
}

/// Whether an address can only mean an attachment: behind the message's own stem, or a bare file name.
///
/// A bare name needs the ending of a file that people attach, or `[see](below)` would be waited for.
fn names_attachment(link: &str, name: &str, own: &str) -> bool {
    if link.starts_with(own) {
        return !name.is_empty();
    }
    let (first, last) = (name.split('/').next().unwrap_or(name), name.rsplit('/').next().unwrap_or(name));
    let elsewhere = ["", "..", "inbox", "outbox"].contains(&first) || link.contains(['?', '#']) || is_message(first);
    let is_file = last
        .rsplit_once('.')
        .is_some_and(|(stem, ending)| !stem.is_empty() && ENDINGS.contains(&ending.to_ascii_lowercase().as_str()));
    !elsewhere && is_file && !SITE_PAGES.contains(&name)
}

/// Whether a name is a message's, as another message links it.
fn is_message(name: &str) -> bool {
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".html")).unwrap_or(name);
    Stamp::parse(stem.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEM: &str = "2013-08-11T14-34-37Z";

    fn counts(link: &str) -> bool {
        let own = format!("{STEM}/");
        names_attachment(link, link.strip_prefix(&own).unwrap_or(link), &own)
    }

    #[test]
    fn only_what_can_be_an_attachment_is_waited_for() {
        for link in ["photo.jpg", "2013-08-11T14-34-37Z/photo", "trip/day 1.jpg", "data.csv"] {
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

    #[test]
    fn nobody_is_waited_for_for_ever() {
        let rest = Lack::Rest;
        assert_eq!(rest.until(1_000, 1_001, 600), Some(1_600));
        assert_eq!(rest.until(1_000, 1_600, 600), None);
        assert_eq!(rest.until(90_000, 1_000, 600), None, "the clock was set back");
        assert_eq!(rest.until(1_000, 1_000, 0), None, "not held at all");
        assert_eq!(Lack::Text.until(1_000, 1_001, 600), Some(1_060));
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(Lack::names(&names), "a, b, c and 2 more");
        assert_eq!(Lack::names(&["a\u{1b}\nb\u{202e}".to_owned()]), "a␛␊b⟨U+202E⟩");
    }
}

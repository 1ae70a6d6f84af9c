//! Where the pages of a channel's site lie.
//!
//! The output mirrors the box: a message's page bears its stamp, and its attachments lie in a folder of the same stem.

use crate::channel::Kind;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::site::engine::out_path::OutPath;

/// What the pages of a box's messages begin with, in a site of this kind of channel.
pub(crate) fn prefix(kind: Kind, side: Side) -> &'static str {
    match (kind, side) {
        (Kind::Message, Side::Inbox) => "inbox/",
        (Kind::Message, Side::Outbox) => "outbox/",
        _ => "",
    }
}

/// The page of a message in a site of this kind of channel.
pub(crate) fn page_at(kind: Kind, side: Side, stamp: Stamp) -> OutPath {
    OutPath::fixed(format!("{}{stamp}.html", prefix(kind, side)))
}

/// A list page's path.
pub(crate) fn list_path(number: usize) -> OutPath {
    OutPath::fixed(format!("page/{number}.html"))
}

/// A month's path.
pub(crate) fn month_path(year: i32, month: u32) -> OutPath {
    OutPath::fixed(format!("{year:04}/{month:02}.html"))
}

/// A year's path.
pub(crate) fn year_path(year: i32) -> OutPath {
    OutPath::fixed(format!("{year:04}/index.html"))
}

/// The path of the sitemap or one of its parts.
pub(crate) fn sitemap_path(part: Option<i32>) -> OutPath {
    OutPath::fixed(part.map_or_else(|| "sitemap.xml".to_owned(), |year| format!("sitemap-{year:04}.xml")))
}

/// The path of a text that is too long for its page.
pub(crate) fn text_path(kind: Kind, side: Side, stamp: Stamp) -> OutPath {
    OutPath::fixed(format!("{}{stamp}.txt", prefix(kind, side)))
}

//! What lies around one message's text, for the Markdown room to ask.
//!
//! Owns the answers about attachments, other messages and tags. Names are matched against listings, never joined to paths.

use unicode_normalization::UnicodeNormalization;

use crate::channel::entry::Side;
use crate::markdown::{Around, Target};

use super::contents::Contents;
use super::media::Published;
use super::view::Item;

/// Pages that every site has, which one's own text may link by name.
const ALWAYS: [&str; 6] = ["index.html", "atom.xml", "feed.json", "robots.txt", "tag/index.html", "sitemap.xml"];

/// What lies around one message's text.
pub(super) struct Surroundings<'a> {
    contents: &'a Contents<'a>,
    item: &'a Item<'a>,
    published: &'a [Published],
    anchor: String,
    folder: String,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(contents: &'a Contents<'a>, item: &'a Item<'a>, published: &'a [Published]) -> Self {
        let folder = format!("{}/", item.card.stamp);
        Self { contents, item, published, anchor: contents.anchor(item.card), folder }
    }
}

impl Around for Surroundings<'_> {
    fn attachment(&self, path: &str) -> Option<Target> {
        let files = &self.item.card.attachments;
        if files.is_empty() {
            return None;
        }
        let bare = path.strip_prefix(&self.folder).unwrap_or(path);
        let number = files.iter().position(|file| file.path.text() == bare).or_else(|| {
            // One system composes the letters of a name, another takes them apart.
            files.iter().position(|file| file.path.text().nfc().eq(bare.nfc()))
        })?;
        let published = self.published.get(number)?;
        Some(Target { number, address: published.address.clone(), media: published.media })
    }

    fn page(&self, address: &str) -> Option<String> {
        let known = self.item.pages.iter().find(|(link, _)| *link == address);
        if let Some((_, page)) = known {
            return Some(page.clone());
        }
        let own = self.item.card.side == Side::Outbox;
        (own && ALWAYS.contains(&address)).then(|| address.to_owned())
    }

    fn tag(&self, tag: &str) -> Option<String> {
        self.contents.tags.get(tag).map(|tag| tag.path.address())
    }

    fn anchor(&self) -> &str {
        &self.anchor
    }
}

//! What lies around one message's text, for the Markdown room to ask.
//!
//! Owns the answers about attachments, other messages and tags. Names are matched against listings, never joined to paths.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::channel::arrival::SITE_PAGES;
use crate::channel::card::Card;
use crate::markdown::{Around, Target, Trust};

use super::contents::Contents;
use super::media::Published;
use super::view::Beyond;

/// What lies around one message's text.
pub(super) struct Surroundings<'a> {
    contents: &'a Contents<'a>,
    card: &'a Card,
    beyond: &'a Beyond<'a>,
    published: &'a [Published],
    anchor: String,
    folder: String,
    /// Attachments by name, letters composed: one system composes them, another takes them apart.
    numbers: HashMap<String, usize>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(
        contents: &'a Contents<'a>,
        card: &'a Card,
        beyond: &'a Beyond<'a>,
        published: &'a [Published],
        anchor: String,
    ) -> Self {
        let folder = format!("{}/", card.stamp);
        let names = card.attachments.iter().map(|file| file.path.text().nfc().collect());
        // Of two names that differ in composition alone, the first is meant.
        let mut numbers = HashMap::new();
        for (number, name) in names.enumerate() {
            numbers.entry(name).or_insert(number);
        }
        Self { contents, card, beyond, published, anchor, folder, numbers }
    }
}

impl Around for Surroundings<'_> {
    fn attachment(&self, path: &str) -> Option<Target> {
        if self.numbers.is_empty() {
            return None;
        }
        let bare = path.strip_prefix(&self.folder).unwrap_or(path);
        let number = *self.numbers.get(&bare.nfc().collect::<String>())?;
        let published = self.published.get(number)?;
        let name = self.card.attachments.get(number)?.path.name();
        let save_as = (published.path.name() != name).then(|| name.into_owned());
        let attached = &published.attached;
        Some(Target { number, address: attached.address.clone(), media: attached.media, save_as })
    }

    fn page(&self, address: &str) -> Option<String> {
        let known = self.beyond.pages.iter().find(|(link, _)| *link == address);
        if let Some((_, page)) = known {
            return Some(page.clone());
        }
        let own = self.contents.trust(self.card) == Trust::Own;
        (own && SITE_PAGES.contains(&address)).then(|| address.to_owned())
    }

    fn tag(&self, tag: &str) -> Option<String> {
        // Only what the card knows of: a page must not depend on which tags other messages bear.
        let known = self.card.tags_in_text.iter().any(|known| known == tag);
        self.contents.tags.get(tag).filter(|_| known).map(|tag| tag.path.address())
    }

    fn anchor(&self) -> &str {
        &self.anchor
    }
}

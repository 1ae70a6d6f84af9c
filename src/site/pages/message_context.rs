//! What lies around one message's text: its attachments, other messages and tags, for the Markdown room to ask.
//!
//! Names are matched against listings, never joined to paths.

use std::collections::HashMap;

use crate::channel::snapshot::attachment_address::AttachmentIndex;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::completeness::SITE_PAGES;
use crate::markdown::{LinkContext, Target, Trust};

use crate::site::pages::attachments::Published;
use crate::site::pages::contents::Contents;
use crate::site::pages::references::References;

/// What lies around one message's text.
pub(crate) struct MessageContext<'a> {
    contents: &'a Contents<'a>,
    card: &'a Card,
    published: &'a [Published],
    anchor: String,
    names: AttachmentIndex,
    /// The pages of other messages, by the addresses in the text that lead to them.
    pages: HashMap<&'a str, &'a str>,
}

impl<'a> MessageContext<'a> {
    pub(crate) fn new(
        contents: &'a Contents<'a>,
        card: &'a Card,
        references: &'a References<'a>,
        published: &'a [Published],
        anchor: String,
    ) -> Self {
        let pages = references.pages.iter().map(|(link, page)| (*link, page.as_str())).collect();
        Self { contents, card, published, anchor, names: AttachmentIndex::new(card), pages }
    }
}

impl LinkContext for MessageContext<'_> {
    fn attachment(&self, address: &str) -> Option<Target> {
        let meant = self.names.find(address)?;
        let number = meant.number;
        let published = self.published.get(number)?;
        let name = self.card.attachments.get(number)?.path.name();
        let save_as = (published.path.name() != name).then(|| name.into_owned());
        let attached = &published.attached;
        Some(Target { number, address: meant.address(&attached.address), media: attached.media, save_as })
    }

    fn page(&self, address: &str) -> Option<String> {
        if let Some(page) = self.pages.get(address) {
            return Some((*page).to_owned());
        }
        let own = self.contents.trust(self.card) == Trust::Own;
        (own && SITE_PAGES.contains(&address)).then(|| address.to_owned())
    }

    fn titled(&self, name: &str) -> Option<String> {
        self.pages.get(format!("[[{name}]]").as_str()).map(|page| (*page).to_owned())
    }

    fn tag(&self, tag: &str) -> Option<String> {
        // Only what the card knows of: a page must not depend on which tags other messages bear.
        let known = self.card.tags_in_text.iter().any(|known| known == tag);
        self.contents.tags.get(tag).filter(|_| known).map(|tag| tag.path.address())
    }

    fn anchor(&self) -> &str {
        &self.anchor
    }

    fn embeds(&self, host: &str) -> bool {
        self.contents.options.html.embeds.iter().any(|known| known == host)
    }
}

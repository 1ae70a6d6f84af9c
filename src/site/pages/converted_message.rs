//! A message's text read and converted, once for all pages that show it.

use tera::Value;

use crate::article::brief;
use crate::markdown::{self, ROOT, Rendered, Trust};

use crate::site::pages::attachments::Published;
use crate::site::pages::contents::Contents;
use crate::site::pages::message_context::MessageContext;

/// A message's text converted, ready for every page that shows it.
pub(crate) struct ConvertedMessage {
    /// Its position from the oldest.
    pub(crate) at: usize,
    /// Its text as HTML.
    pub(crate) rendered: Rendered,
    /// The message in the words of the templates, made once for every page that shows it.
    pub(crate) value: Value,
    /// Its attachments as published.
    pub(crate) published: Vec<Published>,
    /// The id of its element where it is shown.
    anchor: String,
    /// What leads to the root of its own site, on a page that several channels share.
    root: Option<String>,
}

/// How much HTML the texts of one page or feed may make together, in bytes. What a single message may become is bounded
/// elsewhere (`markdown/bounds.rs`); a page of thirty such messages is more than a browser should have to open.
const MAX_TOGETHER: usize = 8 << 20;

/// Which messages that are shown together, in this order, are shown whole: those that fit. A function of these messages
/// alone, so that a page is the same whatever else was built.
pub(crate) fn fitting<'r>(
    ready: impl IntoIterator<Item = &'r ConvertedMessage>,
) -> impl Iterator<Item = (&'r ConvertedMessage, bool)> {
    let mut left = MAX_TOGETHER;
    ready.into_iter().map(move |ready| {
        let rest = left.checked_sub(ready.rendered.html.len());
        left = rest.unwrap_or(left);
        (ready, rest.is_some())
    })
}

/// How a message stands among those of other channels.
#[derive(Clone, Copy)]
pub(crate) struct Guest<'a> {
    /// Stands before the ids in it, which two channels may have in common.
    pub(crate) ids: &'a str,
    /// What leads from there to the root of its own site.
    pub(crate) root: &'a str,
}

impl ConvertedMessage {
    /// Reads and converts a message's text for its own site, or for a page that several channels share.
    ///
    /// # Errors
    /// The path of the text, relative to the channel, when it cannot be read now.
    pub(crate) fn read(contents: &Contents<'_>, at: usize, guest: Option<Guest<'_>>) -> Result<Self, String> {
        let card = contents.cards.get(at).ok_or_else(String::new)?;
        let references = contents.references(card);
        let unreadable = |_| format!("{}/{}.txt", card.side, card.stamp);
        let (body, trust) = contents.snapshot.text_of(card).map_err(unreadable)?;
        let rules = contents.rules(card);
        let rules = if trust == Trust::Theirs { rules.as_theirs() } else { rules };
        let published = contents.published(card);
        let anchor = format!("{}{}", guest.map_or("", |guest| guest.ids), contents.anchor(card));
        let around = MessageContext::new(contents, card, &references, &published, anchor.clone());
        let mut rendered = markdown::render(&body, card.title_in_text, rules, &around);
        if let Some(guest) = guest {
            for html in [&mut rendered.html, &mut rendered.title] {
                *html = html.replace(ROOT, guest.root);
            }
        }
        let message = contents.message(card, &references, &rendered, &published, anchor.clone());
        let value = Value::from_serializable(&message);
        let root = guest.map(|guest| guest.root.to_owned());
        Ok(Self { at, rendered, value, published, anchor, root })
    }

    /// The message with its first words in the place of its text, and the way to all of it.
    pub(crate) fn brief(&self, contents: &Contents<'_>) -> Value {
        let Some(card) = contents.cards.get(self.at) else {
            return self.value.clone();
        };
        let root = self.root.clone().unwrap_or_else(|| ROOT.to_string());
        let html = brief(card, &format!("{root}{}", contents.page_of(card).address()));
        let rendered = Rendered { html, shown: self.rendered.shown.clone(), ..Rendered::default() };
        let message =
            contents.message(card, &contents.references(card), &rendered, &self.published, self.anchor.clone());
        Value::from_serializable(&message)
    }
}

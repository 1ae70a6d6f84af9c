//! A message's text converted, once for all that show it.
//!
//! Owns reading it and turning it into HTML and into the words of the templates. Refuses to know which pages show it.

use tera::Value;

use crate::markdown::{self, ROOT, Rendered, Trust};

use super::around::Surroundings;
use super::contents::Contents;
use super::media::Published;

/// A message's text converted, ready for every page that shows it.
pub(super) struct Ready {
    /// Its position from the oldest.
    pub(super) at: usize,
    /// Its text as HTML.
    pub(super) rendered: Rendered,
    /// The message in the words of the templates, made once for every page that shows it.
    pub(super) value: Value,
    /// Its attachments as published.
    pub(super) published: Vec<Published>,
}

/// How a message stands among those of other channels.
#[derive(Clone, Copy)]
pub(super) struct Guest<'a> {
    /// Stands before the ids in it, which two channels may have in common.
    pub(super) ids: &'a str,
    /// What leads from there to the root of its own site.
    pub(super) root: &'a str,
}

impl Ready {
    /// Reads and converts a message's text for its own site, or for a page that several channels share.
    ///
    /// # Errors
    /// The path of the text, relative to the channel, when it cannot be read now.
    pub(super) fn read(contents: &Contents<'_>, at: usize, guest: Option<Guest<'_>>) -> Result<Self, String> {
        let card = contents.cards.get(at).ok_or_else(String::new)?;
        let beyond = contents.beyond(card);
        let unreadable = |_| format!("{}/{}.txt", card.side, card.stamp);
        let (body, trust) = contents.snapshot.text_of(card).map_err(unreadable)?;
        let rules = contents.rules(card);
        let rules = if trust == Trust::Theirs { rules.as_theirs() } else { rules };
        let published = contents.published(card);
        let anchor = format!("{}{}", guest.map_or("", |guest| guest.ids), contents.anchor(card));
        let around = Surroundings::new(contents, card, &beyond, &published, anchor.clone());
        let mut rendered = markdown::render(&body, card.title_in_text, rules, &around);
        if let Some(guest) = guest {
            rendered.html = rendered.html.replace(ROOT, guest.root);
        }
        let value = Value::from_serializable(&contents.message(card, &beyond, &rendered, &published, anchor));
        Ok(Self { at, rendered, value, published })
    }
}

//! What may pass from a text to a page: whose text it is decides.

use super::dialect::Dialect;

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Trust {
    /// The user's own.
    Own,
    /// Somebody else's: an adversary's until proven otherwise, and it never is.
    Theirs,
}

/// How much of the HTML in a text passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum RawHtml {
    /// None: it is shown as text.
    Text,
    /// What works under the strict policy of a page, and the frames that the site embeds. In others' texts, what an
    /// allow-list names.
    Checked,
    /// All of it, scripts too. In others' texts no more than [`RawHtml::Checked`].
    All,
}

/// What may pass, and how it is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Rules {
    /// Whose text it is.
    pub trust: Trust,
    /// The Markdown that it is written in.
    pub dialect: Dialect,
    /// How much raw HTML passes.
    pub raw_html: RawHtml,
    /// Colours code blocks.
    pub highlight: bool,
    /// Puts a list of the headings before the text.
    pub contents: bool,
    /// Shows pictures from elsewhere, whose owners learn of every reader; else they are links.
    pub remote_media: bool,
}

impl Rules {
    /// These rules for a text that turned out to be somebody else's.
    #[must_use]
    pub fn as_theirs(self) -> Self {
        Self { trust: Trust::Theirs, raw_html: RawHtml::Checked, remote_media: false, ..self }
    }
}

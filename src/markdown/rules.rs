//! What may pass from a text to a page: whose text it is decides.

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Trust {
    /// The user's own.
    Own,
    /// Somebody else's: an adversary's until proven otherwise, and it never is.
    Theirs,
}

/// What may pass, and how it is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Rules {
    /// Whose text it is.
    pub trust: Trust,
    /// Lets raw HTML through: as it is in one's own texts, by an allow-list in others'. Else it is shown as text.
    pub raw_html: bool,
    /// Colours code blocks.
    pub highlight: bool,
    /// Shows pictures from elsewhere, whose owners learn of every reader; else they are links.
    pub remote_media: bool,
}

impl Rules {
    /// These rules for a text that turned out to be somebody else's.
    #[must_use]
    pub fn as_theirs(self) -> Self {
        Self { trust: Trust::Theirs, raw_html: true, remote_media: false, ..self }
    }
}

//! A message's text as safe HTML, as lines for a terminal, and what it says of itself: title, excerpt, tags.
//!
//! Owns `CommonMark` with tables, footnotes, strikethrough and task lists, and the rules of trust: what is the user's own
//! passes, what is somebody else's is an adversary's. Refuses to know files: what a link leads to is asked of the caller.
//!
//! It lies below `channel`, because a message's card contains what its text says: title, excerpt, tags and links.

mod balance;
mod bounds;
mod footnotes;
#[cfg(test)]
mod growth;
mod heading;
mod highlight;
mod link;
mod media;
mod raw;
mod sanitize;
mod summary;
mod table;
mod tags;
pub mod terminal;
mod write;

pub use heading::slug as anchor_name;
pub use highlight::{forget_grammars, max_cost};
pub use link::{Around, Media, Target};
pub use sanitize::{for_feed, is_affordable_for_feed};
pub use summary::{Summary, first_words, summarise};
pub use tags::normal_tag;
pub use write::render;

use pulldown_cmark::Options;

/// Stands in the rendered HTML wherever a link begins that is relative to the site's root.
///
/// Replaced by `../`, by nothing or by an absolute address when the HTML goes into a page or feed, so that one
/// conversion serves all of them. No text can hold it: control characters are made visible before, references to them are
/// left out of text and addresses ([`harmless`]) and replaced in raw HTML (`raw.rs`).
pub const ROOT: char = '\u{1}';

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

/// A rendered text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// HTML with [`ROOT`] before each site-relative link.
    pub html: String,
    /// The numbers ([`Target::number`]) of the attachments that the text itself shows or links.
    pub shown: Vec<usize>,
    /// Whether code in it is shown without colours because they took too long.
    pub is_late: bool,
}

/// The dialect: `CommonMark` 0.31 and four of GitHub's additions.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Pushes text with `&`, `<`, `>` and `"` escaped and control characters made harmless.
fn push_text(html: &mut String, text: &str) {
    let text = harmless(text);
    // Writing to a String cannot fail.
    let _ = pulldown_cmark_escape::escape_html(html, &text);
}

/// Text as HTML shows it.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_text(&mut html, text);
    html
}

/// Replaces what neither HTML nor XML 1.0 (section 2.2) may hold, and an entity such as `&#1;` can still bring in, by nothing.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{fffe}' | '\u{ffff}');
    // 0xc2 and 0xef begin the encodings of the C1 controls and of U+FFFE. Without an early exit many bytes are looked at at once.
    let odd = |byte: u8| byte < 0x20 && byte != b'\n' && byte != b'\t' || matches!(byte, 0x7f | 0xc2 | 0xef);
    if text.bytes().fold(false, |any, byte| any | odd(byte)) && text.contains(control) {
        text.replace(control, "").into()
    } else {
        text.into()
    }
}

/// A text's events. Neighbouring runs of text are joined only where a hashtag could lie across them.
fn for_each_event<'a>(text: &'a str, mut visit: impl FnMut(pulldown_cmark::Event<'a>) -> Option<()>) -> Option<()> {
    let mut events = pulldown_cmark::Parser::new_ext(text, options());
    if text.contains('#') {
        pulldown_cmark::TextMergeStream::new(events).try_for_each(visit)
    } else {
        events.try_for_each(&mut visit)
    }
}

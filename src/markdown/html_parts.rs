//! The HTML that stands in a text: which of it passes, and what is cleaned at the end because somebody else wrote it.

use super::raw_html::{Needs, RawTags, Surroundings};
use super::sanitize;
use crate::markdown::html_text::push_text;
use crate::markdown::rules::{RawHtml, Trust};

/// The HTML in one message's text.
#[derive(Default)]
pub(super) struct HtmlParts {
    tags: RawTags,
    /// Whether some of it passed and is somebody else's.
    has_foreign: bool,
}

impl HtmlParts {
    /// Writes HTML where it may pass, else as text.
    pub(super) fn push(&mut self, html: &mut String, part: &str, around: &mut Surroundings<'_, '_>) {
        if around.judge.rules.raw_html == RawHtml::Text {
            push_text(html, part);
            return;
        }
        self.has_foreign |= around.judge.rules.trust == Trust::Theirs;
        self.tags.push(html, part, around);
    }

    /// Whether somebody else's HTML is such that reading the page's `html` as browsers do could take endless time.
    pub(super) fn is_too_dear_to_clean(&self, html: &str) -> bool {
        self.has_foreign && !sanitize::is_affordable_for_feed(html)
    }

    /// The page's HTML, cleaned where somebody else's is in it.
    pub(super) fn clean(&self, html: String, prefix: &str) -> String {
        if self.has_foreign { sanitize::for_page(&html, prefix) } else { html }
    }

    /// What it needs of the policy of its page.
    pub(super) fn into_needs(self) -> Needs {
        self.tags.needs
    }
}

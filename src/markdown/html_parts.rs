//! The HTML that stands in a text: which of it passes, and what is cleaned at the end because somebody else wrote it.

use super::link::LinkJudge;
use super::{raw, sanitize};
use crate::markdown::html_text::push_text;
use crate::markdown::rules::Trust;

/// The HTML in one message's text.
#[derive(Default)]
pub(super) struct HtmlParts {
    /// The block that is being read.
    block: Option<String>,
    /// All of it that passed and is somebody else's.
    foreign: Option<String>,
}

impl HtmlParts {
    /// Opens a block of HTML.
    pub(super) fn open_block(&mut self) {
        self.block = Some(String::new());
    }

    /// Writes the block that was being read.
    pub(super) fn close_block(&mut self, html: &mut String, judge: LinkJudge<'_>) {
        if let Some(block) = self.block.take() {
            self.push(html, &block, judge);
        }
    }

    /// Adds to the block that is being read; where there is none, writes the HTML at once.
    pub(super) fn gather_or_push(&mut self, html: &mut String, part: &str, judge: LinkJudge<'_>) {
        match &mut self.block {
            Some(block) => block.push_str(part),
            None => self.push(html, part, judge),
        }
    }

    /// Writes HTML where it may pass, else as text.
    pub(super) fn push(&mut self, html: &mut String, part: &str, judge: LinkJudge<'_>) {
        if !judge.rules.raw_html || leaves_comment_open(part) {
            push_text(html, part);
            return;
        }
        if judge.rules.trust == Trust::Theirs {
            self.foreign.get_or_insert_default().push_str(part);
        }
        html.push_str(&raw::rooted(part, judge));
    }

    /// Whether somebody else's HTML is such that reading the page's `html` as browsers do could take endless time.
    pub(super) fn is_too_dear_to_clean(&self, html: &str) -> bool {
        self.foreign.as_ref().is_some_and(|foreign| !sanitize::is_affordable(html, foreign))
    }

    /// The page's HTML, cleaned where somebody else's is in it.
    pub(super) fn clean(&self, html: String, anchor: &str) -> String {
        if self.foreign.is_some() { sanitize::for_page(&html, anchor) } else { html }
    }
}

/// Whether a comment begins and does not end, so that it would swallow whatever follows.
fn leaves_comment_open(html: &str) -> bool {
    html.rfind("<!--").is_some_and(|at| !html.get(at..).unwrap_or_default().contains("-->"))
}

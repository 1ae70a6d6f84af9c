//! The links of a text as they are written, and the attachments that the text itself shows or links.

use super::link::{Destination, LinkJudge};
use super::media;
use crate::markdown::html_text::ROOT;

/// What one message refers to.
#[derive(Default)]
pub(super) struct References {
    /// What closes each open link, the innermost last.
    open: Vec<&'static str>,
    shown: Vec<usize>,
}

impl References {
    /// Whether a link is open.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes note of an attachment that the text shows or links.
    pub(super) fn note(&mut self, attachment: usize) {
        self.shown.push(attachment);
    }

    /// Opens a link with a title, which may be empty.
    pub(super) fn open(&mut self, html: &mut String, address: &str, title: &str, judge: LinkJudge<'_>) {
        let mut close = "</a>";
        match judge.destination(address) {
            Destination::Attachment(target) => {
                media::push_anchor(html, &format!("{ROOT}{}", target.address), target.download(), title);
                self.note(target.number);
            }
            Destination::Page(page) => media::push_anchor(html, &format!("{ROOT}{page}"), None, title),
            Destination::Here(id) => media::push_anchor(html, &format!("#{id}"), None, title),
            Destination::Away(away) => media::push_away(html, &away, judge.rules.trust, title),
            Destination::Nowhere => {
                html.push_str("<span class=\"missing\">");
                close = "</span>";
            }
        }
        self.open.push(close);
    }

    /// Opens a link to a message that is named by its title or its id.
    pub(super) fn open_titled(&mut self, html: &mut String, name: &str, judge: LinkJudge<'_>) {
        let close = if let Some(page) = judge.around.titled(name) {
            media::push_anchor(html, &format!("{ROOT}{page}"), None, "");
            "</a>"
        } else {
            html.push_str("<span class=\"missing\">");
            "</span>"
        };
        self.open.push(close);
    }

    /// Closes the innermost link.
    pub(super) fn close(&mut self, html: &mut String) {
        html.push_str(self.open.pop().unwrap_or("</a>"));
    }

    /// The numbers of the attachments that the text shows or links, each once, in order.
    pub(super) fn into_shown(mut self) -> Vec<usize> {
        self.shown.sort_unstable();
        self.shown.dedup();
        self.shown
    }
}

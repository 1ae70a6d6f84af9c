//! The images of a text: what each becomes, and which one stands alone in its paragraph and so becomes a figure.
//!
//! An image's description is only known when it ends, so what was written in between is taken back then.

use std::ops::Range;

use super::link::{Destination, LinkJudge};
use super::media;
use super::media::{TITLE, Words};
use crate::markdown::html_text::push_text;

/// An image whose description is still being read.
struct OpenImage {
    address: String,
    title: String,
    /// Where it stands in the HTML.
    start: usize,
    description: String,
}

/// An image that may turn out to be alone in its paragraph.
struct Lone {
    paragraph: usize,
    image: Range<usize>,
    caption: String,
}

/// The images of one message.
#[derive(Default)]
pub(super) struct Images {
    open: Vec<OpenImage>,
    /// How many are written.
    written: usize,
    /// Where the paragraph stands in the HTML that was opened last.
    paragraph: usize,
    lone: Option<Lone>,
}

impl Images {
    /// Whether an image's description is being read.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Opens a paragraph.
    pub(super) fn open_paragraph(&mut self, html: &mut String) {
        self.paragraph = html.len();
        html.push_str("<p>");
    }

    /// Closes a paragraph. An image alone in it that has a title becomes a figure, and the title its caption.
    pub(super) fn close_paragraph(&mut self, html: &mut String) {
        let lone = self.lone.take().filter(|lone| {
            lone.paragraph == self.paragraph
                && lone.image == (self.paragraph + "<p>".len()..html.len())
                && !lone.caption.is_empty()
        });
        let Some(lone) = lone else {
            html.push_str("</p>\n");
            return;
        };
        drop_title(html, lone.image.clone());
        html.replace_range(self.paragraph..lone.image.start, "<figure>");
        html.push_str("<figcaption>");
        push_text(html, &lone.caption);
        html.push_str("</figcaption></figure>\n");
    }

    /// Opens an image, which stands behind `html`.
    pub(super) fn open(&mut self, html: &str, address: String, title: String) {
        self.open.push(OpenImage { address, title, start: html.len(), description: String::new() });
    }

    /// Adds text to the description that is being read. Says whether there is one.
    pub(super) fn describe(&mut self, text: &str) -> bool {
        let image = self.open.last_mut();
        let is_open = image.is_some();
        if let Some(image) = image {
            image.description.push_str(text);
        }
        is_open
    }

    /// Writes the image that was opened last, in place of its description; gives the attachment's number if it is one.
    pub(super) fn close(&mut self, html: &mut String, judge: LinkJudge<'_>) -> Option<usize> {
        let image = self.open.pop()?;
        html.truncate(image.start);
        let to = judge.destination(&image.address);
        let words = Words { alt: &image.description, title: &image.title };
        media::push_image(html, &to, words, judge.rules, self.written > 0);
        self.written += 1;
        self.lone = Some(Lone { paragraph: self.paragraph, image: image.start..html.len(), caption: image.title });
        self.describe(&image.description);
        if let Destination::Attachment(target) = to { Some(target.number) } else { None }
    }
}

/// Takes the title away from an image whose caption says the same. An attribute's value holds no quotation mark.
fn drop_title(html: &mut String, image: Range<usize>) {
    let find = |from: usize, what: &str| html.get(from..image.end)?.find(what).map(|at| from + at);
    if let Some(start) = find(image.start, TITLE)
        && let Some(end) = find(start + TITLE.len(), "\"")
    {
        html.replace_range(start..=end, "");
    }
}

//! A message's text as lines for a terminal.
//!
//! Every character of the text is made visible before it is measured, so the result holds no control character but line ends
//! and the styling that is made here. A text that costs too much to be read as Markdown is shown as it is.

mod blocks;
mod grid;
mod inline;
mod lines;
mod notes;
mod page;
mod prose;
mod references;
mod sheet;
mod write;

pub use page::Page;

use self::lines::{trimmed, untabbed};
use self::write::Writer;
use super::bounds;
use crate::markdown::html_text::without_comments;
use crate::markdown::plain_text::plain_text;
use crate::markdown::reading::read;
use crate::text::invisible::visible;
use crate::text::wrap::wrap;

/// The narrowest page that anything can be laid out for, in columns.
const NARROWEST: usize = 20;

/// Lays a message's text out, without its header, as lines that each end in `\n`.
///
/// `place` says what is shown for the address of a link or picture, such as an attachment's path; `None` shows the
/// address as it is written. Addresses are numbered in the text and stand at its end, as do footnotes.
pub fn lay_out(text: &str, page: Page, place: &dyn Fn(&str) -> Option<String>) -> String {
    let page = Page { width: page.width.max(NARROWEST), ..page };
    as_markdown(text, page, place)
        .filter(|laid| is_enough(laid, text, page))
        .unwrap_or_else(|| plain(&without_comments(text), page))
}

/// Whether what was laid out says what the text says. One that is nothing but markup still says something: nobody's words
/// vanish.
fn is_enough(laid: &str, text: &str, page: Page) -> bool {
    // A comment is for nobody.
    let hides = text.contains("<!--") && !has_words(&plain_text(text, page.dialect));
    let says_it = if has_words(text) { shows_words(laid) } else { !laid.trim().is_empty() };
    says_it || hides || page.skip_title || text.trim().is_empty()
}

fn has_words(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// Whether there are words besides what begins and ends a style, such as `\x1b[1m`.
fn shows_words(laid: &str) -> bool {
    let mut parts = laid.split('\x1b');
    let first = parts.next().is_some_and(has_words);
    first || parts.any(|part| part.split_once('m').is_some_and(|(_, shown)| has_words(shown)))
}

/// The beginning of a text as lines that each end in `\n`, for a text that is one too many to be read as Markdown.
pub fn lay_out_plain(text: &str, page: Page) -> String {
    let end = text.floor_char_boundary(bounds::MAX_PLAIN);
    plain(text.get(..end).unwrap_or_default(), Page { width: page.width.max(NARROWEST), ..page })
}

fn as_markdown(text: &str, page: Page, place: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let most = bounds::max_html(text.len());
    let read = read(text, page.dialect, || Writer::new(page, place, most), |writer, event, _| writer.take(event));
    let mut laid = read.made?.finish()?;
    let rest = read.extent.rest(text);
    if !rest.trim().is_empty() {
        laid.push('\n');
        laid.push_str(&lay_out_plain(&rest, page));
    }
    Some(laid)
}

/// The text's own lines, wrapped.
fn plain(text: &str, page: Page) -> String {
    let text = untabbed(&visible(text));
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for range in wrap(&text, page.width, page.width) {
        out.push_str(text.get(range).unwrap_or_default());
        out.push('\n');
    }
    trimmed(&out)
}

#[cfg(test)]
mod tests;

//! A message's text as lines for a terminal.
//!
//! Owns the page: its width, whether it may be styled, and what a text gets that costs too much to be read as Markdown.
//! Every character of the text is made visible before it is measured, so the result holds no control character but line
//! ends and this room's own styling. Refuses to know the terminal itself: the caller asks it.

mod bare;
mod grid;
mod inline;
mod prose;
mod references;
mod sheet;
mod wrap;
mod write;

pub use wrap::columns;

use self::wrap::wrap;
use self::write::Writer;
use super::{bounds, for_each_event};
use crate::text::invisible::visible;

/// The narrowest page that anything can be laid out for, in columns.
const NARROWEST: usize = 20;

/// How a text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns; fewer than 20 count as 20. Lines longer than 100 or so are hard to read, which is the caller's to know.
    pub width: usize,
    /// Allows bold, dim, italic, underlined and struck-out text (ECMA-48, SGR). Each line ends what it begins. Without,
    /// the Markdown that says the same is shown.
    pub styled: bool,
    /// Leaves out a first-line heading, which the caller shows in its own place.
    pub skip_title: bool,
}

/// Lays a message's text out, without its header, as lines that each end in `\n`.
///
/// `place` says what is shown for the address of a link or picture, such as an attachment's path; `None` shows the
/// address as it is written. Addresses are numbered in the text and stand at its end, as do footnotes.
pub fn lay_out(text: &str, page: Page, place: &dyn Fn(&str) -> Option<String>) -> String {
    let page = Page { width: page.width.max(NARROWEST), ..page };
    // A text that is nothing but markup still says something: nobody's words vanish.
    let has_words = |text: &str| text.contains(char::is_alphanumeric);
    // What begins and ends a style is no word: `\x1b[1m`.
    let shows_words = |laid: &str| {
        let mut parts = laid.split('\x1b');
        let first = parts.next().is_some_and(has_words);
        first || parts.any(|part| part.split_once('m').is_some_and(|(_, shown)| has_words(shown)))
    };
    let says_something = |laid: &String| {
        let says_it = if has_words(text) { shows_words(laid) } else { !laid.trim().is_empty() };
        says_it || page.skip_title || text.trim().is_empty()
    };
    as_markdown(text, page, place).filter(says_something).unwrap_or_else(|| plain(text, page))
}

/// The beginning of a text as lines that each end in `\n`, for a text that is one too many to be read as Markdown.
pub fn lay_out_plain(text: &str, page: Page) -> String {
    let end = text.floor_char_boundary(bounds::MAX_PLAIN);
    plain(text.get(..end).unwrap_or_default(), Page { width: page.width.max(NARROWEST), ..page })
}

fn as_markdown(text: &str, page: Page, place: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if !bounds::affordable(text) {
        return None;
    }
    let mut writer = Writer::new(page, place, bounds::max_html(text.len()));
    let mut meter = bounds::Meter::new(text);
    for_each_event(text, |event| {
        meter.spend(&event)?;
        writer.take(event)
    })?;
    writer.finish()
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

/// Lines without empty ones at the beginning and the end.
fn trimmed(lines: &str) -> String {
    let lines = lines.trim_matches('\n');
    if lines.is_empty() { String::new() } else { format!("{lines}\n") }
}

/// Spaces for tabs, whose width would depend on what stands before the line. Tab stops are four columns apart, as they
/// are for `CommonMark` (0.31.2, section 2.2).
fn untabbed(text: &str) -> String {
    const STOP: usize = 4;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut column = 0;
        for (count, part) in line.split('\t').enumerate() {
            if count > 0 {
                let width = STOP - column % STOP;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            out.push_str(part);
            column += columns(part);
        }
    }
    out
}

#[cfg(test)]
mod tests;

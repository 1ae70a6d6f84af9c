//! HTML written by hand in a text.
//!
//! Owns one thing: a relative `src` or `href` that names an attachment or a page is given the root's mark, so that it
//! leads to the same place from every page. Everything else is passed on as it was written;
//! whether it may stay is for `sanitize.rs`.

use std::borrow::Cow;

use pulldown_cmark_escape::escape_href;

use super::link::{Around, Destination, judge};
use super::{ROOT, Rules};

const ATTRIBUTES: [&str; 3] = [" src=", " href=", " poster="];

/// Rewrites the addresses of attachments and pages in a piece of raw HTML.
pub(super) fn rooted<'a>(html: &'a str, rules: Rules, around: &dyn Around) -> Cow<'a, str> {
    if !html.contains('=') {
        return html.into();
    }
    let mut out = String::with_capacity(html.len() + 16);
    let mut rest = html;
    while let Some((before, value, after)) = next_address(rest) {
        out.push_str(before);
        push_rooted(&mut out, value, rules, around);
        rest = after;
    }
    if out.is_empty() {
        return html.into();
    }
    out.push_str(rest);
    out.into()
}

/// Splits at the next quoted address: what is before it, the address, what follows from the closing quote.
fn next_address(html: &str) -> Option<(&str, &str, &str)> {
    let start = ATTRIBUTES.iter().filter_map(|name| html.find(name).map(|at| at + name.len())).min()?;
    let quote = html.get(start..)?.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        // An unquoted value is left alone; go on behind it.
        return Some((html.get(..start)?, "", html.get(start..)?));
    };
    let end = start + 1 + html.get(start + 1..)?.find(quote)?;
    Some((html.get(..=start)?, html.get(start + 1..end)?, html.get(end..)?))
}

fn push_rooted(out: &mut String, value: &str, rules: Rules, around: &dyn Around) {
    let address = match judge(value, rules, around) {
        Destination::Attachment(target) => target.address,
        Destination::Page(page) => page,
        _ => return out.push_str(value),
    };
    out.push(ROOT);
    let _ = escape_href(out, &address);
}

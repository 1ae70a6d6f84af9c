//! HTML written by hand in a text, made part of its page.
//!
//! A tag in which nothing changes stays as it was written. An address that leads to an attachment or a page gets the root's
//! mark, so that it leads to the same place from every page. Ids, and what names them, get the message's prefix. What would
//! not work on the page, because it asks for more than a page gives, is left out; a link stands in the place of a frame and of
//! a picture from elsewhere. What would become a control character when a browser decodes it (`&#1;`) becomes U+FFFD, so that no
//! text can write the root's mark by itself. Whether others' HTML may stay is for `sanitize.rs`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use pulldown_cmark_escape::escape_html;

use super::anchors::{Anchors, slug};
use super::demand::{Demand, of_attribute, of_element, runs_script};
use super::html_text::{ROOT, push_text};
use super::html_tokens::{Part, StartTag, parts};
use super::link::{Destination, LinkJudge, host, is_elsewhere};
use super::references::References;
use super::rules::{RawHtml, Trust};
use super::srcset;

/// What the HTML of a text needs of the policy of its page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The origins that it shows in frames, such as `https://example.org`.
    pub frames: BTreeSet<String>,
    /// Whether it runs scripts or brings styles of its own.
    pub everything: bool,
}

/// The HTML of one message.
#[derive(Default)]
pub(super) struct RawTags {
    /// The elements that are left out up to their end tag, the innermost last.
    left_out: Vec<String>,
    /// What it needs of the policy.
    pub(super) needs: Needs,
}

/// What a piece of HTML may look at and change.
pub(super) struct Surroundings<'s, 'c> {
    pub(super) judge: LinkJudge<'c>,
    pub(super) anchors: &'s mut Anchors,
    pub(super) references: &'s mut References,
}

impl RawTags {
    /// Writes a piece of HTML.
    pub(super) fn push(&mut self, html: &mut String, piece: &str, around: &mut Surroundings<'_, '_>) {
        for part in parts(piece) {
            match part {
                Part::Start(tag) => self.start(html, tag, around),
                Part::End { name, source } => self.end(html, &name, source),
                // What a script or a style sheet holds goes with it.
                Part::Text { source, .. } if self.left_out.last().is_none_or(|name| !is_opaque(name)) => {
                    push_between(html, &without_controls(source));
                }
                Part::Text { .. } | Part::Unfinished(_) | Part::Comment { .. } => {}
            }
        }
    }

    fn start(&mut self, html: &mut String, mut tag: StartTag<'_>, around: &mut Surroundings<'_, '_>) {
        if self.is_left_out(&tag, around) {
            self.leave_out(html, &tag, around);
            return;
        }
        let keeps_all = around.judge.rules.raw_html == RawHtml::All && around.judge.rules.trust == Trust::Own;
        let mut is_changed = tag.source.contains("&#") || tag.source.contains(is_control_char);
        if keeps_all {
            self.needs.everything |= tag.attributes.iter().any(|(name, _)| of_attribute(name).is_some());
        } else {
            let before = tag.attributes.len();
            tag.attributes.retain(|(name, _)| of_attribute(name).is_none());
            is_changed |= tag.attributes.len() < before;
        }
        let keeps_ids = keeps_all && tag.name != "a";
        is_changed |= change_attributes(&mut tag, keeps_ids, around);
        if is_changed { push_tag(html, &tag) } else { html.push_str(tag.source) }
    }

    fn end(&mut self, html: &mut String, name: &str, source: &str) {
        if self.left_out.last().is_some_and(|last| last == name) {
            self.left_out.pop();
        } else {
            html.push_str(source);
        }
    }

    /// Whether an element asks for more than its page gives. What its page has to give for it is noted.
    fn is_left_out(&mut self, tag: &StartTag<'_>, around: &Surroundings<'_, '_>) -> bool {
        let rules = around.judge.rules;
        // Where drawings and formulas begin, browsers read by other rules; none of others' is worth that.
        if rules.trust == Trust::Theirs && matches!(tag.name.as_str(), "svg" | "math") {
            return true;
        }
        if tag.name == "img" && !rules.remote_media {
            return tag.attribute("src").is_some_and(is_elsewhere);
        }
        let Some(demand) = of_element(tag) else {
            return false;
        };
        if rules.trust == Trust::Own && rules.raw_html == RawHtml::All {
            self.needs.everything = true;
            return false;
        }
        let Demand::Frame(address) = demand else {
            return true;
        };
        let is_frame = tag.name == "iframe" && rules.trust == Trust::Own;
        match host(&address).filter(|(_, host)| is_frame && around.judge.around.embeds(host)) {
            Some((origin, _)) => {
                self.needs.frames.insert(origin);
                false
            }
            None => true,
        }
    }

    /// Writes a link in the place of what a frame or a picture would show.
    fn leave_out(&mut self, html: &mut String, tag: &StartTag<'_>, around: &mut Surroundings<'_, '_>) {
        let address = if tag.name == "object" { tag.attribute("data") } else { tag.attribute("src") };
        let shows = matches!(of_element(tag), Some(Demand::Frame(_))) || tag.name == "img";
        if let Some(address) = address.filter(|address| shows && !address.trim().is_empty()) {
            let words =
                tag.attribute("alt").or(tag.attribute("title")).map(str::trim).filter(|words| !words.is_empty());
            around.references.open(html, address, "", around.judge);
            push_text(html, words.unwrap_or(address));
            around.references.close(html);
        }
        if !matches!(tag.name.as_str(), "img" | "embed" | "base" | "meta" | "link" | "frame") {
            self.left_out.push(tag.name.clone());
        }
    }
}

/// Writes text between tags. What is left out behind a `<` must not make a tag of it.
fn push_between(html: &mut String, text: &str) {
    match text.strip_suffix('<') {
        Some(head) => {
            html.push_str(head);
            html.push_str("&lt;");
        }
        None => html.push_str(text),
    }
}

/// Whether an element's text is no HTML.
fn is_opaque(name: &str) -> bool {
    matches!(name, "script" | "style" | "iframe")
}

/// Changes what has to be changed in a tag's attributes; says whether anything was. Scripts find elements by their ids, which
/// stay then.
fn change_attributes(tag: &mut StartTag<'_>, keeps_ids: bool, around: &mut Surroundings<'_, '_>) -> bool {
    let mut kept = Vec::with_capacity(tag.attributes.len());
    let mut is_changed = false;
    for (name, mut value) in std::mem::take(&mut tag.attributes) {
        if value.contains(is_control_char) {
            value = value.replace(is_control_char, "\u{fffd}");
        }
        let names_place = is_id(&name) || value.contains("url(#") || value.starts_with('#');
        let change = if keeps_ids && names_place { Change::None } else { changed(&tag.name, &name, &value, around) };
        is_changed |= !matches!(change, Change::None);
        match change {
            Change::None => kept.push((name, value)),
            Change::To(new) => kept.push((name, new)),
            Change::Gone => {}
        }
    }
    tag.attributes = kept;
    is_changed
}

/// Whether an attribute names an element of the text.
fn is_id(name: &str) -> bool {
    matches!(name, "id" | "for" | "form" | "list" | "popovertarget" | "usemap" | "headers") || name.starts_with("aria-")
}

/// What becomes of an attribute.
enum Change {
    None,
    To(String),
    Gone,
}

/// What becomes of an attribute's value in an element.
fn changed(element: &str, name: &str, value: &str, around: &mut Surroundings<'_, '_>) -> Change {
    match name {
        "src" | "href" | "poster" | "data" | "xlink:href" if runs_script(value) => Change::Gone,
        "src" | "href" | "poster" | "data" | "xlink:href" => match address(value, around) {
            Some(new) => Change::To(new),
            None => Change::None,
        },
        "srcset" | "imagesrcset" => {
            let new = srcset::map(value, |candidate| address(candidate, around));
            if new == value { Change::None } else { Change::To(new) }
        }
        "id" => around.anchors.take(value).map_or(Change::Gone, |id| Change::To(prefixed(&id, around))),
        "name" if element == "a" || element == "map" => {
            around.anchors.take(value).map_or(Change::Gone, |id| Change::To(prefixed(&id, around)))
        }
        "for" | "form" | "list" | "popovertarget" => Change::To(prefixed(&slug(value), around)),
        "usemap" => Change::To(format!("#{}", prefixed(&slug(value), around))),
        "headers" | "aria-controls" | "aria-describedby" | "aria-details" | "aria-labelledby" | "aria-owns" => {
            let ids: Vec<String> = value.split_whitespace().map(|id| prefixed(&slug(id), around)).collect();
            Change::To(ids.join(" "))
        }
        _ => reference(value, around).map_or(Change::None, Change::To),
    }
}

/// An address as the page has it, if it is not as it was written; takes note of an attachment.
fn address(value: &str, around: &mut Surroundings<'_, '_>) -> Option<String> {
    match around.judge.destination(value) {
        Destination::Attachment(target) => {
            around.references.note(target.number);
            Some(rooted(&target.address))
        }
        Destination::Page(page) => Some(rooted(&page)),
        Destination::Here(id) => Some(format!("#{id}")),
        Destination::Away(_) | Destination::Nowhere => None,
    }
}

fn rooted(address: &str) -> String {
    format!("{ROOT}{address}")
}

fn prefixed(id: &str, around: &Surroundings<'_, '_>) -> String {
    format!("{}-{id}", around.judge.around.anchor())
}

/// A drawing's reference to a part of it, `url(#part)`.
fn reference(value: &str, around: &Surroundings<'_, '_>) -> Option<String> {
    let (before, rest) = value.split_once("url(#")?;
    let (id, after) = rest.split_once(')')?;
    Some(format!("{before}url(#{}){after}", prefixed(&slug(id), around)))
}

/// Writes a tag anew. Its values hold the root's mark only where this program put it.
fn push_tag(html: &mut String, tag: &StartTag<'_>) {
    html.push('<');
    html.push_str(&tag.name);
    for (name, value) in &tag.attributes {
        html.push(' ');
        html.push_str(name);
        html.push_str("=\"");
        // Writing to a String cannot fail.
        let _ = escape_html(&mut *html, value);
        html.push('"');
    }
    html.push_str(if tag.closes_itself { "/>" } else { ">" });
}

/// Puts U+FFFD in the place of every control character and of every reference that a browser would decode to one
/// (HTML, section 13.2.5.80): decimal or hexadecimal, with any number of zeros, with its semicolon or without.
fn without_controls(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut written = 0;
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(html.as_bytes().get(from..).unwrap_or_default(), b"&#") {
        let start = from + at;
        let (code, length) = numbered(html.get(start + 2..).unwrap_or_default());
        from = start + 2 + length;
        if code.is_some_and(is_control) {
            out.push_str(html.get(written..start).unwrap_or_default());
            out.push('\u{fffd}');
            written = from;
        }
    }
    let html =
        if written == 0 { Cow::Borrowed(html) } else { Cow::Owned(out + html.get(written..).unwrap_or_default()) };
    if html.contains(is_control_char) { html.replace(is_control_char, "\u{fffd}").into() } else { html }
}

fn is_control_char(c: char) -> bool {
    is_control(u32::from(c))
}

fn is_control(code: u32) -> bool {
    code < 0x20 && !matches!(code, 0x09 | 0x0a | 0x0d) || code == 0x7f
}

/// The number behind a `&#`, and how many bytes it takes with its semicolon; too large a number is the largest there is.
fn numbered(text: &str) -> (Option<u32>, usize) {
    let (digits, radix, before) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 1),
        None => (text, 10, 0),
    };
    let values = digits.chars().map_while(|c| c.to_digit(radix));
    let (code, count) =
        values.fold((0_u32, 0), |(code, count), digit| (code.saturating_mul(radix).saturating_add(digit), count + 1));
    if count == 0 {
        return (None, 0);
    }
    let end = usize::from(digits.as_bytes().get(count) == Some(&b';'));
    (Some(code), before + count + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reference_becomes_a_control_character() {
        for html in [
            "&#1;",
            "&#x1;",
            "&#X1;",
            "&#0;",
            "&#01",
            "&#x0000000000001x",
            "&#127;",
            "&#x1f;",
            "\u{1}",
            "&#12;",
            "&#000000000000001;",
        ] {
            let clean = without_controls(html);
            assert!(clean.starts_with('\u{fffd}'), "{html} {clean}");
            assert!(!clean.contains("&#"), "{html} {clean}");
        }
        // What is left of one is no other.
        assert_eq!(without_controls("&#&#1;1;"), "&#\u{fffd}1;");
        for html in ["", "&amp;#1;", "&#10;&#9;", "&#65;&#x41", "&#", "&#x", "&#;1;", "&#99999999999999;", "a&b"] {
            assert!(matches!(without_controls(html), Cow::Borrowed(same) if same == html), "{html}");
        }
    }
}

//! HTML written by others, or going to other people's readers, cut down to what is harmless.
//!
//! Holds the allow-list; the cleaning itself is a library's work. Only texts that hold raw HTML come here: what this crate
//! writes by itself is harmless already.

use std::borrow::Cow;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};

use url::Url;

use super::html_tokens::{Part, StartTag, parts};
use super::{heading, math, media, srcset};
use crate::markdown::html_text::{ROOT, harmless, push_text};

/// Elements beyond the library's list that this room writes itself.
const OUR_ELEMENTS: [&str; 10] =
    ["section", "nav", "audio", "video", "input", "figure", "figcaption", "source", "track", "picture"];
/// Attributes that carry layout or meaning of the page around, which a text must not set.
const NO_ATTRIBUTES: [&str; 3] = ["style", "id", "class"];

/// The most steps that writing cleaned HTML may take: the library looks for the next `<` from each `&` on.
const MAX_STEPS: usize = 1 << 31;

/// Whether cleaning HTML takes time in proportion to its length. Its elements have partners (`html_balance.rs`).
pub fn is_affordable_for_feed(html: &str) -> bool {
    steps(html) <= MAX_STEPS
}

/// How many bytes the library looks at to write HTML: from each `&` on to the next `<`.
pub(super) fn steps(html: &str) -> usize {
    fn of(html: &str) -> usize {
        let of_run = |run: &str| memchr::memchr_iter(b'&', run.as_bytes()).count().saturating_mul(run.len());
        html.split('<').map(of_run).fold(0, usize::saturating_add)
    }
    match parted(html) {
        Cow::Borrowed(html) => of(html),
        Cow::Owned(html) => of(&html),
    }
}

/// HTML with an empty comment in long runs of text that are full of `&`, behind which the library need not look. It drops
/// the comments.
fn parted(html: &str) -> Cow<'_, str> {
    const MANY: usize = 64;
    if memchr::memchr_iter(b'&', html.as_bytes()).count() <= MANY {
        return html.into();
    }
    let mut out = String::with_capacity(html.len() + html.len() / 32);
    for (number, run) in html.split('<').enumerate() {
        if number > 0 {
            out.push('<');
        }
        // A comment may stand behind a tag and not in it; before the first `<` there is none.
        let end = if number == 0 { 0 } else { run.find('>').map_or(run.len(), |end| end + 1) };
        let (tag, text) = run.split_at_checked(end).unwrap_or((run, ""));
        out.push_str(tag);
        let mut written = 0;
        for at in memchr::memchr_iter(b'&', text.as_bytes()).skip(MANY).step_by(MANY) {
            out.push_str(text.get(written..at).unwrap_or_default());
            out.push_str("<!---->");
            written = at;
        }
        out.push_str(text.get(written..).unwrap_or_default());
    }
    out.into()
}

/// Cleans a page's HTML that holds raw HTML from somebody else.
///
/// Element ids survive only with the message's own prefix; addresses only where they bear the root's mark (`raw_html.rs` has
/// given it to those that lead to an attachment or page) or where a link may lead on the web.
pub(super) fn for_page(html: &str, anchor: &str) -> String {
    let prefix = format!("{anchor}-");
    let mut builder = base();
    builder.add_generic_attributes(["id", "class", "role", "aria-label", "tabindex"]);
    builder.attribute_filter(move |_, attribute, value| {
        let kept = match attribute {
            "href" => {
                is_site_address(value)
                    || value.strip_prefix('#').is_some_and(|id| id.starts_with(&prefix))
                    || is_web_link(value)
            }
            "src" | "poster" => is_site_address(value),
            "srcset" => srcset::candidates(value).all(|(address, _)| is_site_address(address)),
            "cite" => false,
            "id" | "name" => value.starts_with(&prefix),
            "class" => is_our_class(value),
            _ => true,
        };
        kept.then(|| value.into())
    });
    let mut clean = builder.clean(&parted(html)).to_string();
    // Whatever box somebody else's text holds becomes one that cannot be ticked. One attribute at a time: the library
    // adds several in an order that is another each time, and a page has to be the same each time.
    for (attribute, value) in [("type", "checkbox"), ("disabled", ""), ("aria-label", "box")] {
        builder.set_tag_attribute_value("input", attribute, value);
        if clean.contains("<input") {
            clean = builder.clean(&parted(&clean)).to_string();
        }
    }
    clean
}

/// Cleans HTML for a feed. With the address of the message's page, every relative address is made absolute.
///
/// No styles, no scripts, no forms, no frames: what the W3C feed validator calls a security risk (`SecurityRisk`,
/// `SecurityRiskAttr`, `DangerousStyleAttr`).
pub fn for_feed(html: &str, page: Option<&Url>) -> String {
    let mut builder = base();
    builder.rm_tags(["input"]);
    if let Some(page) = page {
        builder.url_relative(UrlRelative::RewriteWithBase(page.clone()));
    }
    // U+FFFD stands for what could not be read; the validator holds it for an encoding gone wrong (`BadCharacters`).
    let html = frames_as_links(html);
    let html = without_heading_links(&html);
    harmless(&builder.clean(&parted(&html)).to_string()).replace('\u{fffd}', "")
}

/// Without the links of headings to themselves, which show nothing where there is no theme.
fn without_heading_links(html: &str) -> Cow<'_, str> {
    let mut parts = html.split(heading::LINK);
    let first = parts.next().unwrap_or_default();
    if first.len() == html.len() {
        return html.into();
    }
    let mut out = first.to_owned();
    for part in parts {
        match part.split_once(heading::LINK_END) {
            Some((address, rest)) if !address.contains('>') => out.push_str(rest),
            _ => out.extend([heading::LINK, part]),
        }
    }
    out.into()
}

/// Puts a link in the place of each frame: a feed shows none.
fn frames_as_links(html: &str) -> Cow<'_, str> {
    if memchr::memmem::find(html.as_bytes(), b"<iframe").is_none() {
        return html.into();
    }
    let mut out = String::with_capacity(html.len());
    for part in parts(html) {
        match part {
            Part::Start(tag) if tag.name == "iframe" => {
                let address = tag.attribute("src").unwrap_or_default();
                media::push_anchor(&mut out, address, None, "");
                push_text(&mut out, tag.attribute("title").unwrap_or(address));
                out.push_str("</a>");
            }
            Part::End { name, .. } if name == "iframe" => {}
            Part::Start(StartTag { source, .. }) | Part::End { source, .. } | Part::Text { source, .. } => {
                out.push_str(source);
            }
            Part::Unfinished(_) | Part::Comment { .. } => {}
        }
    }
    out.into()
}

fn base() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .url_relative(UrlRelative::PassThrough)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None)
        .add_tags(OUR_ELEMENTS)
        .add_tags(math::ELEMENTS)
        .add_generic_attributes(math::ATTRIBUTES)
        .add_tag_attributes("mspace", ["width"])
        .add_tag_attributes("mpadded", ["width"])
        .add_tag_attributes("audio", ["src", "controls", "preload"])
        .add_tag_attributes("video", ["src", "controls", "preload", "poster", "width", "height"])
        .add_tag_attributes("img", ["loading", "srcset", "sizes"])
        .add_tag_attributes("source", ["src", "srcset", "sizes", "type", "media", "width", "height"])
        .add_tag_attributes("track", ["src", "kind", "srclang", "label", "default"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_tag_attributes("a", ["download", "rel"])
        .add_tag_attributes("li", ["value"]);
    for attribute in NO_ATTRIBUTES {
        builder.rm_generic_attributes([attribute]);
    }
    builder
}

/// The root's mark and an address as this program writes it: on a site relative to its root, in the app from the server's
/// root on, perhaps with a query.
///
/// Only this program writes the mark: a text holds no control character (`channel/message.rs`), and what its HTML would
/// have a browser decode to one is replaced before (`raw_html.rs`). The characters are looked at all the same.
fn is_site_address(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%#?=&".contains(&byte);
    value.strip_prefix(ROOT).is_some_and(|path| !path.starts_with("//") && path.bytes().all(plain))
}

fn is_web_link(value: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| value.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

fn is_our_class(value: &str) -> bool {
    const OURS: [&str; 13] = [
        "table",
        "task",
        "footnote-ref",
        "footnotes",
        "missing",
        "tag",
        "tag p-category",
        "right",
        "center",
        "anchor",
        "contents",
        "alert-title",
        "plain",
    ];
    const ALERTS: [&str; 5] = ["alert note", "alert tip", "alert important", "alert warning", "alert caution"];
    let is_math = || value.split(' ').all(math::is_our_class);
    OURS.contains(&value)
        || ALERTS.contains(&value)
        || is_math()
        || value.strip_prefix("language-").is_some_and(|name| name.len() < 30)
        || value.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_ampersands_is_parted_and_reads_the_same() {
        let text = "a &amp; b &lt; c ".repeat(500);
        for html in [format!("<p>{text}</p>"), text.clone(), format!("<a href=\"https://e.example/\">{text}</a>{text}")]
        {
            assert!(steps(&html) * 10 < memchr::memchr_iter(b'&', html.as_bytes()).count() * html.len());
            assert_eq!(for_feed(&html, None), html);
            assert_eq!(for_page(&html, "m"), html);
        }
        assert!(matches!(parted("<p>a &amp; b</p>"), Cow::Borrowed(_)));
    }

    #[test]
    fn somebody_elses_box_cannot_be_ticked_and_is_written_the_same_each_time() {
        let box_ = "<input type=\"checkbox\" disabled=\"\" aria-label=\"box\">";
        for _ in 0..20 {
            assert_eq!(for_page("<input><input type=password autofocus name=x>", "m"), box_.repeat(2));
        }
    }
}

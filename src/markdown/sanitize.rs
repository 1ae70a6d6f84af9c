//! HTML written by others, or going to other people's readers, cut down to what is harmless.
//!
//! Owns the allow-list. The cleaning itself is a library's work; only texts that hold raw HTML ever come here, for what
//! this room writes by itself is harmless already.

use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};

use url::Url;

use super::{ROOT, harmless};

/// Elements beyond the library's list that this room writes itself.
const OUR_ELEMENTS: [&str; 6] = ["section", "audio", "video", "input", "figure", "figcaption"];
/// Attributes that carry layout or meaning of the page around, which a text must not set.
const NO_ATTRIBUTES: [&str; 3] = ["style", "id", "class"];

/// Cleans a page's HTML that holds raw HTML from somebody else.
///
/// Element ids survive only with the message's own prefix; addresses only where they bear the root's mark (`raw.rs` has
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
            "cite" => false,
            "id" | "name" => value.starts_with(&prefix),
            "class" => is_our_class(value),
            _ => true,
        };
        kept.then(|| value.into())
    });
    let mut clean = builder.clean(html).to_string();
    // Whatever box somebody else's text holds becomes one that cannot be ticked. One attribute at a time: the library
    // adds several in an order that is another each time, and a page has to be the same each time.
    for (attribute, value) in [("type", "checkbox"), ("disabled", ""), ("aria-label", "box")] {
        builder.set_tag_attribute_value("input", attribute, value);
        if clean.contains("<input") {
            clean = builder.clean(&clean).to_string();
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
    harmless(&builder.clean(html).to_string()).replace('\u{fffd}', "")
}

fn base() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .url_relative(UrlRelative::PassThrough)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None)
        .add_tags(OUR_ELEMENTS)
        .add_tag_attributes("audio", ["src", "controls", "preload"])
        .add_tag_attributes("video", ["src", "controls", "preload", "poster", "width", "height"])
        .add_tag_attributes("img", ["loading"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_tag_attributes("a", ["download", "rel"])
        .add_tag_attributes("li", ["value"]);
    for attribute in NO_ATTRIBUTES {
        builder.rm_generic_attributes([attribute]);
    }
    builder
}

/// The root's mark and an address as this program writes it. An entity could have made the mark, so what follows is held
/// to the few characters that a percent-encoded relative path has.
fn is_site_address(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%#".contains(&byte);
    value.strip_prefix(ROOT).is_some_and(|path| !path.starts_with('/') && path.bytes().all(plain))
}

fn is_web_link(value: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| value.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

fn is_our_class(value: &str) -> bool {
    const OURS: [&str; 8] = ["table", "task", "footnote-ref", "footnotes", "missing", "tag", "right", "center"];
    OURS.contains(&value) || value.strip_prefix("language-").is_some_and(|name| name.len() < 30) || value.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_box_cannot_be_ticked_and_is_written_the_same_each_time() {
        let box_ = "<input type=\"checkbox\" disabled=\"\" aria-label=\"box\">";
        for _ in 0..20 {
            assert_eq!(for_page("<input><input type=password autofocus name=x>", "m"), box_.repeat(2));
        }
    }
}

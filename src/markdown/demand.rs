//! What HTML in a text asks for that a page does not give by itself: scripts, styles of its own, frames, parts of the page's
//! head. Whether it gets that is for the site's settings (`raw_html.rs`); a text's findings name it with its line.

use serde::{Deserialize, Serialize};

use super::html_tokens::StartTag;

/// Something that HTML in a text asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Demand {
    /// A script, in an element or an attribute.
    Script,
    /// A style sheet, or a style in an attribute.
    Style,
    /// A frame or an embedded document, with its address.
    Frame(String),
    /// An element that belongs into the head of a page, by its name.
    Head(String),
}

/// What a start tag asks for, each kind once.
pub(super) fn demands(tag: &StartTag<'_>) -> Vec<Demand> {
    let mut demands = Vec::new();
    demands.extend(of_element(tag));
    for demand in tag.attributes.iter().filter_map(|(name, value)| of_value(name, value)) {
        if !demands.contains(&demand) {
            demands.push(demand);
        }
    }
    demands
}

/// What an element asks for, whatever its attributes are.
pub(super) fn of_element(tag: &StartTag<'_>) -> Option<Demand> {
    let address = |name: &str| Demand::Frame(tag.attribute(name).unwrap_or_default().trim().to_owned());
    Some(match tag.name.as_str() {
        "script" => Demand::Script,
        "style" => Demand::Style,
        "iframe" | "frame" | "embed" => address("src"),
        "object" => address("data"),
        "base" | "meta" | "link" => Demand::Head(tag.name.clone()),
        _ => return None,
    })
}

fn of_value(name: &str, value: &str) -> Option<Demand> {
    of_attribute(name).or_else(|| (name == "href" && runs_script(value)).then_some(Demand::Script))
}

/// Whether an address runs a script instead of leading anywhere; browsers drop white space in it.
pub(super) fn runs_script(address: &str) -> bool {
    let letters: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(11).collect();
    letters.eq_ignore_ascii_case("javascript:")
}

/// What an attribute asks for: every name that begins with `on` is a handler's (HTML, section 8.1.8).
pub(super) fn of_attribute(name: &str) -> Option<Demand> {
    match name {
        "style" => Some(Demand::Style),
        "srcdoc" => Some(Demand::Script),
        _ => name.starts_with("on").then_some(Demand::Script),
    }
}

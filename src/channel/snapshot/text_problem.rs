//! What a text's author should know of it, in words.

use crate::markdown::{Demand, Finding, Limit, RawHtml, What, frame_host};
use crate::text::invisible::field;

/// What is wrong with a text wherever it is shown.
pub(super) fn of_text(finding: &Finding) -> Option<String> {
    let line = finding.line;
    match &finding.what {
        What::Unpaired(tag) => Some(format!("line {line}: {}", unpaired(tag))),
        What::OpenComment => Some(format!(
            "line {line}: a comment begins here and has no end (`-->`), so the rest of this block of HTML is not shown"
        )),
        What::Plain(limit) => {
            Some(format!("line {line}: {}, so from here on it is shown as plain text", beyond(*limit)))
        }
        What::Demand(_) => None,
    }
}

/// What its HTML asks for and a site does not give that passes so much HTML and frames from these hosts.
pub(super) fn of_html(finding: &Finding, passes: RawHtml, embeds: &[String]) -> Option<String> {
    let What::Demand(demand) = &finding.what else {
        return None;
    };
    let line = finding.line;
    let why = match (demand, passes) {
        (_, RawHtml::All | RawHtml::Text) => return None,
        (Demand::Frame(address), _) => return frame(address, embeds).map(|why| format!("line {line}: {why}")),
        (Demand::Script, _) => "scripts do not run on pages, so it is left out".to_owned(),
        (Demand::Style, _) => "a style in a text has no effect on pages, so it is left out".to_owned(),
        (Demand::Head(name), _) => {
            return Some(format!("line {line}: `<{}>` belongs in the head of a page, so it is left out", field(name)));
        }
    };
    Some(format!("line {line}: {why}; `raw_html = \"all\"` under [site] in missive.toml would keep it"))
}

fn unpaired(tag: &str) -> String {
    let shown = field(tag.lines().next().unwrap_or_default());
    match tag {
        tag if tag.starts_with("</") => format!("`{shown}` has no opening tag, so it is shown as text"),
        tag if tag.ends_with('>') => format!("`{shown}` has no closing tag, so it is shown as text"),
        _ => format!("`{shown}` does not end, so it is shown as text"),
    }
}

fn beyond(limit: Limit) -> &'static str {
    match limit {
        Limit::Length => "the text is longer than 1 MiB",
        Limit::Depth => "quotes, lists or other blocks lie more than 64 deep in one another",
        Limit::Html => "the text would become too large a page",
    }
}

fn frame(address: &str, embeds: &[String]) -> Option<String> {
    match frame_host(address) {
        Some(host) if embeds.contains(&host) => None,
        Some(host) => Some(format!(
            "a frame from {host} is shown as a link; `embeds = [\"{host}\"]` under [site] in missive.toml would show it"
        )),
        None => Some("a frame that is not from an https address is shown as a link".to_owned()),
    }
}

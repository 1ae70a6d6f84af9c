//! Links in one's own messages that lead nowhere: relative addresses that mean no attachment, no message and no page of the
//! site. Such an address is text on the page, and nobody notices; so its author is told.
//!
//! A file that the text shows and that is not there is another matter: `completeness.rs` waits for it and reports it.

use std::sync::Arc;

use crate::channel::protocol::message_address;
use crate::channel::reading::reply;
use crate::channel::snapshot::attachment_address::AttachmentIndex;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::completeness::{self, SITE_PAGES};

/// The addresses in a message's text that lead nowhere. `cards` are all messages that are shown, in their order.
pub fn of_card<'c>(card: &'c Card, cards: &[Arc<Card>]) -> Vec<&'c str> {
    if card.links.is_empty() {
        return Vec::new();
    }
    let attachments = AttachmentIndex::new(card);
    let links = card.links.iter().map(String::as_str);
    links.filter(|link| attachments.find(link).is_none() && !leads_somewhere(link, card, cards)).collect()
}

/// Whether an address in a message's text means a page, or a file that is waited for.
fn leads_somewhere(link: &str, card: &Card, cards: &[Arc<Card>]) -> bool {
    if let Some(name) = named(link) {
        let title = name.split('#').next().unwrap_or_default();
        return reply::linked(cards, name.trim(), card.side).is_some()
            || reply::titled(cards, title, card.side).is_some();
    }
    SITE_PAGES.contains(&link)
        || reply::linked(cards, link, card.side).is_some()
        || completeness::is_awaited(link, card.stamp)
}

/// The message that double brackets name.
fn named(link: &str) -> Option<&str> {
    link.strip_prefix("[[")?.strip_suffix("]]")
}

/// Why an address leads nowhere, and what would.
pub fn reason(address: &str) -> String {
    if named(address).is_some() {
        return "no message has this title or this id".to_owned();
    }
    let (path, _) = address.split_once('#').unwrap_or((address, ""));
    if message_address::linked(path).is_some() {
        return "there is no such message on this site".to_owned();
    }
    if names_site(address) {
        return format!("an address on another site begins with its scheme: https://{address}");
    }
    "it is no attachment of this message, no message and no page of this site; write the whole address of a page elsewhere, or begin it with `/` if it is on your own server".to_owned()
}

/// Whether an address was meant to be another site's: its first part is like a host's name, and is not like a page's.
fn names_site(address: &str) -> bool {
    const PAGES: [&str; 8] = ["asp", "aspx", "cgi", "htm", "html", "md", "php", "xhtml"];
    let host = address.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((name, domain)) = host.rsplit_once('.') else { return false };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    !name.is_empty()
        && host.chars().all(is_name)
        && domain.len() >= 2
        && domain.chars().all(char::is_alphabetic)
        && !PAGES.contains(&domain.to_ascii_lowercase().as_str())
}

/// The line of a text, counted from 1, on which an address stands, if it is written as it means.
pub fn line_of(text: &str, address: &str) -> Option<usize> {
    let mut places = text.match_indices(address).map(|(at, _)| at);
    let at = places.find(|at| stands_alone(text, *at, address.len()))?;
    Some(1 + text.get(..at)?.matches('\n').count())
}

/// Whether a piece of a text is all of an address.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let before = text.get(..at).and_then(|head| head.chars().next_back());
    let after = text.get(at + length..).and_then(|tail| tail.chars().next());
    before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '<' | '"' | '\'' | '='))
        && after.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_follows_from_what_was_meant() {
        for address in ["www.example.org", "example.org/a.html", "bücher.example?x", "sub.example.co.uk/#a"] {
            assert!(reason(address).ends_with(&format!("https://{address}")), "{address}");
        }
        for address in
            ["about.html", "about", "a/b.php", "page.PHP?x", "..", "../x.org", "a b.org", "x.", ".org", "v1.2"]
        {
            assert!(reason(address).contains("begin it with `/`"), "{address}");
        }
        assert!(reason("2026-01-01T00-00-00Z.txt#x").contains("no such message"));
    }

    #[test]
    fn an_address_is_found_where_it_stands_alone() {
        let text = "title: x.html\n\nsee x.htmls and [this](x.html)\n\n[ref]:\n<a b.html>\n<a href='c.html'>";
        assert_eq!(line_of(text, "x.html"), Some(1));
        assert_eq!(line_of("xx.html x.html2\n(x.html \"title\")", "x.html"), Some(2));
        assert_eq!(line_of(text, "a b.html"), Some(6));
        assert_eq!(line_of(text, "c.html"), Some(7));
        assert_eq!(line_of(text, "a%20b.html"), None);
    }
}

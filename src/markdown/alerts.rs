//! Alerts: a quote whose first line is `[!NOTE]` or another of GitHub's five.

use pulldown_cmark::BlockQuoteKind;

/// What an alert is called, for its heading, and the class that a theme colours.
pub(super) fn name(kind: BlockQuoteKind) -> (&'static str, &'static str) {
    match kind {
        BlockQuoteKind::Note => ("Note", "note"),
        BlockQuoteKind::Tip => ("Tip", "tip"),
        BlockQuoteKind::Important => ("Important", "important"),
        BlockQuoteKind::Warning => ("Warning", "warning"),
        BlockQuoteKind::Caution => ("Caution", "caution"),
    }
}

/// Opens a quote, or an alert. What it is stands in words, for a feed has no classes.
pub(super) fn open(html: &mut String, kind: Option<BlockQuoteKind>) {
    match kind.map(name) {
        None => html.push_str("<blockquote>\n"),
        Some((name, class)) => {
            html.push_str("<blockquote class=\"alert ");
            html.push_str(class);
            html.push_str("\">\n<p class=\"alert-title\"><strong>");
            html.push_str(name);
            html.push_str("</strong></p>\n");
        }
    }
}

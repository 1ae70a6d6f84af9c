//! Blocks of code: their language, and their colours where the message may have them.

use pulldown_cmark::CodeBlockKind;
use unicode_segmentation::UnicodeSegmentation;

use super::highlight::Colours;
use crate::markdown::html_text::push_text;
use crate::markdown::rules::Rules;

/// The blocks of code of one message.
pub(super) struct CodeBlocks {
    /// The language and the code of the block that is being read.
    open: Option<(String, String)>,
    is_coloured: bool,
    colours: Colours,
}

impl CodeBlocks {
    /// The blocks of a message that is written by these rules.
    pub(super) fn new(rules: Rules) -> Self {
        Self { open: None, is_coloured: rules.highlight, colours: Colours::new(rules.trust) }
    }

    /// Whether code is shown without colours because they took too long.
    pub(super) fn is_late(&self) -> bool {
        self.colours.is_late()
    }

    /// Opens a block.
    pub(super) fn open(&mut self, kind: &CodeBlockKind<'_>) {
        self.open = Some((language(kind), String::new()));
    }

    /// Adds text to the block that is being read. Says whether there is one.
    pub(super) fn gather(&mut self, text: &str) -> bool {
        if let Some((_, code)) = &mut self.open {
            code.push_str(text);
        }
        self.open.is_some()
    }

    /// Writes the block that was being read.
    pub(super) fn close(&mut self, html: &mut String) {
        let Some((language, code)) = self.open.take() else {
            return;
        };
        html.push_str("<pre tabindex=\"0\"><code");
        if !language.is_empty() {
            html.push_str(" class=\"language-");
            push_text(html, &language);
            html.push('"');
        }
        html.push('>');
        if !(self.is_coloured && !language.is_empty() && self.colours.push(html, &code, &language)) {
            push_text(html, &code);
        }
        html.push_str("</code></pre>\n");
    }
}

/// The first word of a fence's info string, short enough to be a language.
fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(info) = kind else {
        return String::new();
    };
    let word = info.split([' ', ',', '\t', '{']).next().unwrap_or_default();
    word.graphemes(true).take(30).filter(|c| !c.contains(char::is_control)).collect()
}

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
        if self.is_coloured && !language.is_empty() {
            self.colours.push(html, &code, &language);
        } else {
            push_text(html, &code);
        }
        html.push_str("</code></pre>\n");
    }
}

/// The language that a fence's info string names, short enough to be one.
///
/// Its first word, up to what the programs that people come from write behind it: `rust,no_run`, `js:title=x`,
/// `js{1,3}`, `python {linenos=true}`. In braces, the first class (`{.python .numberLines}`) or else the first word
/// (`{r, echo=FALSE}`); behind the name of a directive (```` ```{code-block} python ````), what follows it.
fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(info) = kind else {
        return String::new();
    };
    let info = info.trim_start();
    let name = match info.strip_prefix('{') {
        Some(attributes) => in_braces(attributes),
        None => info.split(ENDS).next().unwrap_or_default(),
    };
    name.graphemes(true).take(30).filter(|c| !c.contains(char::is_control)).collect()
}

/// What ends the name of a language.
const ENDS: [char; 6] = [' ', ',', '\t', '{', '}', ':'];

/// Directives of `MyST` and the like, which take the language as what they are about.
const DIRECTIVES: [&str; 4] = ["code", "code-block", "code-cell", "sourcecode"];

fn in_braces(attributes: &str) -> &str {
    let (attributes, rest) = attributes.split_once('}').unwrap_or((attributes, ""));
    let mut words = attributes.split([' ', ',', '\t']);
    if let Some(class) = words.clone().find_map(|word| word.strip_prefix('.')) {
        return class.split('.').next().unwrap_or_default();
    }
    let first = words.find(|word| !word.is_empty()).unwrap_or_default();
    if DIRECTIVES.contains(&first) {
        return rest.trim_start().split(ENDS).next().unwrap_or_default();
    }
    if first.starts_with(['#', '=']) || first.contains('=') { "" } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language_of(info: &str) -> String {
        language(&CodeBlockKind::Fenced(info.into()))
    }

    #[test]
    fn info_strings_of_other_programs_name_a_language() {
        for (info, expected) in [
            ("rust", "rust"),
            ("  ruby startline=3 $%@#$", "ruby"),
            ("rust,no_run", "rust"),
            ("rust, ignore", "rust"),
            ("js:title=x", "js"),
            ("js{1,3-5}", "js"),
            ("python {linenos=true}", "python"),
            ("python {.numberLines}", "python"),
            ("{.python}", "python"),
            ("{.python .numberLines}", "python"),
            ("{ .python .numberLines startFrom=\"100\" }", "python"),
            ("{#mycode .haskell .numberLines}", "haskell"),
            ("{.c.numberLines}", "c"),
            ("{r, echo=FALSE}", "r"),
            ("{python}", "python"),
            ("{code-block} python", "python"),
            ("{code-cell} ipython", "ipython"),
            ("{code-block}", ""),
            ("{=html}", ""),
            ("{linenos=true}", ""),
            ("{#id}", ""),
            ("{", ""),
            ("{}", ""),
            ("{.}", ""),
            ("c++", "c++"),
            ("c#", "c#"),
            ("Dockerfile", "Dockerfile"),
            (";", ";"),
            ("", ""),
        ] {
            assert_eq!(language_of(info), expected, "{info}");
        }
        assert_eq!(language_of(&"x".repeat(100)).len(), 30);
        assert_eq!(language(&CodeBlockKind::Indented), "");
    }
}

//! Code in colour, at build time, by class names and without script.
//!
//! Owns the mapping from a grammar's scopes to a dozen one-letter classes that the theme colours. The grammars are a
//! library's; they are loaded when the first code block asks for them and never before.

use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

use super::push_text;

/// Longer blocks, or blocks with a longer line, are left uncoloured: grammars are regular expressions, and those can be slow.
const MAX_CODE: usize = 16 << 10;
const MAX_LINE: usize = 500;

static GRAMMARS: Mutex<Option<Arc<SyntaxSet>>> = Mutex::new(None);

/// Lets go of the grammars. They grow with each language that they meet, and are loaded again when one is asked for.
pub fn forget_grammars() {
    *GRAMMARS.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn grammars() -> Arc<SyntaxSet> {
    let mut grammars = GRAMMARS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(grammars.get_or_insert_with(|| Arc::new(two_face::syntax::extra_newlines())))
}

/// Scope prefixes and their classes; the first match from the innermost scope outwards counts, and of two prefixes the longer is first.
static CLASSES: LazyLock<Vec<(Scope, char)>> = LazyLock::new(|| {
    [
        ("comment", 'c'),
        ("string", 's'),
        ("constant.numeric", 'n'),
        ("constant.character.escape", 'n'),
        ("constant", 'n'),
        ("entity.name.function", 'f'),
        ("support.function", 'f'),
        ("variable.function", 'f'),
        ("entity.name.tag", 't'),
        ("entity.other.attribute-name", 'a'),
        ("entity.name", 't'),
        ("support.type", 't'),
        ("support.class", 't'),
        ("storage.type", 'k'),
        ("storage", 'k'),
        ("keyword.operator", 'o'),
        ("keyword", 'k'),
        ("markup.heading", 'g'),
        ("markup.inserted", 'i'),
        ("markup.deleted", 'd'),
        ("variable.parameter", 'v'),
        ("variable.language", 'k'),
        ("punctuation.definition.comment", 'c'),
        ("punctuation.definition.string", 's'),
    ]
    .into_iter()
    .filter_map(|(name, class)| Some((Scope::from_str(name).ok()?, class)))
    .collect()
});

/// Writes code with classes, or says that it cannot: the language is unknown or the block too large.
pub(super) fn push_highlighted(html: &mut String, code: &str, language: &str) -> bool {
    if code.len() > MAX_CODE || code.lines().any(|line| line.len() > MAX_LINE) {
        return false;
    }
    let grammars = grammars();
    let Some(grammar) = grammar(&grammars, language) else {
        return false;
    };
    let start = html.len();
    let done = push_lines(html, code, &grammars, grammar);
    if done.is_none() {
        html.truncate(start);
    }
    done.is_some()
}

fn grammar<'g>(grammars: &'g SyntaxSet, language: &str) -> Option<&'g SyntaxReference> {
    // Names in common use that the grammars do not list.
    let name = match language {
        "text" | "txt" | "plain" => return None,
        "console" | "shell" | "sh-session" => "sh",
        other => other,
    };
    grammars.find_syntax_by_token(name)
}

fn push_lines(html: &mut String, code: &str, grammars: &SyntaxSet, grammar: &SyntaxReference) -> Option<()> {
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let mut open = None;
    for line in LinesWithEndings::from(code) {
        let changes = state.parse_line(line, grammars).ok()?;
        for (text, change) in ScopeRegionIterator::new(&changes, line) {
            stack.apply(change).ok()?;
            if text.is_empty() {
                continue;
            }
            switch(html, &mut open, class(&stack));
            push_text(html, text);
        }
    }
    switch(html, &mut open, None);
    Some(())
}

fn switch(html: &mut String, open: &mut Option<char>, class: Option<char>) {
    if *open == class {
        return;
    }
    if open.is_some() {
        html.push_str("</span>");
    }
    if let Some(class) = class {
        html.push_str("<span class=\"");
        html.push(class);
        html.push_str("\">");
    }
    *open = class;
}

fn class(stack: &ScopeStack) -> Option<char> {
    stack
        .as_slice()
        .iter()
        .rev()
        .find_map(|scope| CLASSES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, class)| *class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_by_class_and_loses_no_text() {
        let code = "fn main() {\n    let a = \"<b>\"; // note\n}\n";
        let mut html = String::new();
        assert!(push_highlighted(&mut html, code, "rust"));
        assert!(html.contains("<span class=\"k\">fn</span>"), "{html}");
        assert!(html.contains("&lt;b&gt;"), "{html}");
        let text = html.replace("</span>", "");
        let text = text
            .split("<span class=\"")
            .map(|part| part.split_once("\">").map_or(part, |(_, tail)| tail))
            .collect::<String>();
        assert_eq!(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\""), code);
    }

    #[test]
    fn knows_the_languages_people_write() {
        for language in [
            "rust",
            "python",
            "sh",
            "toml",
            "json",
            "html",
            "css",
            "c",
            "go",
            "typescript",
            "yaml",
            "xml",
            "console",
            "diff",
        ] {
            assert!(grammar(&grammars(), language).is_some(), "{language}");
        }
        assert!(!push_highlighted(&mut String::new(), "x", "no-such-language"));
    }
}

//! Code in colour, at build time, by class names and without script.
//!
//! A library's grammars are mapped to a dozen one-letter classes that the theme colours. They are loaded when the first code
//! block asks for them and never before.

use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

use crate::markdown::html_text::push_text;
use crate::markdown::rules::Trust;

use crate::lock::lock;

/// What colouring may cost. A grammar is a set of regular expressions, most of which a library matches in linear time and
/// some by trying out: those may take a million steps (its limit) at each place of a line, without success.
struct Limits {
    /// A longer block is left uncoloured, in bytes.
    block: usize,
    /// A block with a longer line is left uncoloured, in bytes: what trying out costs grows with the line.
    line: usize,
    /// What comes after so much code of a message is left uncoloured, in units ([`COSTS`]).
    message: usize,
}

const OWN: Limits = Limits { block: 16 << 10, line: 500, message: 512 << 10 };
const THEIRS: Limits = Limits { block: 8 << 10, line: 120, message: 16 << 10 };

/// What a byte of code costs in the grammars whose slowest lines were searched for, in units of the budget.
///
/// Sixty kinds of lines of 200 bytes were put to every grammar: words, spaces, brackets, quotes, operators and openings of
/// what a grammar looks ahead for, each repeated. A unit is what 20 µs were then (unoptimised). Those that took more than
/// 180 µs for a byte are not here: Less, Sass, Lisp, Typst, INI, D and Markdown, which holds all others, among them. One that
/// can hold another counts as the dearest that it can hold.
const COSTS: [(&str, usize); 46] = [
    ("Bourne Again Shell (bash)", 4),
    ("C", 1),
    ("C#", 8),
    ("C++", 2),
    ("CMake", 1),
    ("CSS", 4),
    ("Clojure", 1),
    ("Dart", 1),
    ("Diff", 1),
    ("Dockerfile", 4),
    ("Elixir", 1),
    ("Erlang", 2),
    ("Fish", 1),
    ("Go", 2),
    ("GraphQL", 1),
    ("Groovy", 1),
    ("HTML", 8),
    ("Haskell", 8),
    ("JSON", 1),
    ("Java", 1),
    ("JavaScript", 8),
    ("Julia", 1),
    ("Kotlin", 1),
    ("LaTeX", 8),
    ("Lua", 2),
    ("Makefile", 8),
    ("Nix", 1),
    ("OCaml", 1),
    ("PHP", 8),
    ("Pascal", 1),
    ("Perl", 1),
    ("Protocol Buffer", 1),
    ("Python", 4),
    ("R", 4),
    ("Ruby", 8),
    ("Rust", 2),
    ("SQL", 4),
    ("Scala", 8),
    ("Swift", 1),
    ("TOML", 1),
    ("Terraform", 4),
    ("TypeScript", 8),
    ("TypeScriptReact", 8),
    ("XML", 1),
    ("YAML", 2),
    ("Zig", 1),
];
/// What a byte costs in a grammar that nobody has searched, or that was found to be slow. Only one's own code is coloured
/// with these.
const COST_OF_OTHERS: usize = 64;
/// The slowest of all, which takes two seconds for a kilobyte of spaces: two kilobytes of a message are coloured.
const SLOWEST: (&str, usize) = ("SystemVerilog", 256);

fn cost(grammar: &str, trust: Trust) -> Option<usize> {
    let known = COSTS.iter().find(|(name, _)| *name == grammar).map(|(_, cost)| *cost);
    let own = || if grammar == SLOWEST.0 { SLOWEST.1 } else { COST_OF_OTHERS };
    known.or_else(|| (trust == Trust::Own).then(own))
}

/// What colouring the code of a message may cost, which has so many bytes of it, in units of a budget: as much as in the
/// dearest grammar, for which one it is in is not known before.
pub fn max_cost(code: u32, trust: Trust) -> usize {
    const DEAREST: usize = 8;
    let most = limits(trust).message;
    usize::try_from(code).map_or(most, |code| code.saturating_mul(DEAREST).min(most))
}

const fn limits(trust: Trust) -> &'static Limits {
    match trust {
        Trust::Own => &OWN,
        Trust::Theirs => &THEIRS,
    }
}

static GRAMMARS: Mutex<Option<Arc<SyntaxSet>>> = Mutex::new(None);

/// Lets go of the grammars. They grow with each language that they meet, and are loaded again when one is asked for.
pub fn forget_grammars() {
    *lock(&GRAMMARS) = None;
}

fn grammars() -> Arc<SyntaxSet> {
    let mut grammars = lock(&GRAMMARS);
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

/// How long colouring the code of one message of somebody else's may take.
///
/// A net below the counted limits and no measure: among the grammars that others' code is coloured with none is known to
/// need a tenth of it. But each is a program that somebody else wrote for another purpose, and the library that runs it
/// neither counts its steps nor can be stopped within a line; so one that turns out to be slow must not be. Where this net
/// holds something, the page may differ from machine to machine, and a warning says so.
const DEADLINE: Duration = Duration::from_secs(5);

/// The colours of one message: what is left of its budget.
pub(super) struct Colours {
    trust: Trust,
    left: usize,
    spent: Duration,
}

impl Colours {
    /// The budget of a message.
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, left: limits(trust).message, spent: Duration::ZERO }
    }

    /// Whether it took so long that the rest is left uncoloured.
    pub(super) fn is_late(&self) -> bool {
        self.spent > DEADLINE
    }

    /// Writes code with classes, or says that it cannot: the language is unknown, the block too large, or the message has
    /// had its share.
    pub(super) fn push(&mut self, html: &mut String, code: &str, language: &str) -> bool {
        let limits = limits(self.trust);
        if self.is_late() || code.len() > limits.block || code.lines().any(|line| line.len() > limits.line) {
            return false;
        }
        let grammars = grammars();
        let Some(grammar) = grammar(&grammars, language) else {
            return false;
        };
        let cost = cost(&grammar.name, self.trust).map(|cost| cost.saturating_mul(code.len()));
        let Some(left) = cost.and_then(|cost| self.left.checked_sub(cost)) else {
            return false;
        };
        self.left = left;
        let start = html.len();
        let done = self.push_lines(html, code, &grammars, grammar);
        if done.is_none() {
            html.truncate(start);
        }
        done.is_some()
    }

    fn push_lines(
        &mut self,
        html: &mut String,
        code: &str,
        grammars: &SyntaxSet,
        grammar: &SyntaxReference,
    ) -> Option<()> {
        let mut state = ParseState::new(grammar);
        let mut stack = ScopeStack::new();
        let mut open = None;
        for line in LinesWithEndings::from(code) {
            let start = Instant::now();
            let changes = state.parse_line(line, grammars).ok()?;
            if self.trust == Trust::Theirs {
                self.spent += start.elapsed();
            }
            if self.is_late() {
                return None;
            }
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
        assert!(Colours::new(Trust::Own).push(&mut html, code, "rust"));
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
    fn others_code_is_coloured_within_counted_limits() {
        let coloured = |colours: &mut Colours, code: &str, language: &str| {
            let mut html = String::new();
            colours.push(&mut html, code, language)
        };
        let line = "let a = 1;\n";
        let theirs = || Colours::new(Trust::Theirs);
        assert!(coloured(&mut theirs(), line, "rust"));
        // A long line, a long block, a grammar that can be slow, and what comes when the budget is spent.
        assert!(!coloured(&mut theirs(), &"a ".repeat(61), "rust"));
        assert!(!coloured(&mut theirs(), &line.repeat(800), "rust"));
        for slow in ["scss", "sv", "markdown", "ini", "lisp", "less"] {
            assert!(!coloured(&mut theirs(), "a", slow), "{slow}");
            assert!(slow == "sv" || coloured(&mut Colours::new(Trust::Own), "a { b: c }\n", slow), "{slow}");
        }
        for (language, most) in [("js", 2 << 10), ("json", 16 << 10)] {
            let mut colours = theirs();
            let mut bytes = 0;
            while coloured(&mut colours, &line.repeat(50), language) {
                bytes += 50 * line.len();
            }
            assert!(bytes <= most && bytes + 50 * line.len() > most, "{language}: {bytes}");
        }
        // Of one's own, more; but no kilobytes that take half a minute.
        assert!(coloured(&mut Colours::new(Trust::Own), &line.repeat(1_400), "js"));
        assert!(!coloured(&mut Colours::new(Trust::Own), &"  \n".repeat(5_000), "sv"));
    }

    #[test]
    fn every_grammar_that_has_a_cost_is_there() {
        let grammars = grammars();
        for (name, _) in COSTS.iter().chain([&SLOWEST]) {
            assert!(grammars.find_syntax_by_name(name).is_some(), "{name}");
        }
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
        assert!(!Colours::new(Trust::Own).push(&mut String::new(), "x", "no-such-language"));
    }
}

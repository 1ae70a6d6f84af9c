//! Code in colour, at build time, by class names and without script.
//!
//! `syntaxmate` runs the grammars of VS Code in plain Rust. Put beside VS Code's own engine on samples of 32 languages,
//! it gave the same scopes for every character of 29; YAML and R have other grammars here. It colours the handbook in a tenth of the time that `syntect` takes with
//! `fancy-regex`, loads a grammar in two milliseconds when the first block asks for it, and needs no C, as Oniguruma does
//! (and with it `giallo`, whose licence is a copyleft besides). Its limits count steps, so that the same code becomes the
//! same bytes on every machine. They bound a line; those below bound a block and a message.

use super::console_session::{COMMANDS, command_at, is_session};
use super::grammars::{Grammar, grammar_named};
use super::recent_blocks::{BlockKind, keep, push_again};
use crate::markdown::html_text::push_text;
use crate::markdown::rules::Trust;

/// What is coloured of a message, in bytes.
struct Limits {
    /// Of one block. The rest of it is left uncoloured.
    block: usize,
    /// Of all its blocks together.
    message: usize,
}

const OWN: Limits = Limits { block: 128 << 10, message: 512 << 10 };
const THEIRS: Limits = Limits { block: 16 << 10, message: 16 << 10 };

/// A longer line is left uncoloured, in bytes. What a line costs may grow with the square of its length.
const MAX_LINE: usize = 160;

/// How deeply the brackets, strings and blocks of code may lie in each other. Code that people write stays far below it; each
/// piece of code costs what it lies deep.
const MAX_DEPTH: usize = 64;

/// What a block counts at least, in bytes: it may be the first in its language, whose grammar has to be loaded.
pub(super) const MIN_BLOCK: usize = 512;

/// Grammars that are slow on hostile code, and what of a block is coloured at most in these, in bytes. Three hundred kinds of
/// lines were put to every grammar, 16 KiB of each (`benches/colour.rs`): brackets, quotes, operators, openings and nested
/// interpolations, and words of its own samples. The others took less than 100 ms; so does what of these is coloured.
const SLOW: [(&str, usize); 13] = [
    ("asm", 8 << 10),
    ("bibtex", 2 << 10),
    ("bsl", 8 << 10),
    ("cpp-macro", 4 << 10),
    ("desktop", 8 << 10),
    ("hack", 4 << 10),
    ("kdl", 8 << 10),
    ("mdc", 8 << 10),
    ("narrat", 8 << 10),
    ("plsql", 4 << 10),
    ("sas", 8 << 10),
    ("stylus", 4 << 10),
    ("surrealql", 4 << 10),
];

fn most_of(grammar: &str) -> usize {
    SLOW.iter().find(|(name, _)| *name == grammar).map_or(usize::MAX, |(_, most)| *most)
}

const fn limits(trust: Trust) -> &'static Limits {
    match trust {
        Trust::Own => &OWN,
        Trust::Theirs => &THEIRS,
    }
}

/// How much of a message's code is coloured, of so much ([`crate::markdown::Summary::code`]), in bytes.
pub fn coloured(code: u32, trust: Trust) -> usize {
    let most = limits(trust).message;
    usize::try_from(code).map_or(most, |code| code.min(most))
}

/// The colours of one message: what is left of them.
pub(super) struct Colours {
    limits: &'static Limits,
    left: usize,
}

impl Colours {
    /// Those that a message may have.
    pub(super) fn new(trust: Trust) -> Self {
        let limits = limits(trust);
        Self { limits, left: limits.message }
    }

    /// Writes code with classes as far as the limits allow, and the rest of it plain.
    pub(super) fn push(&mut self, html: &mut String, code: &str, language: &str) {
        let is_session = is_session(language);
        let name = if is_session { Some(COMMANDS) } else { grammar_named(language) };
        let Some(language) = name.filter(|_| self.left >= MIN_BLOCK) else {
            push_text(html, code);
            return;
        };
        let most = self.left.min(self.limits.block).min(most_of(language)).min(code.len());
        let kind = BlockKind { language, is_session, most };
        let done = push_again(html, kind, code).or_else(|| push_block(html, kind, code)).unwrap_or(0);
        self.left = self.left.saturating_sub(done.max(MIN_BLOCK));
        push_text(html, code.get(done..).unwrap_or_default());
    }
}

/// Writes what may be coloured of a block. Returns how many bytes of the code that is.
fn push_block(html: &mut String, kind: BlockKind, code: &str) -> Option<usize> {
    let mut grammar = Grammar::take(kind.language)?;
    let start = html.len();
    let done = Lines::new(&mut grammar, kind.is_session).push(html, code, kind.most);
    grammar.put_back();
    keep(kind, code, html.get(start..).unwrap_or_default(), done);
    Some(done)
}

/// The lines of one block.
struct Lines<'g> {
    grammar: &'g mut Grammar,
    is_session: bool,
    /// In a session: whether the command goes on in the next line.
    goes_on: bool,
    /// The ends of the pieces of a line and their classes.
    pieces: Vec<(usize, Option<char>)>,
}

impl<'g> Lines<'g> {
    fn new(grammar: &'g mut Grammar, is_session: bool) -> Self {
        grammar.start();
        Self { grammar, is_session, goes_on: false, pieces: Vec::new() }
    }

    /// Writes the lines that may be coloured. Returns how many bytes of the code they are.
    fn push(&mut self, html: &mut String, code: &str, most: usize) -> usize {
        let mut done = 0;
        for whole in code.split_inclusive('\n') {
            if done + whole.len() > most || self.grammar.depth() > MAX_DEPTH {
                break;
            }
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            let at = if line.len() > MAX_LINE { None } else { self.command_at(line) };
            let (plain, coloured) = line.split_at_checked(at.unwrap_or(line.len())).unwrap_or_default();
            self.pieces.clear();
            if at.is_some() && self.grammar.line(coloured, &mut self.pieces).is_none() {
                break;
            }
            push_text(html, plain);
            push_pieces(html, coloured, &self.pieces);
            push_text(html, whole.get(line.len()..).unwrap_or_default());
            done += whole.len();
        }
        done
    }

    /// Where the code begins in a line: in a session behind the prompt, and nowhere in what a command has said.
    fn command_at(&mut self, line: &str) -> Option<usize> {
        if !self.is_session {
            return Some(0);
        }
        if !self.goes_on {
            self.grammar.start();
        }
        let at = command_at(line).or(self.goes_on.then_some(0));
        self.goes_on = at.is_some() && line.ends_with('\\');
        at
    }
}

/// Writes a line. No element is open from one line to the next, so that the end of a line takes no colour.
fn push_pieces(html: &mut String, line: &str, pieces: &[(usize, Option<char>)]) {
    let mut open = None;
    let mut start = 0;
    for (end, class) in pieces {
        switch(html, &mut open, *class);
        push_text(html, line.get(start..*end).unwrap_or_default());
        start = *end;
    }
    switch(html, &mut open, None);
    push_text(html, line.get(start..).unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::grammars::{alone, languages};

    /// The HTML of a block, and the text that a reader sees of it.
    fn html(code: &str, language: &str, trust: Trust) -> String {
        let mut html = String::new();
        Colours::new(trust).push(&mut html, code, language);
        assert_eq!(text_of(&html), code, "{language}");
        html
    }

    fn text_of(html: &str) -> String {
        let parts = html.replace("</span>", "");
        let parts = parts.split("<span class=\"").enumerate();
        let text: String = parts.map(|(at, part)| if at == 0 { part } else { &part[3..] }).collect();
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    fn own(code: &str, language: &str) -> String {
        html(code, language, Trust::Own)
    }

    #[test]
    fn colours_by_class_and_loses_no_text() {
        let html = own("fn main() {\n    let a = \"<b>\"; // note & more\n}\n", "rust");
        assert!(html.contains("<span class=\"k\">fn</span> <span class=\"f\">main</span>"), "{html}");
        assert!(html.contains("<span class=\"s\">&quot;&lt;b&gt;&quot;</span>"), "{html}");
        assert!(html.contains("<span class=\"c\">// note &amp; more</span>\n"), "{html}");
    }

    #[test]
    fn languages_look_as_people_know_them() {
        for (language, code, expected) in [
            ("python", "def f(a):\n    return None", "<span class=\"k\">def</span> <span class=\"f\">f</span>"),
            ("python", "x = a and b", "<span class=\"k\">and</span>"),
            ("powershell", "Get-Item $a # note", "<span class=\"f\">Get-Item</span>"),
            ("console", "$ ls -l\ntotal 0\n", "$ <span class=\"f\">ls</span> <span class=\"v\">-l</span>\ntotal 0\n"),
            ("console", "$ ls \\\n  'a'\n'b'\n", "<span class=\"s\">&#39;a&#39;</span>\n&#39;b&#39;\n"),
            ("toml", "a = true", "<span class=\"t\">a</span> = <span class=\"n\">true</span>"),
            ("c++", "int main() { return 0; }", "<span class=\"k\">int</span>"),
            ("json", "{\"a\": [1, \"b\"]}", "<span class=\"t\">&quot;a&quot;</span>"),
            ("jsonc", "{} // note", "<span class=\"c\">// note</span>"),
            ("Dockerfile", "FROM debian", "<span class=\"k\">FROM</span>"),
            ("diff", "+a\n-b\n", "<span class=\"i\">+a</span>\n<span class=\"d\">-b</span>"),
            ("js", "`a${b}c`", "<span class=\"o\">${</span>b<span class=\"o\">}</span>"),
            ("markdown", "# A title", "<span class=\"g\"># A title</span>"),
            ("yaml", "a: 1", "<span class=\"t\">a</span>: <span class=\"n\">1</span>"),
        ] {
            let html = own(code, language);
            assert!(html.contains(expected), "{language}: {html}");
        }
    }

    #[test]
    fn unknown_languages_are_plain() {
        for language in ["no-such-language", "text", "output", ""] {
            assert_eq!(own("let a = 1;", language), "let a = 1;");
        }
    }

    #[test]
    fn a_long_line_is_plain_and_the_others_are_not() {
        let code = format!("let a = 1;\nlet b = \"{}\";\nlet c = 1;\n", "b".repeat(MAX_LINE));
        let html = own(&code, "rust");
        assert_eq!(html.matches("<span class=\"k\">let</span>").count(), 2, "{html}");
    }

    #[test]
    fn code_that_lies_too_deep_is_plain_from_there_on() {
        let nested = "[".repeat(MAX_DEPTH + 1);
        let html = own(&format!("let a = 1;\n{nested}\nlet b = 1;\n"), "js");
        assert_eq!(html.matches("let</span>").count(), 1, "{html}");
    }

    #[test]
    fn others_code_is_coloured_within_counted_limits() {
        let line = "let a = 1;\n";
        let count = |html: &str| html.matches("let</span>").count();
        let long = line.repeat(THEIRS.message / line.len() + 100);
        assert_eq!(count(&html(&long, "rust", Trust::Theirs)), THEIRS.message / line.len());
        assert_eq!(count(&own(&long, "rust")), long.len() / line.len());
        // Small blocks count as if they were larger.
        let mut colours = Colours::new(Trust::Theirs);
        let mut all = String::new();
        for _ in 0..100 {
            colours.push(&mut all, line, "rust");
        }
        assert_eq!(count(&all), THEIRS.message / MIN_BLOCK);
        assert_eq!(coloured(100, Trust::Theirs), 100);
        assert_eq!(coloured(u32::MAX, Trust::Theirs), THEIRS.message);
    }

    /// What a tokenizer has read before must leave no trace: which one a block meets follows from what is built anew.
    #[test]
    fn the_same_code_becomes_the_same_bytes_whatever_came_before() {
        let units = ["({[", "\"${a ", "'a", "/* ", "<a b=\"", "`${", "a::<", "#{", "\\", "if (", "é", "<<E "];
        for language in languages().into_iter().step_by(5) {
            let mut used = Grammar::take(language).unwrap();
            for unit in units.chunks(4) {
                let code = (unit.concat().repeat(20) + "\n").repeat(5) + "let a = f(1) # \"x\"\n";
                let [mut one, mut other] = [String::new(), String::new()];
                Lines::new(&mut alone(language), false).push(&mut one, &code, 4 << 10);
                Lines::new(&mut used, false).push(&mut other, &code, 4 << 10);
                assert_eq!(one, other, "{language}");
            }
        }
    }
}

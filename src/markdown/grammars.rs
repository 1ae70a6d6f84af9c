//! The grammars of code, by the names that people write, and the tokenizers made of them.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use syntaxmate::{
    Catalog, HighlightSession, HighlightStatus, Highlighter, HighlighterOptions, ScopeStackId, Theme, TokenizerOptions,
};

use crate::lock::lock;
use crate::markdown::scope_classes::class_of;

/// Names in common use that the grammars do not list, in lower case.
const ALIASES: [(&str, &str); 35] = [
    ("apacheconf", "apache"),
    ("crontab", "shellscript"),
    ("csproj", "xml"),
    ("curl", "shellscript"),
    ("delphi", "pascal"),
    ("dos", "bat"),
    ("editorconfig", "ini"),
    ("ejs", "html"),
    ("fortran", "fortran-free-form"),
    ("fsx", "fsharp"),
    ("gitconfig", "ini"),
    ("golang", "go"),
    ("h", "c"),
    ("hpp", "cpp"),
    ("hxx", "cpp"),
    ("ipython", "python"),
    ("j2", "jinja"),
    ("jenkinsfile", "groovy"),
    ("jinja2", "jinja"),
    ("ksh", "shellscript"),
    ("mustache", "handlebars"),
    ("mysql", "sql"),
    ("nasm", "asm"),
    ("objectivec", "objective-c"),
    ("octave", "matlab"),
    ("patch", "diff"),
    ("pl", "perl"),
    ("plist", "xml"),
    ("psql", "sql"),
    ("py3", "python"),
    ("pycon", "python"),
    ("restructuredtext", "rst"),
    ("sv", "system-verilog"),
    ("svg", "xml"),
    ("systemverilog", "system-verilog"),
];

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::bundled);

/// What tokenizers of the same language share.
static HIGHLIGHTER: LazyLock<Highlighter> = LazyLock::new(|| {
    // A line has no limit of its own, and each line is read once.
    let tokenizer = TokenizerOptions { max_line_bytes: usize::MAX, line_cache_entries: 0 };
    let options = HighlighterOptions { prepared_languages: MAX_IDLE, idle_tokenizers_per_language: 0, tokenizer };
    Highlighter::with_catalog_options(&CATALOG, options)
});

/// The grammar for a language, by whatever name people give it.
pub(super) fn grammar_named(language: &str) -> Option<&'static str> {
    let name = language.to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    CATALOG.canonical_language(alias.map_or(name.as_str(), |(_, grammar)| grammar))
}

/// A tokenizer remembers what it has seen of a grammar. After so many bytes it is made anew, so that it does not grow for
/// ever in a program that runs for weeks.
const MAX_READ: usize = 4 << 20;
/// How many tokenizers wait for their next block, a megabyte each and seldom more.
const MAX_IDLE: usize = 24;

/// Those that wait, the latest last.
static IDLE: Mutex<Vec<Grammar>> = Mutex::new(Vec::new());

/// A tokenizer for a language.
pub(super) struct Grammar {
    /// Its language.
    pub(super) language: &'static str,
    session: HighlightSession,
    /// The class of each stack of scopes that it has met.
    classes: HashMap<ScopeStackId, Option<char>>,
    /// How many bytes it has read.
    read: usize,
    /// Whether it has given up.
    has_failed: bool,
}

impl Grammar {
    /// One that waits for its next block, or a new one.
    pub(super) fn take(language: &'static str) -> Option<Self> {
        let idle = {
            let mut idle = lock(&IDLE);
            idle.iter().rposition(|grammar| grammar.language == language).map(|at| idle.remove(at))
        };
        idle.or_else(|| Self::new(language, &HIGHLIGHTER))
    }

    /// A new one.
    fn new(language: &'static str, highlighter: &Highlighter) -> Option<Self> {
        // What it looks like is said by the site's theme and not by one of the library's.
        let no_theme = Theme::from_rules(&[]).ok()?;
        let session = highlighter.session_with_theme(language, &no_theme).ok()?;
        Some(Self { language, session, classes: HashMap::new(), read: 0, has_failed: false })
    }

    /// Leaves it for the next block.
    pub(super) fn put_back(self) {
        if self.read > MAX_READ || self.has_failed {
            return;
        }
        let mut idle = lock(&IDLE);
        if idle.len() >= MAX_IDLE {
            idle.remove(0);
        }
        idle.push(self);
    }

    /// Begins a block.
    pub(super) fn start(&mut self) {
        self.session.reset();
    }

    /// How deeply the code that comes next lies in what is open.
    pub(super) fn depth(&self) -> usize {
        self.session.state().depth()
    }

    /// The ends of the pieces of a line and their classes. Returns `None` where the tokenizer gave up.
    pub(super) fn line(&mut self, line: &str, pieces: &mut Vec<(usize, Option<char>)>) -> Option<()> {
        self.read += line.len();
        let classes = &mut self.classes;
        let status = self.session.highlight_line_with(line, |token| {
            let of_scopes = || class_of(token.scopes());
            let class = token.scope_stack().map_or_else(of_scopes, |id| *classes.entry(id).or_insert_with(of_scopes));
            pieces.push((token.range().end, class));
        });
        self.has_failed = status != Ok(HighlightStatus::Complete);
        (!self.has_failed).then_some(())
    }
}

/// One that shares nothing with others.
#[cfg(test)]
pub(super) fn alone(language: &'static str) -> Grammar {
    Grammar::new(language, &Highlighter::with_catalog_options(&CATALOG, HighlighterOptions::default())).unwrap()
}

/// All languages that there is a grammar for.
#[cfg(test)]
pub(super) fn languages() -> Vec<&'static str> {
    CATALOG.languages()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_leads_to_a_grammar_and_hides_none() {
        for (alias, grammar) in ALIASES {
            assert_eq!(CATALOG.canonical_language(grammar), Some(grammar), "{alias}");
            assert_eq!(CATALOG.canonical_language(alias), None, "{alias} has a grammar of its own");
        }
    }

    #[test]
    fn knows_the_languages_people_write() {
        for (name, grammar) in [
            ("rust", "rust"),
            ("rs", "rust"),
            ("python", "python"),
            ("py", "python"),
            ("sh", "shellscript"),
            ("bash", "shellscript"),
            ("zsh", "shellscript"),
            ("powershell", "powershell"),
            ("ps1", "powershell"),
            ("c++", "cpp"),
            ("C", "c"),
            ("c#", "csharp"),
            ("cs", "csharp"),
            ("jsonc", "jsonc"),
            ("Dockerfile", "docker"),
            ("docker", "docker"),
            ("JavaScript", "javascript"),
            ("js", "javascript"),
            ("ts", "typescript"),
            ("yml", "yaml"),
            ("md", "markdown"),
            ("toml", "toml"),
            ("go", "go"),
            ("golang", "go"),
            ("kt", "kotlin"),
            ("tf", "terraform"),
            ("svg", "xml"),
            ("diff", "diff"),
            ("patch", "diff"),
            ("make", "make"),
            ("ini", "ini"),
            ("tex", "tex"),
            ("hs", "haskell"),
            ("objc", "objective-c"),
        ] {
            assert_eq!(grammar_named(name), Some(grammar), "{name}");
        }
        for unknown in ["text", "txt", "plain", "plaintext", "output", "none", "no-such-language", "", "🦀"] {
            assert_eq!(grammar_named(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_tokenizer_that_has_read_much_is_not_kept() {
        let language = "zig";
        let mut grammar = alone(language);
        grammar.read = MAX_READ + 1;
        grammar.put_back();
        assert!(lock(&IDLE).iter().all(|grammar| grammar.language != language));
        for _ in 0..2 * MAX_IDLE {
            alone("csv").put_back();
        }
        assert!(lock(&IDLE).len() <= MAX_IDLE);
    }
}

//! Which Markdown a channel's texts are written in.
//!
//! `CommonMark` 0.31 with tables, footnotes, strikethrough, task lists, alerts and bare addresses is read everywhere: none of
//! them gives another meaning to a text that people have already. What could is named in the channel's profile, which travels
//! with the texts, so that every reader sees what the author saw.

use pulldown_cmark::Options;
use serde::{Deserialize, Serialize};

/// What a profile may name, and what it is.
const NAMES: [(&str, u8); 5] = [
    ("definitions", Dialect::DEFINITIONS),
    ("scripts", Dialect::SCRIPTS),
    ("math", Dialect::MATH),
    ("wikilinks", Dialect::WIKILINKS),
    ("quotes", Dialect::QUOTES),
];

/// The Markdown of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dialect {
    /// What it has beyond the common ground.
    more: u8,
    quotes: Quotes,
}

/// The quotation marks of a language, as they open and close: outer ones, then inner ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Quotes {
    /// “ ” ‘ ’
    #[default]
    English,
    /// „ “ ‚ ‘
    German,
    /// « » ‹ ›, with narrow spaces within
    French,
    /// « » “ ”
    Angled,
    /// „ ” ‚ ’
    Polish,
    /// ” ” ’ ’
    Swedish,
    /// 「 」 『 』
    Japanese,
}

impl Dialect {
    /// `Term` and `: its definition`.
    const DEFINITIONS: u8 = 1;
    /// `^superscript^` and `~subscript~`.
    const SCRIPTS: u8 = 2;
    /// `$x^2$` and `$$x^2$$`.
    const MATH: u8 = 4;
    /// `[[Title]]`, `[[2026-01-01T10-00-00Z|text]]`.
    const WIKILINKS: u8 = 8;
    /// Quotation marks, dashes and dots as printers set them.
    const QUOTES: u8 = 16;

    /// The names that a profile may give.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// A dialect with what is named; other names say nothing.
    pub fn from_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let known = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| *bit);
        Self { more: names.into_iter().fold(0, |more, name| more | known(name)), quotes: Quotes::default() }
    }

    /// The same with the quotation marks of a language, a BCP 47 tag.
    #[must_use]
    pub fn in_language(self, language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let quotes = match primary.as_str() {
            "de" | "cs" | "sk" | "sl" | "hr" | "bg" | "lt" | "is" => Quotes::German,
            "fr" => Quotes::French,
            "es" | "it" | "pt" | "ru" | "uk" | "el" | "no" | "nb" | "nn" => Quotes::Angled,
            "pl" | "hu" | "ro" => Quotes::Polish,
            "sv" | "fi" => Quotes::Swedish,
            "ja" => Quotes::Japanese,
            _ => Quotes::English,
        };
        Self { quotes, ..self }
    }

    pub(super) fn options(self) -> Options {
        let mut options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM;
        options.set(Options::ENABLE_DEFINITION_LIST, self.has(Self::DEFINITIONS));
        options.set(Options::ENABLE_MATH, self.has(Self::MATH));
        options.set(Options::ENABLE_WIKILINKS, self.has(Self::WIKILINKS));
        options.set(Options::ENABLE_SMART_PUNCTUATION, self.has(Self::QUOTES));
        options
    }

    /// What stands in the place of a quotation mark that is set; the parser sets English ones. An apostrophe is the same in all
    /// languages.
    pub(super) fn quote(self, mark: &str) -> Option<&'static str> {
        let [open, close, inner_open, inner_close] = match self.quotes {
            Quotes::English => return None,
            Quotes::German => ["„", "“", "‚", "‘"],
            Quotes::French => ["«\u{202f}", "\u{202f}»", "‹\u{202f}", "\u{202f}›"],
            Quotes::Angled => ["«", "»", "“", "”"],
            Quotes::Polish => ["„", "”", "‚", "’"],
            Quotes::Swedish => ["”", "”", "’", "’"],
            Quotes::Japanese => ["「", "」", "『", "』"],
        };
        match mark {
            "“" => Some(open),
            "”" => Some(close),
            "‘" => Some(inner_open),
            "’" => Some(inner_close),
            _ => None,
        }
    }

    /// Whether it has sub- and superscript, which the parser reads only between words.
    pub(super) fn has_scripts(self) -> bool {
        self.has(Self::SCRIPTS)
    }

    fn has(self, what: u8) -> bool {
        self.more & what != 0
    }
}

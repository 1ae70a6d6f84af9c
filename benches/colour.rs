//! What hostile code costs in each language: the slowest block of 16 KiB that others can send.
//!
//! `cargo bench --bench colour` prints the slowest of all kinds of lines for every grammar, and fails where one takes
//! longer than 100 ms; `cargo bench --bench colour -- c++ hack` tries these alone. `SLOW` in `src/markdown/highlight.rs` is
//! made from it. A time, and so nothing that a build depends on.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints what it found"
)]

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use missive::markdown::{Dialect, LinkContext, RawHtml, Rules, Target, Trust, render};
use syntaxmate::Catalog;

const BLOCK: usize = 16 << 10;
const MOST: Duration = Duration::from_millis(100);
/// The lengths of the lines.
const LINES: [usize; 3] = [40, 100, 160];

/// What the lines repeat: words, spaces, brackets, quotes, operators, openings and interpolations, alone and in each other.
const KINDS: &str = "a| |a |\t|0|0 |1.|_|é|é |A.b.|a:|a::|-|--|+|*|**|/|//|/*|/**|\\|\\\\|&|&&|^|%|%%|%{|$|$$|${|${a|$(|$((|#|##|#{|#{a|@|@a|@@|!|!!|?|?:|~|`|``|```|'|'a|'a'|' |\"|\"a|\"a\"|\"\"\"|'''|\"${|\"#{|`${|f\"{|$\"{|<|<<|<a|<a>|<a b=|<a b=\"|</|<!--|<?|<?php |<%|<%=|<<E|<<~E|>|>>|=>|->|<-|<=|=|==|===|a=|a = |=a|: |;|,|, |a,|(|()|(a|(a,|)|[|[]|[a|[[|]|{|{}|{a|{{|{{a|}|({|({[|[{|[(|<([{|(\"|[\"|{\"a\":|a(|a(b,|a[|a{|a<|a<b,|a<b>|a<(|fn(|fn a(|function a(|def a(|class a |class a<|if |if (|for |for (|case a of |let |let a = |const a=|import {a,|void a(|int a|int (*|struct a {|template<|typename |namespace a::|type a = |async |a => |(a) => |(a: b) => |(a=>|<T>(|a as b |a?b:|select (|where a=|`define |\\begin{|\\a{|lambda a:|\\a -> |r#\"|R\"(|0x1|1e+|%w(|%q{|qw(|s/a/|m/|/a/|=/|(/|(?:|[^";

struct Nowhere;

impl LinkContext for Nowhere {
    fn attachment(&self, _: &str) -> Option<Target> {
        None
    }

    fn page(&self, _: &str) -> Option<String> {
        None
    }

    fn tag(&self, _: &str) -> Option<String> {
        None
    }

    fn anchor(&self) -> &'static str {
        ""
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let catalog = Catalog::bundled();
    let mut languages = catalog.languages();
    languages.retain(|language| wanted.is_empty() || wanted.iter().any(|wanted| wanted == language));
    let mut slow = 0;
    for language in languages {
        let (time, line, kind) = slowest(language);
        println!("{:4} ms  {language}, lines of {line}: {kind:?}", time.as_millis());
        slow += usize::from(time > MOST);
    }
    println!("{slow} of them slower than {} ms", MOST.as_millis());
    if slow == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn slowest(language: &str) -> (Duration, usize, &'static str) {
    let kinds = KINDS.split('|').flat_map(|kind| LINES.map(|line| (kind, line)));
    kinds.map(|(kind, line)| (time(language, kind, line), line, kind)).max().unwrap_or_default()
}

/// How long a block takes, the quicker of two times: the machine may have other work.
fn time(language: &str, kind: &str, line: usize) -> Duration {
    let line = kind.repeat(line / kind.len()) + "\n";
    let mut text = format!("~~~~~~~~{language}\n");
    while text.len() + line.len() < BLOCK {
        let _ = text.write_str(&line);
    }
    let rules = Rules {
        trust: Trust::Theirs,
        dialect: Dialect::default(),
        contents: false,
        raw_html: RawHtml::Text,
        highlight: true,
        remote_media: false,
    };
    let once = || {
        let start = Instant::now();
        std::hint::black_box(render(&text, false, rules, &Nowhere));
        start.elapsed()
    };
    once().min(once())
}

//! Formulas: TeX becomes `MathML`, which browsers show without a script.
//!
//! A library reads the TeX. What it writes goes through an allow-list, whoever wrote the text: the policy of a page allows no
//! styles, and an inbox is an adversary's. A formula that the library does not understand is shown as it is written.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

use super::html_text::push_text;

/// A longer formula is shown as it is written, in bytes.
const MAX_FORMULA: usize = 4 << 10;
/// So many bytes of `MathML` each byte of a formula may become, and so many more.
const GROWTH: usize = 24;
const LEAST: usize = 160;
/// Commands that define others: what a short formula becomes would have no end.
const DEFINITIONS: [&str; 5] = ["\\def", "\\let", "\\newcommand", "\\renewcommand", "\\providecommand"];
/// How many commands a formula may have: the library reads the argument of each one call deeper.
const MAX_COMMANDS: usize = 256;

/// The elements of a formula (`MathML` Core, section 3).
pub(super) const ELEMENTS: [&str; 27] = [
    "math",
    "mrow",
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext",
    "mspace",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mtable",
    "mtr",
    "mtd",
    "mstyle",
    "mpadded",
    "mphantom",
    "mmultiscripts",
    "mprescripts",
    "none",
    "semantics",
];
/// Their attributes that only say how a formula looks.
pub(super) const ATTRIBUTES: [&str; 21] = [
    "accent",
    "accentunder",
    "columnspan",
    "depth",
    "display",
    "displaystyle",
    "fence",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "rowspan",
    "rspace",
    "scriptlevel",
    "stretchy",
    "symmetric",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder.tags(HashSet::from(ELEMENTS)).generic_attributes(HashSet::from(ATTRIBUTES));
    builder.add_generic_attributes(["class", "width"]);
    builder.attribute_filter(|_, name, value| {
        (name != "class" || value.split(' ').all(is_our_class)).then(|| value.into())
    });
    builder
});

/// Whether a class says how the cells of a formula's table are set.
pub(super) fn is_our_class(class: &str) -> bool {
    class.starts_with("menv-") || class.starts_with("cell-")
}

/// The most that a formula becomes, in bytes of HTML.
pub(super) fn max_html(formula: &str) -> usize {
    LEAST + GROWTH * formula.len()
}

/// Writes a formula, in its line or as a block of its own.
pub(super) fn push(html: &mut String, formula: &str, is_block: bool) {
    if let Some(math) = mathml(formula, is_block) {
        html.push_str(&math);
        return;
    }
    let mark = if is_block { "$$" } else { "$" };
    html.push_str("<code>");
    push_text(html, &format!("{mark}{formula}{mark}"));
    html.push_str("</code>");
}

/// A formula as `MathML`; `None` where it is not understood.
pub(super) fn mathml(formula: &str, is_block: bool) -> Option<String> {
    let commands = memchr::memchr_iter(b'\\', formula.as_bytes()).count();
    let defines = DEFINITIONS.iter().any(|word| formula.contains(word));
    if formula.len() > MAX_FORMULA || commands > MAX_COMMANDS || defines {
        return None;
    }
    let storage = Storage::new();
    let display_mode = if is_block { DisplayMode::Block } else { DisplayMode::Inline };
    let mut math = String::new();
    push_mathml(&mut math, Parser::new(formula, &storage), RenderConfig { display_mode, ..RenderConfig::default() })
        .ok()?;
    (!math.contains("<merror") && math.len() <= max_html(formula)).then(|| CLEANER.clean(&math).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_mathml() {
        let math = mathml("x^2", false).unwrap();
        assert!(math.starts_with("<math") && math.contains("<msup><mi>x</mi><mn>2</mn></msup>"), "{math}");
        assert!(mathml(r"\frac{a}{b}", true).unwrap().contains("display=\"block\""));
    }

    #[test]
    fn what_is_no_formula_is_shown_as_it_is_written() {
        for formula in [r"\nosuchthing{x}", "x^2^3", &"x".repeat(MAX_FORMULA + 1)] {
            let mut html = String::new();
            push(&mut html, formula, false);
            assert!(html.starts_with("<code>$"), "{html}");
        }
    }

    #[test]
    fn no_formula_brings_styles_links_or_more_than_it_may() {
        for formula in [
            r"\color{red} x",
            r"\href{javascript:alert(1)}{x}",
            r"\text{<script>alert(1)</script>}",
            r"\hspace{5cm}x",
            r"\begin{matrix} a & b \\ c & d \end{matrix}",
            &"{".repeat(2_000),
            &"x_{".repeat(600),
            &r"\sqrt{".repeat(300),
            &r"\not".repeat(1_000),
            &format!(r"\def\a{{{}}}\a{{x}}", "#1".repeat(1_000)),
        ] {
            let mut html = String::new();
            push(&mut html, formula, true);
            assert!(!html.contains("style=") && !html.contains("href=") && !html.contains("<script"), "{html}");
            assert!(html.len() <= max_html(formula), "{formula:.40}");
        }
    }
}

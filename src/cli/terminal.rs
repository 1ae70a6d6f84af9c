//! What the terminal can do: its width, whether it shows styles, and the pager in front of it.
//!
//! It is looked at once, together with the variables that speak of it. What follows from them is decided by a function from
//! values to values.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::ValueEnum;

use crate::console::{Pager, Screen};

/// When results are styled: `auto` on a terminal unless `NO_COLOR` is set, `always` into files and pipes too, or
/// `never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// What is known of the terminal.
#[derive(Clone, Debug, Default)]
struct Facts {
    is_terminal: bool,
    /// Its columns, by itself.
    columns: Option<usize>,
    /// `COLUMNS`.
    columns_wanted: Option<String>,
    /// `TERM`.
    kind: Option<OsString>,
    /// `NO_COLOR`.
    no_color: Option<OsString>,
    /// `PAGER`.
    pager: Option<String>,
}

/// Looks at standard output and its surroundings.
pub(super) fn look(color: Color, json: bool) -> (Screen, Option<Pager>) {
    let stdout = io::stdout();
    let columns = rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col));
    let facts = Facts {
        is_terminal: stdout.is_terminal(),
        columns: columns.filter(|columns| *columns > 0),
        columns_wanted: std::env::var("COLUMNS").ok(),
        kind: std::env::var_os("TERM"),
        no_color: std::env::var_os("NO_COLOR"),
        pager: std::env::var("PAGER").ok(),
    };
    (screen(&facts, color), pager(&facts).filter(|_| !json))
}

fn is_dumb(facts: &Facts) -> bool {
    facts.kind.as_ref().is_none_or(|kind| kind.is_empty() || kind == "dumb")
}

fn screen(facts: &Facts, color: Color) -> Screen {
    let wanted = || facts.columns_wanted.as_ref()?.trim().parse().ok().filter(|columns| (1..10_000).contains(columns));
    let refused = facts.no_color.as_ref().is_some_and(|value| !value.is_empty());
    Screen {
        width: facts.columns.or_else(wanted).unwrap_or(Screen::default().width),
        styled: match color {
            Color::Auto => facts.is_terminal && !is_dumb(facts) && !refused,
            Color::Always => true,
            Color::Never => false,
        },
    }
}

/// An empty `PAGER` or `cat` is none; a dumb terminal has no pages.
fn pager(facts: &Facts) -> Option<Pager> {
    let command = facts.pager.as_ref().map(|command| command.trim().to_owned());
    let is_none = command.as_ref().is_some_and(|command| command.is_empty() || command == "cat");
    (facts.is_terminal && !is_dumb(facts) && !is_none).then_some(Pager { command, begins: leave_ctrl_c })
}

/// Lets ctrl-c be for the pager: whoever leaves it, ends this program too.
fn leave_ctrl_c() {
    // Where signals cannot be caught, ctrl-c ends both.
    let _ = ctrlc::set_handler(|| {});
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Facts {
        Facts { is_terminal: true, columns: Some(72), kind: Some("xterm".into()), ..Facts::default() }
    }

    #[test]
    fn styles_are_for_terminals_that_want_them() {
        let styled = |facts: &Facts, color| screen(facts, color).styled;
        assert!(styled(&terminal(), Color::Auto) && !styled(&terminal(), Color::Never));
        assert!(!styled(&Facts::default(), Color::Auto) && styled(&Facts::default(), Color::Always));
        assert!(!styled(&Facts { no_color: Some("1".into()), ..terminal() }, Color::Auto));
        assert!(styled(&Facts { no_color: Some("".into()), ..terminal() }, Color::Auto), "as no-color.org has it");
        assert!(!styled(&Facts { kind: Some("dumb".into()), ..terminal() }, Color::Auto));
        assert!(!styled(&Facts { kind: None, ..terminal() }, Color::Auto));
    }

    #[test]
    fn the_width_is_the_terminals_then_what_is_asked_for() {
        let wanted = |columns: &str| Facts { columns_wanted: Some(columns.into()), ..Facts::default() };
        assert_eq!(screen(&terminal(), Color::Auto).width, 72);
        assert_eq!(screen(&wanted("40"), Color::Auto).width, 40);
        assert_eq!(screen(&wanted("0"), Color::Auto).width, 80);
        assert_eq!(screen(&wanted("many"), Color::Auto).width, 80);
    }

    #[test]
    fn pages_are_for_terminals() {
        let command = |facts: &Facts| pager(facts).map(|pager| pager.command);
        assert_eq!(command(&terminal()), Some(None));
        assert_eq!(command(&Facts::default()), None);
        let with = |pager: &str| Facts { pager: Some(pager.into()), ..terminal() };
        assert_eq!(command(&with("more -s")), Some(Some("more -s".into())));
        assert_eq!((command(&with("cat")), command(&with(""))), (None, None));
        assert_eq!(command(&Facts { kind: Some("dumb".into()), ..terminal() }), None);
    }
}

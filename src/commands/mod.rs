//! One file per command: arguments become calls below and a report.
//!
//! Owns the wording of reports and hints and the settings' way from files into options. Refuses to print.

mod ago;
pub mod build;
pub mod channels;
pub mod check;
pub mod complete;
pub mod completions;
pub mod failure;
pub mod letter;
mod locate;
mod look;
pub mod man;
pub mod mark;
pub mod new;
mod open;
mod publish;
pub mod read;
pub mod schema;
pub mod search;
mod settle;
pub mod site;
pub mod watch;
pub mod why;

use std::path::PathBuf;

pub use failure::Failure;

use crate::console::Pager;

/// What every command is given: nothing below reads the clock, the environment or the current folder by itself.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The data folder.
    pub data: PathBuf,
    /// The current folder.
    pub here: PathBuf,
    /// The user's cache folder for this program; `None` keeps no cache.
    pub cache: Option<PathBuf>,
    /// The time now, in nanoseconds since 1970.
    pub now: i64,
    /// What long results are shown through; `None` when nobody sits before the terminal.
    pub pager: Option<Pager>,
}

impl Surroundings {
    /// The time now, in seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.now.div_euclid(1_000_000_000)
    }
}

/// `1 message`, `2 messages`
fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// `10,000`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "message"), "1 message");
        assert_eq!(count(10_000, "message"), "10,000 messages");
        assert_eq!((grouped(0), grouped(999), grouped(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
    }
}

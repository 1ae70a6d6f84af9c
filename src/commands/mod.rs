//! One file per command: arguments become calls below and a report.
//!
//! Owns the wording of reports and hints and the settings' way from files into options. Refuses to print.

mod box_origins;
pub mod build;
mod channel_view;
pub mod channels;
pub mod check;
pub mod complete;
pub mod completions;
pub mod compose;
pub mod delete;
mod documents;
pub mod drafts;
pub mod edit;
pub mod editor;
pub mod failure;
mod free_values;
mod freshness;
pub mod invite;
pub mod keys;
pub mod man;
pub mod mark;
pub mod message_view;
mod metadata_warning;
pub mod network_options;
pub mod new;
mod open_attachment;
mod qr_code;
pub mod read;
mod relative_time;
mod resolve;
mod resolve_conflicts;
pub mod schema;
pub mod search;
pub mod serve;
pub mod service;
pub mod share;
pub mod site_options;
pub mod status;
pub mod subscribe;
pub mod sync;
mod sync_settings;
pub mod syncthing;
pub mod text_input;
mod time_zone;
mod wait_for_sync;
pub mod watch;
pub mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::channel::protocol::stamp::Stamp;

pub use crate::commands::time_zone::Zone;
pub use failure::Failure;
pub use sync_settings::SyncSettings;

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
    /// How others are reached, as the user's settings say.
    pub sync: sync_settings::SyncSettings,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The folder for the user's settings of all programs.
    pub config: Option<PathBuf>,
    /// Where this program lies.
    pub program: Option<PathBuf>,
    /// The command that the user's environment names for writing texts, with its arguments.
    pub editor: Option<OsString>,
    /// What time it is where.
    pub zone: Zone,
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

/// The time now, in nanoseconds since 1970.
pub type Clock = fn() -> i64;

/// The second that the clock shows.
fn second(clock: Clock) -> Result<Stamp, Failure> {
    Stamp::from_seconds(clock().div_euclid(1_000_000_000))
        .ok_or_else(|| Failure::new("the clock shows a year that no message can have", "set the clock"))
}

/// `24 December 2026, 18:00 UTC`
pub(crate) fn spoken(stamp: Stamp) -> String {
    let form = if stamp.seconds() % 60 == 0 { "%-d %B %Y, %H:%M UTC" } else { "%-d %B %Y, %H:%M:%S UTC" };
    stamp.time().format(form).to_string()
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

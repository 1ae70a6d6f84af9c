//! What a message is still missing, and how long it is waited for.

use schemars::JsonSchema;
use serde::Serialize;

use crate::text::invisible::field;

/// How long an empty file is held for its text, in seconds.
pub const MAX_HOLD_OF_EMPTY: i64 = 60;

/// What a message is still missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Attachments that its text names, as it names them.
    Attachments(Vec<String>),
    /// A part that a sync tool is still receiving.
    #[serde(rename = "rest")]
    Parts,
    /// A text: the file is empty, and nothing is attached.
    Text,
}

impl Missing {
    /// Until when a message is held for it, given when its text arrived on this disk, all in seconds since 1970.
    ///
    /// `None` when it is not held any more, or when the clock must have been set back since: nobody waits a year.
    pub fn until(&self, arrived: i64, now: i64, hold: i64) -> Option<i64> {
        let hold = if *self == Self::Text { hold.min(MAX_HOLD_OF_EMPTY) } else { hold };
        let until = arrived.saturating_add(hold);
        (now < until && arrived <= now.saturating_add(hold)).then_some(until)
    }

    /// The names of missing attachments as people read them: three at most, and how many more there are.
    pub fn names_in_words(names: &[String]) -> String {
        const MOST: usize = 3;
        let first: Vec<String> = names.iter().take(MOST).map(|name| field(name)).collect();
        let more = names.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", first.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_waited_for_for_ever() {
        let rest = Missing::Parts;
        assert_eq!(rest.until(1_000, 1_001, 600), Some(1_600));
        assert_eq!(rest.until(1_000, 1_600, 600), None);
        assert_eq!(rest.until(90_000, 1_000, 600), None, "the clock was set back");
        assert_eq!(rest.until(1_000, 1_000, 0), None, "not held at all");
        assert_eq!(Missing::Text.until(1_000, 1_001, 600), Some(1_060));
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(Missing::names_in_words(&names), "a, b, c and 2 more");
        assert_eq!(Missing::names_in_words(&["a\u{1b}\nb\u{202e}".to_owned()]), "a␛␊b⟨U+202E⟩");
    }
}

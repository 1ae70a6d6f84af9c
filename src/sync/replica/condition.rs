//! What a person is told of a box and its document: a question that waits for an answer, problems, and what was left alone.

use std::collections::BTreeSet;

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// So many problems are told at once.
const MAX_PROBLEMS: usize = 20;

/// What a person is told.
#[derive(Debug, Default)]
pub struct Condition {
    /// Why nothing is done, until somebody says what to do.
    pub question: Option<String>,
    /// What went wrong since everything was looked at last.
    problems: BTreeSet<String>,
    /// Files of an inbox that a person changed here.
    pub changed_here: BTreeSet<Item>,
    /// A profile that can't be read, and why.
    pub unreadable_profile: Option<(Hash, String)>,
    /// The profile whose title is known.
    pub profile: Option<Hash>,
    /// The channel's title.
    pub title: Option<String>,
    /// Whether all this was reported since something happened.
    pub is_reported: bool,
}

impl Condition {
    /// Notes something that went wrong.
    pub fn problem(&mut self, what: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.insert(what);
        }
    }

    /// What went wrong.
    pub fn problems(&self) -> impl Iterator<Item = &String> {
        self.problems.iter()
    }

    /// Forgets what went wrong: everything is looked at anew.
    pub fn clear_problems(&mut self) {
        self.problems.clear();
    }
}

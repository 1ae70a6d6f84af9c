//! What a person is told of a box and its document: a question that waits for an answer, problems, and what was left alone.

use std::collections::BTreeSet;

use crate::sync::replica::flips::Flips;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::{Record, content};

/// So many problems are told at once.
const MAX_PROBLEMS: usize = 20;

/// What a person is told.
#[derive(Debug, Default)]
pub struct Condition {
    /// Why nothing is told of one's own box, until somebody says what to do.
    pub question: Option<String>,
    /// Why the box can't be listed.
    pub unlisted: Option<String>,
    /// What is to be done with files that came back.
    pub asked: Option<String>,
    /// Those files.
    pub returned: BTreeSet<Item>,
    /// What went wrong since everything was looked at last.
    problems: BTreeSet<String>,
    /// What else went wrong, and keeps nothing from being synced.
    remarks: BTreeSet<String>,
    /// Files of an inbox that a person changed here.
    pub changed_here: BTreeSet<Item>,
    /// A profile that can't be read, and why.
    pub unreadable_profile: Option<(Hash, String)>,
    /// Files that change their minds.
    pub flips: Flips,
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

    /// Notes something that went wrong and keeps nothing from being synced.
    pub fn remark(&mut self, what: String) {
        if self.remarks.len() < MAX_PROBLEMS {
            self.remarks.insert(what);
        }
    }

    /// Forgets what went wrong with a file: box and document agree on it now.
    pub fn solved(&mut self, item: &Item) {
        if !self.problems.is_empty() {
            let name = item.to_string();
            self.problems.retain(|problem| !problem.contains(&name));
        }
    }

    /// What went wrong and keeps nothing from being synced.
    pub fn remarks(&self) -> impl Iterator<Item = &String> {
        self.remarks.iter()
    }

    /// What went wrong.
    pub fn problems(&self) -> impl Iterator<Item = &String> {
        self.problems.iter()
    }

    /// What is asked of a person, the most urgent first.
    pub fn asks(&self) -> Option<&String> {
        self.unlisted.as_ref().or(self.question.as_ref()).or(self.asked.as_ref())
    }

    /// Whether this is the profile that can't be read.
    pub fn is_unreadable(&self, item: &Item, record: &Record) -> bool {
        let unreadable = self.unreadable_profile.as_ref().filter(|_| *item == Item::profile());
        unreadable.is_some_and(|(hash, _)| *hash == content(record))
    }

    /// What is said of files that change their minds.
    pub fn restless(&self) -> Option<String> {
        let mut files = self.flips.restless();
        let first = files.next()?;
        let more = match files.count() {
            0 => String::new(),
            1 => " and 1 other file".to_owned(),
            more => format!(" and {more} other files"),
        };
        Some(format!(
            "{first}{more} changed to and fro several times within a minute, and nothing is done about that for a minute: does another program write into the folder?"
        ))
    }

    /// Forgets what went wrong: everything is looked at anew.
    pub fn clear_problems(&mut self) {
        self.problems.clear();
        self.remarks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_with_a_file_is_over_when_it_is_solved() {
        let (one, other) = (b"2013-08-11T14-34-37Z.txt", b"2013-08-11T14-34-38Z.txt");
        let [one, other] = [one, other].map(|path| Item::parse(path).unwrap());
        let mut condition = Condition::default();
        condition.problem(format!("{one} can't be shared yet: it keeps changing"));
        condition.problem(format!("{other} can't be read"));
        condition.remark("the trash can't be tidied".to_owned());
        condition.solved(&one);
        assert_eq!(condition.problems().collect::<Vec<_>>(), [&format!("{other} can't be read")]);
        assert_eq!(condition.remarks().count(), 1);
        condition.clear_problems();
        assert_eq!((condition.problems().count(), condition.remarks().count()), (0, 0));
    }
}

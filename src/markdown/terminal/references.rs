//! Addresses and footnotes, numbered together in the order of their first mention; each has one number, however often it is
//! mentioned.

use std::collections::HashMap;

/// Something that is told at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reference {
    /// An address, as it is shown.
    Address(String),
    /// A footnote, by its label.
    Note(String),
}

/// The references of one message.
#[derive(Default)]
pub(super) struct References {
    numbers: HashMap<Reference, usize>,
    all: Vec<Reference>,
}

impl References {
    /// The number of a reference, counted from 1.
    pub(super) fn number(&mut self, reference: Reference) -> usize {
        if let Some(number) = self.numbers.get(&reference) {
            return *number;
        }
        self.all.push(reference.clone());
        self.numbers.insert(reference, self.all.len());
        self.all.len()
    }

    /// The reference of a number.
    pub(super) fn get(&self, number: usize) -> Option<&Reference> {
        self.all.get(number.checked_sub(1)?)
    }
}

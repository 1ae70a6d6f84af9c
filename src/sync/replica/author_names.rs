//! What the owner of a document says of its authors: the names that it has bound to them, and who wrote what several signed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::channel::authorship::bylines::looks_like;
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::{Records, content};
use crate::sync::replica::signers::Author;

/// The longest note, in bytes.
pub const MAX_NOTE: u64 = 64 << 10;

/// So many names are bound.
const MAX_NAMES: usize = 150;

/// A name is bound up to this length, in characters.
const MAX_NAME: usize = 80;

/// What the owner says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerNames {
    /// The names of authors.
    pub bound: BTreeMap<Author, String>,
    /// Files whose content several have signed, or the owner anew under new keys: the content and who wrote it.
    decided: BTreeMap<Vec<u8>, (Hash, Author)>,
}

impl OwnerNames {
    /// Whether anything was decided.
    pub fn decides(&self) -> bool {
        !self.decided.is_empty()
    }

    /// Who wrote a content of a file, if that was decided.
    pub fn decided(&self, item: &Item, content: Hash) -> Option<Author> {
        self.decided.get(item.as_bytes()).filter(|(decided, _)| *decided == content).map(|(_, author)| *author)
    }

    /// Binds the names by which authors call themselves, unless they look like one that is bound or like the owner's.
    pub fn bind(&mut self, owner: Option<&str>, claims: &BTreeMap<Author, String>) {
        let is_alike = |one: &str, other: &str| looks_like(one, Some(other));
        for (author, name) in claims {
            let others = claims.iter().filter(|(other, _)| *other != author && !self.bound.contains_key(*other));
            let mut taken = self.bound.iter().filter(|(other, _)| *other != author);
            // Of several who claim one name at once nobody was first.
            let is_free = !taken.any(|(_, taken)| is_alike(name, taken))
                && !others.into_iter().any(|(_, other)| is_alike(name, other));
            let is_new = self.bound.get(author) != Some(name);
            if is_new && is_free && !looks_like(name, owner) && self.bound.len() < MAX_NAMES {
                self.bound.insert(*author, name.clone());
            }
        }
    }

    /// The note's bytes. Of decisions that do not fit the newest messages' stay.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut fits = self.clone();
        loop {
            let bytes = postcard::to_allocvec(&fits).ok()?;
            if bytes.len() as u64 <= MAX_NOTE {
                return Some(bytes);
            }
            let half = fits.decided.len().div_ceil(2);
            let later = fits.decided.keys().nth(half)?.clone();
            fits.decided = fits.decided.split_off(&later);
        }
    }
}

/// The names by which others than this author call themselves who have signed something.
pub fn claims(notes: &BTreeMap<Author, AuthorNote>, records: &Records, me: Author) -> BTreeMap<Author, String> {
    let said = notes.iter().filter(|(author, _)| **author != me && records.signers.contains_key(*author));
    said.map(|(author, note)| (*author, note.name.chars().take(MAX_NAME).collect::<String>()))
        .filter(|(_, name)| !name.trim().is_empty())
        .collect()
}

/// Says of each file whose content several sign who did so first, as far as that was seen here, and of each that is shared anew
/// under new keys whose it is. What was said before stays.
pub fn decide(names: &mut OwnerNames, records: &Records, only_author: impl Fn(&Item, Hash) -> Option<Author>) {
    let mut decided = BTreeMap::new();
    for item in records.items().filter(|item| !item.is_hidden()) {
        let Some(wanted) = records.latest(item).filter(|record| !record.is_deletion()).map(content) else {
            continue;
        };
        let signatures = records.signatures(item);
        let signers: BTreeSet<Author> = signatures.iter().filter(|(of, _)| *of == wanted).map(|(_, by)| *by).collect();
        let first = only_author(item, wanted);
        let is_anothers = first.is_some_and(|first| !signers.contains(&first));
        if signers.len() < 2 && !is_anothers {
            continue;
        }
        if let Some(author) = names.decided(item, wanted).or(first) {
            decided.insert(item.as_bytes().to_vec(), (wanted, author));
        }
    }
    names.decided = decided;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(names: &[&str]) -> BTreeMap<Author, String> {
        (1..).zip(names).map(|(at, name)| ([at; 32], (*name).to_owned())).collect()
    }

    fn bound(names: &OwnerNames) -> Vec<&str> {
        names.bound.values().map(String::as_str).collect()
    }

    #[test]
    fn who_comes_first_has_the_name() {
        let mut names = OwnerNames::default();
        names.bind(Some("Azureen"), &claimed(&["Brando", "azúreen", "me", "Cooper"]));
        assert_eq!(bound(&names), ["Brando", "Cooper"]);
        names.bind(Some("Azureen"), &claimed(&["Brando", "BRANDO", "Delilah", "Bob"]));
        assert_eq!(bound(&names), ["Brando", "Delilah", "Bob"], "and may take another one that is free");
        let mut at_once = OwnerNames::default();
        at_once.bind(Some("Azureen"), &claimed(&["Eve", "eve", "Frank"]));
        assert_eq!(bound(&at_once), ["Frank"], "of two at once nobody was first");
    }

    #[test]
    fn a_note_has_a_bound_and_the_newest_decisions_stay() {
        let path =
            |at: usize| format!("2026-01-01T{:02}-{:02}-{:02}Z.txt", at / 3600, at / 60 % 60, at % 60).into_bytes();
        let decided = (0..2000).map(|at| (path(at), ([1; 32], [2; 32]))).collect();
        let names = OwnerNames { decided, ..OwnerNames::default() };
        let bytes = names.to_bytes().unwrap();
        assert!(bytes.len() as u64 <= MAX_NOTE);
        let read: OwnerNames = postcard::from_bytes(&bytes).unwrap();
        assert!(read.decided.contains_key(&path(1999)) && !read.decided.contains_key(&path(0)));
    }
}

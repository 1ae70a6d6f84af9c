//! What the owner of a document says of its authors: the names that it has bound to them, and who wrote what several signed.
//!
//! Owns the note and its bounds. The owner's node writes it when it says something else than before; others read the owner's, and
//! nobody else's. Refuses to decide how a name is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::channel::authorship::bylines::looks_like;
use crate::sync::node::notes::content_of;
use crate::sync::node::publish;
use crate::sync::node::records::{Note, content};
use crate::sync::node::replica::Keeper;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::merge::{Hash, Role};
use crate::sync::replica::signers::Author;

/// The longest note, in bytes.
const MOST: u64 = 64 << 10;

/// So many names are bound.
const MOST_NAMES: usize = 150;

/// A name is bound up to this length, in characters.
const LONGEST: usize = 80;

/// What the owner says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Names {
    /// The names of authors.
    pub(super) bound: BTreeMap<Author, String>,
    /// Files whose content several have signed, or the owner anew under new keys: the content and who wrote it.
    decided: BTreeMap<Vec<u8>, (Hash, Author)>,
}

impl Names {
    /// Whether anything was decided.
    pub(super) fn decides(&self) -> bool {
        !self.decided.is_empty()
    }

    /// Who wrote a content of a file, if that was decided.
    pub(super) fn decided(&self, item: &Item, content: Hash) -> Option<Author> {
        self.decided.get(item.as_bytes()).filter(|(decided, _)| *decided == content).map(|(_, author)| *author)
    }

    /// Binds the names by which authors call themselves, unless they look like one that is bound or like the owner's.
    fn bind(&mut self, owner: Option<&str>, claims: &BTreeMap<Author, String>) {
        let is_alike = |one: &str, other: &str| looks_like(one, Some(other));
        for (author, name) in claims {
            let others = claims.iter().filter(|(other, _)| *other != author && !self.bound.contains_key(*other));
            let mut taken = self.bound.iter().filter(|(other, _)| *other != author);
            // Of several who claim one name at once nobody was first.
            let is_free = !taken.any(|(_, taken)| is_alike(name, taken))
                && !others.into_iter().any(|(_, other)| is_alike(name, other));
            let is_new = self.bound.get(author) != Some(name);
            if is_new && is_free && !looks_like(name, owner) && self.bound.len() < MOST_NAMES {
                self.bound.insert(*author, name.clone());
            }
        }
    }

    /// The note's bytes. Of decisions that do not fit the newest messages' stay.
    fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut fits = self.clone();
        loop {
            let bytes = postcard::to_allocvec(&fits).ok()?;
            if bytes.len() as u64 <= MOST {
                return Some(bytes);
            }
            let half = fits.decided.len().div_ceil(2);
            let later = fits.decided.keys().nth(half)?.clone();
            fits.decided = fits.decided.split_off(&later);
        }
    }
}

fn note(keeper: &Keeper) -> Option<Note> {
    keeper.owner().and_then(|owner| keeper.records.names.get(&owner)).copied()
}

/// Reads what the owner says.
pub(super) async fn learn(keeper: &mut Keeper) {
    let Some(note) = note(keeper).filter(|note| keeper.authorship.names_of != Some(note.hash)) else {
        return;
    };
    if let Some(bytes) = content_of(keeper, &note, MOST).await {
        keeper.authorship.names_of = Some(note.hash);
        // What can't be read was never said.
        if let Ok(names) = postcard::from_bytes(&bytes) {
            keeper.authorship.names = names;
        }
    }
}

/// Says who the authors are, if this is the owner and there is something else to say than before.
pub(super) async fn write(keeper: &mut Keeper) {
    let known = note(keeper).map(|note| note.hash);
    // Somebody may have the note that this device wrote before, and it says who came first.
    let is_known = keeper.compared.is_some() && keeper.authorship.names_of == known;
    let is_alone = keeper.records.signers.len() < 2 && !keeper.authorship.knows_others_than(keeper.me);
    if !is_known || !keeper.is_owner() || keeper.role == Role::Reader || is_alone {
        return;
    }
    let mut names = keeper.authorship.names.clone();
    if known.is_none() {
        names.bound = keeper.authorship.bound_before();
        names.bound.remove(&keeper.me);
    }
    let (owner, claims) = claims(keeper);
    names.bind(owner.as_deref(), &claims);
    decide(keeper, &mut names);
    if names == keeper.authorship.names && known.is_some() || names == Names::default() {
        return;
    }
    let Some(bytes) = names.to_bytes().filter(|bytes| known != Some(*blake3::hash(bytes).as_bytes())) else {
        return;
    };
    match keeper.doc.set_bytes(keeper.engine.author, Key::Names.bytes(), bytes).await {
        Ok(_) => {
            keeper.authorship.names = names;
            keeper.told();
        }
        Err(error) => keeper.problem(format!("the names of the authors can't be published: {error}")),
    }
}

/// The owner's name, if there is one, and those by which others call themselves who have signed something.
fn claims(keeper: &Keeper) -> (Option<String>, BTreeMap<Author, String>) {
    let said = keeper.names.iter().filter(|(author, _)| keeper.records.signers.contains_key(*author));
    let mut claims: BTreeMap<Author, String> = said
        .map(|(author, note)| (*author, note.name.chars().take(LONGEST).collect::<String>()))
        .filter(|(_, name)| !name.trim().is_empty())
        .collect();
    claims.remove(&keeper.me);
    (publish::own_name(keeper), claims)
}

/// Says of each file whose content several sign who did so first, as far as that was seen here, and of each that is shared anew
/// under new keys whose it is. What was said before stays.
fn decide(keeper: &Keeper, names: &mut Names) {
    let mut decided = BTreeMap::new();
    for item in keeper.records.items().filter(|item| !item.is_hidden()) {
        let Some(wanted) = keeper.records.latest(item).filter(|record| !record.is_deletion()).map(content) else {
            continue;
        };
        let signatures = keeper.records.signatures(item);
        let signers: BTreeSet<Author> = signatures.iter().filter(|(of, _)| *of == wanted).map(|(_, by)| *by).collect();
        let first = keeper.authorship.only_author(item, wanted);
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

    fn claims(names: &[&str]) -> BTreeMap<Author, String> {
        (1..).zip(names).map(|(at, name)| ([at; 32], (*name).to_owned())).collect()
    }

    fn bound(names: &Names) -> Vec<&str> {
        names.bound.values().map(String::as_str).collect()
    }

    #[test]
    fn who_comes_first_has_the_name() {
        let mut names = Names::default();
        names.bind(Some("Azureen"), &claims(&["Brando", "azúreen", "me", "Cooper"]));
        assert_eq!(bound(&names), ["Brando", "Cooper"]);
        names.bind(Some("Azureen"), &claims(&["Brando", "BRANDO", "Delilah", "Bob"]));
        assert_eq!(bound(&names), ["Brando", "Delilah", "Bob"], "and may take another one that is free");
        let mut at_once = Names::default();
        at_once.bind(Some("Azureen"), &claims(&["Eve", "eve", "Frank"]));
        assert_eq!(bound(&at_once), ["Frank"], "of two at once nobody was first");
    }

    #[test]
    fn a_note_has_a_bound_and_the_newest_decisions_stay() {
        let path =
            |at: usize| format!("2026-01-01T{:02}-{:02}-{:02}Z.txt", at / 3600, at / 60 % 60, at % 60).into_bytes();
        let decided = (0..2000).map(|at| (path(at), ([1; 32], [2; 32]))).collect();
        let names = Names { decided, ..Names::default() };
        let bytes = names.to_bytes().unwrap();
        assert!(bytes.len() as u64 <= MOST);
        let read: Names = postcard::from_bytes(&bytes).unwrap();
        assert!(read.decided.contains_key(&path(1999)) && !read.decided.contains_key(&path(0)));
    }
}

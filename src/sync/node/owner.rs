//! Whose a document is, and what others tried that only the owner may.
//!
//! Owns how the owner is found where the key did not say it: nobody is ever replaced. Only the owner changes the channel's profile
//! and its icon, moves its readers to another key, and names its authors.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::authorship::authors::Key;
use crate::sync::error::Error;
use crate::sync::keys::book::{AuthorKey, Book};
use crate::sync::node::records::content;
use crate::sync::node::replica::Keeper;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Role;
use crate::sync::replica::signers::Author;

impl Keeper {
    /// Whose the document is.
    pub(super) fn owner(&self) -> Option<Author> {
        self.document.owner.map(|owner| owner.0)
    }

    /// Whether it is this device's own.
    pub(super) fn is_owner(&self) -> bool {
        self.owner() == Some(self.me)
    }

    /// What this side may do about a file: who writes with others only reads what is the owner's.
    pub(super) fn role_for(&self, item: &Item) -> Role {
        if item.is_hidden() && !self.is_owner() { Role::Reader } else { self.role }
    }

    /// Finds out whose the document is, where nobody has said so; whether that is known now and was not before.
    pub(super) fn pin_owner(&mut self) -> bool {
        if self.document.owner.is_some() {
            return false;
        }
        let Some(owner) = self.first_owner().map(AuthorKey) else {
            return false;
        };
        self.document.owner = Some(owner);
        self.records.owner = Some(owner.0);
        let id = self.document.id;
        let noted = Book::change(&self.home.data, |book| {
            if let Some(document) = book.by_id_mut(&id) {
                document.owner.get_or_insert(owner);
            }
            Ok::<_, Error>(())
        });
        if let Err(error) = noted {
            self.problem(error.to_string());
        }
        true
    }

    /// The owner by what was seen: who signed the profile; without one, who signed everything.
    fn first_owner(&self) -> Option<Author> {
        if self.document.is_made_here() {
            return Some(self.me);
        }
        let profile = Item::profile();
        // What was taken earlier was its owner's then.
        if let Some(taken) = self.agreed.get(&profile) {
            if taken.ours && self.role == Role::Writer {
                return Some(self.me);
            }
            let signatures = self.records.signatures(&profile).into_iter();
            let of_it = signatures.filter(|(content, _)| *content == taken.hash).map(|(_, author)| author);
            return only(of_it);
        }
        // Whoever comes first is not always whoever was first.
        self.compared?;
        match self.profile_signers() {
            signers if signers.is_empty() => only(self.records.signers.keys().copied()),
            signers => only(signers),
        }
    }

    fn profile_signers(&self) -> BTreeSet<Author> {
        self.records.all(&Item::profile()).iter().map(|record| record.author).collect()
    }

    /// That the owner's profile can't be read, if so.
    pub(super) fn unreadable_profile(&self) -> Option<String> {
        let (hash, why) = self.unreadable.as_ref()?;
        let wanted = self.records.latest(&Item::profile()).map(content);
        (wanted == Some(*hash)).then(|| {
            format!(
                "`{}` was changed by the channel's owner and can't be read ({why}); the one before stays",
                Item::profile()
            )
        })
    }

    /// What others than the owner tried, and that nothing came of it.
    pub(super) fn attempts(&self) -> Vec<String> {
        let Some(owner) = self.owner() else {
            let signers = self.profile_signers();
            let keys: Vec<String> = signers.iter().take(3).map(short).collect();
            let several = format!(
                "several keys sign this channel's profile ({}), and nobody said which of them owns the channel: ask its owner for the key again, and give it to `missive subscribe` or `missive join`",
                keys.join(", ")
            );
            return if signers.len() > 1 && self.compared.is_some() { vec![several] } else { Vec::new() };
        };
        let files =
            self.records.hidden().flat_map(|item| self.records.all(item).iter().map(move |by| (by.author, item)));
        let mut tried: BTreeMap<Author, BTreeSet<String>> = BTreeMap::new();
        for (author, item) in files {
            tried.entry(author).or_default().insert(format!("change `{item}`"));
        }
        for (notes, what) in
            [(&self.records.moved, "move its readers to another key"), (&self.records.names, "name its authors")]
        {
            for author in notes.keys() {
                tried.entry(*author).or_default().insert(what.to_owned());
            }
        }
        let foreign = tried.into_iter().filter(|(author, _)| *author != owner);
        let words = |(author, what): (Author, BTreeSet<String>)| {
            let what: Vec<String> = what.into_iter().take(MOST_NAMED).collect();
            format!(
                "key {} tried to {}; only the channel's owner can (key {}), so nothing was changed",
                short(&author),
                what.join(" and to "),
                short(&owner)
            )
        };
        foreign.take(MOST_NAMED).map(words).collect()
    }
}

/// So many of those who tried something, and of what they tried, are named.
const MOST_NAMED: usize = 5;

/// The one author among these, if there is only one.
fn only(authors: impl IntoIterator<Item = Author>) -> Option<Author> {
    let authors: BTreeSet<Author> = authors.into_iter().collect();
    if authors.len() == 1 { authors.first().copied() } else { None }
}

fn short(author: &Author) -> String {
    Key::new(*author).short()
}

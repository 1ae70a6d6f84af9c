//! Whose a document is, and what others tried that only the owner may.
//!
//! Where the key did not say who the owner is, it is found by what was seen, and nobody is ever replaced. Only the owner changes the
//! channel's profile and its icon, moves its readers to another key, and names its authors.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::authorship::signers::Key;
use crate::sync::replica::baseline::Baseline;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Role;
use crate::sync::replica::records::Records;
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::signers::Author;

/// The owner by what was seen: who signed the profile; without one, who signed everything.
pub fn first_owner(shared: &SharedBox, records: &Records, baseline: &Baseline, is_compared: bool) -> Option<Author> {
    if shared.document.is_made_here() {
        return Some(shared.me);
    }
    let profile = Item::profile();
    // What was taken earlier was its owner's then.
    if let Some(taken) = baseline.get(&profile) {
        if taken.ours && shared.role == Role::Writer {
            return Some(shared.me);
        }
        let signatures = records.signatures(&profile).into_iter();
        let of_it = signatures.filter(|(content, _)| *content == taken.hash).map(|(_, author)| author);
        return only(of_it);
    }
    // Whoever comes first is not always whoever was first.
    if !is_compared {
        return None;
    }
    match profile_signers(records) {
        signers if signers.is_empty() => only(records.signers.keys().copied()),
        signers => only(signers),
    }
}

fn profile_signers(records: &Records) -> BTreeSet<Author> {
    records.all(&Item::profile()).iter().map(|record| record.author).collect()
}

/// What others than the owner tried, and that nothing came of it.
pub fn attempts(owner: Option<Author>, records: &Records, is_compared: bool) -> Vec<String> {
    let Some(owner) = owner else {
        let signers = profile_signers(records);
        let keys: Vec<String> = signers.iter().take(3).map(short).collect();
        let several = format!(
            "several keys have signed this channel's profile ({}), and it is not known which one owns the channel: ask the owner for the key again, and pass it to `missive subscribe` or `missive join`",
            keys.join(", ")
        );
        return if signers.len() > 1 && is_compared { vec![several] } else { Vec::new() };
    };
    let files = records.hidden().flat_map(|item| records.all(item).iter().map(move |by| (by.author, item)));
    let mut tried: BTreeMap<Author, BTreeSet<String>> = BTreeMap::new();
    for (author, item) in files {
        tried.entry(author).or_default().insert(format!("change `{item}`"));
    }
    for (notes, what) in [(&records.moved, "move its readers to another key"), (&records.names, "name its authors")] {
        for author in notes.keys() {
            tried.entry(*author).or_default().insert(what.to_owned());
        }
    }
    let foreign = tried.into_iter().filter(|(author, _)| *author != owner);
    foreign.take(MAX_NAMED).map(|(author, what)| attempt(&author, what, &owner)).collect()
}

/// What one author tried.
fn attempt(author: &Author, what: BTreeSet<String>, owner: &Author) -> String {
    let what: Vec<String> = what.into_iter().take(MAX_NAMED).collect();
    format!(
        "key {} tried to {}; only the channel's owner can (key {}), so nothing was changed",
        short(author),
        what.join(" and to "),
        short(owner)
    )
}

/// So many of those who tried something, and of what they tried, are named.
const MAX_NAMED: usize = 5;

/// The one author among these, if there is only one.
fn only(authors: impl IntoIterator<Item = Author>) -> Option<Author> {
    let authors: BTreeSet<Author> = authors.into_iter().collect();
    if authors.len() == 1 { authors.first().copied() } else { None }
}

fn short(author: &Author) -> String {
    Key::new(*author).short()
}

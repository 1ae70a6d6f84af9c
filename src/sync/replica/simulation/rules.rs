//! What must hold at each step of a replica's hands.

use std::collections::BTreeSet;

use crate::channel::authorship::authors::Authors;
use crate::sync::replica::action::Placement;
use crate::sync::replica::deletion::Deletion;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::ReceivedEntry;
use crate::sync::replica::simulation::computer::Part;
use crate::sync::replica::simulation::content::{Content, number};
use crate::sync::replica::simulation::ledger::{Rule, Violation};
use crate::sync::replica::simulation::world::{SECOND, World};

impl World {
    /// Notes the first thing that is violated.
    pub(super) fn violated(&mut self, rule: Rule, at: usize, mut words: String) {
        words.insert_str(0, &format!("at {at}, "));
        self.say(|| format!("!!! {words}"));
        self.ledger.violation.get_or_insert(Violation { rule, words });
    }

    /// Something is not at this place any more: it must be in some other file, if a person wrote it and has not given it up.
    pub(super) fn check_not_lost(&mut self, at: usize, item: &Item, content: Content, what: &str) {
        let is_somebodys = self.ledger.written.contains_key(&content.hash);
        let is_excused = self.ledger.excused.contains(&content.hash);
        if is_somebodys && !is_excused && !self.computers.iter().any(|computer| computer.folder.has(&content.hash)) {
            let number = number(&content.hash);
            self.violated(Rule::Lost, at, format!("the program {what}, and {number} of {item} is nowhere any more"));
        }
    }

    /// What is put in place must be what an author said: of the channel's own files, its owner.
    pub(super) fn check_placed(&mut self, at: usize, item: &Item, content: Content) {
        let computer = &self.computers[at];
        let owner = computer.state.book.owner.map(|owner| owner.0);
        let is_meant = |(of, hash, author): &&(Item, [u8; 32], [u8; 32])| {
            of == item && *hash == content.hash && (!item.is_hidden() || owner.is_none_or(|owner| owner == *author))
        };
        if !computer.witness.signed.iter().any(|signed| is_meant(&signed)) {
            let words = format!("{} was put in the place of {item}, and nobody has said so", number(&content.hash));
            self.violated(Rule::Inbox, at, words);
        }
    }

    /// What is taken away must be what an author deleted.
    pub(super) fn check_removed(&mut self, at: usize, item: &Item) {
        let computer = &self.computers[at];
        let owner = computer.state.book.owner.map(|owner| owner.0);
        let is_meant = |author: &[u8; 32]| !item.is_hidden() || owner.is_none_or(|owner| owner == *author);
        if !computer.witness.deleted.iter().any(|(of, author)| of == item && is_meant(author))
            && computer.state.book.returned.is_none()
        {
            self.violated(Rule::Inbox, at, format!("{item} was moved to the trash, and nobody has deleted it"));
        }
        let computer = &self.computers[at];
        let made_here = computer.content(item).map(|content| content.hash).filter(|hash| {
            let is_published = computer.witness.signed.iter().any(|(of, signed, _)| of == item && signed == hash);
            // What another program brings may be what somebody has deleted: whose it is nobody can know.
            let is_known = is_published || self.ledger.carried.contains(hash);
            self.ledger.written.contains_key(hash) && !is_known && computer.state.book.returned.is_none()
        });
        if let Some(hash) = made_here {
            let words = format!("{} of {item} was moved to the trash, which a person made here", number(&hash));
            self.violated(Rule::Inbox, at, words);
        }
    }

    /// What is deleted for readers must have been deleted, moved or restored by somebody here.
    pub(super) fn check_retracted(&mut self, at: usize, item: &Item, says: Deletion) {
        let computer = &self.computers[at];
        // Taking back what does not count deletes nothing.
        let counts = |replica: &Replica| {
            replica
                .records
                .latest(item)
                .is_some_and(|latest| latest.author == computer.state.me && !latest.is_deletion())
        };
        let changes = says == Deletion::Deleted || computer.replica.as_deref().is_some_and(counts);
        if changes && !computer.taken.contains(item) && !computer.removed.contains(item) {
            self.violated(Rule::Retraction, at, format!("{item} is deleted for readers, and nobody deleted it here"));
        }
    }

    /// Notes who signs what, as this computer's document gets to know it.
    pub(super) fn witness(&mut self, at: usize, entry: &ReceivedEntry) {
        let now = self.now(at);
        let Some(Key::File { item, empty }) = Key::parse(&entry.key) else {
            return;
        };
        self.ledger.items.insert(item.clone());
        let time = self.time;
        let computer = &mut self.computers[at];
        let record = super::records_of(entry, empty);
        if record.is_deletion() {
            computer.witness.deleted.insert((item, entry.author));
            return;
        }
        let hash = crate::sync::replica::records::content(&record);
        computer.witness.signed.insert((item.clone(), hash, entry.author));
        let is_open_now = computer.replica.as_ref().is_none_or(|replica| replica.exchange.is_open(now.monotonic));
        let is_open = is_open_now || time < computer.was_open + 16 * SECOND;
        let is_forgotten = !computer.remembers(&item, &hash, &entry.author);
        let first = computer.witness.first.entry((item, hash)).or_insert_with(|| (BTreeSet::default(), time));
        // Who signs within a while, or while documents are still being compared, may have been met at once.
        if is_open || is_forgotten || time < first.1 + 16 * SECOND {
            first.0.insert(entry.author);
            first.1 = time;
        }
    }

    /// After the memory of who was first is lost all who sign something now were met at once.
    pub(super) fn forget_witness(&mut self, at: usize) {
        let entries: Vec<ReceivedEntry> = self.computers[at].state.entries.all.values().cloned().collect();
        let time = self.time;
        for entry in entries {
            self.witness(at, &entry);
            if let Some(Key::File { item, empty }) = Key::parse(&entry.key) {
                let hash = crate::sync::replica::records::content(&super::records_of(&entry, empty));
                if let Some(first) = self.computers[at].witness.first.get_mut(&(item, hash)) {
                    first.0.insert(entry.author);
                    first.1 = time;
                }
            }
        }
    }

    /// A reader's text appears after the attachments of its author that are known by then, and can be had. In a box that is not there
    /// nothing appears.
    pub(super) fn check_order(&mut self, at: usize, placements: &[Placement]) {
        let computer = &self.computers[at];
        let is_seen = computer.part == Part::Reader && computer.folder.is_there && !computer.folder.is_blank;
        let Some(replica) = computer.replica.as_ref().filter(|_| is_seen) else {
            return;
        };
        let mut late = Vec::new();
        for text in placements.iter().filter(|placement| placement.item.is_text() && placement.replaces.is_none()) {
            let author = replica.records.latest(&text.item).map(|record| record.author);
            for item in replica.records.of_message(&text.item).filter(|item| item.is_attachment()) {
                let record = replica.records.latest(item);
                let is_expected = record.is_some_and(|record| {
                    !record.is_deletion()
                        && Some(record.author) == author
                        && !record.empty
                        && record.file_len() <= 8 << 20
                        && !replica.wanted.is_unsound(record.hash, record.len)
                });
                let is_there = replica.local.tree.files.contains_key(item)
                    || replica.condition.problems().any(|problem| problem.contains(&item.to_string()))
                    || placements.iter().any(|placement| placement.item == *item)
                    || computer.busy.contains(item)
                    || replica.wanted.refused.contains_key(item)
                    || replica.condition.flips.restless().any(|restless| restless == item);
                if is_expected && !is_there {
                    late.push(format!("{} appears before {item}", text.item));
                }
            }
        }
        for words in late {
            self.violated(Rule::Order, at, words);
        }
    }

    /// Nobody is said to have written what another signed first.
    pub(super) fn check_authors(&mut self, at: usize, authors: &Authors) {
        let mut wrong = Vec::new();
        let computer = &self.computers[at];
        for (stamp, signers) in &authors.messages {
            let item = Item::text(*stamp);
            let of_item = || computer.witness.first.iter().filter(|((of, _), _)| *of == item);
            let is_carried = of_item().any(|((_, hash), _)| self.ledger.carried.contains(hash));
            if of_item().next().is_none() || is_carried {
                continue;
            }
            for key in signers.keys() {
                let author = key.bytes();
                // What a box says may be older than what its document saw: it is true if the author wrote that.
                let wrote = |hash: &Hash| self.ledger.wrote(author, &item, hash);
                // What the owner decided may be so old, too.
                let mut deciding = self.computers.iter().filter(|other| other.state.me == self.channel.owner);
                let is_old = computer.has_old_memory || deciding.any(|owner| owner.has_old_memory);
                let is_known = of_item().any(|((_, hash), (first, _))| first.contains(&author) || wrote(hash))
                    || (is_old && self.ledger.wrote_any(author, &item));
                if !is_known && author != computer.state.me {
                    wrong.push(format!("{item} is said to be by {:02x}, who did not sign it first", author[0]));
                }
            }
        }
        let owner = authors.owner.as_ref().map(crate::channel::authorship::signers::Key::bytes);
        if owner.is_some_and(|owner| owner != self.channel.owner) && self.channel.is_owner_known {
            wrong.push(format!("the owner is said to be {owner:?}"));
        }
        for words in wrong {
            self.violated(Rule::Authorship, at, words);
        }
    }
}

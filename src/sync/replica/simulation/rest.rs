//! Living to the end, and what must hold when everything rests.

use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::{Hash, Remote};
use crate::sync::replica::records::{Record, Records};
use crate::sync::replica::simulation::computer::{Computer, Part};
use crate::sync::replica::simulation::content::number;
use crate::sync::replica::simulation::engine::MAX_FUTURE;
use crate::sync::replica::simulation::ledger::{Rule, Violation};
use crate::sync::replica::simulation::story::Ending;
use crate::sync::replica::simulation::world::{SECOND, World};

/// The world is at rest when nothing was done for so long, in microseconds: longer than any pause that a replica makes.
const REST: u64 = 190 * SECOND;

/// So long after the outside has left it alone it rests, in microseconds.
const MAX_UNREST: u64 = 1500 * SECOND;

/// So many things no world tries after that.
const MAX_TRIED: u64 = 3000;

/// So many steps no world takes.
const MAX_STEPS: u64 = 60_000;

impl World {
    /// Lives until all is at rest, and looks whether all is right then.
    pub(super) fn live(&mut self) -> Result<Ending, Violation> {
        let mut healed = None;
        while self.step() {
            if let Some(violation) = self.ledger.violation.take() {
                return Err(violation);
            }
            if self.is_healed && healed.is_none() {
                healed = Some(self.time);
            }
            let Some(healed) = healed else {
                self.check_bounds()?;
                continue;
            };
            let rested = self.time.saturating_sub(self.stirred.max(healed));
            if rested > REST && self.is_idle() {
                match self.check_rest() {
                    // What got lost on its way to somebody comes when documents were compared with each neighbour.
                    Err(Violation { rule: Rule::Equal, .. }) if rested < REST * self.computers.len() as u64 => {}
                    Err(violation) => return Err(violation),
                    Ok(()) => return Ok(self.ending(healed)),
                }
            }
            if self.time > healed + MAX_UNREST {
                let words = format!("{} things were done since the outside left it alone", self.loud);
                return Err(Violation { rule: Rule::Quiet, words });
            }
            if self.loud > MAX_TRIED {
                let words = format!("{} things were tried since the outside left it alone", self.loud);
                return Err(Violation { rule: Rule::Quiet, words });
            }
            self.check_bounds()?;
        }
        Ok(Ending::default())
    }

    fn ending(&self, healed: u64) -> Ending {
        Ending { steps: self.steps, quiet_after: self.stirred.saturating_sub(healed), loud: self.loud }
    }

    /// Whether nothing is being done about any file.
    fn is_idle(&self) -> bool {
        self.computers.iter().all(|computer| computer.busy.is_empty())
    }

    fn check_bounds(&self) -> Result<(), Violation> {
        let bounded = |words: String| Err(Violation { rule: Rule::Bounded, words });
        if self.steps > MAX_STEPS {
            return bounded(format!("{} steps were taken, and it is not over", self.steps));
        }
        let outside = self.story.happenings.len() as u64 + 5;
        let files = self.ledger.items.len() as u64 + 5;
        if self.steps.is_multiple_of(64) {
            let most = 3 * outside * (self.computers.len() as u64 + 2) + 4 * files * self.computers.len() as u64;
            if self.ledger.entered > most {
                return bounded(format!("{} entries were made, more than {most}", self.ledger.entered));
            }
            for (at, computer) in self.computers.iter().enumerate() {
                let most = usize::try_from(files * 4 + outside * 6).unwrap();
                if computer.folder.trash_count() > most {
                    return bounded(format!(
                        "{at} has {} files in the trash, more than {most}",
                        computer.folder.trash_count()
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_rest(&self) -> Result<(), Violation> {
        self.check_nothing_lost()?;
        self.check_documents()?;
        for (at, computer) in self.computers.iter().enumerate() {
            if let Some(replica) = &computer.replica {
                self.check_box(at, computer, replica)?;
                self.check_told(at, computer, replica)?;
            }
        }
        Ok(())
    }

    fn check_nothing_lost(&self) -> Result<(), Violation> {
        let lost = self.ledger.written.iter().find(|(hash, _)| {
            !self.ledger.excused.contains(*hash) && !self.computers.iter().any(|computer| computer.folder.has(hash))
        });
        lost.map_or(Ok(()), |(hash, (item, author))| {
            let words = format!("{} of {item}, which {:02x} wrote", number(hash), author[0]);
            Err(Violation { rule: Rule::Lost, words })
        })
    }

    /// The documents of all who can meet are the same, but for what a clock refuses.
    fn check_documents(&self) -> Result<(), Violation> {
        for one in 0..self.computers.len() {
            for other in 0..self.computers.len() {
                let (a, b) = (&self.computers[one], &self.computers[other]);
                let are_replicas = a.replica.is_some() && b.replica.is_some();
                // Of two with one device's keys others may reach only one, which may be the other one each time.
                let is_cloned = !self.ledger.cloned.is_empty();
                if !are_replicas || is_cloned || a.has_left || b.has_left || !self.can_meet(one, other) {
                    continue;
                }
                // What a clock refused when something changed last may come with a later comparison only.
                let since = self.time - self.stirred;
                let least = (0..self.computers.len()).map(|at| self.wall(at) - since).min().unwrap_or(0);
                let lacks = a.state.entries.all.iter().find(|(id, entry)| {
                    b.state.entries.all.get(*id) != Some(entry)
                        && entry.time <= least + MAX_FUTURE
                        && b.state.entries.all.get(*id).is_none_or(|other| other.time <= least + MAX_FUTURE)
                });
                if let Some((_, entry)) = lacks {
                    let words = format!(
                        "{other} has another entry than {one} of {}: {} and {:?}",
                        key_words(&entry.key),
                        number(&entry.hash),
                        b.state.entries.all.get(&(entry.author, entry.key.clone())).map(|entry| number(&entry.hash)),
                    );
                    return Err(Violation { rule: Rule::Equal, words });
                }
            }
        }
        Ok(())
    }

    /// Whether two computers can meet, perhaps by way of others.
    fn can_meet(&self, one: usize, other: usize) -> bool {
        self.reaches(one, other)
            || (0..self.computers.len()).any(|third| {
                self.computers[third].replica.is_some() && self.reaches(one, third) && self.reaches(third, other)
            })
    }

    /// A box has what its document says, unless the person is told why not.
    fn check_box(&self, at: usize, computer: &Computer, replica: &Replica) -> Result<(), Violation> {
        let mut records = Records::new(computer.state.book.owner.map(|owner| owner.0));
        for entry in computer.state.entries.all.values() {
            records.put(&entry.entry());
        }
        let items = records.items().chain(computer.folder.files.keys());
        for item in items.cloned().collect::<std::collections::BTreeSet<Item>>() {
            let here = computer.content(&item).map(|content| content.hash);
            let said = match records.remote(&item) {
                Remote::Content(hash) => Some(hash),
                Remote::Deleted | Remote::Unknown => None,
            };
            if here == said || self.is_explained(at, replica, &item, &records, here) {
                continue;
            }
            let words = |hash: Option<Hash>| hash.as_ref().map_or("nothing".to_owned(), number);
            let words = format!("{item} is {} in {at}'s box, and {} in its document", words(here), words(said));
            return Err(Violation { rule: Rule::Equal, words });
        }
        Ok(())
    }

    /// Whoever got entries of their own key that they did not make is told, and nobody else is told so.
    fn check_told(&self, at: usize, computer: &Computer, replica: &Replica) -> Result<(), Violation> {
        let own_key = &replica.exchange.own_key;
        let is_cloned = self.ledger.cloned.contains(&computer.state.device);
        let words = match (computer.got_own(), own_key.problem().is_some(), own_key.is_elsewhere()) {
            (true, false, _) => "somebody else writes with these keys, and nobody is told",
            (_, _, true) if !is_cloned && !computer.was_set_back => {
                "it is said that another computer has these keys, and none has"
            }
            _ => return Ok(()),
        };
        Err(Violation { rule: Rule::Told, words: format!("at {at}, {words}") })
    }

    /// Whether a person is told why a file is not what the document says.
    fn is_explained(&self, at: usize, replica: &Replica, item: &Item, records: &Records, here: Option<Hash>) -> bool {
        let computer = &self.computers[at];
        let record = records.latest(item);
        let condition = &replica.condition;
        let is_question = condition.question.is_some() && here.is_none();
        let is_told = replica.wanted.refused.contains_key(item)
            || condition.returned.contains(item)
            || condition.changed_here.contains(item)
            || condition.flips.restless().any(|restless| restless == item)
            || condition.problems().any(|problem| problem.contains(&item.to_string()))
            || record.is_some_and(|record| condition.is_unreadable(item, record));
        // What a reader changed, made or restored in an inbox stays as it is, and so do the owner's files elsewhere.
        let is_not_told_of =
            computer.part == Part::Reader || (item.is_hidden() && computer.state.me != self.channel.owner);
        let is_touched = computer.touched.contains(item) || computer.has_lost_power;
        let is_kept = is_not_told_of && is_touched && here.is_some();
        let is_nowhere = record.is_some_and(|record| !self.is_to_be_had(at, item, record));
        // A key of the first version does not say whose the channel is, and who wrote first is taken for the owner.
        let is_nobodys = item.is_hidden() && !self.channel.is_owner_known;
        let is_late = self.waits_for_what_is_nowhere(at, item, records);
        is_nobodys || is_question || is_told || is_kept || is_nowhere || is_late
    }

    /// Whether a text comes after an attachment of its author that is not to be had.
    fn waits_for_what_is_nowhere(&self, at: usize, text: &Item, records: &Records) -> bool {
        let author = records.latest(text).filter(|_| text.is_text()).map(|record| record.author);
        records.of_message(text).filter(|item| item.is_attachment()).any(|item| {
            let record = records.latest(item).filter(|record| Some(record.author) == author);
            record.is_some_and(|record| !self.is_to_be_had(at, item, record))
        })
    }

    /// Whether the content of an entry, with the length that it says, comes here by way of those who know the entry. Two computers
    /// with one device's keys never meet, a clock that is behind refuses what others take, and strangers fetch nothing, nor
    /// does whoever is asked whether all is deleted.
    fn is_to_be_had(&self, at: usize, item: &Item, record: &Record) -> bool {
        if record.is_deletion() || record.empty {
            return true;
        }
        let has = |at: usize| self.computers[at].stored(&record.hash) == Some(record.len);
        let id = (record.author, item.key(false));
        let knows =
            |at: usize| self.computers[at].state.entries.all.get(&id).is_some_and(|entry| entry.hash == record.hash);
        let (mut reached, mut next) = (std::collections::BTreeSet::new(), vec![at]);
        while let Some(one) = next.pop() {
            if has(one) {
                return true;
            }
            let fetches = |replica: &Replica| replica.condition.question.is_none();
            let passes_on = self.computers[one].replica.as_deref().is_some_and(fetches) && knows(one);
            if reached.insert(one) && passes_on {
                next.extend((0..self.computers.len()).filter(|other| self.reaches(one, *other)));
            }
        }
        false
    }
}

fn key_words(key: &[u8]) -> String {
    match Key::parse(key) {
        Some(Key::File { item, empty }) => format!("{item}{}", if empty { " (empty)" } else { "" }),
        other => format!("{other:?}"),
    }
}

//! What somebody does who has the key for writing and means harm: their own program makes entries as it likes, but can sign as
//! nobody else.

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::deletion::Deletion;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::records::ReceivedEntry;
use crate::sync::replica::simulation::computer::Part;
use crate::sync::replica::simulation::content::Content;
use crate::sync::replica::simulation::engine::{Place, Stored};
use crate::sync::replica::simulation::hands_document::gone;
use crate::sync::replica::simulation::happening::Harm;
use crate::sync::replica::simulation::world::{DAWN, SECOND, World};

const HOUR: u64 = 3600 * SECOND;

impl World {
    pub(super) fn harm(&mut self, by: usize, how: Harm, nth: usize) {
        let Some(by) =
            (0..self.computers.len()).map(|at| (at + by) % self.computers.len()).find(|at| self.is_stranger(*at))
        else {
            return;
        };
        self.meet_everybody(by);
        let other = self.anothers(by, nth);
        let now = self.wall(by);
        match (how, other) {
            (Harm::SignOlder, Some(entry)) => {
                self.sign(by, entry.key, Content { hash: entry.hash, len: entry.len }, entry.time.saturating_sub(HOUR));
            }
            (Harm::SignNow, Some(entry)) => self.sign(by, entry.key, Content { hash: entry.hash, len: entry.len }, now),
            (Harm::WrongLength, other) => {
                let content = self.own_content(by, 40);
                let key = other.map_or_else(|| item(nth).key(false), |entry| entry.key);
                self.sign(by, key, Content { len: 41 + nth as u64, ..content }, now);
            }
            (Harm::NoContent, _) => {
                let content = self.catalog.fresh(50);
                self.sign(by, item(nth).key(false), content, now);
            }
            (Harm::OddKeys, _) => {
                for number in 0..5 {
                    let content = self.own_content(by, 10);
                    self.sign(by, format!("../../odd {number} {nth}").into_bytes(), content, now);
                }
            }
            (Harm::Overwrite, Some(entry)) => {
                let content = self.own_content(by, 60);
                self.sign(by, entry.key, content, now);
            }
            (Harm::Delete, Some(entry)) => self.sign(by, entry.key, gone(Deletion::Deleted), now),
            (Harm::Flood, _) => {
                for number in 0..30 {
                    let content = self.own_content(by, 30);
                    self.sign(by, item(nth * 30 + number).key(false), content, now + number as u64);
                }
            }
            (Harm::PlayOwner, _) => {
                let content = self.own_content(by, 100);
                self.sign(by, Item::profile().key(false), content, now);
                for key in [Key::Names, Key::Moved, Key::Author] {
                    let note = self.catalog.of_bytes(format!("name = \"owner\"\n# {nth}").as_bytes());
                    self.has(by, note);
                    self.sign(by, key.bytes(), note, now);
                }
            }
            (Harm::Flicker, _) => {
                let key = item(nth).key(false);
                for number in 0..6 {
                    let content = self.own_content(by, 30);
                    self.sign(by, key.clone(), content, now + 2 * number);
                    self.sign(by, key.clone(), gone(Deletion::Withdrawn), now + 2 * number + 1);
                }
            }
            (Harm::BadProfile, _) => {
                let content = self.own_content(by, 77);
                self.ledger.bad_profiles.insert(content.hash);
                self.sign(by, Item::profile().key(false), content, now);
            }
            (_, None) => {}
        }
    }

    fn is_stranger(&self, at: usize) -> bool {
        self.computers[at].part == Part::Stranger
    }

    /// A stranger's program is connected to whoever it reaches.
    fn meet_everybody(&mut self, by: usize) {
        for other in 0..self.computers.len() {
            if self.reaches(by, other) {
                self.meet(by, other);
                self.compare(by, other);
            }
        }
    }

    /// An entry of somebody else for a file.
    fn anothers(&self, by: usize, nth: usize) -> Option<ReceivedEntry> {
        let computer = &self.computers[by];
        let is_meant = |entry: &&ReceivedEntry| {
            entry.author != computer.state.me
                && entry.len > 0
                && matches!(Key::parse(&entry.key), Some(Key::File { .. }))
        };
        let others: Vec<&ReceivedEntry> = computer.state.entries.all.values().filter(is_meant).collect();
        (!others.is_empty()).then(|| others[nth % others.len()].clone())
    }

    fn own_content(&mut self, by: usize, len: u64) -> Content {
        let content = self.catalog.fresh(len);
        self.has(by, content);
        content
    }

    fn has(&mut self, by: usize, content: Content) {
        let stored = Stored { len: content.len, place: Place::Own, is_flushed: true };
        self.computers[by].state.store.insert(content.hash, stored);
    }

    fn sign(&mut self, by: usize, key: Vec<u8>, content: Content, time: u64) {
        let Content { hash, len } = content;
        let entry = ReceivedEntry { author: self.computers[by].state.me, key, hash, len, time, is_remote: true };
        if self.computers[by].state.entries.insert(entry.clone()) {
            self.broadcast(by, &entry);
        }
    }
}

/// A message that nobody else wrote.
fn item(nth: usize) -> Item {
    Item::text(Stamp::from_seconds(i64::try_from(DAWN).unwrap() + 7200 + i64::try_from(nth).unwrap()).unwrap())
}

//! One box and its document, kept the same: the state, in parts that each have a file of their own in `sync/replica`.

use std::time::Instant;

use crate::fs::confined::Stat;
use crate::sync::item_log_file;
use crate::sync::keys::book::Document;
use crate::sync::node::hands::Hands;
use crate::sync::node::peer_file;
use crate::sync::replica::authorship::Authorship;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::exchange::Exchange;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Limits;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::Records;
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::todo::Todo;
use crate::sync::replica::trash::TrashUse;
use crate::sync::replica::wanted::Wanted;
use crate::watch::Touched;

/// What a replica is told from outside.
pub(super) enum Command {
    /// Something changed on disk.
    Touched(Touched),
    /// The book says something else of the document.
    Book(Box<Document>),
    /// It is over.
    Stop,
}

/// A box and its document.
pub(super) struct Replica {
    pub(super) hands: Hands,
    pub(super) shared: SharedBox,
    pub(super) records: Records,
    pub(super) local: LocalBox,
    pub(super) wanted: Wanted,
    pub(super) exchange: Exchange,
    pub(super) todo: Todo,
    pub(super) condition: Condition,
    pub(super) authorship: Authorship,
    pub(super) trash: TrashUse,
}

impl Replica {
    /// Saves what was agreed on: soon, for a node that is killed knows no more than that.
    pub(super) fn save_baseline(&mut self) {
        let path = self.hands.baseline_file(&self.shared.document.id);
        if let Err(error) = item_log_file::save(&path, &mut self.local.baseline) {
            self.condition.problem(error.to_string());
        }
    }

    /// Saves where its peers were last.
    pub(super) fn save_peers(&mut self) {
        peer_file::save(&self.hands.peer_file(&self.shared.document.id), &mut self.exchange.peers);
    }

    /// Notes that box and document agree on a file.
    pub(super) fn agree(&mut self, item: &Item, hash: Hash, stat: &Stat, ours: bool) {
        self.wanted.refused.remove(item);
        self.condition.solved(item);
        self.local.agree(item, hash, stat, ours);
    }

    /// Whether it is not known yet what there is in the document.
    pub(super) fn is_open(&self) -> bool {
        self.exchange.is_open(Instant::now())
    }

    /// How many entries there are, without those that this device made itself.
    pub(super) fn counted_entries(&self, records: &Records) -> usize {
        records.of_others(&self.shared.me)
    }

    /// How much of others is taken.
    pub(super) fn limits(&self) -> Limits {
        self.hands.home.options.limits_for(&self.shared.document.channel)
    }

    /// So many entries of others are taken in.
    pub(super) fn max_entries(&self) -> usize {
        self.limits().entries()
    }

    /// Whether the document has more entries than anybody means to read.
    pub(super) fn has_too_many_entries(&self) -> bool {
        self.counted_entries(&self.records) > self.max_entries()
    }
}

//! One box and its document, kept the same: all that is known of them, in parts that each have a file of their own.
//!
//! `turn.rs` is the only way in.

use crate::channel::authorship::authors::Authors;
use crate::fs::confined::Stat;
use crate::sync::replica::action::Action;
use crate::sync::replica::authorship::{Authorship, View};
use crate::sync::replica::baseline::Baseline;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::exchange::{Exchange, Stage};
use crate::sync::replica::item::Item;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::now::Now;
use crate::sync::replica::peers::Peers;
use crate::sync::replica::records::{Record, Records};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::signers::FirstSigners;
use crate::sync::replica::todo::Todo;
use crate::sync::replica::trash::TrashUse;
use crate::sync::replica::wanted::Wanted;
use crate::sync::replica::work::Work;

/// What is remembered of a box and its document from one run to the next.
#[derive(Debug)]
pub struct Memory {
    /// On which contents the two agreed.
    pub baseline: Baseline,
    /// Who signed which content first.
    pub signers: FirstSigners,
    /// Who has the document.
    pub peers: Peers,
    /// What the box's `.authors.toml` says.
    pub authors: Option<Authors>,
}

/// A box and its document.
#[derive(Debug)]
pub struct Replica {
    /// The box, and this device's part in it.
    pub shared: SharedBox,
    /// What the document says.
    pub records: Records,
    /// What lies in the box.
    pub local: LocalBox,
    /// What is being fetched, and what is not.
    pub wanted: Wanted,
    /// Who has the document, and when it was compared with theirs.
    pub exchange: Exchange,
    /// What is to be looked at.
    pub todo: Todo,
    /// What a person is told.
    pub condition: Condition,
    /// Who wrote what.
    pub authorship: Authorship,
    /// When the trash is tidied.
    pub trash: TrashUse,
    /// What is under way.
    pub work: Work,
}

impl Replica {
    /// What is known of a document and its box before anything is looked at.
    pub fn new(shared: SharedBox, memory: Memory, now: Now) -> Self {
        let Memory { baseline, signers, mut peers, authors } = memory;
        shared.document.peers.iter().cloned().for_each(|peer| peers.add(peer));
        Self {
            records: Records::new(shared.owner()),
            local: LocalBox::new(baseline),
            wanted: Wanted::default(),
            exchange: Exchange::new(peers, now),
            todo: Todo { everything: true, ..Todo::default() },
            condition: Condition::default(),
            authorship: Authorship::new(signers, authors),
            trash: TrashUse::default(),
            work: Work::default(),
            shared,
        }
    }

    /// Wants something done.
    pub(super) fn ask(&mut self, action: Action) {
        self.work.asked.push(action);
    }

    /// What says who wrote what.
    pub(super) fn view(&self) -> View<'_> {
        View::new(&self.shared, &self.records, &self.local)
    }

    /// Notes that box and document agree on a file.
    pub(super) fn agree(&mut self, item: &Item, hash: Hash, stat: &Stat, ours: bool) {
        self.wanted.refused.remove(item);
        self.condition.solved(item);
        self.local.agree(item, hash, stat, ours);
    }

    /// Whether it is not known yet what there is in the document.
    pub(super) fn is_open(&self, now: Now) -> bool {
        self.exchange.is_open(now.monotonic)
    }

    /// Whether the document has more entries than anybody means to read.
    pub fn has_too_many_entries(&self) -> bool {
        self.records.of_others(&self.shared.me) > self.shared.limits.entries()
    }

    /// Whether both sides are known well enough to decide anything.
    pub(super) fn is_known(&self) -> bool {
        self.exchange.stage > Stage::Unread && self.local.is_listed
    }

    /// Ends what was done about a file, which is looked at again if something happened to it meanwhile; gives the entry that was put
    /// in place.
    pub(super) fn end(&mut self, item: &Item) -> Option<Record> {
        let (record, is_stale) = self.work.end(item);
        if is_stale {
            self.todo.again(item.clone());
        }
        record
    }

    /// Looks again at the text that may have waited for an attachment.
    pub(super) fn look_at_text_again(&mut self, item: &Item) {
        if item.is_attachment()
            && let Some(stamp) = item.stamp()
        {
            self.todo.again(Item::text(stamp));
        }
    }
}

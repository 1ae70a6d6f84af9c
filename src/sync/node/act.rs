//! Having a replica's actions carried out: each kind in a line of its own, so that nothing waits for another kind.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sync::keys::ticket::Peer;
use crate::sync::node::book_changes;
use crate::sync::node::dial::{self, Call};
use crate::sync::node::entries::{self, EntryWork};
use crate::sync::node::gossip_watch::GossipWatch;
use crate::sync::node::hands::Hands;
use crate::sync::node::in_turn::InTurn;
use crate::sync::node::list_box::{ListWork, list_box};
use crate::sync::node::memory;
use crate::sync::node::move_files::{self, Move};
use crate::sync::node::place_files::{is_large, place_files};
use crate::sync::node::publish::publish;
use crate::sync::node::read_files::{keep_files, read_files};
use crate::sync::node::store_check::check_store;
use crate::sync::node::want::{self, Content, WantedNote};
use crate::sync::replica::action::{Action, BookChange, Placement, Publication};
use crate::sync::replica::event::Log;
use crate::sync::replica::item::Item;
use crate::sync::replica::item_log::Write;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::trash::DeletedBy;

/// Who carries out a replica's actions.
pub(super) struct Acts {
    pub(super) hands: Arc<Hands>,
    in_box: BoxLines,
    in_document: DocumentLines,
    saves: InTurn<(Log, Write)>,
    changes: InTurn<BookChange>,
    /// Once the engine listens to the document's peers.
    watch: Option<GossipWatch>,
}

/// What is done in the box.
#[derive(Default)]
struct BoxLines {
    lists: InTurn<ListWork>,
    reads: InTurn<Item>,
    keeps: InTurn<(Item, Hash)>,
    placements: InTurn<Placement>,
    /// Those with large files among them: what is small does not wait for them, unless it is their message's text.
    large: InTurn<Placement>,
    moves: InTurn<Move>,
    tidying: InTurn<(DeletedBy, u64)>,
}

/// What is done in the document, in the store and with peers.
#[derive(Default)]
struct DocumentLines {
    publications: InTurn<Publication>,
    entries: InTurn<EntryWork>,
    contents: InTurn<Content>,
    notes: InTurn<WantedNote>,
    checks: InTurn<(Item, Hash)>,
    calls: InTurn<Call>,
}

impl Acts {
    /// Nothing is under way yet.
    pub(super) fn new(hands: Arc<Hands>) -> Self {
        Self {
            hands,
            in_box: BoxLines::default(),
            in_document: DocumentLines::default(),
            saves: InTurn::default(),
            changes: InTurn::default(),
            watch: None,
        }
    }

    /// Has all this carried out for this box.
    pub(super) fn act(&mut self, actions: Vec<Action>, shared: &SharedBox) {
        for action in actions {
            self.carry_out(action, shared);
        }
    }

    /// Reads all entries of the document, although the replica did not ask for it.
    pub(super) fn reload(&self, shared: &SharedBox) {
        self.change_entries(EntryWork::Reload { owner: shared.owner(), most: shared.limits.entries() });
    }

    fn carry_out(&mut self, action: Action, shared: &SharedBox) {
        let (hands, in_box, in_document) = (&self.hands, &self.in_box, &self.in_document);
        match action {
            Action::List(names) => {
                let (channel, mark) = (shared.document.channel.clone(), shared.document.folder.clone());
                in_box.lists.push(hands, [ListWork { names, channel, mark }], list_box);
            }
            Action::Read(item) => in_box.reads.push(hands, [item], read_files),
            Action::Keep(item, hash) => in_box.keeps.push(hands, [(item, hash)], keep_files),
            Action::Place(placements) => self.place(placements),
            Action::Remove { item, stat, by } => self.move_file(Move::Remove(item, stat, by)),
            Action::PutAside(item) => self.move_file(Move::PutAside(item)),
            Action::GiveWay(stamp) => self.move_file(Move::GiveWay(stamp)),
            Action::WriteAuthors(authors) => self.move_file(Move::WriteAuthors(authors)),
            Action::TidyTrash { by, most } => in_box.tidying.push(hands, [(by, most)], move_files::tidy_trash),
            Action::CheckStore(files) => in_document.checks.push(hands, files, check_store),
            Action::Fetch { hash, len, rank } => {
                in_document.contents.push(hands, [Content { hash, len, rank }], want::fetch);
            }
            Action::ReadNote { kind, hash, len } => {
                in_document.notes.push(hands, [WantedNote { kind, hash, len }], want::read_notes);
            }
            Action::Publish(publications) => in_document.publications.push(hands, publications, publish),
            Action::Retract(deleted) => self.change_entries(EntryWork::Retract(deleted)),
            Action::Say(kind, bytes) => self.change_entries(EntryWork::Say(kind, bytes)),
            Action::Reload => self.reload(shared),
            Action::Save(log, write) => self.saves.push(hands, [(log, write)], memory::save),
            Action::Note(change) => self.changes.push(hands, [change], book_changes::note),
            Action::Dial(peers) => self.dial(peers),
            Action::Ask(providers) => dial::ask(hands, providers),
            Action::Leave => {
                self.watch = None;
                self.call(Call::Leave);
            }
        }
    }

    fn place(&self, placements: Vec<Placement>) {
        let stamps: BTreeSet<_> =
            placements.iter().filter(|one| is_large(one)).filter_map(|one| one.item.stamp()).collect();
        let is_text_of =
            |one: &Placement| one.item.is_text() && one.item.stamp().is_some_and(|at| stamps.contains(&at));
        let (large, small): (Vec<_>, Vec<_>) = placements.into_iter().partition(|one| is_large(one) || is_text_of(one));
        self.in_box.placements.push(&self.hands, small, place_files);
        self.in_box.large.push(&self.hands, large, place_files);
    }

    fn move_file(&self, one: Move) {
        self.in_box.moves.push(&self.hands, [one], move_files::move_files);
    }

    fn change_entries(&self, work: EntryWork) {
        self.in_document.entries.push(&self.hands, [work], entries::work);
    }

    fn call(&self, call: Call) {
        self.in_document.calls.push(&self.hands, [call], dial::call);
    }

    fn dial(&mut self, peers: Vec<Peer>) {
        if self.watch.is_some() {
            return self.call(Call::Dial(peers));
        }
        self.call(Call::Begin(peers));
        let (engine, doc) = (&self.hands.engine, self.hands.doc.clone());
        self.watch = Some(GossipWatch::begin(engine.gossip.clone(), doc, engine.incoming.clone()));
    }
}

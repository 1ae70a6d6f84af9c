//! The report on a box and its document, for those who ask how it stands: sums, and bounds on what is listed.
//!
//! It has no memory. Since when something is so follows from one report to the next (`sync/status.rs`). Nothing here counts a
//! document through: sums are kept where what is summed changes.

use std::collections::BTreeSet;

use crate::sync::hex;
use crate::sync::keys::ticket::Peer;
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::authorship::Authorship;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::exchange::Exchange;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Role;
use crate::sync::replica::ownership;
use crate::sync::replica::records::{Records, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::todo::Todo;
use crate::sync::replica::wanted::Wanted;
use crate::sync::status::{DocumentState, NotFetched, PeerState};
use crate::sync::sync_state::LeftOut;

/// So many files of one kind are named; the rest is only counted.
const MAX_NAMED: usize = 100;

/// The parts of a replica that a report is made from.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    /// The box and this device's part in it.
    shared: &'a SharedBox,
    /// What the document says.
    records: &'a Records,
    /// What lies in the box.
    local: &'a LocalBox,
    /// What is being fetched and what is not.
    wanted: &'a Wanted,
    /// The peers and the comparisons with them.
    exchange: &'a Exchange,
    /// What is to be looked at again.
    todo: &'a Todo,
    /// What a person is told.
    condition: &'a Condition,
    /// Who wrote what.
    authorship: &'a Authorship,
}

/// What the fetcher says of a document's contents, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// All that was fetched since the node started.
    pub total: u64,
    /// What is here of contents that are on their way.
    pub partial: u64,
}

impl Replica {
    /// How it stands, if something happened since it was asked last; given what was fetched.
    pub fn report(&mut self, fetched: Fetched) -> Option<DocumentState> {
        if self.is_unsettled() || std::mem::replace(&mut self.condition.is_reported, true) {
            return None;
        }
        let Self { shared, records, local, wanted, exchange, todo, condition, authorship, .. } = &*self;
        let parts = Parts { shared, records, local, wanted, exchange, todo, condition, authorship };
        let mut state = report(&parts, fetched);
        // What lies in the box, and was not told to the document yet.
        state.telling |= self.shared.role == Role::Writer && !self.work.is_idle();
        Some(state)
    }

    /// Whether it is about to be seen what is to be done, so that nothing true can be said before. What is on its way is told of
    /// all the same.
    fn is_unsettled(&self) -> bool {
        let is_looking = self.work.is_listing || self.todo.wants_listing() || self.work.is_loading;
        let is_acting = self.shared.role == Role::Reader && !self.work.is_idle();
        (is_looking || is_acting) && self.wanted.waiting_count() == 0
    }
}

/// How a box and its document stand.
fn report(parts: &Parts<'_>, fetched: Fetched) -> DocumentState {
    let Parts { shared, records, local, wanted, exchange, condition, .. } = *parts;
    let document = &shared.document;
    let mut state = DocumentState::new(document.channel.clone(), document.side, shared.role == Role::Writer);
    state.checking = false;
    let totals = records.totals();
    (state.messages, state.bytes) = (totals.messages, totals.bytes());
    state.version = format!("{:032x}", records.version());
    state.left_out = left_out(parts);
    state.damaged = named(wanted.damaged(records));
    arriving(&mut state, parts, fetched);
    let refused = wanted.refused.iter().take(MAX_NAMED);
    state.not_fetched = refused.map(|(item, why)| NotFetched { path: item.to_string(), why: why.clone() }).collect();
    state.changed_here = named(condition.changed_here.iter());
    state.refused = records.refused() + wanted.unsound.len();
    state.question = condition.asks().cloned();
    let unreadable = unreadable_profile(condition, records);
    let problems = unreadable.into_iter().chain(condition.problems().cloned()).chain(condition.restless());
    let elsewhere = exchange.own_key.problem().filter(|_| exchange.own_key.is_elsewhere());
    state.problems = problems.chain(elsewhere).collect();
    state.failures = state.problems.len();
    state.problems.extend(condition.remarks().cloned());
    state.problems.extend(exchange.own_key.problem().filter(|_| !exchange.own_key.is_elsewhere()));
    // Nothing came of what others tried, so it keeps nothing from being synced.
    state.problems.extend(ownership::attempts(shared.owner(), records, exchange.compared.is_some()));
    state.telling = exchange.announcements.are_pending();
    state.compared = exchange.compared;
    state.last_compared = exchange.compared;
    state.phrase.clone_from(&document.phrase);
    // Whoever has moved it knows.
    state.moved = document.moved.clone().filter(|_| !shared.is_owner());
    state.peers = peers(exchange, parts.authorship);
    state.title.clone_from(&local.profiles.title);
    state
}

/// Counts what is still to come, and what has come.
fn arriving(state: &mut DocumentState, parts: &Parts<'_>, fetched: Fetched) {
    let awaited = parts.wanted.awaited();
    // They come once it is known what there is, and once it is written who wrote what.
    let later = if parts.shared.role == Role::Reader { parts.todo.later.len() + parts.todo.held.len() } else { 0 };
    // What the disk has no room for comes as soon as it has.
    let LeftOut { no_room, no_room_bytes, .. } = state.left_out;
    state.arriving = parts.wanted.waiting_count() + later + no_room;
    let bytes = awaited.bytes().saturating_add(no_room_bytes);
    state.arriving_bytes = bytes.saturating_sub(fetched.partial);
    state.fetched = fetched.total;
    state.waiting = named(parts.wanted.files.values().flatten());
}

/// Counts what is not as its author has it.
fn left_out(parts: &Parts<'_>) -> LeftOut {
    let mut left_out = LeftOut {
        damaged: parts.wanted.damaged(parts.records).count(),
        changed_here: parts.condition.changed_here.len(),
        ..LeftOut::default()
    };
    for why in parts.wanted.refused.values() {
        match why {
            Refusal::Disk { bytes } => {
                left_out.no_room += 1;
                left_out.no_room_bytes = left_out.no_room_bytes.saturating_add(*bytes);
            }
            Refusal::Large { .. } | Refusal::Full { .. } | Refusal::Many { .. } => left_out.limited += 1,
        }
    }
    left_out
}

fn named<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    items.take(MAX_NAMED).map(ToString::to_string).collect()
}

/// That the owner's profile can't be read, if so.
fn unreadable_profile(condition: &Condition, records: &Records) -> Option<String> {
    let (hash, why) = condition.unreadable_profile.as_ref()?;
    let profile = Item::profile();
    let wanted = records.latest(&profile).map(content);
    (wanted == Some(*hash)).then(|| {
        format!("the channel's owner has changed `{profile}`, and it can't be read ({why}); the previous version stays")
    })
}

fn peers(exchange: &Exchange, authorship: &Authorship) -> Vec<PeerState> {
    let device = |note: &AuthorNote| -> Option<[u8; 32]> { hex::decode(&note.device) };
    // The devices whose authors have something in the document.
    let authors: BTreeSet<[u8; 32]> = authorship.notes.values().filter_map(device).collect();
    let state = |(peer, connected, seen): (&Peer, bool, Option<i64>)| PeerState {
        device: hex::encode(&peer.device),
        connected,
        author: authors.contains(&peer.device),
        seen,
        has: None,
    };
    exchange.peers.all().map(state).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::sync::keys::book::{AuthorKey, Document};
    use crate::sync::replica::baseline::Baseline;
    use crate::sync::replica::limits::Limits;
    use crate::sync::replica::now::Now;
    use crate::sync::replica::peers::Peers;
    use crate::sync::replica::records::Record;
    use crate::sync::replica::signers::FirstSigners;
    use crate::sync::sync_state::SyncState;

    const NOW: i64 = 1_795_354_504;
    const TEXT: &str = "2013-08-11T14-34-37Z.txt";
    const FILM: &str = "2013-08-11T14-34-37Z/film.mp4";

    /// A reader's replica of a channel with one message and a film, with one peer.
    struct World {
        shared: SharedBox,
        records: Records,
        local: LocalBox,
        wanted: Wanted,
        exchange: Exchange,
        todo: Todo,
        condition: Condition,
        authorship: Authorship,
    }

    fn item(path: &str) -> Item {
        Item::parse(path.as_bytes()).unwrap()
    }

    fn record(hash: u8, len: u64) -> Record {
        Record { author: [1; 32], hash: [hash; 32], len, time: 4, empty: false }
    }

    impl World {
        fn new() -> Self {
            let document = Document::new("blog".parse().unwrap(), Side::Inbox, [9; 32]);
            let shared = SharedBox {
                document: Document { owner: Some(AuthorKey([1; 32])), ..document },
                channel: "blog".into(),
                folder: "blog/inbox".into(),
                role: Role::Reader,
                me: [8; 32],
                device: [6; 32],
                limits: Limits::default(),
            };
            let mut peers = Peers::from_json(b"[]", [0; 32]);
            peers.add(Peer { device: [7; 32], addresses: Vec::new(), relay: None });
            peers.set_connected(&[7; 32], true);
            let mut exchange = Exchange::new(peers, Now { monotonic: Instant::now(), wall: 0 });
            exchange.compared(true, true, NOW - 4);
            let mut records = Records::new(Some([1; 32]));
            records.put_own(&item(TEXT), record(2, 10));
            records.put_own(&item(FILM), record(3, 5000));
            Self {
                shared,
                records,
                local: LocalBox::new(Baseline::decode(b"")),
                wanted: Wanted::default(),
                exchange,
                todo: Todo::default(),
                condition: Condition::default(),
                authorship: Authorship::new(FirstSigners::decode(b""), None),
            }
        }

        fn report(&self) -> DocumentState {
            let Self { shared, records, local, wanted, exchange, todo, condition, authorship } = self;
            let parts = Parts { shared, records, local, wanted, exchange, todo, condition, authorship };
            let mut state = report(&parts, Fetched { total: 0, partial: 1000 });
            let before = state.clone();
            state.follow(&before, NOW);
            state
        }

        #[track_caller]
        fn says(&self, state: SyncState, words: &str) {
            let report = self.report();
            assert_eq!((report.state, report.sentence(NOW).as_str()), (state, words));
        }
    }

    #[test]
    fn a_box_that_lacks_nothing_is_up_to_date() {
        let world = World::new();
        let report = world.report();
        assert_eq!((report.messages, report.bytes, report.missing()), (1, 5010, (0, 0)));
        world.says(SyncState::UpToDate, "up to date 4 s ago · 1 peer");
    }

    #[test]
    fn what_is_on_its_way_is_named_and_counted() {
        let mut world = World::new();
        world.wanted.wait_for([3; 32], 5000, &item(FILM));
        world.says(SyncState::Receiving, "1 file still arriving (4 kB) · 1 peer connected");
        assert_eq!(world.report().waiting, [FILM]);
        world.exchange.peers.set_connected(&[7; 32], false);
        world.says(SyncState::Receiving, "1 file still arriving (4 kB) · no one is connected");
    }

    #[test]
    fn what_can_not_arrive_is_never_up_to_date() {
        let mut world = World::new();
        world.wanted.left_for_unsound(&item(FILM), &record(3, 5000));
        world.says(
            SyncState::Damaged,
            "not up to date: 1 file cannot arrive, because what others send is not what the author signed · 1 peer connected",
        );
        assert_eq!((world.report().missing(), world.report().damaged), ((1, 0), vec![FILM.to_owned()]));
        let mut world = World::new();
        world.wanted.refused.insert(item(FILM), Refusal::Large { bytes: 5000, limit: 1000 });
        world.says(SyncState::Limited, "up to date 4 s ago, except 1 file beyond the limits · 1 peer");
        world.wanted.refused.insert(item(FILM), Refusal::Disk { bytes: 5000 });
        world.says(SyncState::DiskFull, "1 file (5 kB) waits for free space on the disk · 1 peer connected");
        assert_eq!(world.report().arriving, 1);
    }

    #[test]
    fn a_profile_that_can_not_be_read_is_a_failure_until_there_is_another() {
        let mut world = World::new();
        world.records.put_own(&Item::profile(), record(5, 9));
        world.condition.unreadable_profile = Some(([5; 32], "it is too long".into()));
        world.says(SyncState::Failing, "not up to date: 1 problem · 1 peer connected");
        world.records.put_own(&Item::profile(), Record { hash: [6; 32], time: 5, ..record(5, 9) });
        world.says(SyncState::UpToDate, "up to date 4 s ago · 1 peer");
    }

    #[test]
    fn what_others_tried_in_vain_is_told_and_is_no_failure() {
        let mut world = World::new();
        world.records.put_own(&Item::profile(), Record { author: [2; 32], ..record(5, 9) });
        let report = world.report();
        assert_eq!((report.problems.len(), report.failures, report.state), (1, 0, SyncState::UpToDate));
    }

    #[test]
    fn a_file_that_was_changed_here_and_an_old_key_are_told() {
        let mut world = World::new();
        world.condition.changed_here.insert(item(TEXT));
        world.says(SyncState::ChangedHere, "up to date 4 s ago, except 1 file changed here · 1 peer");
        world.shared.document.moved = Some("missive-read-x".into());
        world.says(SyncState::Moved, "moved to a new key, so new messages no longer arrive here");
        world.condition.question = Some("is it meant?".into());
        world.says(SyncState::Question, "is it meant?");
    }
}

//! How a node and its documents stand: the values that `status` shows and scripts read.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::sync::replica::limits::Refusal;
use crate::sync::sync_state::{Compared, LeftOut, Missing, Others, SyncFacts, SyncState, age, readers};

/// How a node stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeState {
    /// The device's public key, 64 hexadecimal digits.
    pub device: String,
    /// The addresses and relays at which it can be reached.
    pub addresses: Vec<String>,
    /// Its documents.
    pub documents: Vec<DocumentState>,
    /// Acceptances of invitations that are on their way.
    pub accepting: Vec<ChannelName>,
    /// What is wrong with the node as a whole.
    pub warnings: Vec<String>,
    /// By how much the clocks of others are ahead of the one here, in seconds, if that is much.
    #[serde(default)]
    pub clock: Option<i64>,
}

/// How a box and its document stand.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentState {
    /// The channel.
    pub channel: ChannelName,
    /// The box.
    #[serde(rename = "box")]
    pub side: Side,
    /// Whether this side may write.
    pub writes: bool,
    /// The state it is in: of a closed list, of which the first one that applies counts.
    #[serde(default)]
    pub state: SyncState,
    /// What the author calls the channel, untrusted.
    pub title: Option<String>,
    /// The messages of the document.
    pub messages: usize,
    /// The length of all its files, in bytes.
    pub bytes: u64,
    /// Files that are still arriving.
    pub arriving: usize,
    /// Their length that is still missing, in bytes.
    pub arriving_bytes: u64,
    /// Some of the files that are still arriving.
    #[serde(default)]
    pub waiting: Vec<String>,
    /// Since when none of them has come, in seconds since 1970.
    #[serde(default)]
    pub waiting_since: Option<i64>,
    /// Whether it is still being found out what is missing.
    #[serde(default)]
    pub checking: bool,
    /// How many files are not as their author has them and do not come by themselves, by what keeps them so.
    #[serde(default)]
    pub left_out: LeftOut,
    /// Files that cannot arrive, because what others send is not what the author signed.
    #[serde(default)]
    pub damaged: Vec<String>,
    /// Bytes that were fetched since the node started.
    pub fetched: u64,
    /// Files that are not fetched, and why.
    pub not_fetched: Vec<NotFetched>,
    /// Files of an inbox that a person changed here.
    pub changed_here: Vec<String>,
    /// Entries that mean nothing or nothing good, which are left alone.
    pub refused: usize,
    /// Why nothing is done, until somebody says what to do.
    pub question: Option<String>,
    /// What went wrong last.
    pub problems: Vec<String>,
    /// How many of these problems keep something from being synced.
    #[serde(default)]
    pub failures: usize,
    /// Whether something changed here that no peer was told of yet.
    pub telling: bool,
    /// Since when changes made here have reached nobody, in seconds since 1970.
    #[serde(default)]
    pub unsent_since: Option<i64>,
    /// When document and peer were last found the same since sync was started, in seconds since 1970.
    pub compared: Option<i64>,
    /// When that was, also before sync was started.
    #[serde(default)]
    pub last_compared: Option<i64>,
    /// A fingerprint of all that is known to exist: two devices with the same one know the same.
    #[serde(default)]
    pub version: String,
    /// Who else has the document.
    pub peers: Vec<PeerState>,
    /// The six words that both ends of a conversation see.
    pub phrase: Option<String>,
    /// The key that a writer says the channel has moved to.
    pub moved: Option<String>,
}

impl fmt::Debug for DocumentState {
    /// Without the six words and the key that it has moved to: nobody else may know them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentState")
            .field("channel", &self.channel)
            .field("side", &self.side)
            .field("writes", &self.writes)
            .field("state", &self.state)
            .field("messages", &self.messages)
            .field("bytes", &self.bytes)
            .field("arriving", &(self.arriving, self.arriving_bytes))
            .field("waiting_since", &self.waiting_since)
            .field("left_out", &self.left_out)
            .field("fetched", &self.fetched)
            .field("not_fetched", &self.not_fetched)
            .field("changed_here", &self.changed_here)
            .field("refused", &self.refused)
            .field("question", &self.question)
            .field("problems", &self.problems)
            .field("failures", &self.failures)
            .field("unsent_since", &self.unsent_since)
            .field("compared", &self.compared)
            .field("version", &self.version)
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// How a peer stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeerState {
    /// The device's public key, 64 hexadecimal digits.
    pub device: String,
    /// Whether it is connected now.
    pub connected: bool,
    /// Whether it signed what is in the document.
    pub author: bool,
    /// When it was last seen, in seconds since 1970.
    pub seen: Option<i64>,
    /// What it says that it has of the document, if it was asked.
    #[serde(default)]
    pub has: Option<PeerHas>,
}

/// What a peer says that it has of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeerHas {
    /// Whether that is everything that is known here.
    pub everything: bool,
    /// Files that it lacks of those that it knows of.
    pub missing_files: u64,
    /// What it still expects of them, in bytes.
    pub missing_bytes: u64,
    /// The fingerprint of all that it knows of.
    pub version: String,
    /// When it said so, in seconds since 1970.
    pub told: i64,
}

/// A file that is not fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotFetched {
    /// Its path in the box.
    pub path: String,
    /// Why.
    pub why: Refusal,
}

impl DocumentState {
    /// A document of which nothing is known yet.
    pub fn new(channel: ChannelName, side: Side, writes: bool) -> Self {
        Self {
            channel,
            side,
            writes,
            state: SyncState::Checking,
            title: None,
            messages: 0,
            bytes: 0,
            arriving: 0,
            arriving_bytes: 0,
            waiting: Vec::new(),
            waiting_since: None,
            checking: true,
            left_out: LeftOut::default(),
            damaged: Vec::new(),
            fetched: 0,
            not_fetched: Vec::new(),
            changed_here: Vec::new(),
            refused: 0,
            question: None,
            problems: Vec::new(),
            failures: 0,
            telling: false,
            unsent_since: None,
            compared: None,
            last_compared: None,
            version: String::new(),
            peers: Vec::new(),
            phrase: None,
            moved: None,
        }
    }

    /// Whether nothing more is to be waited for: a peer has told what there is, and all of it came that can come.
    pub fn is_settled(&self) -> bool {
        self.compared.is_some() && !self.telling && self.arriving == 0 && self.question.is_none() && self.failures == 0
    }

    /// How many peers are connected.
    pub fn connected(&self) -> usize {
        self.peers.iter().filter(|peer| peer.connected).count()
    }

    /// What it says of its state.
    pub fn facts(&self) -> SyncFacts<'_> {
        let connected = self.connected();
        SyncFacts {
            question: self.question.as_deref(),
            has_moved: self.moved.is_some(),
            is_paused: false,
            failures: self.failures,
            is_checking: self.checking || (connected > 0 && self.compared.is_none()),
            missing: Missing {
                files: self.arriving.saturating_sub(self.left_out.no_room),
                bytes: self.arriving_bytes.saturating_sub(self.left_out.no_room_bytes),
                deletions: 0,
                since: self.waiting_since,
            },
            unsent_since: self.unsent_since,
            left_out: self.left_out,
            others: Others { connected, compared: self.last_compared.map_or(Compared::Never, Compared::At) },
        }
    }

    /// How it stands, in words for a person: `up to date 4 s ago · 3 peers · 1 reader has everything`.
    pub fn sentence(&self, now: i64) -> String {
        let facts = self.facts();
        let sentence = facts.sentence(now);
        // What has to be decided stands alone.
        if facts.state(now) == SyncState::Question {
            return sentence;
        }
        let parts = [Some(sentence), self.author(now), self.readers()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// How long the author has not been seen, if that is worth a word.
    fn author(&self, now: i64) -> Option<String> {
        let mut authors = self.peers.iter().filter(|peer| peer.author).peekable();
        if self.writes || authors.peek().is_none() || authors.clone().any(|peer| peer.connected) {
            return None;
        }
        Some(match authors.filter_map(|peer| peer.seen).max() {
            Some(seen) => format!("author not seen for {}", age(seen, now)),
            None => "author never seen".to_owned(),
        })
    }

    /// How many readers have everything, by what they say.
    fn readers(&self) -> Option<String> {
        let told = || self.peers.iter().filter_map(|peer| peer.has.as_ref()).filter(|_| self.writes);
        readers(told().count(), told().filter(|has| has.everything).count())
    }

    /// Goes on from the report before this one: since when something waits shows only from one to the next.
    pub fn follow(&mut self, before: &Self, now: i64) {
        self.last_compared = self.compared.or(before.last_compared);
        let has_come = self.arriving < before.arriving || self.fetched != before.fetched;
        let since = before.waiting_since.filter(|since| !has_come && before.arriving > 0 && *since <= now);
        self.waiting_since = (self.arriving > 0).then(|| since.unwrap_or(now));
        // What was not announced when sync was stopped is not announced before a peer is there.
        let is_unsent = self.telling || (self.compared.is_none() && before.unsent_since.is_some());
        self.unsent_since = is_unsent.then(|| before.unsent_since.filter(|since| *since <= now).unwrap_or(now));
        let said: BTreeMap<&str, &PeerHas> =
            before.peers.iter().filter_map(|peer| Some((peer.device.as_str(), peer.has.as_ref()?))).collect();
        for peer in &mut self.peers {
            peer.has = said.get(peer.device.as_str()).map(|has| (*has).clone());
        }
        self.judge_readers();
        self.state = self.facts().state(now);
    }

    /// Begins where the last run of sync has ended.
    pub fn resume(&mut self, last: &Self) {
        (self.last_compared, self.unsent_since) = (last.last_compared, last.unsent_since);
        (self.arriving, self.arriving_bytes, self.waiting_since) =
            (last.arriving, last.arriving_bytes, last.waiting_since);
        self.left_out = last.left_out;
        self.version.clone_from(&last.version);
        self.peers.clone_from(&last.peers);
        self.peers.iter_mut().for_each(|peer| peer.connected = false);
    }

    /// Notes what a peer says that it has.
    pub fn note_reader(&mut self, device: &str, has: PeerHas) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.device == device) {
            peer.has = Some(has);
        }
        self.judge_readers();
    }

    /// A reader has everything when it lacks nothing, and knows of all that is known here.
    fn judge_readers(&mut self) {
        for has in self.peers.iter_mut().filter_map(|peer| peer.has.as_mut()) {
            has.everything = has.missing_files == 0 && has.version == self.version;
        }
    }

    /// How much is missing here of what is known, as others are told who ask: files and bytes.
    pub fn missing(&self) -> (u64, u64) {
        let LeftOut { damaged, limited, .. } = self.left_out;
        let checking = usize::from(self.checking || self.question.is_some());
        let files = self.arriving + damaged + limited + self.failures + checking;
        (u64::try_from(files).unwrap_or(u64::MAX), self.arriving_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_354_504;

    fn document(writes: bool) -> DocumentState {
        let side = if writes { Side::Outbox } else { Side::Inbox };
        let mut document = DocumentState::new("blog".parse().unwrap(), side, writes);
        (document.checking, document.compared, document.last_compared) = (false, Some(NOW - 4), Some(NOW - 4));
        document.version = "a".into();
        document
    }

    fn peer(device: &str, author: bool, connected: bool, seen: i64) -> PeerState {
        PeerState { device: device.into(), connected, author, seen: Some(seen), has: None }
    }

    fn has(version: &str, missing_files: u64) -> PeerHas {
        PeerHas { everything: false, missing_files, missing_bytes: 9, version: version.into(), told: NOW }
    }

    #[test]
    fn it_speaks_in_human_terms() {
        let nothing = DocumentState::new("blog".parse().unwrap(), Side::Inbox, false);
        assert_eq!(nothing.sentence(NOW), "checking files");
        let mut document = document(false);
        document.peers = vec![peer("a", true, true, NOW), peer("b", false, true, NOW), peer("c", false, true, NOW)];
        assert_eq!(document.sentence(NOW), "up to date 4 s ago · 3 peers");
        document.peers = vec![peer("a", true, false, NOW - 2 * 86_400), peer("b", false, true, NOW)];
        assert_eq!(document.sentence(NOW), "up to date 4 s ago · 1 peer · author not seen for 2 days");
        (document.arriving, document.arriving_bytes) = (12, 3_400_000);
        let arriving = "12 files still arriving (3.4 MB) · 1 peer connected · author not seen for 2 days";
        assert_eq!(document.sentence(NOW), arriving);
        document.question = Some("is it meant?".into());
        assert_eq!(document.sentence(NOW), "is it meant?");
    }

    #[test]
    fn a_reader_has_everything_when_it_says_so_of_the_same_version() {
        let mut document = document(true);
        document.peers = vec![peer("a", false, true, NOW), peer("b", false, true, NOW)];
        assert_eq!(document.sentence(NOW), "up to date 4 s ago · 2 peers");
        document.note_reader("a", has("a", 0));
        assert_eq!(document.sentence(NOW), "up to date 4 s ago · 2 peers · 1 reader has everything");
        document.note_reader("b", has("a", 1));
        assert_eq!(document.sentence(NOW), "up to date 4 s ago · 2 peers · 1 of 2 readers has everything");
        let mut next = DocumentState { version: "b".into(), ..document.clone() };
        next.peers.iter_mut().for_each(|peer| peer.has = None);
        next.follow(&document, NOW);
        assert_eq!(next.sentence(NOW), "up to date 4 s ago · 2 peers · no reader has everything yet");
        next.writes = false;
        assert_eq!(next.sentence(NOW), "up to date 4 s ago · 2 peers");
    }

    #[test]
    fn what_waits_is_counted_from_when_something_came_last() {
        let (mut before, still) = (document(false), DocumentState { arriving: 2, ..document(false) });
        let mut step = |mut state: DocumentState, now| {
            state.follow(&before, now);
            before = state;
            (before.waiting_since, before.state)
        };
        let moved = DocumentState { fetched: 5, ..still.clone() };
        assert_eq!(step(still.clone(), NOW), (Some(NOW), SyncState::Receiving));
        assert_eq!(step(still.clone(), NOW + 60), (Some(NOW), SyncState::Waiting));
        assert_eq!(step(DocumentState { arriving: 3, ..still }, NOW + 70), (Some(NOW), SyncState::Waiting), "one more");
        assert_eq!(step(moved, NOW + 80), (Some(NOW + 80), SyncState::Receiving));
        assert_eq!(step(document(false), NOW + 90), (None, SyncState::Offline));
    }

    #[test]
    fn what_nobody_has_heard_of_stays_so_when_sync_is_stopped() {
        let mut stopped = DocumentState { telling: true, ..document(true) };
        stopped.follow(&document(true), NOW);
        assert_eq!((stopped.unsent_since, stopped.state), (Some(NOW), SyncState::Unsent));
        let mut started = DocumentState::new(stopped.channel.clone(), stopped.side, true);
        started.resume(&stopped);
        let mut alone = DocumentState { compared: None, last_compared: None, ..document(true) };
        alone.follow(&started, NOW + 60);
        assert_eq!((alone.unsent_since, alone.state), (Some(NOW), SyncState::Unsent));
        assert_eq!(alone.last_compared, Some(NOW - 4));
        let mut met = DocumentState { compared: Some(NOW + 70), ..document(true) };
        met.follow(&alone, NOW + 70);
        assert_eq!((met.unsent_since, met.state), (None, SyncState::Offline));
    }

    #[test]
    fn a_state_of_an_older_version_is_understood() {
        let older = r#"{"device":"","addresses":[],"documents":[{"channel":"blog","box":"inbox","writes":false,"title":null,
            "messages":0,"bytes":0,"arriving":0,"arriving_bytes":0,"fetched":0,"not_fetched":[],"changed_here":[],"refused":0,
            "question":null,"problems":[],"telling":false,"compared":null,"peers":[{"device":"","connected":false,
            "author":false,"seen":null}],"phrase":null,"moved":null}],"accepting":[],"warnings":[]}"#;
        let state: NodeState = serde_json::from_str(older).unwrap();
        assert_eq!(state.documents.first().map(|document| document.state), Some(SyncState::Checking));
    }
}

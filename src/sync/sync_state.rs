//! The states that a synced box can be in: a closed list, in the order in which one is chosen over another, and the words for each.
//!
//! "Up to date" means that everything known to exist is here. Both ways of syncing, missive's own and Syncthing's, use these words.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::article::readable_size;
use crate::text::quantity::{count, time_length};

/// So long nothing has come when files that are missing are waited for and not arriving any more, in seconds.
const STALLED_AFTER: i64 = 10;

/// The state of a synced box. Of several that apply, the first one counts. The handbook has these sentences too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// Sync of the box has stopped, and somebody has to decide how it goes on.
    Question,
    /// The channel has moved to a new key, and new messages no longer arrive with the old one.
    Moved,
    /// The folder is paused in Syncthing.
    Paused,
    /// Something failed: a file cannot be read, written or shared, and the lines below say which and why.
    Failing,
    /// Files wait until there is free space on the disk.
    DiskFull,
    /// Files are arriving.
    Receiving,
    /// Files are missing, and nobody is sending them at the moment.
    Waiting,
    /// What is missing is not known yet, because files are still being checked or compared.
    #[default]
    Checking,
    /// Nobody who has the channel has connected yet.
    NeverConnected,
    /// Files cannot arrive, because what others send is not what the author signed.
    Damaged,
    /// Your latest changes have not reached anyone yet.
    Unsent,
    /// Everything has arrived, but files of the inbox were changed on this computer.
    ChangedHere,
    /// Everything is here except files beyond the limits in your settings.
    Limited,
    /// Everything was here when somebody was last connected, and nobody is connected now.
    Offline,
    /// Everything that is known to exist is here.
    UpToDate,
}

impl SyncState {
    /// All of them, in the order in which one is chosen over another.
    pub const ALL: [Self; 15] = [
        Self::Question,
        Self::Moved,
        Self::Paused,
        Self::Failing,
        Self::DiskFull,
        Self::Receiving,
        Self::Waiting,
        Self::Checking,
        Self::NeverConnected,
        Self::Damaged,
        Self::Unsent,
        Self::ChangedHere,
        Self::Limited,
        Self::Offline,
        Self::UpToDate,
    ];

    /// Whether it comes and goes with each message.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Receiving | Self::Checking | Self::Unsent)
    }

    /// Its name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Moved => "moved",
            Self::Paused => "paused",
            Self::Failing => "failing",
            Self::DiskFull => "disk-full",
            Self::Receiving => "receiving",
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::NeverConnected => "never-connected",
            Self::Damaged => "damaged",
            Self::Unsent => "unsent",
            Self::ChangedHere => "changed-here",
            Self::Limited => "limited",
            Self::Offline => "offline",
            Self::UpToDate => "up-to-date",
        }
    }
}

impl fmt::Display for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a box, from which its state follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncFacts<'a> {
    /// What somebody has to decide, in words.
    pub question: Option<&'a str>,
    /// Whether the channel has moved to a new key.
    pub has_moved: bool,
    /// Whether it is paused in Syncthing.
    pub is_paused: bool,
    /// How many problems keep something from being synced.
    pub failures: usize,
    /// Whether it is still being found out what is missing.
    pub is_checking: bool,
    /// What is missing, and may come.
    pub missing: Missing,
    /// Since when changes made here have reached nobody, in seconds since 1970.
    pub unsent_since: Option<i64>,
    /// What is not as its author has it, and does not come by itself.
    pub left_out: LeftOut,
    /// The other devices.
    pub others: Others,
}

/// What is missing, and may come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missing {
    /// Files.
    pub files: usize,
    /// What is still to come of them, in bytes.
    pub bytes: u64,
    /// Files that are still to be deleted.
    pub deletions: usize,
    /// Since when nothing has come, in seconds since 1970.
    pub since: Option<i64>,
}

/// Files that are not as their author has them, by what keeps them so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeftOut {
    /// Those that there is no room for on the disk.
    pub no_room: usize,
    /// Their length, in bytes.
    pub no_room_bytes: u64,
    /// Those whose content is not what their author signed.
    pub damaged: usize,
    /// Those of an inbox that were changed here.
    pub changed_here: usize,
    /// Those beyond the limits.
    pub limited: usize,
}

/// The other devices that have a box.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    /// How many are connected.
    pub connected: usize,
    /// When all that they have was compared with what is here.
    pub compared: Compared,
}

/// When what others have was compared with what is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compared {
    /// Not yet.
    #[default]
    Never,
    /// At this time, in seconds since 1970.
    At(i64),
    /// All the time, as long as somebody is connected.
    Always,
}

impl SyncFacts<'_> {
    /// The state of the box at this time, in seconds since 1970.
    pub fn state(&self, now: i64) -> SyncState {
        let LeftOut { no_room, damaged, changed_here, limited, .. } = self.left_out;
        let is_missing = self.missing.files > 0 || self.missing.deletions > 0;
        let is_stalled = self.missing.since.is_some_and(|since| now.saturating_sub(since) >= STALLED_AFTER);
        let is_unknown = self.others.compared == Compared::Never;
        let all = [
            (SyncState::Question, self.question.is_some()),
            (SyncState::Moved, self.has_moved),
            (SyncState::Paused, self.is_paused),
            (SyncState::Failing, self.failures > 0),
            (SyncState::DiskFull, no_room > 0),
            (SyncState::Receiving, is_missing && !is_stalled),
            (SyncState::Waiting, is_missing),
            (SyncState::Checking, self.is_checking || (is_unknown && self.others.connected > 0)),
            (SyncState::NeverConnected, is_unknown),
            (SyncState::Damaged, damaged > 0),
            (SyncState::Unsent, self.unsent_since.is_some()),
            (SyncState::ChangedHere, changed_here > 0),
            (SyncState::Limited, limited > 0),
            (SyncState::Offline, self.others.connected == 0),
        ];
        all.into_iter().find(|(_, applies)| *applies).map_or(SyncState::UpToDate, |(state, _)| state)
    }

    /// How the box stands, in words for a person: `up to date 4 s ago · 3 peers`.
    pub fn sentence(&self, now: i64) -> String {
        let state = self.state(now);
        let mut parts = vec![self.beginning(state, now)];
        match state {
            // Who is connected makes no difference to these.
            SyncState::Question | SyncState::Moved | SyncState::Checking | SyncState::NeverConnected => {}
            SyncState::Paused | SyncState::Failing | SyncState::DiskFull => {
                parts.extend(self.missing());
                parts.push(self.connected());
            }
            SyncState::Receiving | SyncState::Damaged | SyncState::Unsent => parts.push(self.connected()),
            SyncState::Waiting => parts.push(match self.others.connected {
                0 => self.connected(),
                1 => format!("the connected peer does not send {}", self.them()),
                several => format!("none of the {several} connected peers sends {}", self.them()),
            }),
            SyncState::ChangedHere | SyncState::Limited | SyncState::Offline | SyncState::UpToDate => {
                parts.push(match self.others.connected {
                    0 => self.connected(),
                    connected => count(connected, "peer"),
                });
            }
        }
        parts.join(" · ")
    }

    /// What a state says first.
    fn beginning(&self, state: SyncState, now: i64) -> String {
        let LeftOut { no_room, no_room_bytes, damaged, .. } = self.left_out;
        match state {
            SyncState::Question => self.question.unwrap_or_default().to_owned(),
            SyncState::Moved => "moved to a new key, so new messages no longer arrive here".to_owned(),
            SyncState::Paused => "paused in Syncthing".to_owned(),
            SyncState::Failing => format!("not up to date: {}", count(self.failures, "problem")),
            SyncState::DiskFull => {
                let wait = if no_room == 1 { "waits" } else { "wait" };
                let size = readable_size(no_room_bytes);
                format!("{} ({size}) {wait} for free space on the disk", count(no_room, "file"))
            }
            SyncState::Receiving => self.missing().unwrap_or_default(),
            SyncState::Waiting => {
                let since = self.missing.since.unwrap_or(now);
                format!("waiting for {} for {}", self.what_is_missing(), age(since, now))
            }
            SyncState::Checking => match (self.others.connected, self.others.compared) {
                (0, _) | (_, Compared::Always) => "checking files".to_owned(),
                (connected, _) => format!("comparing with {}", count(connected, "peer")),
            },
            SyncState::NeverConnected => "no one has connected yet".to_owned(),
            SyncState::Damaged => format!(
                "not up to date: {} cannot arrive, because what others send is not what the author signed",
                count(damaged, "file")
            ),
            SyncState::Unsent if self.others.connected > 0 => "sending your latest changes".to_owned(),
            SyncState::Unsent => {
                let since = self.unsent_since.unwrap_or(now);
                format!("your latest changes have not reached anyone for {}", age(since, now))
            }
            SyncState::ChangedHere | SyncState::Limited | SyncState::Offline | SyncState::UpToDate => {
                self.up_to_date(now) + &self.exceptions()
            }
        }
    }

    /// Since when everything is here, or until when it was.
    fn up_to_date(&self, now: i64) -> String {
        match self.others.compared {
            Compared::At(then) if self.others.connected == 0 => format!("up to date as of {} ago", age(then, now)),
            Compared::At(then) if then >= now => "up to date just now".to_owned(),
            Compared::At(then) => format!("up to date {} ago", age(then, now)),
            Compared::Always | Compared::Never => "up to date".to_owned(),
        }
    }

    /// What is left out although everything else is here: `, except 2 files changed here`.
    pub fn exceptions(&self) -> String {
        let changed = self.left_out.changed_here;
        let limited = self.left_out.limited;
        let changed = (changed > 0).then(|| format!("{} changed here", count(changed, "file")));
        let limited = (limited > 0).then(|| format!("{} beyond the limits", count(limited, "file")));
        let all: Vec<String> = changed.into_iter().chain(limited).collect();
        if all.is_empty() { String::new() } else { format!(", except {}", all.join(" and ")) }
    }

    /// What is still to come, if anything is.
    fn missing(&self) -> Option<String> {
        let Missing { files, bytes, deletions, .. } = self.missing;
        let arriving =
            (files > 0).then(|| format!("{} still arriving ({})", count(files, "file"), readable_size(bytes)));
        let deletions = (deletions > 0).then(|| format!("{} still to be deleted here", count(deletions, "file")));
        let all: Vec<String> = arriving.into_iter().chain(deletions).collect();
        (!all.is_empty()).then(|| all.join(" · "))
    }

    /// What is missing, as something that is waited for.
    fn what_is_missing(&self) -> String {
        let Missing { files, bytes, deletions, .. } = self.missing;
        if files > 0 {
            format!("{} ({})", count(files, "file"), readable_size(bytes))
        } else {
            count(deletions, "deletion")
        }
    }

    /// What is missing, once it was named.
    fn them(&self) -> &'static str {
        if self.missing.files.max(self.missing.deletions) == 1 { "it" } else { "them" }
    }

    fn connected(&self) -> String {
        match self.others.connected {
            0 => "no one is connected".to_owned(),
            connected => format!("{} connected", count(connected, "peer")),
        }
    }
}

/// How many readers have everything, by what they say: of how many, if of any.
pub fn readers(told: usize, whole: usize) -> Option<String> {
    match (told, whole) {
        (0, _) => None,
        (_, 0) => Some("no reader has everything yet".to_owned()),
        (_, 1) if told == 1 => Some("1 reader has everything".to_owned()),
        (told, whole) if told == whole => Some(format!("{whole} readers have everything")),
        (told, 1) => Some(format!("1 of {told} readers has everything")),
        (told, whole) => Some(format!("{whole} of {told} readers have everything")),
    }
}

/// How long ago a moment was. A clock that was set back makes nothing newer than now.
pub fn age(then: i64, now: i64) -> String {
    time_length(u64::try_from(now.saturating_sub(then)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_354_504;
    const DAY: i64 = 86_400;

    /// A box that is up to date with two peers.
    fn whole() -> SyncFacts<'static> {
        SyncFacts { others: Others { connected: 2, compared: Compared::At(NOW - 4) }, ..SyncFacts::default() }
    }

    fn alone() -> SyncFacts<'static> {
        SyncFacts { others: Others { connected: 0, compared: Compared::At(NOW - 3 * DAY) }, ..SyncFacts::default() }
    }

    fn left_out(damaged: usize, changed_here: usize, limited: usize) -> LeftOut {
        LeftOut { damaged, changed_here, limited, ..LeftOut::default() }
    }

    fn missing(since: i64) -> Missing {
        Missing { files: 12, bytes: 3_400_000, deletions: 0, since: Some(since) }
    }

    #[track_caller]
    fn says(facts: &SyncFacts, state: SyncState, words: &str) {
        assert_eq!((facts.state(NOW), facts.sentence(NOW).as_str()), (state, words));
    }

    #[test]
    fn each_state_has_its_words() {
        let question = Some("is it meant?");
        says(&SyncFacts { question, ..whole() }, SyncState::Question, "is it meant?");
        says(
            &SyncFacts { has_moved: true, ..whole() },
            SyncState::Moved,
            "moved to a new key, so new messages no longer arrive here",
        );
        says(&SyncFacts { is_paused: true, ..alone() }, SyncState::Paused, "paused in Syncthing · no one is connected");
        says(
            &SyncFacts { failures: 2, missing: missing(NOW), ..whole() },
            SyncState::Failing,
            "not up to date: 2 problems · 12 files still arriving (3.4 MB) · 2 peers connected",
        );
        says(
            &SyncFacts { left_out: LeftOut { no_room: 1, no_room_bytes: 5000, ..LeftOut::default() }, ..whole() },
            SyncState::DiskFull,
            "1 file (5 kB) waits for free space on the disk · 2 peers connected",
        );
        says(
            &SyncFacts { missing: missing(NOW - 9), ..whole() },
            SyncState::Receiving,
            "12 files still arriving (3.4 MB) · 2 peers connected",
        );
        says(&SyncFacts { is_checking: true, ..alone() }, SyncState::Checking, "checking files");
        says(&SyncFacts::default(), SyncState::NeverConnected, "no one has connected yet");
        says(
            &SyncFacts { left_out: left_out(2, 0, 0), ..whole() },
            SyncState::Damaged,
            "not up to date: 2 files cannot arrive, because what others send is not what the author signed · 2 peers connected",
        );
        says(
            &SyncFacts { left_out: left_out(0, 2, 0), ..whole() },
            SyncState::ChangedHere,
            "up to date 4 s ago, except 2 files changed here · 2 peers",
        );
        says(
            &SyncFacts { left_out: left_out(0, 0, 1), ..alone() },
            SyncState::Limited,
            "up to date as of 3 days ago, except 1 file beyond the limits · no one is connected",
        );
        says(
            &SyncFacts { left_out: left_out(0, 1, 3), ..whole() },
            SyncState::ChangedHere,
            "up to date 4 s ago, except 1 file changed here and 3 files beyond the limits · 2 peers",
        );
        says(&alone(), SyncState::Offline, "up to date as of 3 days ago · no one is connected");
        says(&whole(), SyncState::UpToDate, "up to date 4 s ago · 2 peers");
    }

    #[test]
    fn what_waits_says_for_how_long_and_for_whom() {
        says(
            &SyncFacts { missing: missing(NOW - 7200), ..alone() },
            SyncState::Waiting,
            "waiting for 12 files (3.4 MB) for 2 h · no one is connected",
        );
        let mut one = SyncFacts { missing: missing(NOW - 10), ..whole() };
        says(
            &one,
            SyncState::Waiting,
            "waiting for 12 files (3.4 MB) for 10 s · none of the 2 connected peers sends them",
        );
        one.others.connected = 1;
        says(
            &one,
            SyncState::Waiting,
            "waiting for 12 files (3.4 MB) for 10 s · the connected peer does not send them",
        );
        one.missing.files = 1;
        says(&one, SyncState::Waiting, "waiting for 1 file (3.4 MB) for 10 s · the connected peer does not send it");
        one.missing.since = Some(NOW + 100);
        assert_eq!(one.state(NOW), SyncState::Receiving, "a clock that was set back");
        says(
            &SyncFacts { unsent_since: Some(NOW - 7200), ..alone() },
            SyncState::Unsent,
            "your latest changes have not reached anyone for 2 h · no one is connected",
        );
        says(
            &SyncFacts { unsent_since: Some(NOW), ..whole() },
            SyncState::Unsent,
            "sending your latest changes · 2 peers connected",
        );
        let deletions = Missing { files: 0, bytes: 0, deletions: 1, since: None };
        says(
            &SyncFacts { missing: deletions, ..whole() },
            SyncState::Receiving,
            "1 file still to be deleted here · 2 peers connected",
        );
    }

    #[test]
    fn nobody_is_up_to_date_before_anything_was_compared() {
        let met = Others { connected: 1, compared: Compared::Never };
        says(&SyncFacts { others: met, ..SyncFacts::default() }, SyncState::Checking, "comparing with 1 peer");
        let known = SyncFacts { missing: missing(NOW), ..SyncFacts::default() };
        says(&known, SyncState::Receiving, "12 files still arriving (3.4 MB) · no one is connected");
        let now = Others { connected: 1, compared: Compared::At(NOW) };
        says(&SyncFacts { others: now, ..SyncFacts::default() }, SyncState::UpToDate, "up to date just now · 1 peer");
        let always = Others { connected: 1, compared: Compared::Always };
        says(&SyncFacts { others: always, ..SyncFacts::default() }, SyncState::UpToDate, "up to date · 1 peer");
    }

    /// Facts to which this state applies, beside whatever else does.
    fn add(facts: &mut SyncFacts, state: SyncState) {
        match state {
            SyncState::Question => facts.question = Some("?"),
            SyncState::Moved => facts.has_moved = true,
            SyncState::Paused => facts.is_paused = true,
            SyncState::Failing => facts.failures = 1,
            SyncState::DiskFull => facts.left_out.no_room = 1,
            SyncState::Receiving => facts.missing = missing(NOW),
            SyncState::Waiting => facts.missing = missing(NOW - DAY),
            SyncState::Checking => facts.is_checking = true,
            SyncState::NeverConnected => facts.others = Others::default(),
            SyncState::Damaged => facts.left_out.damaged = 1,
            SyncState::Unsent => facts.unsent_since = Some(NOW),
            SyncState::ChangedHere => facts.left_out.changed_here = 1,
            SyncState::Limited => facts.left_out.limited = 1,
            SyncState::Offline => facts.others.connected = 0,
            SyncState::UpToDate => {}
        }
    }

    #[test]
    fn of_two_states_the_first_counts() {
        for first in SyncState::ALL {
            for second in SyncState::ALL {
                let mut facts = whole();
                // Of these two pairs only one can be so.
                let excludes =
                    [(SyncState::Receiving, SyncState::Waiting), (SyncState::Offline, SyncState::NeverConnected)];
                if excludes.iter().any(|(one, other)| [(first, second), (second, first)].contains(&(*one, *other))) {
                    continue;
                }
                add(&mut facts, first);
                add(&mut facts, second);
                assert_eq!(facts.state(NOW), first.min(second), "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn nothing_says_up_to_date_that_is_not() {
        for state in SyncState::ALL.into_iter().filter(|state| *state < SyncState::ChangedHere) {
            let mut facts = whole();
            add(&mut facts, state);
            let words = facts.sentence(NOW).replace("not up to date", "");
            assert!(!words.contains("up to date"), "{state:?}: {words}");
        }
    }

    #[test]
    fn the_list_is_whole_and_in_order() {
        assert!(SyncState::ALL.is_sorted());
        for state in SyncState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }

    #[test]
    fn the_handbook_has_the_sentence_of_each_state() {
        let handbook = concat!(env!("CARGO_MANIFEST_DIR"), "/example-channel/outbox/2026-11-22T18-20-44Z.txt");
        let handbook = std::fs::read_to_string(handbook).unwrap();
        let schema = schemars::schema_for!(SyncState);
        let states = schema.as_value()["oneOf"].as_array().unwrap();
        assert_eq!(states.len(), SyncState::ALL.len());
        for state in states {
            let sentence = state["description"].as_str().unwrap();
            assert!(handbook.contains(sentence), "the handbook lacks: {sentence}");
        }
    }

    #[test]
    fn readers_are_counted_by_what_they_say() {
        let said: Vec<_> =
            [(0, 0), (1, 0), (1, 1), (3, 1), (3, 2), (3, 3)].map(|(told, whole)| readers(told, whole)).into();
        let words = [
            None,
            Some("no reader has everything yet"),
            Some("1 reader has everything"),
            Some("1 of 3 readers has everything"),
            Some("2 of 3 readers have everything"),
            Some("3 readers have everything"),
        ];
        assert_eq!(said, words.map(|words| words.map(str::to_owned)));
    }
}

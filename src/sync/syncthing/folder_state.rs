//! The state of the folders that Syncthing carries of a channel: the few facts of its many that a person asks for.

use std::collections::BTreeMap;

use chrono::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::client::Syncthing;
use super::device::DeviceId;
use super::error::Error;
use super::folders::{Device, Folder};
use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::sync_state::{Compared, LeftOut, Missing, Others, SyncFacts, SyncState, readers};
use crate::text::invisible::field;

/// How it stands with one box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FolderState {
    /// The box.
    pub side: Side,
    /// The state it is in: of a closed list, of which the first one that applies counts.
    #[serde(rename = "state")]
    pub sync_state: SyncState,
    /// The folder's id in Syncthing.
    pub folder: String,
    /// What Syncthing is doing with it.
    pub activity: Activity,
    /// What keeps it from doing so, in Syncthing's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Files that could not be brought here.
    pub failed: u64,
    /// Files that there are, here and elsewhere.
    pub files: u64,
    /// Files that are still to come.
    pub need_files: u64,
    /// What they weigh.
    pub need_bytes: u64,
    /// Files that are still to be deleted here.
    pub need_deletes: u64,
    /// Files of an inbox that were changed or added here, which the author's are not exchanged for.
    pub receive_only_changed_files: u64,
    /// The same with folders, links and deletions counted too: over zero, Syncthing shows the folder in red.
    pub receive_only_changed_items: u64,
    /// The devices that it is shared with, without this one.
    pub peers: Vec<Peer>,
}

impl FolderState {
    /// What it says of its state.
    pub fn facts(&self) -> SyncFacts<'static> {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let connected = self.peers.iter().filter(|peer| peer.connected).count();
        let seen = self.peers.iter().filter_map(|peer| peer.last_seen).max();
        let compared = if connected > 0 {
            Compared::Always
        } else {
            seen.map_or(Compared::Never, |seen| Compared::At(seen.seconds()))
        };
        SyncFacts {
            question: None,
            has_moved: false,
            is_paused: self.activity == Activity::Paused,
            failures: number(self.failed) + usize::from(self.problem.is_some()),
            is_checking: matches!(self.activity, Activity::Scanning | Activity::Other),
            missing: Missing {
                files: number(self.need_files),
                bytes: self.need_bytes,
                deletions: number(self.need_deletes),
                since: None,
            },
            unsent_since: None,
            left_out: LeftOut { changed_here: number(self.receive_only_changed_items), ..LeftOut::default() },
            others: Others { connected, compared },
        }
    }

    /// How many readers have everything, by what Syncthing knows of them.
    pub fn readers(&self) -> Option<String> {
        let lacks = || self.peers.iter().filter_map(|peer| peer.need_files).filter(|_| self.side == Side::Outbox);
        readers(lacks().count(), lacks().filter(|lacks| *lacks == 0).count())
    }
}

/// What Syncthing is doing with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Nothing: it waits for changes.
    Idle,
    /// It looks for changes here, or waits for its turn to.
    Scanning,
    /// It fetches, or waits for its turn to.
    Syncing,
    /// It stopped.
    Error,
    /// Somebody told it to pause.
    Paused,
    /// It is starting, or does something that this version does not know.
    Other,
}

impl Activity {
    /// Reads Syncthing's word for it.
    fn from_word(word: &str) -> Self {
        match word {
            "idle" => Self::Idle,
            "scanning" | "scan-waiting" | "cleaning" | "clean-waiting" => Self::Scanning,
            "syncing" | "sync-waiting" | "sync-preparing" => Self::Syncing,
            "error" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// A device that a box is shared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Peer {
    /// Its id.
    pub device: DeviceId,
    /// Its name in Syncthing, fit for a line; empty when it has none.
    pub name: String,
    /// Whether it is there now.
    pub connected: bool,
    /// When it was last there; nothing when it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Stamp>,
    /// Files that it lacks, as far as known here; nothing when the folder is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_files: Option<u64>,
    /// What they weigh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_bytes: Option<u64>,
}

impl Syncthing {
    /// How it stands with each box of a channel that Syncthing carries; empty when it carries none.
    ///
    /// # Errors
    /// Whatever Syncthing says.
    pub fn state(&self, channel: &Channel) -> Result<Vec<FolderState>, Error> {
        let mut carried = Vec::new();
        for side in Side::BOTH {
            carried.extend(self.folders().at(&channel.path.join(side.name()))?.map(|folder| (side, folder)));
        }
        if carried.is_empty() {
            return Ok(Vec::new());
        }
        let around = self.around()?;
        carried.into_iter().map(|(side, folder)| self.state_of(side, &folder, &around)).collect()
    }

    fn around(&self) -> Result<Around, Error> {
        let connections: Connections = self.rest.get("/rest/system/connections", &[])?;
        Ok(Around {
            devices: self.folders().devices()?,
            connections: connections.connections,
            seen: self.rest.get("/rest/stats/device", &[])?,
        })
    }

    fn state_of(&self, side: Side, folder: &Folder, around: &Around) -> Result<FolderState, Error> {
        // Of a paused folder Syncthing knows nothing.
        let status = if folder.paused { Status::default() } else { self.status(folder)? };
        let mut peers = Vec::new();
        for id in folder.devices().filter_map(|id| DeviceId::parse(id).ok()).filter(|id| id != self.device()) {
            let lacks = if folder.paused { None } else { Some(self.completion(folder, &id)?) };
            peers.push(around.peer(id, lacks.as_ref()));
        }
        let mut state = FolderState {
            side,
            sync_state: SyncState::default(),
            folder: folder.id.clone(),
            activity: if folder.paused { Activity::Paused } else { Activity::from_word(&status.state) },
            problem: Some(status.error).filter(|error| !error.is_empty()).map(|error| field(&error)),
            failed: status.pull_errors,
            files: status.global_files,
            need_files: status.need_files,
            need_bytes: status.need_bytes,
            need_deletes: status.need_deletes,
            receive_only_changed_files: status.receive_only_changed_files,
            receive_only_changed_items: status.receive_only_total_items,
            peers,
        };
        // Syncthing does not say since when something waits.
        state.sync_state = state.facts().state(0);
        Ok(state)
    }

    fn status(&self, folder: &Folder) -> Result<Status, Error> {
        self.rest.get("/rest/db/status", &[("folder", &folder.id)])
    }

    fn completion(&self, folder: &Folder, device: &DeviceId) -> Result<Completion, Error> {
        self.rest.get("/rest/db/completion", &[("folder", &folder.id), ("device", device.as_str())])
    }
}

/// What Syncthing knows of all devices.
struct Around {
    devices: Vec<Device>,
    connections: BTreeMap<String, Connection>,
    seen: BTreeMap<String, Seen>,
}

impl Around {
    fn peer(&self, id: DeviceId, lacks: Option<&Completion>) -> Peer {
        let name = self.devices.iter().find(|device| device.id == id.as_str()).map_or("", |device| &device.name);
        Peer {
            name: field(name),
            connected: self.connections.get(id.as_str()).is_some_and(|connection| connection.connected),
            last_seen: self.seen.get(id.as_str()).and_then(|seen| moment(&seen.last_seen)),
            need_files: lacks.map(|lacks| lacks.need_items),
            need_bytes: lacks.map(|lacks| lacks.need_bytes),
            device: id,
        }
    }
}

/// An RFC 3339 time; Syncthing says 1970 for never.
fn moment(text: &str) -> Option<Stamp> {
    let seconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
    Stamp::from_seconds(seconds).filter(|_| seconds > 0)
}

#[derive(Deserialize)]
struct Connections {
    connections: BTreeMap<String, Connection>,
}

#[derive(Deserialize)]
struct Connection {
    connected: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    last_seen: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    state: String,
    error: String,
    pull_errors: u64,
    global_files: u64,
    need_files: u64,
    need_bytes: u64,
    need_deletes: u64,
    receive_only_changed_files: u64,
    receive_only_total_items: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Completion {
    need_items: u64,
    need_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_no_moment() {
        assert_eq!(moment("1970-01-01T01:00:00+01:00"), None);
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
        assert_eq!(moment("soon"), None);
        let seen = moment("2026-11-22T15:35:04.123+02:00").unwrap();
        assert_eq!(seen.to_string(), "2026-11-22T13-35-04Z");
    }

    #[test]
    fn every_word_of_syncthing_has_a_meaning() {
        assert_eq!(Activity::from_word("sync-preparing"), Activity::Syncing);
        assert_eq!(Activity::from_word("error"), Activity::Error);
        assert_eq!(Activity::from_word(""), Activity::Other);
        assert_eq!(serde_json::to_string(&Activity::Idle).unwrap(), "\"idle\"");
    }
}

//! Channels that another tool carries: `--via syncthing`.
//!
//! It says above all what is different from keys of our own: with Syncthing an author accepts each reader.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind, folder};
use crate::commands::{Environment, Failure, count, documents};
use crate::sync::keys::book::Book;
use crate::sync::syncthing;
use crate::sync::syncthing::{Asking, CarriedBox, DeviceId, FolderState, Key, Syncthing};
use crate::text::invisible::field;
use crate::text::shell;

/// A tool that carries folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// The Syncthing that runs on this machine
    Syncthing,
}

/// Which tool carries a channel.
#[derive(Debug, Args)]
pub struct ViaArgs {
    /// Let another tool carry the channel
    #[arg(long, value_name = "TOOL", value_enum)]
    via: Option<Tool>,
}

/// Which tool carries one's own channel, and who may read it there.
#[derive(Debug, Args)]
pub struct ShareViaArgs {
    #[command(flatten)]
    via: ViaArgs,
    /// Accept a reader's Syncthing, by its device id
    #[arg(long = "reader", value_name = "DEVICE-ID", requires = "via", value_parser = |id: &str| DeviceId::parse(id).map_err(|error| error.to_string()))]
    readers: Vec<DeviceId>,
}

/// What Syncthing was told.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SyncthingReport {
    /// An outbox is shared.
    Shared {
        /// The channel.
        channel: String,
        /// What to hand out.
        key: Key,
        /// The devices that were accepted.
        readers: Vec<DeviceId>,
        /// The devices that ask.
        asking: Vec<Asking>,
    },
    /// An inbox is filled.
    Subscribed {
        /// The channel.
        channel: String,
        /// Its folder.
        path: String,
        /// This device's id, which the author has to accept.
        device: DeviceId,
    },
}

impl ViaArgs {
    /// Whether another tool is to carry it.
    pub(super) fn is_given(&self) -> bool {
        self.via.is_some()
    }
}

impl ShareViaArgs {
    /// Shares a channel's outbox through the tool, if one was named.
    ///
    /// # Errors
    /// [`Failure`], in the words of what Syncthing says.
    pub(super) fn share(
        &self,
        channel: &Channel,
        environment: &Environment,
    ) -> Result<Option<SyncthingReport>, Failure> {
        if !self.via.is_given() {
            return Ok(None);
        }
        let syncthing = open(environment)?;
        let shared = syncthing.share(channel, &self.readers, Uuid::new_v4())?;
        let asking = syncthing.asking(channel)?;
        Ok(Some(SyncthingReport::Shared {
            channel: channel.name.to_string(),
            key: shared.key,
            readers: shared.readers,
            asking,
        }))
    }
}

/// Lets Syncthing fill an inbox, of a channel that there is or of a new one.
///
/// # Errors
/// [`Failure`] when the text is no key of Syncthing's, or in the words of what Syncthing says.
pub(super) fn subscribe(key: &str, name: Option<&str>, environment: &Environment) -> Result<SyncthingReport, Failure> {
    let key = Key::parse(key)?;
    let syncthing = open(environment)?;
    let name = match name {
        Some(name) => ChannelName::parse(name.as_ref()).ok_or_else(|| Error::Name { name: name.to_owned() })?,
        None => documents::free_name(environment, &Book::read(&environment.folders.data)?, key.folder.as_str())?,
    };
    let channel = match folder::named(&environment.folders.data, &name) {
        Ok(channel) if channel.kind != Kind::Broadcast => {
            syncthing.subscribe(&channel, &key)?;
            channel
        }
        Ok(channel) => return Err(Error::Exists { path: channel.path }.into()),
        Err(_) => {
            let channel = Channel::make(&environment.folders.data, &name, Kind::Subscription, &Profile::default())?;
            syncthing.subscribe(&channel, &key).inspect_err(|_| unmake(&channel))?;
            channel
        }
    };
    let path = channel.path.to_string_lossy().into_owned();
    Ok(SyncthingReport::Subscribed { channel: name.to_string(), path, device: syncthing.device().clone() })
}

/// Takes a new channel away that nothing will fill. Only what is empty goes.
fn unmake(channel: &Channel) {
    let inbox = fs_err::remove_dir(channel.path.join(Side::Inbox.name()));
    // A folder that something was put into meanwhile stays, and is an empty channel otherwise.
    drop(inbox.and_then(|()| fs_err::remove_dir(&channel.path)));
}

/// The boxes of a channel that Syncthing carries, as they stand before the channel is renamed.
pub(super) struct CarriedBoxes {
    syncthing: Option<Syncthing>,
    boxes: Vec<CarriedBox>,
    /// Why it is not known which they are, where Syncthing has been in a box.
    problem: Option<String>,
}

/// Asks Syncthing which boxes of a channel it carries.
pub(super) fn carried_boxes(channel: &Channel, environment: &Environment) -> CarriedBoxes {
    let asked = Syncthing::open_within(&environment.sync.syncthing, &places(environment), FIRST);
    let asked = asked.and_then(|syncthing| Ok((syncthing.carried(&channel.path, &channel.name)?, syncthing)));
    match asked {
        Ok((boxes, syncthing)) => CarriedBoxes { syncthing: Some(syncthing), boxes, problem: None },
        Err(error) => {
            let has_marker = |side: &Side| channel.path.join(side.name()).join(SYNCTHING_MARKER).exists();
            let problem = Side::BOTH.iter().any(has_marker).then(|| error.to_string());
            CarriedBoxes { syncthing: None, boxes: Vec::new(), problem }
        }
    }
}

/// What Syncthing puts into a folder that it carries.
const SYNCTHING_MARKER: &str = ".stfolder";

impl CarriedBoxes {
    /// Tells Syncthing where they lie now; gives what is to be said.
    pub(super) fn follow(self, channel: &Channel) -> Vec<String> {
        let by_hand = |why: &str| {
            format!(
                "Syncthing does not know the new place ({why}): in its settings, change the path of the channel's folders to {}",
                field(&channel.path.to_string_lossy())
            )
        };
        if let Some(why) = &self.problem {
            return vec![by_hand(why)];
        }
        let told = |carried: &CarriedBox| {
            let syncthing = self.syncthing.as_ref()?;
            Some(match syncthing.set_place(carried, &channel.path, &channel.name) {
                Ok(()) => format!("Syncthing carries its {} from the new place.", carried.side),
                Err(error) => by_hand(&error.to_string()),
            })
        };
        self.boxes.iter().filter_map(told).collect()
    }
}

fn open(environment: &Environment) -> Result<Syncthing, Failure> {
    Ok(Syncthing::open(&environment.sync.syncthing, &places(environment))?)
}

/// Where a Syncthing may have its settings.
fn places(environment: &Environment) -> Vec<PathBuf> {
    environment
        .folders
        .home
        .as_ref()
        .map(|home| syncthing::candidates(home, environment.folders.config.as_deref(), None))
        .unwrap_or_default()
}

/// How long `status` waits for a Syncthing to say anything.
const FIRST: Duration = Duration::from_millis(700);

/// How a channel stands that Syncthing carries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncthingChannel {
    channel: String,
    #[serde(flatten)]
    state: FolderState,
}

/// How those channels stand that Syncthing carries, and what keeps it from telling; nothing where there is no Syncthing.
pub(super) fn carried(environment: &Environment) -> (Vec<SyncthingChannel>, Option<String>) {
    let syncthing = match Syncthing::open_within(&environment.sync.syncthing, &places(environment), FIRST) {
        Ok(syncthing) => syncthing,
        Err(syncthing::Error::NoConfig { .. }) => return (Vec::new(), None),
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let mut carried = Vec::new();
    let channels = match folder::discover(&environment.folders.data) {
        Ok(channels) => channels,
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    for channel in channels {
        match syncthing.state(&channel) {
            Ok(states) => {
                carried.extend(
                    states.into_iter().map(|state| SyncthingChannel { channel: channel.name.to_string(), state }),
                );
            }
            Err(error) => return (carried, Some(error.to_string())),
        }
    }
    (carried, None)
}

impl SyncthingChannel {
    /// How it stands, for a person: in the words of missive's own sync, with what only Syncthing has to say.
    pub(super) fn words(&self, now: i64) -> String {
        let state = &self.state;
        let mut parts: Vec<String> = state.problem.iter().map(|problem| field(problem)).collect();
        if state.failed > 0 {
            parts
                .push(format!("{} could not be received (see Syncthing for the reason)", number(state.failed, "file")));
        }
        parts.push(if state.peers.is_empty() {
            "no device accepted yet".to_owned()
        } else {
            state.facts().sentence(now)
        });
        parts.extend(state.readers());
        if state.receive_only_changed_items > 0 {
            parts.push("to undo the changes: `Revert Local Changes` in Syncthing".to_owned());
        }
        format!("{} ({}, through Syncthing): {}", field(&self.channel), state.side, parts.join(" · "))
    }
}

fn number(number: u64, what: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), what)
}

impl fmt::Display for SyncthingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { channel, key, readers, asking } => shared(f, channel, key, readers, asking),
            Self::Subscribed { channel, path, device } => {
                writeln!(f, "{}", field(path))?;
                writeln!(f, "Its author has to accept your Syncthing once. Send them its device id:\n\n{device}\n")?;
                writeln!(f, "They type: missive share CHANNEL --via syncthing --reader {device}")?;
                writeln!(f, "Then the messages arrive by themselves. To read: {}", shell::missive("read", &[channel]))
            }
        }
    }
}

fn shared(
    f: &mut fmt::Formatter<'_>,
    channel: &str,
    key: &Key,
    readers: &[DeviceId],
    asking: &[Asking],
) -> fmt::Result {
    writeln!(f, "{key}\n")?;
    writeln!(f, "A reader types: {}", shell::missive("subscribe --via syncthing", &[&key.to_string()]))?;
    for reader in readers {
        writeln!(f, "{reader} can now read it.")?;
    }
    writeln!(f, "This key alone lets nobody in: you have to accept each reader once.")?;
    for device in asking {
        let name = if device.name.is_empty() { String::new() } else { format!(" ({})", field(&device.name)) };
        writeln!(f, "{}{name} wants to read. Compare the id with the reader, then run:", device.device)?;
        let share = format!("share --via syncthing --reader {}", device.device);
        writeln!(f, "  {}", shell::missive(&share, &[&channel]))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::stamp::Stamp;
    use crate::sync::sync_state::SyncState;
    use crate::sync::syncthing::{Activity, Peer};

    const DEVICE: &str = "4WW4IPJ-HHTZLU2-3MJOABE-ZIY3PEZ-TG3DLY7-YZCDP5Z-SCDI4FN-7FEAWQ3";
    const NOW: i64 = 1_795_354_504;

    fn carried(peers: Vec<Peer>) -> SyncthingChannel {
        let state = FolderState {
            side: Side::Inbox,
            sync_state: SyncState::default(),
            folder: "x".into(),
            activity: Activity::Idle,
            problem: None,
            failed: 0,
            files: 0,
            need_files: 0,
            need_bytes: 0,
            need_deletes: 0,
            receive_only_changed_files: 0,
            receive_only_changed_items: 0,
            peers,
        };
        SyncthingChannel { channel: "blog".into(), state }
    }

    fn peer(connected: bool, lacks: u64, seen: Option<i64>) -> Peer {
        Peer {
            device: DeviceId::parse(DEVICE).unwrap(),
            name: String::new(),
            connected,
            last_seen: seen.and_then(Stamp::from_seconds),
            need_files: Some(lacks),
            need_bytes: Some(lacks),
        }
    }

    #[track_caller]
    fn says(carried: &SyncthingChannel, words: &str) {
        assert_eq!(carried.words(NOW), format!("blog (inbox, through Syncthing): {words}"));
    }

    #[test]
    fn it_speaks_in_human_terms() {
        says(&carried(Vec::new()), "no device accepted yet");
        says(&carried(vec![peer(false, 3, None)]), "no one has connected yet");
        says(&carried(vec![peer(false, 0, Some(NOW - 7200))]), "up to date as of 2 h ago · no one is connected");
        let mut two = carried(vec![peer(true, 0, None), peer(true, 0, None)]);
        says(&two, "up to date · 2 peers");
        (two.state.need_files, two.state.need_bytes) = (12, 3_400_000);
        says(&two, "12 files still arriving (3.4 MB) · 2 peers connected");
        two.state.side = Side::Outbox;
        (two.state.need_files, two.state.need_bytes) = (0, 0);
        assert_eq!(
            two.words(NOW),
            "blog (outbox, through Syncthing): up to date · 2 peers · 2 readers have everything"
        );
    }

    #[test]
    fn nothing_is_up_to_date_that_is_not_whole() {
        let with = |change: fn(&mut FolderState)| {
            let mut carried = carried(vec![peer(true, 0, None)]);
            change(&mut carried.state);
            carried
        };
        says(&with(|state| state.activity = Activity::Paused), "paused in Syncthing · 1 peer connected");
        says(&with(|state| state.activity = Activity::Scanning), "checking files");
        says(&with(|state| state.need_deletes = 1), "1 file still to be deleted here · 1 peer connected");
        says(
            &with(|state| state.failed = 2),
            "2 files could not be received (see Syncthing for the reason) · not up to date: 2 problems · 1 peer connected",
        );
        says(
            &with(|state| state.receive_only_changed_items = 2),
            "up to date, except 2 files changed here · 1 peer · to undo the changes: `Revert Local Changes` in Syncthing",
        );
        says(&with(|state| state.problem = Some("a\nb".into())), "a␊b · not up to date: 1 problem · 1 peer connected");
    }

    #[test]
    fn readers_who_lack_something_are_told() {
        let mut carried = carried(vec![peer(true, 0, None), peer(true, 1, None)]);
        carried.state.side = Side::Outbox;
        assert_eq!(
            carried.words(NOW),
            "blog (outbox, through Syncthing): up to date · 2 peers · 1 of 2 readers has everything"
        );
    }
}

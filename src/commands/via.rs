//! Channels that another tool carries: `--via syncthing`.
//!
//! Owns what a person is told of it, above all where it differs from keys of our own: an author accepts each reader. Refuses to
//! carry anything.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::ago::ago;
use super::{Failure, Surroundings, count, keyring};
use crate::article::size;
use crate::channel::name::ChannelName;
use crate::channel::profile::Profile;
use crate::channel::{Channel, Error, Kind, folder};
use crate::sync::syncthing::{self, Activity, Asking, DeviceId, Key, State, Syncthing};
use crate::unseen::field;

/// A tool that carries folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// A Syncthing that runs on this machine
    Syncthing,
}

/// Which tool carries a channel.
#[derive(Debug, Args)]
pub struct Via {
    /// Let another tool carry the channel
    #[arg(long, value_name = "TOOL", value_enum)]
    via: Option<Tool>,
}

/// Which tool carries one's own channel, and who may read it there.
#[derive(Debug, Args)]
pub struct ShareVia {
    #[command(flatten)]
    via: Via,
    /// Accept a reader's Syncthing, by its device id
    #[arg(long = "reader", value_name = "DEVICE-ID", requires = "via", value_parser = |id: &str| DeviceId::parse(id).map_err(|error| error.to_string()))]
    readers: Vec<DeviceId>,
}

/// What Syncthing was told.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Report {
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

impl Via {
    /// Whether another tool is to carry it.
    pub(super) fn is_given(&self) -> bool {
        self.via.is_some()
    }
}

impl ShareVia {
    /// Shares a channel's outbox through the tool, if one was named.
    ///
    /// # Errors
    /// [`Failure`], in the words of what Syncthing says.
    pub(super) fn share(&self, channel: &Channel, around: &Surroundings) -> Result<Option<Report>, Failure> {
        if !self.via.is_given() {
            return Ok(None);
        }
        let syncthing = open(around)?;
        let shared = syncthing.share(channel, &self.readers, Uuid::new_v4())?;
        for reader in &self.readers {
            syncthing.accept(channel, reader)?;
        }
        let asking = syncthing.asking(channel)?;
        Ok(Some(Report::Shared { channel: channel.name.to_string(), key: shared.key, readers: shared.readers, asking }))
    }
}

/// Lets Syncthing fill an inbox, of a channel that there is or of a new one.
///
/// # Errors
/// [`Failure`] when the text is no key of Syncthing's, or in the words of what Syncthing says.
pub(super) fn subscribe(key: &str, name: Option<&str>, around: &Surroundings) -> Result<Report, Failure> {
    let key = Key::parse(key)?;
    let syncthing = open(around)?;
    let name = match name {
        Some(name) => ChannelName::parse(name.as_ref()).ok_or_else(|| Error::Name { name: name.to_owned() })?,
        None => keyring::free_name(around, key.folder.as_str())?,
    };
    let channel = match folder::named(&around.data, &name) {
        Ok(channel) if channel.kind != Kind::Broadcast => channel,
        Ok(channel) => return Err(Error::Exists { path: channel.path }.into()),
        Err(_) => Channel::make(&around.data, &name, Kind::Subscription, &Profile::default())?,
    };
    syncthing.subscribe(&channel, &key)?;
    let path = channel.path.to_string_lossy().into_owned();
    Ok(Report::Subscribed { channel: name.to_string(), path, device: syncthing.device().clone() })
}

fn open(around: &Surroundings) -> Result<Syncthing, Failure> {
    Ok(Syncthing::open(&around.sync.syncthing, &places(around))?)
}

/// Where a Syncthing may have its settings.
fn places(around: &Surroundings) -> Vec<PathBuf> {
    around.home.as_ref().map(|home| syncthing::candidates(home, around.config.as_deref(), None)).unwrap_or_default()
}

/// How a channel stands that Syncthing carries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Carried {
    channel: String,
    #[serde(flatten)]
    state: State,
}

/// How those channels stand that Syncthing carries, and what keeps it from telling; nothing where there is no Syncthing.
pub(super) fn carried(around: &Surroundings) -> (Vec<Carried>, Option<String>) {
    let syncthing = match Syncthing::open(&around.sync.syncthing, &places(around)) {
        Ok(syncthing) => syncthing,
        Err(syncthing::Error::NoConfig { .. }) => return (Vec::new(), None),
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let mut carried = Vec::new();
    for channel in folder::discover(&around.data).unwrap_or_default() {
        match syncthing.state(&channel) {
            Ok(states) => {
                carried.extend(states.into_iter().map(|state| Carried { channel: channel.name.to_string(), state }));
            }
            Err(error) => return (carried, Some(error.to_string())),
        }
    }
    (carried, None)
}

impl Carried {
    /// How it stands, for a person.
    pub(super) fn words(&self, now: i64) -> String {
        let state = &self.state;
        let mut parts = Vec::new();
        if let Some(problem) = &state.problem {
            parts.push(field(problem));
        }
        if state.need_files > 0 {
            let files = usize::try_from(state.need_files).unwrap_or(usize::MAX);
            parts.push(format!("{} still arriving, {}", count(files, "file"), size(state.need_bytes)));
        }
        let here = state.peers.iter().filter(|peer| peer.connected).count();
        let seen = state.peers.iter().filter_map(|peer| peer.last_seen).max();
        parts.push(match (here, seen) {
            (0, Some(seen)) => format!("nobody is here now, the last one was {}", ago(seen.seconds(), now)),
            (0, None) => "nobody has been here yet".to_owned(),
            _ if state.need_files == 0 && state.activity == Activity::Idle => {
                format!("in step with {}", count(here, "device"))
            }
            _ => format!("{} here", count(here, "device")),
        });
        if state.receive_only_changed_items > 0 {
            let changed = usize::try_from(state.receive_only_changed_items).unwrap_or(usize::MAX);
            parts.push(format!("{} changed here (`Revert Local Changes` in Syncthing)", count(changed, "file")));
        }
        format!("{} ({}, through Syncthing): {}", field(&self.channel), state.side, parts.join(", "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { channel, key, readers, asking } => shared(f, channel, key, readers, asking),
            Self::Subscribed { channel, path, device } => {
                writeln!(f, "{}", field(path))?;
                writeln!(f, "Its author has to let your Syncthing in once. Give them its device id:\n\n{device}\n")?;
                writeln!(f, "They type: missive share CHANNEL --via syncthing --reader {device}")?;
                writeln!(f, "Then it comes by itself. To read: missive read {}", field(channel))
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
    let channel = field(channel);
    writeln!(f, "{key}\n")?;
    writeln!(f, "A reader types: missive subscribe --via syncthing {key}")?;
    for reader in readers {
        writeln!(f, "{reader} may read it.")?;
    }
    writeln!(f, "Unlike a key of missive's own, this line lets nobody in by itself: you accept each reader once.")?;
    for device in asking {
        writeln!(
            f,
            "{} ({}) asks. Compare the id with what the reader tells you, then:",
            device.device,
            field(&device.name)
        )?;
        writeln!(f, "  missive share {channel} --via syncthing --reader {}", device.device)?;
    }
    Ok(())
}

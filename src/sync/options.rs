//! How a node reaches others, and how much it takes from them.
//!
//! What each way of finding others reveals to whom:
//!
//! - `dns`: this device's key and its relay are published at a server of the engine's makers and looked up there, so that server sees
//!   which devices look for which. `mdns`: everybody in the local network sees the key and the addresses. `dht`: everybody
//!   who asks the public Mainline table for the key gets the addresses, and the nodes asked see who asks.
//! - A relay carries what is encrypted from end to end, but sees which devices talk, when and how much.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::channel::protocol::name::ChannelName;
use crate::sync::replica::limits::Limits;

/// A way of finding a device by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lookup {
    /// The servers of the engine's makers.
    Dns,
    /// The local network.
    Mdns,
    /// The Mainline distributed hash table.
    Dht,
}

/// Which relays help those that cannot reach each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relays {
    /// Those of the engine's makers.
    Public,
    /// These, by their addresses; without any there is no relay.
    Own(Vec<String>),
}

/// How a node reaches others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How devices are found.
    pub lookup: Vec<Lookup>,
    /// The relays.
    pub relays: Relays,
    /// The only address that is listened on; `None` is all interfaces, at the port that was used before.
    pub listen: Option<SocketAddr>,
    /// What is taken.
    pub limits: Limits,
    /// What is taken of the channels that have limits of their own, by their names.
    pub channel_limits: BTreeMap<ChannelName, Limits>,
}

impl Default for Options {
    /// What fits people on the internet.
    fn default() -> Self {
        Self {
            lookup: vec![Lookup::Dns, Lookup::Mdns],
            relays: Relays::Public,
            listen: None,
            limits: Limits::default(),
            channel_limits: BTreeMap::new(),
        }
    }
}

impl Options {
    /// What is taken of a channel.
    pub fn limits_for(&self, channel: &ChannelName) -> Limits {
        self.channel_limits.get(channel).copied().unwrap_or(self.limits)
    }

    /// Nobody is asked for anything: only the addresses that are known are tried.
    #[must_use]
    pub fn offline(self) -> Self {
        Self { lookup: Vec::new(), relays: Relays::Own(Vec::new()), ..self }
    }
}

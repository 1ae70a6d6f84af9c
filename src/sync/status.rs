//! How a node and its documents stand: the values that `status` shows and scripts read.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::sync::replica::limits::Refusal;

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
    /// Whether something changed here that no peer was told of yet.
    pub telling: bool,
    /// When document and peer were last found the same, in seconds since 1970.
    pub compared: Option<i64>,
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
            .field("messages", &self.messages)
            .field("bytes", &self.bytes)
            .field("arriving", &(self.arriving, self.arriving_bytes))
            .field("fetched", &self.fetched)
            .field("not_fetched", &self.not_fetched)
            .field("changed_here", &self.changed_here)
            .field("refused", &self.refused)
            .field("question", &self.question)
            .field("problems", &self.problems)
            .field("telling", &self.telling)
            .field("compared", &self.compared)
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
            title: None,
            messages: 0,
            bytes: 0,
            arriving: 0,
            arriving_bytes: 0,
            fetched: 0,
            not_fetched: Vec::new(),
            changed_here: Vec::new(),
            refused: 0,
            question: None,
            problems: Vec::new(),
            telling: false,
            compared: None,
            peers: Vec::new(),
            phrase: None,
            moved: None,
        }
    }

    /// Whether all that is wanted has come, and a peer has told what there is.
    pub fn is_up_to_date(&self) -> bool {
        self.compared.is_some() && !self.telling && self.arriving == 0 && self.question.is_none()
    }

    /// How many peers are connected.
    pub fn connected(&self) -> usize {
        self.peers.iter().filter(|peer| peer.connected).count()
    }
}

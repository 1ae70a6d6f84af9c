//! What the book of keys holds: documents, invitations that were given out, and invitations that were accepted.

use serde::{Deserialize, Serialize};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::sync::hex;
use crate::sync::keys::folder_id::FolderMark;
use crate::sync::keys::ticket::Peer;

/// 32 bytes that nobody else may know.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(#[serde(with = "hex")] pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The two secret keys by which others know a data folder: the device in the network, and the author who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The device's.
    pub device: Secret,
    /// The author's.
    pub author: Secret,
}

/// The public half of the key that an author signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuthorKey(#[serde(with = "hex")] pub [u8; 32]);

/// A document that a box is replicated by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The channel's folder.
    pub channel: ChannelName,
    /// The box.
    #[serde(rename = "box")]
    pub side: Side,
    /// The document's id, which is the key for reading it.
    #[serde(with = "hex")]
    pub id: [u8; 32],
    /// The key for writing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Whose it is: who made it, as the key said that was handed over, or else whoever was seen to sign its profile first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AuthorKey>,
    /// Authors whose texts count as this device's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<AuthorKey>,
    /// Attachments that are fetched although they are larger than the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetch: Vec<String>,
    /// The name by which this side signs in it; without one the channel's profile says whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Whether everything may be deleted at once, because somebody said so; used up by the deletion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_all: bool,
    /// What is to be done with files that came back older than what readers have, because somebody said so; used up by doing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// Six words that both ends of a conversation see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
    /// The key that it was replaced by, if the device gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
    /// The channel's folder as it was seen last, which tells a folder that was renamed from another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderMark>,
    /// Who had it when the key was handed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
}

/// What is to be done with files that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Returned {
    /// Readers get them as they are.
    Publish,
    /// They go to the trash, and what readers have stays.
    Discard,
}

impl std::fmt::Debug for Document {
    /// Without its id, which is the key for reading it, and without the key that it was replaced by.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("channel", &self.channel)
            .field("side", &self.side)
            .field("writes", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}

/// An invitation that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The channel's folder.
    pub channel: ChannelName,
    /// What only the two know.
    pub secret: Secret,
    /// When it expires, in seconds since 1970.
    pub until: i64,
    /// Which device has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Secret>,
}

/// An invitation that was accepted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The channel's folder.
    pub channel: ChannelName,
    /// The code.
    pub code: String,
    /// Why the other side refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether the channel was made for it: a refusal takes it away again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_channel: bool,
    /// Whether the channel's key was made for it: a refusal takes it away again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_key: bool,
}

impl std::fmt::Debug for Acceptance {
    /// Without its code, which is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptance")
            .field("channel", &self.channel)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// What [`Document`]s without more have.
    pub fn new(channel: ChannelName, side: Side, id: [u8; 32]) -> Self {
        Self {
            channel,
            side,
            id,
            secret: None,
            owner: None,
            trusted: Vec::new(),
            author: None,
            fetch: Vec::new(),
            delete_all: false,
            returned: None,
            phrase: None,
            moved: None,
            folder: None,
            peers: Vec::new(),
        }
    }

    /// Whether it was made here, as far as a book tells that does not name owners yet: whoever joins others is given peers, and
    /// the outbox of a conversation is always one's own.
    pub fn is_made_here(&self) -> bool {
        self.side == Side::Outbox && self.secret.is_some() && (self.peers.is_empty() || self.phrase.is_some())
    }
}

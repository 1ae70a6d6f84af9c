//! The shapes of the API's answers and requests. The names of members are those of the founding program (2013), to the letter, and
//! those added since.

use chrono::SecondsFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::article::InReplyTo;
use crate::channel::Kind;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message::NewAttachment;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::web::http::etag::content_version;

use crate::web::address;
use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;
use crate::web::service::SyncedBox;

/// A channel. A box's members are there where the box is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Channel {
    url: String,
    messages_url: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbox_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbox_url: Option<String>,
    kind: Kind,
    title: String,
    /// How many messages of the inbox were not read.
    unread: usize,
    /// The id of the newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Stamp>,
    /// How many files are still arriving.
    arriving: usize,
    /// How many conflict copies sync tools have made.
    conflicts: usize,
    /// How many messages are held back: drafts, those dated in the future, those that are incomplete.
    held: usize,
    warnings: usize,
    /// Why a box or the whole channel can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// How its boxes stand that are synced.
    sync: Vec<SyncedBox>,
    site_url: String,
    feed_url: String,
    drafts_url: String,
}

impl Channel {
    /// A channel, with those of the synced boxes that are its own.
    pub(crate) fn new(state: &ChannelState, synced: &[SyncedBox]) -> Self {
        let url = address::channel(&state.name);
        let box_url = |side: Side| state.has(side).then(|| format!("{url}/{side}"));
        let site_url = address::site(&state.name);
        let health = &state.health;
        Self {
            messages_url: format!("{url}/messages"),
            inbox_count: state.count(Side::Inbox),
            inbox_url: box_url(Side::Inbox),
            outbox_count: state.count(Side::Outbox),
            outbox_url: box_url(Side::Outbox),
            drafts_url: format!("{url}/drafts"),
            name: state.name.clone(),
            kind: state.kind,
            title: state.title.clone(),
            unread: state.unread,
            newest: state.cards.last().map(|card| card.stamp),
            arriving: health.arriving,
            conflicts: health.conflicts,
            held: health.held,
            warnings: health.warnings,
            trouble: health.trouble.clone(),
            sync: synced.iter().filter(|synced| synced.channel == state.channel.name).cloned().collect(),
            feed_url: format!("{site_url}atom.xml"),
            site_url,
            url,
        }
    }
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Message {
    r#box: Side,
    /// When it was written, such as `2013-08-11T14:34:37.000Z`.
    date: String,
    /// Its text.
    body: String,
    url: String,
    attachments_url: String,
    has_attachments: bool,
    /// What its file is called, without `.txt`. Not `id`: the founding client takes a member of that name for the key by which
    /// it merges lists, and a message's is its own within its box only.
    #[serde(rename = "message_id")]
    id: Stamp,
    channel: String,
    /// Who wrote it, if several people write into one box and this message is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    tags: Vec<String>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<InReplyTo>,
    read: bool,
    starred: bool,
    /// The address of the app's page of it.
    page: String,
}

impl Message {
    pub(crate) fn from_card(state: &ChannelState, card: &Card, body: String) -> Self {
        let url = address::message(&state.name, card.side, card.stamp);
        Self {
            r#box: card.side,
            date: card.stamp.time().to_rfc3339_opts(SecondsFormat::Millis, true),
            body,
            attachments_url: format!("{url}/attachments"),
            has_attachments: !card.attachments.is_empty(),
            url,
            id: card.stamp,
            channel: state.name.clone(),
            author: state.byline(card).map(str::to_owned),
            title: card.title.clone(),
            tags: card.tag_names.clone(),
            in_reply_to: InReplyTo::from_card(card, &state.answered, &state.cards),
            read: state.is_read(card),
            starred: state.marked.is_starred(card.side, card.stamp),
            page: address::reading_message(&state.name, card.side, card.stamp),
        }
    }
}

/// An attachment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    r#type: String,
    pub(crate) url: String,
    /// Its length in bytes.
    size: u64,
}

impl Attachment {
    pub(crate) fn all_of_message(state: &ChannelState, card: &Card) -> Vec<Self> {
        card.attachments.iter().map(|file| Self::for_message(&state.name, card, file)).collect()
    }

    fn for_message(channel: &str, card: &Card, file: &card::Attachment) -> Self {
        let name = file.path.text();
        Self {
            r#type: file.kind().media_type().to_owned(),
            url: address::attachment(channel, card.side, card.stamp, &name),
            size: file.mark.len,
            name: name.into_owned(),
        }
    }

    pub(crate) fn for_draft(channel: &str, draft: DraftName, file: &NewAttachment) -> Self {
        let name = file.name.text().into_owned();
        let url = format!("{}/attachments/{}", address::draft(channel, &draft.to_string()), address::path(&name));
        Self { r#type: file.kind().media_type().to_owned(), url, size: file.len, name }
    }
}

/// The files that were attached, under the names that they were given.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Attached {
    pub(crate) attachments: Vec<Attachment>,
}

/// A draft.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Draft {
    name: String,
    url: String,
    channel: String,
    text: String,
    /// Changes with every change of the text; send it back as `If-Match`.
    version: String,
    /// When it will be sent, if it is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Stamp>,
    attachments: Vec<Attachment>,
    /// The address of the app's page for writing it.
    page: String,
}

impl Draft {
    /// A draft as it is now, whoever has it in hand.
    pub(crate) fn read(state: &ChannelState, draft: DraftName) -> Result<Self, Refusal> {
        let message = draft::read(&state.channel, draft)?;
        let name = draft.to_string();
        Ok(Self {
            url: address::draft(&state.name, &name),
            page: format!("{}/{name}", address::writing(&state.name)),
            channel: state.name.clone(),
            version: content_version(&message.text),
            text: crate::channel::protocol::message_file::decode(message.text).text,
            due: if let DraftName::Scheduled(due) = draft { Some(due) } else { None },
            attachments: message
                .attachments
                .iter()
                .map(|file| Attachment::for_draft(&state.name, draft, file))
                .collect(),
            name,
        })
    }
}

/// The marks of a message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Marks {
    pub(crate) read: bool,
    pub(crate) starred: bool,
}

/// A message that a search found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Hit {
    #[serde(flatten)]
    pub(crate) message: Found,
    /// The line in which the words were found, or the message's first words.
    pub(crate) excerpt: String,
    /// Where the words are in the excerpt: from and to, in bytes of UTF-8.
    pub(crate) matches: Vec<[usize; 2]>,
}

/// A message in the results of a search.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    pub(crate) channel: String,
    pub(crate) r#box: Side,
    pub(crate) message_id: Stamp,
    pub(crate) url: String,
    pub(crate) page: String,
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
}

/// A text to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct NewMessage {
    pub(crate) body: String,
}

/// A new draft.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct NewDraft {
    pub(crate) text: String,
    /// The message that it answers: `inbox/2013-08-11T14-34-37Z`, or its entry's `urn:uuid:`.
    pub(crate) reply: Option<String>,
}

/// A draft's text as it is now.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct DraftText {
    pub(crate) text: String,
}

/// New marks of a message; what is left out stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct NewMarks {
    pub(crate) read: Option<bool>,
    pub(crate) starred: Option<bool>,
}

/// Marks all messages of a channel as read.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct AllRead {
    pub(crate) read: bool,
}

/// A text to render.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct PreviewRequest {
    pub(crate) channel: String,
    /// The draft whose attachments the text may refer to.
    pub(crate) draft: Option<String>,
    pub(crate) text: String,
}

/// A text as the app would show it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct RenderedText {
    pub(crate) html: String,
}

/// An empty object: the request was done.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Done {}

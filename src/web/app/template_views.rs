//! What the app's templates see, in their words; a message itself is shown as on a site.

use std::sync::Arc;

use serde::Serialize;

use crate::article::{Date, Message, label};
use crate::channel::Kind;
use crate::channel::snapshot::card::Card;
use crate::web::address;
use crate::web::model::channel_state::ChannelState;
use crate::web::service::SyncedBox;

/// What a page says of itself.
#[derive(Debug, Serialize)]
pub(super) struct PageInfo<'a> {
    pub(super) kind: &'static str,
    pub(super) title: &'a str,
    pub(super) url: &'a str,
}

/// A channel in a list.
#[derive(Debug, Serialize)]
pub(super) struct Channel {
    name: String,
    title: String,
    kind: Kind,
    url: String,
    write_url: Option<String>,
    site_url: String,
    feed_url: String,
    unread: usize,
    messages: usize,
    newest: Option<Date>,
    newest_label: Option<String>,
    newest_url: Option<String>,
    arriving: usize,
    conflicts: usize,
    held: usize,
    warnings: usize,
    trouble: Option<String>,
    /// How its boxes are synced, in lines, where that is looked at.
    sync: Vec<String>,
}

impl Channel {
    /// With how its boxes are synced.
    pub(super) fn synced(self, state: &ChannelState, synced: &[SyncedBox]) -> Self {
        Self { sync: sync_lines(state, synced), ..self }
    }

    pub(super) fn of(state: &ChannelState) -> Self {
        let newest = state.cards.last();
        let site_url = address::site(&state.name);
        let health = &state.health;
        Self {
            name: state.name.clone(),
            title: state.title.clone(),
            kind: state.kind,
            url: address::reading(&state.name),
            write_url: can_write(state).then(|| address::writing(&state.name)),
            feed_url: format!("{site_url}atom.xml"),
            site_url,
            unread: state.unread,
            messages: state.cards.len(),
            newest: newest.map(|card| Date::new(card.stamp.seconds())),
            newest_label: newest.map(|card| label(card)),
            newest_url: newest.map(|card| address::reading_message(&state.name, card.side, card.stamp)),
            arriving: health.arriving,
            conflicts: health.conflicts,
            held: health.held,
            warnings: health.warnings.saturating_sub(health.conflicts),
            trouble: health.trouble.clone(),
            sync: Vec::new(),
        }
    }
}

/// How a channel's boxes are synced, in lines: `inbox: up to date 4 s ago · 3 peers`.
fn sync_lines(state: &ChannelState, synced: &[SyncedBox]) -> Vec<String> {
    let own: Vec<&SyncedBox> = synced.iter().filter(|synced| synced.channel == state.channel.name).collect();
    let is_only = own.len() == 1;
    let mut lines = Vec::new();
    for synced in own {
        lines.push(if is_only { synced.words.clone() } else { format!("{}: {}", synced.r#box, synced.words) });
        lines.extend(synced.details.iter().cloned());
    }
    lines
}

/// Whether a message can be written into a channel.
pub(super) fn can_write(state: &ChannelState) -> bool {
    state.kind != Kind::Subscription
}

/// Channels by kind, then by title.
pub(super) fn in_order(mut all: Vec<Arc<ChannelState>>) -> Vec<Arc<ChannelState>> {
    all.sort_by_cached_key(|state| (state.kind, state.title.to_lowercase(), state.name.clone()));
    all
}

/// What a message's page leads back to.
#[derive(Debug, Serialize)]
pub(super) struct Home {
    name: String,
    title: String,
    url: String,
    kind: Kind,
}

impl Home {
    pub(super) fn of(state: &ChannelState) -> Self {
        Self {
            name: state.name.clone(),
            title: state.title.clone(),
            url: address::reading(&state.name),
            kind: state.kind,
        }
    }
}

/// What a message's template asks of the channel around it.
#[derive(Debug, Serialize)]
pub(super) struct Site {
    kind: Kind,
    title: String,
    author: Option<String>,
}

impl Site {
    pub(super) fn of(state: &ChannelState) -> Self {
        Self { kind: state.kind, title: state.title.clone(), author: state.people.site_author.clone() }
    }
}

/// A message with what can be done with it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    key: String,
    r#box: &'static str,
    channel: Home,
    site: Site,
    unread: bool,
    starred: bool,
    marks_url: String,
    reply_url: Option<String>,
    source_url: String,
    site_url: Option<String>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(state: &ChannelState, card: &Card, message: Message<'a>) -> Self {
        let url = address::reading_message(&state.name, card.side, card.stamp);
        let site = address::site(&state.name);
        let page = if state.kind == Kind::Message {
            format!("{}/{}.html", card.side, card.stamp)
        } else {
            format!("{}.html", card.stamp)
        };
        let reply = || format!("{}?reply={}/{}", address::writing(&state.name), card.side, card.stamp);
        Self {
            message,
            key: state.key_of(card),
            r#box: card.side.name(),
            channel: Home::of(state),
            site: Site::of(state),
            unread: !state.is_read(card),
            starred: state.marked.is_starred(card.side, card.stamp),
            marks_url: format!("{url}/marks"),
            reply_url: can_write(state).then(reply),
            source_url: source_url(state, card),
            site_url: Some(format!("{site}{page}")),
        }
    }
}

/// Where a message's text is as it was written.
pub(super) fn source_url(state: &ChannelState, card: &Card) -> String {
    format!("{}/source", address::reading_message(&state.name, card.side, card.stamp))
}

/// What is not as it should be with a channel, or not yet, in lines.
pub(super) fn health(state: &ChannelState) -> Vec<String> {
    let health = &state.health;
    let others = health.warnings.saturating_sub(health.conflicts);
    let said = [
        (health.arriving, "file is still arriving", "files are still arriving"),
        (
            health.conflicts,
            "conflict copy was made by a sync tool; `missive check` resolves it",
            "conflict copies were made by a sync tool; `missive check` resolves them",
        ),
        (
            health.held,
            "message is held back: it is incomplete or scheduled",
            "messages are held back: they are incomplete or scheduled",
        ),
        (others, "file is not shown; `missive check` says why", "files are not shown; `missive check` says why"),
    ];
    let lines = said.into_iter().filter(|(number, ..)| *number > 0);
    let lines = lines.map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }));
    health.trouble.iter().cloned().chain(lines).collect()
}

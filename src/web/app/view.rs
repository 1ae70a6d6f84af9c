//! Views in the words of the app's templates.
//!
//! Owns the names and forms that a template sees, besides those of a message, which are the site's too.

use std::sync::Arc;

use serde::Serialize;

use super::super::address;
use crate::article::{Date, Message, label};
use crate::channel::Kind;
use crate::channel::snapshot::card::Card;
use crate::web::channel_view::Seen;

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
}

impl Channel {
    pub(super) fn of(seen: &Seen) -> Self {
        let newest = seen.cards.last();
        let site_url = address::site(&seen.name);
        let health = &seen.health;
        Self {
            name: seen.name.clone(),
            title: seen.title.clone(),
            kind: seen.kind,
            url: address::reading(&seen.name),
            write_url: can_write(seen).then(|| address::writing(&seen.name)),
            feed_url: format!("{site_url}atom.xml"),
            site_url,
            unread: seen.unread,
            messages: seen.cards.len(),
            newest: newest.map(|card| Date::new(card.stamp.seconds())),
            newest_label: newest.map(|card| label(card)),
            newest_url: newest.map(|card| address::reading_message(&seen.name, card.side, card.stamp)),
            arriving: health.arriving,
            conflicts: health.conflicts,
            held: health.held,
            warnings: health.warnings.saturating_sub(health.conflicts),
            trouble: health.trouble.clone(),
        }
    }
}

/// Whether a message can be written into a channel.
pub(super) fn can_write(seen: &Seen) -> bool {
    seen.kind != Kind::Subscription
}

/// Channels by kind, then by title.
pub(super) fn in_order(mut all: Vec<Arc<Seen>>) -> Vec<Arc<Seen>> {
    all.sort_by_cached_key(|seen| (seen.kind, seen.title.to_lowercase(), seen.name.clone()));
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
    pub(super) fn of(seen: &Seen) -> Self {
        Self { name: seen.name.clone(), title: seen.title.clone(), url: address::reading(&seen.name), kind: seen.kind }
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
    pub(super) fn of(seen: &Seen) -> Self {
        Self { kind: seen.kind, title: seen.title.clone(), author: seen.author.clone() }
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
    pub(super) fn of(seen: &Seen, card: &Card, message: Message<'a>) -> Self {
        let url = address::reading_message(&seen.name, card.side, card.stamp);
        let site = address::site(&seen.name);
        let page = if seen.kind == Kind::Message {
            format!("{}/{}.html", card.side, card.stamp)
        } else {
            format!("{}.html", card.stamp)
        };
        let reply = || format!("{}?reply={}/{}", address::writing(&seen.name), card.side, card.stamp);
        Self {
            message,
            key: seen.key_of(card),
            r#box: card.side.name(),
            channel: Home::of(seen),
            site: Site::of(seen),
            unread: !seen.is_read(card),
            starred: seen.marked.is_starred(card.side, card.stamp),
            marks_url: format!("{url}/marks"),
            reply_url: can_write(seen).then(reply),
            source_url: source_url(seen, card),
            site_url: Some(format!("{site}{page}")),
        }
    }
}

/// Where a message's text is as it was written.
pub(super) fn source_url(seen: &Seen, card: &Card) -> String {
    format!("{}/source", address::reading_message(&seen.name, card.side, card.stamp))
}

/// What is not as it should be with a channel, or not yet, in lines.
pub(super) fn health(seen: &Seen) -> Vec<String> {
    let health = &seen.health;
    let others = health.warnings.saturating_sub(health.conflicts);
    let said = [
        (health.arriving, "file is still arriving", "files are still arriving"),
        (
            health.conflicts,
            "conflict copy was made by a sync tool; `missive check` settles it",
            "conflict copies were made by a sync tool; `missive check` settles them",
        ),
        (health.held, "message waits", "messages wait"),
        (others, "file is not shown; `missive check` says why", "files are not shown; `missive check` says why"),
    ];
    let lines = said.into_iter().filter(|(number, ..)| *number > 0);
    let lines = lines.map(|(number, one, many)| format!("{number} {}", if number == 1 { one } else { many }));
    health.trouble.iter().cloned().chain(lines).collect()
}

//! The pages for reading. Each costs what it shows, however long the channel is.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde::Serialize;
use tera::Value;

use crate::article::{Date, Link, label};
use crate::channel::Kind;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::State as Mark;
use crate::channel::reading::query::Excerpt;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Folder;
use crate::web::address;
use crate::web::app::menu::drafts_of;
use crate::web::app::page_builder::PageBuilder;
use crate::web::app::sentence::sentence;
use crate::web::app::template_views;
use crate::web::app::template_views::{Channel, Home};
use crate::web::app::{message_text, new_channel};
use crate::web::http::file;
use crate::web::http::refusal::Refusal;
use crate::web::http::request::Params;
use crate::web::model::channel_state::ChannelState;
use crate::web::model::search::{Asked, COLUMNS};
use crate::web::model::timeline;
use crate::web::server::Server;

/// How many messages a page shows.
const PAGE_LENGTH: usize = 20;

type Answer = Result<Response, Refusal>;

/// The channels by kind.
pub(super) async fn home(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    #[derive(Serialize)]
    struct Group {
        kind: Kind,
        title: &'static str,
        channels: Vec<Channel>,
    }
    server
        .off_thread(move |server| {
            let page = PageBuilder::new(server, &headers, &uri, "home", "missive");
            let all = template_views::in_order(server.library.all());
            if all.is_empty() {
                return new_channel::first(server, &headers, &uri);
            }
            let synced = server.service.sync();
            let groups: Vec<Group> = [
                (Kind::Message, "Conversations"),
                (Kind::Broadcast, "Broadcasts"),
                (Kind::Subscription, "Subscriptions"),
            ]
            .into_iter()
            .map(|(kind, title)| {
                let channels = all.iter().filter(|state| state.kind == kind);
                let channels = channels.map(|state| Channel::of(state).synced(state, &synced)).collect();
                Group { kind, title, channels }
            })
            .filter(|group| !group.channels.is_empty())
            .collect();
            page.with("groups", &groups).send()
        })
        .await
}

/// All channels in one timeline.
pub(super) async fn everything(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server
        .off_thread(move |server| {
            let page = PageBuilder::new(server, &headers, &uri, "everything", "Everything");
            let params = Params::from_uri(&uri);
            let before = params.get("before").map(timeline::parse).transpose()?;
            let mut found = timeline::newest(&server.library.all(), before.as_ref(), PAGE_LENGTH + 1);
            let is_more = found.len() > PAGE_LENGTH;
            found.truncate(PAGE_LENGTH);
            let last = found.last().map(|(state, card)| state.key_of(card)).filter(|_| is_more);
            let messages = message_text::values(found.iter().map(|(state, card)| (&**state, &**card)));
            page.with_value("messages", Value::from(messages))
                .with("older", &last.map(|key| format!("/everything?before={}", address::part(&key))))
                .with("newer", &before.map(|_| "/everything"))
                .send()
        })
        .await
}

/// A channel's messages, newest first.
pub(super) async fn channel(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
) -> Answer {
    server
        .off_thread(move |server| {
            let page = PageBuilder::begin(server, &headers, &uri, "channel");
            let state = server.library.get(&name)?;
            let params = Params::from_uri(&uri);
            let before = params.get("before").map(timeline::parse_id).transpose()?;
            let end = before.map_or(state.cards.len(), |before| {
                state.cards.partition_point(|card| (card.stamp, card.side) < before)
            });
            let start = end.saturating_sub(PAGE_LENGTH);
            let cards = state.cards.get(start..end).unwrap_or_default();
            let url = address::reading(&state.name);
            let older =
                cards.first().filter(|_| start > 0).map(|card| format!("{url}?before={}/{}", card.side, card.stamp));
            let newer = before.map(|_| newer(&state, end, &url));
            let messages = message_text::values(cards.iter().rev().map(|card| (&*state, &**card)));
            page.titled(&state.title)
                .with("channel", &Channel::of(&state).synced(&state, &server.service.sync()))
                .with_value("messages", Value::from(messages))
                .with("older", &older)
                .with("newer", &newer)
                .with("health", &template_views::health(&state))
                .with("read_all_url", &format!("{url}/marks"))
                .send()
        })
        .await
}

/// The page of the messages behind those that end here.
fn newer(state: &ChannelState, end: usize, url: &str) -> String {
    match state.cards.get(end + PAGE_LENGTH) {
        Some(card) => format!("{url}?before={}/{}", card.side, card.stamp),
        None => url.to_owned(),
    }
}

/// The message that an address means.
pub(super) fn of_address(
    server: &Server,
    name: &str,
    side: &str,
    id: &str,
) -> Result<(Arc<ChannelState>, Arc<Card>), Refusal> {
    let side = Side::from_name(side).ok_or_else(|| Refusal::missing("a message is in an inbox or in an outbox"))?;
    server.message(name, side, id)
}

/// One message by itself. A person who opens it has read it.
pub(super) async fn message(
    State(server): State<Server>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
    Path((name, side, id)): Path<(String, String, String)>,
) -> Answer {
    server
        .off_thread(move |server| {
            let page = PageBuilder::begin(server, &headers, &uri, "message");
            let (state, card) = of_address(server, &name, &side, &id)?;
            let state = if !state.is_read(&card) && method == Method::GET && is_opened(&headers) {
                // That it can't be marked is no reason not to show it.
                if let Err(refusal) = server.mark(&state, card.side, card.stamp, std::iter::once(Mark::Read(true))) {
                    tracing::warn!(
                        channel = state.name,
                        reason = refusal.reason_for_log(),
                        "a message can't be marked as read"
                    );
                }
                server.library.get(&name)?
            } else {
                state
            };
            let at = state.find(card.side, card.stamp).map_or(0, |(at, _)| at);
            let near = |at: Option<usize>| {
                let card = state.cards.get(at?)?;
                Some(Link { label: label(card), url: address::reading_message(&state.name, card.side, card.stamp) })
            };
            page.titled(&label(&card))
                .with("channel", &Channel::of(&state))
                .with_value("m", message_text::value(&state, &card, &mut message_text::Allowance::page())?)
                .with("previous", &near(at.checked_sub(1)))
                .with("next", &near(Some(at + 1)))
                .send()
        })
        .await
}

/// Whether a person opens a page, rather than a script that looks for news or a browser that fetches ahead.
fn is_opened(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("sec-fetch-dest").is_none_or(|dest| dest == "document")
        && text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
        && text("sec-purpose").is_none()
}

/// A message's text as it was written.
pub(super) async fn source(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, side, id)): Path<(String, String, String)>,
) -> Answer {
    server
        .off_thread(move |server| {
            let (state, card) = of_address(server, &name, &side, &id)?;
            let (open, stat) = state.open(card.side)?.file(&Entry::Text(card.stamp).path())?;
            let about = file::ContentInfo {
                mime: "text/plain; charset=utf-8".to_owned(),
                save_as: None,
                policy: "default-src 'none'; style-src 'unsafe-inline'; sandbox".to_owned(),
            };
            Ok(file::send(open, &stat, &about, &headers)?)
        })
        .await
}

/// What is searched for, and what is found.
pub(super) async fn search(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server
        .off_thread(move |server| {
            let params = Params::from_uri(&uri);
            let words = params.get("q").unwrap_or_default();
            let asked = Asked { words, before: params.get("before"), most: PAGE_LENGTH + 1, columns: COLUMNS };
            let found = server.search(&asked, |state, card, excerpt| view_of_hit(state, card, &excerpt));
            let (mut results, error) = match found {
                Ok(results) => (results, None),
                Err(refusal) => (Vec::new(), Some(sentence(&refusal.what))),
            };
            let is_more = results.len() > PAGE_LENGTH;
            results.truncate(PAGE_LENGTH);
            let older = results
                .last()
                .filter(|_| is_more)
                .map(|last| format!("/search?q={}&before={}", address::part(words), address::part(&last.key)));
            PageBuilder::new(server, &headers, &uri, "search", "Search")
                .with("query", words)
                .with("error", &error)
                .with("results", &results)
                .with("older", &older)
                .send()
        })
        .await
}

#[derive(Serialize)]
struct Piece {
    text: String,
    hit: bool,
}

#[derive(Serialize)]
struct Hit {
    url: String,
    key: String,
    channel: Home,
    date: Date,
    label: String,
    author: Option<String>,
    excerpt: Vec<Piece>,
    unread: bool,
}

fn view_of_hit(state: &ChannelState, card: &Card, excerpt: &Excerpt) -> Hit {
    let mut pieces = Vec::new();
    let mut from = 0;
    for found in &excerpt.matches {
        let piece = |range: std::ops::Range<usize>| excerpt.line.get(range).unwrap_or_default().to_owned();
        pieces.push(Piece { text: piece(from..found.start), hit: false });
        pieces.push(Piece { text: piece(found.clone()), hit: true });
        from = found.end;
    }
    pieces.push(Piece { text: excerpt.line.get(from..).unwrap_or_default().to_owned(), hit: false });
    Hit {
        url: address::reading_message(&state.name, card.side, card.stamp),
        key: state.key_of(card),
        channel: Home::of(state),
        date: Date::new(card.stamp.seconds()),
        label: label(card),
        author: state.author_of(card).map(str::to_owned),
        excerpt: pieces,
        unread: !state.is_read(card),
    }
}

#[derive(Serialize)]
struct Unsent {
    name: String,
    channel: Home,
    label: String,
    url: String,
    date: Date,
    kind: &'static str,
    due: Option<Date>,
    files: usize,
    discard_url: String,
}

/// All that is not sent, the newest first.
pub(super) async fn drafts(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server
        .off_thread(move |server| {
            let page = PageBuilder::new(server, &headers, &uri, "drafts", "Drafts");
            let mut drafts: Vec<(Stamp, Unsent)> = Vec::new();
            for state in server.library.all() {
                drafts.extend(drafts_of(&state).filter_map(|name| unsent(&state, name)));
            }
            drafts.sort_by_key(|(stamp, _)| std::cmp::Reverse(*stamp));
            let drafts: Vec<Unsent> = drafts.into_iter().map(|(_, draft)| draft).collect();
            page.with("drafts", &drafts).send()
        })
        .await
}

/// How much of a draft's text is read for its label, in bytes.
const LABEL_READ: u64 = 4 << 10;

fn unsent(state: &ChannelState, name: DraftName) -> Option<(Stamp, Unsent)> {
    let (stamp, due) = match name {
        DraftName::Unsent(stamp) => (stamp, None),
        DraftName::Scheduled(stamp) => (stamp, Some(stamp)),
        DraftName::Edit(_) => return None,
    };
    let folder = Folder::open(&draft::folder(&state.channel)).ok()?;
    // Attachments whose text is not there yet are a draft too, and one that can't be read is at least listed.
    let text = folder.read(FilePath::new(&format!("{name}.txt")), LABEL_READ).map(|(text, _)| text).unwrap_or_default();
    let words = new_message::first_words(&text);
    let url = format!("{}/{name}", address::writing(&state.name));
    let view = Unsent {
        name: name.to_string(),
        channel: Home::of(state),
        label: if words.is_empty() { "Empty draft".to_owned() } else { words },
        discard_url: format!("{url}/discard"),
        url,
        date: Date::new(stamp.seconds()),
        kind: if due.is_some() { "scheduled" } else { "draft" },
        due: due.map(|due| Date::new(due.seconds())),
        files: draft::attachments(&state.channel, name).len(),
    };
    Some((stamp, view))
}

/// The help on keys.
pub(super) async fn keys(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server.off_thread(move |server| PageBuilder::new(server, &headers, &uri, "keys", "Keyboard shortcuts").send()).await
}

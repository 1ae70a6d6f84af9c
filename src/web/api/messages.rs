//! `/channels/NAME/messages`, `/inbox`, `/outbox`: reading messages, and sending one.
//!
//! A long list is read and sent in pieces, so that its length costs no memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use crate::channel::outbox::new_message;
use crate::channel::outbox::send;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::message_file;
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Folder;
use crate::web::address;
use crate::web::api::answer::{json, json_bytes};
use crate::web::api::wire::{Message, NewMessage};
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::request::{MAX_BODY, Params};
use crate::web::http::set_header::set_header;
use crate::web::http::upload;
use crate::web::model::channel_state::ChannelState;
use crate::web::model::timeline;
use crate::web::server::Server;

/// How much JSON is gathered before it is sent.
const PIECE: usize = 64 << 10;

/// Which messages are asked for.
struct Asked {
    sides: &'static [Side],
    limit: usize,
    before: Option<(Stamp, Side)>,
}

/// Both boxes, newest first.
pub(super) async fn of_both(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    list(&server, &headers, &uri, &name, &Side::BOTH)
}

/// The inbox.
pub(super) async fn of_inbox(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    list(&server, &headers, &uri, &name, &[Side::Inbox])
}

/// The outbox.
pub(super) async fn of_outbox(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    list(&server, &headers, &uri, &name, &[Side::Outbox])
}

/// A message of the inbox.
pub(super) async fn theirs(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    one(server, headers, name, Side::Inbox, id).await
}

/// A message of the outbox.
pub(super) async fn mine(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    one(server, headers, name, Side::Outbox, id).await
}

async fn one(server: Server, headers: HeaderMap, name: String, side: Side, id: String) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            server.unless_known(&headers, &format!("{name} {side} {id}"), |server| {
                let (state, card) = server.message(&name, side, &id)?;
                json(&Message::from_card(&state, &card, text(&state.open(side)?, card.stamp)?))
            })
        })
        .await
}

/// A message's file as text.
fn text(folder: &Folder, stamp: Stamp) -> Result<String, Refusal> {
    let (bytes, _) = folder.read(&Entry::Text(stamp).path(), MAX_READ)?;
    Ok(message_file::decode(bytes).text)
}

fn list(
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    name: &str,
    sides: &'static [Side],
) -> Result<Response, Refusal> {
    let state = server.library.get(name)?;
    if let [side] = sides
        && !state.has(*side)
    {
        return Err(Refusal::missing(format!("`{name}` has no {side}")));
    }
    let params = Params::from_uri(uri);
    let limit = params.number("limit")?.unwrap_or(usize::MAX);
    let before = params.get("before").map(timeline::parse_id).transpose()?;
    let asked = Asked { sides, limit, before };
    server.unless_known(headers, &format!("{name} {uri}"), |_| Ok(json_bytes(stream(state, asked))))
}

/// A list on its way.
struct List {
    state: Arc<ChannelState>,
    asked: Asked,
    folders: [Option<Folder>; 2],
    /// The messages before this position are still to be sent.
    at: usize,
    sent: usize,
    is_over: bool,
}

/// Reads messages and sends them as they are read, newest first.
fn stream(state: Arc<ChannelState>, asked: Asked) -> Body {
    let end = asked
        .before
        .map_or(state.cards.len(), |before| state.cards.partition_point(|card| (card.stamp, card.side) < before));
    let folders = Side::BOTH.map(|side| Folder::open(&state.channel.path.join(side.name())).ok());
    let list = List { state, asked, folders, at: end, sent: 0, is_over: false };
    crate::web::http::file::piecewise(list, |list| list.next().map(Ok))
}

impl List {
    /// The next piece of the list, with its brackets.
    fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let mut piece = if self.sent == 0 { vec![b'['] } else { Vec::with_capacity(PIECE) };
        while piece.len() < PIECE {
            let Some(card) = self.older() else {
                self.is_over = true;
                piece.push(b']');
                break;
            };
            // A text that is gone or cannot be read since the look is one message less.
            let Some(body) = self.folder(card.side).and_then(|folder| text(folder, card.stamp).ok()) else {
                continue;
            };
            if self.sent > 0 {
                piece.push(b',');
            }
            // A vector always has room.
            let _ = serde_json::to_writer(&mut piece, &Message::from_card(&self.state, &card, body));
            self.sent += 1;
        }
        Some(piece.into())
    }

    fn folder(&self, side: Side) -> Option<&Folder> {
        let [inbox, outbox] = &self.folders;
        (if side == Side::Inbox { inbox } else { outbox }).as_ref()
    }

    /// The next older message that is asked for.
    fn older(&mut self) -> Option<Arc<Card>> {
        if self.sent >= self.asked.limit {
            return None;
        }
        loop {
            self.at = self.at.checked_sub(1)?;
            let card = self.state.cards.get(self.at)?;
            if self.asked.sides.contains(&card.side) {
                return Some(Arc::clone(card));
            }
        }
    }
}

/// Sends a text: a form's or a JSON object's `body`, or a form with files.
pub(super) async fn send(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let state = server.library.get(&name)?;
    state.channel.outbox()?;
    let headers = request.headers().clone();
    let (message, _received) = if request::has_content_type(&headers, "multipart/form-data") {
        let received = upload::receive_all(request, &state.channel).await?;
        let text = request::checked_text(received.get("body").unwrap_or_default().to_owned())?;
        (new_message::NewMessage { text: text.into_bytes(), attachments: received.files_beside(&[]) }, Some(received))
    } else {
        (
            new_message::NewMessage {
                text: body_of(&headers, request.into_body()).await?.into_bytes(),
                attachments: Vec::new(),
            },
            None,
        )
    };
    if message.is_empty() {
        return Err(Refusal::bad("the message is empty").hint("send its text as `body`"));
    }
    server
        .off_thread(move |server| {
            let sent = send::send(&state.channel, &message, server.now()?)?;
            server.written(&state, &sent.path);
            server.answer_with(&state.name, sent.stamp)
        })
        .await
}

async fn body_of(headers: &HeaderMap, body: Body) -> Result<String, Refusal> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if request::has_content_type(headers, "application/json") {
        let message: NewMessage = request::read_json(headers, body).await?;
        return request::checked_text(message.body);
    }
    // A program that says nothing of the type means what `curl` means.
    if headers.contains_key(CONTENT_TYPE) && !request::has_content_type(headers, FORM) {
        return Err(Refusal::unlike(FORM));
    }
    let bytes = request::read_body(body, MAX_BODY).await?;
    let params = Params::parse(&bytes);
    let text = params
        .get("body")
        .ok_or_else(|| Refusal::bad("the request has no `body`").hint("send the text as the form field `body`"))?;
    request::checked_text(text.replace("\r\n", "\n"))
}

impl Server {
    /// The message that was just sent, as the founding program answers.
    pub(super) fn answer_with(&self, name: &str, stamp: Stamp) -> Result<Response, Refusal> {
        let (state, card) = self.own_message(name, &stamp.to_string())?;
        let body = text(&state.open(Side::Outbox)?, stamp)?;
        let mut response = json(&Message::from_card(&state, &card, body))?;
        let url = address::message(name, Side::Outbox, stamp);
        set_header(response.headers_mut(), axum::http::header::LOCATION, &url);
        Ok(response)
    }
}

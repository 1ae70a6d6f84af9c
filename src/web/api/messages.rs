//! `/channels/NAME/messages`, `/inbox`, `/outbox`: reading messages, and sending one.
//!
//! Owns the answers. A long list is read and sent in pieces, so that its length costs no memory.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::super::library::Seen;
use super::super::refusal::Refusal;
use super::super::request::{self, MAX_BODY, Params};
use super::super::wire::{Message, NewMessage};
use super::super::{Server, address, upload};
use super::{json, json_bytes};
use crate::channel::card::Card;
use crate::channel::entry::{Entry, Side};
use crate::channel::letter::Letter;
use crate::channel::message::{self, MAX_READ};
use crate::channel::stamp::Stamp;
use crate::channel::{header, send};
use crate::disk::beneath::Folder;

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
                let (seen, card) = server.message(&name, side, &id)?;
                json(&Message::of(&seen, &card, text(&seen.open(side)?, card.stamp)?))
            })
        })
        .await
}

/// A message's file as text.
fn text(folder: &Folder, stamp: Stamp) -> Result<String, Refusal> {
    let (bytes, _) = folder.read(&Entry::Text(stamp).path(), MAX_READ)?;
    Ok(message::decode(bytes).text)
}

fn list(
    server: &Server,
    headers: &HeaderMap,
    uri: &Uri,
    name: &str,
    sides: &'static [Side],
) -> Result<Response, Refusal> {
    let seen = server.library.get(name)?;
    if let [side] = sides
        && !seen.has(*side)
    {
        return Err(Refusal::missing(format!("`{name}` has no {side}")));
    }
    let params = Params::of(uri);
    let limit = params.number("limit")?.unwrap_or(usize::MAX);
    let before = params.get("before").map(before).transpose()?;
    let asked = Asked { sides, limit, before };
    server.unless_known(headers, &format!("{name} {uri}"), |_| Ok(json_bytes(stream(seen, asked))))
}

/// The message before which a list ends: `2013-08-11T14-34-37Z`, or with its box before it.
fn before(id: &str) -> Result<(Stamp, Side), Refusal> {
    let (side, stem) = match id.split_once('/') {
        Some(("outbox", stem)) => (Side::Outbox, stem),
        Some(("inbox", stem)) => (Side::Inbox, stem),
        _ => (Side::Inbox, id),
    };
    let stamp = Stamp::parse(stem.as_bytes()).map_err(|_| Refusal::bad("`before` is no message's id"))?;
    Ok((stamp, side))
}

/// Reads messages and sends them as they are read, newest first.
fn stream(seen: Arc<Seen>, asked: Asked) -> Body {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::task::spawn_blocking(move || {
        let mut piece = vec![b'['];
        let folders = Side::BOTH.map(|side| Folder::open(&seen.channel.path.join(side.name())).ok());
        let mut is_first = true;
        for card in wanted(&seen, &asked) {
            let [inbox, outbox] = &folders;
            let folder = if card.side == Side::Inbox { inbox } else { outbox };
            // A text that is gone or cannot be read since the look is one message less.
            let Some(body) = folder.as_ref().and_then(|folder| text(folder, card.stamp).ok()) else {
                continue;
            };
            if !std::mem::take(&mut is_first) {
                piece.push(b',');
            }
            if serde_json::to_writer(&mut piece, &Message::of(&seen, card, body)).is_err() {
                return;
            }
            if piece.len() >= PIECE && sender.blocking_send(Ok(std::mem::take(&mut piece).into())).is_err() {
                return;
            }
        }
        piece.push(b']');
        let _ = sender.blocking_send(Ok(piece.into()));
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

fn wanted<'s>(seen: &'s Seen, asked: &'s Asked) -> impl Iterator<Item = &'s Card> {
    let end = asked
        .before
        .map_or(seen.cards.len(), |before| seen.cards.partition_point(|card| (card.stamp, card.side) < before));
    let cards = seen.cards.iter().take(end).rev();
    cards.map(|card| &**card).filter(|card| asked.sides.contains(&card.side)).take(asked.limit)
}

/// Sends a text: a form's or a JSON object's `body`, or a form with files.
pub(super) async fn send(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let seen = server.library.get(&name)?;
    send::outbox(&seen.channel)?;
    let headers = request.headers().clone();
    let (letter, _received) = if request::is(&headers, "multipart/form-data") {
        let form = Multipart::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))?;
        let received = upload::receive(form, &seen.channel, &[]).await?;
        let text = request::sound(received.get("body").unwrap_or_default().to_owned())?;
        (Letter { text: text.into_bytes(), attachments: received.files.clone() }, Some(received))
    } else {
        (Letter { text: body_of(&headers, request.into_body()).await?.into_bytes(), attachments: Vec::new() }, None)
    };
    if header::is_blank(&letter.text) && letter.attachments.is_empty() {
        return Err(Refusal::bad("the message is empty").hint("send its text as `body`"));
    }
    server
        .off_thread(move |server| {
            let sent = send::send(&seen.channel, &letter, server.now()?)?;
            server.written(&seen, &sent.path);
            server.answer_with(&seen.name, sent.stamp)
        })
        .await
}

async fn body_of(headers: &HeaderMap, body: Body) -> Result<String, Refusal> {
    if request::is(headers, "application/json") {
        let message: NewMessage = request::json(headers, body).await?;
        return request::sound(message.body);
    }
    let bytes = request::whole(body, MAX_BODY).await?;
    let params = Params::parse(&bytes);
    let text = params
        .get("body")
        .ok_or_else(|| Refusal::bad("there is no `body`").hint("send the text as the form field `body`"))?;
    request::sound(text.replace("\r\n", "\n"))
}

impl Server {
    /// The message that was just sent, as the founding program answers.
    pub(super) fn answer_with(&self, name: &str, stamp: Stamp) -> Result<Response, Refusal> {
        let (seen, card) = self.message(name, Side::Outbox, &stamp.to_string())?;
        let body = text(&seen.open(Side::Outbox)?, stamp)?;
        let mut response = json(&Message::of(&seen, &card, body))?;
        let url = address::message(name, Side::Outbox, stamp);
        super::super::file::set(response.headers_mut(), axum::http::header::LOCATION, &url);
        Ok(response)
    }
}

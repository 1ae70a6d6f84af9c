//! `…/marks`: which messages were read or have a star.
//!
//! Marks are the reader's own and lie in no box, so a message of the inbox can have them too.

use axum::extract::{Path, Request, State};
use axum::response::Response;

use crate::channel::protocol::entry::Side;
use crate::channel::reading::marks::State as Mark;
use crate::web::api::answer::json;
use crate::web::api::wire::{AllRead, Done, Marks, NewMarks};
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::server::Server;

/// A message of the inbox.
pub(super) async fn theirs(
    State(server): State<Server>,
    Path((name, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    one(server, name, Side::Inbox, id, request).await
}

/// A message of the outbox.
pub(super) async fn mine(
    State(server): State<Server>,
    Path((name, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    one(server, name, Side::Outbox, id, request).await
}

async fn one(server: Server, name: String, side: Side, id: String, request: Request) -> Result<Response, Refusal> {
    let (state, card) = server.message(&name, side, &id)?;
    let marks: NewMarks = request::read_json(&request.headers().clone(), request.into_body()).await?;
    let said = [marks.read.map(Mark::Read), marks.starred.map(Mark::Starred)];
    server
        .off_thread(move |server| {
            server.mark(&state, side, card.stamp, said.into_iter().flatten())?;
            let state = server.library.get(&state.name)?;
            json(&Marks { read: state.is_read(&card), starred: state.marked.is_starred(side, card.stamp) })
        })
        .await
}

/// All of a channel that was not read.
pub(super) async fn all(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let state = server.library.get(&name)?;
    let wanted: AllRead = request::read_json(&request.headers().clone(), request.into_body()).await?;
    if !wanted.read {
        return Err(Refusal::bad("a whole channel can only be marked as read"));
    }
    server
        .off_thread(move |server| {
            server.mark_all_read(&state)?;
            json(&Done {})
        })
        .await
}

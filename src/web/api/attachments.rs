//! `/channels/NAME/BOX/ID/attachments`: the attachments of a message, and adding files to one's own message.
//!
//! A name from an address is looked for in the listing, and is never part of a path itself.

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::article::{Attached as Shown, inert_suffix};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::outbox::new_message::NewAttachment;
use crate::channel::outbox::revise;
use crate::channel::outbox::revise::Revision;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::file_mark::FileMark;
use crate::markdown::{Media, Trust};
use crate::media::attachment_kind::BYTES;
use crate::web::api::answer::json;
use crate::web::api::wire::{Attached, Attachment};
use crate::web::http::refusal::Refusal;
use crate::web::http::{file, upload};
use crate::web::model::channel_state::ChannelState;
use crate::web::server::Server;

/// The attachments of a message of the inbox.
pub(super) async fn list_theirs(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    list(&server, &headers, &name, Side::Inbox, &id)
}

/// The attachments of a message of the outbox.
pub(super) async fn list_mine(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    list(&server, &headers, &name, Side::Outbox, &id)
}

fn list(server: &Server, headers: &HeaderMap, name: &str, side: Side, id: &str) -> Result<Response, Refusal> {
    server.unless_known(headers, &format!("{name} {side} {id}"), |server| {
        let (state, card) = server.message(name, side, id)?;
        json(&Attachment::all_of_message(&state, &card))
    })
}

/// An attachment of a message of the inbox.
pub(super) async fn theirs(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id, file)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let (state, card) = server.message(&name, Side::Inbox, &id)?;
            bytes(&state, &card, &file, &headers)
        })
        .await
}

/// An attachment of a message of the outbox.
pub(super) async fn mine(
    State(server): State<Server>,
    headers: HeaderMap,
    Path((name, id, file)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let (state, card) = server.message(&name, Side::Outbox, &id)?;
            bytes(&state, &card, &file, &headers)
        })
        .await
}

/// Sends the bytes of a message's attachment.
fn bytes(state: &ChannelState, card: &Card, file: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let (side, stamp) = (card.side, card.stamp);
    let found = card.attachments.iter().find(|known| known.path.text() == file);
    let found = found.ok_or_else(|| Refusal::missing(format!("the message {stamp} has no attachment `{file}`")))?;
    let path = Entry::Attachment(stamp, found.path.clone()).path();
    let folder = state.open(side)?;
    let (open, stat) = folder.file(&path)?;
    let trust = if FileMark::from(stat) == found.mark {
        state.box_trust(side).of_attachment(stamp, &found.path)
    } else {
        BoxTrust::now(&folder, side).of_attachment(stamp, &found.path)
    };
    Ok(file::send(open, &stat, &about(found, trust), headers)?)
}

/// How an attachment is sent: what a browser could run is only to be saved, and nothing that is shown may run anything.
fn about(found: &card::Attachment, trust: Trust) -> file::ContentInfo {
    let shown = Shown::new(found, trust, String::new());
    let is_inert = inert_suffix(found, trust).is_some();
    let is_saved = is_inert || shown.media == (Media::File { download: true });
    let name = found.path.name();
    let mime = if is_inert { BYTES.to_owned() } else { found.kind().content_type() };
    // A browser's own viewer for PDF does not open in a sandbox.
    let is_viewed = trust == Trust::Own && mime == "application/pdf";
    let sandbox = if is_viewed { "object-src 'self'" } else { "sandbox" };
    file::ContentInfo {
        mime,
        save_as: is_saved.then(|| name.into_owned()),
        policy: format!("default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; {sandbox}"),
    }
}

/// Adds files to one's own message.
pub(super) async fn add(
    State(server): State<Server>,
    Path((name, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let (state, card) = server.own_message(&name, &id)?;
    let received = upload::receive_files(request, &state.channel).await?;
    server
        .off_thread(move |server| {
            let before = revise::read(&state.channel, card.stamp)?;
            let files = received.files_beside(&there(&card));
            let revision = Revision { before: &before, after: &before, attach: &files, detach: &[], updated: None };
            let path = revise::revise(&state.channel, card.stamp, &revision, server.now()?)?;
            server.written(&state, &path);
            let is_new = |attachment: &Attachment| files.iter().any(|file| file.name.text() == attachment.name);
            let (state, card) = server.own_message(&name, &id)?;
            json(&Attached {
                attachments: Attachment::all_of_message(&state, &card).into_iter().filter(is_new).collect(),
            })
        })
        .await
}

/// The attachments that a message has already.
fn there(card: &Card) -> Vec<NewAttachment> {
    let source = |file: &card::Attachment| NewAttachment {
        name: file.path.clone(),
        path: std::path::PathBuf::new(),
        len: file.mark.len,
        is_ours: false,
    };
    card.attachments.iter().map(source).collect()
}

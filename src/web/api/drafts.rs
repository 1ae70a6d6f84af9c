//! `/channels/NAME/drafts`: messages that are not sent yet.
//!
//! A draft's text is replaced whole, and not over a change that whoever sends it has not seen.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::channel::outbox::draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message::NewAttachment;
use crate::fs::confined::Folder;
use crate::media::Content;
use crate::media::attachment_kind::AttachmentKind;
use crate::web::address;
use crate::web::api::answer::{created, json};
use crate::web::api::wire::{Attached, Attachment, Done, Draft, DraftText, NewDraft, PreviewRequest, RenderedText};
use crate::web::app::message_text;
use crate::web::http::etag::content_version;
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::{file, upload};
use crate::web::model::drafts::{find, known, take};
use crate::web::server::Server;

/// The drafts of a channel.
pub(super) async fn list(State(server): State<Server>, Path(name): Path<String>) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let names = draft::list(&state.channel)?.into_iter().filter(|name| !matches!(name, DraftName::Edit(_)));
            json(&names.filter_map(|name| Draft::read(&state, name).ok()).collect::<Vec<_>>())
        })
        .await
}

/// One of them.
pub(super) async fn one(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            json(&Draft::read(&state, known(&state, &draft)?)?)
        })
        .await
}

/// Begins a draft.
pub(super) async fn begin(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let state = server.library.get(&name)?;
    state.channel.outbox()?;
    let headers = request.headers().clone();
    let (text, reply, received) = if request::has_content_type(&headers, "multipart/form-data") {
        let received = upload::receive_all(request, &state.channel).await?;
        (received.get("body").unwrap_or_default().to_owned(), received.get("reply").map(str::to_owned), Some(received))
    } else {
        let new: NewDraft = request::read_json(&headers, request.into_body()).await?;
        (new.text, new.reply, None)
    };
    let text = request::checked_text(text)?;
    server
        .off_thread(move |server| {
            let files = received.as_ref().map(|received| received.files_beside(&[])).unwrap_or_default();
            let draft = server.begin_draft(&state, &text, reply.as_deref(), files)?;
            let unsent = Draft::read(&state, draft.name)?;
            let url = address::draft(&state.name, &draft.name.to_string());
            created(&unsent, &url)
        })
        .await
}

/// Saves a draft's text.
pub(super) async fn save(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let state = server.library.get(&name)?;
    let new: DraftText = request::read_json(&headers, body).await?;
    let text = request::checked_text(new.text)?;
    let known = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    server
        .off_thread(move |server| {
            let draft = take(&state, &draft)?;
            let there = draft.contents()?.text;
            let is_seen = known.is_none_or(|known| known == "*" || known.trim_matches('"') == content_version(&there));
            if !is_seen && there != text.as_bytes() {
                return Err(Refusal::new(
                    StatusCode::PRECONDITION_FAILED,
                    "the draft was changed elsewhere in the meantime",
                )
                .hint("read it again and save it with its new version; nothing was overwritten"));
            }
            if there != text.as_bytes() {
                draft.save(text.as_bytes())?;
                server.library.drafts_changed(&state.name);
            }
            json(&Draft::read(&state, draft.name)?)
        })
        .await
}

/// Puts a draft into the trash.
pub(super) async fn discard(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            server.discard_draft(&state, &draft)?;
            json(&Done {})
        })
        .await
}

/// Sends a draft.
pub(super) async fn send(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let sent = server.send_draft(&state, take(&state, &draft)?)?;
            let mut response = server.answer_with(&state.name, sent)?;
            *response.status_mut() = StatusCode::CREATED;
            Ok(response)
        })
        .await
}

/// The attachments of a draft.
pub(super) async fn attachments(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let draft = known(&state, &draft)?;
            let files = draft::read(&state.channel, draft)?.attachments;
            json(&files.iter().map(|file| Attachment::for_draft(&state.name, draft, file)).collect::<Vec<_>>())
        })
        .await
}

/// Adds files to a draft.
pub(super) async fn attach(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let state = server.library.get(&name)?;
    known(&state, &draft)?;
    let received = upload::receive_files(request, &state.channel).await?;
    server
        .off_thread(move |server| {
            let draft = take(&state, &draft)?;
            let files = received.files_beside(&draft.attachments());
            draft.attach(&files)?;
            server.library.drafts_changed(&state.name);
            let one = |file: &NewAttachment| Attachment::for_draft(&state.name, draft.name, file);
            json(&Attached { attachments: files.iter().map(one).collect() })
        })
        .await
}

/// The bytes of a draft's attachment. It is the user's own, and yet only to be saved unless it is a picture or a recording.
pub(super) async fn attachment(
    State(server): State<Server>,
    Path((name, draft, wanted)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let name = known(&state, &draft)?;
            let found = find(&draft::attachments(&state.channel, name), &wanted)?;
            let folder = Folder::open(&draft::folder(&state.channel))?.child(name.to_string().as_ref())?;
            let (open, stat) = folder.file(found.as_path())?;
            let content = Content::of_file(&open)?;
            let mime = AttachmentKind::new(&wanted, content).media_type().to_owned();
            let is_shown = ["image/", "audio/", "video/"].iter().any(|kind| mime.starts_with(kind));
            let about = file::ContentInfo {
                save_as: (!is_shown).then(|| found.name().into_owned()),
                mime,
                policy: "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
                    .to_owned(),
            };
            Ok(file::send(open, &stat, &about, &headers)?)
        })
        .await
}

/// Takes an attachment off a draft.
pub(super) async fn detach(
    State(server): State<Server>,
    Path((name, draft, wanted)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let draft = take(&state, &draft)?;
            draft.detach(&find(&draft.attachments(), &wanted)?)?;
            server.library.drafts_changed(&state.name);
            json(&Done {})
        })
        .await
}

/// A text as the app would show it.
pub(super) async fn preview(State(server): State<Server>, request: Request) -> Result<Response, Refusal> {
    let wanted: PreviewRequest = request::read_json(&request.headers().clone(), request.into_body()).await?;
    let text = request::checked_text(wanted.text)?;
    server
        .off_thread(move |server| {
            let state = server.library.get(&wanted.channel)?;
            let draft = wanted.draft.as_deref().map(|draft| known(&state, draft)).transpose()?;
            json(&RenderedText { html: message_text::preview(&server.templates, &state, draft, &text, server.now()?)? })
        })
        .await
}

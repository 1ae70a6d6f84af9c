//! `/channels/NAME/drafts`: letters that are not sent.
//!
//! Owns the answers. A draft's text is replaced whole, and not over a change that whoever sends it has not seen.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::super::library::Seen;
use super::super::refusal::Refusal;
use super::super::request;
use super::super::wire::{AsShown, Attached, Attachment, Done, DraftText, NewDraft, ToShow, Unsent, version_of};
use super::super::{Server, file, upload};
use super::{created, json};
use crate::article::type_of;
use crate::channel::draft::{self, Draft, Name};
use crate::channel::entry::RelativePath;
use crate::channel::header::{self as head, Header};
use crate::channel::letter::{Letter, Source};
use crate::channel::{Error, send, which};
use crate::disk::beneath::Folder;

/// How long a draft that is in another hand is waited for.
const WAIT: Duration = Duration::from_secs(2);

/// The drafts of a channel.
pub(super) async fn list(State(server): State<Server>, Path(name): Path<String>) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let seen = server.library.get(&name)?;
            let names = draft::list(&seen.channel).into_iter().filter(|name| !matches!(name, Name::Edit(_)));
            // One that is in another hand just now is listed again by the next who asks.
            let drafts = names.filter_map(|name| Draft::open(&seen.channel, name).ok());
            json(&drafts.filter_map(|draft| Unsent::of(&seen, &draft).ok()).collect::<Vec<_>>())
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
            let seen = server.library.get(&name)?;
            json(&Unsent::of(&seen, &take(&seen, &draft)?)?)
        })
        .await
}

/// Begins a draft.
pub(super) async fn begin(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let seen = server.library.get(&name)?;
    send::outbox(&seen.channel)?;
    let headers = request.headers().clone();
    let (text, reply, received) = if request::is(&headers, "multipart/form-data") {
        let form = Multipart::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))?;
        let received = upload::receive(form, &seen.channel, &[]).await?;
        (received.get("body").unwrap_or_default().to_owned(), received.get("reply").map(str::to_owned), Some(received))
    } else {
        let new: NewDraft = request::json(&headers, request.into_body()).await?;
        (new.text, new.reply, None)
    };
    let text = request::sound(text)?;
    server
        .off_thread(move |server| {
            let files = received.as_ref().map(|received| received.files.clone()).unwrap_or_default();
            let draft = server.begin_draft(&seen, &text, reply.as_deref(), files)?;
            let unsent = Unsent::of(&seen, &draft)?;
            let url = super::super::address::draft(&seen.name, &draft.name.to_string());
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
    let seen = server.library.get(&name)?;
    let new: DraftText = request::json(&headers, body).await?;
    let text = request::sound(new.text)?;
    let known = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    server
        .off_thread(move |server| {
            let draft = take(&seen, &draft)?;
            let there = draft.letter()?.text;
            let is_seen = known.is_none_or(|known| known == "*" || known.trim_matches('"') == version_of(&there));
            if !is_seen && there != text.as_bytes() {
                return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "the draft was changed elsewhere meanwhile")
                    .hint("read it again; nothing was written over it"));
            }
            if there != text.as_bytes() {
                draft.save(text.as_bytes())?;
                server.library.drafts_changed(&seen.name);
            }
            json(&Unsent::of(&seen, &draft)?)
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
            let seen = server.library.get(&name)?;
            server.discard_draft(&seen, &draft)?;
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
            let seen = server.library.get(&name)?;
            let sent = server.send_draft(&seen, take(&seen, &draft)?)?;
            let mut response = server.answer_with(&seen.name, sent)?;
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
            let seen = server.library.get(&name)?;
            let draft = take(&seen, &draft)?;
            let files = draft.attachments();
            json(&files.iter().map(|file| Attachment::of_draft(&seen.name, draft.name, file)).collect::<Vec<_>>())
        })
        .await
}

/// Adds files to a draft.
pub(super) async fn attach(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let seen = server.library.get(&name)?;
    let taken = server
        .off_thread({
            let (seen, draft) = (seen.clone(), draft.clone());
            move |_| Ok(take(&seen, &draft)?.attachments())
        })
        .await?;
    let names: Vec<String> = taken.iter().map(|file| file.name.text().into_owned()).collect();
    let form = Multipart::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))?;
    let received = upload::receive(form, &seen.channel, &names).await?;
    if received.files.is_empty() {
        return Err(Refusal::bad("there is no file").hint("send each as the form field `file`"));
    }
    server
        .off_thread(move |server| {
            let draft = take(&seen, &draft)?;
            draft.attach(&received.files)?;
            server.library.drafts_changed(&seen.name);
            let one = |file: &Source| Attachment::of_draft(&seen.name, draft.name, file);
            json(&Attached { attachments: received.files.iter().map(one).collect() })
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
            let seen = server.library.get(&name)?;
            let name = known(&seen, &draft)?;
            let found = find(&draft::attachments(&seen.channel, name), &wanted)?;
            let folder = Folder::open(&draft::folder(&seen.channel))?.child(name.to_string().as_ref())?;
            let (open, stat) = folder.file(found.as_path())?;
            let mime = type_of(&wanted);
            let is_shown = ["image/", "audio/", "video/"].iter().any(|kind| mime.starts_with(kind));
            let about = file::About {
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
            let seen = server.library.get(&name)?;
            let draft = take(&seen, &draft)?;
            draft.detach(&find(&draft.attachments(), &wanted)?)?;
            server.library.drafts_changed(&seen.name);
            json(&Done {})
        })
        .await
}

/// A text as the app would show it.
pub(super) async fn preview(State(server): State<Server>, request: Request) -> Result<Response, Refusal> {
    let wanted: ToShow = request::json(&request.headers().clone(), request.into_body()).await?;
    let text = request::sound(wanted.text)?;
    server
        .off_thread(move |server| {
            let seen = server.library.get(&wanted.channel)?;
            let draft = wanted.draft.as_deref().map(|draft| known(&seen, draft)).transpose()?;
            json(&AsShown { html: server.app.preview(&seen, draft, &text, server.now()?)? })
        })
        .await
}

fn find(files: &[Source], wanted: &str) -> Result<RelativePath, Refusal> {
    let found = files.iter().find(|file| file.name.text() == wanted).map(|file| file.name.clone());
    found.ok_or_else(|| Refusal::missing(format!("the draft has no attachment `{wanted}`")))
}

/// The name of a draft that there is. Changes to a sent message are no drafts of their own.
fn known(seen: &Seen, draft: &str) -> Result<Name, Refusal> {
    let name = Name::parse(draft).filter(|name| name.to_string() == draft && !matches!(name, Name::Edit(_)));
    name.ok_or_else(|| draft::no_such(&seen.channel, draft).into())
}

/// Takes a draft in hand; one that is in another hand is waited for, since whoever saves lets go of it at once.
pub(in crate::web) fn take(seen: &Seen, draft: &str) -> Result<Draft, Refusal> {
    let name = known(seen, draft)?;
    let start = Instant::now();
    loop {
        match Draft::open(&seen.channel, name) {
            Err(Error::InHand { .. }) if start.elapsed() < WAIT => std::thread::sleep(Duration::from_millis(10)),
            taken => return Ok(taken?),
        }
    }
}

impl Server {
    /// Begins a draft, perhaps as an answer to a message (`inbox/2013-08-11T14-34-37Z`).
    pub(in crate::web) fn begin_draft(
        &self,
        seen: &Seen,
        text: &str,
        reply: Option<&str>,
        attachments: Vec<Source>,
    ) -> Result<Draft, Refusal> {
        let in_reply_to = match reply.filter(|reply| !reply.is_empty()) {
            Some(reply) => {
                let (side, stamp) = which::any(&seen.channel, reply)?;
                Some((Some(side), stamp))
            }
            None => None,
        };
        let header = Header { in_reply_to, ..Header::default() };
        let text = head::with(text.as_bytes(), &header).ok_or(Error::Header)?;
        let draft = Draft::begin(&seen.channel, &Letter { text, attachments }, self.now()?)?;
        self.library.drafts_changed(&seen.name);
        Ok(draft)
    }

    /// Sends a draft now; gives the message's id.
    pub(in crate::web) fn send_draft(
        &self,
        seen: &Seen,
        draft: Draft,
    ) -> Result<crate::channel::stamp::Stamp, Refusal> {
        let letter = draft.letter()?;
        if head::is_blank(&letter.text) && letter.attachments.is_empty() {
            return Err(
                Refusal::bad("there is nothing to send: the text is empty").hint("write something, or attach a file")
            );
        }
        let sent = draft.send(&seen.channel, self.now()?)?;
        self.written(seen, &sent.path);
        self.library.drafts_changed(&seen.name);
        Ok(sent.stamp)
    }

    /// Puts a draft into the trash.
    pub(in crate::web) fn discard_draft(&self, seen: &Seen, draft: &str) -> Result<(), Refusal> {
        take(seen, draft)?.discard(&seen.channel, self.now()?)?;
        self.library.drafts_changed(&seen.name);
        Ok(())
    }
}

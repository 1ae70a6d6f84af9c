//! The page for writing. The form's text is saved as a draft before anything else is done with it, so that whatever fails later
//! loses nothing.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use crate::article::{Date, Link, label, readable_size};
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::metadata_check;
use crate::channel::outbox::missing_attachment;
use crate::channel::outbox::new_message::NewAttachment;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::protocol::{header, message_file};
use crate::channel::reading::resolve_id;
use crate::channel::snapshot::attachments::MAX_ATTACHMENT_BYTES;
use crate::web::address;
use crate::web::app::message_text;
use crate::web::app::page_builder::PageBuilder;
use crate::web::app::sentence::sentence;
use crate::web::app::template_views;
use crate::web::app::template_views::Channel;
use crate::web::http::etag::content_version;
use crate::web::http::guard;
use crate::web::http::redirect::see_other;
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::request::Params;
use crate::web::http::upload;
use crate::web::http::upload::ReceivedForm;
use crate::web::model::channel_state::ChannelState;
use crate::web::model::drafts::{known, take};
use crate::web::server::Server;

type Answer = Result<Response, Refusal>;

#[derive(Serialize)]
struct Unsent {
    name: String,
    text: String,
    version: String,
    files: Vec<File>,
    due: Option<Date>,
}

#[derive(Serialize)]
struct File {
    name: String,
    size: String,
    kind: String,
    url: String,
    picture: bool,
    remove: String,
}

impl File {
    /// A draft's attachment; `draft` is the draft's address.
    fn new(draft: &str, file: &NewAttachment) -> Self {
        let path = file.name.text().into_owned();
        let kind = file.kind();
        Self {
            size: readable_size(file.len),
            kind: kind.in_words(),
            url: format!("{draft}/attachments/{}", address::path(&path)),
            picture: kind.media_type().starts_with("image/"),
            remove: path.clone(),
            name: path,
        }
    }
}

/// What the page shows besides the draft.
#[derive(Default)]
struct PageContent<'a> {
    draft: Option<Unsent>,
    reply: Option<&'a str>,
    preview: Option<tera::Value>,
    warnings: Vec<String>,
    /// Why the form came back, with the text that it had.
    failure: Option<(&'a Refusal, &'a str)>,
}

/// Which channel is to be written to?
pub(super) async fn choose(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server
        .off_thread(move |server| {
            let page = PageBuilder::new(server, &headers, &uri, "write", "Write");
            let all = template_views::in_order(server.library.all());
            let choose: Vec<Channel> =
                all.iter().filter(|state| template_views::can_write(state)).map(|state| Channel::of(state)).collect();
            page.with("choose", &choose).send()
        })
        .await
}

/// An empty page.
pub(super) async fn begin(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
) -> Answer {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let params = Params::from_uri(&uri);
            page(server, &headers, &uri, &state, &PageContent { reply: params.get("reply"), ..PageContent::default() })
        })
        .await
}

/// A draft.
pub(super) async fn go_on(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path((name, draft)): Path<(String, String)>,
) -> Answer {
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            let draft = known(&state, &draft)?;
            let unsent = unsent(&state, draft)?;
            let (now, preview) = (server.now()?, Params::from_uri(&uri).get("preview").is_some());
            let content = PageContent {
                preview: preview.then(|| message_text::would_be(&state, Some(draft), &unsent.text, now)),
                warnings: if preview { warnings(&state, draft, now)? } else { Vec::new() },
                draft: Some(unsent),
                ..PageContent::default()
            };
            page(server, &headers, &uri, &state, &content)
        })
        .await
}

/// Warns of links in the text whose attachment is missing.
fn warnings(state: &ChannelState, draft: DraftName, now: Stamp) -> Result<Vec<String>, Refusal> {
    let message = draft::read(&state.channel, draft)?;
    let names: Vec<_> = message.attachments.iter().map(|file| file.name.clone()).collect();
    let missing = missing_attachment::warnings(&message.text, &names, now);
    let revealing = metadata_check::warnings(&message);
    Ok(missing.iter().chain(&revealing).map(|warning| sentence(warning)).collect())
}

fn unsent(state: &ChannelState, draft: DraftName) -> Result<Unsent, Refusal> {
    let message = draft::read(&state.channel, draft)?;
    let name = draft.to_string();
    let draft_address = address::draft(&state.name, &name);
    Ok(Unsent {
        version: content_version(&message.text),
        files: message.attachments.iter().map(|file| File::new(&draft_address, file)).collect(),
        due: if let DraftName::Scheduled(due) = draft { Some(Date::new(due.seconds())) } else { None },
        text: message_file::decode(message.text).text,
        name,
    })
}

fn page(server: &Server, headers: &HeaderMap, uri: &Uri, state: &ChannelState, content: &PageContent<'_>) -> Answer {
    if !template_views::can_write(state) {
        return Err(crate::channel::Error::OnlyListens { name: state.name.clone() }.into());
    }
    let url = address::writing(&state.name);
    let action = content.draft.as_ref().map_or(url.clone(), |draft| format!("{url}/{}", draft.name));
    let answered = match (&content.draft, content.reply) {
        (Some(draft), _) => header::part(&draft.text)
            .header
            .in_reply_to
            .and_then(|said| state.answered.find(said, Side::Outbox, &state.cards)),
        (None, Some(reply)) => {
            let found = resolve_id::any(&state.channel, reply).ok();
            found.and_then(|(side, stamp)| state.find(side, stamp)).map(|(_, card)| card)
        }
        (None, None) => None,
    };
    let reply_to = answered
        .map(|card| Link { label: label(card), url: address::reading_message(&state.name, card.side, card.stamp) });
    let mut response = PageBuilder::new(server, headers, uri, "write", &format!("Write to {}", state.title))
        .with("channel", &Channel::of(state))
        .with("action", &action)
        .with("draft", &content.draft)
        .with("reply", content.reply.unwrap_or_default())
        .with("reply_to", &reply_to)
        .with("preview", &content.preview)
        .with("warnings", &content.warnings)
        .with("error", &content.failure.map(|(refusal, _)| words(refusal)))
        .with("text", &content.failure.map(|(_, text)| text))
        .with("most", &readable_size(MAX_ATTACHMENT_BYTES))
        .send()?;
    if let Some((refusal, _)) = content.failure {
        refusal.clone().mark(&mut response);
    }
    Ok(response)
}

fn words(refusal: &Refusal) -> String {
    let hint = refusal.hint.as_deref().map(|hint| format!(" {}", sentence(hint)));
    sentence(&refusal.what) + &hint.unwrap_or_default()
}

/// The form of an empty page.
pub(super) async fn receive_new(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    form(server, headers, uri, (name, None), request).await
}

/// The form of a draft.
pub(super) async fn receive(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    Path((name, draft)): Path<(String, String)>,
    request: Request,
) -> Answer {
    form(server, headers, uri, (name, Some(draft)), request).await
}

/// Does what a form asks for, in this channel and with this draft if it is one's form.
async fn form(
    server: Server,
    headers: HeaderMap,
    uri: Uri,
    (name, draft): (String, Option<String>),
    request: Request,
) -> Answer {
    let state = server.library.get(&name)?;
    let received = {
        let headers = headers.clone();
        // A form that is nobody's is not let fill the disk.
        upload::receive(request, &state.channel, move |received| {
            guard::check_form_token(&headers, received.get("token"))
        })
        .await?
    };
    server
        .off_thread(move |server| {
            let form = Form { server, headers: &headers, uri: &uri, state: &state, received: &received };
            form.act(draft.as_deref())
        })
        .await
}

/// A form that came in.
struct Form<'a> {
    server: &'a Server,
    headers: &'a HeaderMap,
    uri: &'a Uri,
    state: &'a ChannelState,
    received: &'a ReceivedForm,
}

impl Form<'_> {
    /// Does what the form says. What fails shows the form again with all that it had, or with what is a draft by then.
    fn act(&self, draft: Option<&str>) -> Answer {
        let mut at = draft.map(str::to_owned);
        let checked = guard::check_form_token(self.headers, self.received.get("token"));
        let submission = self.received.submission(self.uri.path());
        let done = checked.and_then(|()| self.server.forms.run_once(submission, || self.try_to(&mut at)));
        let refusal = match done {
            Ok(to) => return Ok(see_other(&to)),
            Err(refusal) => refusal,
        };
        let draft = at.and_then(|draft| unsent(self.state, known(self.state, &draft).ok()?).ok());
        let failure = Some((&refusal, self.text()));
        let content = PageContent { draft, reply: self.received.get("reply"), failure, ..PageContent::default() };
        page(self.server, self.headers, self.uri, self.state, &content)
    }

    fn text(&self) -> &str {
        self.received.get("text").unwrap_or_default()
    }

    /// Does it; gives the page that it leads to.
    fn try_to(&self, at: &mut Option<String>) -> Result<String, Refusal> {
        let text = request::checked_text(self.text().to_owned())?;
        let action = self.received.get("do").unwrap_or("save");
        if action == "discard" {
            return self.discard(at.as_deref());
        }
        if at.is_none() && text.trim().is_empty() && !self.received.has_files() {
            return Err(
                Refusal::bad("there is nothing to send: the text is empty").hint("write something, or attach a file")
            );
        }
        let draft = self.saved(&text, at.as_deref())?;
        *at = Some(draft.name.to_string());
        let url = format!("{}/{}", address::writing(&self.state.name), draft.name);
        match action {
            "send" => {
                let sent = self.server.send_draft(self.state, draft)?;
                let is_shown = self.server.message(&self.state.name, Side::Outbox, &sent.to_string()).is_ok();
                // One that waits for missing files has no page yet; its channel's tells that it waits.
                Ok(if is_shown {
                    address::reading_message(&self.state.name, Side::Outbox, sent)
                } else {
                    address::reading(&self.state.name)
                })
            }
            "preview" => Ok(format!("{url}?preview=1#preview")),
            _ => Ok(url),
        }
    }

    fn discard(&self, draft: Option<&str>) -> Result<String, Refusal> {
        if let Some(draft) = draft {
            self.server.discard_draft(self.state, draft)?;
        }
        Ok(address::reading(&self.state.name))
    }

    /// The draft with all that the form brought.
    fn saved(&self, text: &str, draft: Option<&str>) -> Result<Draft, Refusal> {
        let Some(draft) = draft else {
            return self.server.begin_draft(
                self.state,
                text,
                self.received.get("reply"),
                self.received.files_beside(&[]),
            );
        };
        let draft = take(self.state, draft)?;
        let there = draft.contents()?.text;
        // What the form shows of bytes that are no UTF-8 is not what was written, so only other words are saved.
        if message_file::decode(there.clone()).text != text {
            if self.received.get("version") != Some(content_version(&there).as_str()) {
                return Err(Refusal::new(
                    StatusCode::PRECONDITION_FAILED,
                    "the draft was changed elsewhere in the meantime",
                )
                .hint("your text is below; send it again to replace the other one"));
            }
            draft.save(text.as_bytes())?;
        }
        let there = draft.attachments();
        for name in self.received.all("remove") {
            if let Some(file) = there.iter().find(|file| file.name.text() == name) {
                draft.detach(&file.name)?;
            }
        }
        draft.attach(&self.received.files_beside(&draft.attachments()))?;
        self.server.library.drafts_changed(&self.state.name);
        Ok(draft)
    }
}

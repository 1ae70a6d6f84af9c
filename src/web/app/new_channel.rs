//! The page to begin with: write, read, or talk.
//!
//! Each of the three makes a channel as the command of that name does, in the page; where that can't be, the page tells the
//! commands. It is the first page while there is no channel, and `/begin` later.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use crate::web::address;
use crate::web::app::form_fields::{form, submission};
use crate::web::app::page_builder::PageBuilder;
use crate::web::app::sentence::sentence;
use crate::web::http::redirect::see_other;
use crate::web::http::refusal::Refusal;
use crate::web::http::request::Params;
use crate::web::model::channel_state::name_of;
use crate::web::server::Server;
use crate::web::service::{ChannelCreator, CreateError};

type Answer = Result<Response, Refusal>;

/// What the page shows.
#[derive(Default, Serialize)]
struct Beginning<'a> {
    /// Whether channels can be made here, and whether keys and codes are of use.
    makes: bool,
    carries: bool,
    is_first: bool,
    /// What was typed where, if it can't be done, and why.
    failed: Option<Failed<'a>>,
    /// The code for the other side of a conversation, and where that is.
    code: Option<&'a str>,
    conversation: Option<String>,
}

#[derive(Serialize)]
struct Failed<'a> {
    at: &'a str,
    typed: &'a str,
    why: &'a str,
}

/// The page.
pub(super) async fn page(State(server): State<Server>, headers: HeaderMap, uri: Uri) -> Answer {
    server.off_thread(move |server| show(server, &headers, &uri, Beginning::default())).await
}

/// The page as the first one: there is no channel.
pub(super) fn first(server: &Server, headers: &HeaderMap, uri: &Uri) -> Answer {
    show(server, headers, uri, Beginning { is_first: true, ..Beginning::default() })
}

fn show(server: &Server, headers: &HeaderMap, uri: &Uri, with: Beginning<'_>) -> Answer {
    let creator = server.creator.as_deref();
    let (makes, carries) = (creator.is_some(), creator.is_some_and(ChannelCreator::can_sync));
    let title = if with.is_first { "missive" } else { "New channel" };
    PageBuilder::new(server, headers, uri, "begin", title)
        .with("begin", &Beginning { makes, carries, ..with })
        .with("data_folder", &server.data.to_string_lossy())
        .send()
}

/// One of the page's forms.
pub(super) async fn receive(State(server): State<Server>, headers: HeaderMap, uri: Uri, request: Request) -> Answer {
    let params = form(&headers, request).await?;
    server.off_thread(move |server| act(server, &headers, &uri, &params)).await
}

fn act(server: &Server, headers: &HeaderMap, uri: &Uri, params: &Params) -> Answer {
    let creator = server.creator.as_ref().map(Arc::clone);
    let creator = creator.ok_or_else(|| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "this server was started for certain channels only, so it can't make a new one",
        )
        .hint("start `missive serve` without names to show all channels")
    })?;
    let at = params.get("do").unwrap_or_default();
    let typed = params.get("with").unwrap_or_default().trim();
    let done = server.forms.run_once(submission(uri.path(), params), || begin(&*creator, at, typed));
    match done {
        Ok(code) if at == "invite" => {
            let conversation = Some(address::reading(typed));
            show(server, headers, uri, Beginning { code: Some(&code), conversation, ..Beginning::default() })
        }
        Ok(to) => Ok(see_other(&to)),
        Err(refusal) => {
            let hint = refusal.hint.as_deref().map(|hint| format!(" {}", sentence(hint))).unwrap_or_default();
            let why = sentence(&refusal.what) + &hint;
            let failed = Some(Failed { at, typed, why: &why });
            let mut response = show(server, headers, uri, Beginning { failed, ..Beginning::default() })?;
            refusal.mark(&mut response);
            Ok(response)
        }
    }
}

/// Does what a form says; gives the page that it leads to, or the code of an invitation.
fn begin(creator: &dyn ChannelCreator, at: &str, typed: &str) -> Result<String, Refusal> {
    if typed.is_empty() {
        return Err(Refusal::bad("the field is empty"));
    }
    match at {
        "make" => Ok(address::writing(&name_of(&creator.create(typed)?))),
        "subscribe" => Ok(address::reading(&name_of(&creator.subscribe(typed)?))),
        "accept" => Ok(address::reading(&name_of(&creator.accept(typed)?))),
        "invite" => Ok(creator.invite(typed)?),
        _ => Err(Refusal::bad("the form does not say what to do")),
    }
}

impl From<CreateError> for Refusal {
    /// What was typed may be a key, and the words may quote it.
    fn from(error: CreateError) -> Self {
        let refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.what).quoting_the_request();
        Self { hint: error.hint, ..refusal }
    }
}

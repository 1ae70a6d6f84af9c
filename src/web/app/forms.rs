//! The small forms: marks, and discarding a draft. A form comes back to the page that it stood on.
//!
//! Marking twice is marking once, so only the form that discards bears a number.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use crate::channel::reading::marks::State as Mark;
use crate::web::address;
use crate::web::app::form_fields::{form, submission};
use crate::web::app::form_return::back;
use crate::web::app::pages;
use crate::web::http::redirect::see_other;
use crate::web::http::refusal::Refusal;
use crate::web::server::Server;

/// Marks one message.
pub(super) async fn mark(
    State(server): State<Server>,
    Path((name, side, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let params = form(&headers, request).await?;
    server
        .off_thread(move |server| {
            let (state, card) = pages::of_address(server, &name, &side, &id)?;
            let mark = match params.get("do") {
                Some("read") => Mark::Read(true),
                Some("unread") => Mark::Read(false),
                Some("star") => Mark::Starred(true),
                Some("unstar") => Mark::Starred(false),
                _ => return Err(Refusal::bad("the form does not say what to do")),
            };
            server.mark(&state, card.side, card.stamp, std::iter::once(mark))?;
            let page = address::reading_message(&state.name, card.side, card.stamp);
            // Its own page would mark it as read again at once.
            let home = address::reading(&state.name);
            let to = back(params.get("back"), &page);
            Ok(see_other(if mark == Mark::Read(false) && to.starts_with(&page) { &home } else { to }))
        })
        .await
}

/// Marks all of a channel as read.
pub(super) async fn read_all(
    State(server): State<Server>,
    Path(name): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let params = form(&headers, request).await?;
    server
        .off_thread(move |server| {
            let state = server.library.get(&name)?;
            server.mark_all_read(&state)?;
            Ok(see_other(back(params.get("back"), &address::reading(&state.name))))
        })
        .await
}

/// Puts a draft into the trash.
pub(super) async fn discard(
    State(server): State<Server>,
    Path((name, draft)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Result<Response, Refusal> {
    let params = form(&headers, request).await?;
    server
        .off_thread(move |server| {
            let to = server.forms.run_once(submission(uri.path(), &params), || {
                server.discard_draft(&*server.library.get(&name)?, &draft)?;
                Ok("/drafts".to_owned())
            })?;
            Ok(see_other(&to))
        })
        .await
}

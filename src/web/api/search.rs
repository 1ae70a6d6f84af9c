//! `/api/search`: messages by their words, newest first.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use crate::web::address;
use crate::web::api::answer::json;
use crate::web::api::wire::{Found, Hit};
use crate::web::http::refusal::Refusal;
use crate::web::http::request::Params;
use crate::web::model::search;
use crate::web::model::search::Asked;
use crate::web::server::Server;

/// The most messages of one answer, if the request does not say how many.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// Searches all channels.
pub(super) async fn search(State(server): State<Server>, uri: Uri) -> Result<Response, Refusal> {
    let params = Params::from_uri(&uri);
    let words = params.get("q").unwrap_or_default().to_owned();
    let most = params.number("limit")?.unwrap_or(USUAL).min(MOST);
    let before = params.get("before").map(str::to_owned);
    server
        .off_thread(move |server| {
            let asked = Asked { words: &words, before: before.as_deref(), most, columns: search::COLUMNS };
            let hits = server.search(&asked, |state, card, excerpt| Hit {
                message: Found {
                    channel: state.name.clone(),
                    r#box: card.side,
                    message_id: card.stamp,
                    url: address::message(&state.name, card.side, card.stamp),
                    page: address::reading_message(&state.name, card.side, card.stamp),
                    title: card.title.clone(),
                    author: state.author_of(card).map(str::to_owned),
                },
                matches: excerpt.matches.iter().map(|range| [range.start, range.end]).collect(),
                excerpt: excerpt.line,
            })?;
            json(&hits)
        })
        .await
}

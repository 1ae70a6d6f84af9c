//! The JSON API: the founding program's routes, to the letter, and those added since.
//! `openapi.rs` describes them.

mod answer;
mod attachments;
mod channels;
mod drafts;
mod event_stream;
mod marks;
mod messages;
pub(super) mod openapi;
mod search;
pub(crate) mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};

use crate::web::server::Server;

/// The routes of the API.
pub(super) fn routes() -> Router<Server> {
    let files = Router::new()
        .route("/channels/{name}/messages", get(messages::of_both).post(messages::send))
        .route("/channels/{name}/outbox", get(messages::of_outbox).post(messages::send))
        .route("/channels/{name}/outbox/{id}/attachments", get(attachments::list_mine).post(attachments::add))
        .route("/channels/{name}/drafts", get(drafts::list).post(drafts::begin))
        .route("/channels/{name}/drafts/{draft}/attachments", get(drafts::attachments).post(drafts::attach))
        // Each is bounded by itself, as it comes.
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .merge(files)
        .route("/channels", get(channels::all))
        .route("/channels/{name}", get(channels::one))
        .route("/channels/{name}/inbox", get(messages::of_inbox))
        .route("/channels/{name}/inbox/{id}", get(messages::theirs))
        .route("/channels/{name}/outbox/{id}", get(messages::mine))
        .route("/channels/{name}/inbox/{id}/attachments", get(attachments::list_theirs))
        .route("/channels/{name}/inbox/{id}/attachments/{*file}", get(attachments::theirs))
        .route("/channels/{name}/outbox/{id}/attachments/{*file}", get(attachments::mine))
        .route("/channels/{name}/marks", post(marks::all))
        .route("/channels/{name}/inbox/{id}/marks", post(marks::theirs))
        .route("/channels/{name}/outbox/{id}/marks", post(marks::mine))
        .route("/channels/{name}/drafts/{draft}", get(drafts::one).put(drafts::save).delete(drafts::discard))
        .route("/channels/{name}/drafts/{draft}/send", post(drafts::send))
        .route(
            "/channels/{name}/drafts/{draft}/attachments/{*file}",
            get(drafts::attachment).merge(delete(drafts::detach)),
        )
        .route("/api/search", get(search::search))
        .route("/api/preview", post(drafts::preview))
        .route("/api/openapi.json", get(openapi::document))
        .route("/events", get(crate::web::api::event_stream::events))
}

//! `/channels`: which channels there are.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::web::api::answer::json;
use crate::web::api::wire::Channel;
use crate::web::http::refusal::Refusal;
use crate::web::server::Server;

/// All channels, by name.
pub(super) async fn all(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Refusal> {
    server.unless_known(&headers, "", |server| {
        let channels: Vec<Channel> = server.library.all().iter().map(|state| Channel::of(state)).collect();
        json(&channels)
    })
}

/// One of them.
pub(super) async fn one(
    State(server): State<Server>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    server.unless_known(&headers, &name, |server| json(&Channel::of(&*server.library.get(&name)?)))
}

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
    server
        .off_thread(move |server| {
            let synced = server.service.sync();
            server.unless_known(&headers, &format!("{synced:?}"), |server| {
                let all = server.library.all();
                json(&all.iter().map(|state| Channel::new(state, &synced)).collect::<Vec<_>>())
            })
        })
        .await
}

/// One of them.
pub(super) async fn one(
    State(server): State<Server>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let synced = server.service.sync();
            server.unless_known(&headers, &format!("{name} {synced:?}"), |server| {
                json(&Channel::new(&*server.library.get(&name)?, &synced))
            })
        })
        .await
}

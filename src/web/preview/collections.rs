//! What all channels together offer: one feed of their newest messages, and a list of their feeds.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::set_header::set_header;
use crate::web::server::Server;

/// The newest messages of all channels as one feed.
pub(super) async fn planet(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Refusal> {
    collected(server, headers, "application/atom+xml; charset=utf-8", |server, origin| {
        server.service.combined_feed(origin)
    })
    .await
}

/// The feeds of all channels as a list that feed readers take.
pub(super) async fn opml(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Refusal> {
    collected(server, headers, "text/x-opml; charset=utf-8", |server, origin| server.service.opml(origin)).await
}

async fn collected(
    server: Server,
    headers: HeaderMap,
    mime: &'static str,
    make: impl FnOnce(&Server, &str) -> Vec<u8> + Send + 'static,
) -> Result<Response, Refusal> {
    server
        .off_thread(move |server| {
            let origin = request::origin(&headers);
            server.unless_known(&headers, &origin, |server| {
                let bytes = make(server, &origin);
                let mut response = Response::new(Body::from(bytes));
                set_header(response.headers_mut(), header::CONTENT_TYPE, mime);
                Ok(response)
            })
        })
        .await
}

//! The way of a request: who may ask, which route answers, and what every answer carries.

use std::time::Instant;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::web::http::connections::Client;
use crate::web::http::guard::{self, add_security_headers};
use crate::web::http::peer::Peer;
use crate::web::http::refusal::{Refusal, ShownRefusal};
use crate::web::http::request;
use crate::web::server::Server;
use crate::web::{api, app, preview};

pub(super) fn router(server: Server) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(app::routes())
        .merge(preview::routes())
        .fallback(|uri: Uri| async move {
            Refusal::missing(format!("no page at {}", uri.path())).hint("go back to the first page, /")
        })
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(server.clone(), handle))
        .with_state(server)
}

/// Why something cannot be done to what an address means.
async fn not_allowed(uri: Uri) -> Refusal {
    let is_inbox = uri.path().split('/').nth(3) == Some("inbox");
    let what = if is_inbox {
        "an inbox belongs to its author: nothing can be written into it"
    } else {
        "this address does not take requests of that method"
    };
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, what)
}

/// What every request goes through, on its way in and out.
async fn handle(State(server): State<Server>, request: Request, next: Next) -> Response {
    let (asked, client) = (Asked::from_request(&request), request.extensions().get::<Client>().cloned());
    let peer = client.as_ref().map_or(Peer::Unknown, |client| client.peer);
    let checked = server.guard.check(&asked.method, &asked.headers).and_then(|()| check_api_write(&asked));
    // A server that is called by a wrong name must not take it up.
    let origin = if checked.is_ok() {
        request::origin(&asked.headers)
    } else {
        format!("http://localhost:{}", server.guard.port)
    };
    let mut response = match checked {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match server.sign_in_by_link(&asked.uri) {
            Some(signed_in) => signed_in,
            None if !server.guard.lets_in(peer, &asked.headers) => key_needed().into_response(),
            None => {
                server.library.refresh_marks_at_times();
                answer(client, request, next).await
            }
        },
    };
    if is_unreadable(&response) {
        response = Refusal::bad("this address is not valid UTF-8").into_response();
    }
    if let Some(ShownRefusal(refusal)) = response.extensions_mut().remove() {
        asked.log_refusal(peer, &refusal);
    }
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        asked.log_refusal(peer, &refusal);
        if asked.wants_page() && !matches!(refusal.status, StatusCode::MISDIRECTED_REQUEST | StatusCode::UNAUTHORIZED) {
            response = error_page(&server, &asked, refusal).await;
        }
    }
    add_security_headers(response.headers_mut(), &origin);
    asked.log_answer(peer, &response);
    response
}

/// A refusal as a page for people; as JSON where there can be no page.
async fn error_page(server: &Server, asked: &Asked, refusal: Refusal) -> Response {
    let (plain, uri, headers) = (refusal.clone(), asked.uri.clone(), asked.headers.clone());
    let page = server.off_thread(move |server| Ok(app::error_page(server, &headers, &uri, &refusal))).await;
    page.unwrap_or_else(|_| plain.into_response())
}

/// What is kept of a request while it is answered.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    begun: Instant,
}

impl Asked {
    fn from_request(request: &Request) -> Self {
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        Self { method, uri, headers, begun: Instant::now() }
    }

    /// Whether whoever asks is a person with a browser.
    fn wants_page(&self) -> bool {
        let accept = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html")) && !is_api(&self.uri)
    }

    /// Logs why a request is refused. Only the path of its address is logged: behind the question mark stands what somebody
    /// looks for, or a key.
    fn log_refusal(&self, peer: Peer, refusal: &Refusal) {
        let (method, path, status) = (&self.method, self.uri.path(), refusal.status.as_u16());
        if refusal.status.is_server_error() {
            tracing::warn!(%method, path, status, reason = refusal.reason_for_log(), %peer, "request failed");
        } else {
            tracing::info!(%method, path, status, reason = refusal.reason_for_log(), %peer, "request refused");
        }
    }

    /// Logs that a request was answered. A body that is sent as it is made has no length yet.
    fn log_answer(&self, peer: Peer, response: &Response) {
        let (method, path, status) = (&self.method, self.uri.path(), response.status().as_u16());
        let (bytes, ms) = (response.body().size_hint().exact(), self.begun.elapsed().as_millis());
        tracing::debug!(%method, path, status, bytes, ms, %peer, "request answered");
    }
}

/// A form of another page can't write to the API: pages write to it with a script only.
fn check_api_write(asked: &Asked) -> Result<(), Refusal> {
    if asked.method.is_safe() || !is_api(&asked.uri) { Ok(()) } else { guard::check_not_a_form(&asked.headers) }
}

/// Answers a request; what brings a body needs one of the places that its peer has for that.
async fn answer(client: Option<Client>, request: Request, next: Next) -> Response {
    let _place = match client {
        Some(client) if !request.body().is_end_stream() => match client.body().await {
            Ok(place) => Some(place),
            Err(refusal) => return refusal.into_response(),
        },
        _ => None,
    };
    next.run(request).await
}

/// Whether an answer is the router's own about a name in an address that is no UTF-8.
fn is_unreadable(response: &Response) -> bool {
    let mime = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::BAD_REQUEST
        && mime.is_some_and(|mime| mime.starts_with("text/plain"))
        && response.extensions().get::<Refusal>().is_none()
}

fn key_needed() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "this server needs a key")
        .hint("open the link with `?key=` that `missive serve` printed")
}

/// Whether an address is for programs.
fn is_api(uri: &Uri) -> bool {
    ["/channels", "/api/", "/events", "/app/"].iter().any(|start| uri.path().starts_with(start))
}

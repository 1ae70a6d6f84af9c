//! The app: pages for people, rendered here and whole without a script.

mod form_fields;
mod form_return;
mod forms;
pub(in crate::web) mod menu;
pub(in crate::web) mod message_text;
mod new_channel;
mod page_builder;
mod pages;
mod sentence;
mod template_views;
pub(in crate::web) mod templates;
mod write_page;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::media::attachment_kind::AttachmentKind;
use crate::web::app::page_builder::{PageBuilder, with_etag};
use crate::web::app::sentence::sentence;
use crate::web::http::refusal::Refusal;
use crate::web::server::Server;

/// A shorter answer is not worth compressing, in bytes.
const MIN_COMPRESSED: u64 = 4 << 10;

/// The routes of the app. Its pages and files are compressed; a message's source is not, because parts of it can be asked for.
pub(super) fn routes() -> Router<Server> {
    let worth_it = SizeAbove::new(MIN_COMPRESSED).and(NotForContentType::IMAGES);
    Router::new()
        .route("/", get(pages::home))
        .route("/everything", get(pages::everything))
        .route("/search", get(pages::search))
        .route("/drafts", get(pages::drafts))
        .route("/keys", get(pages::keys))
        .route("/begin", get(crate::web::app::new_channel::page).post(crate::web::app::new_channel::receive))
        .route("/read/{name}", get(pages::channel))
        .route("/read/{name}/marks", post(forms::read_all))
        .route("/read/{name}/{box}/{id}", get(pages::message))
        .route("/read/{name}/{box}/{id}/marks", post(forms::mark))
        .route("/write", get(crate::web::app::write_page::choose))
        .route("/write/{name}", get(crate::web::app::write_page::begin).post(crate::web::app::write_page::receive_new))
        .route(
            "/write/{name}/{draft}",
            get(crate::web::app::write_page::go_on).post(crate::web::app::write_page::receive),
        )
        .route("/write/{name}/{draft}/discard", post(forms::discard))
        .layer(DefaultBodyLimit::disable())
        .route("/app/{file}", get(asset))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it))
        .route("/read/{name}/{box}/{id}/source", get(pages::source))
}

/// One of the app's own files.
async fn asset(
    State(server): State<Server>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let bytes = server.templates.asset(&name);
    let bytes = bytes.ok_or_else(|| Refusal::missing(format!("the app has no file “{name}”")))?;
    Ok(with_etag(&headers, bytes.to_vec(), &AttachmentKind::from_name(&name).content_type()))
}

/// A refusal as a page.
pub(super) fn error_page(server: &Server, headers: &HeaderMap, uri: &Uri, refusal: &Refusal) -> Response {
    let plain = refusal.clone();
    let title = if refusal.status == StatusCode::NOT_FOUND { "Not found" } else { "That did not work" };
    let page = PageBuilder::new(server, headers, uri, "error", title)
        .with("status", &refusal.status.as_u16())
        .with("message", &sentence(&refusal.what))
        .with("hint", &refusal.hint.as_deref().filter(|_| !refusal.is_about_channel).map(sentence))
        .with("lists_channels", &refusal.is_about_channel)
        .send();
    match page {
        Ok(mut page) => {
            *page.status_mut() = refusal.status;
            page.headers_mut().remove(header::ETAG);
            page.headers_mut().remove(header::SET_COOKIE);
            page
        }
        Err(_) => plain.into_response(),
    }
}

//! A page of the app on its way: what all pages have in common, and what is particular to this one.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tera::{Context, Value};

use crate::web::app::template_views::PageInfo;
use crate::web::http::etag::{content_version, is_known, not_modified};
use crate::web::http::guard;
use crate::web::http::refusal::Refusal;
use crate::web::http::set_header::set_header;
use crate::web::server::Server;

/// A page on its way: what is particular to it comes into its context.
pub(super) struct PageBuilder<'s> {
    server: &'s Server,
    /// The form token's cookie, if the browser has none yet.
    cookie: Option<String>,
    headers: &'s HeaderMap,
    context: Context,
    template: &'static str,
    kind: &'static str,
    url: String,
}

impl<'s> PageBuilder<'s> {
    /// Begins a page. What happens from here on is told to it later, so this comes before anything is looked up for it.
    pub(super) fn begin(server: &'s Server, headers: &'s HeaderMap, uri: &Uri, kind: &'static str) -> Self {
        let seq = server.library.events.last();
        let menu = server.menu.menu(&server.library);
        let known = guard::form_token(headers).map(str::to_owned);
        let token = known.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let url = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut context = Context::new();
        context.insert("root", "");
        context.insert_value("channels", menu.channels);
        context.insert("unread", &menu.unread);
        context.insert("drafts_count", &server.menu.draft_count(&server.library));
        context.insert("seq", &seq);
        context.insert("version", env!("CARGO_PKG_VERSION"));
        context.insert("token", &token);
        // Behind the token, the number of a form that is to do its work once.
        context.insert("once", &uuid::Uuid::new_v4().to_string());
        let cookie = known.is_none().then(|| guard::form_cookie(&token));
        let template = TEMPLATES.iter().find(|(name, _)| *name == kind).map_or("error.html", |(_, template)| template);
        Self { server, cookie, headers, context, template, kind, url: url.to_owned() }
    }

    /// Begins a page whose title is known.
    pub(super) fn new(server: &'s Server, headers: &'s HeaderMap, uri: &Uri, kind: &'static str, title: &str) -> Self {
        Self::begin(server, headers, uri, kind).titled(title)
    }

    pub(super) fn titled(mut self, title: &str) -> Self {
        self.context.insert("page", &PageInfo { kind: self.kind, title, url: &self.url });
        self
    }

    pub(super) fn with<T: Serialize + ?Sized>(mut self, name: &'static str, value: &T) -> Self {
        self.context.insert(name, value);
        self
    }

    pub(super) fn with_value(mut self, name: &'static str, value: Value) -> Self {
        self.context.insert_value(name, value);
        self
    }

    pub(super) fn send(self) -> Result<Response, Refusal> {
        let bytes = self.server.templates.render(self.template, &self.context)?;
        let mut response = with_etag(self.headers, bytes, "text/html; charset=utf-8");
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// The template of each kind of page.
const TEMPLATES: [(&str, &str); 10] = [
    ("home", "home.html"),
    ("begin", "begin.html"),
    ("everything", "everything.html"),
    ("channel", "channel.html"),
    ("message", "message.html"),
    ("search", "search.html"),
    ("drafts", "drafts.html"),
    ("write", "write.html"),
    ("keys", "keys.html"),
    ("error", "error.html"),
];

/// An answer that a browser need not be sent twice.
pub(super) fn with_etag(headers: &HeaderMap, bytes: Vec<u8>, mime: &str) -> Response {
    // A weak one, because it stands for the compressed answer too: what they say is the same (RFC 9110, section 8.8.1).
    let etag = format!("W/\"{}\"", content_version(&bytes));
    let mut response = if is_known(headers, &etag) { not_modified(&etag, None) } else { bytes.into_response() };
    set_header(response.headers_mut(), header::VARY, "accept-encoding");
    if !response.headers().contains_key(header::ETAG) {
        set_header(response.headers_mut(), header::CONTENT_TYPE, mime);
        set_header(response.headers_mut(), header::ETAG, &etag);
    }
    response
}

//! The app: pages for people, rendered here and whole without a script.
//!
//! Owns the templates, what every page of the app has in common, and the routes. Refuses to know how anything is stored.

mod forms;
mod message_text;
mod new_channel;
mod pages;
mod template_views;
mod write_page;

use std::collections::HashMap;
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use include_dir::{Dir, include_dir};
use serde::Serialize;
use tera::{Context, Tera, Value};

use super::{Server, address};
use crate::article::media_type;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Name;
use crate::lock::lock;
use crate::web::http::refusal::Refusal;
use crate::web::http::{file, guard};
use crate::web::model::channel_state::ChannelState;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes/app");
/// The letter theme's look is the app's too.
const LETTER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/themes/letter/letter.css"));
const ENTRY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/themes/letter/entry.html"));

/// How long a number of drafts may be shown that may have become another one.
const FRESH: Duration = Duration::from_secs(1);

/// The templates, and what of every page need not be made anew.
#[derive(Debug)]
pub(super) struct App {
    tera: Tera,
    menu: Mutex<Option<Menu>>,
    drafts: Mutex<Option<(Instant, u64, usize)>>,
    /// What the other files are, by their names.
    assets: HashMap<&'static str, &'static [u8]>,
}

/// The channels as every page lists them.
#[derive(Clone, Debug)]
struct Menu {
    version: u64,
    channels: Value,
    unread: usize,
}

/// What a page says of itself.
#[derive(Debug, Serialize)]
struct Page<'a> {
    kind: &'static str,
    title: &'a str,
    url: &'a str,
}

impl App {
    /// Parses the templates.
    ///
    /// # Errors
    /// The engine's message; it can only be a mistake in this program.
    pub(super) fn new() -> Result<Self, String> {
        let mut tera = Tera::new();
        let is_template = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "html");
        let mut templates = vec![("entry.html", ENTRY)];
        let mut assets = HashMap::from([("letter.css", LETTER.as_bytes())]);
        for file in FILES.files() {
            let name = file.path().to_str().unwrap_or_default();
            if is_template(file.path()) {
                templates.push((name, file.contents_utf8().unwrap_or_default()));
            } else {
                assets.insert(name, file.contents());
            }
        }
        tera.add_raw_templates(templates).map_err(|error| error.to_string())?;
        Ok(Self { tera, menu: Mutex::default(), drafts: Mutex::default(), assets })
    }

    fn render(&self, template: &str, context: &Context) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::with_capacity(16 << 10);
        self.tera.render_to(template, context, &mut bytes).map_err(|error| Refusal::broken(error.to_string()))?;
        Ok(bytes)
    }

    /// The channels as every page lists them, made anew when one is other than before.
    fn menu(&self, server: &Server) -> Menu {
        let mut kept = lock(&self.menu);
        let version = server.library.version();
        if let Some(menu) = kept.as_ref().filter(|menu| menu.version == version) {
            return menu.clone();
        }
        let order = crate::web::app::template_views::in_order(server.library.all());
        let channels: Vec<crate::web::app::template_views::Channel> =
            order.iter().map(|state| crate::web::app::template_views::Channel::of(state)).collect();
        let unread = order.iter().map(|state| state.unread).sum();
        let menu = Menu { version, channels: Value::from_serializable(&channels), unread };
        *kept = Some(menu.clone());
        menu
    }

    /// How many drafts there are, counted again after a second or when something happened.
    fn drafts(&self, server: &Server) -> usize {
        let mut kept = lock(&self.drafts);
        let last = server.library.events.last();
        if let Some((_, _, count)) = kept.filter(|(at, number, _)| at.elapsed() < FRESH && *number == last) {
            return count;
        }
        let count = server.library.all().iter().map(|state| drafts_of(state).count()).sum();
        *kept = Some((Instant::now(), last, count));
        count
    }
}

/// The drafts of a channel; changes to what was sent are none.
fn drafts_of(state: &ChannelState) -> impl Iterator<Item = Name> {
    draft::list(&state.channel).into_iter().filter(|name| !matches!(name, Name::Edit(_)))
}

/// The routes of the app.
pub(super) fn routes() -> Router<Server> {
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
        .route("/read/{name}/{box}/{id}/source", get(pages::source))
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
}

/// One of the app's own files.
async fn asset(
    axum::extract::State(server): axum::extract::State<Server>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let bytes = server.app.assets.get(name.as_str()).copied();
    let bytes = bytes.ok_or_else(|| Refusal::missing(format!("the app has no file `{name}`")))?;
    let mime = media_type(&name);
    let mime = if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime };
    Ok(tagged(&headers, bytes.to_vec(), &mime))
}

/// A shorter answer is not worth packing, in bytes.
const WORTH_PACKING: usize = 4 << 10;

/// An answer that a browser need not be sent twice, packed if that is worth it.
fn tagged(headers: &HeaderMap, bytes: Vec<u8>, mime: &str) -> Response {
    // One tag for both forms: what they say is the same (RFC 9110, section 8.8.1).
    let tag = format!("W/\"{}\"", crate::web::api::wire::version_of(&bytes));
    if file::is_known(headers, &tag) {
        let mut response = file::unchanged(&tag, None);
        file::set(response.headers_mut(), header::VARY, "accept-encoding");
        return response;
    }
    let packed = if bytes.len() >= WORTH_PACKING && takes_packed(headers) { packed(&bytes) } else { None };
    let is_packed = packed.is_some();
    let mut response = packed.unwrap_or(bytes).into_response();
    if is_packed {
        file::set(response.headers_mut(), header::CONTENT_ENCODING, "gzip");
    }
    file::set(response.headers_mut(), header::VARY, "accept-encoding");
    file::set(response.headers_mut(), header::CONTENT_TYPE, mime);
    file::set(response.headers_mut(), header::ETAG, &tag);
    response
}

/// Whether a browser takes answers packed by gzip.
fn takes_packed(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// A page on its way: what is particular to it comes into its context.
struct Sheet<'s> {
    server: &'s Server,
    /// The form token's cookie, if the browser has none yet.
    cookie: Option<String>,
    headers: &'s HeaderMap,
    context: Context,
    template: &'static str,
    kind: &'static str,
    url: String,
}

impl<'s> Sheet<'s> {
    /// Begins a page. What happens from here on is told to it later, so this comes before anything is looked up for it.
    fn begin(server: &'s Server, headers: &'s HeaderMap, uri: &Uri, kind: &'static str) -> Self {
        let seq = server.library.events.last();
        let menu = server.app.menu(server);
        let known = guard::form_token(headers).map(str::to_owned);
        let token = known.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let url = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut context = Context::new();
        context.insert("root", "");
        context.insert_value("channels", menu.channels);
        context.insert("unread", &menu.unread);
        context.insert("drafts_count", &server.app.drafts(server));
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
    fn new(server: &'s Server, headers: &'s HeaderMap, uri: &Uri, kind: &'static str, title: &str) -> Self {
        Self::begin(server, headers, uri, kind).titled(title)
    }

    fn titled(mut self, title: &str) -> Self {
        self.context.insert("page", &Page { kind: self.kind, title, url: &self.url });
        self
    }

    fn with<T: Serialize + ?Sized>(mut self, name: &'static str, value: &T) -> Self {
        self.context.insert(name, value);
        self
    }

    fn with_value(mut self, name: &'static str, value: Value) -> Self {
        self.context.insert_value(name, value);
        self
    }

    fn send(self) -> Result<Response, Refusal> {
        let bytes = self.server.app.render(self.template, &self.context)?;
        let mut response = tagged(self.headers, bytes, "text/html; charset=utf-8");
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

/// A refusal as a page.
pub(super) fn sorry(server: &Server, headers: &HeaderMap, uri: &Uri, refusal: &Refusal) -> Response {
    let plain = refusal.clone();
    let title = if refusal.status == StatusCode::NOT_FOUND { "Not found" } else { "That did not work" };
    let page = Sheet::new(server, headers, uri, "error", title)
        .with("status", &refusal.status.as_u16())
        .with("message", &super::sentence(&refusal.what))
        .with("hint", &refusal.hint.as_deref().filter(|_| !refusal.is_about_channel).map(super::sentence))
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

/// Where a form comes back to: a page of this server, whatever the form says.
fn back<'a>(given: Option<&'a str>, otherwise: &'a str) -> &'a str {
    given.and_then(address::local).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        assert!(App::new().is_ok_and(|app| app.assets.contains_key("app.js")));
    }

    #[test]
    fn forms_come_back_to_pages_of_this_server_only() {
        for url in ["/read/a?before=1#m", "/", "/everything"] {
            assert_eq!(back(Some(url), "/x"), url);
        }
        for url in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "read", "/a\r\nb", "/\t/evil.example"]
        {
            assert_eq!(back(Some(url), "/x"), "/x", "{url}");
        }
        assert_eq!(back(None, "/x"), "/x");
    }
}

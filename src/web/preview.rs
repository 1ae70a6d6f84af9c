//! The sites as others will see them, under `/site/NAME/`.
//!
//! Owns serving the folder that a build wrote, and the one thing that is put into its pages on the way out: a script that
//! shows a page again when its file was written anew. Refuses to know how sites are made.

use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use memchr::memmem;

use super::{Server, address};
use crate::article::media_type;
use crate::fs::confined::{Folder, Kind};
use crate::web::http::file;
use crate::web::http::refusal::Refusal;

/// A longer page goes out as it is, in bytes.
const MAX_PAGE: u64 = 64 << 20;

/// The routes of the sites.
pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/site/{name}", get(without_slash))
        .route("/site/{name}/", get(front))
        .route("/site/{name}/{*path}", get(page))
        .route("/planet.atom", get(planet))
        .route("/opml", get(opml))
}

/// A file of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) channel: String,
    /// Its path relative to the site's root.
    pub(super) path: String,
    folder: PathBuf,
}

impl Page {
    /// A page of a site that was built before.
    pub(super) fn find(server: &Server, name: &str, path: &str) -> Result<Self, Refusal> {
        let state = server.library.get(name)?;
        let folder = server.service.site_folder(&state.channel);
        let path = plain(path).ok_or_else(|| Refusal::missing("there is no such page"))?;
        Ok(Self { channel: name.to_owned(), path, folder })
    }

    /// What tells its state from another one; `None` when it is not there.
    pub(super) fn version(&self) -> Option<String> {
        let stat = Folder::open(&self.folder).ok()?.file(Path::new(&self.path)).ok()?.1;
        Some(file::tag(&stat))
    }
}

/// A path below a site as an address has it: no part of it is hidden or leads anywhere but down.
fn plain(path: &str) -> Option<String> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\0', '\\']);
    let path = match path.strip_suffix('/') {
        Some(folder) => format!("{folder}/index.html"),
        None if path.is_empty() => "index.html".to_owned(),
        None => path.to_owned(),
    };
    path.split('/').all(is_plain).then_some(path)
}

async fn without_slash(State(server): State<Server>, UrlPath(name): UrlPath<String>) -> Result<Response, Refusal> {
    moved(&server, &name, "")
}

fn moved(server: &Server, name: &str, path: &str) -> Result<Response, Refusal> {
    let state = server.library.get(name)?;
    let to = format!("{}{}", address::site(&state.name), address::path(path));
    Ok(super::redirect(StatusCode::PERMANENT_REDIRECT, &to))
}

async fn front(
    State(server): State<Server>,
    headers: HeaderMap,
    UrlPath(name): UrlPath<String>,
) -> Result<Response, Refusal> {
    server.off_thread(move |server| site(server, &headers, &name, "")).await
}

async fn page(
    State(server): State<Server>,
    headers: HeaderMap,
    UrlPath((name, path)): UrlPath<(String, String)>,
) -> Result<Response, Refusal> {
    server.off_thread(move |server| site(server, &headers, &name, &path)).await
}

fn site(server: &Server, headers: &HeaderMap, name: &str, path: &str) -> Result<Response, Refusal> {
    let state = server.library.get(name)?;
    // What could not be built is tried again for each page, and not for each of its pictures.
    let known = server.library.site_error(name).filter(|_| !mime(path).starts_with("text/html") && !path.is_empty());
    let built = known.map_or_else(|| server.service.build_site(&state.channel), Err);
    let folder = server.service.site_folder(&state.channel);
    let Ok(open) = Folder::open(&folder) else {
        let why = built.err().unwrap_or_else(|| "its folder is gone".to_owned());
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the site of `{name}` could not be built: {why}"),
        ));
    };
    let not_found = || Refusal::missing(format!("the site of `{name}` has no page `{path}`"));
    let path = plain(path).ok_or_else(not_found)?;
    if open.stat(Path::new(&path)).is_ok_and(|stat| stat.kind == Kind::Folder) {
        return moved(server, name, &format!("{path}/"));
    }
    let sent = Sent { headers, channel: name, open: &open };
    if let Some(response) = sent.file(&path)? {
        return Ok(response);
    }
    let mut response = sent.file("404.html")?.ok_or_else(not_found)?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

/// A site on its way out.
struct Sent<'a> {
    headers: &'a HeaderMap,
    channel: &'a str,
    open: &'a Folder,
}

impl Sent<'_> {
    /// One of its files; `None` when it is not there.
    fn file(&self, path: &str) -> Result<Option<Response>, Refusal> {
        let (open, stat) = match self.open.file(Path::new(path)) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mime = mime(path);
        let origin = super::origin(self.headers);
        if !mime.starts_with("text/html") || stat.len > MAX_PAGE {
            let about = file::ContentInfo { mime, save_as: None, policy: policy(&origin) };
            return Ok(Some(file::send(open, &stat, &about, self.headers)?));
        }
        let tag = file::tag(&stat);
        if file::is_known(self.headers, &tag) {
            return Ok(Some(file::unchanged(&tag, Some(&policy(&origin)))));
        }
        let (bytes, stat) = self.open.read(Path::new(path), MAX_PAGE)?;
        let tag = file::tag(&stat);
        let script = script(self.channel, path, &tag);
        let mut response = Response::new(Body::from(with_script(&bytes, &script, &origin)));
        let headers = response.headers_mut();
        file::set(headers, header::CONTENT_TYPE, &mime);
        file::set(headers, header::ETAG, &tag);
        file::set(headers, header::CONTENT_SECURITY_POLICY, &policy(&origin));
        Ok(Some(response))
    }
}

/// The media type of a site's file.
fn mime(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "atom.xml" => "application/atom+xml; charset=utf-8".to_owned(),
        "feed.json" => "application/feed+json; charset=utf-8".to_owned(),
        name => {
            let mime = media_type(name);
            if mime.starts_with("text/") { mime + "; charset=utf-8" } else { mime }
        }
    }
}

/// What the pages of a site may do here: show themselves, and run the one script that is put into them. A script that a theme
/// brings along would have the app's pages in its reach, which have the same origin, so it stays still until the site is
/// published.
fn policy(origin: &str) -> String {
    format!(
        "default-src 'none'; script-src {origin}{RELOAD}; connect-src {origin}/events; style-src 'self' 'unsafe-inline'; \
         img-src 'self' https: http: data:; media-src 'self' https: http:; font-src 'self' data:; form-action https:; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The address of the script that shows pages again.
const RELOAD: &str = "/app/reload.js";

fn script(channel: &str, page: &str, version: &str) -> String {
    let attribute = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<script src=\"{RELOAD}\" data-site=\"{}\" data-page=\"{}\" data-version=\"{}\" defer></script>",
        attribute(channel),
        attribute(page),
        attribute(version)
    )
}

/// Puts the script before the end of a page, and lets it run where the page's own policy would not.
fn with_script(page: &[u8], script: &str, origin: &str) -> Vec<u8> {
    let page = admitted(page, origin);
    let at = memmem::rfind(&page, b"</body>").unwrap_or(page.len());
    let (before, after) = page.split_at_checked(at).unwrap_or((&page, &[]));
    [before, script.as_bytes(), after].concat()
}

/// A page whose own policy admits the script and its stream of events.
fn admitted(page: &[u8], origin: &str) -> Vec<u8> {
    let whole = || page.to_vec();
    let Some(field) = memmem::find(page, b"http-equiv=\"Content-Security-Policy\" content=\"") else {
        return whole();
    };
    let start = field + b"http-equiv=\"Content-Security-Policy\" content=\"".len();
    let rest = page.get(start..).unwrap_or_default();
    let Some(policy) = memchr::memchr(b'"', rest).and_then(|end| std::str::from_utf8(rest.get(..end)?).ok()) else {
        return whole();
    };
    let policy_after = admitting(policy, origin);
    let (before, after) = (page.get(..start).unwrap_or_default(), rest.get(policy.len()..).unwrap_or_default());
    [before, policy_after.as_bytes(), after].concat()
}

/// A policy that also admits the script and its stream of events.
fn admitting(policy: &str, origin: &str) -> String {
    let mut directives: Vec<String> =
        policy.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    for (name, source) in [("script-src", format!("{origin}{RELOAD}")), ("connect-src", format!("{origin}/events"))] {
        let of = |directive: &&mut String| {
            directive.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(name))
        };
        match directives.iter_mut().find(of) {
            Some(directive) => *directive = format!("{} {source}", directive.replace("'none'", "")),
            None => directives.push(format!("{name} {source}")),
        }
    }
    directives.join("; ")
}

/// The newest messages of all channels as one feed.
async fn planet(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Refusal> {
    collected(server, headers, "application/atom+xml; charset=utf-8", |server, origin| {
        server.service.combined_feed(origin)
    })
    .await
}

/// The feeds of all channels as a list that feed readers take.
async fn opml(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Refusal> {
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
            let origin = super::origin(&headers);
            server.unless_known(&headers, &origin, |server| {
                let bytes = make(server, &origin);
                let mut response = Response::new(Body::from(bytes));
                file::set(response.headers_mut(), header::CONTENT_TYPE, mime);
                Ok(response)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://localhost:3000";

    #[test]
    fn only_plain_paths_lead_to_files() {
        for (path, wanted) in [("", "index.html"), ("2013/", "2013/index.html"), ("a/b.html", "a/b.html")] {
            assert_eq!(plain(path).unwrap_or_default(), wanted);
        }
        for path in ["../x", "a/../x", ".missive-manifest", "a/.b", "a//b", "/", "a\\b", "a\0"] {
            assert_eq!(plain(path), None, "{path}");
        }
    }

    #[test]
    fn the_script_is_admitted_and_nothing_else() {
        let page = b"<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'\"></head><body>x</body></html>";
        let out = String::from_utf8(with_script(page, "<script></script>", ORIGIN)).unwrap();
        assert_eq!(
            out,
            "<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'; \
             script-src http://localhost:3000/app/reload.js; connect-src http://localhost:3000/events\"></head>\
             <body>x<script></script></body></html>"
        );
        assert_eq!(
            admitting("script-src 'none'; connect-src 'self'", ORIGIN),
            "script-src  http://localhost:3000/app/reload.js; connect-src 'self' http://localhost:3000/events"
        );
        assert_eq!(with_script(b"no body", "<s>", ORIGIN), b"no body<s>");
    }

    #[test]
    fn a_strangers_name_breaks_no_tag() {
        let tag = script("\"><script>alert(1)</script>", "a&b.html", "\"1-2\"");
        assert_eq!(tag.matches('<').count(), 2, "{tag}");
        assert!(tag.contains("data-version=\"&quot;1-2&quot;\""));
    }
}

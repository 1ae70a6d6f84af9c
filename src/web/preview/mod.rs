//! The channels' sites as others will see them, under `/site/NAME/`.
//!
//! The files that a build wrote are sent as they are. One thing is put into their pages on the way out: a script that loads a page
//! again when its file was written anew.

mod collections;
mod reload_script;

use std::fs::File;
use std::io;
use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use crate::fs::confined::{Folder, Kind};
use crate::media::Content;
use crate::media::attachment_kind::AttachmentKind;
use crate::web::address;
use crate::web::http::etag::{file_etag, is_known, not_modified};
use crate::web::http::file;
use crate::web::http::redirect::redirect;
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::set_header::set_header;
use crate::web::preview::reload_script::{policy, script, with_script};
use crate::web::server::Server;
use crate::web::service::SiteBuildError;

/// A longer page goes out as it is, in bytes.
const MAX_PAGE: u64 = 64 << 20;

/// The routes of the sites.
pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/site/{name}", get(without_slash))
        .route("/site/{name}/", get(front))
        .route("/site/{name}/{*path}", get(page))
        .route("/planet.atom", get(collections::planet))
        .route("/opml", get(collections::opml))
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
        let path = plain(path).ok_or_else(|| Refusal::missing("no such page"))?;
        Ok(Self { channel: name.to_owned(), path, folder })
    }

    /// What tells its state from another one; `None` when it is not there.
    pub(super) fn version(&self) -> Option<String> {
        let stat = Folder::open(&self.folder).ok()?.file(Path::new(&self.path)).ok()?.1;
        Some(file_etag(&stat))
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
    Ok(redirect(StatusCode::PERMANENT_REDIRECT, &to))
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
    let built = known.map_or_else(|| server.service.build_site(&state.channel), |why| Err(SiteBuildError::Failed(why)));
    let folder = server.service.site_folder(&state.channel);
    let Ok(open) = Folder::open(&folder) else {
        let why = built.err().map_or_else(|| "its folder is gone".to_owned(), |error| error.to_string());
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
        let mime = mime_of(path, &open)?;
        let origin = request::origin(self.headers);
        if !mime.starts_with("text/html") || stat.len > MAX_PAGE {
            let about = file::ContentInfo { mime, save_as: None, policy: policy(&origin) };
            return Ok(Some(file::send(open, &stat, &about, self.headers)?));
        }
        let tag = file_etag(&stat);
        if is_known(self.headers, &tag) {
            return Ok(Some(not_modified(&tag, Some(&policy(&origin)))));
        }
        let (bytes, stat) = self.open.read(Path::new(path), MAX_PAGE)?;
        let tag = file_etag(&stat);
        let script = script(self.channel, path, &tag);
        let mut response = Response::new(Body::from(with_script(&bytes, &script, &origin)));
        let headers = response.headers_mut();
        set_header(headers, header::CONTENT_TYPE, &mime);
        set_header(headers, header::ETAG, &tag);
        set_header(headers, header::CONTENT_SECURITY_POLICY, &policy(&origin));
        Ok(Some(response))
    }
}

/// The media type of a site's open file: an attachment is served as what it is, and what begins like a page as a page.
fn mime_of(path: &str, open: &File) -> io::Result<String> {
    let named = mime(path);
    if named.starts_with("text/html") || !path.contains('/') {
        return Ok(named);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Ok(AttachmentKind::new(name, Content::of_file(open)?).content_type())
}

/// The media type that the name of a site's file promises.
fn mime(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "atom.xml" => "application/atom+xml; charset=utf-8".to_owned(),
        "feed.json" => "application/feed+json; charset=utf-8".to_owned(),
        name => AttachmentKind::from_name(name).content_type(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_lead_to_files() {
        for (path, wanted) in [("", "index.html"), ("2013/", "2013/index.html"), ("a/b.html", "a/b.html")] {
            assert_eq!(plain(path).unwrap_or_default(), wanted);
        }
        for path in ["../x", "a/../x", ".missive-manifest", "a/.b", "a//b", "/", "a\\b", "a\0"] {
            assert_eq!(plain(path), None, "{path}");
        }
    }
}

//! A file on its way to a browser.
//!
//! Owns types, ranges, and what makes a copy in a browser's cache good. A file is read while it is sent, so that its length
//! costs no memory. Refuses to know which file: an open one comes in.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::fs::confined::Stat;
use crate::web::http::range;
use crate::web::http::range::Range;

/// How long a reader may take no piece at all.
const PATIENCE: Duration = Duration::from_mins(10);
/// How much of a file is in memory at once: some pieces of this many bytes.
const PIECE: usize = 256 << 10;
const PIECES: usize = 3;

/// What a browser is told of a file besides its bytes.
#[derive(Debug)]
pub(crate) struct ContentInfo {
    /// Its media type.
    pub(crate) mime: String,
    /// The name under which it is to be saved, if it is to be saved and not shown.
    pub(crate) save_as: Option<String>,
    /// What a page may do that it is.
    pub(crate) policy: String,
}

/// What tells one state of a file from another (RFC 9110, section 8.8.3).
pub(crate) fn tag(stat: &Stat) -> String {
    format!("\"{:x}-{:x}-{:x}-{:x}\"", stat.len, stat.modified, stat.changed, stat.inode)
}

/// Whether the browser has this state already.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.is_some_and(|known| known.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag)))
}

/// The answer that there is nothing new. A browser takes over its headers, so the policy is the one of the whole answer.
pub(crate) fn unchanged(tag: &str, policy: Option<&str>) -> Response {
    let mut response = Response::new(Body::empty());
    if let Some(policy) = policy {
        set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, policy);
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    set(response.headers_mut(), header::ETAG, tag);
    set(response.headers_mut(), header::CACHE_CONTROL, "no-cache");
    response
}

/// Sets a header; a value that no header can have is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Sends an open file, or the part of it that is asked for.
pub(crate) fn send(file: File, stat: &Stat, about: &ContentInfo, asked: &HeaderMap) -> io::Result<Response> {
    let tag = tag(stat);
    if is_known(asked, &tag) {
        return Ok(unchanged(&tag, Some(&about.policy)));
    }
    let range = range_of(asked, &tag, stat.len);
    let mut response = match range {
        Range::Whole => Response::new(stream(file, 0, stat.len)?),
        Range::Part(first, last) => Response::new(stream(file, first, last - first + 1)?),
        Range::Nothing => Response::new(Body::empty()),
    };
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, &about.mime);
    set(headers, header::ETAG, &tag);
    set(headers, header::CACHE_CONTROL, "no-cache");
    set(headers, header::ACCEPT_RANGES, "bytes");
    set(headers, header::CONTENT_SECURITY_POLICY, &about.policy);
    if let Some(name) = &about.save_as {
        set(headers, header::CONTENT_DISPOSITION, &disposition(name));
    }
    match range {
        Range::Whole => set(headers, header::CONTENT_LENGTH, &stat.len.to_string()),
        Range::Part(first, last) => {
            set(headers, header::CONTENT_LENGTH, &(last - first + 1).to_string());
            set(headers, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", stat.len));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Range::Nothing => {
            set(headers, header::CONTENT_RANGE, &format!("bytes */{}", stat.len));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
        }
    }
    Ok(response)
}

/// A part of another state of the file would not fit what the browser has (RFC 9110, section 13.1.5).
fn range_of(asked: &HeaderMap, tag: &str, len: u64) -> Range {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    match (text(header::RANGE), text(header::IF_RANGE)) {
        (None, _) => Range::Whole,
        (Some(_), Some(state)) if state != tag => Range::Whole,
        (Some(range), _) => range::parse(range, len),
    }
}

/// The name for saving (RFC 6266; RFC 8187 for what is not ASCII).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", crate::web::address::part(name))
}

/// Reads a part of a file piece by piece, no faster than it is sent.
fn stream(mut file: File, from: u64, len: u64) -> io::Result<Body> {
    if from > 0 {
        file.seek(SeekFrom::Start(from))?;
    }
    if len <= PIECE as u64 {
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        file.take(len).read_to_end(&mut bytes)?;
        return Ok(Body::from(bytes));
    }
    Ok(piecewise(file.take(len), |rest| {
        let mut piece = Vec::with_capacity(PIECE);
        match rest.by_ref().take(PIECE as u64).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error)),
        }
    }))
}

/// A body that is made piece by piece, no faster than it is sent. A slow reader keeps no thread waiting.
pub(crate) fn piecewise<S: Send + 'static>(
    mut state: S,
    next: impl Fn(&mut S) -> Option<io::Result<Bytes>> + Copy + Send + 'static,
) -> Body {
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        loop {
            let made = tokio::task::spawn_blocking(move || {
                let piece = next(&mut state);
                (state, piece)
            });
            let (kept, piece) = match made.await {
                Ok((kept, Some(piece))) => (kept, piece),
                Ok((_, None)) => return,
                Err(_) => {
                    // What ends here must not look whole.
                    let _ = sender.send(Err(io::Error::other("it could not be read to its end"))).await;
                    return;
                }
            };
            state = kept;
            let is_last = piece.is_err();
            // Nobody receives any more when the browser went away, or has stopped to read.
            if !matches!(timeout(PATIENCE, sender.send(piece)).await, Ok(Ok(()))) || is_last {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_known_by_its_tag() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"b\""));
        assert!(is_known(&headers, "\"a\"") && is_known(&headers, "\"b\"") && !is_known(&headers, "\"c\""));
    }

    #[test]
    fn a_name_for_saving_breaks_no_header() {
        let header = disposition("ré\"\r\nX: y\\.html");
        assert!(HeaderValue::from_str(&header).is_ok(), "{header}");
        assert_eq!(
            header,
            "attachment; filename=\"r___X: y_.html\"; filename*=UTF-8''r%C3%A9%22%0D%0AX%3A%20y%5C.html"
                .replace("___X: ", "____X: ")
        );
    }
}

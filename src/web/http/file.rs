//! Sending an open file to a browser, or the part of it that is asked for. It is read while it is sent, so that its length costs no
//! memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use headers::{AcceptRanges, ContentLength, ContentRange, HeaderMapExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::fs::confined::Stat;
use crate::web::http::etag::{file_etag, is_known, is_range_usable, not_modified};
use crate::web::http::range;
use crate::web::http::range::Range;
use crate::web::http::set_header::set_header;

/// How long a reader may take no piece at all.
const READER_TIMEOUT: Duration = Duration::from_mins(10);
/// The length of a piece of a file, in bytes.
const PIECE: usize = 256 << 10;
/// How many pieces may wait to be sent: so much of a file is in memory at once.
const MAX_PIECES: usize = 3;

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

/// Sends an open file, or the part of it that is asked for.
pub(crate) fn send(file: File, stat: &Stat, info: &ContentInfo, asked: &HeaderMap) -> io::Result<Response> {
    let etag = file_etag(stat);
    if is_known(asked, &etag) {
        return Ok(not_modified(&etag, Some(&info.policy)));
    }
    let range = range_of(asked, &etag, stat.len);
    let mut response = match range {
        Range::Whole => Response::new(stream(file, 0, stat.len)?),
        Range::Part(first, last) => Response::new(stream(file, first, last - first + 1)?),
        Range::Nothing => Response::new(Body::empty()),
    };
    let headers = response.headers_mut();
    set_header(headers, header::CONTENT_TYPE, &info.mime);
    set_header(headers, header::ETAG, &etag);
    set_header(headers, header::CACHE_CONTROL, "no-cache");
    set_header(headers, header::CONTENT_SECURITY_POLICY, &info.policy);
    headers.typed_insert(AcceptRanges::bytes());
    if let Some(name) = &info.save_as {
        set_header(headers, header::CONTENT_DISPOSITION, &disposition(name));
    }
    *response.status_mut() = set_range(headers, range, stat.len);
    Ok(response)
}

/// Says which part of a file of this length is sent; gives the status of that.
fn set_range(headers: &mut HeaderMap, range: Range, len: u64) -> StatusCode {
    let (part, status) = match range {
        Range::Whole => {
            headers.typed_insert(ContentLength(len));
            return StatusCode::OK;
        }
        Range::Part(first, last) => {
            headers.typed_insert(ContentLength(last - first + 1));
            (ContentRange::bytes(first..=last, len), StatusCode::PARTIAL_CONTENT)
        }
        Range::Nothing => (Ok(ContentRange::unsatisfied_bytes(len)), StatusCode::RANGE_NOT_SATISFIABLE),
    };
    if let Ok(part) = part {
        headers.typed_insert(part);
    }
    status
}

/// What is asked for of a file. A part of another state of it would not fit what the browser has.
fn range_of(asked: &HeaderMap, etag: &str, len: u64) -> Range {
    let range = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
    range.filter(|_| is_range_usable(asked, etag)).map_or(Range::Whole, |range| range::parse(range, len))
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
    let (sender, receiver) = mpsc::channel(MAX_PIECES);
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
                    // What ends here must not look whole. If nobody receives it, nobody is misled.
                    let _ = sender.send(Err(io::Error::other("it could not be read completely"))).await;
                    return;
                }
            };
            state = kept;
            let is_last = piece.is_err();
            // Nobody receives any more when the browser went away, or has stopped to read.
            if !matches!(timeout(READER_TIMEOUT, sender.send(piece)).await, Ok(Ok(()))) || is_last {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

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

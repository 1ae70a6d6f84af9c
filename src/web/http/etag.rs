//! What tells one state of a page or file from another (RFC 9110, section 8.8.3), and whether a browser has that state already.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use headers::{ETag, HeaderMapExt, IfNoneMatch, IfRange};

use crate::fs::confined::Stat;
use crate::web::http::set_header::set_header;

/// The entity tag of a file's state.
pub(crate) fn file_etag(stat: &Stat) -> String {
    format!("\"{:x}-{:x}-{:x}-{:x}\"", stat.len, stat.modified, stat.changed, stat.inode)
}

/// What tells one state of a text from another.
pub(crate) fn content_version(text: &[u8]) -> String {
    blake3::hash(text).to_hex().chars().take(16).collect()
}

/// Whether the browser has this state already (`If-None-Match`).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let (known, etag) = (headers.typed_get::<IfNoneMatch>(), etag.parse::<ETag>());
    known.zip(etag.ok()).is_some_and(|(known, etag)| !known.precondition_passes(&etag))
}

/// Whether a part of this state fits the parts that the browser has (`If-Range`; RFC 9110, section 13.1.5). A field that can't be
/// read means another state.
pub(crate) fn is_range_usable(headers: &HeaderMap, etag: &str) -> bool {
    match headers.typed_try_get::<IfRange>() {
        Ok(None) => true,
        Ok(Some(had)) => etag.parse::<ETag>().is_ok_and(|etag| !had.is_modified(Some(&etag), None)),
        Err(_) => false,
    }
}

/// The answer that there is nothing new. A browser takes over its headers, so the policy is the one of the whole answer.
pub(crate) fn not_modified(etag: &str, policy: Option<&str>) -> Response {
    let mut response = Response::new(Body::empty());
    if let Some(policy) = policy {
        set_header(response.headers_mut(), header::CONTENT_SECURITY_POLICY, policy);
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    set_header(response.headers_mut(), header::ETAG, etag);
    set_header(response.headers_mut(), header::CACHE_CONTROL, "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_state_is_known_by_its_tag() {
        let known = |value: &str, etag: &str| is_known(&headers(header::IF_NONE_MATCH, value), etag);
        assert!(known("\"a\", W/\"b\"", "\"a\"") && known("\"a\", W/\"b\"", "\"b\"") && known("\"a\"", "W/\"a\""));
        assert!(known("*", "\"a\"") && !known("\"a\", W/\"b\"", "\"c\""));
        for odd in ["", "a", "\"a", "a\"", ",,", "W/", "\"b\" \"a\""] {
            assert!(!known(odd, "\"a\""), "{odd}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }

    #[test]
    fn a_part_is_sent_of_the_very_state_that_the_browser_has() {
        let usable = |value: &str| is_range_usable(&headers(header::IF_RANGE, value), "\"a\"");
        assert!(is_range_usable(&HeaderMap::new(), "\"a\"") && usable("\"a\""));
        for other in ["\"b\"", "W/\"a\"", "a", "", "*", "Sun, 06 Nov 1994 08:49:37 GMT", "\"a\", \"b\""] {
            assert!(!usable(other), "{other}");
        }
    }
}

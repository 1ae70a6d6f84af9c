//! Setting a header of an answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Sets a header; a value that no header can have is left out.
pub(crate) fn set_header(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

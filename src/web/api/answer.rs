//! What the API's answers have in common: they are JSON.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::web::http::refusal::Refusal;
use crate::web::http::set_header::set_header;

/// An answer as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Response, Refusal> {
    let bytes = serde_json::to_vec(value).map_err(|error| Refusal::broken(error.to_string()))?;
    Ok(json_bytes(bytes.into()))
}

/// An answer that is JSON already.
pub(super) fn json_bytes(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Something that was made, with its address.
pub(super) fn created<T: Serialize>(value: &T, at: &str) -> Result<Response, Refusal> {
    let mut response = json(value)?;
    *response.status_mut() = StatusCode::CREATED;
    set_header(response.headers_mut(), header::LOCATION, at);
    Ok(response)
}

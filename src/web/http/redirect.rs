//! Sending a browser to another page of this server, and never to one of another: every redirect is made here.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::address;
use crate::web::http::set_header::set_header;

/// Sends a browser to another page after a form (RFC 9110, section 15.4.4).
pub(crate) fn see_other(to: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, to)
}

/// Sends a browser to another page, with this status.
pub(crate) fn redirect(status: StatusCode, to: &str) -> Response {
    let mut response = status.into_response();
    set_header(response.headers_mut(), header::LOCATION, address::local(to).unwrap_or("/"));
    response
}

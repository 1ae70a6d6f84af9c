//! The fields of a form without files, checked to come from this browser.

use axum::extract::Request;
use axum::http::HeaderMap;

use crate::web::http::guard;
use crate::web::http::idempotency::Submission;
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::request::Params;

/// The longest of these forms, in bytes.
const MAX_FORM: usize = 16 << 10;

/// The fields of a form.
///
/// # Errors
/// When it is too long, or belongs to another browser.
pub(super) async fn form(headers: &HeaderMap, request: Request) -> Result<Params, Refusal> {
    let params = Params::parse(&request::read_body(request.into_body(), MAX_FORM).await?);
    guard::check_form_token(headers, params.get("token"))?;
    Ok(params)
}

/// The form that came in at this path, if it bears a number.
pub(super) fn submission(path: &str, params: &Params) -> Option<Submission> {
    Submission::from_form(path, params.all(), &blake3::Hasher::new())
}

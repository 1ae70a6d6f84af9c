//! A request that is refused, and why: an error as a status and plain words. Programs get it as JSON; the app makes a page of it for
//! people.

use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::channel;
use crate::channel::reading::query;

/// Why a request is not granted, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
    /// Whether a channel was asked for that there is not: a page for people leads to all of them.
    pub(crate) is_about_channel: bool,
    /// Whether the words may quote what the request brought (a text, a key, what somebody looks for), so that no log may have them.
    pub(crate) quotes_request: bool,
}

/// A refusal that a page shows by itself, so that it is only to be logged.
#[derive(Clone, Debug)]
pub(crate) struct ShownRefusal(pub(crate) Refusal);

/// What the API says instead of an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct Words<'a> {
    /// What is wrong.
    error: &'a str,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, what: impl Into<String>) -> Self {
        Self { status, what: what.into(), hint: None, is_about_channel: false, quotes_request: false }
    }

    /// Keeps the words out of the log.
    pub(crate) fn quoting_the_request(self) -> Self {
        Self { quotes_request: true, ..self }
    }

    /// Makes an answer say that the request was refused, for a page that shows why by itself.
    pub(crate) fn mark(self, response: &mut Response) {
        *response.status_mut() = self.status;
        response.extensions_mut().insert(ShownRefusal(self));
    }

    /// Why, in words that hold no secret.
    pub(crate) fn reason_for_log(&self) -> &str {
        if self.quotes_request { "not logged, because it may quote the request" } else { &self.what }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What was asked for is not there.
    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// There is no channel of this name.
    pub(crate) fn no_channel(name: &str) -> Self {
        let missing = Self::missing(format!("no channel named “{name}”")).hint("GET /channels lists all channels");
        Self { is_about_channel: true, ..missing }
    }

    /// The request does not say what it should.
    pub(crate) fn bad(what: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what)
    }

    /// Something on this side went wrong.
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, what)
    }

    /// The request brings something of another type than this one.
    pub(crate) fn unlike(mime: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the request's type is not `{mime}`"))
            .hint(format!("send it with `Content-Type: {mime}`"))
    }

    /// The request brings too much.
    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, what)
    }

    /// As much is going on as may be.
    pub(crate) fn busy(what: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, what).hint("try again in a moment")
    }

    /// The request did not go on arriving.
    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the rest of the request did not arrive in time").hint("send it again")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let words = Words { error: &self.what, hint: self.hint.as_deref() };
        // Two texts always make JSON; an empty body would be no reason to fail.
        let bytes = serde_json::to_vec(&words).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // What follows on this connection would be the rest of what was refused.
        if matches!(
            self.status,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE
        ) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<channel::Error> for Refusal {
    fn from(error: channel::Error) -> Self {
        use channel::Error;
        let (status, hint) = match &error {
            Error::Io(error) => return io_error(error),
            Error::NoSuchChannel { .. } | Error::NoSuchMessage { .. } | Error::NoSuchAttachment { .. } => {
                (StatusCode::NOT_FOUND, None)
            }
            Error::NoSuchDraft { .. } => (StatusCode::NOT_FOUND, Some("it may have been sent or discarded elsewhere")),
            Error::OnlyListens { .. } => (StatusCode::FORBIDDEN, Some("a channel with an outbox can be written to")),
            Error::Theirs { .. } => (StatusCode::METHOD_NOT_ALLOWED, None),
            Error::OpenElsewhere { .. } => (StatusCode::CONFLICT, Some("wait until it is closed there, and try again")),
            Error::Changed { .. } | Error::SameName { .. } | Error::Exists { .. } => (StatusCode::CONFLICT, None),
            Error::Attachment { .. } | Error::UnreadableAttachment { .. } | Error::Header | Error::Name { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, None)
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        Self { hint: hint.map(str::to_owned), ..Self::new(status, error.to_string()) }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        io_error(&error)
    }
}

fn io_error(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "the disk is full")
                .hint("nothing was written; free some space and send it again")
        }
        io::ErrorKind::NotFound => Refusal::missing("the file is not there any more").hint("load the page again"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Refusal::new(StatusCode::FORBIDDEN, error.to_string())
                .hint("give the user who runs this server the rights on the channel's folder")
        }
        _ => Refusal::broken(error.to_string()),
    }
}

impl From<query::Error> for Refusal {
    fn from(error: query::Error) -> Self {
        Self::bad(error.to_string()).quoting_the_request()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_quote_the_request_is_not_logged() {
        let refusal = Refusal::bad("`my secret plan` is no date");
        assert_eq!(refusal.reason_for_log(), "`my secret plan` is no date");
        assert!(!refusal.quoting_the_request().reason_for_log().contains("secret"));
    }
}

//! What a request brings: its query, and a body that ends in time and size.
//!
//! Owns the limits on it. Refuses to know what it is for.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::refusal::Refusal;

/// The longest text of a message, in bytes: a longer one would be shown cut.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// The longest body besides files: a text as JSON escapes it or a form encodes it.
pub(super) const MAX_BODY: usize = 6 * MAX_TEXT + 4096;
/// How long the next part of a body may take to come.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The parameters of a query or form.
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The parameters of an address.
    pub(super) fn of(uri: &axum::http::Uri) -> Self {
        Self::parse(uri.query().unwrap_or_default().as_bytes())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number, if it is given.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = |text: &str| text.parse().map_err(|_| Refusal::bad(format!("`{name}` is not a number")));
        self.get(name).map(number).transpose()
    }
}

/// Reads a body whole.
pub(super) async fn whole(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let Ok(next) = timeout(PATIENCE, stream.next()).await else {
            return Err(Refusal::too_slow());
        };
        let Some(piece) = next else {
            return Ok(bytes.into());
        };
        let piece = piece.map_err(|_| Refusal::bad("the request was cut off"))?;
        if bytes.len() + piece.len() > most {
            return Err(Refusal::too_large(format!("this is longer than {most} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
}

/// Reads a body as JSON.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    if !is(headers, "application/json") {
        return Err(Refusal::unlike("application/json"));
    }
    let bytes = whole(body, MAX_BODY).await?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::bad(format!("this can't be read: {error}")))
}

/// Whether a body is of this type.
pub(super) fn is(headers: &HeaderMap, mime: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().is_some_and(|given| given.trim().eq_ignore_ascii_case(mime))
}

/// A text that is not too long to be a message.
pub(super) fn sound(text: String) -> Result<String, Refusal> {
    if text.len() > MAX_TEXT {
        return Err(
            Refusal::too_large("a message's text is at most 1 MiB long").hint("attach what is longer as a file")
        );
    }
    Ok(text)
}

//! What a request brings: its query, and a body whose time and size are limited.

use std::future::Future;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_stream::StreamExt;

use crate::web::http::refusal::Refusal;

/// The server as whoever asks calls it.
pub(crate) fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// The longest text of a message, in bytes: a longer one would be shown cut.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// The longest body besides files: a text as JSON escapes it or a form encodes it.
pub(crate) const MAX_BODY: usize = 6 * MAX_TEXT + 4096;
/// How long the next part of a body may take to come.
const PART_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body has to come in that time, unless it ends, in bytes: less is nobody's line, and held open on purpose.
const MIN_PART: usize = 4 << 10;

/// How fast a body comes: no part of it may be waited for too long, and crumbs are no parts.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
    came: usize,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), came: 0 }
    }

    /// What comes next, if it comes in time.
    pub(crate) async fn next<T>(&self, part: impl Future<Output = T>) -> Result<T, Refusal> {
        timeout(self.left(Instant::now()), part).await.map_err(|_| Refusal::too_slow())
    }

    /// Takes in that so many bytes came.
    pub(crate) fn came(&mut self, bytes: usize) {
        self.took(bytes, Instant::now());
    }

    fn left(&self, now: Instant) -> Duration {
        PART_TIMEOUT.saturating_sub(now.saturating_duration_since(self.since))
    }

    fn took(&mut self, bytes: usize, now: Instant) {
        self.came += bytes;
        if self.came >= MIN_PART {
            *self = Self { since: now, came: 0 };
        }
    }
}

/// The parameters of a query or form.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The parameters of an address.
    pub(crate) fn from_uri(uri: &axum::http::Uri) -> Self {
        Self::parse(uri.query().unwrap_or_default().as_bytes())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All but one of them, as a query.
    pub(crate) fn without(&self, name: &str) -> String {
        let others = self.0.iter().filter(|(key, _)| key != name);
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A number, if it is given.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = |text: &str| text.parse().map_err(|_| Refusal::bad(format!("`{name}` is not a number")));
        self.get(name).map(number).transpose()
    }
}

/// Reads a body whole.
pub(crate) async fn read_body(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut pace) = (Vec::new(), Pace::new());
    loop {
        let Some(piece) = pace.next(stream.next()).await? else {
            return Ok(bytes.into());
        };
        let piece =
            piece.map_err(|_| Refusal::bad("the request ended before its body was complete").hint("send it again"))?;
        if bytes.len() + piece.len() > most {
            return Err(Refusal::too_large(format!("the request is longer than {most} bytes")));
        }
        pace.came(piece.len());
        bytes.extend_from_slice(&piece);
    }
}

/// Reads a body as JSON.
pub(crate) async fn read_json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    if !has_content_type(headers, "application/json") {
        return Err(Refusal::unlike("application/json"));
    }
    let bytes = read_body(body, MAX_BODY).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad(format!("the JSON can't be read: {error}")).quoting_the_request())
}

/// Whether a body is of this type.
pub(crate) fn has_content_type(headers: &HeaderMap, mime: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.and_then(|given| given.split(';').next()).is_some_and(|given| given.trim().eq_ignore_ascii_case(mime))
}

/// A text that is not too long to be a message.
pub(crate) fn checked_text(text: String) -> Result<String, Refusal> {
    if text.len() > MAX_TEXT {
        return Err(Refusal::too_large("a message's text is at most 1 MiB long").hint("attach longer texts as files"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a body is waited for to its end that comes by so many bytes a second, for five minutes.
    fn is_waited_for(bytes: usize) -> bool {
        let begin = Instant::now();
        let mut pace = Pace { since: begin, came: 0 };
        (1..300).map(|second| begin + Duration::from_secs(second)).all(|now| {
            let is_in_time = pace.left(now) > Duration::ZERO;
            pace.took(bytes, now);
            is_in_time
        })
    }

    #[test]
    fn a_slow_line_gets_through_and_crumbs_do_not() {
        assert!(!is_waited_for(0) && !is_waited_for(1) && !is_waited_for(100));
        assert!(is_waited_for(150) && is_waited_for(1 << 20));
    }
}

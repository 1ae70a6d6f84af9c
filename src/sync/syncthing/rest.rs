//! Syncthing's REST interface, spoken to by plain http (<https://docs.syncthing.net/dev/rest.html>).
//!
//! Owns the time-outs, the API key and what an answer's status means. Refuses to know what is asked for.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use super::config::Access;
use super::error::{Error, shown};

/// For connecting, asking and reading the answer together.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_ANSWER: u64 = 64 << 20;

/// The names and values behind an address's `?`.
pub(super) type Query<'a> = [(&'a str, &'a str)];

/// The way to Syncthing.
pub(super) struct Rest {
    agent: Agent,
    access: Access,
}

impl Rest {
    /// Nothing is asked yet. No proxy that the environment names is used: this never leaves the machine.
    pub(super) fn new(access: Access) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self { agent: config.into(), access }
    }

    /// Asks for something.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str, query: &Query) -> Result<T, Error> {
        let request = format!("GET {path}");
        let asked = self.dressed(self.agent.get(self.url(path)), query).call();
        let said = self.answer(&request, asked)?;
        serde_json::from_str(&said).map_err(|error| Error::Answer { request, what: error.to_string() })
    }

    /// Tells something new.
    pub(super) fn post(&self, path: &str, query: &Query, body: &Value) -> Result<(), Error> {
        let asked = self.dressed(self.agent.post(self.url(path)), query).send_json(body);
        self.answer(&format!("POST {path}"), asked).map(drop)
    }

    /// Changes what the body names, and nothing else.
    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<(), Error> {
        let asked = self.dressed(self.agent.patch(self.url(path)), &[]).send_json(body);
        self.answer(&format!("PATCH {path}"), asked).map(drop)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.access.address)
    }

    fn dressed<Any>(&self, request: RequestBuilder<Any>, query: &Query) -> RequestBuilder<Any> {
        let request = request.header("X-API-Key", &self.access.api_key);
        query.iter().fold(request, |request, (name, value)| request.query(name, value))
    }

    /// The body of an answer that means yes.
    fn answer(&self, request: &str, asked: Result<Response<Body>, ureq::Error>) -> Result<String, Error> {
        let address = self.access.address.clone();
        let silent = |error: ureq::Error| Error::NoAnswer { address: address.clone(), why: error.to_string() };
        let mut answer = asked.map_err(silent)?;
        let said = answer.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true).read_to_string().map_err(silent)?;
        match answer.status().as_u16() {
            200..=299 => Ok(said),
            300..=399 => Err(Error::Https { address }),
            401 | 403 => Err(Error::ApiKey { address }),
            status => Err(Error::Refused { request: request.to_owned(), status, said: shown(said.trim()) }),
        }
    }
}

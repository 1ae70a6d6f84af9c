//! Syncthing's REST interface, spoken to by plain http (<https://docs.syncthing.net/dev/rest.html>): the time-outs, the API key, and
//! what an answer's status means.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use super::config::Access;
use super::error::{Error, shown};

/// For connecting, asking and reading the answer together.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
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
    pub(super) fn new(access: Access, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(patience))
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
        serde_json::from_str(&said).map_err(|source| Error::Answer { request, source })
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
        let silent = |error: ureq::Error| Error::NoAnswer { address: address.clone(), source: Box::new(error) };
        let mut answer = asked.map_err(silent)?;
        let said =
            answer.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true).read_to_string().map_err(silent)?;
        match answer.status().as_u16() {
            200..=299 => Ok(said),
            300..=399 => Err(Error::Https { address }),
            401 | 403 => Err(Error::ApiKey { address }),
            status => Err(Error::Refused { request: request.to_owned(), status, said: shown(said.trim()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What asking says when the one who listens answers with this, or with nothing at all.
    fn asked(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let asked: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            match answer {
                Some(answer) => write!(stream, "HTTP/1.1 {answer}").unwrap(),
                // Ends when the one who asks gives up.
                None => assert!(lines.next().is_none()),
            }
            asked.join("\n")
        });
        let rest = Rest::new(Access { address, api_key: "secret".into() }, PATIENCE);
        let said = rest.get::<Vec<u8>>("/rest/x", &[("a", "b&c")]).map_err(|error| error.to_string());
        let heard = serving.join().unwrap();
        assert!(heard.starts_with("GET /rest/x?a=b%26c "), "{heard}");
        assert!(heard.to_lowercase().contains("x-api-key: secret"), "{heard}");
        format!("{said:?}")
    }

    #[test]
    fn every_answer_is_understood_or_told() {
        for (answer, words) in [
            ("200 OK\r\nContent-Length: 5\r\n\r\n[1,2]", "Ok([1, 2])"),
            ("200 OK\r\nContent-Length: 2\r\n\r\n{}", "Syncthing's answer to `GET /rest/x` is not understood"),
            ("307 X\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "wants https"),
            ("403 X\r\nContent-Length: 0\r\n\r\n", "refused the API key"),
            ("500 X\r\nContent-Length: 4\r\n\r\nno\x07\n", "refuses `GET /rest/x` with status 500: no"),
            ("200 OK\r\nContent-Length: 99\r\n\r\n[", "no Syncthing answers at `127.0.0.1:"),
        ] {
            let said = asked(Some(answer));
            assert!(said.contains(words) && !said.contains("secret"), "{answer}: {said}");
        }
    }

    #[test]
    fn nobody_waits_for_ever() {
        let begun = std::time::Instant::now();
        let said = asked(None);
        assert!(said.contains("no Syncthing answers"), "{said}");
        assert!(begun.elapsed() < 2 * PATIENCE, "{:?}", begun.elapsed());
    }
}

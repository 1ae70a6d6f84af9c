//! Who may ask, and the security headers of every answer.
//!
//! A request is checked before anything is done with it: by which name the server is called (a page of another site may give its own
//! name this machine's address), where a write comes from, and the key of whoever is not known to be the user of this server. All are
//! pure decisions.

use std::fmt;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::web::http::peer::Peer;
use crate::web::http::refusal::Refusal;

/// What may be asked, and by whom.
#[derive(Clone)]
pub struct Guard {
    /// The port that the server listens on.
    pub port: u16,
    /// A name besides those of this machine by which it may be called, as the person gave it; other machines can connect then.
    pub host: Option<String>,
    /// What has to be known by everybody but programs of the user who runs this server, and by those too where other machines
    /// can connect.
    pub key: String,
}

impl fmt::Debug for Guard {
    /// Without the key, which no log is to hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("port", &self.port).field("host", &self.host).finish_non_exhaustive()
    }
}

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The cookie of whoever came with [`Guard::key`].
const KEY_COOKIE: &str = "missive-key";
/// The cookie that a form's token must equal.
const FORM_COOKIE: &str = "missive-form";

/// The policy of the app's own pages. Nothing comes from anywhere else, ever, and scripts are the app's own: an attachment is
/// none.
fn policy(origin: &str) -> String {
    format!(
        "default-src 'none'; script-src {origin}/app/; style-src {origin}/app/; img-src 'self'; media-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

impl Guard {
    /// Judges a request by its method and headers.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_host(headers)?;
        if matches!(*method, Method::GET | Method::HEAD) { check_reader(headers) } else { self.check_origin(headers) }
    }

    /// Whether whoever asks has the key, or needs none.
    pub(crate) fn lets_in(&self, peer: Peer, headers: &HeaderMap) -> bool {
        let is_user = peer == Peer::Own && self.host.is_none();
        is_user || self.knows_key(headers)
    }

    fn knows_key(&self, headers: &HeaderMap) -> bool {
        let bearer = text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        bearer.is_some_and(|given| self.is_key(given))
            || cookie(headers, &self.key_cookie()).is_some_and(|given| is_same(given, &pass(&self.key)))
    }

    fn is_key(&self, given: &str) -> bool {
        !given.is_empty() && is_same(given, &self.key)
    }

    /// Cookies know no port, and there may be a second server on another one.
    fn key_cookie(&self) -> String {
        format!("{KEY_COOKIE}-{}", self.port)
    }

    /// The cookie for whoever came by the link with this key, if it is the right one.
    pub(crate) fn cookie_for(&self, given: &str) -> Option<String> {
        let cookie = || format!("{}={}; Path=/; HttpOnly; SameSite=Lax", self.key_cookie(), pass(&self.key));
        self.is_key(given).then(cookie)
    }

    fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        if hosts.next().is_none() && host.is_some_and(|host| self.is_own(host)) {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "this server is not reached by that name")
            .hint(format!("open http://localhost:{}/", self.port)))
    }

    /// Whether an authority (`host:port`) is this server's.
    fn is_own(&self, authority: &str) -> bool {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "80"),
        };
        if port.parse() != Ok(self.port) {
            return false;
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_this_machine = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        // A name of another site can't be an address: only names can be made to lead here.
        let is_opened = self.host.is_some() && (host.parse::<IpAddr>().is_ok() || self.host.as_deref() == Some(&host));
        is_this_machine || is_opened
    }

    /// A write comes from a page of this server, or from a program: every browser says where a write comes from.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let is_ours = match (text(headers, &header::ORIGIN), text(headers, &SITE)) {
            (Some(origin), _) => origin.strip_prefix("http://").is_some_and(|authority| self.is_own(authority)),
            (None, Some(site)) => matches!(site, "same-origin" | "none"),
            (None, None) => !headers.contains_key(header::ORIGIN),
        };
        if is_ours {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::FORBIDDEN, "a page of another site sent this")
            .hint("use a page of this server, or a program that sends no `Origin`"))
    }
}

/// A page of another site may lead here, and may not ask for anything by itself: how long an answer takes tells something too.
fn check_reader(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_foreign = matches!(text(headers, &SITE), Some("cross-site" | "same-site"));
    let is_led = text(headers, &MODE) == Some("navigate") && text(headers, &DEST) == Some("document");
    if is_foreign && !is_led {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "a page of another site asked for this"));
    }
    Ok(())
}

/// What pages write by a script is no navigation; a form of a site that is shown here would be one.
pub(crate) fn check_not_a_form(headers: &HeaderMap) -> Result<(), Refusal> {
    if text(headers, &MODE) == Some("navigate") {
        return Err(
            Refusal::new(StatusCode::FORBIDDEN, "forms can't be sent to the API").hint("use a script, or a program")
        );
    }
    Ok(())
}

/// The token of this browser's forms: what its cookie holds.
pub(crate) fn form_token(headers: &HeaderMap) -> Option<&str> {
    let is_token =
        |token: &&str| token.len() >= 16 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    cookie(headers, FORM_COOKIE).filter(is_token)
}

/// The cookie that gives a browser a form token.
pub(crate) fn form_cookie(token: &str) -> String {
    format!("{FORM_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000")
}

/// What the cookie holds: not the key itself, which would open the API to a program that another server hands it to.
fn pass(key: &str) -> String {
    let pass = blake3::derive_key("missive serve, the cookie of whoever came by the link", key.as_bytes());
    blake3::Hash::from_bytes(pass).to_hex().to_string()
}

/// Whether a form was made for the browser that sends it. Behind the browser's token it may bear a number of its own.
pub(crate) fn check_form_token(headers: &HeaderMap, given: Option<&str>) -> Result<(), Refusal> {
    let given = given.map(|given| given.split_once('.').map_or(given, |(token, _)| token));
    match (form_token(headers), given) {
        (Some(token), Some(given)) if is_same(token, given) => Ok(()),
        _ => Err(Refusal::new(StatusCode::FORBIDDEN, "this form does not belong to this browser")
            .hint("reload the page and send it again; the browser must accept this server's cookie")),
    }
}

/// What every answer carries, whatever it is, of a server that is called so (`http://localhost:3000`).
pub(crate) fn add_security_headers(headers: &mut HeaderMap, origin: &str) {
    if let Ok(policy) = HeaderValue::from_str(&policy(origin)) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    add(header::CACHE_CONTROL, "no-cache");
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Compares without telling by its time how much is the same.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn here() -> Guard {
        Guard { port: 3000, host: None, key: "0123456789abcdef".to_owned() }
    }

    fn status(guard: &Guard, method: &Method, pairs: &[(&'static str, &'static str)]) -> u16 {
        guard.check(method, &headers(pairs)).map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn answers_to_its_own_names_only() {
        let guard = here();
        for (host, wanted) in [
            ("localhost:3000", 200),
            ("LOCALHOST:3000", 200),
            ("127.0.0.1:3000", 200),
            ("[::1]:3000", 200),
            ("localhost", 421),
            ("localhost:3001", 421),
            ("evil.example:3000", 421),
            ("localhost.evil.example:3000", 421),
            ("192.168.1.7:3000", 421),
            ("", 421),
        ] {
            assert_eq!(status(&guard, &Method::GET, &[("host", host)]), wanted, "{host}");
        }
        assert_eq!(status(&guard, &Method::GET, &[]), 421);
        assert_eq!(status(&guard, &Method::GET, &[("host", "localhost:3000"), ("host", "evil.example")]), 421);
        let open = Guard { host: Some("nas.local".to_owned()), ..guard };
        for (host, wanted) in [("192.168.1.7:3000", 200), ("nas.local:3000", 200), ("evil.example:3000", 421)] {
            assert_eq!(status(&open, &Method::GET, &[("host", host)]), wanted, "{host}");
        }
    }

    #[test]
    fn writes_come_from_here_or_from_a_program() {
        let guard = here();
        let post = |name: &'static str, value: &'static str| {
            status(&guard, &Method::POST, &[("host", "localhost:3000"), (name, value)])
        };
        assert_eq!(status(&guard, &Method::POST, &[("host", "localhost:3000")]), 200);
        assert_eq!(post("origin", "http://localhost:3000"), 200);
        assert_eq!(post("origin", "http://127.0.0.1:3000"), 200);
        for origin in
            ["http://localhost:8080", "https://evil.example", "null", "http://localhost:3000.evil.example", ""]
        {
            assert_eq!(post("origin", origin), 403, "{origin}");
        }
        assert_eq!((post("sec-fetch-site", "same-origin"), post("sec-fetch-site", "none")), (200, 200));
        assert_eq!((post("sec-fetch-site", "cross-site"), post("sec-fetch-site", "same-site")), (403, 403));
    }

    #[test]
    fn the_key_opens_and_nothing_else_does() {
        let guard = here();
        let lets = |headers: &HeaderMap| guard.lets_in(Peer::User(33), headers);
        assert!(!lets(&HeaderMap::new()));
        assert!(lets(&headers(&[("authorization", "Bearer 0123456789abcdef")])));
        assert!(!lets(&headers(&[("authorization", "Bearer ")])) && !lets(&headers(&[("authorization", "Bearer x")])));
        let cookie = guard.cookie_for("0123456789abcdef").unwrap();
        let with = |cookie: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        assert!(lets(&with(&format!("a=b; {}", cookie.split(';').next().unwrap()))));
        assert!(!cookie.contains("0123456789abcdef"));
        assert!(!lets(&with("missive-key-3000=0123456789abcdef")));
        assert!(guard.cookie_for("").is_none() && guard.cookie_for("0123456789abcdeX").is_none());
        let keyless = Guard { key: String::new(), ..here() };
        assert!(
            keyless.cookie_for("").is_none()
                && !keyless.lets_in(Peer::Unknown, &headers(&[("authorization", "Bearer ")]))
        );
    }

    #[test]
    fn only_the_user_of_this_server_needs_no_key() {
        let none = HeaderMap::new();
        let others = [Peer::User(0), Peer::User(33), Peer::Unknown, Peer::Machine([192, 0, 2, 7].into())];
        assert!(here().lets_in(Peer::Own, &none) && !others.iter().any(|peer| here().lets_in(*peer, &none)));
        let open = Guard { host: Some("0.0.0.0".to_owned()), ..here() };
        assert!(!open.lets_in(Peer::Own, &none), "where other machines can connect everybody needs it");
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let shown = format!("{:?}", here());
        assert_eq!(shown, "Guard { port: 3000, host: None, .. }");
    }

    #[test]
    fn a_form_belongs_to_its_browser() {
        let cookie = headers(&[("cookie", "missive-form=0123456789abcdef")]);
        assert!(check_form_token(&cookie, Some("0123456789abcdef")).is_ok());
        assert!(check_form_token(&cookie, Some("0123456789abcdef.this-form")).is_ok());
        assert!(check_form_token(&cookie, Some("0123456789abcde.f")).is_err());
        assert!(
            check_form_token(&cookie, Some("0123456789abcdeX")).is_err() && check_form_token(&cookie, None).is_err()
        );
        assert!(check_form_token(&HeaderMap::new(), Some("0123456789abcdef")).is_err());
    }
}

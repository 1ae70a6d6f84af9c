//! Asks other servers whether the pages that a site links are there: the head of each page, and the page where a server
//! refuses that. Few at a time, and never two of one server.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

use super::answer_cache::{Answer, AnswerCache};
use super::private_addresses::{Names, NoNames, NotPublic, is_private};
use crate::lock::lock;
use crate::site::links::LinkedAddress;

/// How many servers are asked at one time.
const AT_ONCE: usize = 4;
/// How many redirections are followed.
const MAX_REDIRECTS: usize = 10;
/// After so many answers they are kept, so that a check that is broken off need not begin anew.
const KEPT_AFTER: usize = 50;
/// What a server is told of who asks.
const USER_AGENT: &str = concat!("missive/", env!("CARGO_PKG_VERSION"), " (checks links)");

/// The answers about addresses, in their order; `None` for those that are not asked.
pub(super) struct Answers {
    pub(super) all: Vec<Option<Answer>>,
    /// Whether servers were asked and not one name of a server could be found.
    pub(super) is_offline: bool,
}

/// Asks about addresses, those apart of which an answer of today is known. A machine near by is asked only about what the user
/// wrote.
pub(super) fn ask(
    addresses: &[LinkedAddress],
    patience: Duration,
    cache: &mut AnswerCache,
    now: i64,
    progress: &dyn Fn(usize, usize),
) -> Answers {
    let mut all: Vec<Option<Answer>> = addresses.iter().map(|link| cache.get(&link.address).cloned()).collect();
    let servers = by_server(addresses, &all);
    let asked: usize = servers.iter().map(Vec::len).sum();
    let agents = Agents::new(patience);
    let queue = Mutex::new(VecDeque::from(servers));
    let (tell, told) = mpsc::channel::<(usize, Result<Answer, ureq::Error>)>();
    let mut unknown_names = 0;
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let (tell, queue, agents) = (tell.clone(), &queue, &agents);
            scope.spawn(move || while agents.ask_next_server(queue, addresses, &tell).is_some() {});
        }
        drop(tell);
        for (done, (number, answer)) in told.iter().enumerate() {
            progress(done, asked);
            unknown_names += usize::from(answer.as_ref().is_err_and(is_name_unknown));
            let answer = answer.unwrap_or_else(|error| failure(&error, patience));
            if let (Some(place), Some(link)) = (all.get_mut(number), addresses.get(number)) {
                cache.put(&link.address, &answer, now);
                *place = Some(answer);
            }
            if done % KEPT_AFTER == KEPT_AFTER - 1 {
                // The cache is only a shortcut.
                drop(cache.keep());
            }
        }
    });
    let is_offline = asked > 0 && unknown_names == asked;
    if !is_offline {
        drop(cache.keep());
    }
    Answers { all, is_offline }
}

/// The numbers of the addresses that are to be asked, by their servers.
fn by_server(addresses: &[LinkedAddress], known: &[Option<Answer>]) -> Vec<Vec<usize>> {
    let mut servers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, (link, known)) in addresses.iter().zip(known).enumerate() {
        let Ok(url) = Url::parse(&link.address) else { continue };
        let Some(host) = url.host().filter(|host| link.is_own || !is_private(host)) else { continue };
        if known.is_none() {
            servers.entry(host.to_string()).or_default().push(number);
        }
    }
    servers.into_values().collect()
}

/// How servers are asked. No status is an error, and nothing is waited for longer than `patience`. Certificates are judged as
/// the system judges them, so that what a browser here can open is there.
fn config(patience: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(USER_AGENT)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
}

/// Whether there is no answer because the server's name is not known.
fn is_name_unknown(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        ureq::Error::Other(other) => other.is::<NoNames>(),
        _ => false,
    }
}

/// Who asks: one for what others wrote and for wherever a server sends us, one for what the user wrote.
struct Agents {
    public: Agent,
    any: Agent,
}

type Queue = Mutex<VecDeque<Vec<usize>>>;
type Tell = mpsc::Sender<(usize, Result<Answer, ureq::Error>)>;

impl Agents {
    fn new(patience: Duration) -> Self {
        let agent = |names| Agent::with_parts(config(patience).build(), DefaultConnector::default(), names);
        Self { public: agent(Names::public_only()), any: agent(Names::default()) }
    }

    /// Asks one server about all of its addresses, one after the other; `None` when no server is left or nobody listens.
    fn ask_next_server(&self, queue: &Queue, addresses: &[LinkedAddress], tell: &Tell) -> Option<()> {
        let numbers = lock(queue).pop_front()?;
        for number in numbers {
            tell.send((number, self.ask(addresses.get(number)?))).ok()?;
        }
        Some(())
    }

    /// Asks about an address, and goes where its server sends us.
    fn ask(&self, link: &LinkedAddress) -> Result<Answer, ureq::Error> {
        let mut address = link.address.clone();
        for _ in 0..=MAX_REDIRECTS {
            // The user's word counts for the server that the user named, and for no other one.
            let is_meant = link.is_own && host(&address) == host(&link.address);
            let (status, next) = answer(if is_meant { &self.any } else { &self.public }, &address)?;
            match next {
                Some(next) => address = next,
                None => return Ok(said(status)),
            }
        }
        Ok(Answer::Gone(format!("it is redirected more than {MAX_REDIRECTS} times")))
    }
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// The status of an answer, of which nothing more is read, and the address to which it sends us.
fn answer(agent: &Agent, address: &str) -> Result<(u16, Option<String>), ureq::Error> {
    let mut answer = agent.head(address).call()?;
    // Some servers know no heads, and some send programs away that ask for them.
    if matches!(answer.status().as_u16(), 403 | 405 | 501) {
        answer = agent.get(address).call()?;
    }
    let status = answer.status().as_u16();
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    let next = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308));
    let next = next.and_then(|next| Url::parse(address).ok()?.join(next).ok());
    Ok((status, next.filter(|next| matches!(next.scheme(), "http" | "https")).map(String::from)))
}

/// What a status means (RFC 9110, section 15).
fn said(status: u16) -> Answer {
    match status {
        200..=399 => Answer::There,
        404 | 410 => Answer::Gone(format!("its server has no such page ({status})")),
        401 | 403 | 407 | 451 => Answer::Unclear(format!("its server does not show it to missive ({status})")),
        429 => Answer::Unclear("its server wants to be asked less often (429)".to_owned()),
        500..=599 => Answer::Unclear(format!("its server has a fault of its own ({status})")),
        _ => Answer::Unclear(format!("its server answers {status}")),
    }
}

/// What it means that there is no answer.
fn failure(error: &ureq::Error, patience: Duration) -> Answer {
    match error {
        ureq::Error::HostNotFound => Answer::Gone("there is no server of this name".to_owned()),
        ureq::Error::ConnectionFailed => Answer::Gone("no server answers there".to_owned()),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Answer::Gone("no server answers there".to_owned())
        }
        ureq::Error::Timeout(_) => {
            Answer::Unclear(format!("its server does not answer within {}", humantime::format_duration(patience)))
        }
        ureq::Error::Other(other) if other.is::<NotPublic>() || other.is::<NoNames>() => {
            Answer::Unclear(other.to_string())
        }
        error => Answer::Unclear(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(address: &str, is_own: bool) -> LinkedAddress {
        LinkedAddress { address: address.to_owned(), page: "x.html".to_owned(), links: 1, is_own }
    }

    #[test]
    fn servers_are_asked_one_by_one_and_machines_near_by_only_for_oneself() {
        let addresses = [
            link("https://a.example/1", false),
            link("http://192.168.1.1/reboot", false),
            link("http://192.168.1.1/mine", true),
            link("http://A.example:8080/2", true),
            link("https://a.example/known", true),
        ];
        let known = [None, None, None, None, Some(Answer::There)];
        assert_eq!(by_server(&addresses, &known), [vec![2], vec![0, 3]]);
    }

    #[test]
    fn a_name_that_leads_near_is_asked_only_for_oneself() {
        let agents = Agents::new(Duration::from_secs(5));
        // This name leads to this machine everywhere; nobody listens on its first port.
        let mut link = link("http://localhost:1/", false);
        let why = |link: &LinkedAddress| failure(&agents.ask(link).unwrap_err(), Duration::ZERO);
        assert!(matches!(why(&link), Answer::Unclear(why) if why.contains("private network")));
        link.is_own = true;
        assert_eq!(why(&link), Answer::Gone("no server answers there".to_owned()));
    }

    #[test]
    fn what_the_user_wrote_leads_to_that_server_and_no_other_near_by() {
        use std::io::{BufRead, BufReader, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                write!(stream, "HTTP/1.1 302 x\r\nLocation: http://localhost:{port}/\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
            }
        });
        let sent =
            Agents::new(Duration::from_secs(5)).ask(&link(&format!("http://127.0.0.1:{port}/"), true)).unwrap_err();
        assert!(matches!(failure(&sent, Duration::ZERO), Answer::Unclear(why) if why.contains("private network")));
    }

    #[test]
    fn only_what_is_certain_is_gone() {
        assert_eq!(said(200), Answer::There);
        assert_eq!(said(304), Answer::There);
        assert!(matches!(said(410), Answer::Gone(_)));
        for status in [400, 401, 403, 418, 429, 500, 503] {
            assert!(matches!(said(status), Answer::Unclear(_)), "{status}");
        }
    }
}

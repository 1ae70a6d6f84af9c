//! A small HTTP/1.1 client that can also do what no good client does.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take that a person waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that is put together.
pub(crate) struct Ask {
    pub(crate) port: u16,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(port: u16, method: &str, path: &str) -> Self {
        let host = ("Host".to_owned(), format!("localhost:{port}"));
        Self { port, method: method.to_owned(), path: path.to_owned(), headers: vec![host], body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a header out that every request has.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn body(mut self, mime: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self.header("Content-Type", mime)
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// A form as browsers send one without files.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// A form as browsers send one with files: its fields, then its files with their names.
    pub(crate) fn files(self, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            write!(body, "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
        }
        for (name, bytes) in files {
            let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
            write!(body, "--edge\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n").unwrap();
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.body("multipart/form-data; boundary=edge", body)
    }

    /// The head as it goes over the wire; `len` is what it says of the body's length.
    pub(crate) fn head(&self, len: usize) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let is_said = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !is_said && (len > 0 || self.method != "GET") {
            let _ = write!(head, "Content-Length: {len}\r\n");
        }
        head.push_str("Connection: close\r\n\r\n");
        head.into_bytes()
    }

    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let mut wire = self.connect();
        // A server that has heard enough may answer before all is said.
        let _ = wire.write_all(&self.head(self.body.len())).and_then(|()| wire.write_all(&self.body));
        Answer::read(&mut wire, self.method == "HEAD").unwrap_or_else(|| panic!("no answer to {}", self.path))
    }

    /// Says the head and a part of the body only, and then whatever the caller does with the connection.
    pub(crate) fn begin(&self, part: &[u8], len: usize) -> TcpStream {
        let mut wire = self.connect();
        wire.write_all(&self.head(len)).unwrap();
        wire.write_all(part).unwrap();
        wire
    }

    fn connect(&self) -> TcpStream {
        connect(self.port)
    }
}

/// Connects, with an end to all waiting.
pub(crate) fn connect(port: u16) -> TcpStream {
    let wire = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    wire.set_read_timeout(Some(PATIENCE)).unwrap();
    wire.set_write_timeout(Some(PATIENCE)).unwrap();
    wire
}

/// Sends bytes as they are; gives the answer, if there is one.
pub(crate) fn raw(port: u16, bytes: &[u8]) -> Option<Answer> {
    let mut wire = connect(port);
    wire.write_all(bytes).unwrap();
    Answer::read(&mut wire, false)
}

impl Answer {
    /// Reads an answer to its end; `None` when the connection is closed without one.
    #[track_caller]
    pub(crate) fn read(wire: &mut TcpStream, is_head: bool) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            if more(wire, &mut bytes) == 0 {
                return None;
            }
        };
        let (status, headers) = parse(&bytes[..end]);
        let mut answer = Self { status, headers, body: Vec::new() };
        let mut rest = bytes.split_off(end + 4);
        let is_empty = is_head || status == 204 || status == 304;
        let len = answer.header("content-length").map(|len| len.parse::<usize>().unwrap());
        while !is_empty && len.is_none_or(|len| rest.len() < len) {
            if more(wire, &mut rest) == 0 {
                assert!(len.is_none(), "the answer is shorter than it says");
                break;
            }
        }
        if answer.header("transfer-encoding") == Some("chunked") && !is_empty {
            while let Some(chunk) = chunk(&mut rest) {
                answer.body.extend(chunk);
            }
            assert!(rest.is_empty(), "a chunk is cut off");
        } else {
            answer.body = rest;
        }
        answer.check();
        Some(answer)
    }

    /// What holds for every answer, whatever it is.
    #[track_caller]
    fn check(&self) {
        let policy = self.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {self:?}"));
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval"), "{policy}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        let cors = self.headers.iter().find(|(name, _)| name.starts_with("access-control"));
        assert_eq!(cors, None, "other sites' pages are to read nothing");
        let is_said = self.header("content-type").is_some();
        assert!(is_said || self.body.is_empty(), "a body of no type: {self:?}");
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.status);
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The answer of a request that is granted, as JSON.
    #[track_caller]
    pub(crate) fn done(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Asserts that a request is refused with this status, in words; gives them.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A stream of events.
pub(crate) struct Listening {
    wire: TcpStream,
    bytes: Vec<u8>,
    text: String,
    /// The number that a browser would tell when it comes back.
    pub(crate) last: Option<u64>,
}

impl Listening {
    /// Opens a stream, and waits until it says that it listens.
    pub(crate) fn open(ask: &Ask) -> Self {
        let mut wire = ask.begin(b"", 0);
        let mut bytes = Vec::new();
        while find(&bytes, b"\r\n\r\n").is_none() {
            assert!(more(&mut wire, &mut bytes) > 0, "no stream");
        }
        let end = find(&bytes, b"\r\n\r\n").unwrap();
        let (status, headers) = parse(&bytes[..end]);
        let answer = Answer { status, headers, body: Vec::new() };
        answer.check();
        assert_eq!((status, answer.header("content-type")), (200, Some("text/event-stream")));
        Self { wire, bytes: bytes.split_off(end + 4), text: String::new(), last: None }
    }

    /// The next event, if it comes in time.
    pub(crate) fn within(&mut self, time: Duration) -> Option<Event> {
        let end = Instant::now() + time;
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                match self.take(&block) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            if let Some(chunk) = chunk(&mut self.bytes) {
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
                continue;
            }
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            self.wire.set_read_timeout(Some(left)).unwrap();
            let mut part = [0; 4096];
            match self.wire.read(&mut part) {
                Ok(0) => return None,
                Ok(read) => self.bytes.extend_from_slice(&part[..read]),
                Err(_) => {}
            }
        }
    }

    /// The next event, which comes.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Event {
        self.within(PATIENCE).expect("an event")
    }

    /// The next event of this name, whatever comes before it.
    #[track_caller]
    pub(crate) fn next_of(&mut self, name: &str) -> Event {
        loop {
            let event = self.next();
            if event.name == name {
                return event;
            }
        }
    }

    /// Waits for the line that says that the stream has begun.
    pub(crate) fn begun(mut self) -> Self {
        let first = self.within(Duration::from_millis(300));
        assert_eq!(first, None, "nothing has happened yet");
        assert!(self.last.is_some(), "a stream tells at which number it begins");
        self
    }

    /// The number at which the stream says that it begins, before anything else.
    pub(crate) fn hello(mut self) -> Option<u64> {
        while !self.text.contains("\n\n") {
            match chunk(&mut self.bytes) {
                Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
                None => assert!(more(&mut self.wire, &mut self.bytes) > 0, "the stream ends"),
            }
        }
        let block = self.text.split("\n\n").next().unwrap().to_owned();
        assert_eq!(self.take(&block), None);
        self.last
    }

    fn take(&mut self, block: &str) -> Option<Event> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let id = field("id").map(|id| id.parse().unwrap());
        self.last = id.or(self.last);
        let data = serde_json::from_str(field("data")?).unwrap();
        Some(Event { id, name: field("event").unwrap().to_owned(), data })
    }
}

fn parse(head: &[u8]) -> (u16, Vec<(String, String)>) {
    let head = std::str::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    (status, lines.map(header).collect())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

/// Reads what is there; gives how much it is, nothing at the end.
fn more(wire: &mut TcpStream, bytes: &mut Vec<u8>) -> usize {
    let mut part = vec![0; 64 << 10];
    let read = match wire.read(&mut part) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
        Err(error) => panic!("the answer does not come: {error}"),
    };
    bytes.extend_from_slice(&part[..read]);
    read
}

/// Takes a chunk off what was read; `None` when none is there whole, and at the last one.
fn chunk(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = find(bytes, b"\r\n")?;
    let len = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
    let next = end + 2 + len + 2;
    if bytes.len() < next {
        return None;
    }
    let rest = bytes.split_off(next);
    let chunk = bytes[end + 2..end + 2 + len].to_vec();
    *bytes = rest;
    (len > 0).then_some(chunk)
}

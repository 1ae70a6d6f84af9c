//! A test: two nodes talk to each other, and the log at its finest tells what they did and none of their secrets.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Kind};
use crate::lock::lock;
use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::book::{Acceptance, AuthorKey, Book, Document, Invitation, Secret};
use crate::sync::keys::ticket::{Opens, Peer, Ticket};
use crate::sync::node::{Node, author_id, document_id, new_secret};
use crate::sync::options::{Options, Relays};
use crate::sync::own_addresses;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

const TEXT: &str = "The password of the cellar is “forty-two herrings”.";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen() -> Log {
    let log = Log::default();
    let writer = log.clone();
    // The libraries that `src/cli/logging.rs` lets through, too.
    let libraries = ["hyper", "iroh", "iroh_blobs", "iroh_relay", "netwatch", "noq", "notify"];
    let ours = Targets::new()
        .with_target("missive", LevelFilter::TRACE)
        .with_targets(libraries.map(|library| (library, LevelFilter::WARN)))
        .with_targets(["iroh_docs", "iroh_gossip"].map(|library| (library, LevelFilter::OFF)));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone()).with_filter(ours);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    log
}

fn clock() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn start(data: &Path) -> Node {
    let options = Options {
        lookup: Vec::new(),
        relays: Relays::Own(Vec::new()),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        ..Options::default()
    };
    Node::start(data, options, clock, &|| false).unwrap()
}

fn until<T>(what: &str, mut is_so: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = is_so() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} has not happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn name(text: &str) -> ChannelName {
    ChannelName::parse(text.as_ref()).unwrap()
}

fn change(data: &Path, change: impl FnOnce(&mut Book)) {
    Book::change(data, |book| {
        change(book);
        Ok::<_, Error>(())
    })
    .unwrap();
}

/// A data folder with a channel for conversations and its key.
fn conversation(data: &Path) {
    Channel::make(data, &name("talk"), Kind::Message, &Profile::default()).unwrap();
    let secret = new_secret();
    change(data, |book| {
        let mut document = Document::new(name("talk"), Side::Outbox, document_id(&secret));
        document.secret = Some(secret);
        let author = *book.author.get_or_insert_with(new_secret);
        document.owner = Some(AuthorKey(author_id(&author)));
        book.documents.push(document);
    });
}

/// Everything that nobody else may know, as a log might show it.
fn secrets(data: &Path) -> Vec<String> {
    let book = Book::read(data).unwrap();
    let mut keys: Vec<[u8; 32]> = [book.device, book.author].into_iter().flatten().map(|secret| secret.0).collect();
    let mut secrets = Vec::new();
    for document in book.all() {
        keys.push(document.id);
        keys.extend(document.secret.map(|secret| secret.0));
        secrets.extend(document.phrase.clone());
        secrets.extend(document.moved.clone());
    }
    keys.extend(book.invitations.iter().map(|invitation| invitation.secret.0));
    for key in keys {
        secrets.push(hex::encode(&key));
        secrets.push(format!("{key:?}"));
        for opens in [Opens::Read(key), Opens::Write(key)] {
            let ticket = Ticket { opens, peers: Vec::new(), name: String::new(), owner: None }.to_string();
            // Whatever the ticket says beside its key, this much of it is the key's.
            secrets.push(ticket.chars().skip(16).take(44).collect());
        }
    }
    secrets
}

#[test]
fn the_log_tells_what_happened_and_no_secret() {
    let log = listen();
    let (host, guest) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    conversation(host.path());
    conversation(guest.path());
    std::fs::write(host.path().join("talk/outbox/2026-01-01T00-00-00Z.txt"), TEXT).unwrap();
    let hosts = start(host.path());
    let here: Peer = until("an address", || own_addresses::read(host.path()).filter(|me| !me.addresses.is_empty()));
    let (secret, soon) = (Secret([0x5a; 32]), clock() / 1_000_000_000 + 3600);
    change(host.path(), |book| {
        book.invitations.push(Invitation { channel: name("talk"), secret, until: soon, used_by: None });
    });
    let opens = Opens::Invitation { secret: secret.0, until: soon };
    let code = Ticket { opens, peers: vec![here], name: String::new(), owner: None }.to_string();
    change(guest.path(), |book| {
        let (channel, code) = (name("talk"), code.clone());
        book.acceptances.push(Acceptance { channel, code, refused: None, new_channel: false, new_key: false });
    });
    let guests = start(guest.path());
    let came = guest.path().join("talk/inbox/2026-01-01T00-00-00Z.txt");
    until("the message", || std::fs::read_to_string(&came).ok().filter(|text| text == TEXT));
    guests.stop().unwrap();
    hosts.stop().unwrap();

    let log = String::from_utf8(lock(&log.0).clone()).unwrap();
    for told in [
        "the engine runs",
        "listening",
        "channel{name=talk side=\"outbox\"}: missive::sync::node::publish: published item=\"2026-01-01T00-00-00Z.txt\"",
        "an invitation was answered",
        "the invitation is accepted",
        "connected",
        "dialling",
        "documents compared",
        "fetched content=",
        "channel{name=talk side=\"inbox\"}: missive::sync::node::place_files: placed item=\"2026-01-01T00-00-00Z.txt\"",
        "the node has stopped",
    ] {
        assert!(log.contains(told), "{told} is not told in\n{log}");
    }
    let mut secrets = [secrets(host.path()), secrets(guest.path())].concat();
    assert!(secrets.len() > 30 && secrets.iter().all(|secret| secret.len() > 20));
    secrets.extend([code, "forty-two herrings".to_owned()]);
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is told in\n{log}");
    }
}

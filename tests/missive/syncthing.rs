//! Two real Syncthing daemons, set up by missive, that carry a channel between two people.
//!
//! Each has a home of its own, speaks on loopback only, looks for nobody and calls nobody. Skipped where there is no Syncthing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use missive::channel::entry::Side;
use missive::channel::name::ChannelName;
use missive::channel::profile::Profile;
use missive::channel::{Channel, Kind};
use missive::sync::syncthing::{Activity, Address, Error, Key, Settings, State, Syncthing};
use uuid::Uuid;

use crate::scene::png;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

/// Runs a program until nobody holds the other end of its input any more, however that came about.
const HELD: &str = r#""$@" & cat >/dev/null; kill -9 $!; wait $!"#;

/// A person with a Syncthing and a channel.
struct Person {
    dir: tempfile::TempDir,
    shell: Child,
    holds: Option<ChildStdin>,
    port: u16,
    syncthing: Option<Syncthing>,
    channel: Channel,
}

impl Person {
    fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let made = syncthing(&home).arg("generate").arg(format!("--home={}", home.display())).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let [gui, port] = free_ports();
        let config = fs::read_to_string(home.join("config.xml")).unwrap();
        fs::write(home.join("config.xml"), quiet(config, gui, port)).unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", HELD, "sh", "syncthing", "serve", "--no-browser", "--no-restart"])
            .arg(format!("--home={}", home.display()))
            .env_clear()
            .envs(surroundings(&home))
            .stdin(Stdio::piped())
            .stdout(fs::File::create(dir.path().join("log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let holds = shell.stdin.take();
        let id = Uuid::new_v4().urn().to_string();
        let profile = Profile { id: Some(id), ..Profile::default() };
        let channel =
            Channel::make(dir.path(), &ChannelName::parse(name.as_ref()).unwrap(), Kind::Message, &profile).unwrap();
        let mut person = Self { dir, shell, holds, port, syncthing: None, channel };
        person.syncthing = Some(person.reached());
        person
    }

    /// Waits until the daemon answers.
    fn reached(&self) -> Syncthing {
        let begun = Instant::now();
        loop {
            match Syncthing::open(&Settings::default(), &[self.home()]) {
                Ok(syncthing) => return syncthing,
                Err(Error::NoAnswer { .. }) if begun.elapsed() < Duration::from_secs(20) => {}
                Err(error) => panic!("{error}: {}", fs::read_to_string(self.dir.path().join("log")).unwrap()),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn syncthing(&self) -> &Syncthing {
        self.syncthing.as_ref().unwrap()
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn inbox(&self, name: &str) -> PathBuf {
        self.channel.path.join("inbox").join(name)
    }

    fn outbox(&self, name: &str) -> PathBuf {
        self.channel.path.join("outbox").join(name)
    }

    fn writes(&self, name: &str, bytes: &[u8]) {
        let path = self.outbox(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A key with the address that no discovery tells here.
    fn hands_out(&self, key: &Key) -> Key {
        let address = Address::parse(&format!("tcp://127.0.0.1:{}", self.port)).unwrap();
        Key::parse(&Key { addresses: vec![address], ..key.clone() }.to_string()).unwrap()
    }

    fn state(&self) -> Vec<State> {
        self.syncthing().state(&self.channel).unwrap()
    }

    /// Lets the daemon look at a box at once, which it else does for a deletion after a while only.
    fn looks(&self, side: Side) {
        let config = fs::read_to_string(self.home().join("config.xml")).unwrap();
        let gui = &config[config.find("<gui").unwrap()..];
        let (address, key) = (between(gui, "address"), between(gui, "apikey"));
        let folder = self.state().into_iter().find(|state| state.side == side).unwrap().folder;
        let url = format!("http://{address}/rest/db/scan?folder={folder}");
        ureq::post(url).header("X-API-Key", key).send_empty().unwrap();
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        drop(self.holds.take());
        let _ = self.shell.wait();
    }
}

#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_installed() -> bool {
    let there = Command::new("syncthing").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no syncthing");
    }
    there
}

fn syncthing(home: &Path) -> Command {
    let mut command = Command::new("syncthing");
    command.env_clear().envs(surroundings(home));
    command
}

fn surroundings(home: &Path) -> [(&'static str, std::ffi::OsString); 5] {
    [
        // Else there are two processes, and the one that watches over the other is the only one known.
        ("STMONITORED", "yes".into()),
        ("HOME", home.into()),
        ("PATH", std::env::var_os("PATH").unwrap()),
        ("STNODEFAULTFOLDER", "1".into()),
        ("STNOUPGRADE", "1".into()),
    ]
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Settings of a daemon that speaks on loopback and to those it was told of.
fn quiet(config: String, gui: u16, port: u16) -> String {
    let config = with(config, "<gui", "address", &format!("127.0.0.1:{gui}"));
    [
        ("listenAddress", format!("tcp://127.0.0.1:{port}")),
        ("globalAnnounceEnabled", "false".into()),
        ("localAnnounceEnabled", "false".into()),
        ("relaysEnabled", "false".into()),
        ("natEnabled", "false".into()),
        ("urAccepted", "-1".into()),
        ("autoUpgradeIntervalH", "0".into()),
        ("crashReportingEnabled", "false".into()),
        ("stunKeepaliveStartS", "0".into()),
        ("startBrowser", "false".into()),
        ("reconnectionIntervalS", "1".into()),
    ]
    .into_iter()
    .fold(config, |config, (tag, value)| with(config, "<options>", tag, &value))
}

/// The text with another value between the first such tags after `after`.
fn with(mut text: String, after: &str, tag: &str, value: &str) -> String {
    let from = text.find(after).unwrap();
    let begin = from + text[from..].find(&format!("<{tag}>")).unwrap() + tag.len() + 2;
    let end = begin + text[begin..].find('<').unwrap();
    text.replace_range(begin..end, value);
    text
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    text.split_once(&format!("<{tag}>")).unwrap().1.split('<').next().unwrap()
}

/// Waits until something is so, and sees to it that no receive-only folder is ever called changed meanwhile.
#[track_caller]
fn until(people: &[&Person], what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    loop {
        let done = is_so();
        for state in people.iter().flat_map(|person| person.state()) {
            assert_eq!(
                (state.receive_only_changed_files, state.receive_only_changed_items),
                (0, 0),
                "{what}: {state:#?}"
            );
        }
        if done {
            return;
        }
        let states: Vec<_> = people.iter().map(|person| person.state()).collect();
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {states:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether a box is in step with everybody it is shared with.
fn is_in_step(person: &Person, side: Side) -> bool {
    person.state().iter().any(|state| {
        state.side == side
            && (state.activity, state.problem.as_ref(), state.failed) == (Activity::Idle, None, 0)
            && (state.need_files, state.need_bytes, state.need_deletes) == (0, 0, 0)
            && state.peers.iter().all(|peer| peer.connected && peer.need_files == Some(0))
    })
}

fn is(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|read| read == bytes)
}

#[test]
fn a_conversation_travels_both_ways() {
    if !is_installed() {
        return;
    }
    let [azureen, brando] = ["to-brando", "to-azureen"].map(Person::new);
    let both = [&azureen, &brando];
    let (a, b) = (azureen.syncthing(), brando.syncthing());
    assert!(a.state(&azureen.channel).unwrap().is_empty());
    assert!(matches!(a.accept(&azureen.channel, b.device()), Err(Error::NotShared { .. })));

    // Azureen shares; what is no part of a channel lies in her outbox from the beginning.
    let icon = png(16, 16);
    azureen.writes(&format!("{FIRST}.txt"), b"hello");
    azureen.writes(&format!("{FIRST}/sub/photo.png"), &icon);
    azureen.writes(".icon.png", &icon);
    let junk = [".missive-tmp-1-1", ".hidden", "._x.png", ".x.txt.swp", "x.txt~", "a.part", "Thumbs.db", "#x#"];
    for name in junk {
        azureen.writes(name, b"junk");
    }
    azureen.writes(&format!("{FIRST}/.missive-tmp-1-2/x"), b"junk");
    let shared = a.share(&azureen.channel, &[], Uuid::new_v4()).unwrap();
    assert!(shared.changed && shared.readers.is_empty());
    let again = a.share(&azureen.channel, &[], Uuid::new_v4()).unwrap();
    assert_eq!((&again.key, again.changed), (&shared.key, false));
    let key = azureen.hands_out(&shared.key);
    assert!(matches!(a.subscribe(&azureen.channel, &key), Err(Error::OwnDevice { .. })));

    // Brando subscribes, asks by that, and is accepted.
    assert!(b.subscribe(&brando.channel, &key).unwrap());
    assert!(!b.subscribe(&brando.channel, &key).unwrap());
    until(&both, "Brando's device asks", || {
        a.asking(&azureen.channel).unwrap().iter().any(|asking| asking.device == *b.device())
    });
    assert!(a.accept(&azureen.channel, b.device()).unwrap());
    assert!(!a.accept(&azureen.channel, b.device()).unwrap());
    until(&both, "the first message arrives", || {
        is(&brando.inbox(&format!("{FIRST}.txt")), b"hello")
            && is(&brando.inbox(&format!("{FIRST}/sub/photo.png")), &icon)
    });
    until(&both, "the profile and the icon arrive", || {
        brando.inbox(".channel.toml").is_file() && is(&brando.inbox(".icon.png"), &icon)
    });
    assert_eq!(a.asking(&azureen.channel).unwrap(), []);

    // What a program leaves in an inbox makes no folder red, and is in no author's way; nor is a changed mode.
    for name in [
        ".missive-tmp-9-1",
        ".DS_Store",
        "Thumbs.db",
        &format!("{FIRST}/.DS_Store"),
        &format!("{FIRST}/x.sync-conflict-20260101-120000-ABCDEFG.png"),
    ] {
        fs::write(brando.inbox(name), b"junk").unwrap();
    }
    fs::set_permissions(brando.inbox(&format!("{FIRST}.txt")), fs::Permissions::from_mode(0o600)).unwrap();
    brando.looks(Side::Inbox);

    // Brando answers: his key makes it a conversation.
    brando.writes(&format!("{SECOND}.txt"), b"hello yourself");
    let theirs = b.share(&brando.channel, std::slice::from_ref(a.device()), Uuid::new_v4()).unwrap();
    assert_eq!(theirs.readers, std::slice::from_ref(a.device()));
    assert_ne!(theirs.key.folder, shared.key.folder);
    let talking = a.converse(&azureen.channel, &brando.hands_out(&theirs.key), Uuid::new_v4()).unwrap();
    assert_eq!((&talking.key, &talking.readers[..]), (&shared.key, std::slice::from_ref(b.device())));
    assert!(!a.converse(&azureen.channel, &brando.hands_out(&theirs.key), Uuid::new_v4()).unwrap().changed);
    until(&both, "the answer arrives", || is(&azureen.inbox(&format!("{SECOND}.txt")), b"hello yourself"));

    // A new message, a change and a deletion follow.
    azureen.writes(&format!("{THIRD}.txt"), b"still there?");
    until(&both, "a new message follows", || is(&brando.inbox(&format!("{THIRD}.txt")), b"still there?"));
    fs::remove_file(brando.inbox(&format!("{FIRST}/x.sync-conflict-20260101-120000-ABCDEFG.png"))).unwrap();
    azureen.writes(&format!("{THIRD}.txt"), b"are you still there?");
    fs::remove_file(azureen.outbox(&format!("{FIRST}.txt"))).unwrap();
    fs::remove_dir_all(azureen.outbox(FIRST)).unwrap();
    azureen.looks(Side::Outbox);
    until(&both, "a change and a deletion follow", || {
        is(&brando.inbox(&format!("{THIRD}.txt")), b"are you still there?")
            && !brando.inbox(&format!("{FIRST}.txt")).exists()
            && !brando.inbox(FIRST).exists()
    });

    until(&both, "all is in step", || {
        both.iter().all(|person| Side::BOTH.into_iter().all(|side| is_in_step(person, side)))
    });
    for name in junk {
        assert!(!brando.inbox(name).exists() || name == "Thumbs.db", "{name} stays with Azureen");
    }
    assert!(brando.inbox(".missive-tmp-9-1").exists());
    assert!(azureen.state().iter().all(|state| state.peers[0].last_seen.is_some()));
    refusals(&azureen, &brando, &key);
}

/// What a second key, a foreign key or a wrong API key gets, with both channels carried.
fn refusals(azureen: &Person, brando: &Person, key: &Key) {
    let b = brando.syncthing();
    let other = Key {
        folder: azureen.syncthing().share(&azureen.channel, &[], Uuid::nil()).unwrap().key.folder,
        ..key.clone()
    };
    assert_eq!(&other, key);
    let second = Key::parse(&format!("{}:abcde-fghij", key.device)).unwrap();
    assert!(matches!(b.subscribe(&brando.channel, &second), Err(Error::BoxTaken { .. })));
    let name = ChannelName::parse("elsewhere".as_ref()).unwrap();
    let elsewhere = Channel::make(brando.dir.path(), &name, Kind::Subscription, &Profile::default()).unwrap();
    assert!(matches!(b.subscribe(&elsewhere, key), Err(Error::IdTaken { .. })));
    assert!(matches!(b.share(&elsewhere, &[], Uuid::new_v4()), Err(Error::NoBox { side: Side::Outbox, .. })));
    let wrong = Settings { api_key: Some("wrong".into()), ..Settings::default() };
    assert!(matches!(Syncthing::open(&wrong, &[brando.home()]), Err(Error::ApiKey { .. })));
}

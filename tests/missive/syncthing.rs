//! Two real Syncthing daemons, told by our commands what to carry, and a channel that travels between two people.
//!
//! Each has a home of its own, speaks on loopback only, looks for nobody and calls nobody. Skipped where there is no Syncthing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scene::{png, words};
use crate::test_environment::Environment;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

/// Runs a program until nobody holds the other end of its input any more, however that came about.
const HELD: &str = r#""$@" & cat >/dev/null; kill -9 $!; wait $!"#;

/// A person with a Syncthing and a conversation, whose Syncthing missive finds by itself.
struct Person {
    dir: tempfile::TempDir,
    shell: Child,
    holds: Option<ChildStdin>,
    port: u16,
    channel: &'static str,
}

impl Person {
    fn new(channel: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("config/syncthing");
        fs::create_dir_all(&home).unwrap();
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
        let person = Self { dir, shell, holds, port, channel };
        person.does(&["new", "--message", channel]);
        person.is_reached();
        person
    }

    /// Waits until the daemon answers.
    fn is_reached(&self) {
        let begun = Instant::now();
        while self.status().get("syncthing_problem").is_some() {
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap();
            assert!(begun.elapsed() < Duration::from_secs(20), "{}: {}", self.status(), log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs the program, which finds Syncthing's settings where Syncthing itself would put them.
    fn run(&self, args: &[&str]) -> Output {
        let root = self.dir.path();
        let environment = Environment::new(root).set("HOME", root).set("XDG_CONFIG_HOME", root.join("config"));
        environment.data(&root.join("data")).run(args)
    }

    /// Runs the program, which must succeed, and gives what it says.
    #[track_caller]
    fn does(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, talk) = words(&output);
        assert!(output.status.success() && talk.is_empty(), "{args:?}: {out}{talk}");
        assert!(!out.contains('\u{1b}'), "{args:?}: {out}");
        out
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.does(&[args, &["--json"]].concat())).unwrap()
    }

    /// Runs the program, which must refuse with these words and change nothing in the data folder.
    #[track_caller]
    fn refused(&self, args: &[&str], said: &str) {
        let channels = || self.does(&["channels", "--json"]);
        let before = channels();
        let output = self.run(args);
        let (out, talk) = words(&output);
        assert_eq!((output.status.code(), out.as_str()), (Some(1), ""), "{args:?}: {talk}");
        assert!(talk.starts_with("error: ") && talk.contains(said), "{args:?}: {talk}");
        assert_eq!(channels(), before, "{args:?}");
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("config/syncthing")
    }

    fn inbox(&self, name: &str) -> PathBuf {
        self.dir.path().join("data").join(self.channel).join("inbox").join(name)
    }

    fn outbox(&self, name: &str) -> PathBuf {
        self.dir.path().join("data").join(self.channel).join("outbox").join(name)
    }

    fn writes(&self, name: &str, bytes: &[u8]) {
        let path = self.outbox(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// What sharing says, with these further arguments.
    #[track_caller]
    fn shares(&self, more: &[&str]) -> Value {
        self.json(&[&["share", self.channel, "--via", "syncthing"], more].concat())
    }

    /// A key with the address that no discovery tells here.
    fn hands_out(&self, key: &str) -> String {
        let (device, folder) = key.split_once(':').unwrap();
        format!("{device}@tcp://127.0.0.1:{}:{folder}", self.port)
    }

    fn status(&self) -> Value {
        self.json(&["status"])
    }

    /// How it stands with each box that Syncthing carries.
    fn states(&self) -> Vec<Value> {
        self.status()["syncthing"].as_array().unwrap().clone()
    }

    /// Lets the daemon look at a box at once, which it else does for a deletion after a while only.
    fn looks(&self, side: &str) {
        let config = fs::read_to_string(self.home().join("config.xml")).unwrap();
        let gui = &config[config.find("<gui").unwrap()..];
        let (address, key) = (between(gui, "address"), between(gui, "apikey"));
        let state = self.states().into_iter().find(|state| state["side"] == side).unwrap();
        let url = format!("http://{address}/rest/db/scan?folder={}", text(&state, "folder"));
        ureq::post(url).header("X-API-Key", key).send_empty().unwrap();
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        drop(self.holds.take());
        let _ = self.shell.wait();
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {value}")).to_owned()
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
        let states: Vec<Value> = people.iter().flat_map(|person| person.states()).collect();
        for state in &states {
            assert_eq!(state["receive_only_changed_files"], 0, "{what}: {state:#}");
            assert_eq!(state["receive_only_changed_items"], 0, "{what}: {state:#}");
        }
        if done {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {states:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether both boxes are in step with the other device, as `status` says it and as its figures do.
fn is_up_to_date(person: &Person) -> bool {
    let states = person.states();
    let said = person.does(&["status"]);
    states.len() == 2
        && said.matches("through Syncthing): up to date · 1 peer").count() == 2
        && states.iter().all(|state| {
            let is_nothing = |key: &str| state[key] == 0;
            ["failed", "need_files", "need_bytes", "need_deletes"].into_iter().all(is_nothing)
                && state["activity"] == "idle"
                && state.get("problem").is_none()
                && state["peers"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|peer| peer["connected"] == true && peer["need_files"] == 0)
        })
}

fn is(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|read| read == bytes)
}

#[test]
fn a_conversation_travels_both_ways() {
    let [azureen, brando] = ["to-brando", "to-azureen"].map(Person::new);
    let both = [&azureen, &brando];
    assert!(azureen.states().is_empty());
    assert!(azureen.does(&["status"]).starts_with("Nothing is shared yet"));

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
    let shared = azureen.shares(&[]);
    assert_eq!((&shared["readers"], &shared["asking"]), (&Value::Array(Vec::new()), &Value::Array(Vec::new())));
    assert_eq!(azureen.shares(&[]), shared);
    let line = text(&shared, "key");
    let said = azureen.does(&["share", "to-brando", "--via", "syncthing"]);
    assert!(said.starts_with(&format!("{line}\n")) && said.contains("you have to accept each reader once"), "{said}");
    assert!(said.contains(&format!("missive subscribe --via syncthing {line}")), "{said}");
    let key = azureen.hands_out(&line);
    azureen.refused(&["subscribe", "--via", "syncthing", &key], "is this device");

    // Brando subscribes, asks by that, and is accepted.
    let subscribe = ["subscribe", "--via", "syncthing", &key, "to-azureen"];
    let subscribed = brando.json(&subscribe);
    assert_eq!(brando.json(&subscribe), subscribed);
    let (a, b) = (line.split(':').next().unwrap().to_owned(), text(&subscribed, "device"));
    let told = brando.does(&subscribe);
    assert!(told.contains(&format!("--via syncthing --reader {b}\n")), "{told}");
    until(&both, "Brando's device asks", || {
        azureen.shares(&[])["asking"].as_array().unwrap().iter().any(|asking| asking["device"] == b.as_str())
    });
    let said = azureen.does(&["share", "to-brando", "--via", "syncthing"]);
    assert!(said.contains(&format!("missive share --via syncthing --reader {b} to-brando\n")), "{said}");
    let accepted = azureen.shares(&["--reader", &b]);
    assert_eq!((text(&accepted, "key"), &accepted["readers"]), (line.clone(), &Value::Array(vec![b.as_str().into()])));
    assert_eq!(azureen.shares(&["--reader", &b])["readers"], accepted["readers"]);
    until(&both, "the first message arrives", || {
        is(&brando.inbox(&format!("{FIRST}.txt")), b"hello")
            && is(&brando.inbox(&format!("{FIRST}/sub/photo.png")), &icon)
    });
    until(&both, "the profile and the icon arrive", || {
        brando.inbox(".channel.toml").is_file() && is(&brando.inbox(".icon.png"), &icon)
    });
    assert_eq!(azureen.shares(&[])["asking"], Value::Array(Vec::new()));

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
    brando.looks("inbox");

    // Brando answers: both share, both subscribe, and it is a conversation.
    brando.writes(&format!("{SECOND}.txt"), b"hello yourself");
    let theirs = brando.shares(&["--reader", &a]);
    assert_eq!(theirs["readers"], Value::Array(vec![a.as_str().into()]));
    let their_line = text(&theirs, "key");
    assert_ne!(their_line.split(':').next_back(), line.split(':').next_back());
    let answer = brando.hands_out(&their_line);
    let talking = azureen.json(&["subscribe", "--via", "syncthing", &answer, "to-brando"]);
    assert_eq!((text(&talking, "channel"), text(&talking, "device")), ("to-brando".into(), a));
    let still = azureen.shares(&[]);
    assert_eq!((text(&still, "key"), &still["readers"]), (line, &accepted["readers"]));
    until(&both, "the answer arrives", || is(&azureen.inbox(&format!("{SECOND}.txt")), b"hello yourself"));

    // A new message, a change and a deletion follow.
    azureen.writes(&format!("{THIRD}.txt"), b"still there?");
    until(&both, "a new message follows", || is(&brando.inbox(&format!("{THIRD}.txt")), b"still there?"));
    fs::remove_file(brando.inbox(&format!("{FIRST}/x.sync-conflict-20260101-120000-ABCDEFG.png"))).unwrap();
    azureen.writes(&format!("{THIRD}.txt"), b"are you still there?");
    fs::remove_file(azureen.outbox(&format!("{FIRST}.txt"))).unwrap();
    fs::remove_dir_all(azureen.outbox(FIRST)).unwrap();
    azureen.looks("outbox");
    until(&both, "a change and a deletion follow", || {
        is(&brando.inbox(&format!("{THIRD}.txt")), b"are you still there?")
            && !brando.inbox(&format!("{FIRST}.txt")).exists()
            && !brando.inbox(FIRST).exists()
    });

    until(&both, "all is in step", || both.iter().all(|person| is_up_to_date(person)));
    for name in junk {
        assert!(!brando.inbox(name).exists() || name == "Thumbs.db", "{name} stays with Azureen");
    }
    assert!(brando.inbox(".missive-tmp-9-1").exists());
    assert!(azureen.states().iter().all(|state| state["peers"][0]["last_seen"].is_string()));
    refusals(&azureen, &brando, &key);
}

/// What a second key, a foreign key or a wrong API key gets, with both channels carried.
fn refusals(azureen: &Person, brando: &Person, key: &str) {
    let second = format!("{}:abcde-fghij", key.split('@').next().unwrap());
    brando.refused(&["subscribe", "--via", "syncthing", &second, "to-azureen"], "subscribe in another channel");
    brando.refused(
        &["subscribe", "--via", "syncthing", key, "elsewhere"],
        "to use this one, first remove that one in Syncthing",
    );
    brando.refused(&["subscribe", "--via", "syncthing", key], "to use this one, first remove that one in Syncthing");
    brando.refused(&["subscribe", key], "that is a key for Syncthing");
    brando.refused(&["subscribe", "--via", "syncthing", "missive-read-x"], "is not a Syncthing key");
    brando.does(&["new", "--subscription", "elsewhere"]);
    brando.refused(&["share", "elsewhere", "--via", "syncthing"], "nothing of it can be shared");
    azureen.does(&["new", "own"]);
    azureen.refused(&["subscribe", "--via", "syncthing", &second, "own"], "already exists");
    let settings = brando.dir.path().join("config/missive");
    fs::create_dir(&settings).unwrap();
    fs::write(settings.join("config.toml"), "[syncthing]\napi_key = \"wrong\"\n").unwrap();
    brando.refused(&["share", "to-azureen", "--via", "syncthing"], "refused the API key");
    assert!(text(&brando.status(), "syncthing_problem").contains("refused the API key"));
    assert!(brando.does(&["status"]).contains("note: Syncthing at `127.0.0.1:"));
}

#[test]
fn a_syncthing_that_says_nothing_holds_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fs::create_dir_all(dir.path().join("missive")).unwrap();
    let status = |settings: &str| {
        fs::write(dir.path().join("missive/config.toml"), settings).unwrap();
        let begun = Instant::now();
        let environment = Environment::new(dir.path()).set("HOME", dir.path()).set("XDG_CONFIG_HOME", dir.path());
        let output = environment.unset("MISSIVE_DATA").run(&["status"]);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let (out, talk) = words(&output);
        assert!(output.status.success() && talk.is_empty(), "{out}{talk}");
        out
    };
    assert_eq!(status("").lines().count(), 1, "no Syncthing was ever here, so nothing is said of it");
    for address in [address, gone] {
        let out = status(&format!("[syncthing]\naddress = \"{address}\"\napi_key = \"x\"\n"));
        let last = out.lines().last().unwrap();
        assert!(last.starts_with(&format!("note: no Syncthing answers at `{address}`")), "{out}");
        assert_eq!(out.lines().count(), 2, "{out}");
    }
}

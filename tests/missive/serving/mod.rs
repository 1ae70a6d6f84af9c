//! `missive serve`, asked over real sockets as browsers and programs ask, and as strangers might.

mod authors;
mod beginning;
mod bodies;
mod combined_feed;
mod crowds;
mod described;
mod drafts;
mod ending;
mod events;
mod files;
mod founding;
mod guard;
mod http;
mod lists;
mod logging;
mod pages;
mod paths;
mod syncing;
mod twice;
mod users;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::scene::until;
use crate::test_environment::{Environment, started, stop};
use described::Described;
use http::{Answer, Ask, Listening};

const FIRST: &str = "2013-08-11T14-34-37Z";
const SECOND: &str = "2013-08-11T14-34-38Z";

/// A server at work on a data folder of its own.
pub(crate) struct Served {
    dir: tempfile::TempDir,
    child: Option<Child>,
    url: String,
    key_url: String,
    port: u16,
    /// The number of the user who runs it, if not of the one who tests.
    user: Option<u32>,
    /// More of what its environment says.
    variables: Vec<(&'static str, String)>,
    described: OnceLock<Described>,
}

impl Served {
    /// A conversation `talk`, a broadcast `blog` and a subscription `news`, each with some messages.
    fn new() -> Self {
        Self::with(&[], &[])
    }

    /// The same, with other arguments and with more files in the data folder.
    fn with(args: &[&str], files: &[(&str, &[u8])]) -> Self {
        let mut served = Self::ready();
        for (path, bytes) in files {
            served.put(path, bytes);
        }
        served.start(args);
        served
    }

    fn on(dir: tempfile::TempDir) -> Self {
        let (url, key_url) = (String::new(), String::new());
        Self { dir, child: None, url, key_url, port: 0, user: None, variables: Vec::new(), described: OnceLock::new() }
    }

    /// No data folder at all.
    fn nothing() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// A data folder that nobody serves yet.
    fn ready() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let served = Self::on(dir);
        let texts = [
            ("talk/inbox", FIRST, "# Theirs\n\nHello, *you*. #tag\n"),
            ("talk/outbox", SECOND, "Mine, with attachments."),
            ("blog/outbox", FIRST, "First post"),
            ("blog/outbox", SECOND, "# Second post\n\nwith more words"),
            ("news/inbox", FIRST, "News of today"),
        ];
        for (folder, stem, text) in texts {
            served.put(&format!("{folder}/{stem}.txt"), text.as_bytes());
        }
        served.put(&format!("talk/outbox/{SECOND}/notes.txt"), b"some notes");
        served.put(&format!("talk/outbox/{SECOND}/a b/p%20.png"), &crate::scene::png(3, 4));
        served
    }

    /// Starts the program, and waits until it knows every channel.
    fn start(&mut self, args: &[&str]) {
        self.launch(args);
        let there = fs::read_dir(self.data("")).unwrap().flatten().filter(|entry| {
            let is_box = |name: &str| entry.path().join(name).exists();
            !entry.file_name().to_string_lossy().starts_with('.') && (is_box("inbox") || is_box("outbox"))
        });
        let there = there.count();
        let key = self.key();
        let known = || {
            let mut ask = self.ask("GET", "/channels");
            if let Some(key) = &key {
                ask = ask.header("Authorization", &format!("Bearer {key}"));
            }
            ask.send().json().as_array().map_or(0, Vec::len)
        };
        until("every channel", || known() == there);
    }

    /// Starts the program, and waits until it says where it is.
    fn launch(&mut self, args: &[&str]) {
        let mut child = started(self.command(&["serve", "--json", "--port", "0"]).args(args));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let report: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said `{line}`"));
        report["url"].as_str().unwrap().clone_into(&mut self.url);
        report["key_url"].as_str().unwrap().clone_into(&mut self.key_url);
        self.port = report["port"].as_u64().unwrap().try_into().unwrap();
        self.child = Some(child);
    }

    /// The program in a home of its own.
    fn command(&self, args: &[&str]) -> Command {
        let environment = Environment::new(self.dir.path()).data(&self.data(""));
        let environment = environment.set("XDG_CACHE_HOME", self.dir.path().join("cache"));
        let environment = self.user.into_iter().fold(environment, Environment::user);
        let environment = self.variables.iter().fold(environment, |all, (name, value)| all.set(name, value));
        let mut command = environment.command(args);
        command.stdout(Stdio::piped());
        command
    }

    /// Gives all of it to a user who runs the program from now on.
    fn belongs_to(&mut self, user: u32) {
        for entry in walkdir::WalkDir::new(self.dir.path()).into_iter().flatten() {
            std::os::unix::fs::chown(entry.path(), Some(user), Some(user)).unwrap();
        }
        self.user = Some(user);
    }

    /// Asks the program to stop, and gives its exit code.
    fn end(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        stop(&child);
        child.wait().unwrap().code()
    }

    /// The key in the address that the user is told to open.
    fn key(&self) -> Option<String> {
        Some(self.url.split_once("?key=")?.1.to_owned())
    }

    /// The key for everybody else.
    fn shared_key(&self) -> String {
        self.key_url.split_once("?key=").unwrap().1.to_owned()
    }

    /// A path in the data folder.
    fn data(&self, relative: &str) -> PathBuf {
        self.dir.path().join("data").join(relative)
    }

    /// Writes a file into the data folder, whole or not at all.
    fn put(&self, relative: &str, bytes: &[u8]) {
        let path = self.data(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let hidden = path.with_file_name(".syncthing.new.tmp");
        fs::write(&hidden, bytes).unwrap();
        fs::rename(hidden, path).unwrap();
    }

    /// Every file and folder below a folder of the data folder, by relative path, also hidden ones.
    fn below(&self, relative: &str) -> Vec<String> {
        let root = self.data(relative);
        let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<String> = walkdir::WalkDir::new(&root)
            .min_depth(1)
            .into_iter()
            .flatten()
            .map(|entry| relative(entry.path()))
            .collect();
        names.sort();
        names
    }

    fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.port, method, path)
    }

    /// Asks for a path, and holds the answer to what the API says of itself.
    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        self.tell(self.ask("GET", path))
    }

    /// Sends a request, and holds the answer to what the API says of itself.
    #[track_caller]
    fn tell(&self, ask: Ask) -> Answer {
        let (method, path) = (ask.method.clone(), ask.path.clone());
        let answer = ask.send();
        self.described().judge(&method, &path, &answer);
        answer
    }

    fn described(&self) -> &Described {
        self.described.get_or_init(|| Described::of(&self.ask("GET", "/api/openapi.json").send().json()))
    }

    /// Sends a text into a channel's outbox.
    #[track_caller]
    fn say(&self, channel: &str, text: &str) -> Value {
        self.tell(self.ask("POST", &format!("/channels/{channel}/messages")).json(&json!({ "body": text }))).done()
    }

    /// The texts of a list, in its order.
    #[track_caller]
    fn texts(&self, path: &str) -> Vec<String> {
        let list = self.get(path).done();
        list.as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
    }

    fn listen(&self, query: &str) -> Listening {
        Listening::open(&self.ask("GET", &format!("/events{query}")))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let ended = self.child.is_none() || self.end() == Some(0);
        assert!(ended || std::thread::panicking(), "it stops when it is asked to, and says that all went well");
    }
}

//! The program as a person starts it: `missive serve` on a data folder, home and cache of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::test_environment::{Environment, started};

/// A picture that is no bigger than it needs to be.
pub(crate) const PICTURE: &[u8] = include_bytes!("../../example-channel/outbox/.icon.png");
pub(crate) const PHOTO: &[u8] = include_bytes!("../../example-channel/outbox/2026-07-26T09-27-18Z/chelsea.jpg");

/// A data folder, ready to be filled.
pub(crate) struct Data(tempfile::TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A conversation, a broadcast and a subscription, all with something in them.
    pub(crate) fn of_three_channels() -> Self {
        let mut data = Self::new()
            .file("ana/inbox/.channel.toml", "title = \"Ana\"\n")
            .file("ana/outbox/2026-11-02T18-20-00Z.txt", "Are you coming on Saturday?\n")
            .file("ana/inbox/2026-11-02T19-05-11Z.txt", "Of course! I bring the *chestnuts*.\n")
            .file("ana/inbox/2026-11-03T07-30-00Z.txt", "# The train\n\nIt leaves at 9:14 from platform 3.\n")
            .file("notebook/outbox/.channel.toml", "title = \"Notebook\"\nauthor = \"Eve Adams\"\n")
            .file("notebook/outbox/2026-10-01T08-00-00Z.txt", "# On apples\n\nThe first ones are ripe. #garden\n")
            .file("notebook/outbox/2026-10-09T08-00-00Z.txt", "A short note about nothing.\n")
            .file(
                "notebook/outbox/2026-10-20T08-00-00Z.txt",
                "# A cat\n\n![A cat looks](chelsea.jpg)\n\nShe sat there.\n",
            )
            .file("notebook/outbox/2026-10-20T08-00-00Z/chelsea.jpg", PHOTO)
            .file("weather/inbox/.channel.toml", "title = \"The weather\"\n");
        for day in 1..=26 {
            let text = format!("# Day {day}\n\nIt rains {day} mm.\n");
            data = data.file(&format!("weather/inbox/2026-09-{day:02}T06-00-00Z.txt"), &text);
        }
        data
    }

    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        write(&self.0.path().join("data").join(path), bytes.as_ref());
        self
    }

    /// The channel that comes with the program.
    pub(crate) fn with_the_example(self) -> Self {
        let from = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/example-channel"));
        for entry in
            walkdir::WalkDir::new(from).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file())
        {
            let path = entry.path().strip_prefix(from).unwrap();
            write(&self.0.path().join("data/example").join(path), &fs::read(entry.path()).unwrap());
        }
        self
    }

    pub(crate) fn serve(self) -> App {
        let mut app = App { dir: self.0, port: 0, server: None };
        fs::create_dir_all(app.path("")).unwrap();
        app.start();
        app
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub(crate) struct App {
    dir: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl App {
    /// Starts the server, on the port that it had before if it had one.
    pub(crate) fn start(&mut self) {
        let home = self.dir.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let environment = Environment::new(&home).set("HOME", &home).data(&self.path(""));
        let environment = environment.set("XDG_CACHE_HOME", self.dir.path().join("cache"));
        let mut command = environment.command(&["serve", "--json", "--port", &self.port.to_string()]);
        let mut server = started(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let report: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        self.port = report["port"].as_u64().unwrap().try_into().unwrap();
        self.server = Some(server);
        let is_shown = |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let folders = fs::read_dir(self.path("")).unwrap().flatten().filter(is_shown).count();
        self.until("all channels were looked at", |app| {
            let channels: Value = serde_json::from_str(&app.get("/channels").1).unwrap_or_default();
            channels.as_array().is_some_and(|channels| channels.len() == folders)
        });
    }

    /// Ends it as a cut of power would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// A path within the data folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join("data").join(relative)
    }

    /// Puts a file into the data folder as a sync tool does: whole, in one step.
    pub(crate) fn arrives(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let aside = self.dir.path().join("aside");
        write(&aside, bytes.as_ref());
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::rename(aside, path).unwrap();
    }

    /// A file that does not belong to any channel, such as one to be attached.
    pub(crate) fn aside(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join("desk").join(name);
        write(&path, bytes);
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The names in a folder that are not hidden, in order; none if there is no such folder.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().map(Result::unwrap);
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// Status and body of a page, asked for without a browser.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let port = self.port;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < Duration::from_secs(20), "waited until {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.kill();
    }
}

//! People who replicate channels: each with a data folder and a home of its own, and the real program in them.
//!
//! Everything is on loopback, and nobody looks anything up. A node ends with the test, however that ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::test_environment::{Environment, finished, started, words};

/// No look-up, no relay, and no interface but loopback.
const QUIET: [&str; 3] = ["--offline", "--listen", "127.0.0.1:0"];

/// How long anything is waited for: far longer than it takes, so that only what never happens is missed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has not changed for so long will not: peers who know of a difference exchange it in far less.
const QUIET_FOR: Duration = Duration::from_secs(5);

/// One person's device.
pub(super) struct Person {
    name: &'static str,
    dir: tempfile::TempDir,
    data: PathBuf,
    node: Option<Child>,
    /// What runs the program.
    under: Vec<String>,
}

impl Person {
    /// Somebody with an empty data folder.
    pub(super) fn new(name: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir_all(&data).unwrap();
        Self { name, dir, data, node: None, under: Vec::new() }
    }

    /// Somebody whose data folder lies deeper than a socket's address is long.
    pub(super) fn deep(name: &'static str) -> Self {
        let mut person = Self::new(name);
        person.data = (0..8).fold(person.data.clone(), |path, _| path.join("a folder within many folders"));
        fs::create_dir_all(&person.data).unwrap();
        person
    }

    /// The author of a channel of that name, with a profile.
    pub(super) fn author(name: &'static str, channel: &str) -> Self {
        let person = Self::new(name);
        let profile = format!("title = \"The harbour\"\nauthor = \"{name}\"\n");
        person.writes(&format!("{channel}/outbox/.channel.toml"), profile.as_bytes());
        person
    }

    /// With a message.
    pub(super) fn message(self, path: &str, text: &str) -> Self {
        self.writes(path, text.as_bytes());
        self
    }

    /// The same person's second computer, with a copy of the whole data folder.
    pub(super) fn second_computer(&self, name: &'static str) -> Self {
        let second = Self::new(name);
        fs::remove_dir(&second.data).unwrap();
        copy(&self.data, &second.data);
        second
    }

    /// Copies a folder of the data folder, as `cp -a` does.
    pub(super) fn copies(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }

    /// Renames a folder of the data folder, as `mv` does.
    pub(super) fn moves(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// With a node running.
    pub(super) fn running(mut self) -> Self {
        self.starts();
        self
    }

    /// Has the program run by another one from now on.
    pub(super) fn lives_under(&mut self, program: &[&str]) {
        self.under = program.iter().map(ToString::to_string).collect();
    }

    /// A path in the data folder.
    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.data.join(relative)
    }

    /// The folder around the data folder.
    pub(super) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Moves the whole data folder elsewhere on the same disk.
    pub(super) fn moves_house(&mut self, name: &str) {
        let place = self.dir.path().join(name);
        fs::rename(&self.data, &place).unwrap();
        self.data = place;
    }

    /// Copies the whole data folder with everything that `cp -a` keeps, and gives where it is.
    pub(super) fn backs_up(&self, name: &str) -> PathBuf {
        let place = self.dir.path().join(name);
        copy(&self.data, &place);
        place
    }

    /// Puts a folder of the data folder back as it was when that was backed up; nothing is the whole of it.
    pub(super) fn restores(&self, backup: &Path, folder: &str) {
        let place = self.path(folder);
        fs::remove_dir_all(&place).unwrap();
        copy(&backup.join(folder), &place);
    }

    /// Writes a file as any editor or tool does that cares: beside its place, then there in one step.
    pub(super) fn writes(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = self.dir.path().join("being written");
        fs::write(&beside, bytes).unwrap();
        fs::rename(beside, path).unwrap();
    }

    /// Removes a file or a folder.
    pub(super) fn removes(&self, relative: &str) {
        let path = self.path(relative);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// Removes a file and whatever lies in a folder, which stays.
    pub(super) fn empties(&self, relative: &str) {
        for entry in fs::read_dir(self.path(relative)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    }

    /// What a file holds; `None` where there is none.
    pub(super) fn holds(&self, relative: &str) -> Option<String> {
        fs::read(self.path(relative)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether there is a file or a folder.
    pub(super) fn has(&self, relative: &str) -> bool {
        self.path(relative).symlink_metadata().is_ok()
    }

    fn environment(&self) -> Environment {
        let home = self.dir.path().join("home");
        let folders = [("CONFIG", "config"), ("CACHE", "cache"), ("STATE", "state"), ("DATA", "share")];
        let environment = Environment::new(self.dir.path()).data(&self.data);
        folders.iter().fold(environment, |environment, (name, folder)| {
            environment.set(format!("XDG_{name}_HOME"), home.join(folder))
        })
    }

    fn command(&self, args: &[&str]) -> Command {
        let under: Vec<&str> = self.under.iter().map(String::as_str).collect();
        self.environment().under(&under).command(args)
    }

    /// The program run by another one, wherever its streams go.
    pub(super) fn under(&self, program: &[&str], args: &[&str]) -> Command {
        self.environment().under(program).command(args)
    }

    /// Starts the program; whoever starts it ends it.
    pub(super) fn begins(&self, args: &[&str]) -> Child {
        started(self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Runs the program.
    pub(super) fn run(&self, args: &[&str]) -> Output {
        finished(&mut self.command(args))
    }

    /// Runs the program with this on standard input.
    pub(super) fn run_with(&self, args: &[&str], input: &str) -> Output {
        let under: Vec<&str> = self.under.iter().map(String::as_str).collect();
        self.environment().under(&under).run_with(args, input.as_bytes())
    }

    /// Runs the program, which must succeed; gives what it printed.
    #[track_caller]
    pub(super) fn does(&self, args: &[&str]) -> String {
        self.well(args, &self.run(args))
    }

    /// The same with this on standard input.
    #[track_caller]
    pub(super) fn does_with(&self, args: &[&str], input: &str) -> String {
        self.well(args, &self.run_with(args, input))
    }

    #[track_caller]
    fn well(&self, args: &[&str], output: &Output) -> String {
        let (out, talk) = words(output);
        assert_eq!(output.status.code(), Some(0), "{}: {args:?}: {out}{talk}", self.name);
        out
    }

    /// Runs a command that may reach others.
    #[track_caller]
    pub(super) fn reaches(&self, args: &[&str]) -> String {
        self.does(&[args, &QUIET].concat())
    }

    /// What the program says, as a snapshot holds it.
    pub(super) fn session(&self, args: &[&str]) -> String {
        self.environment().session(&[args])
    }

    /// What a command says that may reach others, as a snapshot holds it.
    pub(super) fn session_among_others(&self, args: &[&str]) -> String {
        let environment = self.environment();
        let line = environment.redacted(&args.join(" "));
        format!("$ missive {line}\n{}", environment.told(&environment.run(&[args, &QUIET].concat())))
    }

    /// Runs the program, which must refuse; gives what it said.
    #[track_caller]
    pub(super) fn refused(&self, args: &[&str]) -> String {
        refused(self.name, args, &self.run(args))
    }

    /// Runs a command that may reach others, and must refuse.
    #[track_caller]
    pub(super) fn refused_by_others(&self, args: &[&str]) -> String {
        self.refused(&[args, &QUIET].concat())
    }

    /// The key for reading a channel.
    #[track_caller]
    pub(super) fn key(&self, channel: &str) -> String {
        self.does(&["share", channel, "--key-only"]).trim().to_owned()
    }

    /// The key for writing a channel.
    #[track_caller]
    pub(super) fn write_key(&self, channel: &str) -> String {
        self.does(&["share", channel, "--write", "--key-only"]).trim().to_owned()
    }

    /// Subscribes without waiting for anything.
    #[track_caller]
    pub(super) fn subscribes(&self, key: &str, name: &str) {
        self.reaches(&["subscribe", key, name, "--no-wait"]);
    }

    /// With a subscription.
    #[track_caller]
    pub(super) fn subscribed(self, key: &str, name: &str) -> Self {
        self.subscribes(key, name);
        self
    }

    /// Has settings of the program.
    pub(super) fn prefers(&self, settings: &str) {
        let folder = self.dir.path().join("home/config/missive");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), settings).unwrap();
    }

    /// The number of the node's process.
    pub(super) fn process(&self) -> u32 {
        self.node.as_ref().unwrap().id()
    }

    /// Joins those who write a channel, without waiting for anything.
    #[track_caller]
    pub(super) fn joins(&self, key: &str, name: &str, author: &str) {
        self.reaches(&["join", key, name, "--as", author, "--no-wait"]);
    }

    /// Starts the node, and waits until it answers.
    #[track_caller]
    pub(super) fn starts(&mut self) {
        self.starts_at("127.0.0.1:0");
    }

    /// Starts the node at an address.
    #[track_caller]
    pub(super) fn starts_at(&mut self, address: &str) {
        self.starts_but_waits_for_nothing(address);
        until(&[self], "the node answers", || {
            let status = self.status();
            status["running"] == true && status["addresses"].as_array().is_some_and(|all| !all.is_empty())
        });
    }

    /// Starts the node.
    #[track_caller]
    pub(super) fn starts_but_waits_for_nothing(&mut self, address: &str) {
        self.starts_saying(&["--offline", "--listen", address]);
    }

    /// Starts the node with these options alone.
    #[track_caller]
    pub(super) fn starts_saying(&mut self, options: &[&str]) {
        assert!(self.node.is_none());
        let log = fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        let mut command = self.command(&[&["sync"], options].concat());
        self.node = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    }

    /// Ends the node as Ctrl-C does.
    #[track_caller]
    pub(super) fn stops(&mut self) {
        let mut node = self.node.take().unwrap();
        let pid = rustix::process::Pid::from_child(&node);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(node.wait().unwrap().code(), Some(0), "{}: {}", self.name, self.log());
    }

    /// Ends the node as a power cut does.
    pub(super) fn is_killed(&mut self) {
        if let Some(mut node) = self.node.take() {
            node.kill().unwrap();
            node.wait().unwrap();
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// What `status --json` prints.
    #[track_caller]
    pub(super) fn status(&self) -> Value {
        serde_json::from_str(&self.does(&["status", "--json"])).unwrap()
    }

    /// How a box stands; null where there is no such document.
    #[track_caller]
    pub(super) fn document(&self, channel: &str, side: &str) -> Value {
        let documents = self.status()["documents"].clone();
        let mut documents = documents.as_array().cloned().unwrap_or_default().into_iter();
        documents.find(|document| document["channel"] == channel && document["box"] == side).unwrap_or_default()
    }

    /// Whether a box is in step with somebody, and nothing is on its way.
    #[track_caller]
    pub(super) fn is_up_to_date(&self, channel: &str, side: &str) -> bool {
        let document = self.document(channel, side);
        document["compared"].is_number() && document["arriving"] == 0 && document["question"].is_null()
    }

    /// What travels of a box: everything in it but hidden files, of which the profile and the icon travel.
    pub(super) fn channel(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let root = self.path(folder);
        for entry in walkdir::WalkDir::new(&root).into_iter().filter_map(Result::ok) {
            let name = entry.path().strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            let is_hidden = name.split('/').any(|part| part.starts_with('.'));
            let travels = !is_hidden || name == ".channel.toml" || name == ".icon.png";
            // What vanishes while it is looked at is gone.
            if travels
                && entry.file_type().is_file()
                && let Ok(bytes) = fs::read(entry.path())
            {
                files.insert(name, bytes);
            }
        }
        files
    }

    /// The names of what travels of a box.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        self.channel(folder).into_keys().collect()
    }

    /// Every file of a folder, hidden ones too, by its name.
    pub(super) fn everything(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().filter_map(Result::ok);
        let files = files.filter(|entry| entry.file_type().is_file());
        files.map(|entry| entry.path().strip_prefix(&root).unwrap().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

/// Copies a folder as `cp -a` does.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// Waits until what is looked at has been the same for some seconds; gives it.
#[track_caller]
pub(super) fn until_quiet<T: PartialEq>(people: &[&Person], what: &str, look: impl Fn() -> T) -> T {
    let seen = std::cell::RefCell::new((look(), Instant::now()));
    until(people, what, || {
        let now = look();
        let mut seen = seen.borrow_mut();
        if seen.0 != now {
            *seen = (now, Instant::now());
        }
        seen.1.elapsed() > QUIET_FOR
    });
    seen.into_inner().0
}

/// Asserts that the program refused in plain words; gives them.
#[track_caller]
pub(super) fn refused(name: &str, args: &[&str], output: &Output) -> String {
    let (out, talk) = words(output);
    assert_eq!(output.status.code(), Some(1), "{name}: {args:?}: {out}{talk}");
    assert_eq!(out, "", "{name}: {args:?}: {talk}");
    assert!(!talk.contains("panicked"), "{talk}");
    talk
}

/// Waits until something is so; if it never is, tells how all of them stand.
#[track_caller]
pub(super) fn until(people: &[&Person], what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(5);
    while !is_so() {
        if begun.elapsed() > PATIENCE {
            let mut told = String::new();
            for person in people {
                let status = words(&person.run(&["status"])).0;
                let status_json = words(&person.run(&["status", "--json"])).0;
                writeln!(told, "\n{}:\n{status}{status_json}\n{}", person.name, person.log()).unwrap();
                person
                    .everything("")
                    .iter()
                    .filter(|name| !name.starts_with(".missive/"))
                    .take(40)
                    .for_each(|name| writeln!(told, "  {name}").unwrap());
            }
            panic!("never so: {what}{told}");
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Waits until two boxes hold the same.
#[track_caller]
pub(super) fn until_same((one, here): (&Person, &str), (other, there): (&Person, &str), what: &str) {
    until(&[one, other], what, || one.channel(here) == other.channel(there));
}

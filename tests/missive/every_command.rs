//! Every command of the program once or more, and a data folder on which each has something to do.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::test_environment::{Environment, finished, started, stop};

/// A command line that succeeds in a [`Data`], and how it ends.
pub(crate) struct Line {
    pub(crate) args: &'static [&'static str],
    /// Whether it goes on until it is told to stop.
    pub(crate) endless: bool,
}

const fn line(args: &'static [&'static str]) -> Line {
    Line { args, endless: false }
}

/// Keys of a channel that nobody has any more, and the code of an invitation that is good for a hundred years.
const READ_KEY: &str = "missive-read-aeaemcf6mjv2fa4giz5afif42vunpe5xxj4hfq6xddy3zkfrp7htaqybj3f27msx3kso6rd3btjr5yf2p6vgbikshtqjj2jxues2vjlmolqaaaaemjwg6z6kqlptw";
const WRITE_KEY: &str = "missive-write-aeatpzpg3pvrh4j44tafsg5mcwgbvukn6cpwzhquuissadz7363au2ibj3f27msx3kso6rd3btjr5yf2p6vgbikshtqjj2jxues2vjlmolqaaaaemjwg6z4vgnnie";
const CODE: &str = "missive-invite-aebhtxssitsopswmo7vf3jueudztlkrkjes74rr274awjzzibn3kfcxqrkfpajabj3f27msx3kso6rd3btjr5yf2p6vgbikshtqjj2jxues2vjlmolqaaaaau3sr32i";

/// Every command, in the ways in which it differs.
static LINES: [Line; 53] = [
    line(&["new", "another"]),
    line(&["new", "another", "--message"]),
    line(&["channels"]),
    line(&["read"]),
    line(&["read", "talk"]),
    line(&["read", "theirs", "2026-01-01T10-00-00Z"]),
    line(&["mark", "talk", "--unread"]),
    line(&["mark", "theirs", "2026-01-01T10-00-00Z", "--star"]),
    line(&["search", "mine"]),
    line(&["compose", "talk", "-m", "A letter.", "-a", "talk/inbox/2026-01-01T10-00-00Z/photo.png"]),
    line(&["compose", "blog", "-m", "Later.", "--at", "2099-01-01"]),
    line(&["compose", "blog", "-m", "Not sent.", "--dry-run"]),
    line(&["compose", "blog", "-m", "Not yet.", "--draft"]),
    line(&["compose", "--due"]),
    line(&["drafts"]),
    line(&["drafts", "talk"]),
    line(&["edit", "talk", "2026-01-01T10-00-00Z", "-m", "Changed."]),
    line(&["delete", "talk", "2026-01-01T10-00-00Z", "--yes"]),
    line(&["check"]),
    line(&["check", "talk", "--all"]),
    line(&["check", "--metadata"]),
    line(&["check", "--fix"]),
    line(&["check", "--fix", "--yes"]),
    line(&["check", "theirs", "--fix", "--yes"]),
    line(&["why", "talk/inbox/2026-01-01T10-00-00Z.txt"]),
    line(&["why", "talk/inbox/notes.md"]),
    line(&["rename", "blog", "journal"]),
    line(&["build", "blog"]),
    line(&["build", "talk", "--explain"]),
    line(&["build", "theirs", "-o", "out", "--base-url", "https://example.org/"]),
    line(&["build", "--all", "-o", "room", "talk"]),
    line(&["check", "--links"]),
    Line { args: &["watch", "talk"], endless: true },
    Line { args: &["serve", "talk", "--port", "0"], endless: true },
    line(&["service"]),
    line(&["service", "--launchd", "--serve"]),
    line(&["service", "--install", "--systemd"]),
    line(&["share", "blog"]),
    line(&["share", "blog", "--write"]),
    line(&["invite", "somebody"]),
    line(&["status"]),
    line(&["keys"]),
    line(&["sync", "--once", "--offline", "--listen", "127.0.0.1:0"]),
    line(&["subscribe", READ_KEY, "new", "--no-wait"]),
    line(&["join", WRITE_KEY, "new", "--no-wait"]),
    line(&["accept", CODE, "new", "--no-wait"]),
    line(&["schema"]),
    line(&["schema", "check"]),
    line(&["completions", "bash"]),
    line(&["man"]),
    line(&["man", "pages"]),
    line(&["complete", "2", "--", "missive", "build", ""]),
    line(&["complete", "1", "--", "missive", "ch"]),
];

/// The lines that this program can do: without replication it says of some commands how to get them.
pub(crate) fn lines() -> impl Iterator<Item = &'static Line> {
    let needs_engine = |line: &Line| ["share", "invite", "sync", "subscribe", "join", "accept"].contains(&line.args[0]);
    LINES.iter().filter(move |line| cfg!(feature = "sync") || !needs_engine(line))
}

/// A data folder with a channel of each kind, and strange files in all of them.
pub(crate) struct Data {
    dir: tempfile::TempDir,
    environment: Environment,
}

const FIRST: &str = "2026-01-01T10-00-00Z";

impl Data {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("talk/inbox", "# Theirs\n\n![](photo.png) #tag\n"),
            ("talk/outbox", "mine"),
            ("theirs/inbox", "<b>x"),
            ("blog/outbox", "y"),
        ] {
            let folder = dir.path().join(name);
            fs::create_dir_all(folder.join(FIRST)).unwrap();
            fs::write(folder.join(FIRST).join("photo.png"), crate::scene::png(3, 4)).unwrap();
            fs::write(folder.join(FIRST).join("photo.sync-conflict-20260102-120000-ABCDEFG.png"), "x").unwrap();
            fs::write(folder.join(format!("{FIRST}.txt")), text).unwrap();
            fs::write(folder.join(format!("{FIRST}.sync-conflict-20260102-120000-ABCDEFG.txt")), "other").unwrap();
            fs::write(folder.join(format!("{FIRST} (X's conflicted copy 2026-01-03).txt")), text).unwrap();
            fs::write(folder.join("2026-01-02T10-00-00Z.txt"), "Then ![](not-here.png)").unwrap();
            fs::write(folder.join(".syncthing.2026-01-03T10-00-00Z.txt.tmp"), "half").unwrap();
            fs::write(folder.join(".channel.toml"), "title = \"A title\"\n").unwrap();
            fs::write(folder.join("notes.md"), "no message").unwrap();
            symlink("/etc/passwd", folder.join("2026-01-04T10-00-00Z.txt")).unwrap();
        }
        let environment = Environment::new(dir.path());
        Self { dir, environment }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Has the program run by another user, where root can do that.
    pub(crate) fn run_by(&mut self, user: u32) {
        fs::set_permissions(self.root(), fs::Permissions::from_mode(0o777)).unwrap();
        self.environment = self.environment.clone().user(user);
        for entry in walkdir::WalkDir::new(self.root()).into_iter().map(Result::unwrap) {
            if entry.file_name() != "missive" {
                self.environment.give(entry.path());
            }
        }
    }

    /// Any other program, run as this one is.
    pub(crate) fn other(&self, program: &str) -> Command {
        self.environment.other(program)
    }

    /// The program with these arguments, in a home of its own, nothing on its standard input.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.environment.command(args)
    }

    /// Runs a line to its end; one that has none is told to stop when it has printed a line.
    pub(crate) fn run(&self, line: &Line, more: &[&str]) -> Output {
        // What follows a `--` is no option any more.
        let mut command = self.command(&[more, line.args].concat());
        if !line.endless {
            return finished(&mut command);
        }
        let mut child = started(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = Vec::new();
        stdout.read_until(b'\n', &mut first).unwrap();
        stop(&child);
        stdout.read_to_end(&mut first).unwrap();
        let rest = child.wait_with_output().unwrap();
        Output { stdout: first, ..rest }
    }
}

/// The program's own list of its commands, but for those that it hides.
fn commands() -> Vec<String> {
    let data = Data::new();
    let written = data.command(&["man", "pages", "--json"]).output().unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written.stdout).unwrap();
    let names = written["written"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    names.filter_map(|name| Some(name.strip_prefix("missive-")?.strip_suffix(".1")?.to_owned())).collect()
}

#[test]
fn no_command_is_forgotten() {
    let tested = |name: &String| LINES.iter().any(|line| line.args[0] == name);
    let described = |name: &String| missive::commands::schema::TABLE.iter().any(|(described, _)| described == name);
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    for name in commands {
        assert!(tested(&name), "`{name}` is not among the lines");
        assert!(described(&name), "`{name}` has no schema");
    }
}

#[test]
fn every_help_fits_and_ends_with_examples() {
    let data = Data::new();
    for name in commands().iter().map(String::as_str).chain(["complete"]) {
        let help = data.command(&[name, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("`{name}` has no examples"));
        assert!(examples.lines().count() == 2 && examples.contains("missive "), "{name}: {examples}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{name}: {help}");
    }
}

#[cfg(not(feature = "sync"))]
#[test]
fn what_was_left_out_says_how_to_get_it() {
    let data = Data::new();
    for line in LINES.iter().filter(|line| ["share", "invite", "sync"].contains(&line.args[0])) {
        let (out, talk) = crate::scene::words(&data.run(line, &[]));
        assert!(out.is_empty() && talk.contains("built without sync") && talk.contains("feature `sync`"), "{talk}");
    }
}

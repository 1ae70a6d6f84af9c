//! The one environment in which tests run the program: a home, a data folder and variables of their own, nothing of the
//! machine's; and what the program said there, whole, as a snapshot holds it.
//!
//! A test compares a whole output with [`assert_says`] where the words are its subject. What differs from run to run (the
//! folder, the time, ports and keys) has a name in brackets there. All snapshots are renewed in one step:
//!
//! ```text
//! SNAPSHOTS=overwrite cargo test --test missive
//! ```
//!
//! (`cargo test` and not `cargo nextest run`: snapshots of one file must be written by one process.) Then read the diff.
//!
//! `contains` stays where a test asks one thing of much: of a page of HTML, or of many outputs in a loop.

#![allow(dead_code, reason = "each of the two test programs uses its part")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_missive");

/// A user who is not this one and owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// How long anything is waited for: far longer than it takes, so that only what never happens is missed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Stamps this near to now are the time at which a test runs.
const NOW_WITHIN: Duration = Duration::from_mins(20);

/// How long the id of a message is.
const ID_LENGTH: usize = "2026-01-01T10-00-00Z".len();

/// Where a program runs, and with what around it.
#[derive(Clone)]
pub(crate) struct Environment {
    root: PathBuf,
    program: PathBuf,
    /// What runs the program.
    under: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    user: Option<u32>,
}

impl Environment {
    /// Runs in this folder; it is the data folder too, and the home is a folder in it that is not there yet.
    pub(crate) fn new(root: &Path) -> Self {
        let program = PathBuf::from(PROGRAM);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", program.parent().unwrap().display());
        let environment = Self { root: root.to_owned(), program, under: Vec::new(), variables: Vec::new(), user: None };
        environment.set("PATH", path).set("HOME", root.join("home")).set("MISSIVE_DATA", root).set("TZ", "UTC")
    }

    /// With another data folder.
    pub(crate) fn data(self, data: &Path) -> Self {
        self.set("MISSIVE_DATA", data)
    }

    /// With a variable.
    pub(crate) fn set(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self = self.unset(name.as_ref());
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// With more variables.
    pub(crate) fn set_all(self, variables: &[(&str, &str)]) -> Self {
        variables.iter().fold(self, |environment, (name, value)| environment.set(name, value))
    }

    /// Without a variable.
    pub(crate) fn unset(mut self, name: impl AsRef<OsStr>) -> Self {
        self.variables.retain(|(known, _)| known != name.as_ref());
        self
    }

    /// With an editor that is this shell script; `$1` is the file.
    pub(crate) fn editor(self, script: &str) -> Self {
        let path = self.root.join("editor");
        fs::write(&path, script).unwrap();
        self.set("EDITOR", format!("sh '{}'", path.display()))
    }

    /// With folders of programs that are found before all others.
    pub(crate) fn first_in_path(self, folder: &Path) -> Self {
        let path = self.variable("PATH");
        self.set("PATH", format!("{}:{path}", folder.display()))
    }

    /// The program is run by another one.
    pub(crate) fn under(mut self, program: &[&str]) -> Self {
        self.under = program.iter().map(OsString::from).collect();
        self
    }

    /// Runs as somebody who may do no more than their files allow: root runs it as this user, and nobody else has to.
    ///
    /// The program lies in the folder then, where that user can reach it.
    pub(crate) fn user(mut self, user: u32) -> Self {
        if rustix::process::geteuid().is_root() {
            self.user = Some(user);
        }
        self.program = self.root.join("missive");
        if !self.program.exists() {
            // A link where possible: a file that was just written may still be open in a test that starts a program of its own.
            fs::hard_link(PROGRAM, &self.program).or_else(|_| fs::copy(PROGRAM, &self.program).map(drop)).unwrap();
            let mode = self.program.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o5, 0o5, "others may run the program");
        }
        self
    }

    /// Gives a file or a folder to the user who runs the program.
    pub(crate) fn give(&self, path: &Path) {
        if let Some(user) = self.user {
            std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
        }
    }

    fn variable(&self, name: &str) -> String {
        let value = self.variables.iter().find(|(known, _)| known == name);
        value.map(|(_, value)| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// Any other program, in this environment, with nothing on its standard input.
    pub(crate) fn other(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.root).stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// The program with these arguments.
    pub(crate) fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut line = self.under.iter().map(OsString::as_os_str).chain([self.program.as_os_str()]);
        let mut command = self.other(line.next().unwrap());
        command.args(line).args(args);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[impl AsRef<OsStr>]) -> Output {
        finished(&mut self.command(args))
    }

    /// Runs the program with this on its standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(args);
        let mut child = started(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a script in bash, where the program is found as `missive`.
    pub(crate) fn shell(&self, script: &str) -> Output {
        finished(self.other("bash").args(["--norc", "-c", script]))
    }

    /// A line of a shell on a terminal of its own, which `script` makes; what is typed there is its standard input.
    pub(crate) fn terminal(&self, line: &str) -> Command {
        let term = self.variable("TERM");
        let mut command = self.clone().set("TERM", if term.is_empty() { "xterm" } else { &term }).other("script");
        command.args(["-qec", line, "/dev/null"]);
        command
    }

    /// The program at work on a terminal where somebody types.
    pub(crate) fn on_terminal(&self, args: &str) -> Terminal {
        Terminal::start(self.terminal(&format!("missive {args}")))
    }

    /// What a program said in this environment, as a snapshot holds it: its output, its messages, and how it ended if not well.
    pub(crate) fn told(&self, output: &Output) -> String {
        let (out, talk) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let code = output.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
        let code = if code == "0" { String::new() } else { format!("--- exit {code}\n") };
        let talk = if talk.is_empty() { String::new() } else { format!("--- messages\n{talk}") };
        self.redacted(&format!("{out}{talk}{code}"))
    }

    /// Runs the program with each of these lines, one after the other; gives the whole session as a terminal would show it.
    pub(crate) fn session(&self, lines: &[&[&str]]) -> String {
        let word = |word: &&str| {
            if word.is_empty() || word.contains(char::is_whitespace) { format!("'{word}'") } else { (*word).to_owned() }
        };
        let lines = lines.iter().map(|line| {
            let typed: Vec<String> = line.iter().map(word).collect();
            format!("$ missive {}\n{}", self.redacted(&typed.join(" ")), self.told(&self.run(line)))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A text without what differs from run to run.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let real = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let text = [PathBuf::from(PROGRAM), real, self.root.clone()]
            .iter()
            .zip(["[PROGRAM]", "[ROOT]", "[ROOT]"])
            .fold(text.to_owned(), |text, (path, name)| text.replace(path.to_str().unwrap(), name));
        let text = without_keys(&without_ports(&without_now(&text)));
        without_temporary_names(&without_durations(&text))
    }
}

/// A terminal with a program on it.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    /// How much of what was shown has been answered.
    answered: usize,
}

impl Terminal {
    fn start(mut command: Command) -> Self {
        let mut child = started(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()));
        let (keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let show = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                show.lock().unwrap().extend(&bytes[..count]);
            }
        });
        Self { child, keys, shown, reader: Some(reader), answered: 0 }
    }

    /// Waits until this is shown after what was answered already, and types a line.
    #[track_caller]
    pub(crate) fn answers(mut self, question: &str, line: &str) -> Self {
        let at = |terminal: &Self| {
            let shown = terminal.shown();
            shown
                .get(terminal.answered..)
                .and_then(|rest| rest.find(question))
                .map(|at| terminal.answered + at + question.len())
        };
        until(&format!("`{question}` is asked"), || at(&self).is_some());
        self.answered = at(&self).unwrap();
        writeln!(self.keys, "{line}").unwrap();
        self
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits for the program's end; gives all that was shown.
    #[track_caller]
    pub(crate) fn ends(mut self) -> String {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.reader.take().unwrap().join().unwrap();
        self.shown().replace("\r\n", "\n")
    }

    /// Takes the terminal away as a window does that is closed.
    pub(crate) fn goes_away(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Compares a whole output with its snapshot, to the byte.
#[track_caller]
pub(crate) fn assert_says(said: impl AsRef<str>, expected: snapbox::data::Inline) {
    use snapbox::IntoData as _;
    let said = said.as_ref().trim_end_matches('\n').to_owned();
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(said.raw(), expected.raw());
}

/// Replaces the ids of messages that were written while the test ran.
fn without_now(text: &str) -> String {
    let now = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let is_now = |word: &str| {
        let stamp = missive::channel::protocol::stamp::Stamp::parse(word.as_bytes());
        stamp.is_ok_and(|stamp| now.abs_diff(stamp.seconds()) < NOW_WITHIN.as_secs())
    };
    let mut without = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..ID_LENGTH) {
            Some(word) if first.is_ascii_digit() && is_now(word) => {
                without.push_str("[NOW]");
                rest = &rest[ID_LENGTH..];
            }
            _ => {
                without.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    without
}

/// Replaces the port after an address of this machine.
fn without_ports(text: &str) -> String {
    ["127.0.0.1:", "localhost:", "[::1]:"].iter().fold(text.to_owned(), |text, host| {
        let mut parts = text.split(host);
        let mut without = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            without = without + host + if rest.len() < part.len() { "[PORT]" } else { "" } + rest;
        }
        without
    })
}

/// Replaces how long a build took.
fn without_durations(text: &str) -> String {
    let mut parts = text.split(" in ");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let ends = [" ms", " s"].iter().find_map(|unit| rest.strip_prefix(unit)).filter(|_| rest.len() < part.len());
        let is_duration = ends.filter(|ends| ends.is_empty() || ends.starts_with(['\n', ',', ';']));
        without = match is_duration {
            Some(ends) => without + " in [TIME]" + ends,
            None => without + " in " + part,
        };
    }
    without
}

/// Replaces the numbers in the names of temporary files.
fn without_temporary_names(text: &str) -> String {
    let mut parts = text.split(".missive-tmp-");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        without = without + ".missive-tmp-[NUMBER]" + part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    }
    without
}

/// Replaces keys and codes, which are long.
fn without_keys(text: &str) -> String {
    ["missive-read-", "missive-write-", "missive-invite-"].iter().fold(text.to_owned(), |text, kind| {
        let mut parts = text.split(kind);
        let mut without = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
            let is_key = part.len() - rest.len() > 40;
            without = without + kind + if is_key { "[KEY]" } else { "" } + if is_key { rest } else { part };
        }
        without
    })
}

/// Runs a program to its end.
pub(crate) fn finished(command: &mut Command) -> Output {
    started(command.stdout(Stdio::piped()).stderr(Stdio::piped())).wait_with_output().unwrap()
}

/// Starts a program. One that was just copied may still be open in a test that starts a program of its own.
pub(crate) fn started(command: &mut Command) -> Child {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => {
                panic!("{}: {error}; tests/run installs what the tests need", command.get_program().display())
            }
            Ok(child) => return child,
        }
    }
}

/// Asks a program to stop as a service manager does.
pub(crate) fn stop(child: &Child) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::TERM).unwrap();
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the clock shows another second.
pub(crate) fn wait_for_the_next_second() {
    let second = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let now = second();
    until("the next second", || second() > now);
}

/// Standard output and standard error as text.
pub(crate) fn words(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

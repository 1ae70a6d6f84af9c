//! What the program proposes to type can be pasted as it stands, and no name makes a line of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Output;

use crate::test_environment::{Environment, words};

/// Names that a shell would take for something else, or that would not stay on their line.
const NAMES: [&[u8]; 9] = [
    b"blog",
    b"my blog",
    b"-walks",
    b"--draft",
    b"Ann's",
    b"~x",
    b"$HOME `id` \"x\" !x ;*",
    b"a\nerror: b\x1b[2J",
    b"caf\xe9 \xff7",
];

/// A data folder and an editor that adds a line.
struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    fn environment(&self) -> Environment {
        Environment::new(self.dir.path()).data(&self.dir.path().join("data")).editor("echo more >>\"$1\"\n")
    }

    /// Runs the program with these words and then this name; gives all that it said, in lines.
    #[track_caller]
    fn run(&self, args: &[&str], name: &OsStr, code: i32) -> Vec<String> {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain([OsStr::new("--"), name]).collect();
        said(&self.environment().run(&args), code)
    }

    /// Pastes a command into a shell.
    #[track_caller]
    fn paste(&self, typed: &str, code: i32) -> Vec<String> {
        said(&self.environment().shell(typed), code)
    }

    fn outbox(&self, name: &OsStr) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join("data").join(name).join("outbox")).unwrap().flatten();
        let mut ids: Vec<String> =
            entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".txt")?.to_owned())).collect();
        ids.sort();
        ids
    }
}

#[track_caller]
fn said(output: &Output, code: i32) -> Vec<String> {
    let (out, talk) = words(output);
    assert_eq!(output.status.code(), Some(code), "{out}{talk}");
    assert!(!out.contains('\u{1b}') && !talk.contains('\u{1b}'), "{out}{talk}");
    let lines = out.lines().chain(talk.lines()).map(str::to_owned);
    lines.inspect(|line| assert!(!line.starts_with("error: b"), "a name made a line: {out}{talk}")).collect()
}

/// What is typed for these words, in back-ticks or at the end of a line.
#[track_caller]
fn typed(lines: &[String], words: &str) -> String {
    let wanted = format!("missive {words}");
    let line =
        lines.iter().find(|line| line.contains(&wanted)).unwrap_or_else(|| panic!("no `{wanted}` in {lines:#?}"));
    let at = line.find(&wanted).unwrap();
    let rest = &line[at..];
    // A name may hold back-ticks, too.
    let ends = ["` continues it", "` sends it", "`."].map(|end| rest.find(end));
    rest[..ends.into_iter().flatten().min().unwrap_or(rest.len())].to_owned()
}

#[test]
fn what_is_proposed_can_be_pasted() {
    for name in NAMES {
        let (home, name) = (Home::new(), OsString::from(OsStr::from_bytes(name)));
        let made = home.run(&["new"], &name, 0);
        home.paste(&typed(&made, "compose"), 0);
        home.paste(&typed(&made, "build"), 0);
        assert_eq!(home.outbox(&name).len(), 1, "{name:?}");
        assert!(home.dir.path().join("data").join(&name).join("site/index.html").is_file());

        let kept = home.run(&["compose", "-m", "x", "--draft"], &name, 0);
        home.paste(&typed(&kept, "drafts edit"), 0);
        home.paste(&typed(&kept, "drafts send"), 0);
        assert_eq!(home.outbox(&name).len(), 2, "{name:?}");

        let waits = home.run(&["compose", "-m", "x", "--at", "in 2h"], &name, 0);
        home.paste(&typed(&waits, "compose --due"), 0);

        let read = home.run(&["read"], &name, 0);
        let address = read.iter().find(|line| line.ends_with(home.outbox(&name)[0].as_str())).unwrap();
        home.paste(&format!("missive read {address}"), 0);

        let first = home.outbox(&name)[0].clone();
        let typed_name = typed(&made, "build").replacen("missive build", "missive delete --yes", 1);
        let deleted = home.paste(&format!("{typed_name} {first}"), 0);
        home.paste(&typed(&deleted, "delete --undo"), 0);
        assert_eq!(home.outbox(&name).len(), 2, "{name:?}");
    }
}

#[test]
fn no_name_makes_a_line_of_its_own() {
    let name = OsStr::from_bytes(b"a\nerror: b\x1b[2J");
    let home = Home::new();
    home.run(&["new"], name, 0);
    let talk = home.run(&["new"], name, 1);
    assert_eq!(talk.len(), 2, "one line and its hint: {talk:?}");
    for args in
        [&["build"] as &[&str], &["read"], &["check"], &["mark", "--star"], &["drafts"], &["compose", "-m", "x"]]
    {
        home.run(args, name, 0);
    }
    for args in [&["read"] as &[&str], &["build"], &["share"], &["keys", "forget"], &["compose", "-m", "x"], &["why"]] {
        let talk = home.run(args, OsStr::from_bytes(b"no\nerror: b"), 1);
        assert!(talk.len() <= 2, "{args:?}: {talk:?}");
    }
    let file = Path::new(OsStr::from_bytes(b"x\nerror: b")).as_os_str();
    let [compose, text, words, attach, end] = ["compose", "-m", "x", "-a", "--"].map(OsStr::new);
    said(&home.environment().run(&[compose, text, words, attach, file, end, name]), 1);
}

/// What `--exec` is told comes in lines, and a name of an attachment must not be two of them.
#[test]
fn a_command_is_told_of_one_file_in_one_line() {
    let home = Home::new();
    home.run(&["new"], OsStr::new("blog"), 0);
    let outbox = home.dir.path().join("data/blog/outbox");
    fs::create_dir(outbox.join("2026-01-01T10-00-00Z")).unwrap();
    fs::write(outbox.join("2026-01-01T10-00-00Z").join(OsStr::from_bytes(b"a\n-index.html")), "x").unwrap();
    fs::write(outbox.join("2026-01-01T10-00-00Z.txt"), "x").unwrap();
    let output = home.environment().run(&["watch", "blog", "--exec", "cat >list.part; mv list.part list; kill $PPID"]);
    assert!(output.status.success(), "{:?}", words(&output));
    let told = fs::read_to_string(home.dir.path().join("list")).unwrap();
    assert!(told.lines().count() > 3 && told.lines().all(|line| line.starts_with('+')), "{told}");
}

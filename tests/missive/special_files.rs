//! Links, folders, pipes, sockets, and files that are closed or endless, in the place of each file that is read in a box:
//! no command stops, the rest is shown, and each of them is counted and has its reason.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::scene::{Scene, png, words};
use crate::test_environment::{Environment, NOBODY};

/// What lies in a file's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    Link,
    Dangling,
    Folder,
    Pipe,
    Socket,
    Closed,
    Huge,
}

const SPECIAL: [Special; 7] =
    [Special::Link, Special::Dangling, Special::Folder, Special::Pipe, Special::Socket, Special::Closed, Special::Huge];

const LINK: &str = "a symbolic link, which is never followed";
const PIPE: &str = "a pipe, socket or device";
const CLOSED: &str = "Permission denied (os error 13)";

/// The program, run by somebody to whom what is closed is closed.
struct Runner {
    environment: Environment,
}

impl Runner {
    fn new(scene: &Scene) -> Self {
        for folder in [scene.root(), &scene.path("")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        Self { environment: scene.environment().user(NOBODY) }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.environment.run(args)
    }

    /// Runs a command that succeeds, and gives what it says.
    #[track_caller]
    fn says(&self, args: &[&str]) -> (String, String) {
        let run = self.run(args);
        assert!(run.status.success(), "{args:?}: {:?}", words(&run));
        words(&run)
    }
}

/// Lays it where a file was to be; a socket lives as long as what is given.
fn lay(special: Special, path: &Path) -> Option<UnixListener> {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match special {
        Special::Link => symlink("/etc/hosts", path).unwrap(),
        Special::Dangling => symlink("nowhere", path).unwrap(),
        Special::Folder => fs::create_dir(path).unwrap(),
        Special::Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        Special::Socket => return Some(UnixListener::bind(path).unwrap()),
        Special::Closed => {
            fs::write(path, "closed").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        Special::Huge => fs::File::create(path).unwrap().set_len(8 << 40).unwrap(),
    }
    None
}

/// Why a hidden file that is read is not read.
fn unread(special: Special, most: &str) -> String {
    let what = match special {
        Special::Link | Special::Dangling => LINK,
        Special::Folder => "a folder, not a file",
        Special::Pipe | Special::Socket => PIPE,
        Special::Closed => CLOSED,
        Special::Huge => most,
    };
    format!("not readable: {what}")
}

/// What lies in each place, and why it is not shown; a folder among attachments is a folder, a file may be as long as it is.
fn places(special: Special) -> Vec<(&'static str, String)> {
    let shown = |folder: &str, huge: &str| match special {
        Special::Link | Special::Dangling => LINK.to_owned(),
        Special::Folder => folder.to_owned(),
        Special::Pipe | Special::Socket => PIPE.to_owned(),
        Special::Closed => format!("not readable: {CLOSED}"),
        Special::Huge => huge.to_owned(),
    };
    let all = [
        ("inbox/.authors.toml", unread(special, "longer than 16 MiB")),
        ("inbox/.channel.toml", unread(special, "longer than 64 KiB")),
        ("inbox/2026-01-02T10-00-00Z.txt", shown("a folder with the name of a message's file", "")),
        ("inbox/2026-01-03T10-00-00Z/a.jpg", shown("", "larger than 4 GiB, or a picture larger than 256 MiB")),
        ("inbox/2026-01-04T10-00-00Z", shown("", "")),
        ("outbox/.icon.png", unread(special, "")),
    ];
    let is_laid = |place: &str| match special {
        // How long a text may be is another story, and an icon that is too long is none.
        Special::Huge => {
            !["inbox/2026-01-02T10-00-00Z.txt", "inbox/2026-01-04T10-00-00Z", "outbox/.icon.png"].contains(&place)
        }
        // A folder is what belongs there, or what may lie there.
        Special::Folder => !["inbox/2026-01-03T10-00-00Z/a.jpg", "inbox/2026-01-04T10-00-00Z"].contains(&place),
        // A file of a folder's name is another story, too.
        Special::Closed => place != "inbox/2026-01-04T10-00-00Z",
        _ => true,
    };
    all.into_iter().filter(|(place, _)| is_laid(place)).collect()
}

fn scene() -> Scene {
    let profile = b"id = \"urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a\"\ntitle = \"Talk\"\nicon = \".icon.png\"\n";
    Scene::conversation()
        .file("inbox/2026-01-01T10-00-00Z.txt", b"innocent neighbour")
        .file("inbox/2026-01-03T10-00-00Z.txt", b"with an attachment")
        .file("inbox/2026-01-04T10-00-00Z.txt", b"with a folder")
        .file("outbox/2026-01-05T10-00-00Z.txt", b"mine")
        .file("outbox/.channel.toml", profile)
}

#[test]
fn nothing_in_a_box_stops_a_command() {
    for special in SPECIAL {
        let scene = scene();
        let places = places(special);
        let _sockets: Vec<_> = places.iter().map(|(place, _)| lay(special, &scene.path(place))).collect();
        if scene.path("outbox/.icon.png").symlink_metadata().is_err() {
            fs::write(scene.path("outbox/.icon.png"), png(2, 2)).unwrap();
        }
        let runner = Runner::new(&scene);
        let warnings = places.len();
        let mut expected = format!("blog: 4 messages, {warnings} warnings\n");
        for (place, why) in &places {
            writeln!(expected, "  {place}: {why}").unwrap();
        }
        assert_eq!(runner.says(&["check", "blog"]), (expected, String::new()), "{special:?}");
        assert_eq!(runner.run(&["check", "blog", "--strict"]).status.code(), Some(1), "{special:?}");
        let (out, err) = runner.says(&["build", "blog", "-o", "out"]);
        assert!(out.contains(": 4 messages, "), "{special:?}: {out}");
        for (place, why) in &places {
            assert!(err.contains(&format!("warning: {place}: {why}\n")), "{special:?}: {err}");
        }
        assert!(scene.page("index.html").contains("innocent neighbour"), "{special:?}");
        assert_eq!(runner.run(&["build", "blog", "-o", "out", "--strict"]).status.code(), Some(1), "{special:?}");
        assert!(runner.says(&["channels"]).0.contains(&format!("{warnings} warnings")), "{special:?}");
        assert!(runner.says(&["read", "blog"]).0.contains("innocent neighbour"), "{special:?}");
        assert!(runner.says(&["search", "innocent"]).0.contains("innocent neighbour"), "{special:?}");
        for (place, why) in &places {
            let (out, _) = runner.says(&["why", &format!("blog/{place}")]);
            assert_eq!(out, format!("{place}: not shown: {why}\n"), "{special:?}");
        }
    }
}

#[test]
fn a_box_that_is_closed_stops_nothing() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "innocent neighbour");
    fs::create_dir(scene.path("inbox")).unwrap();
    fs::set_permissions(scene.path("inbox"), fs::Permissions::from_mode(0o000)).unwrap();
    let runner = Runner::new(&scene);
    let expected = format!("blog: 1 message, 1 warning\n  inbox: not readable: {CLOSED}\n");
    assert_eq!(runner.says(&["check", "blog"]), (expected, String::new()));
    let (_, err) = runner.says(&["build", "blog", "-o", "out"]);
    assert!(err.contains(&format!("warning: inbox: not readable: {CLOSED}\n")), "{err}");
    assert!(scene.page("index.html").contains("innocent neighbour"));
    assert_eq!(runner.run(&["build", "blog", "-o", "out", "--strict"]).status.code(), Some(1));
    assert!(runner.says(&["channels"]).0.contains("1 warning"));
    for args in [&["read", "blog"][..], &["search", "innocent"]] {
        runner.says(args);
    }
}

/// Half of a channel is never shown as if it were all of it: whoever put something else in the place of a box is told so.
#[test]
fn a_box_that_is_no_folder_stops_its_own_channel_only() {
    for special in [Special::Link, Special::Dangling, Special::Pipe, Special::Socket, Special::Closed] {
        let scene = Scene::new()
            .message("2026-01-01T10-00-00Z", "half of it")
            .file("../other/outbox/2026-01-01T10-00-00Z.txt", b"innocent neighbour");
        let _socket = lay(special, &scene.path("inbox"));
        let runner = Runner::new(&scene);
        for args in [&["build", "blog", "-o", "out"][..], &["check", "blog"], &["read", "blog"]] {
            let run = runner.run(args);
            let (out, err) = words(&run);
            assert_eq!((run.status.code(), out.as_str()), (Some(1), ""), "{special:?} {args:?}");
            assert!(err.starts_with("error: `inbox` in "), "{special:?} {args:?}: {err}");
        }
        assert!(runner.says(&["channels"]).0.contains("other"), "{special:?}");
        assert!(runner.says(&["search", "innocent"]).0.contains("innocent neighbour"), "{special:?}");
    }
}

#[test]
fn ones_own_profile_that_cannot_be_read_stops_only_what_would_change_every_id() {
    for special in SPECIAL {
        let scene = Scene::new().message("2026-01-01T10-00-00Z", "innocent neighbour");
        let _socket = lay(special, &scene.path("outbox/.channel.toml"));
        let runner = Runner::new(&scene);
        let why = unread(special, "longer than 64 KiB");
        let run = runner.run(&["build", "blog", "-o", "out"]);
        let path = fs::canonicalize(scene.path("outbox")).unwrap().join(".channel.toml");
        let error = format!(
            "error: {}: {}\n  hint: the ids in the feeds depend on it, so the old site stays; restore a readable file and build again\n",
            path.display(),
            why.strip_prefix("not readable: ").unwrap()
        );
        assert_eq!((run.status.code(), words(&run)), (Some(1), (String::new(), error)), "{special:?}");
        for args in [&["channels"][..], &["read", "blog"], &["search", "innocent"]] {
            runner.says(args);
        }
        let expected = format!("blog: 1 message, 1 warning\n  outbox/.channel.toml: {why}\n");
        assert_eq!(runner.says(&["check", "blog"]), (expected, String::new()), "{special:?}");
    }
}

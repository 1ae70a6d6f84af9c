//! The program as a person runs it.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::scene::{Scene, words};

#[test]
fn from_nothing_to_a_site_in_three_steps() {
    let scene = Scene::new();
    let made = scene.run(&["new", "Azureen & co"]);
    assert!(made.status.success(), "{:?}", words(&made));
    let channel = scene.root().join("Azureen & co");
    assert!(channel.join("outbox/.channel.toml").is_file() && !channel.join("inbox").exists());
    std::fs::write(channel.join("outbox/2026-01-01T10-00-00Z.txt"), "Hello.").unwrap();
    let built = scene.run(&["build", "Azureen & co"]);
    let (out, talk) = words(&built);
    assert!(built.status.success() && out.contains("1 message, "), "{out}{talk}");
    assert!(talk.contains("without a base URL"), "{talk}");
    assert!(channel.join("site/index.html").is_file());
    let (out, talk) = words(&scene.run(&["build", "Azureen & co"]));
    assert!(out.contains("nothing to do, 1 message") && talk.is_empty(), "{out}{talk}");
    let (out, _) = words(&scene.run(&["channels"]));
    assert!(out.contains("Broadcasts\n  Azureen & co  1 message   "), "{out}");
}

#[test]
fn mistakes_get_one_clear_line_and_a_hint() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "x").file("theme/index.html", b"{% if %}");
    let cases: [(&[&str], i32, &str, &str); 9] = [
        (&["build", "blgo"], 1, "no channel `blgo`", "did you mean `blog`?"),
        (&["build", "./nowhere"], 1, "there is no folder `./nowhere`", "missive channels"),
        (&["build", "./blog/outbox"], 1, "is not a channel", "an `outbox`, an `inbox` or both"),
        (&["build", "blog"], 1, "index.html", "fix the template"),
        (&["build", "blog", "--theme", "nothere"], 1, "no theme named `nothere`", "the built-in theme is `letter`"),
        (&["build", "blog", "--base-url", "example.org"], 2, "is not a web address", ""),
        (&["new", "blog"], 1, "already exists", "choose another name"),
        (&["new", ".hidden"], 1, "cannot be a channel's name", "does not begin with `.`"),
        (&["why", "blog/missive.toml"], 1, "is not in a channel's inbox or outbox", "inbox or outbox"),
    ];
    for (args, code, message, hint) in cases {
        let output = scene.run(args);
        let (out, talk) = words(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(out.is_empty() && talk.contains(message) && talk.contains(hint), "{args:?}: {talk}");
    }
    assert_eq!(scene.run(&["build"]).status.code(), Some(2));
    assert_eq!(scene.run(&["no-such-command"]).status.code(), Some(2));
    assert!(!scene.path("site").exists(), "nothing was written");
}

#[test]
fn a_wrong_setting_names_line_and_key() {
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", "x").settings("[site]\nbase_ulr = \"https://example.org/\"\n");
    let (_, talk) = words(&scene.run(&["build", "blog"]));
    assert!(talk.contains("missive.toml, line 2: unknown key `base_ulr`; did you mean `base_url`?"), "{talk}");
}

#[test]
fn strange_files_are_counted_and_fail_only_if_strict() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "x")
        .file("outbox/notes.md", b"y")
        .file("outbox/2026-1-2T3-4-5Z.txt", b"z");
    let output = scene.run(&["build", "blog"]);
    let (_, talk) = words(&output);
    assert!(output.status.success() && talk.contains("warning: outbox/notes.md: not a message's name"), "{talk}");
    assert!(talk.contains("`2026-01-02T03-04-05Z.txt` would be"), "{talk}");
    assert_eq!(scene.run(&["build", "blog", "--strict"]).status.code(), Some(1));
    assert_eq!(scene.run(&["check", "blog", "--strict"]).status.code(), Some(1));
    let (out, _) = words(&scene.run(&["check", "blog"]));
    assert!(out.contains("blog: 1 message, 2 warnings"), "{out}");
    let (out, _) = words(&scene.run(&["why", "blog/outbox/2026-1-2T3-4-5Z.txt"]));
    assert!(out.contains("not a message's name; `2026-01-02T03-04-05Z.txt` would be"), "{out}");
}

#[test]
fn every_command_speaks_json() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "x").file("outbox/\u{202e}\u{1b}.md", b"y");
    for args in [
        vec!["channels"],
        vec!["read", "blog"],
        vec!["mark", "blog", "--star"],
        vec!["check"],
        vec!["build", "blog"],
        vec!["why", "blog/outbox/2026-01-01T10-00-00Z.txt"],
        vec!["new", "other"],
    ] {
        let output = scene.run(&[args.as_slice(), &["--json"]].concat());
        let (out, _) = words(&output);
        let value: serde_json::Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}\n{out}"));
        assert!(value.is_object() && output.status.success());
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'));
    }
}

#[test]
fn no_name_speaks_to_the_terminal() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "x").file("outbox/\u{1b}]0;owned\u{7}.md", b"y");
    for args in [&["check"] as &[&str], &["build", "blog"], &["check", "blog", "--all"]] {
        let output = scene.run(args);
        let (out, talk) = words(&output);
        assert!(!out.contains('\u{1b}') && !talk.contains('\u{1b}'), "{out}{talk}");
    }
}

#[test]
fn a_closed_pipe_is_silence() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "x");
    let script = format!(
        "'{}' check --data '{}' | true; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_missive"),
        scene.root().display()
    );
    let output = Command::new("bash").args(["-c", &script]).env("HOME", scene.root()).output().unwrap();
    assert_eq!((output.status.code(), words(&output).1.as_str()), (Some(0), ""));
}

#[test]
fn what_may_not_be_read_is_reported_and_keeps_its_page() {
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", "# One\n\nthe text").message("2026-01-02T10-00-00Z", "# Two");
    let open = |mode: u32, path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(0o777, scene.root());
    open(0o777, &scene.path(""));
    // Root may read everything, so the program runs as somebody who may not, from where that somebody can reach it.
    let program = scene.root().join("missive");
    // A link where possible: a file that was just written may still be open in a test that starts a program of its own.
    let linked = std::fs::hard_link(env!("CARGO_BIN_EXE_missive"), &program);
    linked.or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_missive"), &program).map(|_| ())).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    let run = |args: &[&str]| {
        let mut command = Command::new(if is_root { "setpriv".as_ref() } else { program.as_os_str() });
        if is_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        }
        command
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", scene.root())
            .env("MISSIVE_DATA", scene.root())
            .current_dir(scene.root())
            .output()
            .unwrap()
    };
    let first = run(&["build", "blog"]);
    assert!(first.status.success(), "{:?}", words(&first));
    let page = || std::fs::read_to_string(scene.path("site/2026-01-01T10-00-00Z.html")).unwrap();
    let before = page();
    open(0o000, &scene.path("outbox/2026-01-01T10-00-00Z.txt"));
    std::fs::write(scene.path("outbox/2026-01-03T10-00-00Z.txt"), "new").unwrap();
    let second = run(&["build", "blog"]);
    let (_, talk) = words(&second);
    assert!(second.status.success() && talk.contains("outbox/2026-01-01T10-00-00Z.txt: not readable"), "{talk}");
    assert_eq!(page(), before);
    assert!(scene.path("site/2026-01-03T10-00-00Z.html").exists());
    open(0o000, &scene.path("outbox"));
    let third = run(&["build", "blog"]);
    let (_, talk) = words(&third);
    open(0o755, &scene.path("outbox"));
    assert_eq!(third.status.code(), Some(1), "{talk}");
    assert!(talk.contains("cannot be read") && page() == before, "{talk}");
}

#[test]
fn a_hostile_profile_and_names_do_not_reach_the_terminal() {
    let scene = Scene::subscription()
        .message("2026-01-01T10-00-00Z", "x")
        .file("inbox/.channel.toml", b"title = \"\\u001b]0;pwned\\u0007\"\n")
        .file("inbox/a\nerror: the disk is full\n  hint: x.md", b"y");
    std::fs::write(
        scene.path("inbox").join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff.md")),
        "z",
    )
    .unwrap();
    for args in [
        &["channels"] as &[&str],
        &["check"],
        &["build", "blog"],
        &["read", "--keep-unread"],
        &["check", "--json"],
        &["build", "blog", "--json"],
        &["read", "--json"],
    ] {
        let run = scene.run(args);
        let (out, talk) = words(&run);
        assert!(run.status.success(), "{args:?}: {talk}");
        assert!(!out.contains('\u{1b}') && !talk.contains('\u{1b}'), "{args:?}");
        assert!(!out.lines().chain(talk.lines()).any(|line| line.starts_with("error:")), "{args:?}: {out}{talk}");
    }
}

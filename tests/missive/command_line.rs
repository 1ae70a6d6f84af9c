//! The program as a person runs it.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::scene::{Scene, words};
use crate::test_environment::{NOBODY, assert_says};

#[test]
fn from_nothing_to_a_site_in_three_steps() {
    let scene = Scene::new();
    assert_says(
        scene.session(&[&["new", "Azureen & co"]]),
        str![[r#"
$ missive new 'Azureen & co'
[ROOT]/Azureen & co
To write: missive compose 'Azureen & co'
You can also use any editor: save a text file in its `outbox`, named by the time in UTC:
$(date -u +%Y-%m-%dT%H-%M-%SZ).txt. Then: missive build 'Azureen & co'
"#]],
    );
    let channel = scene.root().join("Azureen & co");
    assert!(channel.join("outbox/.channel.toml").is_file() && !channel.join("inbox").exists());
    std::fs::write(channel.join("outbox/2026-01-01T10-00-00Z.txt"), "Hello.").unwrap();
    let build: &[&str] = &["build", "Azureen & co"];
    assert_says(
        scene.session(&[build, build]),
        str![[r#"
$ missive build 'Azureen & co'
[ROOT]/Azureen & co/site: 1 message, 9 files written of 9 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one

$ missive build 'Azureen & co'
[ROOT]/Azureen & co/site: nothing to do, 1 message
"#]],
    );
    // How a day is shown depends on today.
    let (out, _) = words(&scene.run(&["channels"]));
    assert!(out.contains("Broadcasts\n  Azureen & co  1 message   "), "{out}");
    assert!(channel.join("site/index.html").is_file());
}

#[test]
fn mistakes_get_one_clear_line_and_a_hint() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "x").file("theme/index.html", b"{% if %}");
    let mistakes: [&[&str]; 11] = [
        &["build", "blgo"],
        &["build", "./nowhere"],
        &["build", "./blog/outbox"],
        &["build", "blog"],
        &["build", "blog", "--theme", "nothere"],
        &["build", "blog", "--base-url", "example.org"],
        &["new", "blog"],
        &["new", ".hidden"],
        &["why", "blog/missive.toml"],
        &["build"],
        &["no-such-command"],
    ];
    assert_says(
        scene.session(&mistakes),
        str![[r#"
$ missive build blgo
--- messages
error: no channel `blgo` in [ROOT]
  hint: did you mean `blog`?
--- exit 1

$ missive build ./nowhere
--- messages
error: there is no folder `./nowhere`
  hint: `missive channels` lists the channels of the data folder
--- exit 1

$ missive build ./blog/outbox
--- messages
error: [ROOT]/blog/outbox is not a channel: it has neither an `inbox` nor an `outbox`
  hint: a channel is a folder that holds an `outbox`, an `inbox` or both; `missive new NAME` makes one
--- exit 1

$ missive build blog
--- messages
error: [ROOT]/blog/theme/index.html: error: Found `%}` but expected one of: integer, float, string, bool, ident, `-`, `not`, `<`, `{`, `[` or `(`
 --> index.html:1:7
  |
1 | {% if %}
  |       ^^
  hint: the old site stays; fix the template and build again
--- exit 1

$ missive build blog --theme nothere
--- messages
error: no theme named `nothere`
  hint: the built-in theme is `letter`; for your own, name a folder of templates
--- exit 1

$ missive build blog --base-url example.org
--- messages
error: invalid value 'example.org' for '--base-url <URL>': `example.org` is not a web address such as `https://example.org/blog/`

For more information, try '--help'.
--- exit 2

$ missive new blog
--- messages
error: [ROOT]/blog already exists
  hint: choose another name; nothing was changed
--- exit 1

$ missive new .hidden
--- messages
error: `.hidden` cannot be a channel's name
  hint: any file name will do that does not begin with `.`
--- exit 1

$ missive why blog/missive.toml
--- messages
error: [ROOT]/blog/missive.toml is not in a channel's inbox or outbox
  hint: name a file inside a channel's inbox or outbox
--- exit 1

$ missive build
--- messages
error: the following required arguments were not provided:
  <CHANNEL>...

Usage: missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...

For more information, try '--help'.
--- exit 2

$ missive no-such-command
--- messages
error: unrecognized subcommand 'no-such-command'

Usage: missive [OPTIONS] <COMMAND>

For more information, try '--help'.
--- exit 2
"#]],
    );
    assert!(!scene.path("site").exists(), "nothing was written");
}

#[test]
fn a_wrong_setting_names_line_and_key() {
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", "x").settings("[site]\nbase_ulr = \"https://example.org/\"\n");
    assert_says(
        scene.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
--- messages
error: [ROOT]/blog/missive.toml, line 2: unknown key `base_ulr`; did you mean `base_url`?
  hint: nothing was changed; fix the file and try again
--- exit 1
"#]],
    );
}

#[test]
fn strange_files_are_counted_and_fail_only_if_strict() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "x")
        .file("outbox/notes.md", b"y")
        .file("outbox/2026-1-2T3-4-5Z.txt", b"z");
    let session = scene.session(&[
        &["build", "blog"],
        &["build", "blog", "--strict"],
        &["check", "blog", "--strict"],
        &["check", "blog"],
        &["why", "blog/outbox/2026-1-2T3-4-5Z.txt"],
    ]);
    assert_says(
        session,
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 9 files written of 9 in [TIME]
--- messages
warning: outbox/2026-1-2T3-4-5Z.txt: not a message's name; `2026-01-02T03-04-05Z.txt` would be
warning: outbox/notes.md: not a message's name (YYYY-MM-DDTHH-MM-SSZ.txt)
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one

$ missive build blog --strict
[ROOT]/blog/site: nothing to do, 1 message
--- messages
warning: outbox/2026-1-2T3-4-5Z.txt: not a message's name; `2026-01-02T03-04-05Z.txt` would be
warning: outbox/notes.md: not a message's name (YYYY-MM-DDTHH-MM-SSZ.txt)
--- exit 1

$ missive check blog --strict
blog: 1 message, 2 warnings
  outbox/2026-1-2T3-4-5Z.txt: not a message's name; `2026-01-02T03-04-05Z.txt` would be
  outbox/notes.md: not a message's name (YYYY-MM-DDTHH-MM-SSZ.txt)
--- exit 1

$ missive check blog
blog: 1 message, 2 warnings
  outbox/2026-1-2T3-4-5Z.txt: not a message's name; `2026-01-02T03-04-05Z.txt` would be
  outbox/notes.md: not a message's name (YYYY-MM-DDTHH-MM-SSZ.txt)

$ missive why blog/outbox/2026-1-2T3-4-5Z.txt
outbox/2026-1-2T3-4-5Z.txt: not shown: not a message's name; `2026-01-02T03-04-05Z.txt` would be
"#]],
    );
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
    let output = scene.environment().shell("missive check | true; exit ${PIPESTATUS[0]}");
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
    // Root may read everything, so the program runs as somebody who may not.
    let environment = scene.environment().set("HOME", scene.root()).user(NOBODY);
    let run = |args: &[&str]| environment.run(args);
    let first = run(&["build", "blog"]);
    assert!(first.status.success(), "{:?}", words(&first));
    let page = || std::fs::read_to_string(scene.path("site/2026-01-01T10-00-00Z.html")).unwrap();
    let before = page();
    open(0o000, &scene.path("outbox/2026-01-01T10-00-00Z.txt"));
    std::fs::write(scene.path("outbox/2026-01-03T10-00-00Z.txt"), "new").unwrap();
    assert_says(
        environment.told(&run(&["build", "blog"])),
        str![[r#"
[ROOT]/blog/site: 3 messages, 4 files written of 11 in [TIME]
--- messages
warning: outbox/2026-01-01T10-00-00Z.txt: not readable: Permission denied (os error 13)
warning: outbox/2026-01-01T10-00-00Z.txt: its old page stays
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    assert_eq!(page(), before);
    assert!(scene.path("site/2026-01-03T10-00-00Z.html").exists());
    open(0o000, &scene.path("outbox"));
    let third = run(&["build", "blog"]);
    open(0o755, &scene.path("outbox"));
    assert_says(
        environment.told(&third),
        str![[r#"
--- messages
error: the outbox had 3 messages at the last build and cannot be read (Permission denied (os error 13)) now
  hint: the old site stays. If you deleted all messages on purpose, pass `--allow-empty`
--- exit 1
"#]],
    );
    assert_eq!(page(), before);
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

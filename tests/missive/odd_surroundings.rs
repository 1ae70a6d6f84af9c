//! Surroundings that are not as they should be: folders that are gone or links, variables that are empty, editors that do not
//! wait, pagers that were told otherwise.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use snapbox::str;

use crate::scene::{Scene, words};
use crate::test_environment::{assert_says, finished};

const OLD: &str = "2026-01-01T10-00-00Z";

/// The program with these variables and nothing else.
fn missive(scene: &Scene, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let bare = scene.environment().unset("HOME").unset("MISSIVE_DATA").unset("TZ");
    bare.set_all(variables).command(args)
}

#[track_caller]
fn ended(output: &Output, code: i32) -> String {
    let (out, talk) = words(output);
    assert_eq!(output.status.code(), Some(code), "{out}{talk}");
    out + &talk
}

#[track_caller]
fn run(scene: &Scene, args: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    ended(&missive(scene, args, variables).output().unwrap(), code)
}

fn home(scene: &Scene) -> (PathBuf, String) {
    let home = scene.root().join("home");
    fs::create_dir_all(&home).unwrap();
    (home.clone(), home.to_str().unwrap().to_owned())
}

#[test]
fn a_working_folder_that_was_deleted_is_not_needed() {
    let scene = Scene::new().message(OLD, "Hello");
    let (_, home) = home(&scene);
    let data = scene.root().to_str().unwrap();
    let gone = |args: &str, more: &str| {
        let script = format!("mkdir gone && cd gone && rmdir ../gone && {more} exec missive {args}");
        let environment = scene.environment().unset("MISSIVE_DATA").unset("TZ").set("HOME", &home);
        finished(environment.other("sh").args(["-c", &script]))
    };
    let set = format!("export MISSIVE_DATA='{data}';");
    for args in [
        "channels",
        "read blog",
        "search Hello",
        "build blog",
        "compose blog -m x",
        "status",
        "compose blog --at 'in 2h' -m x",
    ] {
        ended(&gone(args, &set), 0);
    }
    let editor = format!("{set} export EDITOR='echo more >>';");
    ended(&gone("compose blog", &editor), 0);
    let without_name = format!("{set} unset PWD;");
    ended(&gone("read blog", &without_name), 0);
    let talk = ended(&gone("compose blog -F text", &set), 1);
    assert_says(
        scene.environment().redacted(&talk),
        str!["error: failed to open file `[ROOT]/gone/text`: No such file or directory (os error 2)"],
    );
    let talk = ended(&gone("channels --data letters", ""), 1);
    let expected = "error: the current folder is gone, so the data folder `letters` cannot be found\n  \
                    hint: change to another folder, or give the absolute path\n";
    assert_eq!(talk, expected);
}

#[test]
fn what_is_empty_is_not_set() {
    let scene = Scene::new();
    let (home, name) = home(&scene);
    fs::create_dir_all(home.join("missive_data/letters/outbox")).unwrap();
    let there = |variables: &[(&str, &str)]| run(&scene, &["channels"], variables, 0).contains("letters");
    assert!(there(&[("HOME", &name), ("MISSIVE_DATA", "")]));
    assert!(there(&[("HOME", &name), ("XDG_CONFIG_HOME", ""), ("XDG_CACHE_HOME", ""), ("COLUMNS", ""), ("TERM", "")]));
    assert!(!there(&[("HOME", &name), ("MISSIVE_DATA", "elsewhere")]));
    fs::create_dir_all(home.join(".config/missive")).unwrap();
    fs::write(home.join(".config/missive/config.toml"), "data = \"\"\n[syncthing]\napi_key = \"\"\n").unwrap();
    assert!(there(&[("HOME", &name), ("MISSIVE_DATA", "")]));
    run(&scene, &["channels", "--data", ""], &[("HOME", &name)], 2);
    let editors: [(&str, &str); 4] =
        [("HOME", &name), ("VISUAL", ""), ("EDITOR", "echo more >>"), ("MISSIVE_DATA", "")];
    assert!(run(&scene, &["compose", "letters"], &editors, 0).starts_with("Sent "));
    assert!(!scene.root().join(".config").exists() && !scene.root().join(".cache").exists());
}

#[test]
fn a_tilde_is_the_home_folder_where_no_shell_has_seen_it() {
    let scene = Scene::new();
    let (home, name) = home(&scene);
    run(&scene, &["new", "a"], &[("HOME", &name), ("MISSIVE_DATA", "~/letters")], 0);
    run(&scene, &["new", "b", "--data=~/letters"], &[("HOME", &name)], 0);
    fs::create_dir_all(home.join(".config/missive")).unwrap();
    fs::write(home.join(".config/missive/config.toml"), "data = \"~/letters\"\n").unwrap();
    run(&scene, &["new", "c"], &[("HOME", &name)], 0);
    for channel in ["a", "b", "c"] {
        assert!(home.join("letters").join(channel).join("outbox").is_dir(), "{channel}");
    }
    let others = scene.environment().set("HOME", &name).set("MISSIVE_DATA", "~brando/x");
    assert_says(
        others.session(&[&["channels"]]),
        str![[r#"
$ missive channels
--- messages
error: `~brando/x`: missive knows only `~/`, not the home folders of other users
  hint: give the absolute path; for a folder of that name here write `./~…`
--- exit 2
"#]],
    );
    run(&scene, &["new", "d"], &[("HOME", &name), ("MISSIVE_DATA", "./~")], 0);
    assert!(scene.root().join("~/d/outbox").is_dir(), "who means a folder of that name can have it");
    fs::remove_dir_all(scene.root().join("~")).unwrap();
    fs::create_dir_all(home.join("theme")).unwrap();
    fs::write(home.join("theme/head.html"), "").unwrap();
    let scene = scene.message(OLD, "x").settings("[site]\ntheme = \"~/nothere\"\n");
    assert_says(
        scene.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
--- messages
error: no theme named `[ROOT]/home/nothere`
  hint: the built-in theme is `letter`; for your own, name a folder of templates
--- exit 1
"#]],
    );
}

#[test]
fn without_a_home_it_is_said_what_is_needed() {
    let scene = Scene::new().message(OLD, "Hello");
    let data = scene.root().to_str().unwrap();
    let homeless = |home: &str| scene.environment().unset("MISSIVE_DATA").set("HOME", home).session(&[&["channels"]]);
    assert_says(
        homeless("relative") + &homeless("./x"),
        str![[r#"
$ missive channels
--- messages
error: no home folder is set
  hint: set HOME, or name the data folder with `--data DIR` or in MISSIVE_DATA
--- exit 1
$ missive channels
--- messages
error: no home folder is set
  hint: set HOME, or name the data folder with `--data DIR` or in MISSIVE_DATA
--- exit 1
"#]],
    );
    for variables in [&[("MISSIVE_DATA", data)] as &[(&str, &str)], &[("MISSIVE_DATA", data), ("HOME", "")]] {
        assert!(run(&scene, &["read", "blog", "--keep-unread"], variables, 0).contains("Hello"));
    }
    assert!(!scene.root().join("relative").exists() && !scene.root().join(".config").exists());
}

/// What a terminal shows on which the program runs, with a `less` that tells how it was started.
fn pages(scene: &Scene, pager: &str, less: Option<&str>) -> String {
    let bin = scene.root().join("bin");
    fs::create_dir_all(&bin).unwrap();
    for name in ["less", "other"] {
        fs::write(bin.join(name), "#!/bin/sh\necho \"$(basename \"$0\") [$*] LESS=[$LESS]\"\ncat >/dev/null\n")
            .unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let environment = scene.environment().first_in_path(&bin).set("PAGER", pager);
    let environment = less.into_iter().fold(environment, |environment, less| environment.set("LESS", less));
    let output = finished(&mut environment.terminal("missive read --keep-unread"));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn styles_pass_through_less_whatever_else_it_was_told() {
    let scene = Scene::subscription().message(OLD, "# Hello");
    for (pager, less, told) in [
        ("less", None, "less [] LESS=[FRX]"),
        ("less", Some(""), "less [] LESS=[FRX]"),
        ("less", Some("-X"), "less [] LESS=[-R -X]"),
        ("less", Some("iX"), "less [] LESS=[-R iX]"),
        ("less -S", Some("-P page"), "less [-S] LESS=[-R -P page]"),
        ("other -a", None, "other [-a] LESS=[FRX]"),
    ] {
        assert_eq!(pages(&scene, pager, less), told, "{pager} {less:?}");
    }
}

#[test]
fn a_box_that_is_a_link_is_called_one_by_every_command() {
    for side in ["outbox", "inbox"] {
        let scene = Scene::conversation().file("outbox/2026-01-01T10-00-00Z.txt", b"x").file("theme/x.html", b"");
        let cloud = scene.root().join("cloud");
        fs::rename(scene.path(side), &cloud).unwrap();
        symlink(&cloud, scene.path(side)).unwrap();
        let (_, name) = home(&scene);
        let variables = [("HOME", name.as_str()), ("MISSIVE_DATA", scene.root().to_str().unwrap())];
        let what = format!(
            "`{side}` in {} is a link, and links are not followed",
            scene.path("").canonicalize().unwrap().display()
        );
        let way = "put the real folder there, or make a link to the whole channel";
        // A program without replication says that first.
        let sharing: &[&[&str]] = if cfg!(feature = "sync") { &[&["invite", "blog"], &["share", "blog"]] } else { &[] };
        let others: [&[&str]; 12] = [
            &["build", "blog"],
            &["read", "blog"],
            &["check", "blog"],
            &["compose", "blog", "-m", "x"],
            &["drafts", "blog"],
            &["edit", "blog", OLD, "-m", "x"],
            &["delete", "blog", OLD, "--yes"],
            &["mark", "blog", "--read"],
            &["search", "--in", "blog", "x"],
            &["watch", "blog"],
            &["serve", "blog", "--port", "0"],
            &["why", "blog/outbox/2026-01-01T10-00-00Z.txt"],
        ];
        for args in others.iter().chain(sharing) {
            let talk = run(&scene, args, &variables, 1);
            assert_eq!(talk.lines().next(), Some(format!("error: {what}").as_str()), "{args:?}: {talk}");
            assert!(talk.contains(way), "{args:?}: {talk}");
        }
        for args in
            [&["channels"] as &[&str], &["check"], &["read"], &["search", "x"], &["drafts"], &["compose", "--due"]]
        {
            let talk = run(&scene, args, &variables, 0);
            assert!(talk.contains(&format!("note: {what}; {way}")), "{args:?}: {talk}");
        }
        let talk = run(&scene, &["build", "--all", "-o", "room", "--allow-empty"], &variables, 1);
        assert!(talk.contains(&what), "{talk}");
    }
}

#[test]
fn a_box_that_is_a_file_is_called_none() {
    let scene = Scene::new();
    fs::write(scene.path("inbox"), "").unwrap();
    assert_says(
        scene.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
--- messages
error: `inbox` in [ROOT]/blog is not a folder
  hint: an inbox or outbox has to be a folder: move that file away
--- exit 1
"#]],
    );
}

#[test]
fn a_channel_that_is_a_link_is_a_channel() {
    let scene = Scene::new().message(OLD, "Hello");
    fs::rename(scene.path(""), scene.root().join("cloud")).unwrap();
    fs::create_dir(scene.root().join("data")).unwrap();
    symlink(scene.root().join("cloud"), scene.root().join("data/blog")).unwrap();
    for args in
        [&["read", "blog", "--data", "data"] as &[&str], &["check", "--data", "data"], &["read", "--data", "data"]]
    {
        let talk = ended(&scene.run(args), 0);
        assert!(!talk.contains("note: "), "{talk}");
    }
}

#[track_caller]
fn edit(scene: &Scene, script: &str, args: &[&str], code: i32) -> String {
    ended(&scene.environment().editor(script).run(args), code)
}

#[test]
fn a_message_that_vanishes_while_its_editor_is_open_leaves_its_text() {
    let scene = Scene::new().message(OLD, "first");
    let gone = scene.path(&format!("outbox/{OLD}.txt"));
    let script = format!("rm '{}'; echo rewritten >\"$1\"", gone.display());
    let talk = edit(&scene, &script, &["edit", "blog", OLD], 1);
    let kept = scene.path(&format!("drafts/edit-{OLD}.txt")).canonicalize().unwrap();
    let kept = kept.display();
    assert_says(
        scene.environment().redacted(&talk),
        str![[r#"
error: the message 2026-01-01T10-00-00Z is gone: another program has deleted or moved it
  hint: your text is saved in [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt: `missive drafts blog` lists it, `missive compose -F [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt blog` sends it as a new message, `missive drafts discard blog edit-2026-01-01T10-00-00Z` discards it
"#]],
    );
    for action in ["send", "edit"] {
        assert_eq!(edit(&scene, "echo x >\"$1\"", &["drafts", action, "blog"], 1), talk);
    }
    assert_eq!(fs::read_to_string(scene.path(&format!("drafts/edit-{OLD}.txt"))).unwrap(), "rewritten\n");
    assert_says(
        scene.session(&[&["drafts", "blog"]]),
        str![[r#"
$ missive drafts blog
blog
  edit-2026-01-01T10-00-00Z: “rewritten”, changes to 2026-01-01T10-00-00Z
"#]],
    );
    ended(&scene.run(&["compose", "-F", &kept.to_string(), "blog"]), 0);
    ended(&scene.run(&["drafts", "discard", "blog", &format!("edit-{OLD}")]), 0);
}

#[test]
fn an_editor_that_returns_at_once_is_noticed_and_nothing_is_taken_from_it() {
    let hint = "if the editor has a window of its own, make it wait until you close the file, for example EDITOR='code --wait'";
    let scene = Scene::new().message(OLD, "first");
    let talk = edit(&scene, "true", &["compose", "blog", "--title", "T"], 1);
    let drafts = fs::read_dir(scene.path("drafts")).unwrap().flatten();
    let drafts: Vec<PathBuf> = drafts.map(|entry| entry.path()).filter(|path| path.extension().is_some()).collect();
    let [draft] = drafts.as_slice() else { panic!("{drafts:?}") };
    let name = Path::new(draft).file_stem().unwrap().to_str().unwrap();
    let expected = format!(
        "error: the editor closed at once without a change\n  hint: {hint}; what you save there stays a draft, \
         and `missive drafts send blog {name}` sends it\n"
    );
    assert_eq!(talk, expected);
    fs::write(draft, "---\ntitle: T\n---\n\nwritten in its window").unwrap();
    ended(&scene.run(&["drafts", "send", "blog", name]), 0);

    let talk = edit(&scene, "true", &["edit", "blog", OLD], 1);
    assert!(talk.contains(hint) && talk.contains(&format!("`missive drafts send blog edit-{OLD}`")), "{talk}");
    fs::write(scene.path(&format!("drafts/edit-{OLD}.txt")), "second").unwrap();
    let talk = edit(&scene, "true", &["drafts", "edit", "blog"], 1);
    assert!(talk.contains(hint), "{talk}");
    ended(&scene.run(&["drafts", "send", "blog"]), 0);
    assert!(fs::read_to_string(scene.path(&format!("outbox/{OLD}.txt"))).unwrap().ends_with("second"));
    // Who is quick and writes something is no such editor.
    assert!(edit(&scene, "echo x >>\"$1\"", &["compose", "blog"], 0).starts_with("Sent "));
}

#[test]
fn a_time_is_told_by_the_clock_here_too() {
    let scene = Scene::new();
    let (_, home) = home(&scene);
    let data = scene.root().to_str().unwrap();
    let at = |zone: &str, at: &str, code: i32| {
        let variables = [("TZ", zone), ("HOME", home.as_str()), ("MISSIVE_DATA", data)];
        run(&scene, &["compose", "blog", "-m", "x", "--at", at], &variables, code)
    };
    for (zone, time, told) in [
        ("UTC0", "2099-12-24 18:00", "Scheduled for 24 December 2099, 18:00 UTC.\n"),
        ("CET-1", "2099-12-25 18:00", "Scheduled for 25 December 2099, 18:00 UTC (19:00 CET here).\n"),
        ("CET-1", "2099-12-24 18:00 local", "Scheduled for 24 December 2099, 17:00 UTC (18:00 CET here).\n"),
        ("CET-1", "2099-12-24T18:00+05:30", "Scheduled for 24 December 2099, 12:30 UTC (13:30 CET here).\n"),
        ("EST5", "2099-12-24 02:00", "Scheduled for 24 December 2099, 02:00 UTC (23 December, 21:00 EST here).\n"),
    ] {
        let out = at(zone, time, 0);
        assert!(out.starts_with(told), "{zone} {time}: {out}");
    }
    let drafts = run(&scene, &["drafts"], &[("TZ", "CET-1"), ("HOME", &home), ("MISSIVE_DATA", data)], 0);
    assert_says(
        drafts,
        str![[r#"
blog
  2099-12-24T02-00-00Z: “x”, scheduled for 24 December 2099, 02:00 UTC (03:00 CET here)
  2099-12-24T12-30-00Z: “x”, scheduled for 24 December 2099, 12:30 UTC (13:30 CET here)
  2099-12-24T17-00-00Z: “x”, scheduled for 24 December 2099, 17:00 UTC (18:00 CET here)
  2099-12-24T18-00-00Z: “x”, scheduled for 24 December 2099, 18:00 UTC (19:00 CET here)
  2099-12-25T18-00-00Z: “x”, scheduled for 25 December 2099, 18:00 UTC (19:00 CET here)
"#]],
    );
    let compose = |time: &'static str| ["compose", "blog", "-m", "x", "--at", time];
    let refused = scene.environment().set("TZ", "CET-1");
    let refused = refused.session(&[&compose("2020-01-01 18:00 local"), &compose("18:00 Nowhere/City")]);
    assert_says(
        refused,
        str![[r#"
$ missive compose blog -m x --at '2020-01-01 18:00 local'
--- messages
error: `2020-01-01 18:00 local` is in the past: it means 1 January 2020, 17:00 UTC (18:00 CET here)
  hint: choose a later time, or leave `--at` out to send the message now
--- exit 1

$ missive compose blog -m x --at '18:00 Nowhere/City'
--- messages
error: `18:00 Nowhere/City` is not a time; try `2026-11-22`, `2026-11`, `2026-11-22 18:00`, `3d` (three days ago), `in 2h`, `yesterday`, `18:00` or `tomorrow 9:00`; times are UTC unless an offset follows, as in `18:00+01:00`
  hint: add a time zone: `18:00 Europe/Berlin`, or `18:00 local` for the clock here
--- exit 1
"#]],
    );
    assert!(at("UTC0", "00:00", 1).contains("is in the past"));
}

#[test]
fn a_text_may_begin_with_a_dash() {
    let scene = Scene::new().message(OLD, "one");
    for (args, text) in [
        (&["-m", "- milk", "-m", "-5 degrees"] as &[&str], "- milk\n\n-5 degrees\n"),
        (&["-m", "x", "--title", "-1: a story"], "---\ntitle: -1: a story\n---\n\nx\n"),
        (&["-m", "---", "--tag", "b"], "---\ntags: b\n---\n\n---\n"),
    ] {
        let args = [&["compose", "blog", "--dry-run", "--json"], args].concat();
        let report: serde_json::Value = serde_json::from_str(&words(&scene.run(&args)).0).unwrap();
        assert_eq!(report["would_write"]["text"], text);
    }
    assert_says(
        scene.session(&[&["compose", "blog", "-m", "x", "--tag", "--draft"]]),
        str![[r#"
$ missive compose blog -m x --tag --draft
--- messages
error: `--tag <TAG>` needs a value, but `--draft` after it is an option

  tip: a text that is one word and an option can come from a file or from standard input, and a path can begin with `./`
--- exit 2
"#]],
    );
    fs::write(scene.root().join("-x"), "a").unwrap();
    fs::write(scene.root().join("-text"), "-y").unwrap();
    ended(&scene.run(&["compose", "blog", "-F", "-text", "-a", "-x"]), 0);
    ended(&scene.run(&["edit", "blog", OLD, "-m", "- two", "-a", "-x"]), 0);
    ended(&scene.run(&["edit", "blog", OLD, "--detach", "-x"]), 0);
    assert_says(
        scene.session(&[&["compose", "blog", "-m", "--draft"]]),
        str![[r#"
$ missive compose blog -m --draft
--- messages
error: `--message <TEXT>` needs a value, but `--draft` after it is an option

  tip: a text that is one word and an option can come from a file or from standard input, and a path can begin with `./`
--- exit 2
"#]],
    );
    assert_eq!(
        fs::read_dir(scene.path("outbox"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().extension().is_some())
            .count(),
        2
    );
    for (args, found) in [
        (&["search", "--", "--draft"] as &[&str], 0),
        (&["search", "--", "-two"], 1),
        (&["search", "two", "--", "-y"], 1),
        (&["search", "-n", "1", "--", "\"- two\""], 1),
    ] {
        let out = words(&scene.run(args)).0;
        assert_eq!(out.lines().count(), found, "{args:?}: {out}");
    }
    ended(&scene.run(&["search", "two", "--json"]), 2);
}

#[cfg(feature = "sync")]
#[test]
fn a_code_is_good_for_a_while() {
    let scene = Scene::new();
    let times = ["0", "0s", "1ms", "11y", "99999999999999999y", "soon", ""].map(|time| format!("--expires={time}"));
    let refused = times.map(|time| scene.session(&[&["invite", "brando", &time]]));
    assert_says(
        refused.join("\n"),
        str![[r#"
$ missive invite brando --expires=0
--- messages
error: invalid value '0' for '--expires <TIME>': a code can be valid for one second to ten years

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=0s
--- messages
error: invalid value '0s' for '--expires <TIME>': a code can be valid for one second to ten years

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=1ms
--- messages
error: invalid value '1ms' for '--expires <TIME>': a code can be valid for one second to ten years

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=11y
--- messages
error: invalid value '11y' for '--expires <TIME>': a code can be valid for one second to ten years

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=99999999999999999y
--- messages
error: invalid value '99999999999999999y' for '--expires <TIME>': number is too large or cannot be represented without a lack of precision (values below 1ns are not supported)

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=soon
--- messages
error: invalid value 'soon' for '--expires <TIME>': expected number at 0

For more information, try '--help'.
--- exit 2

$ missive invite brando --expires=
--- messages
error: invalid value '' for '--expires <TIME>': value was empty

For more information, try '--help'.
--- exit 2
"#]],
    );
    ended(&scene.run(&["invite", "brando", "--expires", "-5d"]), 2);
    assert!(!scene.root().join("brando").exists() && !scene.root().join(".missive").exists());
    ended(&scene.run(&["invite", "brando", "--expires", "1h"]), 0);
}
